/** What is going to happen to an instance by itself: its timers. */

import type { Instance } from "../../engine/instance.ts";
import type { Facts } from "./facts.ts";
import { reason, type ReasonNode } from "./reason.ts";
import { timerInWords } from "../timers.ts";
import { howLong } from "../words.ts";

/** The timers of an instance, the next one first. */
export function timerReasons(facts: Facts, { timers }: Instance): ReasonNode[] {
  const { now } = facts.engine;
  const set = Array.from(timers.values()).sort((one, other) => one.deadline - other.deadline);
  return set.flatMap(({ purpose, deadline }) => {
    const words = timerInWords(purpose);
    // The state says that it is started again.
    if (words === undefined || purpose === "start-delay") return [];
    return [reason("timer", `in ${howLong(deadline - now)}, ${words}`, { at: facts.wall(deadline) })];
  });
}
