/** What init keeps of what has happened, as clients read it: why jobs failed, who asked, and what they printed last. */

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import process from "node:process";
import type { Client } from "../lib/control/client/client.ts";
import { describe, readJournal, readOutput, readSnapshot } from "../lib/control/client/insight.ts";
import { connectBeside as connect } from "../lib/control/testing/socket_client.ts";
import type { JournalRecord } from "../lib/model/insight/journal.ts";
import type { InstanceReport } from "../lib/model/insight/report.ts";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { procFile } from "./support/processes.ts";

/** Runs a test with an init that has these jobs, and a client. */
async function withInit(
  jobs: Record<string, string>,
  test: (init: RunningInit, client: Client) => Promise<void>,
): Promise<void> {
  await using init = await RunningInit.start({ jobs });
  const client = await connect(init.environment["UPSTART_SESSION"]!);
  try {
    await test(init, client);
  } finally {
    client.close();
  }
}

/** The records of a job. */
async function recordsOf(client: Client, job: string): Promise<JournalRecord[]> {
  return (await readJournal(client, { jobs: [job] })).items;
}

/** The last run of a job that has one instance. */
async function lastRun(client: Client, job: string): Promise<InstanceReport> {
  const { jobs: [report] } = await describe(client, [job]);
  return [...report!.instances, ...report!.past][0]!;
}

Deno.test("jobs that fail in several ways: the report says how, and the journal has it", () =>
  withInit({
    "binary.conf": "exec /usr/bin/nosuch\n",
    "status.conf": "task\nexec sh -c 'exit 44'\n",
    "hook.conf": "pre-start exec false\nexec sleep 1000\n",
    "loop.conf": "respawn\nrespawn limit 2 60\nexec sh -c 'exit 7'\n",
    "signal.conf": "task\nexec sh -c 'kill -SEGV $$'\n",
    "late.conf": "ready notify\nstart timeout 2\nexec sleep 1000\n",
  }, async (init, client) => {
    for (const job of ["binary", "status", "hook", "signal", "late"]) {
      assert.equal((await init.initctl("start", job)).exit, 1, job);
    }
    await init.initctl("start", "loop");
    await init.until(["status", "loop"], /^loop stop\/waiting/);
    const expected: Record<string, unknown> = {
      binary: {
        process: "main",
        reason:
          "its main process could not be run: unable to execute /usr/bin/nosuch: No such file or directory",
        failures: 1,
      },
      status: { process: "main", exit: { status: 44 }, failures: 1 },
      hook: { process: "pre-start", exit: { status: 1 }, failures: 1 },
      loop: { process: "main", exit: { status: 7 }, failures: 3, gaveUp: true },
      late: {
        process: "main",
        reason: "late is not ready after 2 s: it has not sent READY=1",
        failures: 1,
      },
    };
    for (const [job, facts] of Object.entries(expected)) {
      const { last } = await lastRun(client, job);
      const { at: _, duration, failuresSince: __, isFailure, ...rest } = last!;
      assert.deepEqual(rest, facts, job);
      assert.equal(isFailure, true);
      assert.equal(duration === undefined, job === "binary", job);
      const failed = (await recordsOf(client, job)).filter(({ kind }) => kind === "failed");
      assert.deepEqual(failed.at(-1), { ...failed.at(-1)!, result: last }, job);
    }
    const { exit } = (await lastRun(client, "signal")).last!;
    assert.equal(exit && "signal" in exit && exit.signal, 11);
    assert.equal((await lastRun(client, "loop")).restarts, 2);
    const spawnFailed = (await recordsOf(client, "binary")).find(({ kind }) => kind === "spawn-failed");
    assert.equal(
      spawnFailed?.kind === "spawn-failed" && spawnFailed.reason,
      "unable to execute /usr/bin/nosuch: No such file or directory",
    );
  }));

