/** The command `restart-init`: another program, or the same one anew, takes the running init's place. */

import { resolve } from "node:path";
import { MANAGER_INTERFACE, MANAGER_PATH, ROUSE_INTERFACE } from "../../../control/names.ts";
import type { Client } from "../../../control/client/client.ts";
import type { Invocation } from "../command.ts";

/** How long the restart may take once init has agreed to it, and the time between two looks, in ms. */
const LONGEST_RESTART = 60_000, PAUSE = 10;

/**
 * Has init restarted, and waits until its successor answers. The connection stays.
 *
 * @throws {Error} when it cannot be done, or takes too long.
 */
export async function restartInit({ args: [executable], client, say, tell }: Invocation): Promise<void> {
  const init = await client(), before = await restartsOf(init);
  if (executable === undefined) await init.call(MANAGER_PATH, MANAGER_INTERFACE, "Restart");
  else await init.call(MANAGER_PATH, ROUSE_INTERFACE, "RestartAs", "s", [resolve(executable)]);
  const deadline = Date.now() + LONGEST_RESTART;
  for (let isUnderWay = true; await restartsOf(init) === before;) {
    if (!isUnderWay) throw new Error("Init has not been restarted: its log says why");
    if (Date.now() > deadline) throw new Error("Init has not restarted yet: its log may say why");
    // Asked before the count, it is false in the successor only when that has counted.
    isUnderWay = await init.get(MANAGER_PATH, ROUSE_INTERFACE, "restarting") as boolean;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
  const version = await init.get(MANAGER_PATH, MANAGER_INTERFACE, "version") as string;
  say(version);
  tell({ version });
}

async function restartsOf(init: Client): Promise<number> {
  return await init.get(MANAGER_PATH, ROUSE_INTERFACE, "restarts") as number;
}
