/** What is going to happen to an instance by itself: its timers. */

import type { Instance } from "../../engine/instance.ts";
import type { InstanceTimerPurpose } from "../../engine/timers.ts";
import type { Facts } from "./facts.ts";
import { reason, type ReasonNode } from "./reason.ts";
import { howLong } from "../words.ts";

/** What happens then, as the beginning of a sentence; undefined for what is of no interest to anybody. */
const WORDS: Readonly<Record<InstanceTimerPurpose, string | undefined>> = {
  "kill-timeout": "its main process gets SIGKILL",
  "fork-bound": "its main process is taken for the service, as it has not forked as `expect' says",
  // The state says it.
  "start-delay": undefined,
  "pid-file": "it fails, if its pid file does not name a process",
  // Each service with a watchdog has one.
  "watchdog": undefined,
  "watchdog-kill": "its main process gets SIGKILL, as it has missed its watchdog",
  "start-timeout": "its start has taken too long, and fails",
  // Most have none, but a message.
  "hook-bound": undefined,
  "hook-kill": "its hook gets SIGKILL",
  "leftovers": undefined,
  "left-behind": undefined,
};

/** The timers of an instance, the next one first. */
export function timerReasons(facts: Facts, { timers }: Instance): ReasonNode[] {
  const { now } = facts.engine;
  const set = Array.from(timers.values()).sort((one, other) => one.deadline - other.deadline);
  return set.flatMap(({ purpose, deadline }) => {
    const words = WORDS[purpose];
    if (words === undefined) return [];
    return [reason("timer", `in ${howLong(deadline - now)}, ${words}`, { at: facts.wall(deadline) })];
  });
}
