/** Actions: what happens to an init from outside. A history is a list of them, which a seed decides. */

import { brokenJob, EVENTS, JOBS, randomJob } from "./definitions.ts";
import type { ModuleManner } from "./programs/own_children.ts";
import { Random } from "./random.ts";

/** A request of a client's. */
export interface RequestAction {
  kind: "request";
  uid: number;
  what: "start" | "stop" | "restart" | "emit" | "status" | "list" | "reload" | "force-stop" | "env";
  name: string;
  environment: string[];
  wait: boolean;
  /** How many calls it makes at once. */
  times: number;
  /** After how many ms the client is gone. */
  patience?: number;
  slowness: number;
}

/** An action. `share` chooses among what there is by then, from 0 to 1. */
export type Action =
  & { at: number }
  & (
    | RequestAction
    | { kind: "write"; file: string; text: string; inPlace: boolean }
    | { kind: "remove"; file: string }
    | { kind: "signal"; signal: number }
    | { kind: "kill"; signal: number; share: number }
    | { kind: "faults"; rate: number; duration: number }
    | { kind: "full-disk" | "deaf" | "few-descriptors"; duration: number }
    | { kind: "jump"; by: number }
    | { kind: "re-execute" }
    | { kind: "remove-log"; job: string }
  );

/** The pause between two actions, in ms: mostly short, sometimes long. */
function pause(random: Random): number {
  return 10 ** random.between(0, random.chance(0.1) ? 5.5 : 3.3);
}

function randomRequest(random: Random): RequestAction {
  const what = random.weighted<RequestAction["what"]>([
    [4, "start"],
    [4, "stop"],
    [2, "restart"],
    [5, "emit"],
    [2, "status"],
    [1, "list"],
    [1, "reload"],
    [1, "force-stop"],
    [1, "env"],
  ]);
  return {
    kind: "request",
    uid: random.chance(0.1) ? 33 : 0,
    what,
    name: what === "emit" ? random.pick(EVENTS) : random.pick(JOBS),
    environment: random.chance(0.5) ? [`KEY=${random.below(3)}`] : [],
    wait: random.chance(0.6),
    times: random.chance(0.05) ? 1 + random.below(40) : 1,
    ...random.chance(0.15) && { patience: 10 ** random.between(0, 4) },
    slowness: random.chance(0.1) ? random.between(1, 500) : 0,
  };
}

const SIGNALS = [1, 10, 12, 28];

function randomAction(random: Random): Omit<Action, "at"> {
  const duration = 10 ** random.between(2, 4.3);
  return random.weighted<() => Omit<Action, "at">>([
    [20, () => randomRequest(random)],
    [6, () => writeJob(random)],
    [1, () => ({ ...writeJob(random), file: `${random.pick(JOBS)}.conf`, text: brokenJob(random) })],
    [1, () => ({ kind: "remove", file: `${random.pick(JOBS)}.${random.pick(["conf", "conf", "ts"])}` })],
    [1, () => ({ kind: "signal", signal: random.pick(SIGNALS) })],
    [4, () => ({ kind: "kill", signal: random.pick([9, 9, 15, 11, 19, 18, 1]), share: random.fraction() })],
    [1, () => ({ kind: "faults", rate: 10 ** random.between(-3, -0.7), duration })],
    [0.5, () => ({ kind: "full-disk", duration })],
    [0.5, () => ({ kind: "deaf", duration })],
    [0.5, () => ({ kind: "few-descriptors", duration })],
    [0.5, () => ({ kind: "jump", by: random.between(-1, 1) * 10 ** random.between(2, 9) })],
    [2, () => ({ kind: "re-execute" })],
    [0.5, () => ({ kind: "remove-log", job: random.pick(JOBS) })],
  ])();
}

/** A job's file, which is there already, maybe, or is a module. */
function writeJob(random: Random): Omit<Action & { kind: "write" }, "at"> {
  const job = random.pick(JOBS), inPlace = random.chance(0.5);
  if (random.chance(0.7)) return { kind: "write", file: `${job}.conf`, text: randomJob(random), inPlace };
  const manner = random.weighted<ModuleManner>([
    [8, "good"],
    [1, "throws"],
    [1, "hangs"],
    [1, "exits"],
    [1, "babbles"],
    [1, "slow"],
  ]);
  return { kind: "write", file: `${job}.ts`, text: `${manner}\n${randomJob(random)}`, inPlace };
}

/** The history of a seed. @param hours Of virtual time. */
export function randomHistory(seed: number, hours: number): Action[] {
  const random = new Random(seed, 3), end = hours * 3_600_000, actions: Action[] = [];
  for (const job of JOBS) {
    if (random.chance(0.8)) {
      actions.push({ at: 0, kind: "write", file: `${job}.conf`, text: randomJob(random), inPlace: true });
    }
  }
  for (let at = pause(random); at < end; at += pause(random)) {
    actions.push({ at: Math.round(at * 1000) / 1000, ...randomAction(random) } as Action);
  }
  return actions;
}
