/** Tests of calls that fail while a process is started. They count all descriptors, so they need a process of their own. */

import assert from "node:assert/strict";
import * as fs from "node:fs";
import { TemporaryDirectory } from "../../../sys/testing/directory.ts";
import type { Console } from "../../../model/job.ts";
import { emptyJob } from "../../../model/job.ts";
import { onChildChange, reap } from "../../../sys/process/processes.ts";
import { SpawnQueue } from "../../../sys/spawn/spawn_queue.ts";
import { withFault } from "../../../sys/testing/faults.ts";
import { AppArmor } from "../apparmor.ts";
import { ControlGroups } from "../control_groups.ts";
import { JobOutput } from "../../logs/job_output.ts";
import { StandardStreams } from "../../logs/standard_streams.ts";
import type { ProcessContext } from "../process_description.ts";
import { type StartOutcome, startProcess } from "../process_start.ts";

/** A script that is read through a descriptor. */
const DEFINITION = {
  ...emptyJob("job", "/job.conf"),
  processes: { main: { kind: "script" as const, text: ":\n:\n" } },
};

/** What processes are started with, and how they end. */
class Fixture implements Disposable {
  readonly #temporary = new TemporaryDirectory();
  readonly directory = this.#temporary.path;
  readonly problems: string[] = [];
  readonly context: ProcessContext;
  readonly #ends = new Map<number, () => void>();
  readonly #silence = onChildChange(() => this.#reap());

  constructor(console: Console, target: "logs" | "streams") {
    const warn = (message: string) => void this.problems.push(message);
    this.context = {
      spawner: new SpawnQueue(),
      output: new JobOutput({
        onProblem: warn,
        ...(target === "logs" ? { directory: this.directory } : { standard: new StandardStreams("plain") }),
      }),
      defaultConsole: console,
      hookCommand: [],
      stopsForDebug: false,
      defaults: {},
      descriptorLimit: { soft: 1024, hard: 1024 },
      privileged: false,
      controlGroups: new ControlGroups({ enabled: false, warn }),
      apparmor: new AppArmor({ warn }),
    };
  }

  /** Starts a process while the call of a number fails. Returns the outcomes that were reported, and the call. */
  async start(fault: number) {
    const outcomes: StartOutcome[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const request = {
      definition: DEFINITION,
      instance: "",
      process: "main" as const,
      environment: ["PATH=/usr/bin:/bin"],
    };
    const failed = withFault(fault, () => {
      startProcess(request, this.context, (outcome) => {
        outcomes.push(outcome);
        resolve();
      }, (fault) => assert.fail(String(fault)));
    });
    await promise;
    for (const outcome of outcomes) {
      if (!("pid" in outcome)) continue;
      await new Promise<void>((end) => this.#ends.set(outcome.pid, end) && this.#reap());
      outcome.output.ended();
    }
    return { outcomes, failed };
  }

  #reap(): void {
    for (const change of reap(256, "thread")) {
      this.context.spawner.changed(change.pid);
      this.#ended.add(change.pid);
    }
    for (const pid of this.#ended) {
      this.#ends.get(pid)?.();
      this.#ends.delete(pid);
    }
  }

  readonly #ended = new Set<number>();

  [Symbol.dispose](): void {
    this.context.output.close();
    this.#silence();
    this.#temporary.remove();
  }
}

/** The open descriptors but sockets: those are the runtime's, for its signals, and come and go in its own time. */
function openDescriptors(): string[] {
  return fs.readdirSync("/proc/self/fd").map((fd) => {
    try {
      return fs.readlinkSync(`/proc/self/fd/${fd}`).replace(/\d+/g, "N");
    } catch {
      return "";
    }
  }).filter((target) => target !== "" && !target.startsWith("socket:")).sort();
}

for (const [console, target] of [["log", "logs"], ["pipe", "logs"], ["output", "streams"]] as const) {
  Deno.test(`whatever call fails on the way to a process, that is told once and nothing is left (${console}, ${target})`, async () => {
    using it = new Fixture(console, target);
    // What is made once and kept.
    await it.start(0);
    const before = openDescriptors();
    const faults: string[] = [];
    for (let number = 1;; number++) {
      const { outcomes, failed } = await it.start(number);
      assert.equal(outcomes.length, 1, `call ${number}, ${failed}`);
      assert.deepEqual(openDescriptors(), before, `call ${number}, ${failed}`);
      if (failed === undefined) break;
      faults.push(failed);
      // Without output a process runs; nothing else is done without.
      const [outcome] = outcomes;
      if (!("pid" in outcome!)) {
        assert.ok("isTemporary" in outcome! && outcome.isTemporary, JSON.stringify(outcome));
      }
    }
    for (const name of ["memfd_create", "pipe2", "epoll_ctl", "clone"]) {
      assert(faults.includes(name), faults.join());
    }
  });
}
