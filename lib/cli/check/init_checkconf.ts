/** The program `init-checkconf`, as Upstart has it: one file, one answer. It needs no second init for it. */

import { statSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { failureMessage } from "../../config/files.ts";
import { formatDiagnostic } from "../../formats/diagnostic.ts";
import { followCommandLine, type Tool } from "../../model/command_line/tool.ts";
import { HELP } from "../../model/command_line/options.ts";
import { writeAll } from "../../sys/io/write_all.ts";
import { inspect, NO_SCRIPT } from "./inspection.ts";

export const CHECKCONF: Tool = {
  name: "init-checkconf",
  arguments: "[-f] FILE",
  summary: "Check one job file: .conf, .override or .ts. For more of them see `rouse check --help'.",
  help: "Exit status: 0 when nothing is wrong with the file, 1 otherwise.",
  options: [
    { short: "f", long: "file", argument: "FILE", help: "file to check" },
    NO_SCRIPT,
    { short: "d", long: "debug", help: "accepted for compatibility" },
    {
      short: "i",
      long: "initctl-path",
      argument: "PATH",
      help: "accepted for compatibility: no init is started",
    },
    {
      short: "x",
      long: "upstart-path",
      argument: "PATH",
      help: "accepted for compatibility: no init is started",
    },
    { short: "h", ...HELP },
  ],
  async run({ args, options }) {
    const [file, ...more] = [...options.get("file") ?? [], ...args];
    if (file === undefined) throw new Error("Must specify configuration file");
    if (more.length > 0) throw new Error(`One file only, not ${more[0]} as well; rouse check takes several`);
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw new Error(`File ${file} does not exist`);
    const { errors } = await inspect([file], { scripts: !options.has("noscript"), types: false });
    if (errors.length > 0) {
      const lines = errors.map((error) => formatDiagnostic({ ...error, file: basename(error.file) }));
      throw new Error(`File ${file}: syntax invalid:\n${lines.join("\n")}`);
    }
    process.stdout.write(`File ${file}: syntax ok\n`);
    return 0;
  },
};

/** Checks the file that the arguments name. Returns the exit status. */
export async function main(args: string[]): Promise<number> {
  try {
    return Math.min(1, await followCommandLine(CHECKCONF, CHECKCONF.name, args, writeAll));
  } catch (error) {
    process.stderr.write(`ERROR: ${failureMessage(error)}\n`);
    return 1;
  }
}
