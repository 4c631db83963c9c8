import assert from "node:assert/strict";
import { KNOWN_EVENTS } from "../author/known_events.ts";
import type { JobCondition } from "../model/condition.ts";
import { INIT_EVENTS, RUNLEVEL_EVENT, SESSION_EVENT } from "../model/init_events.ts";
import { emptyJob, type JobDefinition } from "../model/job.ts";
import { foldFindings, lintConditions, type LintKind, suggestion } from "./conditions.ts";

function event(name: string, ...values: string[]): JobCondition {
  const matches = values.map((text) => {
    const [, key, negation, value] = /^(?:(\w+)(!?)=)?(.*)$/.exec(text)!;
    return { value: value!, ...(key && { key }), ...(negation && { negated: true }) };
  });
  return { kind: "event", name, matches };
}

function job(name: string, fields: Partial<JobDefinition> = {}): JobDefinition {
  return { ...emptyJob(name, `/etc/init/${name}.conf`), ...fields };
}

/** The kinds of findings about a job `web` with this start condition, beside `db`, `net/eth0` and a job that emits. */
function kinds(startOn: JobCondition): string[] {
  const others = [
    job("db"),
    job("net/eth0"),
    job("src", { emits: ["disk-ready", "net-*"] }),
    job("migrate", { task: true }),
  ];
  return lintConditions([job("web", { startOn }), ...others]).map(({ kind }) => kind);
}

Deno.test("events that come, and jobs that are there, give no finding", () => {
  for (
    const condition of [
      event("startup"),
      event("disk-ready"),
      event("net-up", "IFACE=eth0"),
      event("disk-ready/failed"),
      event("started", "db"),
      event("started", "JOB=db", "INSTANCE=1"),
      event("started", "INSTANCE=1", "JOB=db"),
      event("stopped", "net/*"),
      event("stopped", "JOB!=nobody"),
      event("stopping", "$PARENT"),
      event("started"),
      event("started", "INSTANCE=x"),
    ]
  ) assert.deepEqual(kinds(condition), [], JSON.stringify(condition));
});

Deno.test("values that events of jobs never have", () => {
  const reasons = (...values: string[]) =>
    lintConditions([
      job("web", { startOn: event(values[0]!, ...values.slice(1)) }),
      job("db", { export: ["EXIT_STATUS"] }),
    ])
      .filter(({ kind }) => kind === "never-comes").map(({ reason }) => reason);
  for (
    const values of [
      ["stopped", "db", "RESULT=ok"],
      ["stopped", "db", "RESULT=f*"],
      ["stopping", "db", "RESULT!=ok"],
      ["stopped", "db", "RESULT=$RESULT"],
      ["stopped", "db", "EXIT_SIGNAL=KILL"],
      ["stopped", "db", "EXIT_SIGNAL=34"],
      ["stopped", "db", "PROCESS=pre-start"],
      ["started", "db", "EXIT_STATUS=3"],
      ["disk-ready", "RESULT=fine"],
    ]
  ) assert.deepEqual(reasons(...values), [], values.join(" "));
  assert.deepEqual(reasons("stopped", "db", "RESULT=success"), [
    "start on: RESULT is never `success'; it is ok or failed",
  ]);
  assert.deepEqual(reasons("stopped", "db", "RESULT!=*"), [
    "start on: RESULT is never other than `*'; it is ok or failed",
  ]);
  assert.deepEqual(reasons("stopped", "db", "EXIT_SIGNAL=SIGKILL"), [
    "start on: EXIT_SIGNAL is never `SIGKILL'; did you mean `KILL'?",
  ]);
  assert.deepEqual(reasons("stopped", "db", "PROCESS=maim"), ["start on: PROCESS is never `maim'"]);
  assert.deepEqual(reasons("started", "db", "RESULT=ok"), [
    "start on: `started' has no RESULT, which `stopping' and `stopped' have alone",
  ]);
  assert.deepEqual(reasons("started", "web"), [
    "start on: `started web' comes when the job itself is started, so that starts nothing",
  ]);
  assert.deepEqual(reasons("stopped", "web"), []);
});

