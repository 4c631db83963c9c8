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

export type { Bench, ProcessSelector, RequestOptions, StopOptions, VariableValues } from "./bench.ts";
export { bench, type BenchOptions, type JobBench, type Jobs } from "./jobs.ts";
export { conf, jobsIn, type JobSource, override } from "./sources.ts";
export type { CheckPurpose } from "../engine/checks/instance_checks.ts";
export type { CheckAnswer } from "../engine/simulator/simulated_checks.ts";
export type { Behaviour, ProcessEnd } from "../engine/simulator/simulated_processes.ts";
export type { RequestReply } from "../engine/simulator/simulator.ts";
export type { Duration } from "../model/duration.ts";
export type { ProcessName } from "../model/job.ts";
