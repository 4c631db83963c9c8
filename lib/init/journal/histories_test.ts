/** The histories of instances: who started and stopped them, how runs went, and how many are kept. */

import assert from "node:assert/strict";
import type { Cause } from "../../model/insight/journal.ts";
import type { Notice, RunFailure } from "../../model/requests.ts";
import { Histories } from "./histories.ts";

const BY_REQUEST: Cause = { by: "request" };

/** Histories of one job, whose notices come at given times. */
class Story {
  readonly histories = new Histories();
  now = 0;

  tell(...notices: Notice[]): this {
    for (const notice of notices) this.histories.observe(notice, this.now);
    return this;
  }

  at(now: number): this {
    this.now = now;
    return this;
  }

  state(state: string): this {
    return this.tell({ kind: "state-changed", job: "web", instance: "", state });
  }

  goal(goal: string, cause: Cause): this {
    return this.tell({ kind: "goal-changed", job: "web", instance: "", goal, cause });
  }

  started(cause = BY_REQUEST): this {
    return this.tell({ kind: "instance-added", job: "web", instance: "" }).goal("start", cause).run();
  }

  run(): this {
    const spawned = { kind: "spawned", job: "web", instance: "", process: "main", pid: 42 } as const;
    return this.state("starting").state("spawning").tell(spawned).state("running");
  }

  exited(status: number): this {
    const exit = { status };
    return this.tell({ kind: "process-ended", job: "web", instance: "", process: "main", pid: 42, exit });
  }

  failed(kind: "failed" | "respawned", failure: RunFailure): this {
    const what = { job: "web", instance: "", failure };
    return this.tell(kind === "failed" ? { kind, ...what, status: 1 } : { kind, ...what });
  }

  gone(): this {
    return this.goal("stop", { by: "exit" }).state("waiting")
      .tell({ kind: "instance-removed", job: "web", instance: "", exit: { status: 0 } });
  }

  get web() {
    return this.histories.of("web", "")!;
  }
}

Deno.test("a history says since when, and who started it and stopped it", () => {
  const story = new Story().at(5).started().at(9).goal("stop", { by: "shutdown" }).state("stopping");
  const { state, since, started, stopped, processes } = story.web;
  assert.deepEqual([state, since], ["stopping", 9]);
  assert.deepEqual(started, { at: 5, cause: BY_REQUEST });
  assert.deepEqual(stopped, { at: 9, cause: { by: "shutdown" } });
  assert.deepEqual(processes, { main: { pid: 42, since: 5 } });
});

Deno.test("failures in a row are counted, and a run that does not fail ends the row", () => {
  const exit = { status: 44 }, failure: RunFailure = { process: "main", exit };
  const story = new Story().at(10).started();
  story.at(13).exited(44).failed("respawned", failure).run().at(20).exited(44)
    .failed("failed", { ...failure, gaveUp: true });
  assert.deepEqual(story.web.last, {
    at: 20,
    duration: 7,
    process: "main",
    exit,
    isFailure: true,
    failures: 2,
    failuresSince: 13,
    gaveUp: true,
  });
  assert.equal(story.web.restarts, 1);
  story.gone().at(30).started().exited(0).gone().at(40).started();
  assert.equal(story.web.restarts, 0);
  assert.deepEqual(story.web.last, {
    at: 30,
    duration: 0,
    process: "main",
    exit: { status: 0 },
    isFailure: false,
  });
  story.at(41).exited(44).failed("failed", failure);
  assert.deepEqual([story.web.last!.failures, story.web.last!.failuresSince], [1, 41]);
});

Deno.test("what could not be run has no duration, and the end of main does not hide why a hook failed", () => {
  const story = new Story().started();
  story.failed("failed", { process: "pre-start", reason: "it could not be run" }).exited(15);
  assert.deepEqual(story.web.last, {
    at: 0,
    process: "pre-start",
    isFailure: true,
    reason: "it could not be run",
    failures: 1,
    failuresSince: 0,
  });
});

Deno.test("a respawn is no start, and a start that goes by way of a stop is that of who asked", () => {
  const story = new Story().at(1).started();
  story.at(2).goal("stop", BY_REQUEST).goal("respawn", BY_REQUEST).goal("start", { by: "respawn" });
  assert.deepEqual(story.web.started, { at: 2, cause: BY_REQUEST });
});

Deno.test("checks have the time when their answer changed, and begin anew with a run", () => {
  const story = new Story().started();
  const answer = (passes: boolean, reason?: string) =>
    story.tell({
      kind: "check-changed",
      job: "web",
      instance: "",
      check: "health",
      passes,
      ...(reason !== undefined && { reason }),
    });
  story.at(3);
  answer(false, "one");
  story.at(4);
  answer(false, "two");
  assert.deepEqual(story.web.checks, { health: { passes: false, reason: "two", since: 3 } });
  story.at(5);
  answer(true);
  assert.deepEqual(story.web.checks, { health: { passes: true, since: 5 } });
  story.run();
  assert.deepEqual(story.web.checks, {});
});

Deno.test("the last instances of a job, and the last ones of all jobs, are kept when they are gone", () => {
  const histories = new Histories();
  const live = (job: string, instance: string) => {
    histories.observe({ kind: "instance-added", job, instance }, 1);
    histories.observe({ kind: "instance-removed", job, instance, exit: { status: 0 } }, 2);
  };
  for (let number = 0; number < 20; number++) live("web", String(number));
  const names = () => histories.pastOf("web").map(({ instance }) => instance);
  assert.deepEqual(names(), ["19", "18", "17", "16", "15", "14", "13", "12"]);
  live("web", "15");
  assert.deepEqual(names(), ["15", "19", "18", "17", "16", "14", "13", "12"]);
  for (let number = 0; number < 2000; number++) live(`job${number}`, "");
  assert.deepEqual(names(), []);
  assert.equal(histories.save().past.length, 1000);
  histories.observe({ kind: "job-removed", job: "job1999" }, 3);
  assert.deepEqual(histories.pastOf("job1999"), []);
});

Deno.test("instances with long names that are gone take no more than the bound", () => {
  const histories = new Histories();
  for (let number = 0; number < 100; number++) {
    const instance = `${number}`.padEnd(100_000, "x");
    histories.observe({ kind: "instance-added", job: `job${number}`, instance }, 1);
    histories.observe({ kind: "instance-removed", job: `job${number}`, instance, exit: { status: 0 } }, 2);
  }
  const { past } = histories.save();
  assert.ok(past.length > 3 && past.length < 6, `${past.length}`);
  assert.equal(past.at(-1)!.job, "job99");
});

Deno.test("histories that were saved go on", () => {
  const { histories } = new Story().at(1).started().exited(0).gone().started(), after = new Histories();
  histories.observe({ kind: "instance-added", job: "db", instance: "x" }, 1);
  histories.observe({ kind: "instance-removed", job: "db", instance: "x", exit: { status: 0 } }, 2);
  after.restore(JSON.parse(JSON.stringify(histories.save())));
  assert.deepEqual(after.save(), histories.save());
  assert.equal(after.of("web", "")!.state, "running");
  assert.equal(after.pastOf("db").length, 1);
});
