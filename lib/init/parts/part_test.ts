/** The parts of the running init, each saved and restored by itself: what is restored goes on where the other was. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Effect, Input } from "../../engine/effects.ts";
import { Engine } from "../../engine/engine.ts";
import { Environment } from "../../model/environment.ts";
import { emptyJob } from "../../model/job.ts";
import { call, required } from "../../sys/call/kernel.ts";
import { close, write } from "../../sys/io/descriptors.ts";
import type { SpawnDescription, SpawnResult } from "../../sys/spawn/spawn.ts";
import { SpawnQueue } from "../../sys/spawn/spawn_queue.ts";
import { inDirectory } from "../../sys/testing/directory.ts";
import { EffectQueue, type Performed } from "./effect_queue.ts";
import type { InitContext } from "../init_context.ts";
import { openPipe } from "../logs/descriptor_pairs.ts";
import { JobOutput, type SavedOutput } from "../logs/job_output.ts";
import { LogFile, MemoryBudget } from "../logs/files/log_file.ts";
import { Messages } from "../logs/messages.ts";
import { Channels, type SavedChannels } from "../logs/output_channels.ts";
import type { Sink } from "../logs/output_reader.ts";
import { StandardStreams } from "../logs/standard_streams.ts";
import { type Part, restoreParts, saveParts } from "./part.ts";
import { passOn } from "./testing/pass_on.ts";
import { beginChange, ScriptLevels } from "../sysv/script_levels.ts";
import { PendingRequests } from "./pending_requests.ts";
import { RunningInit } from "../running.ts";
import { ChildReaper } from "../spawn/child_reaper.ts";
import { ControlGroups } from "../spawn/control_groups.ts";
import { ProcessStarter } from "../spawn/process_starter.ts";
import { Timers } from "./timers.ts";

/** The saved data with copies of the descriptors, as the part that was saved still has its own. */
function withCopies(saved: SavedChannels): SavedChannels {
  const F_DUPFD_CLOEXEC = 1030;
  const copy = (descriptor: number) => required("copy", call("fcntl", descriptor, F_DUPFD_CLOEXEC, 3));
  return { ...saved, readers: saved.readers.map((one) => ({ ...one, descriptor: copy(one.descriptor) })) };
}

function runningInit(): RunningInit {
  const warn = () => {};
  return new RunningInit(new Environment([]), new Environment([]), {
    endsWithRunlevel: false,
    session: () => undefined,
    logCommands: { tidy: ["false"], ship: ["false"] },
    messages: new Messages("fatal", new StandardStreams("plain")),
    processes: {
      spawner: new SpawnQueue(),
      output: new JobOutput({ onProblem: warn }),
      controlGroups: new ControlGroups({ warn }),
    },
  } as unknown as InitContext);
}

/** The start of a process, as the engine asks for it. */
const SPAWN: Effect & { kind: "spawn" } = {
  kind: "spawn",
  spawn: 3,
  definition: { ...emptyJob("web", "test"), processes: { main: { kind: "exec", command: "x" } } },
  instance: "",
  process: "main",
  environment: [],
};

Deno.test("each part of the running init can be saved and restored, and what is saved is plain data", () => {
  const init = runningInit(), { parts } = init;
  assert.deepEqual(Object.keys(parts), [
    "messages",
    "insight",
    "engine",
    "requests",
    "controlGroups",
    "output",
    "tidying",
    "shipping",
    "effects",
    "children",
    "starts",
    "timers",
    "reports",
    "foreign",
    "pidFiles",
    "checks",
    "levels",
  ]);
  for (const [name, part] of Object.entries(parts)) {
    assert.equal(typeof part.save, "function", name);
    assert.equal(typeof part.restore, "function", name);
  }
  const saved = init.save();
  assert.deepEqual(JSON.parse(JSON.stringify(saved)), saved);
});

Deno.test("another init goes on where all parts of one were saved", async () => {
  const before = runningInit(), after = runningInit();
  const definition = {
    ...emptyJob("web", "test"),
    startOn: { kind: "event" as const, name: "go", matches: [] },
  };
  before.handle({ kind: "definitions", changes: [{ name: "web", definition }] });
  before.jobEnvironment.set("A=1", true);
  await after.restore(JSON.parse(JSON.stringify(before.save())));
  assert.deepEqual(after.jobEnvironment.list(), ["A=1"]);
  assert(after.awaitsEvent("go"));
  after.handle({ kind: "event", event: "go", environment: [] });
  assert.equal(after.job("web")!.instances.get("")!.state, "running");
  assert.equal(before.job("web")!.instances.size, 0);
});

