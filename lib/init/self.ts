/** How this executable runs itself as another of its programs. */

import { fileURLToPath } from "node:url";
import process from "node:process";

/** True in the compiled executable, false where Deno runs the sources. */
const compiled = !("Deno" in globalThis);

/** The command that runs a program of this executable, e.g. `evaluate`; its arguments follow. */
export function selfCommand(program: string): string[] {
  if (compiled) return [process.execPath, program];
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  return [process.execPath, "run", "--quiet", "--allow-all", main, program];
}
