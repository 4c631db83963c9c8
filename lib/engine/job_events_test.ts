/** The events of a job's life: their order and their variables (starting(7), started(7), stopping(7), stopped(7)). */

import assert from "node:assert/strict";
import { Bench } from "../testing/bench.ts";
import type { Behaviour } from "./simulator/simulated_processes.ts";
import { type Fields, job } from "./testing/definitions.ts";

const OWN = "JOB=web INSTANCE=";

/** The events of `web` after a start, whatever `then` does, and a stop. */
function events(fields: Fields, then: (bench: Bench) => void = () => {}): string[] {
  const bench = new Bench([job("web", fields)]);
  bench.start("web");
  then(bench);
  return bench.events(/^(starting|started|stopping|stopped)$/);
}

Deno.test("all states of a start and a stop with all hooks, and the order of processes and events", () => {
  const bench = new Bench([
    job("web", { runs: ["main", "pre-start", "post-start", "pre-stop", "post-stop"] }),
  ]);
  bench.start("web");
  bench.stop("web");
  assert.deepEqual(
    bench.trace,
    [
      "web goal start",
      "web -> starting",
      `event starting ${OWN}`,
      "web -> security-spawning",
      "web -> security",
      "web -> pre-starting",
      "web pre-start runs",
      "web -> pre-start",
      "web pre-start ends 0",
      "web -> spawning",
      "web main runs",
      "web -> spawned",
      "web -> post-starting",
      "web post-start runs",
      "web -> post-start",
      "web post-start ends 0",
      "web -> running",
      `event started ${OWN}`,
      "web goal stop",
      "web -> pre-stopping",
      "web pre-stop runs",
      "web -> pre-stop",
      "web pre-stop ends 0",
      "web -> stopping",
      `event stopping ${OWN} RESULT=ok`,
      "web -> killed",
      "web main gets TERM",
      "web main ends TERM",
      "web -> post-stopping",
      "web post-stop runs",
      "web -> post-stop",
      "web post-stop ends 0",
      "web -> waiting",
      `event stopped ${OWN} RESULT=ok`,
    ].toSorted((one, other) => bench.trace.indexOf(one) - bench.trace.indexOf(other)),
  );
});

const FAILURES: Array<[string, Fields, (bench: Bench) => void, string]> = [
  [
    "main exits 3",
    {},
    (bench) => bench.exit("web", { status: 3 }),
    "RESULT=failed PROCESS=main EXIT_STATUS=3",
  ],
  [
    "main is killed",
    {},
    (bench) => bench.exit("web", { signal: 11, core: true }),
    "RESULT=failed PROCESS=main EXIT_SIGNAL=SEGV",
  ],
  [
    "main is killed by a real-time signal",
    {},
    (bench) => bench.exit("web", { signal: 40 }),
    "RESULT=failed PROCESS=main EXIT_SIGNAL=40",
  ],
  [
    "main gets TERM from outside",
    {},
    (bench) => bench.exit("web", { signal: 15 }),
    "RESULT=failed PROCESS=main EXIT_SIGNAL=TERM",
  ],
  ["a service exits 0", {}, (bench) => bench.exit("web"), "RESULT=ok"],
  ["a stop", {}, (bench) => bench.stop("web"), "RESULT=ok"],
  [
    "over the respawn limit",
    { respawn: true, respawnLimit: { count: 0x1, interval: 30 } },
    (bench) => [1, 2].forEach((status) => bench.exit("web", { status })),
    "RESULT=failed PROCESS=respawn",
  ],
];

for (const [name, fields, then, result] of FAILURES) {
  Deno.test(`stopping and stopped tell of the result: ${name}`, () => {
    assert.deepEqual(events(fields, then).slice(-2), [
      `stopping ${OWN} ${result}`,
      `stopped ${OWN} ${result}`,
    ]);
  });
}

Deno.test("a failing pre-start: no started, failed pre-start, post-stop still runs", () => {
  const bench = new Bench([job("web", { runs: ["pre-start", "main", "post-stop"] })]);
  bench.behave("web", "pre-start", { status: 4 });
  bench.start("web");
  const result = "RESULT=failed PROCESS=pre-start EXIT_STATUS=4";
  assert.deepEqual(bench.events(), [
    `starting ${OWN}`,
    `stopping ${OWN} ${result}`,
    `stopped ${OWN} ${result}`,
  ]);
  assert.deepEqual(bench.traced(/ runs$/), ["web pre-start runs", "web post-stop runs"]);
});

Deno.test("a program that is not there: failed main without EXIT_STATUS", () => {
  const bench = new Bench([job("web")]);
  bench.behave("web", "main", { spawnFails: "no" });
  bench.start("web");
  assert.deepEqual(bench.events("stopped"), [`stopped ${OWN} RESULT=failed PROCESS=main`]);
});

