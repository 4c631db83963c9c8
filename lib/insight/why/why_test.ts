/** Explanations of jobs in every kind of situation, over the engine's simulator. */

import assert from "node:assert/strict";
import { and, or } from "../../engine/testing/definitions.ts";
import type { JournalRecord } from "../../model/insight/journal.ts";
import type { InstanceReport, JobReport, Report } from "../../model/insight/report.ts";
import { instance, job } from "../testing/reports.ts";
import { BEGIN, type Known, Scene } from "../testing/scenes.ts";
import { NoAnswer } from "./why.ts";

/** A text without the indentation of the source. */
function text(lines: string): string {
  const [, indent = ""] = /^\n( *)/.exec(lines) ?? [];
  return lines.trim().replaceAll(`\n${indent}`, "\n");
}

function assertWhy(scene: Scene, job: string, wanted: string, known: Known = {}): void {
  assert.equal(scene.whyText(job, known), text(wanted));
}

/** What /proc would tell of any process. */
const PROCESS = () => ({ command: "sh -e /proc/self/fd/9", since: BEGIN - 125_000 });

const report = (jobs: JobReport[], broken: Report["broken"] = []): Report => ({
  now: BEGIN,
  since: BEGIN - 3_600_000,
  jobs,
  broken,
});

/** An instance that has ended, or has not begun. */
function run(more: Partial<InstanceReport> = {}): InstanceReport {
  const { since: _, ...down } = instance({ goal: "stop", state: "waiting", processes: [] });
  return { ...down, ...more };
}

Deno.test("a condition met in part: what has come, and who could emit what has not", () => {
  const scene = new Scene({
    db: {},
    web: { startOn: and("started db", "net-device-up IFACE=eth0") },
    bridge: { emits: ["net-device-*"] },
  });
  assertWhy(
    scene.start("db"),
    "web",
    `
    web has not been started: it waits for net-device-up IFACE=eth0
      [no] start on: all of these
        [yes] started db: it came from db
        [no] net-device-up IFACE=eth0: it has not come
          bridge says that it emits it
            bridge is stopped
              it has no start on: a request starts it, or a job that needs it`,
  );
});

Deno.test("events that nothing emits, and jobs that are not there, have the nearest name", () => {
  const scene = new Scene({ lost: { startOn: "started wbe" }, web: { startOn: "net-devce-up" } });
  assertWhy(
    scene,
    "lost",
    `
    lost has not been started: it waits for started wbe, which never comes as things are
      [no] start on started wbe: it has not come
        no job wbe is known, so it never comes; did you mean \`web'?`,
  );
  assertWhy(
    scene,
    "web",
    `
    web has not been started: it waits for net-devce-up, which nothing here emits
      [no] start on net-devce-up: it has not come
        nothing here emits it; did you mean \`net-device-up'?`,
  );
  const [{ isStuck, verdict } = assert.fail()] = scene.why("web");
  assert.deepEqual({ isStuck, verdict }, { isStuck: true, verdict: "waiting" });
});

Deno.test("of an or, one side that may come is enough", () => {
  const scene = new Scene({ web: { startOn: or("disk", "started db") }, db: {} });
  const [{ isStuck, summary } = assert.fail()] = scene.why("web");
  assert.equal(isStuck, false);
  assert.equal(summary, "web has not been started: it waits for disk or started db");
});

Deno.test("events that programs of jobs emit, by commands and by modules", () => {
  const scene = new Scene({
    on: { startOn: "web-ready" },
    too: { startOn: "told" },
    web: { runs: ["main", "post-start"] },
  });
  const definition = scene.simulator.engine.jobs.get("web")!.definition;
  scene.simulator.handle({
    kind: "definitions",
    changes: [{
      name: "web",
      definition: {
        ...definition,
        processes: {
          ...definition.processes,
          "post-start": { kind: "script", text: "initctl --quiet emit --no-wait web-ready A=1 || :" },
        },
        sources: { "/jobs/web.ts": `async main({ emit }) { await emit("told"); }` },
      },
    }],
  });
  assert.match(scene.whyText("on"), /^ {4}the post-start process of web emits it$/m);
  assert.match(scene.whyText("too"), /^ {4}a function of web emits it$/m);
});

