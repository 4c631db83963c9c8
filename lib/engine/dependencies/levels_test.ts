/** Level conditions: `while-up` in `start on`. */

import assert from "node:assert/strict";
import { Bench } from "../../testing/bench.ts";
import { and, job, or } from "../testing/definitions.ts";

Deno.test("a job is up while others are, also when it is loaded late", () => {
  const bench = new Bench([job("a"), job("b")]);
  bench.start("a");
  bench.start("b");
  bench.define(job("x", { startOn: and("while-up a", "while-up JOB=b") }));
  assert.equal(bench.state("x"), "start/running");
  bench.stop("b");
  assert.equal(bench.state("x"), "stop/waiting");
  bench.start("b");
  assert.equal(bench.state("x"), "start/running");
});

Deno.test("only what changes it counts: one that was stopped by hand stays so", () => {
  const bench = new Bench([job("a"), job("b"), job("x", { startOn: or("while-up a", "while-up b") })]);
  bench.start("a");
  bench.stop("x");
  bench.start("b");
  assert.equal(bench.state("x"), "stop/waiting");
  bench.start("x");
  bench.stop("a");
  assert.equal(bench.state("x"), "start/running");
  bench.stop("b");
  assert.equal(bench.state("x"), "stop/waiting");
});

Deno.test("a respawn of the other one brings the job down and up", () => {
  const bench = new Bench([
    job("a", { respawn: true, runs: ["main", "post-stop"] }),
    job("x", { startOn: "while-up a" }),
  ]);
  bench.start("a");
  bench.exit("a", { status: 1 });
  assert.equal(bench.state("x"), "start/running");
  assert.equal(bench.traced(/^x main runs/).length, 2);
});

Deno.test("with an event: it starts once that has come, and stops when the other one goes", () => {
  const bench = new Bench([job("a"), job("x", { startOn: and("go", "while-up a") })]);
  bench.emit("go", {}, { wait: false });
  assert.equal(bench.state("x"), "stop/waiting");
  bench.start("a");
  assert.equal(bench.environment("x")["UPSTART_EVENTS"], "go");
  bench.stop("a");
  assert.equal(bench.state("x"), "stop/waiting");
  bench.start("a");
  assert.equal(bench.state("x"), "stop/waiting");
  bench.emit("go");
  assert.equal(bench.state("x"), "start/running");
  const either = new Bench([job("a"), job("x", { startOn: or("go", "while-up a") })]);
  either.start("a");
  assert.equal(either.state("x"), "start/running");
  either.stop("a");
  assert.equal(either.state("x"), "start/running");
});

Deno.test("a task is up once it has succeeded, and a name that jobs provide while one of them is", () => {
  const bench = new Bench([
    job("setup", { task: true }),
    job("exim", { provides: ["mta"] }),
    job("x", { startOn: and("while-up setup", "while-up mta") }),
  ]);
  bench.start("exim");
  bench.start("setup", {}, { wait: false });
  assert.equal(bench.state("x"), "stop/waiting");
  bench.exit("setup");
  assert.equal(bench.state("x"), "start/running");
  bench.stop("exim");
  assert.equal(bench.state("x"), "stop/waiting");
});

Deno.test("no event counts as a level", () => {
  const bench = new Bench([job("a"), job("x", { startOn: "while-up a" })]);
  bench.emit("while-up", { JOB: "a" });
  assert.equal(bench.state("x"), "stop/waiting");
});

Deno.test("what it needs is started with it; on the way down it is not started", () => {
  const bench = new Bench([job("a"), job("db"), job("x", { startOn: "while-up a", needs: ["db"] })]);
  bench.start("a");
  assert.equal(bench.state("x"), "start/running");
  assert.equal(bench.state("db"), "start/running");
  bench.stopAll(true);
  assert.equal(bench.running.size, 0);
});

Deno.test("a job that is removed or changed is not started any more, or on other jobs", () => {
  const bench = new Bench([
    job("a"),
    job("b"),
    job("x", { startOn: "while-up a" }),
    job("y", { startOn: "while-up a" }),
  ]);
  bench.define(job("x", { startOn: "while-up b" }));
  bench.remove("y");
  bench.start("a");
  assert.equal(bench.state("x"), "stop/waiting");
  bench.start("b");
  assert.equal(bench.state("x"), "start/running");
  bench.define(job("x", { startOn: "while-up a", description: "changed while it runs" }));
  bench.stop("b");
  assert.equal(bench.state("x"), "start/running");
});

Deno.test("jobs that are up while each other is not go round no faster than others in a loop", () => {
  const bench = new Bench([
    job("a", { startOn: "stopped a", stopOn: "started x" }),
    job("x", { startOn: "while-up a" }),
  ]);
  bench.start("a");
  assert(bench.log.some((message) => message.includes("starts itself without end")));
});

/** Each comes by the next: c by the level b, b by its need a, a by the end of c, which conflicts with it. */
function loop(): Bench {
  const bench = new Bench([
    job("a", { startOn: "stopped c" }),
    job("b", { needs: ["a"] }),
    job("c", { startOn: "while-up b", conflicts: ["a"] }),
  ]);
  bench.start("b");
  return bench;
}

Deno.test("a loop through needs and conflicts is slowed down, too", () => {
  const bench = loop();
  assert(bench.log.some((message) => message.includes("starts itself without end")));
  const runs = () => bench.traced(/^a main runs/).length;
  const before = runs();
  bench.advance("10s");
  assert.equal(runs() - before, 10);
});

Deno.test("a start that was put off is dropped when the other job has gone meanwhile", () => {
  const bench = loop();
  bench.stop("b");
  bench.advance("5s");
  assert.deepEqual([bench.state("a"), bench.state("c")], ["start/running", "stop/waiting"]);
});

Deno.test("another condition on the same jobs knows that they are up", () => {
  const bench = new Bench([job("a"), job("x", { startOn: and("go", "while-up a") })]);
  bench.start("a");
  bench.define(job("x", { startOn: and("run", "while-up a") }));
  bench.emit("run");
  assert.equal(bench.state("x"), "start/running");
});

Deno.test("a job whose file was away for a moment stops with the other one", () => {
  const x = job("x", { startOn: "while-up a" });
  const bench = new Bench([job("a"), x]);
  bench.start("a");
  bench.remove("x");
  bench.define(x);
  assert.equal(bench.state("x"), "start/running");
  bench.stop("a");
  assert.deepEqual(bench.instances("x"), []);
});
