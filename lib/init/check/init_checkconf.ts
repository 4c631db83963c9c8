/** The program `init-checkconf`, as Upstart has it: one file, one answer. It needs no second init for it. */

import { statSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { formatReport } from "../configuration/report.ts";
import { inspect } from "./inspection.ts";

const USAGE = `Usage: init-checkconf [OPTION]... [-f] FILE
Check one job file: .conf, .override or .ts. For more of them see \`rouse check --help'.

Options:
  -f, --file=FILE          file to check
  -s, --noscript           do not check the syntax of scripts
  -d, --debug              accepted for compatibility
  -i, --initctl-path=PATH  accepted for compatibility: no init is started
  -x, --upstart-path=PATH  accepted for compatibility: no init is started
  -h, --help               display this help and exit

Exit status: 0 when nothing is wrong with the file, 1 otherwise.
`;

/** Checks the file that the arguments name. Returns the exit status. */
export async function main(args: string[]): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        file: { type: "string", short: "f" },
        noscript: { type: "boolean", short: "s" },
        debug: { type: "boolean", short: "d" },
        "initctl-path": { type: "string", short: "i" },
        "upstart-path": { type: "string", short: "x" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    const file = values.file ?? positionals[0];
    if (file === undefined) throw new Error("Must specify configuration file");
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw new Error(`File ${file} does not exist`);
    const { errors } = await inspect([file], { scripts: !values.noscript, types: false });
    if (errors.length > 0) {
      const lines = errors.map((error) => formatReport({ ...error, file: basename(error.file) }));
      throw new Error(`File ${file}: syntax invalid:\n${lines.join("\n")}`);
    }
    process.stdout.write(`File ${file}: syntax ok\n`);
    return 0;
  } catch (error) {
    process.stderr.write(`ERROR: ${(error as Error).message}\n`);
    return 1;
  }
}
