/** Respawning: when, how often, and what counts as a normal exit. */

import assert from "node:assert/strict";
import type { Exit } from "../../model/exit.ts";
import { Bench } from "../../testing/bench.ts";
import type { Engine } from "../engine.ts";
import { job } from "../testing/definitions.ts";

Deno.test("a service that respawns comes back whatever its exit, with the variables of the start", () => {
  const bench = new Bench([job("web", { respawn: true, startOn: "go", env: ["COLOUR=none"] })]);
  bench.emit("go", { COLOUR: "red" });
  for (const exit of [{ status: 0 }, { status: 1 }, { signal: 9 }] satisfies Exit[]) {
    bench.exit("web", exit);
    assert.equal(bench.state("web"), "start/running");
    assert.deepEqual(bench.environment("web"), { COLOUR: "red", UPSTART_EVENTS: "go" });
  }
  assert.equal(bench.log.filter((line) => line === "web main process ended, respawning").length, 3);
});

Deno.test("a task that respawns is tried until it exits 0; its start waits for that and is content", () => {
  const bench = new Bench([job("build", { respawn: true, task: true })]);
  bench.behave("build", "main", { status: 1 }, { status: 1 }, { status: 1 }, { status: 0 });
  assert.equal(bench.start("build").outcome, "done");
  assert.equal(bench.traced(/runs/).length, 4);
});

Deno.test("the default limit lets a job that fails at once run eleven times, and again at the next start", () => {
  const bench = new Bench([job("build", { respawn: true, task: true })]);
  bench.behave("build", "main", { status: 1 });
  assert.equal(bench.start("build").outcome, "Job failed to start");
  assert.equal(bench.traced(/runs/).length, 11);
  assert(bench.log.includes("build respawning too fast, stopped"));
  bench.start("build");
  assert.equal(bench.traced(/runs/).length, 22);
});

Deno.test("the limit counts within its interval", () => {
  const bench = new Bench([job("web", { respawn: true, respawnLimit: { count: 2, interval: 30 } })]);
  bench.start("web");
  for (let round = 0; round < 3; round++) {
    bench.exit("web");
    bench.exit("web");
    bench.advance("30s");
  }
  for (let round = 0; round < 3; round++) bench.exit("web");
  assert.equal(bench.state("web"), "stop/waiting");
});

Deno.test("restarts by command do not count, and an unlimited job has no limit", () => {
  const bench = new Bench([
    job("web", { respawn: true, respawnLimit: { count: 1, interval: 30 } }),
    job("other", { respawn: true, respawnLimit: "unlimited" }),
  ]);
  bench.start("web");
  for (let round = 0; round < 5; round++) bench.restart("web");
  assert.equal(bench.state("web"), "start/running");
  bench.start("other");
  for (let round = 0; round < 100; round++) {
    bench.exit("other", { status: 1 });
    bench.advance("1s");
  }
  assert.equal(bench.state("other"), "start/running");
  assert.equal(bench.traced(/^other main runs/).length, 101);
});

Deno.test("what fails at once without a limit is respawned five times within a second, then ten times a second", () => {
  const bench = new Bench([
    job("hot", { respawn: true, respawnLimit: "unlimited", runs: ["main", "post-stop"] }),
  ]);
  bench.behave("hot", "main", { status: 1 });
  bench.start("hot", {}, { wait: false });
  const runs = () => bench.traced(/main runs/).length;
  assert.equal(runs(), 6);
  assert.equal(bench.state("hot"), "start/post-stop");
  bench.advance("999ms");
  assert.equal(runs(), 6);
  bench.advance("1ms");
  assert.equal(runs(), 7);
  bench.advance("9s");
  assert.equal(runs(), 97);
  bench.behave("hot", "main", { status: 1, after: "40ms" });
  bench.advance("10s");
  assert.equal(runs(), 197);
  const told = bench.log.filter((line) => line === "hot respawning too fast, ten times a second from now on");
  assert.equal(told.length, 1);
});

Deno.test("a run of a fifth of a second is not short, however it ends; the pause counts from the start before", () => {
  const bench = new Bench([job("web", { respawn: true, respawnLimit: { count: 0, interval: 5 } })]);
  bench.behave("web", "main", ...Array(25).fill({ status: 1 }), "stays");
  bench.start("web");
  bench.advance("20s");
  for (let round = 0; round < 10; round++) {
    bench.advance("200ms");
    bench.exit("web", { signal: 9 });
    assert.equal(bench.state("web"), "start/running");
  }
  for (let round = 0; round < 6; round++) bench.exit("web", { signal: 9 });
  assert.equal(bench.state("web"), "start/post-stop");
});

