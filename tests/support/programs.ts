/** The programs under test: links to the compiled executable, or a folder that ROUSE_PROGRAMS names. */

import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";

/** The compiled executable. */
export const EXECUTABLE = resolve(import.meta.dirname!, "../../dist/rouse");

let links: string | undefined;

/** A folder that holds init, initctl, start, stop and so on. It goes when the tests end. */
export function programs(): string {
  return process.env["ROUSE_PROGRAMS"] ?? (links ??= install());
}

function install(): string {
  const directory = mkdtempSync(join(tmpdir(), "rouse-programs."));
  globalThis.addEventListener("unload", () => rmSync(directory, { recursive: true, force: true }));
  execFileSync(EXECUTABLE, ["--install", "-s", directory], { stdio: ["ignore", "ignore", "inherit"] });
  return directory;
}

/** True when a program of that name can be found in PATH. */
export function installed(program: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, program)));
}
