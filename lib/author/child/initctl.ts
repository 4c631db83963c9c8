/** Requests to init from within a hook function, made by this executable's `initctl`. */

import { spawn } from "node:child_process";
import process from "node:process";
import { isEngineVariable } from "../../sys/runtime/variables.ts";
import { selfCommand } from "../../sys/runtime/self.ts";

/**
 * Runs `initctl` with these arguments. With `isApart`, in a session of its own: a signal to the hook's process group does
 * not reach it.
 * @throws {Error} with the message of `initctl`, when it fails.
 */
export async function initctl(args: string[], isApart = false): Promise<void> {
  const [program, ...rest] = selfCommand("initctl");
  const child = spawn(program!, [...rest, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    detached: isApart,
    env: Object.fromEntries(Object.entries(process.env).filter(([name]) => !isEngineVariable(name))),
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => said += text);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  if (status !== 0) throw new Error(said.trim().replace(/^\w+: /, "") || `initctl ${args[0]} failed`);
}
