/**
 * Unit tests for jobs: `import { bench } from "rouse/testing"`, with whichever test runner there is.
 *
 *     import { bench } from "rouse/testing";
 *     import assert from "node:assert/strict";
 *     import { test } from "node:test";
 *     import web from "./web.ts";
 *
 *     test("the web server comes back when it fails", () => {
 *       const jobs = bench({ web });
 *       jobs.start(web);
 *       jobs.exit(web, { status: 1 });
 *       assert.equal(jobs.state(web), "start/running");
 *     });
 *
 * @module
 */

export { bench, type BenchOptions, type JobBench, type Jobs } from "./bench.ts";
export { conf, jobsIn, override, type Source } from "./sources.ts";
export type { Behaviour, Bench, End, Options, Reply, Variables, Which } from "../engine/testing/bench.ts";
export type { Duration } from "../model/duration.ts";
export type { ProcessName } from "../model/job.ts";
