/**
 * What the parts of the engine do together: dependencies with readiness, health, the watchdog, bounds, force, leftovers,
 * respawns, pid files and the end of init. Each scenario is run twice, the second time with an engine that is saved and
 * restored before each input.
 */

import assert from "node:assert/strict";
import type { CheckDefinition } from "../model/checks/check.ts";
import type { JobDefinition } from "../model/job.ts";
import { Bench } from "../testing/bench.ts";
import { type Fields, job } from "./testing/definitions.ts";
import { RestoredSimulator } from "./testing/restored_simulator.ts";

const READY: CheckDefinition = { kind: "tcp", address: "80" };
const ALIVE: CheckDefinition = { kind: "file", path: "/run/alive" };
const REFUSED = { fails: "connection refused" };

/** A job with rouse's own semantics. */
function rouse(name: string, fields: Fields = {}): JobDefinition {
  return job(name, { semantics: "rouse", ...fields });
}

/** `web` needs `api`, and that needs `db`. */
function chain(db: Fields, api: Fields = {}): JobDefinition[] {
  return [rouse("web", { needs: ["api"] }), rouse("api", { needs: ["db"], ...api }), rouse("db", db)];
}

/** What became of the jobs' main processes, in order, and of the signals to them. */
function life(bench: Bench): string[] {
  return bench.traced(/^\w+ main (runs|gets|ends)/).map((line) => line.replace(" main", ""));
}

const DOWN_AND_UP = [
  ...["web gets TERM", "web ends TERM", "api gets TERM", "api ends TERM"],
  ...["db runs", "api runs", "web runs"],
];

function states(bench: Bench): Record<string, string> {
  return Object.fromEntries(Array.from(bench.engine.jobs.keys(), (name) => [name, bench.state(name)]));
}

const UP = { web: "start/running", api: "start/running", db: "start/running" };
const GONE = { web: "stop/waiting", api: "stop/waiting", db: "stop/waiting" };

function scenario(name: string, jobs: JobDefinition[], run: (bench: Bench) => void): void {
  Deno.test(name, () => {
    const traces = [undefined, new RestoredSimulator()].map((simulator) => {
      const bench = new Bench(jobs, {}, String, simulator);
      run(bench);
      return bench.trace;
    });
    assert.deepEqual(traces[1], traces[0], "a restored engine does the same");
  });
}

scenario(
  "a need that is not ready in time fails who needs it, with the chain",
  chain({ ready: READY }),
  (bench) => {
    bench.answer("db", "ready", REFUSED);
    const start = bench.start("web");
    assert.deepEqual([bench.note("api"), bench.note("db")], [
      "waits for db, which is not ready: connection refused",
      "not ready: connection refused",
    ]);
    bench.advance("91s");
    assert.equal(
      start.outcome,
      "Job failed to start\nweb needs api, which failed: " +
        "api needs db, which failed: db is not ready after 90 s: connection refused",
    );
    assert.deepEqual(states(bench), GONE);
  },
);

scenario(
  "a need that is not ready in time and is tried again: who waits is told, the jobs wait on",
  chain({ ready: READY, respawn: true }, { startOn: "go" }),
  (bench) => {
    bench.answer("db", "ready", REFUSED);
    const event = bench.emit("go");
    const start = bench.start("web");
    bench.advance("90s");
    assert.equal(event.outcome, "Event failed");
    assert.equal(
      start.outcome,
      "Job failed to start\nweb needs api, which waits: api needs db, which failed: " +
        "db is not ready after 90 s: connection refused; it is tried again in 0.1 s",
    );
    assert.deepEqual([bench.state("web"), bench.note("api")], [
      "start/starting",
      "waits for db, which respawns in 0.1 s, after 1 failure: db is not ready after 90 s: connection refused",
    ]);
    bench.answer("db", "ready", "passes");
    bench.advance("1s");
    assert.deepEqual(states(bench), UP);
    assert.equal(bench.timers, 0);
  },
);

scenario(
  "an unhealthy need is restarted: who needs it goes down before, and comes back once it is ready again",
  chain({ ready: READY, alive: ALIVE, respawn: true }),
  (bench) => {
    bench.start("web");
    const { length } = life(bench);
    bench.answer("db", "ready", REFUSED);
    bench.answer("db", "alive", REFUSED);
    bench.advance("1s");
    assert.deepEqual(states(bench), { web: "start/starting", api: "start/starting", db: "start/spawned" });
    bench.answer("db", "ready", "passes");
    assert.deepEqual(life(bench).slice(length).filter((line) => !/^db (gets|ends)/.test(line)), DOWN_AND_UP);
    assert.deepEqual(states(bench), UP);
  },
);

