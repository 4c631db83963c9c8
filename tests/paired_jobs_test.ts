/** Jobs in both formats: what the engine does with them is the same, whatever happens. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { bench, jobsIn } from "rouse/testing";
import type { Behaviour, JobBench, ProcessEnd, RequestReply, VariableValues } from "rouse/testing";
import { PROCESS_NAMES, type ProcessName } from "../lib/model/job.ts";

const classic = await jobsIn(new URL("fixtures/jobs/conf/", import.meta.url));
const modules = await jobsIn(new URL("fixtures/jobs/ts/", import.meta.url));
const NAMES = Object.keys(classic);

/** Both formats on a bench each, to which the same happens. */
class Pair {
  readonly #classic: JobBench;
  readonly #modules: JobBench;
  readonly #replies: Array<[RequestReply, RequestReply]> = [];

  constructor() {
    const options = { environment: { LANG: "en_GB", TERM: "linux" } };
    this.#classic = bench(classic, options);
    this.#modules = bench(modules, options);
  }

  get trace(): string[] {
    return this.#classic.trace;
  }

  /** The processes that run, in the order in which they began. */
  get running() {
    return [...this.#classic.running.values()];
  }

  both(act: (jobs: JobBench) => RequestReply | void): void {
    const [one, other] = [attempt(act, this.#classic), attempt(act, this.#modules)];
    assert.equal(one.error, other.error);
    if (one.reply && other.reply) this.#replies.push([one.reply, other.reply]);
  }

  compare(): void {
    assert.deepEqual(this.#modules.trace, this.#classic.trace);
    assert.deepEqual(this.#modules.log, this.#classic.log);
    for (const [one, other] of this.#replies) assert.deepEqual(one, other);
    for (const name of NAMES) {
      for (const process of PROCESS_NAMES) {
        assert.deepEqual(
          this.#modules.environment(name, process),
          this.#classic.environment(name, process),
          `${name}'s ${process} has the same environment`,
        );
      }
    }
  }
}

/** What came of it, or why the bench refused, as with a process that does not run. */
function attempt(
  act: (jobs: JobBench) => RequestReply | void,
  jobs: JobBench,
): { reply?: RequestReply; error?: string } {
  try {
    const reply = act(jobs);
    return reply ? { reply } : {};
  } catch (error) {
    return { error: (error as Error).message };
  }
}

Deno.test("there are at least thirty jobs, each in both formats", () => {
  assert(NAMES.length >= 30);
  assert.deepEqual(Object.keys(modules), NAMES);
});

Deno.test("the definitions are the same, but for processes that are functions", () => {
  const [one, other] = [bench(classic), bench(modules)];
  for (const name of NAMES) {
    const expected = one.engine.jobs.get(name)!.definition;
    const { source: _, ...definition } = structuredClone(other.engine.jobs.get(name)!.definition);
    for (const process of PROCESS_NAMES) {
      const program = definition.processes[process];
      if (program?.kind !== "function") continue;
      assert(expected.processes[process], `${name} has a ${process}`);
      definition.processes[process] = expected.processes[process];
    }
    assert.deepEqual({ source: expected.source, ...definition }, expected);
  }
});

/** What happens on a machine from its start to its end, a step a line. */
const SCRIPT: Array<(jobs: JobBench) => RequestReply | void> = [
  (jobs) => jobs.event("startup"),
  (jobs) => void jobs.fork("mountall"),
  ...["/run", "/tmp", "/usr"].map((MOUNTPOINT) => (jobs: JobBench) =>
    jobs.emit("mounted", { MOUNTPOINT, TYPE: "tmpfs" }, { wait: false })
  ),
  ...["virtual-filesystems", "local-filesystems", "remote-filesystems", "all-swaps", "filesystem"].map(
    (event) => (jobs: JobBench) => jobs.emit(event, {}, { wait: false }),
  ),
  (jobs) => void jobs.fork("udev"),
  (jobs) => void jobs.exit("udevtrigger"),
  ...["lo", "eth0", "bond0"].map((INTERFACE) => (jobs: JobBench) =>
    jobs.emit("net-device-added", { INTERFACE }, { wait: false })
  ),
  ...["lo", "eth0"].map((IFACE) => (jobs: JobBench) =>
    jobs.emit("net-device-up", { IFACE }, { wait: false })
  ),
  (jobs) => jobs.advance("2min"),
  (jobs) => jobs.emit("static-network-up", {}, { wait: false }),
  (jobs) => void jobs.exit("rc-sysinit"),
  (jobs) => jobs.emit("runlevel", { RUNLEVEL: "2", PREVLEVEL: "N" }, { wait: false }),
  (jobs) => void jobs.raise("ssh"),
  (jobs) => void jobs.fork("cron"),
  (jobs) => void jobs.exit("rc"),
  (jobs) => jobs.emit("not-container", {}, { wait: false }),
  (jobs) => jobs.start("tty", { TTY: "tty2" }),
  (jobs) => jobs.exit("tty", { status: 1 }, { instance: "tty2" }),
  (jobs) => jobs.start("web", { PORT: "8010" }),
  (jobs) => jobs.exit("web", { signal: "SEGV" }, { instance: "8010" }),
  (jobs) => jobs.emit("order-queue-added", { QUEUE: "mail" }, { wait: false }),
  (jobs) => jobs.exit("worker", { status: 75 }, { instance: "mail" }),
  (jobs) => jobs.emit("container-wanted", { NAME: "one" }, { wait: false }),
  (jobs) => jobs.emit("nightly", { HOUR: "03" }, { wait: false }),
  (jobs) => jobs.stop("database"),
  (jobs) => jobs.advance("1min"),
  (jobs) => jobs.emit("container-unwanted", { NAME: "one" }, { wait: false }),
  (jobs) => jobs.emit("control-alt-delete", {}, { wait: false }),
  (jobs) => jobs.emit("runlevel", { RUNLEVEL: "6", PREVLEVEL: "2" }, { wait: false }),
  (jobs) => jobs.emit("deconfiguring-networking", {}, { wait: false }),
  (jobs) => jobs.advance("10min"),
];

Deno.test("a machine starts, serves and ends the same", () => {
  const pair = new Pair();
  for (const step of SCRIPT) {
    pair.both(step);
    pair.compare();
  }
  const started = new Set(pair.trace.map((line) => /^event started JOB=(\S+)/.exec(line)?.[1]));
  assert(started.size > 20, `the script reaches most jobs, not just ${[...started].join(" ")}`);
});

const EVENTS: Record<string, VariableValues[]> = {
  "startup": [{}],
  "filesystem": [{}],
  "local-filesystems": [{}],
  "virtual-filesystems": [{}],
  "static-network-up": [{}],
  "failsafe-boot": [{}],
  "deconfiguring-networking": [{}],
  "plymouth-ready": [{}],
  "not-container": [{}],
  "nightly": [{ HOUR: "03" }, { HOUR: "12" }],
  "mounted": [{ MOUNTPOINT: "/tmp" }, { MOUNTPOINT: "/run", TYPE: "tmpfs" }, {
    MOUNTPOINT: "/run",
    TYPE: "ext4",
  }],
  "net-device-added": [{ INTERFACE: "eth0" }, { INTERFACE: "bond0" }],
  "net-device-removed": [{ INTERFACE: "eth0" }, { INTERFACE: "lo" }],
  "net-device-up": [{ IFACE: "lo" }, { IFACE: "eth0" }],
  "runlevel": ["2", "S", "6"].map((RUNLEVEL) => ({ RUNLEVEL, PREVLEVEL: "S" })),
  "order-queue-added": [{ QUEUE: "mail" }, { QUEUE: "test1" }],
  "order-queue-removed": [{ QUEUE: "mail" }],
  "container-wanted": [{ NAME: "one" }, { NAME: "two" }],
  "container-unwanted": [{ NAME: "one" }],
};

const anyEvent = fc.constantFrom(
  ...Object.entries(EVENTS).flatMap(([event, all]) => all.map((variables) => ({ event, variables }))),
);
const anyJob = fc.constantFrom(...NAMES);
const anyProcess = fc.constantFrom(...PROCESS_NAMES);
const anyVariables = fc.constantFrom<VariableValues>(
  {},
  { PORT: "8010", QUEUE: "mail", TTY: "tty2", NAME: "one", INTERFACE: "eth0" },
  { PORT: "9", RUNLEVEL: "2" },
);
const anyEnd = fc.constantFrom<ProcessEnd>({ status: 0 }, { status: 1 }, { status: 75 }, { signal: "TERM" }, {
  signal: 11,
});
const anyBehaviour = fc.constantFrom<Behaviour>(
  "stays",
  "stubborn",
  { status: 0, after: "1s" },
  { status: 1, after: "200ms" },
  { spawnFails: "No such file or directory" },
);

type Step = (pair: Pair) => void;

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: anyEvent.map(({ event, variables }): Step => (pair) =>
      pair.both((jobs) => jobs.emit(event, variables, { wait: false }))
    ),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(fc.constantFrom("start", "stop", "restart"), anyJob, anyVariables).map(
      ([request, job, variables]): Step => (pair) =>
        pair.both((jobs) => jobs[request as "start"](job, variables)),
    ),
  },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.nat(), fc.constantFrom("exit", "fork", "raise"), anyEnd).map(
      ([which, what, end]): Step => (pair) => {
        const { running } = pair;
        if (running.length === 0) return;
        const { job, instance, process } = running[which % running.length]!;
        pair.both((jobs) => {
          if (what === "exit") return jobs.exit(job, end, { process, instance });
          if (what === "raise") return jobs.raise(job, undefined, { process, instance });
          jobs.fork(job, { process, instance });
        });
      },
    ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(anyJob, anyProcess, anyBehaviour).map(
      ([job, process, behaviour]: [string, ProcessName, Behaviour]): Step => (pair) =>
        pair.both((jobs) => jobs.behave(job, process, behaviour)),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.constantFrom<Step>(
      ...(["100ms", "3s", "1min"] as const).map((time): Step => (pair) =>
        pair.both((jobs) => jobs.advance(time))
      ),
    ),
  },
);

Deno.test("whatever happens, both formats do the same", () => {
  fc.assert(
    fc.property(fc.array(anyStep, { minLength: 20, maxLength: 60 }), (steps) => {
      const pair = new Pair();
      for (const step of steps) step(pair);
      pair.compare();
    }),
    { numRuns: 150 },
  );
});
