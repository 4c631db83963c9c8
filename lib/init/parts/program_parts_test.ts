/** The parts of the program around the running init, each saved and restored by itself. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { Registry } from "prom-client";
import { emptyJob } from "../../model/job.ts";
import type { Notice } from "../../model/requests.ts";
import { close, pipe, read, setNonBlocking, write } from "../../sys/io/descriptors.ts";
import { inDirectory } from "../../sys/testing/directory.ts";
import { SessionFile } from "../host/session.ts";
import type { Messages } from "../logs/messages.ts";
import { StandardStreams } from "../logs/standard_streams.ts";
import { NoticeCounters } from "../ops/metrics_counters.ts";
import { ReadinessCheck } from "../ops/readiness.ts";
import type { RunningInit } from "../running.ts";
import { ExitStatus } from "../teardown/exit_status.ts";
import { HaltRunlevel } from "../teardown/halt_runlevel.ts";
import { OrderedTeardown } from "../teardown/ordered_teardown.ts";
import { SessionTeardown } from "../teardown/session_teardown.ts";
import { Deadline } from "./deadline.ts";
import { optionalPart } from "./part.ts";
import { passOn } from "./testing/pass_on.ts";

Deno.test("all parts together: a process of their own runs the test", () => {
  const [runAlone, tests] = ["../../sys/testing/run_alone.ts", "testing/whole_program.ts"].map((path) =>
    resolve(import.meta.dirname!, path)
  );
  const ran = spawnSync(Deno.execPath(), ["run", "-A", "--no-check", runAlone!, tests!], {
    encoding: "utf8",
  });
  assert.match(ran.stdout, /^2 passed, 0 failed$/m, ran.stderr);
});

Deno.test("a deadline is reached after what is left of its time, unless it is not set", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const before = new Deadline(() => assert.fail()), after = new Deadline(resolve);
  passOn(before, after);
  assert.equal(after.save(), null);
  before.set(60_000);
  passOn(before, after);
  before.clear();
  assert(after.save()! > 50_000);
  before.set(1);
  passOn(before, after);
  before.clear();
  await promise;
  assert.equal(after.save(), null);
});

Deno.test("a part that an init lacks is saved as nothing", () => {
  assert.equal(optionalPart<number>(undefined).save(), null);
  optionalPart<number>(undefined).restore(7);
  const restored: number[] = [];
  const part = optionalPart({ save: () => 7, restore: (saved: number) => void restored.push(saved) });
  part.restore(part.save());
  part.restore(null);
  assert.deepEqual(restored, [7]);
});

Deno.test("the exit status and the way in which a machine is to end stay", () => {
  const init = { observe: () => () => {} } as unknown as RunningInit;
  const [before, after] = [1, 2].map(() => new ExitStatus(init, false, () => {}));
  before!.status = 7;
  passOn(before!, after!);
  assert.equal(after!.status, 7);
  const [halted, restored] = [1, 2].map(() => new HaltRunlevel(init, () => {}));
  halted!.command = "restart";
  passOn(halted!, restored!);
  assert.equal(restored!.command, "restart");
});

Deno.test("a service that has failed is still missing, and what was ready once stays so", () => {
  const definition = emptyJob("web", "test");
  const world = {
    stopping: false,
    problems: () => [],
    jobs: () => [],
    job: () => ({ definition, instances: new Map() }),
  };
  const before = new ReadinessCheck(world, "main"), after = new ReadinessCheck(world, "main");
  before.loaded();
  before.observe({ kind: "goal-changed", job: "main", instance: "", goal: "start", cause: { by: "init" } });
  assert.deepEqual(before.missing(), []);
  before.observe({ kind: "failed", job: "web", instance: "", status: 1, failure: { process: "main" } });
  passOn(before, after);
  assert.deepEqual(after.missing(), ["web failed"]);
  after.observe({ kind: "goal-changed", job: "web", instance: "", goal: "start", cause: { by: "init" } });
  assert.deepEqual(after.missing(), []);
});

Deno.test("that all was up is noted though it was saved before that, so tasks that fail do not count", async () => {
  const world = {
    stopping: false,
    problems: () => [],
    jobs: () => [],
    job: () => ({ definition: { ...emptyJob("task", "test"), task: true }, instances: new Map() }),
  };
  const before = new ReadinessCheck(world), after = new ReadinessCheck(world);
  before.loaded();
  passOn(before, after);
  before.close();
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
  after.observe({ kind: "failed", job: "task", instance: "", status: 1, failure: { process: "main" } });
  assert.deepEqual(after.missing(), []);
});

/** An init that counts what it is asked for. */
class IdleInit {
  readonly told: string[] = [];
  isIdle = false;
  hasProcesses = true;
  handle = ({ kind }: { kind: string }) => void this.told.push(kind);
  jobs = () => [{ definition: { ...emptyJob("web", "test"), killTimeout: 60 }, instances: new Map() }];
  awaitsEvent = () => true;
}