Deno.test("effects that were left come before those that follow from the children that are found again", async () => {
  const engine = new Engine(), now = { monotonic: performance.now(), wall: Date.now() };
  const definition = {
    ...emptyJob("daemon", "test"),
    expect: "daemon" as const,
    processes: { main: { kind: "exec" as const, command: "x" } },
  };
  engine.handle({ kind: "definitions", changes: [{ name: "daemon", definition }] }, now);
  const what = { kind: "start" as const, job: "daemon", environment: [], wait: false };
  const effects = engine.handle({ kind: "request", request: 1, what }, now);
  const { spawn } = effects.find((effect) => effect.kind === "spawn")!;
  engine.handle({ kind: "spawned", spawn, pid: 1 << 30 }, now);
  // It has forked once of two times. That it has executed another program says that it will not again.
  const trackedProcess = { pid: Deno.pid, forks: 1 };
  engine.handle({ kind: "exited", pid: 1 << 30, exit: { status: 0 }, trackedProcess }, now);
  const after = runningInit(), told: string[] = [];
  after.observe((notice) => void told.push(notice.kind === "event-emitted" ? notice.event : notice.kind));
  await after.restore({
    ...runningInit().save(),
    engine: engine.save(now),
    effects: [{ kind: "notice", notice: { kind: "event-emitted", event: "before", environment: [] } }],
    children: { outputs: [], forked: [[trackedProcess, 1 << 30]], memoryKills: [] },
  });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(after.job("daemon")!.instances.get("")!.state, "running");
  assert.deepEqual([told[0], told.includes("state-changed")], ["before", true]);
});

Deno.test("parts are restored in the order of the table", async () => {
  const told: string[] = [];
  const part = (name: string): Part<string> => ({
    save: () => name,
    restore: (saved) => Promise.resolve().then(() => void told.push(`${name}=${saved}`)),
  });
  const parts = { one: part("one"), two: part("two") };
  assert.deepEqual(saveParts(parts), { one: "one", two: "two" });
  await restoreParts(parts, { one: "1", two: "2" });
  assert.deepEqual(told, ["one=1", "two=2"]);
});