Deno.test("a runlevel: the present one, and that nobody sets one", () => {
  const scene = new Scene({ web: { startOn: "runlevel [2345]" } });
  assert.match(scene.whyText("web"), /nobody sets a runlevel here: `telinit 2' does it by hand/);
  assert.match(
    scene.whyText("web", { runlevel: "S" }),
    /the present runlevel is S; it comes when telinit or shutdown changes that/,
  );
  const set = new Scene({ web: { startOn: "runlevel 2" }, boot: { emits: ["runlevel"] } });
  assert.match(set.whyText("web"), /no runlevel has been entered yet; the job boot enters one/);
});

Deno.test("an event that has gone by, and one that does not match, as the journal has them", () => {
  const scene = new Scene({ web: { startOn: "disk NAME=sda" } });
  const record = (number: number, name: string): JournalRecord => ({
    number,
    at: BEGIN - 600_000 + number,
    kind: "event",
    event: "disk",
    environment: [`NAME=${name}`],
    cause: { by: "request", asker: { pid: 7, uid: 0, command: "initctl" } },
  });
  assert.match(
    scene.whyText("web", { journal: [record(1, "sdb")] }),
    /^ {4}no job here emits it\n {4}the last disk came with NAME=sdb, which does not match$/m,
  );
  assert.match(
    scene.whyText("web", { journal: [record(1, "sda"), record(2, "sdb")] }),
    /^ {4}the last one came 9 min ago by root \(initctl, pid 7\): what has gone by does not count$/m,
  );
});

Deno.test("startup comes once: of a job that it has started, and of one that came too late", () => {
  const journal: JournalRecord[] = [{
    number: 1,
    at: BEGIN - 120_000,
    kind: "event",
    event: "startup",
    environment: [],
    cause: { by: "init" },
  }];
  const started = { at: BEGIN - 120_000, cause: { by: "event" as const, event: "startup", environment: [] } };
  const scene = new Scene({ web: { startOn: "startup" } });
  assert.equal(
    scene.whyText("web", { journal }),
    text(`
    web has not been started: it waits for startup, which comes only once, as init begins
      [no] start on startup: it comes only once, as init begins, 2 min ago
      \`initctl start web' starts it`),
  );
  assert.match(
    scene.whyText("web", { journal, report: report([job("web", { past: [run({ started })] })]) }),
    /^ {2}\[no\] start on startup: it comes only once, and has started it, 2 min ago\n {2}`initctl start/m,
  );
});

Deno.test("how to start an instance is told with its variables", () => {
  const scene = new Scene({ tty: { instance: "$N-${DEV}" } });
  assert.match(scene.whyText("tty"), /^ {2}`initctl start tty N=… DEV=…' starts it$/m);
});

Deno.test("an event that has come is told with when and by whom", () => {
  const scene = new Scene({ web: { startOn: and("disk NAME=sda", "net") } }).event("disk", "NAME=sda");
  const journal: JournalRecord[] = [{
    number: 1,
    at: BEGIN - 5000,
    kind: "event",
    event: "disk",
    environment: ["NAME=sda"],
    cause: { by: "job", job: "finder", instance: "" },
  }];
  assert.match(
    scene.whyText("web", { journal }),
    /\[yes\] disk NAME=sda: it came 5 s ago by the job finder$/m,
  );
});

Deno.test("jobs that start on each other are a circle, seen from inside and from outside", () => {
  const scene = new Scene({
    a: { startOn: "started b" },
    b: { startOn: "started a" },
    c: { startOn: "started a" },
  });
  for (const job of ["a", "b", "c"]) {
    const [first] = scene.why(job);
    assert.equal(first!.isStuck, true);
    assert.deepEqual(first!.reasons[0]!.kind, "circle");
    assert.deepEqual(first!.reasons[0]!.members!.toSorted(), ["a", "b"]);
  }
});

Deno.test("circles of needs, and needs that nobody provides", () => {
  const scene = new Scene({
    web: { needs: ["db"] },
    db: { needs: ["web"] },
    x: { needs: ["redsi"] },
    redis: {},
  });
  const [web] = scene.why("web"), [x] = scene.why("x");
  assert.equal(web!.summary, "web cannot start: web needs db, db needs web");
  assert.deepEqual(web!.reasons[0]!.members, ["web", "db"]);
  assert.equal(
    x!.summary,
    "x cannot start: x needs redsi, which no job provides; did you mean `redis'?",
  );
});

Deno.test("the chain of needs goes down to the process that holds all", () => {
  const scene = new Scene({
    web: { needs: ["db"], semantics: "rouse" },
    db: { needs: ["disk"] },
    disk: { task: true },
  });
  scene.simulator.behave("disk", "main", ["stays"]);
  assertWhy(
    scene.start("web"),
    "web",
    `
    web is starting: it waits for db, which waits for disk to complete
      [no] it needs db, which is not up
        db is starting: it waits for disk to complete
          [no] it needs disk, which has not done its work
            disk has been at work for 0 ms
              its main process 1001: sh -e /proc/self/fd/9, for 2 min
      1 request waits for it`,
    { process: PROCESS },
  );
});