const SILENT = { log() {} } as unknown as Messages;

Deno.test("an ordered teardown goes on in its phase, with what is left of its time", async () => {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const [first, second] = [new IdleInit(), new IdleInit()];
  const make = (init: IdleInit, onDone: (killed: boolean) => void) =>
    new OrderedTeardown(init as unknown as RunningInit, SILENT, 60_000, onDone);
  const before = make(first, () => assert.fail()), after = make(second, resolve);
  passOn(before, after);
  assert.deepEqual(after.save(), { requests: 0, phase: "jobs", timeLeft: null });
  before.begin("shutdown");
  passOn(before, after);
  const { requests, phase, timeLeft } = after.save();
  assert.deepEqual([requests, phase], [1, "jobs"]);
  assert(timeLeft! > 50_000 && timeLeft! <= 60_000);
  // Nothing is asked for again, and another request is not the first.
  assert.deepEqual(second.told, []);
  after.begin("shutdown");
  assert(after.save().timeLeft! <= 1000);
  assert.deepEqual(second.told, []);
  passOn({ save: () => ({ requests: 3, phase: "killed" as const, timeLeft: 1 }), restore() {} }, after);
  assert.equal(await promise, true);
  before.restore({ requests: 0, phase: "done", timeLeft: null });
});

Deno.test("a session's teardown leaves a post-stop its time when the main process has had all of its own", () => {
  const init = new IdleInit();
  const command = { kind: "exec" as const, command: "true" };
  init.jobs = () => [{
    definition: { ...emptyJob("web", "test"), killTimeout: 60, processes: { "post-stop": command } },
    instances: new Map(),
  }];
  const teardown = new SessionTeardown(init as unknown as RunningInit, SILENT, () => assert.fail());
  teardown.begin("shutdown");
  const { timeLeft } = teardown.save();
  assert(timeLeft! > 61_000 && timeLeft! <= 121_000);
  teardown.restore({ requests: 1, phase: "jobs", timeLeft: null });
});

Deno.test("a session's teardown waits for jobs on session-end, then for those that are stopped", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const [first, second] = [new IdleInit(), new IdleInit()];
  const make = (init: IdleInit, onDone: () => void) =>
    new SessionTeardown(init as unknown as RunningInit, SILENT, onDone);
  const before = make(first, () => assert.fail()), after = make(second, resolve);
  before.begin("logout");
  passOn(before, after);
  const { requests, phase, timeLeft } = after.save();
  assert.deepEqual([requests, phase], [1, "session-end"]);
  assert(timeLeft! <= 5000);
  after.begin("logout");
  assert.deepEqual(second.told, []);
  after.restore({ requests: 1, phase: "session-end", timeLeft: 0 });
  await new Promise<void>((resolve) =>
    second.handle = ({ kind }) => {
      if (kind === "stop-all") resolve();
    }
  );
  assert.equal(after.save().phase, "jobs");
  // The exit of the last process, which came before init was restored, ends it.
  second.hasProcesses = false;
  passOn(after, after);
  await promise;
  before.restore({ requests: 0, phase: "jobs", timeLeft: null });
});

/** A pipe of which neither end blocks. */
function openPipe(): { reader: number; writer: number } {
  const ends = pipe();
  for (const end of [ends.reader, ends.writer]) setNonBlocking(end);
  return ends;
}

/** Fills a pipe, so that it takes no more. */
function fill(writer: number): void {
  while (write(writer, new Uint8Array(4096)) > 0);
}

/** All that is in a pipe, but for what filled it. */
function contents(reader: number): string {
  const pieces: Uint8Array[] = [];
  for (;;) {
    const bytes = read(reader);
    if (typeof bytes === "number" || bytes.length === 0) break;
    pieces.push(bytes);
  }
  return Buffer.concat(pieces).toString().replaceAll("\0", "");
}