Deno.test("timers fire after what is left of their delays, unless they are cleared", async () => {
  const fired: number[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const before = new Timers((timer) => assert.fail(`timer ${timer}`));
  const after = new Timers((timer) => fired.push(timer) === 2 && resolve());
  // So much time that none of them is due before it is looked at, also on a busy machine.
  for (const [timer, delay] of [[1, 1000], [2, 500], [3, 60_000], [4, 0]] as const) before.set(timer, delay);
  passOn(before, after);
  for (const timer of [1, 2, 3]) before.clear(timer);
  assert.equal(after.takeDue(), 4);
  const { running } = after.save();
  assert.deepEqual(running.map(([timer]) => timer), [1, 2, 3]);
  assert(running[2]![1] <= 60_000 && running[2]![1] > 50_000);
  after.clear(3);
  await promise;
  assert.deepEqual(fired, [2, 1]);
  assert.deepEqual(after.save(), { running: [], due: [] });
});

Deno.test("answers to requests of before reach who asks for them, and new requests have new numbers", async () => {
  const before = new PendingRequests(), after = new PendingRequests();
  for (let request = 0; request < 3; request++) void before.submit(() => {});
  before.answer({ kind: "answer", request: 1, instance: "before" });
  passOn(before, after);
  // The answer may come before anybody asks for it, or after that. That of the first one is gone.
  after.answer({ kind: "answer", request: 2, instance: "early" });
  const late = after.answerTo(3);
  after.answer({ kind: "answer", request: 3, instance: "late" });
  assert.deepEqual([after.answerTo(1), after.answerTo(2), await late], ["", "early", "late"]);
  let number = 0;
  const answer = after.submit((request) => {
    number = request;
    after.answer({ kind: "answer", request, instance: "a" });
  });
  assert.deepEqual([number, answer], [4, "a"]);
});

Deno.test("requests that nobody asks for the answers of are forgotten, and those that the engine knows no longer fail", async () => {
  const requests = new PendingRequests();
  requests.restore({ lastNumber: 3, pending: [1, 2, 3] });
  requests.answer({ kind: "answer", request: 1, instance: "" });
  const claimed = requests.answerTo(2);
  requests.forgetUnclaimed();
  assert.deepEqual(requests.save(), { lastNumber: 3, pending: [2] });
  requests.fail("it is lost");
  await assert.rejects(async () => await claimed, /it is lost/);
  assert.deepEqual(requests.save(), { lastNumber: 3, pending: [] });
});

Deno.test("a change of the runlevel goes on where it was, and no event is emitted twice", async () => {
  const emitted: string[] = [];
  const requests = [new PendingRequests(), new PendingRequests()] as const;
  const levels = requests.map((own) =>
    new ScriptLevels({
      request: (what) => own.submit(() => what.kind === "emit" && emitted.push(what.event)),
      get nextRequest() {
        return own.nextNumber;
      },
      answerTo: (request) => own.answerTo(request),
      showScripts: () => assert.fail(),
      fault: (_, error) => assert.fail(String(error)),
    })
  );
  const [before, after] = requests, change = beginChange("3", "2");
  void levels[0]!.carryOn(change);
  before.answer({ kind: "answer", request: 1, instance: "" });
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(change.request, 2);
  passOn(before, after);
  const done = levels[1]!.carryOn(JSON.parse(JSON.stringify(change)));
  after.answer({ kind: "answer", request: 2, instance: "" });
  await new Promise((resolve) => setImmediate(resolve));
  after.answer({ kind: "answer", request: 3, instance: "" });
  await done;
  assert.deepEqual(emitted, ["rc-prepare", "rc-stop", "rc-start"]);

  // One that is cancelled emits nothing more, also when it was restored.
  const cancelled = beginChange("4", "3");
  const ended = levels[1]!.carryOn(cancelled);
  levels[1]!.supersede("4");
  levels[1]!.supersede("5");
  after.answer({ kind: "answer", request: 4, instance: "" });
  await ended;
  assert.deepEqual(emitted.slice(3), ["rc-prepare"]);
});

Deno.test("effects that were not performed yet are, in order", async () => {
  const effects: Performed[] = [1, 2, 3].map((timer) => ({ kind: "clear-timer", timer }));
  const performed: Performed[] = [];
  const after = new EffectQueue((effect) => performed.push(effect), () => false);
  passOn({ save: () => effects, restore() {} }, after);
  assert.deepEqual(performed, [], "other parts may not be restored yet");
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(performed, effects);
  assert(after.isEmpty);
});

Deno.test(
  "the output that a log could not write is written later, with how much was lost",
  inDirectory((directory) => {
    const path = join(directory, "job.log");
    mkdirSync(path);
    const before = new LogFile(path, new MemoryBudget(10)), after = new LogFile(path, new MemoryBudget(10));
    before.append(Buffer.from("one\ntwo\nthree\n"));
    passOn(before, after);
    assert.deepEqual(after.save(), before.save());
    rmdirSync(path);
    after.append(Buffer.from("four\n"));
    assert.equal(
      readFileSync(path, "utf8"),
      "one\ntwo\nth[4 bytes of output were lost while this log could not be written]\r\nfour\n",
    );
  }),
);

Deno.test(
  "the output of jobs goes on into their logs: what waits, then what comes",
  inDirectory((directory) => {
    const problems: string[] = [];
    const onProblem = (problem: string) => void problems.push(problem);
    const options = { directory, onProblem, logTime: true };
    const before = new JobOutput(options), after = new JobOutput(options);
    const path = join(directory, "job.log");
    const { descriptors, channel, ended } = before.open("job", "", "pipe");
    mkdirSync(path);
    write(descriptors[1]!, Buffer.from("one\ntw"));
    ended();
    const saved: SavedOutput = JSON.parse(JSON.stringify(before.save()));
    assert.equal(saved.logs.logs.length, 1);
    assert(saved.logs.logs[0]!.isMidLine);
    after.restore({ ...saved, channels: withCopies(saved.channels) });
    before.close();
    rmdirSync(path);
    write(descriptors[1]!, Buffer.from("o\nthree\n"));
    after.drain(channel!);
    const stamp = /^\S+Z /gm;
    assert.equal(readFileSync(path, "utf8").replace(stamp, ""), "one\ntwo\nthree\n");
    assert.deepEqual(problems, [
      `${path}: unable to write: Is a directory; its lines are kept in memory`,
      `${path}: written again`,
    ]);
    // The next process of the instance may share the channel, and another one has a number of its own.
    assert.notEqual(after.open("other", "", "pipe").channel, channel);
    close(descriptors[1]!);
    after.close();
  }),
);

Deno.test("pipes are read on, and the piece of a line that was read comes first", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const streamsOf = (sink: Sink, release = () => {}) => () => [
    { descriptors: [1], open: openPipe, sink: () => ({ sink, release }) },
  ];
  const text: string[] = [];
  const take = (bytes: Uint8Array) => void text.push(Buffer.from(bytes).toString());
  const common = { end() {}, whenRoom() {}, full: false, broken: false };
  const before = new Channels(), after = new Channels();
  const { outputs } = before.connect("key", streamsOf({ ...common, take() {}, kept: Buffer.from("ha") })());
  const saved: SavedChannels = JSON.parse(JSON.stringify(before.save()));
  const copies = withCopies(saved);
  before.close();
  after.restore(copies, streamsOf({ ...common, take }, resolve));
  write(outputs[1]!, Buffer.from("lf\n"));
  close(outputs[1]!);
  await promise;
  assert.deepEqual(text, ["ha", "lf\n"]);
  assert.deepEqual(after.save().readers, []);
});

