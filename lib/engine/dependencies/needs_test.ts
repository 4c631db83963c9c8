/** `needs`: what is started and waited for, and what comes of a need that fails, stops, respawns, goes or changes. */

import assert from "node:assert/strict";
import { Bench } from "../../testing/bench.ts";
import { job, on } from "../testing/definitions.ts";

/** The main processes that have begun and ended, in order. */
function processes(bench: Bench): string[] {
  return bench.traced(/ (main|pre-start|post-stop) (runs|ends)/);
}

function chain(): Bench {
  return new Bench([
    job("api", { needs: ["cache"] }),
    job("cache", { needs: ["disk"] }),
    job("disk", { runs: ["main", "post-start"] }),
  ]);
}

Deno.test("a start starts what the job needs, and what that needs, and waits for each", () => {
  const bench = chain();
  bench.behave("disk", "post-start", { status: 0, after: "2s" });
  const start = bench.start("api");
  assert.deepEqual([bench.state("api"), bench.state("cache")], ["start/starting", "start/starting"]);
  assert.equal(bench.note("api"), "waits for cache, which waits for disk");
  assert.equal(start.outcome, undefined);
  bench.advance("2s");
  assert.equal(start.outcome, "done");
  assert.deepEqual(bench.traced(/main runs$/), ["disk main runs", "cache main runs", "api main runs"]);
  assert.equal(bench.note("api"), "");
});

Deno.test("a need starts with an environment of its own, and its instance may go on without the job", () => {
  const bench = new Bench([
    job("api", { needs: ["cache"], startOn: "go" }),
    job("cache", { env: ["SIZE=1"] }),
  ]);
  bench.emit("go", { SIZE: "9" });
  assert.deepEqual(bench.environment("cache"), { SIZE: "1" });
  bench.stop("api");
  assert.equal(bench.state("cache"), "start/running");
});

Deno.test("a need that runs, or is on its way up, is not started again", () => {
  const bench = new Bench([job("api", { needs: ["cache"], startOn: "go" }), job("cache", { startOn: "go" })]);
  bench.emit("go");
  assert.deepEqual(bench.traced(/main runs$/), ["cache main runs", "api main runs"]);
  assert.deepEqual(bench.environment("cache"), { UPSTART_EVENTS: "go" });
});

Deno.test("a need that stops has the job stopped first; with it, the job comes back", () => {
  const bench = chain();
  bench.start("api");
  const stop = bench.stop("disk");
  assert.equal(stop.outcome, "done");
  assert.deepEqual(processes(bench).filter((line) => line.includes("ends")), [
    "api main ends TERM",
    "cache main ends TERM",
    "disk main ends TERM",
  ]);
  assert.deepEqual([bench.state("api"), bench.state("cache")], ["start/starting", "start/starting"]);
  assert.equal(bench.note("cache"), "waits for disk, which is stopped");
  bench.start("disk");
  assert.equal(bench.state("api"), "start/running");
  assert.deepEqual(bench.traced(/main runs$/).slice(3), [
    "disk main runs",
    "cache main runs",
    "api main runs",
  ]);
});

Deno.test("what comes back by itself starts nothing", () => {
  const bench = chain();
  bench.start("api");
  bench.stop("disk");
  bench.stop("cache");
  assert.equal(bench.state("cache"), "stop/waiting");
  bench.start("disk");
  assert.equal(bench.state("api"), "start/starting");
  assert.equal(bench.note("api"), "waits for cache, which is stopped");
});

Deno.test("a stop waits for those who need the job, and says for whom", () => {
  const bench = chain();
  bench.behave("api", "main", "stubborn");
  bench.start("api");
  const stop = bench.stop("cache");
  assert.equal(bench.state("cache"), "stop/stopping");
  assert.equal(bench.note("cache"), "waits for api to stop");
  assert(bench.runs("cache"));
  bench.advance("5s");
  assert.equal(stop.outcome, "done");
  assert.equal(bench.runs("cache"), false);
});