Deno.test("a pause ends with a stop, a restart, or the end of all", () => {
  const fields = { respawn: true, respawnLimit: "unlimited" } as const;
  const ends: Array<[(bench: Bench) => unknown, string]> = [
    [(bench) => bench.stop("hot"), "stop/waiting"],
    [(bench) => bench.restart("hot"), "start/running"],
    [(bench) => bench.fromWithin("restart", "hot"), "start/running"],
    [(bench) => bench.emit("halt"), "stop/waiting"],
    [(bench) => bench.stopAll(), "stop/waiting"],
    [(bench) => bench.stopAll(true), "stop/waiting"],
  ];
  for (const [end, state] of ends) {
    const bench = new Bench([job("hot", { ...fields, stopOn: "halt" })]);
    bench.behave("hot", "main", { status: 1 });
    bench.start("hot", {}, { wait: false });
    assert.equal(bench.state("hot"), "start/post-stop");
    bench.behave("hot", "main", "stays");
    end(bench);
    assert.equal(bench.state("hot"), state);
    assert.equal(bench.timers, 0);
  }
});

Deno.test("a limit alone makes no job respawn", () => {
  const bench = new Bench([job("build", { task: true, respawnLimit: { count: 5, interval: 30 } })]);
  bench.behave("build", "main", { status: 1 });
  assert.equal(bench.start("build").outcome, "Job failed to start");
  assert.equal(bench.traced(/runs/).length, 1);
});

Deno.test("a normal exit ends a job that respawns without failure; others, 0 among them, do not", () => {
  const bench = new Bench([job("web", { respawn: true, normalExit: [{ status: 3 }, { signal: 15 }] })]);
  for (const normal of [{ status: 3 }, { signal: 15, core: true }] satisfies Exit[]) {
    bench.start("web");
    for (const exit of [{ status: 4 }, { status: 0 }, { signal: 9 }] satisfies Exit[]) {
      bench.exit("web", exit);
    }
    assert.equal(bench.state("web"), "start/running");
    bench.exit("web", normal);
    assert.equal(bench.state("web"), "stop/waiting");
    assert.deepEqual(bench.events("stopped").at(-1), "stopped JOB=web INSTANCE= RESULT=ok");
  }
});

Deno.test("a normal exit is a success of a task", () => {
  const bench = new Bench([job("build", { task: true, normalExit: [{ status: 3 }] })]);
  bench.behave("build", "main", { status: 3 }, { status: 4 });
  assert.equal(bench.start("build").outcome, "done");
  assert.equal(bench.start("build").outcome, "Job failed to start");
});

Deno.test("a post-stop that fails during a respawn ends the job", () => {
  const bench = new Bench([job("web", { respawn: true, runs: ["main", "post-stop"] })]);
  bench.behave("web", "post-stop", { status: 3 });
  bench.start("web");
  bench.exit("web", { signal: 9 });
  assert.equal(bench.state("web"), "stop/waiting");
  assert.deepEqual(bench.events("stopped"), [
    "stopped JOB=web INSTANCE= RESULT=failed PROCESS=post-stop EXIT_STATUS=3",
  ]);
});

Deno.test("main that ends during its post-start is respawned when that is over", () => {
  const bench = new Bench([job("web", { respawn: true, runs: ["main", "post-start"] })]);
  bench.behave("web", "post-start", "stays", { status: 0 });
  const start = bench.start("web");
  bench.exit("web", { status: 1 });
  assert.equal(bench.state("web"), "respawn/post-start");
  bench.exit("web", { status: 0 }, { process: "post-start" });
  assert.equal(start.outcome, "done");
  assert.equal(bench.state("web"), "start/running");
});

Deno.test("each instance has a limit of its own", () => {
  const bench = new Bench([
    job("tty", { respawn: true, respawnLimit: { count: 1, interval: 30 }, instance: "$LINE" }),
  ]);
  bench.start("tty", { LINE: "a" });
  bench.start("tty", { LINE: "b" });
  for (const instance of ["a", "b", "a"]) bench.exit("tty", { signal: 9 }, { instance });
  assert.equal(bench.state("tty", "a"), "stop/waiting");
  assert.equal(bench.state("tty", "b"), "start/running");
});

Deno.test("nothing is respawned once everything is to stop", () => {
  const bench = new Bench([
    job("web", { respawn: true, startOn: "session-end" }),
    job("build", { task: true, respawn: true }),
  ]);
  bench.behave("web", "main", "stubborn");
  bench.start("web");
  const build = bench.start("build");
  bench.stopAll();
  assert.equal(build.outcome, "done");
  assert.equal(bench.state("web"), "stop/killed");
  bench.stopAll();
  bench.advance("5s");
  assert.equal(bench.state("web"), "stop/waiting");
  assert.equal(bench.engine.hasProcesses, false);
  bench.event("session-end");
  bench.exit("web", { status: 1 });
  assert.equal(bench.state("web"), "stop/waiting");
});

