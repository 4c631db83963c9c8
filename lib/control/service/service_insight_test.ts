/** What the control service tells of what has happened: who may read what, and how readers wait. */

import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { once } from "node:events";
import type { JournalRecord } from "../../model/insight/journal.ts";
import type { InstanceReport, Report } from "../../model/insight/report.ts";
import { decode } from "../../dbus/testing/decode.ts";
import { describe, readJournal, readOutput, readSnapshot } from "../client/insight.ts";
import { INSIGHT_INTERFACE } from "../names.ts";
import type { FakeSupervisor } from "../testing/fake_supervisor.ts";
import { call, greeted, otherGreeted, withOthers, withService } from "../testing/service.ts";

const ASKER = { pid: 7, uid: 0, command: "initctl", parent: { pid: 6, command: "sh" } };

const RECORDS: JournalRecord[] = [
  { number: 1, at: 10, kind: "request", what: "start web", job: "web", asker: ASKER, error: "secret" },
  { number: 2, at: 11, kind: "message", priority: "warn", message: "secret" },
  {
    number: 3,
    at: 12,
    kind: "event",
    event: "go",
    environment: ["A=secret"],
    cause: { by: "request", asker: ASKER },
  },
  {
    number: 4,
    at: 13,
    kind: "goal",
    job: "web",
    instance: "",
    goal: "start",
    cause: { by: "event", event: "go", environment: ["A=secret"] },
  },
  { number: 5, at: 14, kind: "event-over", event: "go", environment: ["A=secret"] },
];

const INSTANCE: InstanceReport = {
  name: "",
  goal: "start",
  state: "running",
  processes: [],
  started: { at: 1, cause: { by: "event", event: "go", environment: ["A=secret"] } },
  restarts: 0,
  timers: [],
  checks: [{ use: "health", kind: "exec", what: "check --password secret" }],
  waitsFor: [],
};

const REPORT: Report = {
  now: 20,
  since: 1,
  jobs: [{
    name: "web",
    source: "web.conf",
    semantics: "upstart",
    isTask: false,
    isChanged: true,
    problem: "secret",
    isCompleted: false,
    limits: {},
    instances: [INSTANCE],
    past: [{ ...INSTANCE, name: "past" }],
  }],
  broken: [{ job: "db", problem: "secret" }],
};

function filled(init: FakeSupervisor): void {
  init.insight.records.push(...RECORDS);
  init.insight.lines.push({ number: 4, at: 1, job: "web", instance: "", text: "hello" });
  init.insight.report = REPORT;
}

/** The arguments of a method that reads pages, as a message's fields. */
function pageCall(wait: boolean, after = 0n) {
  const body = [[], after, 0n, 100, false, wait];
  return { interface: INSIGHT_INTERFACE, signature: "asttubb", body };
}

Deno.test("the journal, the output, reports and the engine's state are read", () =>
  withService(async (init, _, client) => {
    filled(init);
    assert.deepEqual(await readJournal(client, {}), { items: RECORDS, next: 5, lost: 0 });
    assert.deepEqual((await readJournal(client, { after: 1, most: 2 })).items, RECORDS.slice(1, 3));
    assert.deepEqual((await readOutput(client, {})).items, init.insight.lines);
    assert.deepEqual(await describe(client, ["web"]), REPORT);
    assert.equal((await readSnapshot(client)).jobs.length, 0);
  }));

Deno.test("who waits is answered when there is something, and others before", () =>
  withService(async (init, _, client) => {
    const waiting = readJournal(client, {}, true);
    assert.deepEqual(await readJournal(client, {}), { items: [], next: 0, lost: 0 });
    assert.equal(init.insight.waiting, 1);
    init.insight.add(RECORDS[0]!);
    assert.deepEqual((await waiting).items, [RECORDS[0]]);
    assert.equal(init.insight.waiting, 0);
    assert.deepEqual((await readJournal(client, {}, true)).next, 1);
  }));

Deno.test("a reader that goes on behind all numbers gets nothing, and an answer", () =>
  withService(async (init, _, client) => {
    filled(init);
    for (const after of [2 ** 53, 2 ** 63, 2 ** 64 - 2048]) {
      const { items, next } = await readJournal(client, { after, since: after });
      assert.deepEqual([items, next], [[], Number.MAX_SAFE_INTEGER]);
    }
  }));

Deno.test("who waits for nothing is answered at once", () =>
  withService(async (init, _, client) => {
    filled(init);
    assert.deepEqual((await readJournal(client, { most: 0 }, true)).items, []);
    assert.deepEqual((await readOutput(client, { most: 0 }, true)).items, []);
    assert.equal(init.insight.waiting, 0);
  }));

Deno.test("who waits and goes is forgotten", () =>
  withService(async (init, address, client) => {
    const socket = await greeted(address);
    socket.write(call("ReadOutput", pageCall(true)));
    while (init.insight.waiting < 1) await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    while (init.insight.waiting > 0) await new Promise((resolve) => setImmediate(resolve));
    // The service still answers.
    await readJournal(client, {});
  }));

Deno.test("others read no values of variables, command lines, messages, problems, output and state", () =>
  withOthers(async (init, address) => {
    filled(init);
    const socket = await otherGreeted(address);
    const ask = async (member: string, fields: Parameters<typeof call>[1]) => {
      const answer = once(socket, "data");
      socket.write(call(member, fields));
      return decode((await answer)[0] as Buffer);
    };
    const denied = "com.ubuntu.Upstart0_6.Error.PermissionDenied";
    assert.equal((await ask("ReadOutput", pageCall(false))).errorName, denied);
    assert.equal((await ask("Snapshot", { interface: INSIGHT_INTERFACE })).errorName, denied);
    const [records] = (await ask("ReadJournal", pageCall(false))).body as [string];
    assert.deepEqual(JSON.parse(records), [
      { number: 1, at: 10, kind: "request", what: "start web", job: "web", asker: { pid: 7, uid: 0 } },
      { ...RECORDS[2], environment: ["A="], cause: { by: "request", asker: { pid: 7, uid: 0 } } },
      { ...RECORDS[3], cause: { by: "event", event: "go", environment: ["A="] } },
      { ...RECORDS[4], environment: ["A="] },
    ]);
    const fields = { interface: INSIGHT_INTERFACE, signature: "ass", body: [[], ""] };
    const [text] = (await ask("Describe", fields)).body as [string];
    const { jobs: [web], broken } = JSON.parse(text) as Report;
    assert.equal(web!.problem, undefined);
    for (const { started, checks } of [...web!.instances, ...web!.past]) {
      assert.deepEqual(started!.cause, { by: "event", event: "go", environment: ["A="] });
      assert.deepEqual(checks, [{ use: "health", kind: "exec", what: "exec" }]);
    }
    assert.deepEqual(broken, [{ job: "db", problem: "" }]);
    assert.ok(!records.includes("secret") && !text.includes("secret"));
    socket.destroy();
  }));

Deno.test("another user who waits is not answered with nothing", () =>
  withOthers(async (init, address) => {
    const socket = await otherGreeted(address);
    const answer = once(socket, "data");
    socket.write(call("ReadJournal", pageCall(true)));
    while (init.insight.waiting < 1) await new Promise((resolve) => setImmediate(resolve));
    init.insight.add(RECORDS[1]!);
    init.insight.add(RECORDS[4]!);
    const [records, next] = decode((await answer)[0] as Buffer).body as [string, bigint];
    assert.deepEqual(JSON.parse(records).map(({ number }: JournalRecord) => number), [5]);
    assert.equal(next, 5n);
    socket.destroy();
  }));