Deno.test("a need that is killed and respawns brings the job down and up, in order", () => {
  const bench = new Bench([job("api", { needs: ["db"] }), job("db", { respawn: true })]);
  bench.start("api");
  bench.exit("db", { signal: "KILL" });
  assert.deepEqual(processes(bench), [
    "db main runs",
    "api main runs",
    "db main ends KILL",
    "api main ends TERM",
    "db main runs",
    "api main runs",
  ]);
  assert.equal(bench.state("api"), "start/running");
});

Deno.test("a restart of a need brings the job down and up", () => {
  const bench = new Bench([job("api", { needs: ["db"] }), job("db")]);
  bench.start("api");
  assert.equal(bench.restart("db").outcome, "done");
  assert.deepEqual(bench.traced(/main ends/), ["api main ends TERM", "db main ends TERM"]);
  assert.equal(bench.state("api"), "start/running");
});

Deno.test("a need that fails fails the job, with the chain in the answer", () => {
  const bench = chain();
  bench.behave("disk", "main", { status: 3 });
  const start = bench.start("api");
  assert.equal(start.error, "JobFailed");
  assert.equal(
    start.outcome,
    "Job failed to start\napi needs cache, which failed: " +
      "cache needs disk, which failed: its main process ended with status 3",
  );
  assert.deepEqual([bench.state("api"), bench.state("cache")], ["stop/waiting", "stop/waiting"]);
  assert(bench.events("stopped").includes("stopped JOB=api INSTANCE= RESULT=failed PROCESS=needs"));
  assert.equal(bench.traced(/^(api|cache) main runs/).length, 0);
  bench.behave("disk", "main", "stays");
  assert.equal(bench.start("api").outcome, "done");
});

Deno.test("a need that fails for good while the job is up: it goes down and fails", () => {
  const bench = new Bench([job("api", { needs: ["db"] }), job("db")]);
  bench.start("api");
  bench.exit("db", { status: 1 });
  assert.equal(bench.state("api"), "stop/waiting");
  const message = "api needs db, which failed: its main process ended with status 1";
  assert(bench.log.includes(`${message}; it does not come back by itself`));
});

Deno.test("while a need is respawned, the job waits; when that gives up, the job fails", () => {
  const fields = { respawn: true, respawnLimit: { count: 2, interval: 5 } };
  const bench = new Bench([job("api", { needs: ["db"] }), job("db", { ...fields, expect: "stop" })]);
  const start = bench.start("api");
  const reason = "its main process ended with status 1";
  bench.exit("db", { status: 1 });
  assert.equal(
    start.outcome,
    `Job failed to start\napi needs db, which failed: ${reason}; it is tried again`,
  );
  bench.exit("db", { status: 1 });
  assert.equal(bench.state("api"), "start/starting");
  bench.exit("db", { status: 1 });
  assert.equal(bench.state("api"), "stop/waiting");
  const gaveUp = `api needs db, which failed: it was respawned too often; at last, ${reason}`;
  assert(bench.log.includes(`${gaveUp}; it does not come back by itself`));
});

Deno.test("a need that is stopped while the job waits for it: the start is answered, and the job comes up with it", () => {
  const bench = new Bench([
    job("web", { needs: ["api"] }),
    job("api", { needs: ["db"] }),
    job("db", { expect: "stop" }),
  ]);
  const start = bench.start("web");
  bench.stop("db");
  assert.equal(
    start.outcome,
    "Job failed to start\nweb needs api, which waits: api needs db, which is stopped",
  );
  assert.equal(bench.state("web"), "start/starting");
  bench.start("db");
  bench.raise("db");
  assert.equal(bench.state("web"), "start/running");
});

Deno.test("a need that there is not fails the start at once, with a hint", () => {
  const bench = new Bench([job("api", { needs: ["redsi"] }), job("redis")]);
  const start = bench.start("api");
  assert.equal(
    start.outcome,
    "Job failed to start\napi needs redsi, which no job provides; did you mean `redis'?",
  );
  assert.equal(bench.state("api"), "stop/waiting");
  bench.define(job("redsi"));
  assert.equal(bench.start("api").outcome, "done");
});

