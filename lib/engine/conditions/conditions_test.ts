/** Conditions: and, or, matches by key and position, patterns, negation. */

import assert from "node:assert/strict";
import type { JobCondition } from "../../model/condition.ts";
import { Bench, type VariableValues } from "../../testing/bench.ts";
import { and, job, or } from "../testing/definitions.ts";

/** The UPSTART_EVENTS of each run of a task with this start condition, after these events. */
function runs(startOn: JobCondition, ...events: string[]): string[] {
  const bench = new Bench([job("job", { startOn, task: true })]);
  return events.flatMap((event) => {
    const before = bench.traced(/runs/).length;
    bench.emit(event, {}, { wait: false });
    if (bench.traced(/runs/).length === before) return [];
    bench.exit("job");
    return [bench.environment("job")["UPSTART_EVENTS"] ?? ""];
  });
}

Deno.test("a and (b or c) needs a and one of the others, and can be met again", () => {
  const condition = and("a", or("b", "c"));
  assert.deepEqual(runs(condition, "b", "a", "c", "a", "a", "b"), ["a b", "a c", "a b"]);
  assert.deepEqual(runs(condition, "b", "c", "a"), ["a b c"]);
});

Deno.test("a or b and c is (a or b) and c", () => {
  assert.deepEqual(runs(and(or("a", "b"), "c"), "a", "c", "b", "c"), ["a c", "b c"]);
});

Deno.test("the same event twice does not complete an `and`, and the first one counts", () => {
  const bench = new Bench([job("web", { startOn: and("salt", "pepper") })]);
  bench.emit("salt", { N: "1" }, { wait: false });
  bench.emit("salt", { N: "2" }, { wait: false });
  assert.equal(bench.state("web"), "stop/waiting");
  bench.emit("pepper", { M: "3" });
  assert.deepEqual(bench.environment("web"), { N: "1", M: "3", UPSTART_EVENTS: "salt pepper" });
});

Deno.test("emit waits for an `and` half met, and all events of it are over together", () => {
  const bench = new Bench([job("web", { startOn: and("a", or("b", "c")) })]);
  const waiting = [bench.emit("b", { B: "1" }), bench.emit("c", { C: "2" })];
  assert(waiting.every(({ outcome }) => outcome === undefined));
  bench.emit("a");
  assert(waiting.every(({ outcome }) => outcome === "done"));
  assert.deepEqual(bench.environment("web"), { B: "1", C: "2", UPSTART_EVENTS: "a b c" });
});

Deno.test("of one variable in several events the later in the stanza counts", () => {
  const bench = new Bench([job("web", { env: ["V=default"], startOn: and("first", "second") })]);
  bench.emit("second", { V: "two" }, { wait: false });
  bench.emit("first", { V: "one" });
  assert.equal(bench.environment("web")["V"], "two");
});

Deno.test("half of a start condition seen while the job runs counts after it has stopped", () => {
  const bench = new Bench([job("web", { startOn: and("salt", "pepper") })]);
  bench.start("web");
  bench.emit("salt", { N: "old" }, { wait: false });
  bench.stop("web");
  bench.emit("pepper");
  assert.equal(bench.environment("web")["N"], "old");
});

Deno.test("half of a stop condition is kept while the job runs, over a restart too, and goes with the job", () => {
  const bench = new Bench([job("web", { stopOn: and("dusk", "calm") })]);
  bench.start("web");
  const calm = bench.emit("calm");
  bench.stop("web");
  assert.equal(calm.outcome, "done");
  bench.start("web");
  bench.emit("dusk", {}, { wait: false });
  bench.restart("web");
  assert.equal(bench.state("web"), "start/running");
  bench.emit("calm");
  assert.equal(bench.state("web"), "stop/waiting");
});

Deno.test("a stop condition that needs the job's own stopping and something else does not hold up the stop", () => {
  const bench = new Bench([job("web", { stopOn: and("stopping web", "other") })]);
  bench.start("web");
  assert.equal(bench.stop("web").outcome, "done");
});

