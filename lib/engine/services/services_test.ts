/** What services tell of themselves, and what follows, in virtual time. */

import assert from "node:assert/strict";
import type { Notification } from "../../model/checks/notification.ts";
import { SIGABRT, SIGKILL } from "../../model/signals.ts";
import type { Effect, Input } from "../effects.ts";
import { Engine } from "../engine.ts";
import { type Fields, job } from "../testing/definitions.ts";

/** An engine with the job `web`, and a clock. */
class Trial {
  #engine = new Engine();
  readonly #timers = new Map<number, number>();
  #now = 0;
  #pid = 100;
  readonly signals: string[] = [];
  readonly events: string[] = [];

  constructor(fields: Fields) {
    const definition = job("web", { runs: ["main"], ...fields });
    this.input({ kind: "definitions", changes: [{ name: "web", definition }] });
    const what = { kind: "start" as const, job: "web", environment: [], wait: false };
    this.input({ kind: "request", request: 1, what });
  }

  input(input: Input): void {
    for (const effect of this.#engine.handle(input, this.#time)) this.#perform(effect);
  }

  get #time() {
    return { monotonic: this.#now, wall: this.#now };
  }

  #perform(effect: Effect): void {
    if (effect.kind === "spawn") this.input({ kind: "spawned", spawn: effect.spawn, pid: ++this.#pid });
    if (effect.kind === "kill") this.signals.push(`${effect.signal} to ${effect.pid} at ${this.#now}`);
    if (effect.kind === "set-timer") this.#timers.set(effect.timer, this.#now + effect.delay);
    if (effect.kind === "clear-timer") this.#timers.delete(effect.timer);
    if (effect.kind === "notice" && effect.notice.kind === "event-emitted") {
      this.events.push(effect.notice.event);
    }
  }

  tell(told: Notification): void {
    this.input({ kind: "notification", job: "web", instance: "", told });
  }

  /** Lets time pass, and timers expire; the engine is saved and restored on the way. */
  pass(time: number): void {
    const end = this.#now + time;
    for (;;) {
      const [next] = [...this.#timers].filter(([, at]) => at <= end).sort(([, one], [, other]) =>
        one - other
      );
      if (!next) break;
      this.#timers.delete(next[0]);
      this.#now = next[1];
      this.input({ kind: "timer", timer: next[0] });
    }
    this.#now = end;
    this.#engine = Engine.restore(JSON.parse(JSON.stringify(this.#engine.save(this.#time))), this.#time);
  }

  end(pid: number, signal: number): void {
    this.input({ kind: "exited", pid, exit: { signal } });
  }

  get #instance() {
    return this.#engine.jobs.get("web")!.instances.get("");
  }

  get state(): string {
    return this.#instance?.state ?? "gone";
  }

  get note(): string {
    return this.#instance!.note(this.#now);
  }

  get main(): number | undefined {
    return this.#instance?.pids.get("main");
  }
}

Deno.test("READY=1 makes a job with `ready notify` ready, and no other", () => {
  const trial = new Trial({ ready: { kind: "notify" } });
  trial.tell({ status: "Loading" });
  assert.deepEqual([trial.state, trial.note], ["spawned", "not ready: it has not sent READY=1; Loading"]);
  trial.tell({ ready: true, status: "Serving" });
  assert.deepEqual([trial.state, trial.note], ["running", "Serving"]);
  const other = new Trial({ ready: { kind: "fd", descriptor: 3 }, watchdog: 30 });
  other.tell({ ready: true });
  assert.equal(other.state, "spawned");
});

Deno.test("a reload and a stop of its own are told of, until it is ready again or starts anew", () => {
  const trial = new Trial({ ready: { kind: "notify" }, respawn: true });
  trial.tell({ ready: true });
  trial.tell({ reloading: true, status: "Reading" });
  assert.deepEqual([trial.state, trial.note], ["running", "reloading: Reading"]);
  trial.pass(10);
  assert.equal(trial.note, "reloading: Reading");
  trial.tell({ ready: true });
  assert.equal(trial.note, "Reading");
  trial.tell({ stopping: true });
  assert.deepEqual([trial.state, trial.note], ["running", "stopping: Reading"]);
  trial.end(101, SIGKILL);
  assert.deepEqual([trial.state, trial.note], ["spawned", "not ready: it has not sent READY=1"]);
});

Deno.test("MAINPID names the main process: its end counts, and that of the one before does not", () => {
  const trial = new Trial({ ready: { kind: "notify" } });
  trial.tell({ mainPid: 4711, ready: true });
  trial.end(101, SIGKILL);
  assert.deepEqual([trial.state, trial.main], ["running", 4711]);
  trial.end(4711, SIGKILL);
  assert.equal(trial.state, "gone");
});

Deno.test("without a sign of life it gets SIGABRT and then SIGKILL, and its end leads to a respawn", () => {
  const trial = new Trial({ watchdog: 30, killTimeout: 5, respawn: true });
  for (let count = 0; count < 3; count++) {
    trial.pass(29_000);
    trial.tell({ watchdog: "alive" });
  }
  assert.deepEqual([trial.state, trial.signals], ["running", []]);
  trial.pass(30_000);
  assert.equal(trial.note, "unhealthy: no sign of life for 30 s");
  // Too late.
  trial.tell({ watchdog: "alive" });
  trial.pass(5000);
  assert.deepEqual(trial.signals, [`${SIGABRT} to 101 at 117000`, `${SIGKILL} to 101 at 122000`]);
  assert(trial.events.includes("unhealthy"));
  trial.end(101, SIGKILL);
  assert.deepEqual([trial.state, trial.main, trial.note], ["running", 102, ""]);
  trial.pass(29_999);
  assert.equal(trial.signals.length, 2);
});

Deno.test("a service sets its watchdog itself, and may be its own", () => {
  const trial = new Trial({ ready: { kind: "notify" } });
  trial.tell({ ready: true });
  trial.pass(1e6);
  trial.tell({ watchdogTime: 2000 });
  trial.pass(1999);
  assert.deepEqual(trial.signals, []);
  trial.pass(1);
  assert.equal(trial.signals.length, 1);
  const other = new Trial({ ready: { kind: "notify" } });
  other.tell({ watchdog: "trigger" });
  assert.deepEqual(other.signals, [], "it is not up yet");
  other.tell({ ready: true, watchdog: "trigger" });
  assert.deepEqual(other.signals, [`${SIGABRT} to 101 at 0`]);
});

Deno.test("a stop ends the watch, and is put off when the service asks for time", () => {
  const trial = new Trial({ watchdog: 3, killTimeout: 5 });
  const what = { kind: "stop" as const, job: "web", environment: [], wait: false };
  trial.input({ kind: "request", request: 2, what });
  trial.pass(4000);
  trial.tell({ extension: 10_000 });
  trial.tell({ extension: 1 });
  trial.pass(9999);
  assert.deepEqual(trial.signals, ["15 to 101 at 0"]);
  trial.pass(1);
  assert.deepEqual(trial.signals, ["15 to 101 at 0", "9 to 101 at 14000"]);
});