Deno.test("the first failure is the one that is told of", () => {
  const bench = new Bench([job("web", { task: true, runs: ["main", "post-stop"] })]);
  bench.behave("web", "main", { status: 1 });
  bench.behave("web", "post-stop", { status: 9 });
  bench.start("web");
  assert.deepEqual(bench.events("stopped"), [
    `stopped ${OWN} RESULT=failed PROCESS=main EXIT_STATUS=1`,
  ]);
});

Deno.test("post-start and pre-stop that fail, or can not be spawned, are no failure of the job", () => {
  for (const behaviour of [{ status: 6 }, { spawnFails: "no" }] satisfies Behaviour[]) {
    const bench = new Bench([job("web", { runs: ["main", "post-start", "pre-stop"] })]);
    bench.behave("web", "post-start", behaviour);
    bench.behave("web", "pre-stop", behaviour);
    assert.equal(bench.start("web").outcome, "done");
    assert.equal(bench.stop("web").outcome, "done");
    assert.deepEqual(bench.events("stopped"), [`stopped ${OWN} RESULT=ok`]);
  }
});

Deno.test("a restart and a respawn: stopping, starting and started, no stopped", () => {
  const again = [
    `starting ${OWN}`,
    `started ${OWN}`,
    `stopping ${OWN} RESULT=ok`,
    `starting ${OWN}`,
    `started ${OWN}`,
  ];
  assert.deepEqual(events({}, (bench) => bench.restart("web")), again);
  assert.deepEqual(events({ respawn: true }, (bench) => bench.exit("web", { signal: 9 })), again);
});

Deno.test("a main process that outlasts the kill timeout is killed, which is no failure", () => {
  const bench = new Bench([job("web", { killTimeout: 3, killSignal: 2 })]);
  bench.behave("web", "main", "stubborn");
  bench.start("web");
  const stop = bench.stop("web");
  bench.advance("2999ms");
  assert.deepEqual(bench.traced(/gets/), ["web main gets INT"]);
  bench.advance("1ms");
  assert.deepEqual(bench.traced(/gets/), ["web main gets INT", "web main gets KILL"]);
  assert.equal(stop.outcome, "done");
  assert.deepEqual(bench.events("stopped"), [`stopped ${OWN} RESULT=ok`]);
});

Deno.test("the kill timer is cleared when main ends in time", () => {
  const bench = new Bench([job("web", { killTimeout: 5, runs: ["main", "post-stop"] })]);
  bench.behave("web", "main", "stubborn");
  bench.behave("web", "post-stop", "stays");
  bench.start("web");
  bench.stop("web");
  const { timers } = bench.engine.jobs.get("web")!.instances.get("")!;
  assert.deepEqual([...timers.keys()], ["kill-timeout"]);
  bench.exit("web");
  // That of the post-stop, which is told of when it hangs.
  assert.deepEqual([...timers.keys()], ["hook-bound"]);
  assert.equal(bench.state("web"), "stop/post-stop");
});

Deno.test("variables of the start do not leak into the job's own events", () => {
  const bench = new Bench([job("web", { startOn: "go" })]);
  bench.emit("go", { COLOUR: "red" });
  bench.restart("web", { COLOUR: "blue" });
  assert(bench.events(/^start/).every((line) => !line.includes("COLOUR")));
});

Deno.test("exported variables are in all four events, with the values of the start, after the job's own", () => {
  const bench = new Bench([
    job("web", { env: ["A=1", "JOB=forged", "RESULT=forged"], export: ["A", "B", "JOB", "RESULT"] }),
  ]);
  bench.start("web", { A: "2" });
  bench.stop("web");
  assert.deepEqual(bench.events(), [
    `starting ${OWN} A=2 RESULT=forged`,
    `started ${OWN} A=2 RESULT=forged`,
    `stopping ${OWN} RESULT=ok A=2`,
    `stopped ${OWN} RESULT=ok A=2`,
  ]);
});

Deno.test("matching on another job's result, by key and by position", () => {
  const bench = new Bench([
    job("good", { task: true }),
    job("bad", { task: true }),
    job("ok", { startOn: "stopped RESULT=ok JOB=good" }),
    job("ko", { startOn: "stopped JOB=bad RESULT=failed PROCESS=main" }),
    job("never", { startOn: "stopped JOB=bad RESULT=ok" }),
    job("position", { startOn: "stopped good * ok" }),
  ]);
  bench.behave("good", "main", { status: 0 });
  bench.behave("bad", "main", { status: 1 });
  bench.start("good");
  bench.start("bad");
  assert.deepEqual(["ok", "ko", "never", "position"].map((name) => bench.state(name)), [
    "start/running",
    "start/running",
    "stop/waiting",
    "start/running",
  ]);
});

Deno.test("startup: an event of init's own starts jobs, and others follow", () => {
  const bench = new Bench([
    job("first", { startOn: "startup", task: true }),
    job("second", { startOn: "stopped first" }),
  ]);
  bench.event("startup");
  assert.deepEqual(bench.environment("first"), { UPSTART_EVENTS: "startup" });
  bench.exit("first");
  assert.equal(bench.state("second"), "start/running");
});
