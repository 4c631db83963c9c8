/** Which jobs Rouse's defaults concern. */

import assert from "node:assert/strict";
import { emptyJob, type JobDefinition } from "../model/job.ts";
import { noteDefaults } from "./defaults.ts";
import { SourceLines } from "./source_lines.ts";

const main = { kind: "exec", command: "web" } as const;

for (
  const [what, fields, isConcerned] of [
    ["a job that is up at once", {}, false],
    ["one with a hook", { processes: { main, "post-start": main } }, true],
    ["one that is checked", { ready: { kind: "tcp", address: "80" } }, true],
    ["one that tells of itself", { ready: { kind: "notify" } }, true],
    ["one that stops itself", { expect: "stop" }, true],
    ["one with a pid file", { pidFile: "/run/web.pid" }, true],
    ["one that says its own limit", { ready: { kind: "notify" }, startTimeout: 5 }, false],
  ] as Array<[string, Partial<JobDefinition>, boolean]>
) {
  Deno.test(`the time limit of a start ${isConcerned ? "concerns" : "does not concern"} ${what}`, async () => {
    const job = { ...emptyJob("web", "web.ts", { semantics: "rouse" }), processes: { main }, ...fields };
    const notes = await noteDefaults(job, new SourceLines([]));
    assert.equal(notes.some(({ reason }) => reason.startsWith("start timeout: ")), isConcerned);
  });
}
