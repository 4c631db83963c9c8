/** The program `build`: makes a copy of this executable with jobs compiled in. It needs no toolchain. */

import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import process from "node:process";
import { failureMessage } from "../../config/files.ts";
import { FORMATS } from "../../config/formats.ts";
import { endingsOf } from "../../formats/claims.ts";
import type { Tool } from "../../model/command_line/tool.ts";
import { onlyValueOf } from "../../model/command_line/options.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { selfCommand } from "../../sys/runtime/self.ts";
import { runTool } from "../tool.ts";
import { compile, findJobs } from "./compile.ts";
import { embeddedFiles } from "./embedded.ts";

/** The files of jobs, as patterns. */
const JOB_FILES = ["*.ts", ...endingsOf(FORMATS, "definition").map((ending) => `*${ending}`)].join(", ");

export const BUILD: Tool = {
  name: "build",
  summary: "Write a copy of this executable, with jobs compiled in.",
  help: "--jobs and -o are needed.\n\n" +
    "Exit status: 0, 1 when nothing can be built, 2 for wrong arguments.",
  examples: ["rouse build --jobs jobs -o shop-init"],
  options: [
    { long: "jobs", argument: "DIR", help: `directory of jobs (${JOB_FILES}), also in directories below` },
    { short: "o", long: "output", argument: "FILE", help: "executable to write" },
  ],
  async run(parsed) {
    const [extra] = parsed.args, jobs = onlyValueOf(parsed, "jobs"), output = onlyValueOf(parsed, "output");
    if (extra !== undefined) throw new UsageError(`unexpected argument: ${extra}`);
    if (jobs === undefined || output === undefined) {
      throw new UsageError(`missing option ${jobs === undefined ? "--jobs" : "-o"}`);
    }
    try {
      await build(jobs, resolve(output));
      return 0;
    } catch (error) {
      throw new Error(`Unable to build ${output}: ${failureMessage(error)}`);
    }
  },
};

/** The program `build`. Returns its exit status. */
export function main(args: string[]): Promise<number> {
  return runTool(BUILD, args);
}

async function build(directory: string, output: string): Promise<void> {
  const jobs = await findJobs(directory, selfCommand("evaluate"));
  if (statSync(output, { throwIfNoEntry: false })?.isDirectory()) throw new Error("it is a directory");
  compile({
    compiler: process.execPath,
    embedded: embeddedFiles(),
    jobs,
    base: dirname(resolve(directory)),
    output,
  });
}
