/** What is odd about a job's checks. */

import assert from "node:assert/strict";
import { emptyJob, type JobDefinition } from "../model/job.ts";
import { oddChecks } from "./checks.ts";

const MAIN = { kind: "exec", command: "web" } as const;
const READY = { kind: "tcp", address: "80" } as const;

const NO_START_TIMEOUT = ["ready: it is waited for without end; add a `start timeout', or `semantics rouse'"];

const CASES: Array<[fields: Partial<JobDefinition>, found: string[]]> = [
  [{ ready: READY, alive: READY, restartAbove: { memory: 1 }, respawn: true }, []],
  [{ ready: READY, expect: "fork" }, [
    "ready: with `expect fork' the job waits for both; one of them is enough",
  ]],
  [{ ready: READY, task: true }, [
    "ready: a task is done when its main process ends, whether it was ready or not; leave ready out",
  ]],
  [{ ready: { ...READY, timeout: 30 }, startTimeout: 30 }, []],
  [{ ready: { ...READY, timeout: 120 }, startTimeout: 30 }, [
    "ready: one check may take 120 seconds, but the whole start only 30; give the check less time, or the start more",
  ]],
  [{ ready: { kind: "unix", path: "/run/web" } }, []],
  [{ ready: { kind: "file", path: "$RUN/web" } }, []],
  [{ ready: { kind: "file", path: "web" }, alive: { kind: "unix", path: "run/web" }, respawn: true }, [
    "ready: web is looked for in the root directory; write the whole path",
    "alive: run/web is looked for in the root directory; write the whole path",
  ]],
  [{ ready: { kind: "notify" }, processes: {} }, [
    "ready: without a main process nobody tells by `notify'; add `exec' or `script'",
  ]],
  [{ ready: READY, processes: {} }, []],
  [{ ready: READY, semantics: "upstart", startTimeout: 5 }, []],
  [{ ready: READY, semantics: "upstart" }, NO_START_TIMEOUT],
  [{ ready: { kind: "tcp", address: "$PRT" }, env: ["PORT=80"] }, [
    "ready: the job has no variable `PRT'; did you mean `PORT'?",
  ]],
  [{ ready: { kind: "tcp", address: "h:${PORTS}" }, instance: "$PORT" }, [
    "ready: the job has no variable `PORTS'; did you mean `PORT'?",
  ]],
  [{
    ready: { kind: "http", url: "http://$HOST/", header: { Host: "$PORTS" } },
    alive: { kind: "exec", command: { kind: "exec", command: "test $PORTS" }, then: "event" },
    env: ["PORT"],
  }, [
    "ready: the job has no variable `PORTS'; did you mean `PORT'?",
    "alive: the job has no variable `PORTS'; did you mean `PORT'?",
  ]],
  [{ ready: { kind: "tcp", address: "${PORTS:-80}$${}PORTS" }, env: ["PORT=80"] }, []],
  [{ alive: READY }, [
    "alive: without `respawn' an unhealthy job is not started again but stopped; add that, or `then stop'",
  ]],
  [{ alive: { ...READY, then: "stop" } }, []],
  [{ alive: { ...READY, then: "event" } }, []],
  [{ restartAbove: { memory: 1 } }, [
    "restart above: without `respawn' the job is not started again but stopped; add that",
  ]],
];

for (const [fields, found] of CASES) {
  Deno.test(`${JSON.stringify(fields)}: ${found.length} findings`, () => {
    const job = {
      ...emptyJob("web", "f", { semantics: fields.semantics ?? "rouse" }),
      processes: { main: MAIN },
      ...fields,
    };
    assert.deepEqual(oddChecks(job).map(({ reason }) => reason), found);
  });
}
