/** The program `check`: finds what is wrong with job files without a running init. It is `init-checkconf`, too. */

import process from "node:process";
import { type Diagnostic, formatInFull } from "../../formats/diagnostic.ts";
import type { Tool } from "../../model/command_line/tool.ts";
import { HELP, QUIET } from "../../model/command_line/options.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { runTool } from "../tool.ts";
import { inspect, type Inspection, NO_SCRIPT } from "./inspection.ts";

export const CHECK: Tool = {
  name: "check",
  arguments: "FILE|DIR...",
  summary:
    "Check job files: .conf, .override, .ts, and .upstart of Debian's source packages. No init needs to run.",
  help:
    "A DIR is read as init reads a configuration directory, and several are read together; conditions about jobs and " +
    "events that nobody knows are then told, too, and a job that needs one which is not there is an error. Scripts are checked by /bin/sh -n, the types of modules by the first " +
    "of deno and tsc that is in PATH.\n\n" +
    "Exit status: 0 when nothing is wrong, 1 when there are errors, 2 for wrong arguments.",
  examples: ["rouse check /etc/init", "rouse check --strict web.ts"],
  options: [
    NO_SCRIPT,
    { long: "notypes", help: "do not check the types of modules" },
    { long: "defaults", help: "tell which jobs have Rouse's defaults, and what is otherwise with Upstart's" },
    { long: "strict", help: "take warnings for errors" },
    QUIET,
    { short: "h", ...HELP },
  ],
  async run({ args, options }) {
    if (args.length === 0) throw new UsageError("missing file or directory");
    const [strict, quiet] = [options.has("strict"), options.has("quiet")];
    const inspection = await inspect(args, {
      scripts: !options.has("noscript"),
      types: !options.has("notypes"),
      defaults: options.has("defaults"),
    });
    const errors = strict ? [...inspection.errors, ...inspection.warnings] : inspection.errors;
    const warnings = strict || quiet ? [] : inspection.warnings;
    for (const error of errors) process.stderr.write(`${formatInFull(error)}\n`);
    for (const warning of warnings) process.stderr.write(`${formatInFull(asWarning(warning))}\n`);
    for (const note of inspection.notes) process.stdout.write(`${formatInFull(note)}\n`);
    if (!quiet) process.stdout.write(`${summary(inspection)}\n`);
    return errors.length > 0 ? 1 : 0;
  },
};

/** Checks what the arguments name. Returns the exit status. */
export async function main(args: string[], name: string): Promise<number> {
  if (name === "init-checkconf") return await (await import("./init_checkconf.ts")).main(args);
  return await runTool(CHECK, args);
}

function asWarning(diagnostic: Diagnostic): Diagnostic {
  return { ...diagnostic, reason: `warning: ${diagnostic.reason}` };
}

function summary({ jobs, errors, warnings, withRousesDefaults, notes, types }: Inspection): string {
  const counts = [count(jobs, "job"), count(errors.length, "error"), count(warnings.length, "warning")];
  const defaults = withRousesDefaults > 0 && notes.length === 0
    ? [`${withRousesDefaults} with Rouse's defaults (--defaults)`]
    : [];
  return [counts.join(", "), ...defaults, types ?? []].flat().join("; ");
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
