/**
 * The end of what a main process has left behind (`kill mode group`, and an init script that is not there any more):
 * workers of its session, its process group and its control group. They get SIGTERM, and SIGKILL after the kill timeout.
 * Nothing of the job is started before they are gone: one of them may hold the port that the next main process needs.
 *
 * Only init can see them. It is asked to look, again and again, at first soon.
 */

import { SIGKILL, SIGTERM } from "../../model/signals.ts";
import type { EngineState } from "../engine_state.ts";
import type { Instance } from "../instance.ts";
import { advance } from "../lifecycle.ts";

/** The first and the longest time between two looks, in ms. */
const FIRST_LOOK = 10, LONGEST_LOOK = 200;

/** How often what appears again and again is killed. */
const MOST_KILLS = 20;

/** Begins to end what is left, if the job says so. To be called when the main process has ended, in the state `killed`. */
export function endLeftovers(engine: EngineState, instance: Instance): void {
  const { job: { definition }, leaders, isForced, isForgotten, report } = instance;
  if (isForgotten) return;
  const isGroup = definition.killMode === "group" || report.script === "orphaned";
  if (!isGroup || leaders.length === 0 && definition.cgroups.length === 0) return;
  const killAt = engine.now + (isForced ? 0 : definition.killTimeout * 1000);
  instance.leftovers = { looks: 0, killAt, kills: 0 };
  look(engine, instance, isForced ? SIGKILL : SIGTERM);
}

/** Has them killed at once. */
export function killLeftovers(engine: EngineState, instance: Instance): void {
  if (!instance.leftovers) return;
  instance.leftovers.killAt = engine.now;
  lookAgain(engine, instance);
}

function look(engine: EngineState, { job, name, leaders }: Instance, signal: number): void {
  engine.effect({ kind: "end-leftovers", job: job.name, instance: name, leaders: [...leaders], signal });
}

/** Init has looked, and these processes were there. */
export function leftoversSeen(engine: EngineState, instance: Instance, pids: number[]): void {
  const { leftovers } = instance;
  if (!leftovers || instance.timers.has("leftovers")) return;
  const which = pids.length > 10 ? `${pids.slice(0, 10).join(", ")}, …` : pids.join(", ");
  if (pids.length > 0 && leftovers.kills < MOST_KILLS) {
    if (leftovers.looks === 0 && leftovers.kills === 0) {
      engine.log(
        "info",
        `${instance.displayName} main process has left others behind, ending them: ${which}`,
      );
    }
    const delay = Math.min(LONGEST_LOOK, FIRST_LOOK * 2 ** leftovers.looks++);
    const untilKill = leftovers.killAt - engine.now;
    return engine.setTimer(instance, "leftovers", untilKill > 0 ? Math.min(delay, untilKill) : delay);
  }
  if (pids.length > 0) {
    engine.log(
      "warn",
      `${instance.displayName} goes on, though what its main process has left behind could not be ended: ${which}`,
    );
  }
  instance.leftovers = undefined;
  instance.leaders = [];
  advance(engine, instance);
}

/** It is time to look again. */
export function lookAgain(engine: EngineState, instance: Instance): void {
  const { leftovers } = instance;
  if (!leftovers) return;
  engine.clearTimer(instance, "leftovers");
  const isDue = engine.now >= leftovers.killAt;
  if (isDue && leftovers.kills++ === 0) leftovers.looks = 0;
  look(engine, instance, isDue ? SIGKILL : 0);
}
