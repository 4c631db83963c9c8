/** Instances: their names, the messages about them, and which of them an event stops. */

import assert from "node:assert/strict";
import { Bench } from "../testing/bench.ts";
import { job } from "./testing/definitions.ts";

Deno.test("two instances side by side, each with its own process", () => {
  const bench = new Bench([job("tty", { instance: "$LINE" })]);
  assert.equal(bench.start("tty", { LINE: "a" }).instance, "a");
  bench.start("tty", { LINE: "b" });
  assert.equal(bench.start("tty", { LINE: "a" }).outcome, "Job is already running: tty (a)");
  assert.notEqual(bench.pid("tty", { instance: "a" }), bench.pid("tty", { instance: "b" }));
  bench.stop("tty", { LINE: "b" });
  const again = bench.stop("tty", { LINE: "b" });
  assert.deepEqual([again.outcome, again.error], ["Unknown instance: b", "UnknownInstance"]);
  assert.equal(bench.restart("tty", { LINE: "a" }).outcome, "done");
  assert.equal(bench.restart("tty", { LINE: "b" }).outcome, "Unknown instance: b");
  assert.deepEqual(bench.events("stopped"), ["stopped JOB=tty INSTANCE=b RESULT=ok"]);
});

Deno.test("a job with a single instance: started twice, stopped twice, unknown", () => {
  const bench = new Bench([job("web")]);
  assert.equal(bench.stop("web").outcome, "Unknown instance: ");
  bench.start("web");
  const twice = bench.start("web");
  assert.deepEqual([twice.outcome, twice.error], ["Job is already running: web", "AlreadyStarted"]);
  bench.stop("web");
  assert.equal(bench.restart("web").outcome, "Unknown instance: ");
  const unknown = bench.start("nobody");
  assert.deepEqual([unknown.outcome, unknown.error], ["Unknown job: nobody", "UnknownJob"]);
});

Deno.test("what is no KEY=VALUE pair, and an event without a name, are refused", () => {
  const bench = new Bench([job("web")]);
  const environment = ["A"];
  const refused = [
    bench.request({ kind: "start", job: "web", environment, wait: true }),
    bench.request({ kind: "stop", job: "web", environment, wait: true }),
    bench.request({ kind: "emit", event: "go", environment, wait: true }),
  ];
  for (const { outcome, error } of refused) {
    assert.deepEqual([outcome, error], ["Env must be KEY=VALUE pairs", "InvalidArgs"]);
  }
  assert.equal(bench.emit("").outcome, "Name may not be empty string");
});

Deno.test("a variable that the instance's name lacks; the usage is shown for start alone", () => {
  const usage = new Bench([job("tty", { instance: "$LINE", usage: "LINE=the line" })]);
  assert.equal(usage.start("tty").outcome, "Unknown parameter: LINE\nUsage: LINE=the line");
  assert.equal(usage.restart("tty").outcome, "Unknown parameter: LINE");
  const bench = new Bench([job("tty", { instance: "${LINE", startOn: "go" })]);
  assert.equal(bench.start("tty", { LINE: "a" }).outcome, "Mismatched braces");
  assert.equal(bench.emit("go").outcome, "done");
  assert(bench.log.includes("Failed to obtain tty instance: Mismatched braces"));
});

Deno.test("a stop condition with $VAR stops the instance it belongs to, one without stops all", () => {
  const bench = new Bench([
    job("tty", { startOn: "added", stopOn: "removed LINE=$LINE", instance: "$LINE" }),
    job("all", { stopOn: "down", instance: "$LINE" }),
  ]);
  bench.emit("added", { LINE: "a" });
  bench.emit("added", { LINE: "b" });
  assert.equal(bench.emit("removed", { LINE: "a" }).outcome, "done");
  bench.emit("removed", { LINE: "c" });
  assert.equal(bench.state("tty", "a"), "stop/waiting");
  assert.equal(bench.state("tty", "b"), "start/running");
  bench.start("all", { LINE: "a" });
  bench.start("all", { LINE: "b" });
  bench.emit("down");
  assert.equal(bench.engine.jobs.get("all")?.instances.size, 0);
});

Deno.test("a stop condition is expanded from env and start; a variable that is not set matches nothing", () => {
  const bench = new Bench([
    job("net", { env: ["KIND=wired"], stopOn: "down DEV=$DEV KIND=${KIND}" }),
    job("other", { stopOn: "down DEV=$NEVER" }),
    job("negated", { stopOn: "down DEV!=$NEVER" }),
  ]);
  bench.start("net", { DEV: "eth0" });
  bench.start("other");
  bench.start("negated");
  bench.emit("down", { DEV: "eth0", KIND: "wifi" });
  assert.equal(bench.state("net"), "start/running");
  bench.emit("down", { DEV: "eth0", KIND: "wired" });
  assert.equal(bench.state("net"), "stop/waiting");
  bench.emit("down", { DEV: "" });
  bench.emit("down", { DEV: "$NEVER" });
  assert.equal(bench.state("other"), "start/running");
  assert.equal(bench.state("negated"), "start/running");
});

Deno.test("an exported variable ties one job's instances to another's", () => {
  const bench = new Bench([
    job("a", { instance: "$N", export: ["N"] }),
    job("b", { instance: "$N", startOn: "started a", stopOn: "stopping a N=$N" }),
  ]);
  bench.start("a", { N: "1" });
  bench.start("a", { N: "2" });
  bench.stop("a", { N: "1" });
  assert.equal(bench.state("b", "1"), "stop/waiting");
  assert.equal(bench.state("b", "2"), "start/running");
});

Deno.test("env: the last of several counts, a bare name is taken from init's own environment", () => {
  const bench = new Bench([job("web", { env: ["A=1", "HOME", "A=a b=c", "UNSET"] })], { HOME: "/root" });
  bench.start("web");
  assert.deepEqual(bench.environment("web"), { A: "a b=c", HOME: "/root" });
});

Deno.test("a name that is too long, or nested without end, makes no instance", () => {
  const bench = new Bench([
    job("long", { instance: "$A$A", startOn: "go" }),
    job("deep", { instance: "${".repeat(100_000), startOn: "go" }),
    job("other", { startOn: "go", stopOn: `go X=${"${".repeat(100_000)}` }),
  ]);
  const refused = bench.start("long", { A: "x".repeat(2049) });
  assert.deepEqual([refused.outcome, refused.error], ["Longer than 4096 characters", "InvalidArgs"]);
  assert.equal(bench.emit("go", { A: "x".repeat(2049), X: "1" }).outcome, "done");
  assert(bench.log.includes("Failed to obtain long instance: Longer than 4096 characters"));
  assert(bench.log.includes("Failed to obtain deep instance: Braces nested deeper than 100"));
  assert.equal(bench.emit("go", { A: "x".repeat(2048), X: "1" }).outcome, "done");
  assert.equal(bench.instances("long")[0]?.length, 4096);
  assert.equal(bench.state("other"), "start/running");
});
