/** The shell library: functions for scripts, as texts for a shell. They are bundled into the executable. */

import actions from "./actions.sh" with { type: "text" };
import cgroups from "./cgroups.sh" with { type: "text" };
import depend from "./depend.sh" with { type: "text" };
import functions from "./functions.sh" with { type: "text" };
import plainStart from "./plain_start.sh" with { type: "text" };
import plainStop from "./plain_stop.sh" with { type: "text" };
import messages from "./messages.sh" with { type: "text" };
import run from "./run.sh" with { type: "text" };
import states from "./states.sh" with { type: "text" };
import { realpathSync } from "node:fs";
import process from "node:process";
import type { Palette } from "../../../../compat/openrc/mod.ts";
import { INIT_VARIABLES } from "../../../model/environment.ts";
import { lookupUser } from "../../../sys/access/users.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { selfCommand } from "../../../sys/runtime/self.ts";

/** What the functions are given of this machine. */
interface LibraryOptions {
  /** The colours that terminals are sent, if any. */
  palette: Palette | undefined;
  /** The width of the terminal. */
  columns: number;
}

/** The variables by which the shell of a job is told what to do. */
export const JOB_VARIABLES = {
  /** The path of the shell's program. */
  library: "RC_JOB_LIBRARY",
  /** The files of settings, with blanks between them. */
  files: "RC_JOB_FILES",
  /** The file that is made when the script has succeeded. */
  result: "RC_JOB_RESULT",
} as const;

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
  return [
    dependFunctions(options),
    cgroups,
    actions,
    launchFacts(),
    plainStart,
    plainStop,
    own,
    `_rc_settings() { ${read || ":"}; }`,
    run,
  ].join("\n");
}

/**
 * The program of the shell by which init does an action of a service that is its job, for whoever has asked for it and waits.
 * Its arguments are the action, and the program that does it where nobody waits: the variables are of an earlier action
 * then. With a further argument, the status of the script, that program does what remains when nobody waits any more.
 */
export function jobProgram(options: LibraryOptions): string {
  const isAwaited = 'kill -0 "$RC_OPENRC_PID" 2>/dev/null';
  return `case $1 in start) _rc_during=starting ;; *) _rc_during=stopping ;; esac
if [ -L "$RC_SVCDIR/$_rc_during/$RC_SVCNAME" ] && ${isAwaited}; then
(
_rc_files=$${JOB_VARIABLES.files}
unset _rc_during ${[...Object.values(JOB_VARIABLES), ...INIT_VARIABLES].join(" ")}
set -- "$1"
${dependFunctions(options)}
${cgroups}
${actions}
${launchFacts()}
${plainStart}
${plainStop}
_rc_settings() { for _rc_file in $_rc_files; do _rc_source "$_rc_file"; done; }
${run}
)
_rc_status=$?
[ "$_rc_status" = 0 ] && ${isAwaited} && echo >"$${JOB_VARIABLES.result}" && exit 0
shift
exec "$@" "$_rc_status"
fi
`;
}

/** What the shell is told of this machine, so that it can start daemons. */
function launchFacts(): string {
  const path = "/usr/bin/setsid";
  // Those of busybox and toybox have no option that has them not wait.
  const isThere = ifAllowed(() => realpathSync(path)) === path;
  const user = lookupUser(String(process.getuid?.() ?? 0));
  const facts = { _rc_setsid: isThere ? path : "", _rc_user: user?.name ?? "", _rc_home: user?.home ?? "" };
  return Object.entries(facts).map(([name, value]) => `${name}=${quoted(value)}`).join("\n");
}

/** A word in a shell's quotes. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
