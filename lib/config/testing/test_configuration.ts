/** A configuration for tests, in directories of its own. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { TemporaryDirectory } from "../../sys/testing/directory.ts";
import { emptyJob, type JobDefinition } from "../../model/job.ts";
import { Configuration, type ConfigurationOptions } from "../configuration.ts";
import type { Evaluate } from "../evaluation/evaluator.ts";
import { formatDiagnostic } from "../../formats/diagnostic.ts";

/** A configuration in directories `one`, `two`, … of its own, and what it has told. */
export class TestConfiguration {
  readonly #temporary = new TemporaryDirectory();
  readonly root = this.#temporary.path;
  readonly jobs = new Map<string, JobDefinition>();
  readonly reports: string[] = [];
  configuration!: Configuration;
  #news: Array<() => void> = [];

  at(path: string): string {
    return this.#temporary.at(path);
  }

  write(path: string, text: string): void {
    this.#temporary.write(path, text);
  }

  remove(path: string): void {
    fs.rmSync(this.at(path), { recursive: true });
  }

  move(from: string, to: string): void {
    fs.renameSync(this.at(from), this.at(to));
  }

  async load(directories = ["one"], options: Partial<ConfigurationOptions> = {}): Promise<void> {
    this.configuration = new Configuration({
      directories: directories.map((directory) => `${this.root}/${directory}`),
      onChanges: (changes) => {
        for (const { name, definition } of changes) {
          if (definition) this.jobs.set(name, definition);
          else assert(this.jobs.delete(name), `${name} was never there`);
        }
        this.#tell();
      },
      onDiagnostic: (diagnostic) => {
        this.reports.push(formatDiagnostic(diagnostic).replaceAll(`${this.root}/`, ""));
        this.#tell();
      },
      ...options,
    });
    await this.configuration.load();
  }

  /** The jobs and their usages, sorted. */
  get usages(): Record<string, string> {
    return Object.fromEntries([...this.jobs].map(([name, job]) => [name, job.usage ?? ""]).sort());
  }

  /** Waits until the usages are these. */
  async until(usages: Record<string, string>): Promise<void> {
    const wanted = JSON.stringify(usages);
    await this.when(
      () => JSON.stringify(this.usages) === wanted,
      () => `usages ${JSON.stringify(this.usages)}`,
    );
  }

  async reported(text: string): Promise<void> {
    await this.when(() => this.reports.includes(text), () => `reports ${JSON.stringify(this.reports)}`);
  }

  /** Waits for news until the condition holds; gives up, saying what there is instead, after 20 s. */
  async when(holds: () => boolean, instead: () => string): Promise<void> {
    const end = performance.now() + 60_000;
    while (!holds()) {
      assert(performance.now() < end, instead());
      let timer;
      await Promise.race([
        new Promise<void>((resolve) => this.#news.push(resolve)),
        new Promise<void>((resolve) => timer = setTimeout(resolve, 60_000)),
      ]);
      clearTimeout(timer);
    }
  }

  /** Waits until everything that has happened so far has been seen: events come in order. */
  async seen(directory = "one"): Promise<void> {
    const name = `seen${fs.readdirSync(this.at(directory)).length}`;
    this.write(`${directory}/${name}.conf`, "usage seen\n");
    await this.when(() => this.jobs.has(name), () => `${name} not seen`);
    this.remove(`${directory}/${name}.conf`);
    await this.when(() => !this.jobs.has(name), () => `${name} still seen`);
  }

  close(): void {
    this.configuration?.close();
    this.#temporary.remove();
  }

  #tell(): void {
    for (const resolve of this.#news.splice(0)) resolve();
  }
}

/** A test of a configuration in directories of its own. */
export function test(name: string, body: (it: TestConfiguration) => Promise<void>): void {
  Deno.test(name, async () => {
    const it = new TestConfiguration();
    try {
      await body(it);
    } finally {
      it.close();
    }
  });
}

/** An evaluator of modules that hold `NAME USAGE`, `import FILE`, or `error`. */
export function fakeEvaluator(log: string[] = []): Evaluate {
  return async (modules, onOutcome) => {
    for (const module of modules) {
      await Promise.resolve();
      log.push(module);
      const compiledIn = module.startsWith("compiled-in:") ? `${module.slice(12)} shipped` : undefined;
      const text = compiledIn ?? fs.readFileSync(module, "utf8");
      const [name = "", usage = ""] = text.split(" ");
      if (text === "error") {
        onOutcome({ module, imports: [], error: { file: module, line: 1, reason: "broken" } });
      } else if (name === "import") {
        onOutcome({ module, imports: [usage], jobs: [{ ...emptyJob("i", module), usage }] });
      } else onOutcome({ module, imports: [], jobs: [{ ...emptyJob(name, module), usage }] });
    }
  };
}
