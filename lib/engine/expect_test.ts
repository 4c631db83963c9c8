/** Readiness by `expect`: stop, fork and daemon, and wrong counts of forks. */

import assert from "node:assert/strict";
import { SIGSTOP, SIGTERM } from "../model/signals.ts";
import { Bench } from "../testing/bench.ts";
import { job } from "./testing/definitions.ts";

Deno.test("expect stop: spawned until SIGSTOP, then continued and running", () => {
  const bench = new Bench([job("web", { expect: "stop", runs: ["main", "post-start"] })]);
  const start = bench.start("web");
  bench.advance("1min");
  bench.raise("web", SIGTERM);
  assert.equal(bench.state("web"), "start/spawned");
  assert.equal(start.outcome, undefined);
  bench.raise("web");
  assert.equal(start.outcome, "done");
  assert.deepEqual(bench.traced(/gets/), ["web main gets CONT"]);
});

Deno.test("a process that stops itself without being expected to is left alone", () => {
  const bench = new Bench([job("web")]);
  bench.start("web");
  bench.raise("web", SIGSTOP);
  assert.deepEqual(bench.traced(/gets/), []);
  assert.equal(bench.state("web"), "start/running");
});

for (const [expect, forks] of [["fork", 1], ["daemon", 2]] as const) {
  Deno.test(`expect ${expect}: running after ${forks} forks, with the child as main`, () => {
    const bench = new Bench([job("web", { expect })]);
    const start = bench.start("web");
    let child = 0;
    for (let count = 0; count < forks; count++) {
      assert.equal(start.outcome, undefined);
      child = bench.fork("web");
    }
    assert.equal(start.outcome, "done");
    assert.equal(bench.pid("web"), child);
    assert.equal(bench.timers, 0);
    assert.equal(bench.stop("web").outcome, "done");
    assert.equal(bench.running.size, 0);
  });

  Deno.test(`expect ${expect}: one fork too few is taken for the service after the kill timeout`, () => {
    const bench = new Bench([job("web", { expect, killTimeout: 3 })]);
    const start = bench.start("web");
    for (let count = 1; count < forks; count++) bench.fork("web");
    bench.advance("2999ms");
    assert.equal(bench.state("web"), "start/spawned");
    bench.advance("1ms");
    assert.equal(start.outcome, "done");
    assert(
      bench.log.some((line) =>
        /web main process \(\d+\) was not seen to fork as often as `expect \w+` says/.test(line)
      ),
    );
  });

  Deno.test(`expect ${expect}: one fork too many soon after is followed`, () => {
    const bench = new Bench([job("web", { expect })]);
    bench.start("web");
    for (let count = 0; count < forks; count++) bench.fork("web");
    const last = bench.fork("web");
    assert.equal(bench.pid("web"), last);
    assert.equal(bench.state("web"), "start/running");
    bench.advance("1min");
    bench.fork("web");
    assert.equal(bench.state("web"), "stop/waiting");
  });

  Deno.test(`expect ${expect}: main that ends without forking ends the job, well or badly`, () => {
    const bench = new Bench([job("web", { expect })]);
    const good = bench.start("web");
    bench.exit("web");
    assert.equal(good.outcome, "done");
    const bad = bench.start("web");
    bench.exit("web", { status: 1 });
    assert.equal(bad.outcome, "Job failed to start");
    assert.equal(bench.state("web"), "stop/waiting");
    assert.equal(bench.timers, 0);
  });
}

Deno.test("a main process that fails is not followed, whatever it leaves behind", () => {
  const bench = new Bench([job("web", { expect: "fork" })]);
  bench.start("web");
  const [pid = 0] = bench.running.keys();
  assert.deepEqual(
    [{ status: 0 }, { status: 3 }, { signal: 9 }].map((exit) => bench.engine.tracksForks(pid, exit, 0)),
    [
      true,
      false,
      false,
    ],
  );
});

Deno.test("a stop of a job that is not ready yet goes ahead at once", () => {
  for (const expect of ["stop", "fork", "daemon"] as const) {
    const bench = new Bench([job("web", { expect })]);
    const start = bench.start("web");
    assert.equal(bench.stop("web").outcome, "done");
    assert.equal(start.outcome, "done");
    assert.deepEqual(bench.traced(/gets/), ["web main gets TERM"]);
    assert.equal(bench.timers, 0);
  }
});

Deno.test("children that outlive main after a restart's TERM are not taken for main", () => {
  const bench = new Bench([job("web", { expect: "fork" })]);
  bench.behave("web", "main", "stubborn");
  bench.start("web");
  bench.fork("web");
  bench.restart("web");
  assert.equal(bench.state("web"), "start/killed");
  bench.fork("web");
  assert.equal(bench.state("web"), "start/spawned");
  assert.equal(bench.running.size, 1);
});

Deno.test("a daemon that respawns is waited for again", () => {
  const bench = new Bench([job("web", { expect: "fork", respawn: true })]);
  bench.start("web");
  bench.fork("web");
  bench.exit("web", { signal: 9 });
  assert.equal(bench.state("web"), "start/spawned");
  bench.fork("web");
  assert.equal(bench.state("web"), "start/running");
});
