/** What an instance waits for in its present state: the one place that decides whether it goes on. */

import { awaitsReadiness } from "../checks/instance_checks.ts";
import type { Instance } from "../instance.ts";
import { awaitsPidFile, isKnownByPidFile } from "../services/self_report.ts";
import { type State, STATE_NAMES, type StateRow, STATES } from "../states.ts";

/** Something that an instance may have to wait for. */
interface Wait {
  /** The states in which it may have to. */
  states: readonly State[];
  /** True while it has to. */
  holds(instance: Instance): boolean;
  /** What it waits for, as a sentence in messages: `its pre-start process (42) still runs`. */
  describe(instance: Instance): string;
}

function statesWith(key: keyof StateRow): State[] {
  return STATE_NAMES.filter((state) => STATES[state][key] !== undefined);
}

const WAITS: readonly Wait[] = [
  {
    states: ["waiting", "running"],
    holds: ({ state, goal }) => state === "waiting" || goal === "start",
    describe: () => "its goal is reached",
  },
  {
    states: statesWith("waitsForEvent"),
    holds: ({ blocker }) => blocker !== undefined,
    describe: ({ blocker }) => `the event ${blocker!.name} is not finished`,
  },
  {
    states: statesWith("spawns"),
    holds: ({ state, spawns }) => spawns.has(STATES[state].spawns!),
    describe: ({ state }) => `its ${STATES[state].spawns} process is still being started`,
  },
  {
    states: ["spawned"],
    holds: ({ pids, job, isExpectMet }) =>
      !isExpectMet && job.definition.expect !== "none" && pids.has("main") &&
      !isKnownByPidFile(job.definition),
    describe: ({ pids, job }) =>
      `its main process (${pids.get("main")}) is not ready (expect ${job.definition.expect})`,
  },
  {
    states: ["spawned"],
    holds: awaitsPidFile,
    describe: ({ report }) => `it waits for its process: ${report.awaits}`,
  },
  {
    states: ["spawned"],
    holds: awaitsReadiness,
    describe: ({ checks }) => `it is not ready: ${checks.unready}`,
  },
  {
    states: statesWith("awaits").filter((state) => state !== "spawned"),
    holds: ({ state, pids }) => pids.has(STATES[state].awaits!),
    describe: ({ state, pids }) => {
      const process = STATES[state].awaits!;
      return `its ${process} process (${pids.get(process)}) still runs`;
    },
  },
  {
    states: ["killed"],
    holds: ({ leftovers }) => leftovers !== undefined,
    describe: () => "its main process has left others behind",
  },
];

/** The rows by state: an instance asks whenever it enters one. */
const WAITS_IN = Object.fromEntries(
  STATE_NAMES.map((state) => [state, WAITS.filter((wait) => wait.states.includes(state))]),
) as Record<State, Wait[]>;

/** True when the instance has to wait in its present state. */
export function mustWait(instance: Instance): boolean {
  for (const wait of WAITS_IN[instance.state]) if (wait.holds(instance)) return true;
  return false;
}

/** What the instance waits for in its present state. */
export function describeWait(instance: Instance): string {
  return WAITS_IN[instance.state].find((wait) => wait.holds(instance))?.describe(instance) ?? "it goes on";
}
