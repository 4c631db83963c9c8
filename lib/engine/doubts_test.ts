import assert from "node:assert/strict";
import type { Condition } from "../model/condition.ts";
import { emptyJob, type JobDefinition } from "../model/job.ts";
import { type DoubtKind, findDoubts } from "./doubts.ts";

function event(name: string, ...values: string[]): Condition {
  const matches = values.map((text) => {
    const [, key, negation, value] = /^(?:(\w+)(!?)=)?(.*)$/.exec(text)!;
    return { value: value!, ...(key && { key }), ...(negation && { negated: true }) };
  });
  return { kind: "event", name, matches };
}

function job(name: string, fields: Partial<JobDefinition> = {}): JobDefinition {
  return { ...emptyJob(name, `/etc/init/${name}.conf`), ...fields };
}

/** The kinds of doubt about a job `web` with this start condition, beside `db`, `net/eth0` and a job that emits. */
function kinds(startOn: Condition): string[] {
  const others = [job("db"), job("net/eth0"), job("src", { emits: ["disk-ready", "net-*"] })];
  return findDoubts([job("web", { startOn }), ...others]).map(({ kind }) => kind);
}

Deno.test("events that come, and jobs that are there, raise no doubt", () => {
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

Deno.test("a job or an event that is not known", () => {
  assert.deepEqual(kinds(event("started", "bd")), ["unknown-job"]);
  assert.deepEqual(kinds(event("stopped", "JOB=net/wlan*")), ["unknown-job"]);
  assert.deepEqual(kinds(event("disk-raedy")), ["unknown-event"]);
  assert.deepEqual(kinds({ kind: "or", left: event("x"), right: event("started", "y") }), [
    "unknown-event",
    "unknown-job",
  ]);
});

Deno.test("an and that keeps a half, or holds a job up", () => {
  const and = (left: Condition, right: Condition): Condition => ({ kind: "and", left, right });
  assert.deepEqual(kinds(and(event("disk-ready"), event("net-up"))), []);
  assert.deepEqual(kinds(and(event("started", "db"), event("net-up"))), ["kept-half"]);
  assert.deepEqual(kinds(and(event("net-up"), event("starting", "db"))), ["held-job"]);
  assert.deepEqual(kinds({ kind: "or", left: event("starting", "db"), right: event("stopped", "db") }), []);
});

Deno.test("a doubt says where it is and what is wrong", () => {
  assert.deepEqual(findDoubts([job("web", { stopOn: event("stopped", "bd") })]), [{
    kind: "unknown-job",
    job: "web",
    source: "/etc/init/web.conf",
    stanza: "stop on",
    reason: "stop on: no job `bd' is known, so `stopped bd' never comes",
  }]);
});

Deno.test("only the kinds that are asked for are told", () => {
  const doubtful: Condition = { kind: "and", left: event("x"), right: event("started", "y") };
  const told = (...kinds: DoubtKind[]) =>
    findDoubts([job("web", { startOn: doubtful })], new Set(kinds)).map(({ kind }) => kind);
  for (const kind of ["unknown-event", "unknown-job", "kept-half"] as const) {
    assert.deepEqual(told(kind), [kind]);
  }
  assert.deepEqual(told("held-job"), []);
  assert.deepEqual(told(), []);
});
