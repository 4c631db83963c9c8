/** Trials in virtual time, from all kinds of present states. */

import assert from "node:assert/strict";
import { and, or } from "../../engine/testing/definitions.ts";
import { gone, job, REPORT, result } from "../testing/reports.ts";
import { Scene } from "../testing/scenes.ts";
import { NoAnswer } from "../why/why.ts";

/** A text without the indentation of the source. */
function text(lines: string): string {
  const [, indent = ""] = /^\n( *)/.exec(lines) ?? [];
  return lines.trim().replaceAll(`\n${indent}`, "\n");
}

Deno.test("an event: what starts, in order, with what follows from that", () => {
  const scene = new Scene({
    db: { expect: "daemon", startOn: "startup" },
    web: { startOn: and("started db", "net-up IFACE=eth0"), expect: "stop" },
    migrate: { startOn: "starting web", task: true },
    told: { semantics: "rouse", ready: { kind: "notify" }, startOn: "started web" },
  }).event("startup");
  scene.simulator.fork(1001);
  scene.simulator.fork(1002);
  assert.equal(
    scene.whatIfText({ kind: "emit", event: "net-up", environment: ["IFACE=eth0"] }),
    text(`
    If the event net-up IFACE=eth0 were emitted now:
      1. web starts, by started db and net-up
      2. migrate starts, by starting web
      3. migrate is at work
      4. migrate is done
      5. web is up
      6. told starts, by started web
      7. told is up
    Nothing would be blocked.`),
  );
  assert.equal(
    scene.whatIfText({ kind: "emit", event: "net-up", environment: ["IFACE=lo"] }),
    text(`
    If the event net-up IFACE=lo were emitted now:
      nothing would start or stop
    Nothing would be blocked.`),
  );
});

Deno.test("nothing is changed by a trial, and it says the same again", () => {
  const scene = new Scene({ web: { startOn: "go" } }), before = JSON.stringify(scene.snapshot());
  const trial = { kind: "emit" as const, event: "go", environment: [] };
  assert.deepEqual(scene.whatIf(trial), scene.whatIf(trial));
  assert.equal(JSON.stringify(scene.snapshot()), before);
});

Deno.test("a stop takes along what stops on it, and a shutdown goes by dependencies", () => {
  const scene = new Scene({ db: {}, web: { needs: ["db"] }, cron: { stopOn: "stopping db" } })
    .start("db", "web", "cron");
  assert.equal(
    scene.whatIfText({ kind: "stop", job: "db", environment: [] }).split("\n").filter((line) =>
      /stops/.test(line)
    )
      .map((line) => line.trim()).join("\n"),
    text(`
    1. db stops
    2. cron stops, by stopping db
    4. init says: web is stopped: it needs db, which stops
    5. web stops`),
  );
  const { steps, blocked } = scene.whatIf({ kind: "shutdown" });
  const downs = steps.flatMap(({ kind, job }) => kind === "down" ? [job] : []);
  assert.ok(downs.indexOf("web") < downs.indexOf("db"));
  assert.deepEqual([...downs].sort(), ["cron", "db", "web"]);
  assert.deepEqual(blocked, []);
});

Deno.test("what hangs now goes on to hang, and is told of", () => {
  const scene = new Scene({ web: { runs: ["pre-start", "main"] }, after: { needs: ["web"] } });
  scene.simulator.behave("web", "pre-start", ["stays"]);
  scene.start("web");
  assert.equal(
    scene.whatIfText({ kind: "start", job: "after", environment: [] }),
    text(`
    If after were started now:
      1. after starts
    This would not get on:
      after is starting: it waits for web
        [no] it needs web, which is not up
          web is starting: its pre-start process (1001) still runs
            its pre-start process 1001`),
  );
  const { blocked, assumptions } = scene.whatIf({ kind: "shutdown" });
  assert.deepEqual(blocked.map(({ text }) => text), [
    "web is stopping: its pre-start process (1001) still runs",
  ]);
  assert.ok(assumptions.includes("what is under way now, and not by this, goes on as it is: web"));
});

Deno.test("a request that init refuses, and a job that is not there", () => {
  const scene = new Scene({ web: {} });
  assert.equal(
    scene.whatIf({ kind: "stop", job: "web", environment: [] }).error,
    "Unknown instance: ",
  );
  assert.throws(
    () => scene.whatIf({ kind: "start", job: "wbe", environment: [] }),
    new NoAnswer("Unknown job: wbe; did you mean `web'?"),
  );
});

