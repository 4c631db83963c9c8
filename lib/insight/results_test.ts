import assert from "node:assert/strict";
import type { Cause, RunResult } from "../model/insight/journal.ts";
import { causeInWords, resultInWords } from "./results.ts";
import { NOW, result } from "./testing/reports.ts";

const RESULTS: Array<[Partial<RunResult>, words: string]> = [
  [{}, "exited 44 after 3 s, 2 min ago"],
  [{ exit: { status: 0 }, isFailure: false }, "exited 0 after 3 s, 2 min ago"],
  [{ failures: 1 }, "exited 44 after 3 s, 2 min ago"],
  [{ failures: 5 }, "exited 44 after 3 s, 2 min ago, 5th time in a row"],
  [
    { failures: 5, failuresSince: NOW - 12 * 60_000, gaveUp: true },
    "exited 44 after 3 s, 2 min ago, 5th time in 10 min, gave up",
  ],
  [{ exit: { signal: 11, core: true } }, "killed by SIGSEGV after 3 s, core dumped, 2 min ago"],
  [{ exit: { signal: 9 }, at: NOW }, "killed by SIGKILL after 3 s, by someone else, just now"],
  [{ exit: { signal: 9 }, isFailure: false }, "killed by SIGKILL after 3 s, 2 min ago"],
  [{ exit: { signal: 9, isOutOfMemory: true } }, "killed by SIGKILL for lack of memory after 3 s, 2 min ago"],
  [{ exit: { signal: 40 } }, "killed by signal 40 after 3 s, 2 min ago"],
  [{ process: "pre-start", exit: { status: 1 } }, "pre-start failed: exit status 1 after 3 s, 2 min ago"],
  [
    { process: "post-stop", exit: { signal: 15 } },
    "post-stop killed by SIGTERM after 3 s, by someone else, 2 min ago",
  ],
  [
    { exit: { signal: 9 }, reason: "was not ready within 10 s" },
    "was not ready within 10 s (killed by SIGKILL) after 3 s, 2 min ago",
  ],
  [
    { exit: { signal: 9 }, reason: "its processes are gone: the last one (12) was killed by KILL" },
    "its processes are gone: the last one (12) was killed by KILL after 3 s, 2 min ago",
  ],
];

for (const [more, words] of RESULTS) {
  Deno.test(`a result in words: ${words}`, () => assert.equal(resultInWords(result(more), NOW), words));
}

Deno.test("what could not be run has a reason, and neither an end nor a duration", () => {
  const { exit: _, ...rest } = result();
  const unable = "unable to execute /usr/bin/nosuch: No such file or directory";
  const words = (process: RunResult["process"], reason: string) =>
    resultInWords({ ...rest, process, reason }, NOW);
  assert.equal(words("main", unable), `${unable}, 2 min ago`);
  assert.equal(words("main", `its main process could not be run: ${unable}`), `${unable}, 2 min ago`);
  assert.equal(
    words("pre-start", `its pre-start process could not be run: ${unable}`),
    `pre-start failed: ${unable}, 2 min ago`,
  );
});

Deno.test("without the time, a result says how and how often", () => {
  assert.equal(
    resultInWords(result({ failures: 2, gaveUp: true })),
    "exited 44 after 3 s, 2nd time in a row, gave up",
  );
});

const CAUSES: Array<[Cause, words: string]> = [
  [{ by: "event", event: "runlevel", environment: ["RUNLEVEL=2"] }, "the event runlevel RUNLEVEL=2"],
  [{ by: "request" }, "a request"],
  [
    { by: "request", asker: { pid: 12, uid: 0, command: "initctl", parent: { pid: 3, command: "bash" } } },
    "root (initctl, pid 12, by bash, pid 3)",
  ],
  [{ by: "request", asker: { pid: 12, uid: 1000 } }, "user 1000 (pid 12)"],
  [{ by: "dependency", job: "db" }, "the job db, by its dependencies"],
  [{ by: "job", job: "tty", instance: "1" }, "the job tty (1)"],
  [{ by: "exit" }, "the end of its main process"],
  [{ by: "respawn" }, "init, as its main process had ended"],
  [{ by: "failure", reason: "its health is lost" }, "a failure: its health is lost"],
  [{ by: "shutdown" }, "the shutdown"],
  [{ by: "init" }, "init"],
];

for (const [cause, words] of CAUSES) {
  Deno.test(`a cause in words: ${words}`, () => assert.equal(causeInWords(cause), words));
}
