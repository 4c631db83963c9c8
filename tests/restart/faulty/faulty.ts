/** The executable with faults that tests provoke. */

import { execFileSync } from "node:child_process";
import { symlinkSync } from "node:fs";
import { resolve } from "node:path";
import { TemporaryDirectory } from "../../../lib/sys/testing/directory.ts";

const ROOT = resolve(import.meta.dirname!, "../../..");

/** Makes the executable. Gives a folder, in which it is `init`; it goes when the tests end. */
export function faultyPrograms(): string {
  const folder = TemporaryDirectory.ofFile().path, main = "tests/restart/faulty/main.ts";
  const output = `${folder}/rouse`;
  execFileSync(Deno.execPath(), ["run", "-A", "--no-check", "build.ts", "--main", main, "-o", output], {
    cwd: ROOT,
    stdio: ["ignore", "ignore", "inherit"],
  });
  symlinkSync("rouse", `${folder}/init`);
  return folder;
}
