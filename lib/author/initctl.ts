/** Asks init for something from within a hook, by this very executable's `initctl`. */

import { spawn } from "node:child_process";
import { selfCommand } from "../sys/self.ts";

/** Runs `initctl` with these arguments; rejects with what it says when it fails. */
export async function initctl(...args: string[]): Promise<void> {
  const [program, ...rest] = selfCommand("initctl");
  const child = spawn(program!, [...rest, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => said += text);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject).on("close", resolve);
  });
  if (status !== 0) throw new Error(said.trim().replace(/^\w+: /, "") || `initctl ${args[0]} failed`);
}