Deno.test("a need that is removed: it goes when it ends, and the job fails", () => {
  const bench = new Bench([job("api", { needs: ["db"] }), job("db")]);
  bench.start("api");
  bench.remove("db");
  assert.equal(bench.state("api"), "start/running");
  bench.stop("db");
  assert.equal(bench.state("api"), "stop/waiting");
  assert(bench.log.includes("api needs db, which no job provides"));
});

Deno.test("a need that gets another definition: the job goes on, and comes back with the new one", () => {
  const bench = new Bench([job("api", { needs: ["db"] }), job("db", { needs: ["disk"] }), job("disk")]);
  bench.start("api");
  bench.define(job("db", { needs: ["net"] }), job("net"));
  assert.equal(bench.state("api"), "start/running");
  bench.stop("db");
  assert.equal(bench.state("api"), "start/starting");
  bench.start("db");
  assert.equal(bench.state("net"), "start/running");
  assert.equal(bench.state("api"), "start/running");
  bench.stop("disk");
  assert.equal(bench.state("api"), "start/running");
});

Deno.test("a job that gets another definition needs what it needs now once it has ended", () => {
  const bench = new Bench([job("api", { needs: ["db"] }), job("db"), job("cache")]);
  bench.start("api");
  bench.define(job("api", { needs: ["cache"] }));
  bench.stop("db");
  assert.equal(bench.state("api"), "start/starting");
  bench.stop("api");
  assert.equal(bench.start("api").outcome, "done");
  assert.deepEqual([bench.state("db"), bench.state("cache")], ["stop/waiting", "start/running"]);
});

Deno.test("a job that is stopped while it waits is gone at once", () => {
  const bench = new Bench([job("api", { needs: ["db"] }), job("db", { expect: "stop" })]);
  const start = bench.start("api");
  assert.equal(bench.stop("api").outcome, "done");
  assert.equal(start.outcome, "done");
  assert.equal(bench.state("api"), "stop/waiting");
});

for (const hook of ["pre-start", "post-start", "pre-stop"] as const) {
  Deno.test(`a need that goes while ${hook} runs: the job goes down after it, and comes back`, () => {
    const bench = new Bench([
      job("api", { needs: ["db"], runs: ["main", hook] }),
      job("db", { respawn: true }),
    ]);
    bench.behave("api", hook, "stays");
    bench.start("api");
    if (hook === "pre-stop") bench.restart("api");
    bench.exit("db", { signal: "KILL" });
    assert.equal(bench.state("db"), "start/stopping");
    bench.behave("api", hook, { status: 0 });
    bench.exit("api", { status: 0 }, { process: hook });
    assert.equal(bench.state("db"), "start/running");
    assert.equal(bench.state("api"), "start/running");
    assert.equal(bench.traced(/^db main runs/).length, 2);
  });
}

Deno.test("a need that goes while post-start runs, and main dies meanwhile: the job comes back all the same", () => {
  const bench = new Bench([
    job("api", { needs: ["db"], runs: ["main", "post-start"] }),
    job("db", { respawn: true }),
  ]);
  bench.behave("api", "post-start", "stays", { status: 0 });
  bench.start("api");
  bench.exit("db", { signal: "KILL" });
  bench.exit("api", { status: 1 });
  bench.exit("api", { status: 0 }, { process: "post-start" });
  assert.equal(bench.state("api"), "start/running");
});

Deno.test("every instance of a job waits by itself; a job with instances is up as long as one is", () => {
  const bench = new Bench([
    job("web", { needs: ["worker"], instance: "$N" }),
    job("worker", { instance: "$N" }),
  ]);
  const start = bench.start("web", { N: "1" });
  assert.equal(
    start.outcome,
    "Job failed to start\nweb needs worker, which failed: " +
      "an instance of it has to be started by hand: Unknown parameter: N",
  );
  for (const N of ["1", "2"]) bench.start("worker", { N });
  for (const N of ["1", "2"]) assert.equal(bench.start("web", { N }).outcome, "done");
  bench.stop("worker", { N: "1" });
  assert.equal(bench.state("web", "1"), "start/running");
  bench.stop("worker", { N: "2" });
  assert.deepEqual(bench.instances("web").map((name) => bench.state("web", name)), [
    "start/starting",
    "start/starting",
  ]);
});

