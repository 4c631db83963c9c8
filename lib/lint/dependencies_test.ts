import assert from "node:assert/strict";
import type { JobCondition } from "../model/condition.ts";
import { emptyJob, type JobDefinition } from "../model/job.ts";
import { lintDependencies } from "./dependencies.ts";

function reasons(jobs: Record<string, Partial<JobDefinition>>): string[] {
  const definitions = Object.entries(jobs).map(([name, fields]) => ({
    ...emptyJob(name, `/etc/init/${name}.conf`),
    ...fields,
  }));
  return lintDependencies(definitions).map(({ job, reason }) => `${job} ${reason}`);
}

Deno.test("a circle of needs is found once, with its members", () => {
  assert.deepEqual(
    reasons({ c: { needs: ["a"] }, a: { needs: ["b"] }, b: { needs: ["c"] }, top: { needs: ["a"] } }),
    ["c needs: c needs a, a needs b, b needs c, so none of them can start"],
  );
  assert.deepEqual(reasons({ a: { needs: ["a"] } }), ["a needs: a needs a, so the job cannot start"]);
  assert.deepEqual(reasons({ a: { needs: ["x"] }, b: { provides: ["x"], needs: ["a"] } }), [
    "a needs: a needs b, b needs a, so none of them can start",
  ]);
});

Deno.test("a circle in which an edge gives way is none", () => {
  assert.deepEqual(reasons({ a: { needs: ["b"] }, b: { wants: ["a"], after: ["a"], uses: ["a"] } }), []);
  assert.deepEqual(reasons({ a: { provides: ["a"], needs: ["b"] }, b: {} }), []);
});

Deno.test("a need of what there is not, and a want, with what may have been meant", () => {
  assert.deepEqual(
    reasons({ api: { needs: ["redsi", "completed(migrat)"], wants: ["cache"] }, redis: {}, migrate: {} }),
    [
      "api needs: no job is called `redsi' or provides it, so the job cannot start; did you mean `redis'?",
      "api needs: no job is called `migrat' or provides it, so the job cannot start; did you mean `migrate'?",
      "api wants: no job is called `cache' or provides it",
    ],
  );
  assert.deepEqual(reasons({ api: { needs: ["mta"] }, exim: { provides: ["mta"] } }), []);
});

Deno.test("where a job may be missing, only a slip of the pen is told of", () => {
  for (const field of ["uses", "after", "before", "conflicts"] as const) {
    assert.deepEqual(reasons({ api: { [field]: ["apache"] }, redis: {} }), []);
    assert.deepEqual(reasons({ api: { [field]: ["redsi"] }, redis: {} }), [
      `api ${field}: no job is called \`redsi' or provides it; did you mean \`redis'?`,
    ]);
  }
});

Deno.test("a need that conflicts with the job, and the completion of what never completes", () => {
  assert.deepEqual(reasons({ api: { needs: ["db"] }, db: { conflicts: ["api"] } }), [
    "api needs: db conflicts with the job",
  ]);
  assert.deepEqual(reasons({ api: { needs: ["completed(db)"] }, db: { respawn: true } }), [
    "api needs: db is started again whenever it ends, so `completed(db)' never is",
  ]);
  const others = { db: { respawn: true, task: true }, exim: { provides: ["mta"], conflicts: ["mta"] } };
  assert.deepEqual(reasons({ api: { needs: ["completed(db)", "exim"] }, ...others }), []);
});

Deno.test("a condition that keeps a job down, which its need would bring back", () => {
  const on = (name: string, job: string): JobCondition => ({
    kind: "event",
    name,
    matches: [{ value: job }],
  });
  const stop = (name: string, more: Partial<JobDefinition> = {}) =>
    reasons({ db: {}, api: { needs: ["db"], stopOn: on(name, "db"), ...more } });
  for (const name of ["stopping", "stopped"]) {
    assert.deepEqual(stop(name), [
      `api stop on: by \`${name} db' the job stays down when db comes back; ` +
      "leave that out, for `needs db' stops it and starts it again",
    ]);
  }
  assert.deepEqual(stop("stopping", { startOn: on("started", "db") }), []);
  assert.deepEqual(stop("stopping", { needs: [] }), []);
  assert.deepEqual(stop("starting"), []);
});

Deno.test("needs that conflict with each other, told of the job that brings them together", () => {
  const apart = { c1: { conflicts: ["c2"] }, c2: {} };
  assert.deepEqual(reasons({ c4: { needs: ["c1", "c2"] }, top: { needs: ["c4"] }, ...apart }), [
    "c4 needs: c1 and c2 conflict, so the job cannot start",
  ]);
  assert.deepEqual(
    reasons({ ...apart, c4: { needs: ["x", "y"] }, x: { needs: ["c1"] }, y: { needs: ["c2"] } }),
    [
      "c4 needs: c1 and c2 conflict, so the job cannot start",
    ],
  );
  assert.deepEqual(reasons({ a: { needs: ["b"], conflicts: ["c"] }, b: { needs: ["c"] }, c: {} }), [
    "a needs: c conflicts with it, so the job cannot start",
  ]);
  assert.deepEqual(reasons({ c4: { needs: ["c1", "completed(c2)"] }, c5: { needs: ["c2"] }, ...apart }), []);
  const providers = { exim: { provides: ["mta"], conflicts: ["mta"] }, postfix: { provides: ["mta"] } };
  assert.deepEqual(reasons({ cron: { needs: ["mta", "postfix"] }, ...providers }), []);
});

Deno.test("several names in one word", () => {
  const jobs = { redis: {}, db: {} };
  const hint = "; several names have blanks between them, and are an array in a module";
  assert.deepEqual(reasons({ api: { needs: ["redis db"] }, shop: { after: ["redis,db"] }, ...jobs }), [
    `api needs: no job is called \`redis db' or provides it, so the job cannot start${hint}`,
    `shop after: no job is called \`redis,db' or provides it${hint}`,
  ]);
});
