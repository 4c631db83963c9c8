/** The processes that go on when their job is gone. */

import type { LoadedJob } from "../../engine/loaded_job.ts";
import { howLong } from "../words.ts";
import type { Facts } from "./facts.ts";
import { reason, type ReasonNode } from "./reason.ts";

/** So many processes are named, with so many characters of their command lines. */
const MOST_LEFT = 5, LONGEST_COMMAND = 200;

/** What still runs of its last run, as of a program that has gone into the background, which init takes for its end. */
export function leftBehind(facts: Facts, { name, definition }: LoadedJob, instance: string): ReasonNode[] {
  const pids = facts.leftBehind(name, instance), shown = pids.slice(0, MOST_LEFT);
  if (shown.length === 0) return [];
  const processes = shown.map((pid) => {
    const { command = "", since } = facts.process(pid) ?? {};
    const time = since === undefined ? "" : `, for ${howLong(facts.now - since)}`;
    return reason("process", `process ${pid}: ${command.slice(0, LONGEST_COMMAND)}${time}`, {
      pid,
      ...since !== undefined && { at: since },
    });
  });
  const count = pids.length === 1 ? "a process" : `${pids.length} processes`;
  const isForking = definition.expect === "none" && !definition.task;
  return [
    reason(
      "note",
      `${count} of its last run ${pids.length === 1 ? "goes" : "go"} on without it`,
      {},
      processes,
    ),
    ...isForking
      ? [
        reason(
          "advice",
          "where that is the service itself, it goes into the background: have it stay in the foreground, or say " +
            "`expect fork' or `expect daemon'",
        ),
      ]
      : [],
  ];
}
