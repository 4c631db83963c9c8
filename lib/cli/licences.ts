/** The program `licences`: what is compiled into this executable, and by which licences. */

import type { Tool } from "../model/command_line/tool.ts";
import { UsageError } from "../model/command_line/usage_error.ts";
import { writeAll } from "../sys/io/write_all.ts";
import { embeddedFiles } from "./build/embedded.ts";
import { runTool } from "./tool.ts";

export const LICENCES: Tool = {
  name: "licences",
  summary: "Print what is compiled into this executable, and the licences of all that.",
  help: "Exit status: 0, 1 where the sources are run, 2 for wrong arguments.",
  examples: ["rouse licences", "rouse licences --sbom > rouse.cdx.json"],
  options: [{ long: "sbom", help: "print a list for programs (CycloneDX 1.6, in JSON) instead" }],
  run({ args: [extra], options }) {
    if (extra !== undefined) throw new UsageError(`unexpected argument: ${extra}`);
    const { sbom, licences } = embeddedFiles();
    writeAll(1, options.has("sbom") ? sbom : licences);
    return Promise.resolve(0);
  },
};

/** The program `licences`. Returns its exit status. */
export function main(args: string[]): Promise<number> {
  return runTool(LICENCES, args);
}