Deno.test("a respawn is noticed, also during hooks; a restart is none", () => {
  const runs = ["main", "post-start", "pre-stop"] as const;
  const bench = new Bench([job("web", { respawn: true, runs: [...runs] })]);
  const respawns = noticedRespawns(bench.engine);
  bench.behave("web", "post-start", "stays", { status: 0 });
  bench.behave("web", "pre-stop", "stays");
  bench.start("web");
  bench.exit("web");
  assert.deepEqual(respawns, ["web"]);
  bench.exit("web", { status: 0 }, { process: "post-start" });
  assert.deepEqual([bench.state("web"), respawns.length], ["start/running", 1]);
  bench.exit("web");
  assert.deepEqual([bench.state("web"), respawns.length], ["start/running", 2]);
  bench.restart("web", {}, { wait: false });
  assert.equal(bench.state("web"), "respawn/pre-stop");
  bench.exit("web", { status: 0 }, { process: "pre-stop" });
  assert.deepEqual([bench.state("web"), respawns.length], ["start/running", 2]);
});

/** The jobs that an engine notices a respawn of, from now on. */
function noticedRespawns(engine: Engine): string[] {
  const respawns: string[] = [];
  const handle = engine.handle.bind(engine);
  engine.handle = (...input) => {
    const effects = handle(...input);
    for (const effect of effects) {
      if (effect.kind === "notice" && effect.notice.kind === "respawned") respawns.push(effect.notice.job);
    }
    return effects;
  };
  return respawns;
}

Deno.test("exits are told, but for that of a job with which init ends", () => {
  const bench = new Bench([
    job("hot", { endsInit: true, respawn: true, respawnLimit: { count: 1, interval: 5 } }),
    job("many", { endsInit: true, instance: "$N" }),
    job("web", { endsInit: true, runs: ["main", "post-start", "post-stop"] }),
    job("other", { endsInit: true }),
  ]);
  // All others are of the priority info.
  bench.engine.muted = new Set(["info"]);
  const told = (then: () => unknown) => {
    const { length } = bench.log;
    then();
    return bench.log.slice(length).flatMap((line) => /^(.*) process \(/.exec(line)?.[1] ?? []);
  };
  bench.behave("web", "post-start", { status: 3 });
  bench.behave("web", "post-stop", { status: 3 }, { status: 0 });
  bench.behave("hot", "main", { status: 44 });

  assert.deepEqual(told(() => bench.start("hot")), ["hot main", "hot main"]);
  bench.start("many", { N: "1" });
  bench.start("many", { N: "2" });
  assert.deepEqual(told(() => bench.exit("many", { status: 44 }, { instance: "1" })), ["many (1) main"]);
  assert.deepEqual(told(() => bench.start("web")), ["web post-start"]);
  bench.behave("web", "post-start", { status: 0 });
  assert.deepEqual(told(() => bench.restart("web")), ["web main", "web post-stop"]);
  bench.start("web");
  bench.start("other");
  assert.deepEqual(told(() => bench.exit("web", { status: 44 })), []);
  assert.deepEqual(told(() => bench.exit("other", { status: 45 })), ["other main"]);
});

Deno.test("a classic job that says what Upstart has no stanza for tells its clients why it failed; others do not", () => {
  const limited = { respawn: true, respawnLimit: { count: 1, interval: 5 }, expect: "stop" } as const;
  const beyond = [{ startTimeout: 60 }, { after: ["other"] }, { ready: { kind: "stopped" } }] as const;
  for (const fields of [{}, ...beyond]) {
    const bench = new Bench([job("web", { ...limited, ...fields })]);
    bench.behave("web", "main", { status: 3, after: "1s" });
    const start = bench.start("web");
    bench.advance("2s");
    assert.equal(
      start.outcome?.replace(/\d+/, "N"),
      "Job failed to start" +
        (Object.keys(fields).length === 0
          ? ""
          : "\nweb main process (N) terminated with status 3; it is not tried again, as it fails too often"),
    );
  }
});

Deno.test("who needs a job that cannot be run is told the reason", () => {
  const bench = new Bench([job("api", { needs: ["web"] }), job("web", { respawn: true })]);
  bench.behave("web", "main", { spawnFails: "unable to execute web: No such file or directory" });
  assert.equal(
    bench.start("api").outcome,
    "Job failed to start\napi needs web, which failed: " +
      "its main process could not be run: unable to execute web: No such file or directory",
  );
});