const MATCHES: Array<[condition: string, event: string, variables: VariableValues, matches: boolean]> = [
  ["ev", "ev", { A: "1" }, true],
  ["ev A=tty*", "ev", { A: "tty" }, true],
  ["ev A=tty?", "ev", { A: "tty" }, false],
  ["ev A=tty?", "ev", { A: "ttyS" }, true],
  ["ev A=tty[1-3]", "ev", { A: "tty2" }, true],
  ["ev A=tty[!1-3]", "ev", { A: "tty2" }, false],
  ["ev A=tty[^1-3]", "ev", { A: "ttyS" }, true],
  ["ev A=tty[[:digit:]]", "ev", { A: "tty7" }, true],
  ["ev A=[]x]", "ev", { A: "]" }, true],
  ["ev A=[x", "ev", { A: "[x" }, true],
  ["ev A=\\*", "ev", { A: "*" }, true],
  ["ev A=\\*", "ev", { A: "a" }, false],
  ["ev A=x\\", "ev", { A: "x\\" }, false],
  ["ev A=[z-a]", "ev", { A: "b" }, false],
  ["ev A=a.c", "ev", { A: "abc" }, false],
  ["ev A=*log", "ev", { A: "/var/log" }, true],
  ["ev A=*log", "ev", { A: ".log" }, true],
  ["ev A=*log", "ev", { A: "log2" }, false],
  ["ev A=tty2", "ev", { A: "a/tty2" }, false],
  ["ev A=", "ev", { A: "" }, true],
  ["ev A=", "ev", { A: "x" }, false],
  ["ev A=", "ev", {}, false],
  ["ev DEV!=lo", "ev", { DEV: "eth0" }, true],
  ["ev DEV!=lo", "ev", { DEV: "" }, true],
  ["ev DEV!=lo", "ev", { DEV: "lo" }, false],
  ["ev DEV!=lo", "ev", { OTHER: "x" }, false],
  ["ev DEV!=[el]*", "ev", { DEV: "eth0" }, false],
  ["ev sda ssd", "ev", { X: "sda" }, false],
  ["ev sda ssd", "ev", { X: "ssd", Y: "sda" }, false],
  ["ev sda ssd", "ev", { X: "sda", Y: "ssd", Z: "3" }, true],
  ["ev sda KIND=ssd", "ev", { X: "sda", S: "small", KIND: "ssd" }, true],
  // A variable in a start condition is one of the job's `env`; one that is not there matches nothing.
  ["ev KIND=$WANT", "ev", { KIND: "ssd" }, true],
  ["ev KIND=$WANT", "ev", { KIND: "hdd" }, false],
  ["ev KIND=$WANT", "ev", { KIND: "$WANT" }, false],
  ["ev KIND!=$WANT", "ev", { KIND: "hdd" }, true],
  ["ev KIND!=$WANT", "ev", { KIND: "ssd" }, false],
  ["ev ${WANT}-1", "ev", { KIND: "ssd-1" }, true],
  ["ev KIND=$GLOB", "ev", { KIND: "ssd" }, true],
  ["ev HOME=$HOME", "ev", { HOME: "/root" }, true],
  ["ev KIND=$UNSET", "ev", { KIND: "" }, false],
  ["ev KIND!=$UNSET", "ev", { KIND: "ssd" }, false],
  ["ev KIND=$PATH", "ev", { KIND: "/bin" }, false],
];

for (const [startOn, event, variables, matches] of MATCHES) {
  Deno.test(`start on ${startOn}: ${matches ? "" : "not "}${event} ${JSON.stringify(variables)}`, () => {
    const env = ["WANT=hdd", "WANT=ssd", "GLOB=s*", "HOME"];
    const bench = new Bench([job("web", { startOn, env })], { HOME: "/root", PATH: "/bin" });
    bench.engine.environments.set("PATH=/bin", true);
    bench.emit(event, variables);
    assert.equal(bench.state("web"), matches ? "start/running" : "stop/waiting");
  });
}
