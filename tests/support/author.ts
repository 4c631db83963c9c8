/** Running the evaluator and the hook child on modules written for a test, in both runtimes. */

import { resolve } from "node:path";
import process from "node:process";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { REPORT_DESCRIPTOR } from "../../lib/author/protocol.ts";
import { run } from "./command.ts";
import { EXECUTABLE } from "./programs.ts";

/** The commands that run this product: the compiled executable, and the sources under Deno. */
export const RUNTIMES: Readonly<Record<string, string[]>> = {
  "compiled": [EXECUTABLE],
  "deno": [Deno.execPath(), "run", "-q", "-A", resolve(import.meta.dirname!, "../../main.ts")],
};

/** A temporary directory of files, removed in the end. */
export class Files implements Disposable {
  readonly #temporary = new TemporaryDirectory();
  readonly directory = this.#temporary.path;

  constructor(files: Record<string, string>) {
    this.write(files);
  }

  write(files: Record<string, string>): void {
    for (const [name, text] of Object.entries(files)) this.#temporary.write(name, text);
  }

  path(name: string): string {
    return this.#temporary.at(name);
  }

  [Symbol.dispose](): void {
    this.#temporary.remove();
  }
}

/** The environment that the test itself has, and these variables. */
export function environmentWith(variables: Record<string, string> = {}): Record<string, string> {
  return { ...process.env as Record<string, string>, ...variables };
}

/** A command, of the evaluator, that has its reports for its output, and what modules print among its errors. */
export function reporting(words: string[]): string[] {
  return ["/bin/sh", "-c", `exec "$@" ${REPORT_DESCRIPTOR}>&1 1>&2`, "sh", ...words];
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