Deno.test("a circle of needs fails at once, whoever is started, and whoever needs it", () => {
  const bench = new Bench([
    job("top", { needs: ["a"] }),
    job("a", { needs: ["b"] }),
    job("b", { needs: ["c"] }),
    job("c", { needs: ["a"] }),
    job("self", { needs: ["self"] }),
  ]);
  assert.equal(
    bench.start("b").outcome,
    "Job failed to start\nb cannot start: b needs c, c needs a, a needs b",
  );
  assert.equal(
    bench.start("top").outcome,
    "Job failed to start\ntop needs a, which failed: a cannot start: a needs b, b needs c, c needs a",
  );
  assert.equal(bench.start("self").outcome, "Job failed to start\nself cannot start: self needs self");
  assert.equal(bench.traced(/runs$/).length, 0);
});

Deno.test("events that start a job wait for what it needs, and fail with it", () => {
  const bench = new Bench([job("api", { needs: ["db"], startOn: "go" }), job("db", { expect: "stop" })]);
  const first = bench.emit("go");
  assert.equal(first.outcome, undefined);
  bench.raise("db");
  assert.equal(first.outcome, "done");
  bench.stop("api");
  bench.exit("db", { status: 1 });
  const second = bench.emit("go");
  bench.exit("db", { status: 1 });
  assert.equal(second.outcome, "Event failed");
});

Deno.test("a job that is about to start, and a job that starts on that, do not wait for each other", () => {
  const bench = new Bench([
    job("api"),
    job("logger", { needs: ["api"], startOn: on("starting api") }),
  ]);
  assert.equal(bench.start("api").outcome, "done");
  assert.equal(bench.state("logger"), "start/running");
  assert(bench.log.includes("logger is not waited for by events that it waits for itself: starting api"));
});

Deno.test("of events that wait for each other and for jobs, those are told that somebody has waited for, and only those", () => {
  const bench = new Bench([
    job("a", { semantics: "rouse", task: true }),
    job("b", { task: true, wants: ["a"], before: ["c", "a"], conflicts: ["a"], startOn: "starting a" }),
    job("c", { respawn: true, startOn: "stopping a", runs: [] }),
  ]);
  bench.start("a", {}, { wait: false });
  assert.equal(bench.state("b"), "start/running");
  assert.deepEqual(bench.log.filter((line) => line.includes("is not waited for by events")), [
    "c is not waited for by events that it waits for itself: stopping a",
  ]);
});

Deno.test("a job that starts as its need stops has that started again, once it is down", () => {
  const bench = new Bench([
    job("db"),
    job("backup", { needs: ["db"], task: true, startOn: on("stopping db") }),
  ]);
  bench.start("db");
  bench.behave("backup", "main", { status: 0 });
  bench.stop("db");
  assert.equal(bench.state("db"), "start/running");
  assert.equal(bench.traced(/^backup main runs/).length, 1);
});

Deno.test("on the way down nothing comes back, and nothing is started but tasks", () => {
  const bench = chain();
  bench.start("api");
  bench.stopAll();
  assert.deepEqual(["api", "cache", "disk"].map((name) => bench.state(name)), Array(3).fill("stop/waiting"));
  assert.deepEqual(bench.traced(/main ends/), [
    "api main ends TERM",
    "cache main ends TERM",
    "disk main ends TERM",
  ]);
});

Deno.test("a task that needs a service fails on the way down", () => {
  const bench = new Bench([job("save", { task: true, needs: ["db"] }), job("db"), job("other")]);
  bench.behave("other", "main", "stubborn");
  bench.start("other");
  bench.stopAll();
  const start = bench.start("save");
  assert.equal(
    start.outcome,
    "Job failed to start\nsave needs db, which is not started: init is on its way down",
  );
});

