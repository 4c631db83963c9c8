/** What main processes leave behind (`kill mode group`). */

import assert from "node:assert/strict";
import { Bench } from "../../testing/bench.ts";
import { type Fields, job } from "../testing/definitions.ts";

function web(fields: Fields = {}) {
  return job("web", { killMode: "group", ...fields });
}

Deno.test("what main leaves behind is ended before anything else is started", () => {
  const bench = new Bench([web({ respawn: true, runs: ["main", "post-stop"] })]);
  bench.leave("web", 2);
  bench.start("web");
  bench.exit("web", { status: 1 });
  assert.equal(bench.state("web"), "start/killed");
  assert.equal(bench.note("web"), "waits for the end of what its main process has left behind");
  assert.deepEqual(bench.traced(/leftovers/), ["web leftovers get TERM"]);
  assert.deepEqual(bench.traced(/post-stop runs/), []);
  bench.advance("10ms");
  assert.equal(bench.state("web"), "start/running");
  assert.deepEqual(bench.log.filter((line) => line.includes("left others")), [
    "web main process has left others behind, ending them: 1001000, 1001001",
  ]);
});

Deno.test("what ignores SIGTERM is killed after the kill timeout", () => {
  const bench = new Bench([web({ killTimeout: 2 })]);
  bench.leave("web", 1, { stubborn: true });
  bench.start("web");
  const stop = bench.stop("web");
  bench.advance("1999ms");
  assert.equal(stop.outcome, undefined);
  assert.deepEqual(bench.traced(/leftovers/), ["web leftovers get TERM"]);
  bench.advance("11ms");
  assert.deepEqual(bench.traced(/leftovers/), ["web leftovers get TERM", "web leftovers get KILL"]);
  assert.equal(stop.outcome, "done");
  assert.equal(bench.timers, 0);
});

Deno.test("what appears again and again is killed so often, then there is a warning and the job goes on", () => {
  const bench = new Bench([web({ killTimeout: 1 })]);
  const { engine } = bench;
  const handle = engine.handle.bind(engine);
  engine.handle = (input, now) =>
    handle(input.kind === "leftovers" ? { ...input, pids: [77, 78] } : input, now);
  bench.start("web");
  const stop = bench.stop("web");
  bench.advance("10s");
  assert.equal(stop.outcome, "done");
  assert.equal(
    bench.log.at(-5),
    "web goes on, though what its main process has left behind could not be ended: 77, 78",
  );
  assert.equal(bench.timers, 0);
});

Deno.test("stop --force kills it at once", () => {
  const bench = new Bench([web()]);
  bench.leave("web", 1, { stubborn: true });
  bench.start("web");
  const stop = bench.stop("web");
  const forced = bench.stop("web", {}, { force: true });
  bench.advance("10ms");
  assert.deepEqual([stop.outcome, forced.outcome], ["done", "done"]);
  assert.deepEqual(bench.traced(/leftovers/), ["web leftovers get TERM", "web leftovers get KILL"]);
});

Deno.test("classic jobs leave them alone, and who has no main process has none", () => {
  const bench = new Bench([job("web"), job("state", { killMode: "group", runs: ["pre-start"] })]);
  for (const name of ["web", "state"]) {
    bench.leave(name, 1);
    bench.start(name);
    assert.equal(bench.stop(name).outcome, "done");
  }
  assert.deepEqual(bench.traced(/leftovers/), []);
});

Deno.test("what is forgotten goes on, in its control group too, and the next run has an end of its own", () => {
  const bench = new Bench([web({ cgroups: [{ controller: "pids" }] })]);
  bench.leave("web", 1);
  const { engine } = bench, handle = engine.handle.bind(engine);
  let looks = 0;
  engine.handle = (input, now) => {
    const effects = handle(input, now);
    looks += effects.filter(({ kind }) => kind === "end-leftovers").length;
    return effects;
  };
  bench.start("web");
  bench.request({ kind: "forget", job: "web", instance: "" });
  assert.deepEqual([bench.state("web"), looks], ["stop/waiting", 0]);
  bench.start("web");
  bench.stop("web");
  bench.advance("10ms");
  assert.deepEqual([bench.state("web"), looks > 0], ["stop/waiting", true]);
});