Deno.test("what would start again, and has failed, is told of with how it did", () => {
  const scene = new Scene({ web: {}, api: {} });
  const known = {
    report: {
      ...REPORT,
      jobs: [
        ...REPORT.jobs.filter(({ name }) => name !== "api"),
        job("api", { past: [gone(result({ isFailure: false }))] }),
      ],
    },
  };
  const start = (job: string) => ({ kind: "start" as const, job, environment: [] });
  assert.equal(
    scene.whatIfText(start("web"), known),
    text(`
    If web were started now:
      1. web starts
      2. web is up
    Nothing would be blocked.
    It may fail again:
      - the last run of web failed: exited 44 after 3 s, 2 min ago, 5th time in 10 min, gave up`),
  );
  assert.deepEqual(scene.whatIf(start("api"), known).setbacks, []);
  assert.throws(
    () => scene.whatIf(start("typo"), known),
    new NoAnswer("typo is not defined, as its file has an error: /etc/init/typo.conf:3: Unknown stanza"),
  );
});

Deno.test("where init answers with an error, it is not said that nothing is blocked", () => {
  const scene = new Scene({ web: { startOn: "go", needs: ["nosuch"] } });
  const said = scene.whatIfText({ kind: "start", job: "web", environment: [] });
  assert.match(said, /init would answer: /);
  assert.doesNotMatch(said, /Nothing would be blocked/);
});

Deno.test("a loop of jobs ends with a sentence, after one round", () => {
  const scene = new Scene({
    a: { startOn: or("started b", "go"), task: true },
    b: { startOn: "started a", task: true },
  });
  const { steps, isEndless } = scene.whatIf({ kind: "emit", event: "go", environment: [] });
  assert.equal(isEndless, true);
  assert.deepEqual(steps.filter(({ kind }) => kind === "starts").map(({ job }) => job), ["a", "b"]);
  assert.match(
    scene.whatIfText({ kind: "emit", event: "go", environment: [] }),
    /without end: that is a loop$/m,
  );
});

Deno.test("what would come anyway is no step", () => {
  const scene = new Scene({
    crash: {
      respawn: true,
      semantics: "rouse",
      respawnDelay: { delay: 10, factor: 1, max: 10, jitter: 0, resetAfter: 60 },
    },
    web: {},
  });
  scene.simulator.behave("crash", "main", [{ status: 1 }]);
  scene.start("crash");
  const { steps } = scene.whatIf({ kind: "start", job: "web", environment: [] });
  assert.deepEqual(steps.map(({ job }) => job), ["web", "web"]);
  assert.deepEqual(
    scene.whatIf({ kind: "start", job: "crash", environment: [] }).steps.map((
      { text, after },
    ) => [text, after]),
    [["crash starts", 0], ["crash is up", 0]],
  );
});

Deno.test("events that programs would emit on the way are an assumption", () => {
  const scene = new Scene({ web: { startOn: "go" } });
  const { definition } = scene.simulator.engine.jobs.get("web")!;
  const processes = { main: { kind: "exec" as const, command: "sh -c 'initctl emit ready; exec sleep 9'" } };
  scene.simulator.handle({
    kind: "definitions",
    changes: [{ name: "web", definition: { ...definition, processes } }],
  });
  const { assumptions } = scene.whatIf({ kind: "emit", event: "go", environment: [] });
  assert.ok(assumptions.includes("the events that jobs' own programs emit on the way do not come: ready"));
});

Deno.test("a watchdog is fed, and a machine's shutdown enters the runlevel 0 first", () => {
  const scene = new Scene({ web: { watchdog: 3, startOn: "go" }, rc: { task: true, startOn: "runlevel 0" } });
  scene.simulator.engine.endsWithRunlevel = true;
  const up = scene.whatIf({ kind: "emit", event: "go", environment: [] });
  assert.deepEqual(up.steps.map(({ text }) => text), ["web starts, by go", "web is up"]);
  const { steps } = scene.whatIf({ kind: "shutdown" });
  assert.deepEqual(steps.map(({ text }) => text), ["rc starts, by runlevel", "rc is at work", "rc is done"]);
});