scenario(
  "an unhealthy need is restarted while a job that needs it still starts",
  chain({ alive: ALIVE, respawn: true }, { runs: ["main", "post-start"] }),
  (bench) => {
    bench.behave("api", "post-start", { status: 0, after: "10s" });
    const start = bench.start("web");
    bench.answer("db", "alive", REFUSED);
    bench.advance("5s");
    assert.equal(start.outcome, undefined);
    bench.advance("6s");
    assert.equal(start.outcome, "done");
    assert.deepEqual(life(bench), [
      ...["db runs", "api runs", "api gets TERM", "api ends TERM", "db gets TERM", "db ends TERM"],
      ...["db runs", "api runs", "web runs"],
    ]);
  },
);

scenario(
  "an unhealthy need that ends init: who needs it is stopped before",
  chain({
    alive: { ...ALIVE, then: "exit" },
  }),
  (bench) => {
    bench.start("web");
    bench.answer("db", "alive", REFUSED);
    assert.deepEqual(life(bench).filter((line) => line.endsWith("ends TERM")), [
      "web ends TERM",
      "api ends TERM",
      "db ends TERM",
    ]);
    assert.deepEqual(states(bench), GONE);
  },
);

scenario(
  "a need that gives no sign of life is ended, and all come back in order",
  chain({ watchdog: 3, respawn: true }),
  (bench) => {
    bench.start("web");
    const { length } = life(bench);
    bench.advance("4s");
    assert.deepEqual(life(bench).slice(length), ["db gets ABRT", "db ends ABRT", ...DOWN_AND_UP]);
    assert.deepEqual(states(bench), UP);
  },
);

scenario("a need that waits to stop is not watched any more", chain({ watchdog: 3 }), (bench) => {
  bench.behave("api", "main", "stubborn");
  bench.start("web");
  const stop = bench.stop("db");
  bench.advance("4s");
  assert.equal(bench.note("db"), "waits for api to stop");
  bench.advance("2s");
  assert.equal(stop.outcome, "done");
  assert.deepEqual(bench.traced(/ABRT/), []);
});

scenario(
  "the start timeout begins once the needs are ready",
  chain({ ready: READY, startTimeout: 300 }, { startTimeout: 2, ready: READY }),
  (bench) => {
    bench.answer("db", "ready", REFUSED);
    bench.answer("api", "ready", REFUSED);
    const start = bench.start("web");
    bench.advance("1min");
    bench.answer("db", "ready", "passes");
    bench.advance("1s");
    assert.deepEqual([start.outcome, bench.state("api")], [undefined, "start/spawned"]);
    bench.advance("2s");
    assert.match(start.outcome!, /web needs api, which failed: api is not ready after 2 s/);
  },
);

for (const bringsDown of ["stop", "restart"] as const) {
  scenario(
    `a classic hook that hangs is ended by its start timeout, too, when a need has begun to ${bringsDown}`,
    [job("api", { needs: ["db"], runs: ["main", "post-start"], startTimeout: 5 }), job("db")],
    (bench) => {
      bench.behave("api", "post-start", "stays", { status: 0 });
      bench.start("api");
      const request = bench[bringsDown]("db");
      bench.advance("4s");
      assert.deepEqual([request.outcome, bench.note("db")], [undefined, "waits for api to stop"]);
      bench.advance("2s");
      assert.equal(request.outcome, "done");
      assert.equal(bench.state("api"), bringsDown === "stop" ? "start/starting" : "start/running");
    },
  );
}

scenario("a classic start that is called off ends by its timeout at the latest", [
  job("db", { runs: ["main", "pre-start"], startTimeout: 5 }),
], (bench) => {
  bench.behave("db", "pre-start", "stays");
  bench.start("db");
  const stop = bench.stop("db");
  bench.advance("5s");
  assert.equal(stop.outcome, "done");
});

scenario(
  "a reset begins a respawn that is delayed, and who waits for it comes up",
  chain({
    respawn: true,
    respawnDelay: { delay: 20, factor: 2, max: 30, jitter: 0, resetAfter: 60 },
  }),
  (bench) => {
    bench.behave("db", "main", { status: 1 }, "stays");
    bench.start("web");
    assert.match(bench.note("db"), /^respawns in 20 s/);
    bench.reset("db");
    assert.deepEqual(states(bench), UP);
  },
);

scenario("a reset does not start what somebody has stopped", chain({}), (bench) => {
  bench.start("web");
  bench.stop("db");
  for (const name of ["web", "api", "db"]) assert.equal(bench.reset(name).outcome, "done");
  assert.equal(bench.note("api"), "waits for db, which is stopped");
  bench.start("db");
  assert.deepEqual(states(bench), UP);
});

