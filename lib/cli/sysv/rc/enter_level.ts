/** `rouse sysv rc`: has init enter a runlevel where it has the init scripts as jobs, and else runs them as rc does. */

import { fstatSync, statSync } from "node:fs";
import process from "node:process";
import type { LevelChange } from "../../../../compat/sysv/mod.ts";
import { CallError } from "../../../control/client/client.ts";
import { connectIfThere } from "../../../control/client/system.ts";
import { MANAGER_PATH, ROUSE_INTERFACE } from "../../../control/names.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { runRc } from "./rc.ts";

/** The programs `rouse sysv rc` and `rouse sysv rcS`. Return their exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runRc(args, name, enterByInit);
}

/** Has init enter a level, and waits until it has. False where there is no init, or it has no scripts as jobs. */
async function enterByInit({ level, previous }: LevelChange): Promise<boolean> {
  const client = await connectIfThere(process.env);
  if (!client) return false;
  try {
    const [isEntered] = await client.call(MANAGER_PATH, ROUSE_INTERFACE, "EnterLevel", "ssb", [
      level,
      previous,
      isOnConsole(),
    ]);
    return isEntered as boolean;
  } catch (error) {
    // An init that is another's does not know of it.
    if (error instanceof CallError && error.isUnknownMethod) return false;
    throw error;
  } finally {
    client.close();
  }
}

/** True where this program prints on the machine's console: scripts do then, too. */
function isOnConsole(): boolean {
  const [own, console] = [() => fstatSync(1), () => statSync("/dev/console")].map((look) => ifAllowed(look));
  return own !== undefined && console !== undefined && console.isCharacterDevice() &&
    own.rdev === console.rdev;
}
