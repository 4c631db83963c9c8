/** How this executable runs itself as another of its programs. */

import process from "node:process";

/** What Deno tells of the program that it runs. */
const { Deno: deno } = globalThis as { Deno?: { build: { standalone?: boolean } } };

/** Comes before a program's name where the executable's own may be that of another: it may be a hard link. */
export const AS_PROGRAM = "--rouse";

/** The command that runs a program of this executable, e.g. `evaluate`; its arguments follow. */
export function selfCommand(program: string): string[] {
  if (!deno || deno.build.standalone) return [process.execPath, AS_PROGRAM, program];
  const main = `${import.meta.dirname}/../../main.ts`;
  return [process.execPath, "run", "--quiet", "--allow-all", main, program];
}