Deno.test("output that nobody has read yet is written later, and a line goes on where it has stopped", async () => {
  const { reader, writer } = openPipe(), source = { job: "web", instance: "", stream: "stderr" as const };
  const make = () => new StandardStreams("plain", assert.fail, { stdout: writer, stderr: writer });
  fill(writer);
  const before = make();
  const message = { priority: "warn", message: "x", text: "init: x" };
  before.message(message);
  const long = "y".repeat(70_000);
  before.sink(source, false).take(Buffer.from(long));
  const saved: ReturnType<typeof before.save> = JSON.parse(JSON.stringify(before.save()));
  assert.equal(contents(reader), "");
  const after = make();
  after.restore(saved);
  const rest: string[] = [contents(reader)];
  const another = after.sink(source, false);
  another.take(Buffer.from("z\n"));
  after.message(message);
  const flushed = after.flush(60_000);
  while (rest.join("").length < `init: x\n${long}z\ninit: x\n`.length) {
    rest.push(contents(reader));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await flushed;
  assert.equal(rest.join(""), `init: x\n${long}z\ninit: x\n`);
  close(reader);
  close(writer);
});

Deno.test("a line of another writer is not mixed with one that had begun", () => {
  const { reader, writer } = openPipe();
  const make = () => new StandardStreams("plain", assert.fail, { stdout: writer, stderr: writer });
  const before = make(), after = make(), source = { job: "web", instance: "", stream: "stderr" as const };
  before.sink(source, false).take(Buffer.from("y".repeat(70_000)));
  contents(reader);
  passOn(before, after);
  contents(reader);
  after.sink({ ...source, job: "other" }, false).take(Buffer.from("z\n"));
  assert.equal(contents(reader).replaceAll("y", ""), "\nz\n");
  close(reader);
  close(writer);
});

Deno.test(
  "the session's file is removed by who goes on",
  inDirectory((directory) => {
    mkdirSync(`${directory}/run`);
    const { XDG_RUNTIME_DIR } = process.env;
    process.env.XDG_RUNTIME_DIR = `${directory}/run`;
    try {
      const before = new SessionFile(SILENT), after = new SessionFile(SILENT), none = new SessionFile(SILENT);
      passOn(before, none);
      none.remove();
      before.open("unix:abstract=x");
      passOn(before, after);
      const { path } = after.save();
      assert.equal(readFileSync(path!, "utf8"), "UPSTART_SESSION=unix:abstract=x\n");
      after.remove();
      assert(!existsSync(path!));
    } finally {
      if (XDG_RUNTIME_DIR === undefined) delete process.env.XDG_RUNTIME_DIR;
      else process.env.XDG_RUNTIME_DIR = XDG_RUNTIME_DIR;
    }
  }),
);

Deno.test("counters go on counting, also the events that had a counter of their own", async () => {
  const before = new Registry(), after = new Registry();
  const first = new NoticeCounters(before), second = new NoticeCounters(after);
  const notices: Notice[] = [
    { kind: "job-added", job: "web" },
    { kind: "state-changed", job: "web", instance: "", state: "starting" },
    { kind: "failed", job: "web", instance: "", status: 1, failure: { process: "main" } },
    { kind: "process-ended", job: "web", instance: "", process: "main", pid: 1, exit: { status: 7 } },
    ...Array.from({ length: 201 }, (_, index) => ({
      kind: "event-emitted" as const,
      event: `e${index}`,
      environment: [],
    })),
  ];
  for (const notice of notices) first.observe(notice);
  passOn(first, second);
  assert.equal(await after.metrics(), await before.metrics());
  for (const counters of [first, second]) {
    for (const notice of notices) counters.observe(notice);
    counters.observe({ kind: "event-emitted", event: "new", environment: [] });
  }
  const text = await after.metrics();
  assert.equal(text, await before.metrics());
  assert.match(text, /^rouse_job_starts_total\{job="web"\} 2$/m);
  assert.match(text, /^rouse_job_respawns_total\{job="web"\} 0$/m);
  assert.match(text, /^rouse_events_total\{event="other"\} 3$/m);
  second.observe({ kind: "job-removed", job: "web" });
  assert.doesNotMatch(await after.metrics(), /starts_total\{job/);
});
