/** The settings of rc.conf, as programs read them that are no shell. */

/** Settings by their names, in small letters as newer systems have them: `RC_PARALLEL` is `rc_parallel`. */
export type Settings = Map<string, string>;

/**
 * Reads assignments, one a line; what is none is passed over. Of a value in quotes the text up to the second quote
 * counts, and a value has no variables in it.
 */
export function parseSettings(text: string): Settings {
  const settings: Settings = new Map();
  for (const line of text.split("\n")) {
    // Piece by piece, so that no line takes long.
    const [assigned = ""] = line.split("#", 1), at = assigned.indexOf("=");
    const name = assigned.slice(0, Math.max(at, 0)).replace(/^[ \t]+/, "").replace(/^export /, "");
    if (name === "") continue;
    const value = /^["']*([^"']*)/.exec(assigned.slice(at + 1))![1]!.trimEnd();
    settings.set(name.toLowerCase(), value);
  }
  return settings;
}

/** True for a yes; undefined for what is neither yes nor no. */
export function yesOrNo(value: string | undefined): boolean | undefined {
  if (value === undefined) return undefined;
  if (/^(?:yes|y|true|1)$/i.test(value)) return true;
  return /^(?:no|n|false|0)$/i.test(value) ? false : undefined;
}

/** The value of a parameter of the kernel's command line: the last one; empty where it has no `=`. */
export function kernelParameter(commandLine: string, name: string): string | undefined {
  const word = commandLine.split(/\s+/).findLast((one) => one === name || one.startsWith(`${name}=`));
  return word?.slice(name.length + 1);
}
