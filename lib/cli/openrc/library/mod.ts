/** The shell library: functions for scripts, as texts for a shell. They are bundled into the executable. */

import actions from "./actions.sh" with { type: "text" };
import depend from "./depend.sh" with { type: "text" };
import functions from "./functions.sh" with { type: "text" };
import messages from "./messages.sh" with { type: "text" };
import run from "./run.sh" with { type: "text" };
import states from "./states.sh" with { type: "text" };
import type { Palette } from "../../../../compat/openrc/mod.ts";
import { selfCommand } from "../../../sys/runtime/self.ts";

/** What the functions are given of this machine. */
export interface LibraryOptions {
  /** The colours that terminals are sent, if any. */
  palette: Palette | undefined;
  /** The width of the terminal. */
  columns: number;
}

/** Functions that scripts may call, such as `einfo`, `service_started` and `yesno`. */
function shellFunctions({ palette, columns }: LibraryOptions): string {
  const colours = palette
    ? Object.entries(palette).map(([name, text]) => `_rc_${name.toLowerCase()}=${quoted(text)}`)
    : [];
  const self = selfCommand("openrc").map(quoted).join(" ");
  return [
    `_rc_columns=${columns}`,
    ...colours,
    `_rc_rouse() { ${self} "$@"; }`,
    messages,
    states,
    functions,
  ].join("\n");
}

/** The same, and those that depend() calls. */
export function dependFunctions(options: LibraryOptions): string {
  return [shellFunctions(options), depend].join("\n");
}

/**
 * The program of the shell that runs a script's actions: see run.sh on its arguments.
 * @param settings The files that are read before the script
 * @param hasOwnRestart The script has a function `restart`, which is an action then
 */
export function scriptProgram(
  options: LibraryOptions,
  settings: readonly string[],
  hasOwnRestart: boolean,
): string {
  const own = `_rc_own_restart=${hasOwnRestart ? "restart" : ""}`;
  const read = settings.map((file) => `_rc_source ${quoted(file)}`).join("; ");
  return [dependFunctions(options), actions, own, `_rc_settings() { ${read || ":"}; }`, run].join("\n");
}

/** A word in a shell's quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