Deno.test("the message of a long chain is cut", () => {
  const length = 200;
  const jobs = Array.from(
    { length },
    (_, index) => job(`job-${index}`, index + 1 < length ? { needs: [`job-${index + 1}`] } : {}),
  );
  const bench = new Bench(jobs);
  bench.behave(`job-${length - 1}`, "main", { status: 1 });
  const { outcome = "" } = bench.start("job-0");
  assert(outcome.length < 1200, `${outcome.length} characters`);
  assert.match(outcome, /^Job failed to start\njob-0 needs job-1, .* … .*ended with status 1$/);
});

for (const semantics of ["upstart", "rouse"] as const) {
  Deno.test(`a need that is about to stop is not built on: it starts again after that (${semantics})`, () => {
    const bench = new Bench([
      job("dep", { needs: ["svc"], semantics }),
      job("svc", { runs: ["main", "pre-stop"], semantics }),
    ]);
    bench.behave("svc", "pre-stop", { status: 0, after: "3s" });
    bench.start("svc");
    bench.stop("svc");
    const start = bench.start("dep");
    assert.equal(start.outcome, undefined);
    assert.equal(bench.note("dep"), "waits for svc");
    bench.advance("3s");
    assert.equal(start.outcome, "done");
    assert.deepEqual([bench.state("svc"), bench.state("dep")], ["start/running", "start/running"]);
    assert.equal(bench.traced(/^svc main runs/).length, 2);
    assert.equal(bench.traced(/^dep main runs/).length, 1);
  });
}

Deno.test("a need whose stop is called off is built on again", () => {
  const bench = new Bench([
    job("dep", { uses: ["svc"], needs: ["svc"] }),
    job("svc", { runs: ["main", "pre-stop"] }),
  ]);
  bench.behave("svc", "pre-stop", { status: 0, after: "3s" });
  bench.start("svc");
  bench.stop("svc");
  const start = bench.start("dep");
  bench.stop("svc");
  assert.equal(start.outcome, undefined);
  bench.start("svc");
  assert.equal(start.outcome, "done");
  bench.advance("3s");
  assert.equal(bench.traced(/^svc main runs/).length, 1);
});

Deno.test("who restarts a job that waits, and goes on to wait, is told so", () => {
  // What is needed is not started beside what it conflicts with.
  const bench = new Bench([
    job("web", { needs: ["api"] }),
    job("api", { needs: ["completed(migrate)"] }),
    job("migrate", { conflicts: ["web"] }),
  ]);
  bench.start("web", {}, { wait: false });
  assert.equal(
    bench.restart("web").outcome,
    "Job failed to restart\nweb needs api, which waits: api needs migrate, which is stopped",
  );
  assert.equal(bench.state("web"), "start/starting");
});

Deno.test("a job fails that waits for one of which another start cannot make an instance", () => {
  const bench = new Bench([
    job("web", { needs: ["db"] }),
    job("db", { instance: "$N" }),
    job("all", { wants: ["web"], conflicts: ["db"] }),
  ]);
  bench.start("all", {}, { wait: false });
  assert.equal(bench.note("web"), "waits for db, which is stopped");
  bench.restart("web", {}, { wait: false });
  assert.equal(bench.state("web"), "stop/waiting");
  assert.match(
    bench.log.join("\n"),
    /web needs db, which failed: an instance of it has to be started by hand/,
  );
});

Deno.test("who starts what a stopped job is needed for waits for all that comes up again by that", () => {
  const names = ["db", "a", "b", "c"];
  const others = names.slice(1).map((name, index) => job(name, { needs: [names[index]!] }));
  for (const field of ["needs", "wants"] as const) {
    const bench = new Bench([job("db"), ...others, job("top", { [field]: ["c"] })]);
    bench.start("c");
    bench.stop("db");
    assert.equal(bench.note("c"), "waits for b, which waits for a, which waits for db, which is stopped");
    if (field === "wants") bench.start("db", {}, { wait: false });
    assert.equal(bench.start("top").outcome, "done");
    assert.deepEqual(
      bench.traced(/main runs$/).slice(-4),
      [...names.slice(1), "top"].map((name) => `${name} main runs`),
    );
  }
});
