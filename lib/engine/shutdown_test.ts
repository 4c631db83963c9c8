/** Stopping everything in the order that conditions imply, and how a run counts as one exit. */

import assert from "node:assert/strict";
import type { JobDefinition } from "../model/job.ts";
import { Bench } from "./testing/bench.ts";
import { and, job, or } from "./testing/definitions.ts";

/** A bench on which these services run; the stubborn ones end by SIGKILL alone. */
function running(jobs: JobDefinition[], stubborn: string[] = []): Bench {
  const bench = new Bench(jobs);
  for (const name of stubborn) bench.behave(name, "main", "stubborn");
  for (const { name, task } of jobs) if (!task) bench.start(name);
  return bench;
}

/** The main processes that still run. */
function left(bench: Bench): string[] {
  return Array.from(bench.running.values(), (process) => process.job).sort();
}

Deno.test("what stops on `stopping X` is gone before X is told to end", () => {
  const bench = running([
    job("database"),
    job("web", { stopOn: "stopping database", killTimeout: 3 }),
    job("proxy", { stopOn: or("stopping web", "runlevel 0"), killTimeout: 2 }),
    job("cron"),
  ], ["database", "web", "proxy"]);
  assert.deepEqual(left(bench), ["cron", "database", "proxy", "web"]);
  bench.stopAll(true);
  assert.deepEqual(left(bench), ["database", "proxy", "web"]);
  bench.advance("2s");
  assert.deepEqual(left(bench), ["database", "web"]);
  bench.advance("3s");
  assert.deepEqual(left(bench), ["database"]);
  bench.advance("5s");
  assert.deepEqual(left(bench), []);
});

Deno.test("what stops on `stopped X` goes after X", () => {
  const bench = running([job("web"), job("log", { stopOn: "stopped web" })]);
  bench.stopAll(true);
  assert.deepEqual(left(bench), []);
  const stops = bench.trace.filter((line) => /TERM/.test(line)).map((line) => /web|log/.exec(line)?.[0]);
  assert.deepEqual([...new Set(stops)], ["web", "log"]);
});

Deno.test("those that wait for each other, for nobody or for a failure go at once", () => {
  const bench = running([
    job("chicken", { stopOn: "stopping egg" }),
    job("egg", { stopOn: "stopping chicken" }),
    job("lonely", { stopOn: "stopping nobody" }),
    job("both", { stopOn: and("stopping lonely", "never") }),
    job("own", { stopOn: "stopping own" }),
    job("failed", { stopOn: "stopping lonely RESULT=failed" }),
  ]);
  bench.stopAll(true);
  assert.deepEqual(left(bench), []);
});

Deno.test("tasks that the way down starts are done; services that it starts are stopped", () => {
  const bench = running([
    job("web"),
    job("backup", { startOn: "stopping web", task: true }),
    job("farewell", { startOn: "stopped web", task: true }),
    job("spare", { startOn: "stopped web" }),
  ]);
  bench.behave("backup", "main", { status: 0, after: "1s" });
  bench.behave("farewell", "main", { status: 0, after: "2s" });
  bench.stopAll(true);
  assert.deepEqual(left(bench), ["backup", "web"]);
  bench.advance("1s");
  assert.deepEqual(left(bench), ["farewell"]);
  bench.advance("2s");
  assert.deepEqual(left(bench), []);
});

Deno.test("nothing is respawned on the way down", () => {
  const bench = running(
    [job("database"), job("web", { stopOn: "stopping database", respawn: true })],
    ["web"],
  );
  bench.stopAll(true);
  bench.exit("web", { status: 1 });
  assert.deepEqual(left(bench), []);
});