Deno.test("who started and stopped a job is told: a client, an event, another job", () =>
  withInit({
    "web.conf": "start on go\nstop on halt-web\nexec sleep 1000\n",
    "db.conf": "exec sleep 1000\n",
    "shop.conf": "needs db\nexec sleep 1000\n",
  }, async (init, client) => {
    await init.initctl("start", "shop");
    await init.initctl("emit", "go", "A=1");
    const shop = await lastRun(client, "shop"), asker = shop.started!.cause;
    assert.ok(asker.by === "request" && asker.asker!.uid === process.getuid!());
    assert.equal(asker.by === "request" && asker.asker!.command, "initctl");
    assert.deepEqual((await lastRun(client, "db")).started!.cause, { by: "dependency", job: "shop" });
    const web = await lastRun(client, "web");
    assert.deepEqual(web.started!.cause, { by: "event", event: "go", environment: ["A=1"] });
    assert.equal(web.stopped, undefined);
    assert.equal(web.processes[0]!.name, "main");
    assert.ok(web.processes[0]!.since! >= web.started!.at);
    await init.initctl("emit", "halt-web");
    assert.deepEqual((await lastRun(client, "web")).stopped!.cause, {
      by: "event",
      event: "halt-web",
      environment: [],
    });
    await init.initctl("stop", "db");
    const stopped = (await lastRun(client, "db")).stopped!.cause;
    assert.equal(stopped.by, "request");
    assert.deepEqual((await lastRun(client, "shop")).stopped!.cause, { by: "dependency", job: "db" });
    assert.equal((await init.initctl("stop", "db")).exit, 1);
    const requests = (await recordsOf(client, "db")).flatMap((record) =>
      record.kind === "request" ? record : []
    );
    assert.deepEqual(requests.map(({ what, error }) => [what, error]), [
      ["stop db", undefined],
      ["stop db", "Unknown instance: "],
    ]);
  }));

Deno.test("of a process the start is recorded before the end, however short it lives", () => {
  const jobs = Array.from(
    { length: 30 },
    (_, index) => [`job${index}.conf`, "task\nstart on go\nexec true\n"],
  );
  return withInit(Object.fromEntries(jobs), async (init, client) => {
    await init.initctl("emit", "go");
    const running = new Set<number>(), { items } = await readJournal(client, {});
    let ended = 0;
    for (const record of items) {
      if (record.kind === "spawned") running.add(record.pid);
      if (record.kind !== "exited") continue;
      assert.ok(running.delete(record.pid!), `${record.job} has ended before its start`);
      ended++;
    }
    assert.deepEqual([ended, running.size], [30, 0]);
    const { jobs } = await describe(client, []);
    assert.ok(jobs.every(({ past: [run] }) => run!.last!.duration !== undefined));
  });
});

Deno.test("output is kept beside the log, also when the job is gone, and a reader may wait for it", () =>
  withInit({
    "web.conf": "script\necho one\necho two >&2\nprintf three\nend script\n",
    "loud.conf": "instance $N\ntask\nconsole pipe\nexec seq 1 $N\n",
  }, async (init, client) => {
    const waiting = readOutput(client, {}, true);
    const other = await connect(init.environment["UPSTART_SESSION"]!);
    await init.initctl("start", "web");
    assert.equal((await waiting).items[0]!.text, "one");
    const lines = await until("all is kept", async () => {
      const { items } = await readOutput(other, { jobs: ["web"] });
      return items.length === 3 && items;
    });
    assert.deepEqual(lines.map(({ job, instance, text }) => [job, instance, text]), [
      ["web", "", "one"],
      ["web", "", "two"],
      ["web", "", "three"],
    ]);
    await init.initctl("start", "loud", "N=5000");
    const { items } = await readOutput(other, { jobs: ["loud"], last: true, most: 2 });
    assert.deepEqual(items.map(({ instance, text }) => [instance, text]), [["5000", "4999"], [
      "5000",
      "5000",
    ]]);
    other.close();
  }));

