/** The programs of init's own executable that it runs as its children, as far as they are simulated. */

import { STATE_GOOD } from "../../../lib/init/reexec/state_file.ts";
import type { System } from "./system.ts";

/** Runs the one that the arguments name. */
export async function ownChild(system: System): Promise<number> {
  const name = system.argv[2] ?? "";
  if (name === "check-state") return await checkState(system);
  // What they are told is of no interest here, and init lives without their answers.
  while ((await system.read(0)).length > 0);
  return 0;
}

/** Reads a state to its end, and says that it is good when it is whole. */
async function checkState(system: System): Promise<number> {
  const [first = "", second = ""] = (await system.readAll(0)).toString().split("\n");
  JSON.parse(first);
  JSON.parse(second);
  await system.sleep(system.kernel.random.between(1, 80));
  await system.write(1, STATE_GOOD);
  return 0;
}