Deno.test(
  "control groups are removed after their last user",
  inDirectory((root) => {
    for (const [file, text] of [["cgroup.controllers", "cpu\n"], ["cgroup.subtree_control", "cpu\n"]]) {
      writeFileSync(join(root, file!), text!);
    }
    mkdirSync(join(root, "shop"));
    writeFileSync(join(root, "shop/cgroup.subtree_control"), "cpu\n");
    const warn = assert.fail;
    const before = new ControlGroups({ root, warn }), after = new ControlGroups({ root, warn });
    const job = (name: string) => ({
      ...emptyJob(name, "test"),
      cgroups: [{ controller: "cpu", name: "shop/all" }],
    });
    before.prepare(job("one"), "", []);
    before.prepare(job("two"), "", []);
    passOn(before, after);
    assert.deepEqual(after.save(), before.save());
    after.release("one", "");
    assert(existsSync(join(root, "shop/all")));
    after.release("two", "");
    assert(!existsSync(join(root, "shop/all")));
    assert(existsSync(join(root, "shop")), "init has not made it");
  }),
);

Deno.test("children keep the channel that the rest of their output is read from", () => {
  const engine = { isForking: () => true } as unknown as Engine;
  const context = { processes: { output: {}, controlGroups: {} } };
  const listener = { handle() {}, notify() {} };
  const make = () => new ChildReaper(() => engine, context as unknown as InitContext, listener);
  const before = make(), after = make();
  const output = { descriptors: {}, controllingTerminal: false, spawned() {}, ended() {} };
  before.add(101, { ...output, channel: 5 });
  before.add(102, output);
  passOn(before, after);
  const { outputs, forked } = after.save();
  assert.deepEqual({ outputs, forked }, { outputs: [[101, 5]], forked: [] });
});

Deno.test("a start without an outcome is made again", async () => {
  const inputs: Input[] = [];
  const output = { descriptors: {}, controllingTerminal: false, spawned() {}, ended() {} };
  const make = (handle: (input: Input) => void) => {
    const begun = Promise.withResolvers<(result: SpawnResult) => void>();
    const spawner = {
      start: (_: SpawnDescription, done: (result: SpawnResult) => void) => begun.resolve(done),
    };
    const processes = {
      controlGroups: { prepare: () => [] },
      apparmor: { availableProfile: () => undefined },
      output: { open: () => output },
      defaults: {},
      spawner,
    };
    const context = { session: () => undefined, processes } as unknown as InitContext;
    return { starter: new ProcessStarter(context, handle, () => {}), begun: begun.promise };
  };
  const before = make(() => assert.fail()), after = make((input) => inputs.push(input));
  before.starter.start(SPAWN, 2);
  const saved = before.starter.save();
  assert.deepEqual(saved, [{ effect: SPAWN, attempt: 2, delay: 0 }]);
  passOn(before.starter, after.starter);
  const finish = await after.begun;
  assert.deepEqual(after.starter.save(), saved);
  finish({ pid: 1 << 30 });
  assert.deepEqual(inputs, [{ kind: "spawned", spawn: 3, pid: 1 << 30 }]);
  assert.deepEqual(after.starter.save(), []);
});

Deno.test("starts that are to be tried again are, with the number of their attempt", () => {
  const context = {} as InitContext;
  const make = () => new ProcessStarter(context, () => assert.fail(), () => assert.fail());
  const [after, third] = [make(), make()];
  const saved = [{ effect: SPAWN, attempt: 7, delay: 60_000 }];
  passOn({ save: () => saved, restore() {} }, after);
  passOn(after, third);
  const [retry] = third.save();
  assert.deepEqual({ ...retry, delay: 0 }, { effect: SPAWN, attempt: 7, delay: 0 });
  assert(retry!.delay > 50_000);
  for (const one of [after, third]) one.close();
});

Deno.test("a message that was to be logged once is not logged again, and the priority stays", () => {
  const lines: string[] = [];
  const streams = {
    message: ({ text }: { text: string }) => void lines.push(text),
  } as unknown as StandardStreams;
  const before = new Messages("message", streams), after = new Messages("error", streams);
  before.priority = "warn";
  before.logOnce("warn", "x");
  const fault = new TypeError("y");
  before.fault("a test", fault);
  lines.pop();
  passOn(before, after);
  after.fault("a test", fault);
  after.logOnce("warn", "x");
  after.log("message", "y");
  after.logOnce("warn", "z");
  assert.deepEqual(lines, ["init: x", "init: z"]);
});