Deno.test("a job or an event that is not known", () => {
  assert.deepEqual(kinds(event("started", "bd")), ["unknown-job"]);
  assert.deepEqual(kinds(event("stopped", "JOB=net/wlan*")), ["unknown-job"]);
  assert.deepEqual(kinds(event("disk-raedy")), ["unknown-event"]);
  assert.deepEqual(kinds({ kind: "or", left: event("x"), right: event("started", "y") }), [
    "unknown-event",
    "unknown-job",
  ]);
});

Deno.test("the events by which init's scripts are started and stopped are known", () => {
  for (const name of ["rc-prepare", "rc-stop", "rc-start"]) {
    assert.deepEqual(kinds(event(name, "RUNLEVEL=[2345]")), [], name);
  }
});

Deno.test("a start that needs a runlevel, where no job sets one", () => {
  const told = (startOn: JobCondition, ...others: JobDefinition[]) =>
    lintConditions([job("web", { startOn }), job("db"), ...others]).filter(({ kind }) =>
      kind === "no-runlevel"
    );
  const [runlevel, startup] = [event("runlevel", "[2345]"), event("startup")];
  for (
    const condition of [
      runlevel,
      { kind: "and", left: runlevel, right: startup },
      { kind: "or", left: runlevel, right: { kind: "and", left: startup, right: runlevel } },
    ] satisfies JobCondition[]
  ) assert.equal(told(condition).length, 1, JSON.stringify(condition));
  assert.deepEqual(told({ kind: "or", left: runlevel, right: startup }), []);
  assert.deepEqual(kinds(startup), []);
  const script = (text: string) => job("levels", { processes: { main: { kind: "script", text } } });
  assert.deepEqual(told(runlevel, script("initctl emit --no-wait runlevel RUNLEVEL=2\n")), []);
  assert.deepEqual(told(runlevel, script("exec telinit 2\n")), []);
  assert.deepEqual(told(runlevel, job("levels", { emits: ["runlevel"] })), []);
  assert.equal(told(runlevel, script("echo runlevel\n")).length, 1);
  const stops = lintConditions([job("web", { startOn: startup, stopOn: runlevel })]);
  assert.deepEqual(stops, []);
});

Deno.test("an and that keeps a half, or holds a job up", () => {
  const and = (left: JobCondition, right: JobCondition): JobCondition => ({ kind: "and", left, right });
  assert.deepEqual(kinds(and(event("disk-ready"), event("net-up"))), []);
  assert.deepEqual(kinds(and(event("started", "db"), event("net-up"))), ["half-stays-met"]);
  assert.deepEqual(kinds(and(event("net-up"), event("starting", "db"))), ["half-blocks-job"]);
  assert.deepEqual(kinds({ kind: "or", left: event("starting", "db"), right: event("stopped", "db") }), []);
});

Deno.test("that a task has been done stays true, and is meant to", () => {
  const ended = (job: string): JobCondition => ({
    kind: "and",
    left: event("disk-ready"),
    right: event("stopped", job),
  });
  assert.deepEqual(kinds(ended("migrate")), ["any-end"]);
  assert.deepEqual(kinds(ended("migr*")), ["any-end"]);
  const matches = [{ value: "migrate" }, { key: "RESULT", value: "ok" }];
  assert.deepEqual(kinds({ kind: "event", name: "stopped", matches }), []);
  assert.deepEqual(kinds(ended("db")), ["half-stays-met"]);
  assert.deepEqual(kinds(ended("*")), ["half-stays-met"]);
});

