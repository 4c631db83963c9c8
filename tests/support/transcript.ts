/** Transcripts in the documentation: blocks with commands behind `$ ` and what they print. */

/**
 * The commands of all transcripts of a kind with what they print, and `[STATUS]` at its end where that is not 0. The
 * kind is what stands behind the fence.
 */
export function transcripts(guide: string, kind = "console"): Array<{ command: string; told: string }> {
  const blocks = Array.from(
    guide.matchAll(new RegExp("^```" + kind + "\n([^]*?)^```$", "gm")),
    ([, text]) => text!,
  );
  return blocks.flatMap((block) => block.split(/^\$ /m).slice(1)).map((part) => {
    const end = part.indexOf("\n");
    return { command: part.slice(0, end), told: part.slice(end + 1) };
  });
}

/** A text with words in place of what is another each time. */
export function plain(said: string): string {
  return said
    .replaceAll(/\b\d+ (ms|s|min|h|d) ago\b|\bjust now\b/g, "AGO")
    .replaceAll(/\bfor \d+ (ms|s|min|h|d)\b/g, "for TIME")
    .replaceAll(/\bafter \d+ (ms|s|min)\b/g, "after TIME")
    .replaceAll(/\bprocess (\(?)\d+/g, "process $1PID")
    .replaceAll(/by (root|user \d+) \([^)]*\)/g, "by SOMEBODY");
}

/**
 * A text of a page or a table, all blanks as one, with words in place of what is another each time.
 * @param places Paths, by what they are called in the documentation.
 */
export function sentence(said: string, places: Readonly<Record<string, string>> = {}): string {
  const named = Object.entries(places).reduce((text, [name, path]) => text.replaceAll(path, name), said);
  return plain(named.replace(/[^\S\n]+/g, " ").replace(/\d{4}-\d\d-\d\d [\d:]{8}/g, "DATE"))
    .replace(/\b\d+ (ms|s|min|h)\b/g, "TIME").replace(/\b\d+(\.\d)? ?[KMG]B\b/g, "SIZE")
    .replace(/\bpid \d+/g, "pid PID").replace(/^ \d+ /gm, " PID ");
}