Deno.test("an event that is not over: which job holds it, and that job's hook", () => {
  const scene = new Scene({
    hook: { startOn: "starting web", task: true, runs: ["pre-start", "main"] },
    web: { startOn: "startup" },
    after: { startOn: "started web" },
  });
  scene.simulator.behave("hook", "pre-start", ["stays"]);
  scene.event("startup");
  assertWhy(
    scene,
    "web",
    `
    web is starting: it waits until its event starting is over
      starting JOB=web is held by hook, which is starting: its pre-start process (1001) still runs
        its pre-start process 1001: sh -e /proc/self/fd/9, for 2 min
      it was started by the event startup
      the event startup waits for it`,
    { process: PROCESS },
  );
  assert.match(
    scene.whyText("after"),
    /^ {8}its pre-start process 1001$/m,
    "the chain is told of who waits for the job, too",
  );
  assert.match(
    scene.whyText("hook", { process: PROCESS }),
    /^ {2}the event starting JOB=web waits for it, and web for that\n {2}`initctl stop --force hook' ends what hangs$/m,
  );
});

Deno.test("an event that half a condition holds", () => {
  const scene = new Scene({ web: {}, gate: { startOn: and("starting web", "opened") } }).start("web");
  assertWhy(
    scene,
    "web",
    `
    web is starting: it waits until its event starting is over
      starting JOB=web is held by the start on of gate, which waits for more
        [no] start on: all of these
          [yes] starting web: it came from web
          [no] opened: it has not come
            nothing here emits it
      1 request waits for it`,
  );
  assert.equal(scene.why("web")[0]!.isStuck, true);
});

Deno.test("a respawn that is delayed: when, and why", () => {
  const scene = new Scene({
    web: {
      respawn: true,
      semantics: "rouse",
      respawnDelay: { delay: 10, factor: 2, max: 60, jitter: 0, resetAfter: 60 },
    },
  });
  scene.simulator.behave("web", "main", [{ status: 3 }]);
  const [web] = scene.start("web").why("web");
  assert.equal(web!.verdict, "respawning");
  assert.equal(
    web!.summary,
    "web is started again in 10 s, for it has failed: its main process ended with status 3",
  );
});

Deno.test("a level, and a job that is on its way down", () => {
  const scene = new Scene({ web: { startOn: "while-up net" }, net: { startOn: "cable" } });
  assert.match(
    scene.whyText("web"),
    /^web has not been started: it waits for while net is up, which never comes as things are\n {2}\[no\] start on while net is up: it is not\n {4}net is stopped$/m,
  );
  assert.match(scene.event("cable").whyText("web"), /^ {2}\[yes\] start on while net is up: it is$/m);
});

Deno.test("a stop: what holds it, when it is killed, and who waits for it", () => {
  const scene = new Scene({ fs: {}, web: { stopOn: "stopping fs" } }).start("fs");
  scene.simulator.behave("web", "main", ["stubborn"]);
  scene.start("web").stop("fs");
  assertWhy(
    scene,
    "fs",
    `
    fs is stopping: it waits until its event stopping is over
      stopping JOB=fs is held by web, which is stopping: its main process (1002) still runs
        its main process 1002
        in 5 s, its main process gets SIGKILL
      its main process 1001`,
  );
  assert.match(scene.whyText("web"), /^ {2}it was stopped by the event stopping$/m);
});

Deno.test("readiness that does not come, with when the start is given up", () => {
  const scene = new Scene({ web: { semantics: "rouse", ready: { kind: "tcp", address: "80" } } });
  scene.simulator.answer("web", "ready", { fails: "connection refused on 127.0.0.1:80" });
  assertWhy(
    scene.start("web"),
    "web",
    `
    web is starting: it is not ready: connection refused on 127.0.0.1:80
      in 90 s, its start has taken too long, and fails
      its main process 1001
      1 request waits for it`,
  );
});

Deno.test("the last run, and who stopped it, as init reports them", () => {
  const scene = new Scene({ web: {}, api: {}, done: { task: true } });
  const last = { at: BEGIN - 120_000, duration: 3000, process: "main" as const, exit: { status: 44 } };
  const failed = job("web", {
    past: [run({
      last: { ...last, isFailure: true, failures: 5, gaveUp: true },
      stopped: { at: last.at, cause: { by: "exit" } },
    })],
  });
  const stopped = job("api", {
    past: [run({ stopped: { at: BEGIN - 60_000, cause: { by: "request", asker: { pid: 9, uid: 1000 } } } })],
  });
  const known = { report: report([failed, stopped]) };
  const [web] = scene.why("web", known), [api] = scene.why("api", known);
  assert.equal(web!.verdict, "failed");
  assert.equal(
    web!.summary,
    "web is down: its last run failed: exited 44 after 3 s, 2 min ago, 5th time in a row, gave up",
  );
  assert.equal(api!.verdict, "stopped");
  assert.equal(api!.summary, "api is stopped: it was stopped 60 s ago by user 1000 (pid 9)");
  scene.simulator.behave("done", "main", [{ status: 0 }]);
  assert.equal(scene.start("done").why("done")[0]!.verdict, "completed");
});

Deno.test("a file that is wrong: of a job that is not there, and of one whose last good definition is in force", () => {
  const scene = new Scene({ web: {} });
  const broken = report([], [{ job: "bad", problem: "/etc/init/bad.conf:2: Unknown stanza `foo'" }]);
  const [bad] = scene.why("bad", { report: broken });
  assert.equal(bad!.verdict, "broken");
  assert.equal(bad!.reasons[0]!.text, "/etc/init/bad.conf:2: Unknown stanza `foo'");
  const old = report([job("web", { problem: "/etc/init/web.conf:3: Missing argument" })]);
  assert.match(
    scene.whyText("web", { report: old }),
    /its file is wrong, so its last good definition is in force: \/etc\/init\/web.conf:3: Missing argument/,
  );
  const full = "unable to write /var/log/upstart/web.log: No space left on device";
  const unlogged = report([job("web", { logProblem: full })]);
  assert.ok(scene.whyText("web", { report: unlogged }).includes(`its log fails: ${full}`));
  assert.throws(
    () => scene.why("bda", { report: broken }),
    new NoAnswer("Unknown job: bda; did you mean `bad'?"),
  );
});

Deno.test("an instance that the variables name, and all of them without", () => {
  const scene = new Scene({ tty: { instance: "$N" } });
  for (const name of ["1", "2"]) {
    scene.simulator.request({ kind: "start", job: "tty", environment: [`N=${name}`], wait: false });
  }
  assert.deepEqual(scene.why("tty").map(({ instance }) => instance), ["1", "2"]);
  assert.deepEqual(scene.why("tty", {}, ["N=2"]).map(({ instance }) => instance), ["2"]);
  assert.match(scene.why("tty", {}, ["N=3"])[0]!.summary, /^tty \(3\) has not been started/);
  assert.throws(() => scene.why("tty", {}, ["M=3"]), /which instance of tty is meant: Unknown parameter: N$/);
});

Deno.test("a summary, and the title of a trial, cannot control a terminal either", () => {
  const scene = new Scene({ tty: { instance: "$N" } }), name = "\x1b]0;x\x07\n\x9b\u202e";
  const safe = "\\e]0;x\\x07\\n\\x9b\\u202e", environment = [`N=${name}`];
  const [absent] = scene.why("tty", {}, environment);
  assert(absent!.summary.startsWith(`tty (${safe}) has not been started`), absent!.summary);
  scene.simulator.request({ kind: "start", job: "tty", environment, wait: false });
  assert(scene.why("tty")[0]!.summary.startsWith(`tty (${safe}) `));
  assert(
    scene.whatIfText({ kind: "emit", event: name, environment: [] }).startsWith(`If the event ${safe} `),
  );
});

Deno.test("init on its way down starts no services", () => {
  const scene = new Scene({ web: { startOn: "go" }, old: {} }).start("old");
  scene.simulator.behave("old", "main", ["stubborn"]);
  scene.simulator.handle({ kind: "stop-all" });
  assert.match(scene.whyText("web"), /^ {2}init is on its way down: events start no services any more$/m);
});

Deno.test("names that others have chosen cannot control a terminal", () => {
  const scene = new Scene({ web: { startOn: and("disk", "net") } }).event("disk", "NAME=\x1b[2J\nfake");
  assert.doesNotMatch(JSON.stringify(scene.why("web").map(({ reasons }) => reasons[0]!.text)), /\\u001b/);
  assert.ok(scene.whyText("web").split("\n").every((line) => !line.startsWith("fake")));
});

Deno.test("dependencies in the words of a job's own format: of those that provide a name, the one that is up", () => {
  const scene = new Scene({
    disk: {},
    exim: { provides: ["mta"] },
    postfix: { provides: ["mta"] },
    logger: {},
    web: {
      uses: ["disk", "exim", "postfix"],
      after: ["logger", "clock"],
      relations: {
        disk: { kind: "needs" },
        exim: { kind: "needs", as: "mta" },
        postfix: { kind: "needs", as: "mta" },
        logger: { kind: "uses" },
      },
    },
    clock: {},
  });
  assertWhy(
    scene.start("postfix"),
    "web",
    `
    web has not been started: a request starts it, or a job that needs it
      it has no start on: a request starts it, or a job that needs it
      [no] it needs disk, which is not up
        disk is stopped
          it has no start on: a request starts it, or a job that needs it
      [no] it uses logger, which is not up
        logger is stopped
          it has no start on: a request starts it, or a job that needs it
      [yes] it needs mta (postfix), which has been up for 0 ms
      \`initctl start web' starts it`,
  );
});
