/** The delays of respawns, what happens when a job is given up, and how failures are forgotten. */

import assert from "node:assert/strict";
import type { Backoff } from "../../model/job.ts";
import { Bench } from "../../testing/bench.ts";
import type { Effect } from "../effects.ts";
import { type Fields, job } from "../testing/definitions.ts";
import { respawnDelay } from "./backoff.ts";

const PLAIN: Backoff = { delay: 0.1, factor: 2, max: 30, jitter: 0, resetAfter: 60 };

function hot(fields: Fields = {}) {
  return job("hot", { semantics: "rouse", respawn: true, respawnDelay: PLAIN, ...fields });
}

Deno.test("each delay is so many times the one before, up to the longest", () => {
  const delays = Array.from({ length: 12 }, (_, index) => respawnDelay("web", index + 1, PLAIN));
  assert.deepEqual(delays, [100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000, 30000]);
});

Deno.test("the jitter stays within its part, comes again, and is another one for each name and count", () => {
  const jittery = { ...PLAIN, factor: 1, delay: 10, jitter: 0.1 };
  const delays = Array.from({ length: 200 }, (_, index) => respawnDelay(`web${index % 20}`, index, jittery));
  assert(delays.every((delay) => delay >= 9000 && delay <= 11000));
  assert(Math.min(...delays) < 9200 && Math.max(...delays) > 10800);
  assert(new Set(delays).size > 150);
  assert.equal(respawnDelay("web", 3, jittery), respawnDelay("web", 3, jittery));
});

Deno.test("a job that fails waits longer each time, and status tells", () => {
  const bench = new Bench([hot()]);
  bench.behave("hot", "main", { status: 1 });
  bench.start("hot", {}, { wait: false });
  assert.equal(bench.state("hot"), "start/post-stop");
  assert.equal(bench.note("hot"), "respawns in 0.1 s, after 1 failure: its main process ended with status 1");
  bench.advance("100ms");
  assert.equal(
    bench.note("hot"),
    "respawns in 0.2 s, after 2 failures: its main process ended with status 1",
  );
  bench.advance("1h");
  assert.equal(bench.traced(/main runs/).length, 10 + Math.floor((3600 - 51.1) / 30));
  bench.advance("10s");
  assert.match(
    bench.note("hot"),
    /^respawns in \d+ s, after \d+ failures: its main process ended with status 1$/,
  );
});

Deno.test("a long run makes the next delay the first again, a short one does not", () => {
  const bench = new Bench([hot()]);
  bench.behave("hot", "main", { status: 1 }, { status: 1 }, { status: 1, after: "59s" }, {
    status: 1,
    after: "60s",
  }, "stays");
  bench.start("hot");
  bench.advance("300ms");
  bench.advance("59s");
  assert.equal(
    bench.note("hot"),
    "respawns in 0.4 s, after 3 failures: its main process ended with status 1",
  );
  bench.advance("400ms");
  bench.advance("60s");
  assert.equal(bench.note("hot"), "respawns in 0.1 s, after 1 failure: its main process ended with status 1");
});

Deno.test("a failing hook of the start counts, whatever the run before took", () => {
  const bench = new Bench([hot({ runs: ["pre-start", "main"] })]);
  bench.behave("hot", "pre-start", { status: 0 }, { status: 1 });
  bench.behave("hot", "main", { status: 1, after: "5min" });
  bench.start("hot");
  bench.advance("5min");
  bench.advance("300ms");
  assert.equal(
    bench.note("hot"),
    "respawns in 0.4 s, after 3 failures: its pre-start process ended with status 1",
  );
});

Deno.test("a stop or a restart ends the delay at once", () => {
  for (const end of ["stop", "restart", "reset"] as const) {
    const bench = new Bench([hot({ respawnDelay: { ...PLAIN, delay: 30 } })]);
    bench.behave("hot", "main", { status: 1 }, "stays");
    bench.start("hot");
    assert.equal(bench.state("hot"), "start/post-stop");
    assert.equal(bench[end]("hot").outcome, "done");
    assert.equal(bench.state("hot"), end === "stop" ? "stop/waiting" : "start/running");
    assert.equal(bench.timers, 0);
  }
});

Deno.test("reset forgets what counts for the limit and the delay; of what does not run there is nothing to forget", () => {
  const bench = new Bench([hot({ respawnLimit: { count: 2, interval: 300 } })]);
  assert.equal(bench.reset("hot").outcome, "done");
  bench.start("hot");
  for (let round = 0; round < 6; round++) {
    bench.exit("hot", { status: 1 });
    assert.equal(
      bench.note("hot"),
      "respawns in 0.1 s, after 1 failure: its main process ended with status 1",
    );
    assert.equal(bench.reset("hot").outcome, "done");
    assert.equal(bench.state("hot"), "start/running");
  }
  assert.equal(bench.reset("cold").outcome, "Unknown job: cold");
});

Deno.test("a job that is given up: the start is told, and the event gave-up follows where it is asked for", () => {
  for (const onGiveUp of ["stop", "event"] as const) {
    const bench = new Bench([hot({ onGiveUp, respawnLimit: { count: 1, interval: 300 } })]);
    bench.start("hot");
    bench.exit("hot", { status: 7 });
    const restart = bench.restart("hot");
    bench.exit("hot", { status: 7 });
    assert.equal(restart.outcome, "done");
    assert.equal(bench.state("hot"), "stop/waiting");
    assert(bench.log.includes("hot respawning too fast, stopped"));
    assert.deepEqual(
      bench.events("gave-up"),
      onGiveUp === "event" ? ["gave-up JOB=hot INSTANCE= RESULT=failed PROCESS=main EXIT_STATUS=7"] : [],
    );
  }
});

/** How init is told to end by a job that ends in this way; undefined when it is not. */
function endOf(fields: Fields, status: number): unknown {
  const bench = new Bench([job("web", { semantics: "rouse", ...fields })]);
  const notices: Array<Effect & { kind: "notice" }> = [];
  const handle = bench.engine.handle.bind(bench.engine);
  bench.engine.handle = (...input) => {
    const effects = handle(...input);
    for (const effect of effects) if (effect.kind === "notice") notices.push(effect);
    return effects;
  };
  bench.start("web");
  for (let round = 0; round < 3 && bench.runs("web"); round++) {
    bench.exit("web", { status });
    bench.advance("1s");
  }
  const removed = notices.flatMap(({ notice }) => notice.kind === "instance-removed" ? [notice] : []).at(-1);
  return removed?.endsInit && removed.exit;
}

Deno.test("init ends with a job that ends as endsInit says, or that is given up", () => {
  for (const status of [0, 7]) {
    assert.deepEqual(endOf({ endsInit: true }, status), { status });
    assert.deepEqual(endOf({ endsInit: "failure" }, status), status === 0 ? undefined : { status });
    assert.deepEqual(endOf({ endsInit: "success" }, status), status === 0 ? { status } : undefined);
    assert.deepEqual(endOf({}, status), undefined);
  }
  const limited: Fields = { respawn: true, respawnLimit: { count: 1, interval: 300 } };
  assert.deepEqual(endOf({ ...limited, onGiveUp: "exit" }, 7), { status: 7 });
  assert.deepEqual(endOf({ ...limited, onGiveUp: "stop" }, 7), undefined);
  assert.deepEqual(endOf({ ...limited, respawn: false, onGiveUp: "exit" }, 7), undefined);
});
