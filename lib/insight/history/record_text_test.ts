import assert from "node:assert/strict";
import type { JournalEntry } from "../../model/insight/journal.ts";
import type { Report } from "../../model/insight/report.ts";
import { COLOURED, PLAIN } from "../screen/style.ts";
import { recordText } from "./record_text.ts";
import { waitingWords } from "./waiting.ts";

const AT = new Date(2026, 10, 30, 4, 15, 30).getTime();
const ASKER = { pid: 12, uid: 0, command: "initctl" };
const WEB = { job: "web", instance: "" }, EVENT = { event: "hello", environment: ["A=b"] };

const LINES: Array<[entry: JournalEntry, line: string]> = [
  [
    { kind: "event", ...EVENT, cause: { by: "request", asker: ASKER } },
    "event        hello A=b, by root (initctl, pid 12)",
  ],
  [{ kind: "event-over", ...EVENT }, "event-over   hello A=b is over"],
  [{ kind: "event-over", ...EVENT, failed: true }, "event-over   hello A=b has failed"],
  [
    { kind: "goal", ...WEB, goal: "stop", cause: { by: "shutdown" } },
    "goal         web is to stop, by the shutdown",
  ],
  [{ kind: "state", job: "tty", instance: "a\x1b", state: "running" }, "state        tty (a\\e) is running"],
  [{ kind: "spawned", ...WEB, process: "main", pid: 5 }, "spawned      web main process 5"],
  [
    { kind: "spawn-failed", ...WEB, process: "main", reason: "no such file" },
    "spawn-failed web main process: no such file",
  ],
  [
    { kind: "exited", ...WEB, process: "main", pid: 5, exit: { status: 44 } },
    "exited       web main process 5 exited 44",
  ],
  [
    {
      kind: "failed",
      ...WEB,
      result: { at: AT, process: "main", isFailure: true, exit: { status: 44 }, failures: 2 },
    },
    "failed       web: exited 44, 2nd time in a row",
  ],
  [{ kind: "check", ...WEB, check: "health", passes: true }, "check        web: health passes"],
  [
    { kind: "check", ...WEB, check: "health", passes: false, reason: "refused" },
    "check        web: health fails: refused",
  ],
  [{ kind: "definition", job: "web", change: "changed" }, "definition   web was changed"],
  [
    { kind: "request", what: "stop web", job: "web", asker: ASKER, error: "no" },
    "request      stop web, by root (initctl, pid 12): no",
  ],
  [{ kind: "message", priority: "warn", message: "careful" }, "message      warn: careful"],
];

Deno.test("every kind of record is a line, and what others have chosen does not control the terminal", () => {
  for (const [entry, line] of LINES) {
    const record = { number: 1, at: AT, ...entry };
    assert.equal(recordText(record, PLAIN, AT + 1000), `04:15:30 ${line}`);
    assert.equal(recordText(record, PLAIN, AT + 86_400_000), `2026-11-30 04:15:30 ${line}`);
    // deno-lint-ignore no-control-regex
    assert.equal(recordText(record, COLOURED, AT).replace(/\x1b\[\d*m/g, ""), `04:15:30 ${line}`);
  }
});

Deno.test("what a change waits for is named, of an event what it has set off alone", () => {
  const instance = (name: string, state: string, event?: string) => ({
    name,
    goal: "start",
    state,
    processes: state === "pre-start" ? [{ name: "pre-start", pid: 7, since: AT - 3000 }] : [],
    ...event && { started: { at: AT, cause: { by: "event", event, environment: [] } } },
    ...state === "starting" && { note: "waits for db" },
  });
  const job = (name: string, ...instances: unknown[]) => ({ name, instances });
  const report = {
    now: AT,
    jobs: [
      job("web", instance("", "pre-start", "hello")),
      job("tty", instance("a", "starting"), instance("b", "running", "hello")),
    ],
  } as unknown as Report;
  const web = "web is pre-start: pre-start process 7 for 3 s";
  assert.equal(waitingWords(report), `${web}; tty (a) is starting: waits for db`);
  assert.equal(waitingWords(report, "hello"), web);
  assert.equal(waitingWords(report, "other"), "");
});