Deno.test("a flood of events and output takes no more memory than the bounds, and what is rare stays", () =>
  withInit({ "loud.conf": "task\nconsole pipe\nexec seq 1 3000000\n" }, async (init, client) => {
    await init.initctl("emit", "first");
    const flood =
      "i=0; while [ $i -lt 40 ]; do initctl emit --no-wait flood A=$(seq -s, 1 5000); i=$((i+1)); done";
    await init.shell(flood);
    await init.initctl("start", "loud");
    for (let round = 0; round < 3000; round++) {
      await client.call("/com/ubuntu/Upstart", "com.ubuntu.Upstart0_6", "EmitEvent", "sasb", [
        "x",
        [],
        false,
      ]);
    }
    const rss = Number(/^VmRSS:\s+(\d+)/m.exec(procFile(init.pid, "status")!)![1]);
    assert.ok(rss < 200_000, `${rss} KB`);
    const { items, lost } = await readJournal(client, {});
    assert.ok(lost > 1000);
    assert.ok(items.some((record) => record.kind === "request" && record.what === "start loud"));
    const page = await readOutput(client, { jobs: ["loud"], last: true, most: 1 });
    assert.equal(page.items[0]!.text, "3000000");
    assert.ok(page.lost > 10_000_000);
  }));

Deno.test("files that define no job because of a problem are named, and so is one that has one now", () =>
  withInit({ "bad.conf": "start on (\n", "web.conf": "exec sleep 1000\n" }, async (init, client) => {
    const { broken } = await describe(client);
    assert.deepEqual(broken.map(({ job }) => job), ["bad"]);
    assert.match(broken[0]!.problem, /bad\.conf:1: Expected event/);
    init.write("web.conf", "exec (\nnonsense\n");
    const [web] = await until("the problem is known", async () => {
      const { jobs } = await describe(client, ["web"]);
      return jobs[0]!.problem !== undefined && jobs;
    });
    assert.match(web!.problem!, /web\.conf:2: /);
    assert.equal(web!.isChanged, true);
    const brokenOf = async (...jobs: string[]) => (await describe(client, jobs)).broken.map(({ job }) => job);
    assert.deepEqual(await brokenOf("web"), []);
    assert.deepEqual(await brokenOf("web", "bad"), ["bad"]);
    const { items } = await readJournal(client, {});
    assert.ok(items.some((record) => record.kind === "message" && record.message.includes("web.conf:2: ")));
  }));

Deno.test("many jobs are described in parts, and the state of the engine is one that can be restored", () =>
  withInit(
    Object.fromEntries(Array.from({ length: 450 }, (_, index) => [`job${index}.conf`, "exec sleep 1000\n"])),
    async (_, client) => {
      const { jobs, next } = await describe(client);
      assert.equal(jobs.length, 450);
      assert.equal(next, undefined);
      assert.equal((await readSnapshot(client)).jobs.length, 450);
    },
  ));

Deno.test("what a job did is shown when its file is gone, and of a file with an error that there is none", () =>
  withInit({ "web.conf": "task\nexec echo hello\n", "typo.conf": "exce true\n" }, async (init) => {
    await init.ask("start", "web");
    rmSync(init.path("conf/web.conf"));
    await init.until(["list"], /^$/);
    assert.match(await init.ask("events", "web"), /web.* exited 0|web.*starting/);
    assert.match(await init.ask("logs", "web"), /hello\n$/);
    const { exit, stderr } = await init.initctl("events", "typo");
    assert.equal(exit, 1);
    assert.match(stderr, /^initctl: typo is not defined, as its file has an error: .*Unknown stanza/);
    const data = JSON.parse((await init.initctl("logs", "wbe", "--json")).stdout);
    assert.equal(data.error.name, "com.ubuntu.Upstart0_6.Error.UnknownJob");
    assert.match((await init.initctl("events", "wbe")).stderr, /^initctl: Unknown job: wbe\n$/);
  }));