Deno.test("a condition of many halves is one finding", () => {
  const all = ["a", "b", "c", "d"].map((name) => event("started", name))
    .reduce((left, right) => ({ kind: "and", left, right }));
  const jobs = [job("web", { startOn: all }), ..."abcd".split("").map((name) => job(name))];
  assert.deepEqual(lintConditions(jobs).map(({ reason }) => reason), [
    "start on: `started a', `started b', `started c' and `started d' within an `and' stay met, " +
    "each also when its job is stopped or started again in the meantime",
  ]);
});

Deno.test("a fact is told once, with all the jobs that it concerns", () => {
  const startOn = event("disk-raedy");
  const jobs = [
    job("web", { startOn, stopOn: startOn }),
    job("db", { startOn }),
    job("api", { startOn, stopOn: event("stopping", "bd") }),
    job("src", { emits: ["disk-ready"] }),
  ];
  const findings = foldFindings(lintConditions(jobs));
  assert.deepEqual(findings.map(({ reason }) => reason), [
    "start on: no job says that it `emits disk-raedy', and init does not emit it either; db and api wait for it, too",
    "stop on: no job `bd' is known, so `stopping bd' never comes",
  ]);
  assert.deepEqual(findings.map((finding) => suggestion(finding, jobs)), ["disk-ready", "db"]);
});

Deno.test("what may have been meant", () => {
  const meant = (startOn: JobCondition) => {
    const jobs = [job("web", { startOn }), job("database")];
    return lintConditions(jobs).map((finding) => suggestion(finding, jobs) ?? finding.reason);
  };
  assert.deepEqual(meant(event("database")), ["started database"]);
  assert.deepEqual(meant(event("startde", "database")), ["started"]);
  assert.deepEqual(meant(event("started", "databse")), ["database"]);
  assert.deepEqual(meant(event("stop", "on", "runlevel", "[016]")), [
    "start on: the words `stop on' are taken for an event `stop'; did you mean `stop on runlevel [016]'?",
  ]);
});

Deno.test("a finding says where it is and what is wrong", () => {
  assert.deepEqual(lintConditions([job("web", { stopOn: event("stopped", "bd") })]), [{
    kind: "unknown-job",
    job: "web",
    source: "/etc/init/web.conf",
    stanza: "stop on",
    subject: "bd",
    reason: "stop on: no job `bd' is known, so `stopped bd' never comes",
  }]);
});

Deno.test("only the kinds that are asked for are told", () => {
  const suspect: JobCondition = { kind: "and", left: event("x"), right: event("started", "y") };
  const told = (...kinds: LintKind[]) =>
    lintConditions([job("web", { startOn: suspect })], new Set(kinds)).map(({ kind }) => kind);
  for (const kind of ["unknown-event", "unknown-job", "half-stays-met"] as const) {
    assert.deepEqual(told(kind), [kind]);
  }
  assert.deepEqual(told("half-blocks-job"), []);
  assert.deepEqual(told(), []);
});

Deno.test("the events that init emits are among those whose variables job modules know", () => {
  for (const event of [...INIT_EVENTS, RUNLEVEL_EVENT, SESSION_EVENT]) {
    assert(Object.hasOwn(KNOWN_EVENTS, event), event);
  }
});

Deno.test("a level is about a job that is called so, or a name that one provides, and is no event of stop on", () => {
  const all = (startOn: JobCondition, fields: Partial<JobDefinition> = {}) =>
    lintConditions([job("web", { startOn, ...fields }), job("exim", { provides: ["mta"] })])
      .map(({ reason }) => reason);
  assert.deepEqual(all(event("while-up", "exim")), []);
  assert.deepEqual(all(event("while-up", "mta")), []);
  assert.deepEqual(all(event("while-up", "ex*")), ["start on: no job `ex*' is known, so it is never up"]);
  assert.deepEqual(all(event("while-up")), ["start on: `while-up' takes the name of one job"]);
  assert.deepEqual(all(event("startup"), { stopOn: event("while-up", "exim") }), [
    "stop on: `while-up' has a meaning in `start on' alone",
  ]);
});
