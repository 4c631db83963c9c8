/** The programs of init's own executable that it runs as its children, as far as they are simulated. */

import { Engine } from "../../../lib/engine/engine.ts";
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

/** Reads a state to its end, and says that it is good when it is, as the real program does. */
async function checkState(system: System): Promise<number> {
  const [first = "", second = ""] = (await system.readAll(0)).toString().split("\n");
  await system.sleep(system.kernel.random.between(1, 80));
  try {
    JSON.parse(first);
    const { init: { engine } } = JSON.parse(second);
    Engine.restore(engine, engine.now);
  } catch (error) {
    await system.write(2, (error as Error).message);
    return 1;
  }
  await system.write(1, STATE_GOOD);
  return 0;
}
