/** `rouse build`: makes a new executable out of this one, with jobs inside. No toolchain is needed. */

import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import { selfCommand } from "../sys/self.ts";
import { compile, findJobs } from "./compile.ts";
import { parts } from "./parts.ts";

const USAGE = `Usage: rouse build --jobs DIR -o FILE
Write a copy of this executable to FILE, with the jobs of DIR compiled in.

Options:
      --jobs=DIR     directory of jobs (*.ts, *.conf), also in directories below
  -o, --output=FILE  executable to write
      --help         display this help and exit
`;

/** The program `build`. Returns its exit status: 0, 1 when nothing could be built, 2 for wrong arguments. */
export function main(args: string[]): number {
  let options;
  try {
    options = parseArgs({
      args,
      options: {
        jobs: { type: "string" },
        output: { type: "string", short: "o" },
        help: { type: "boolean" },
      },
    }).values;
    if (options.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    if (options.jobs === undefined || options.output === undefined) {
      throw new Error("--jobs and -o are needed");
    }
  } catch (error) {
    process.stderr.write(
      `rouse: ${(error as Error).message}\nTry \`rouse build --help' for more information.\n`,
    );
    return 2;
  }
  try {
    build(options.jobs, resolve(options.output));
    return 0;
  } catch (error) {
    process.stderr.write(`rouse: Unable to build ${options.output}: ${(error as Error).message}\n`);
    return 1;
  }
}

function build(directory: string, output: string): void {
  const jobs = findJobs(directory, selfCommand("evaluate"));
  if (statSync(output, { throwIfNoEntry: false })?.isDirectory()) throw new Error("it is a directory");
  compile({ bun: process.execPath, parts: parts(), jobs, base: dirname(resolve(directory)), output });
}
