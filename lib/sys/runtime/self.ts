/** This executable: whether it is a compiled one, the files that it holds, and the command for another of its programs. */

import process from "node:process";

/** The part of Deno that is used here. */
const { Deno: deno } = globalThis as { Deno?: { build: { standalone?: boolean } } };

/** Where Bun shows a compiled executable the files that it was made of. */
const EMBEDDED = "/$bunfs/";

/** True in a compiled executable; false where the sources are run. Deno's executables are not told apart. */
export function isCompiled(): boolean {
  return isEmbedded(process.argv[1] ?? "");
}

/** True for the path of a file that this executable holds. */
export function isEmbedded(path: string): boolean {
  return path.startsWith(EMBEDDED);
}

/** The path of a file that was compiled in (see compile.ts), by its name. There is none where the sources are run. */
export function embeddedPath(name: string): string {
  return `${EMBEDDED}root/${name}`;
}

/** The word before a program's name. It makes the executable ignore its own name, which may be that of another program. */
export const AS_PROGRAM = "--rouse";

/** The command for a program, e.g. `evaluate`; the program's arguments are to be appended. */
export function selfCommand(program: string): string[] {
  if (!deno || deno.build.standalone) return [process.execPath, AS_PROGRAM, program];
  const main = `${import.meta.dirname}/../../../main.ts`;
  return [process.execPath, "run", "--quiet", "--allow-all", main, program];
}
