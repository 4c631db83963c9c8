/** A log directory for tests, and processes whose output goes there. */

import * as fs from "node:fs";
import { join } from "node:path";
import type { Console } from "../../../model/job.ts";
import { onChildChange, reap } from "../../../sys/process/processes.ts";
import { spawn } from "../../../sys/spawn/spawn.ts";
import { TemporaryDirectory } from "../../../sys/testing/directory.ts";
import { JobOutput, type JobOutputOptions } from "../job_output.ts";

/** A log directory, and processes whose output goes there. */
class OutputFixture {
  readonly #temporary = new TemporaryDirectory();
  readonly directory = this.#temporary.path;
  readonly problems: string[] = [];
  readonly output: JobOutput;
  readonly #ended = new Map<number, () => void>();
  readonly #watching: { close(): void };

  constructor(options: Partial<JobOutputOptions> = {}) {
    fs.mkdirSync(this.at("log"));
    const onProblem = (message: string) => void this.problems.push(message);
    this.output = new JobOutput({ directory: this.at("log"), onProblem, ...options });
    const stop = onChildChange(() => this.#reap());
    this.#watching = { close: stop };
  }

  at(path: string): string {
    return join(this.directory, path);
  }

  log(name: string): string {
    return fs.readFileSync(this.at(`log/${name}.log`), "latin1");
  }

  /** Starts a script; the promise resolves, as init would tell it, right after the process was reaped. */
  start(
    script: string,
    job = "job",
    instance = "",
    console: Console = "log",
  ): { pid: number; ended: Promise<void> } {
    const streams = this.output.open(job, instance, console);
    const result = spawn({
      argv: ["/bin/sh", "-e", "-c", script],
      environment: ["PATH=/usr/bin:/bin", `D=${this.directory}`],
      descriptors: streams.descriptors,
      newSession: true,
      controllingTerminal: streams.controllingTerminal,
    });
    streams.spawned();
    if (result.failed) throw new Error(result.failed.message);
    const ended = new Promise<void>((resolve) => {
      this.#ended.set(result.pid, () => {
        streams.ended();
        resolve();
      });
    });
    return { pid: result.pid, ended };
  }

  run(script: string, job?: string, instance?: string, console?: Console): Promise<void> {
    return this.start(script, job, instance, console).ended;
  }

  close(): void {
    this.output.close();
    this.#watching.close();
    this.#temporary.remove();
  }

  #reap(): void {
    for (const change of reap(256, "thread")) if ("exit" in change) this.#ended.get(change.pid)?.();
  }
}

/** A test with a log directory of its own. */
export function test(
  name: string,
  body: (fixture: OutputFixture) => Promise<void>,
  options?: Partial<JobOutputOptions>,
): void {
  Deno.test(name, async () => {
    const fixture = new OutputFixture(options);
    try {
      await body(fixture);
    } finally {
      fixture.close();
    }
  });
}

/** Waits until the condition holds, looking again whenever something happens in the directory. */
export async function until(directory: string, holds: () => boolean): Promise<void> {
  const watcher = fs.watch(directory, { recursive: true });
  try {
    while (!holds()) await new Promise((resolve) => watcher.once("change", resolve));
  } finally {
    watcher.close();
  }
}
