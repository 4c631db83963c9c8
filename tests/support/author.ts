/** Running the evaluator and the hook child on modules written for a test, in both runtimes. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { run } from "./command.ts";
import { EXECUTABLE } from "./programs.ts";

/** The commands that run this product: the compiled executable, and the sources under Deno. */
export const RUNTIMES: Readonly<Record<string, string[]>> = {
  "compiled": [EXECUTABLE],
  "deno": [Deno.execPath(), "run", "-q", "-A", resolve(import.meta.dirname!, "../../main.ts")],
};

/** A temporary directory of files, removed in the end. */
export class Files implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), "rouse-"));

  constructor(files: Record<string, string>) {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(this.path(name)), { recursive: true });
      writeFileSync(this.path(name), text);
    }
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true });
  }
}

/** The environment that the test itself has, and these variables. */
export function environmentWith(variables: Record<string, string> = {}): Record<string, string> {
  return { ...process.env as Record<string, string>, ...variables };
}

/** Runs a program of the product in a runtime. */
export function runIn(
  runtime: string,
  words: string[],
  files: Files,
  variables: Record<string, string> = {},
) {
  return run([...RUNTIMES[runtime]!, ...words], {
    directory: files.directory,
    environment: environmentWith(variables),
  });
}
