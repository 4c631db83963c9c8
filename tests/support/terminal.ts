/** A terminal of its own for a line of shell, by script(1). */

import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { until, within } from "./deadline.ts";
import { run } from "./command.ts";
import { existsSync, readFileSync } from "node:fs";

/** A terminal, and what runs on it. */
export interface TerminalOptions {
  environment: Record<string, string>;
  columns?: number;
  rows?: number;
}

/** A terminal on which a line of shell runs. Declare it with `await using`. */
export class Terminal implements AsyncDisposable {
  readonly #temporary = new TemporaryDirectory();
  readonly #process: ChildProcess;
  readonly #ended: Promise<number>;
  #shown = "";

  constructor(line: string, private readonly options: TerminalOptions) {
    const { environment, columns = 80, rows = 24 } = options;
    const begin = `tty > ${this.#path}; stty cols ${columns} rows ${rows}; `;
    this.#process = spawn("script", ["-qec", begin + line, "/dev/null"], {
      env: { ...environment, SHELL: "/bin/sh" },
      cwd: "/",
      stdio: ["pipe", "pipe", "inherit"],
    });
    const decoder = new TextDecoder();
    this.#process.stdout!.on("data", (bytes) => this.#shown += decoder.decode(bytes, { stream: true }));
    this.#ended = new Promise((resolve) => this.#process.on("close", (status) => resolve(status ?? -1)));
  }

  get #path(): string {
    return join(this.#temporary.path, "tty");
  }

  /** All that has been written to it so far. */
  get shown(): string {
    return this.#shown;
  }

  /** The same without colours, as lines without blanks at their ends. */
  get lines(): string[] {
    // deno-lint-ignore no-control-regex
    return this.#shown.replace(/\x1b\[\d*m/g, "").split(/\r?\n/).map((line) => line.trimEnd());
  }

  /** Types on it. */
  type(keys: string): void {
    this.#process.stdin!.write(keys);
  }

  /** Waits until what it shows matches. */
  async until(pattern: RegExp): Promise<RegExpExecArray> {
    try {
      return await until(`the terminal shows ${pattern}`, () => pattern.exec(this.#shown) ?? undefined);
    } catch (error) {
      throw new Error(`${(error as Error).message}; it ends in ${JSON.stringify(this.#shown.slice(-500))}`);
    }
  }

  /** Gives it another size. */
  async resize(columns: number, rows: number): Promise<void> {
    const device = await until(
      "the terminal has a name",
      () => existsSync(this.#path) ? readFileSync(this.#path, "utf8").trim() : undefined,
    );
    await run(["stty", "-F", device, "cols", `${columns}`, "rows", `${rows}`], {
      environment: this.options.environment,
      directory: "/",
    });
  }

  /** Waits until all has ended; the exit status of the line. */
  ended(): Promise<number> {
    return within("the end of what runs on the terminal", this.#ended);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#ended;
    this.#temporary.remove();
  }
}

/** What a line of shell shows on a terminal of this size until it ends, and its exit status. */
export async function onTerminal(
  line: string,
  options: TerminalOptions,
): Promise<{ exit: number; shown: string; lines: string[] }> {
  await using terminal = new Terminal(line, options);
  const exit = await terminal.ended();
  return { exit, shown: terminal.shown, lines: terminal.lines };
}