scenario(
  "a need that was stopped by force is started while who needs it still goes down",
  chain({}),
  (bench) => {
    bench.behave("api", "main", "stubborn", "stays");
    bench.start("web");
    assert.equal(bench.stop("db", {}, { force: true }).outcome, "done");
    const start = bench.start("db");
    assert.deepEqual([start.outcome, bench.state("api")], ["done", "start/killed"]);
    bench.advance("5s");
    assert.deepEqual(states(bench), UP);
  },
);

scenario("what a job leaves behind keeps its need from ending", chain({}), (bench) => {
  bench.start("web");
  bench.leave("api", 2, { stubborn: true });
  const stop = bench.stop("db");
  assert.match(bench.note("api"), /left behind/);
  assert(bench.runs("db"));
  bench.advance("6s");
  assert.equal(stop.outcome, "done");
  assert.deepEqual(bench.traced(/leftovers get|^db main ends/), [
    "api leftovers get TERM",
    "api leftovers get KILL",
    "db main ends TERM",
  ]);
});

scenario(
  "what a need leaves behind is ended once who needs it is gone, and before it starts again",
  chain({
    respawn: true,
  }),
  (bench) => {
    bench.start("web");
    bench.leave("db", 1, { stubborn: true });
    bench.exit("db", { status: 1 });
    assert.deepEqual([bench.state("db"), bench.state("api")], ["start/killed", "start/starting"]);
    bench.advance("6s");
    assert.deepEqual(states(bench), UP);
  },
);

for (const onGiveUp of ["stop", "event", "exit"] as const) {
  scenario(
    `a need that is given up (${onGiveUp}) fails who needs it, with the chain`,
    chain({ respawn: true, onGiveUp, respawnLimit: { count: 1, interval: 300 } }),
    (bench) => {
      bench.behave("db", "main", { status: 3 });
      const start = bench.start("web");
      bench.advance("10s");
      assert.match(
        start.outcome!,
        /\nweb needs api, which failed: api needs db, which failed: it was respawned too often; at last, its main process ended with status 3$/,
      );
      assert.equal(bench.events("gave-up").length, onGiveUp === "event" ? 1 : 0);
      assert.deepEqual(states(bench), GONE);
    },
  );
}

for (const endsInit of [true, "failure"] as const) {
  scenario(
    `init ends by the status of a failed migration with a job that needs it (endsInit: ${endsInit})`,
    [
      rouse("web", { needs: ["api"], endsInit }),
      rouse("api", { needs: ["completed(migrate)"] }),
      rouse("migrate", { task: true }),
    ],
    (bench) => {
      bench.behave("migrate", "main", { status: 7 });
      bench.start("web");
      assert.deepEqual(bench.traced(/ends init/), ["web ends init 7"]);
    },
  );
}

for (
  const [how, fields] of [
    ["a pid file names", { pidFile: "/run/db.pid" }],
    ["its main process has left behind", { expect: "children" as const }],
  ] as const
) {
  scenario(`a shutdown goes in reverse where the service is what ${how}`, chain(fields, fields), (bench) => {
    bench.start("web");
    if ("expect" in fields) { for (const name of ["db", "api"]) bench.fork(name); }
    assert.deepEqual(states(bench), UP);
    bench.stopAll(true);
    assert.deepEqual(
      bench.traced(/main ends TERM/),
      ["web", "api", "db"].map((name) => `${name} main ends TERM`),
    );
    assert.deepEqual(states(bench), GONE);
  });
}

scenario("a pid file that names nothing in time: the job is respawned, and who needs it waits", [
  job("api", { needs: ["db"] }),
  job("db", { pidFile: "$NOWHERE", respawn: true }),
], (bench) => {
  const start = bench.start("api");
  bench.advance("91s");
  assert.match(start.outcome!, /api needs db, which failed: db is not up after 90 s: its pid file/);
  assert.deepEqual([bench.state("api"), bench.state("db")], ["start/starting", "start/spawned"]);
});

scenario(
  "a shutdown while a need is not ready, and while it waits for who needs it",
  chain({
    ready: READY,
    alive: ALIVE,
    respawn: true,
  }),
  (bench) => {
    bench.answer("db", "ready", REFUSED);
    bench.start("web");
    bench.answer("db", "ready", "passes");
    bench.behave("api", "main", "stubborn");
    bench.restart("api");
    bench.advance("6s");
    bench.answer("db", "alive", REFUSED);
    assert.deepEqual([bench.state("db"), bench.state("api")], ["start/stopping", "start/killed"]);
    bench.stopAll(true);
    bench.advance("6s");
    assert.deepEqual(states(bench), GONE);
    assert.equal(bench.timers, 0);
  },
);
