/** The program depscan.sh of older systems: makes the dependency tree anew, as `rc-update -u` does. */

import { runOpenrcTool } from "./tool.ts";
import { loadTreeAloud } from "./tree.ts";

/** Runs the program. Returns the exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runOpenrcTool(
    {
      forms: [""],
      options: [{ short: "u", long: "update", help: "accepted: the tree is made anew anyway" }],
      async run(_, call) {
        const { failure } = await loadTreeAloud({ ...call, isForced: true });
        return failure === undefined ? 0 : 1;
      },
    },
    args,
    name,
  );
}
