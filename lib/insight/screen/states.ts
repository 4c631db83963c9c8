/** The states of jobs as people name them, and their colours. */

import { STATE_NAMES } from "../../engine/states.ts";
import type { InstanceReport, JobReport } from "../../model/insight/report.ts";
import type { Paint } from "./style.ts";

/** What a job, or one of its instances, is doing. */
export interface Subject {
  job: JobReport;
  /** The instance that is there; absent where there is none. */
  instance?: InstanceReport;
  /** The last run of the instance that is gone. */
  past?: InstanceReport;
}

/**
 * What is told of a job: each instance that is there, and each other whose last run has failed; else its last run, or the
 * job alone.
 * @param wanted The name of an instance; absent: all
 */
export function subjectsOf(job: JobReport, wanted?: string): Subject[] {
  const isWanted = ({ name }: InstanceReport) => wanted === undefined || name === wanted;
  const instances = job.instances.filter(isWanted);
  const past = job.past.filter((one) => isWanted(one) && !instances.some(({ name }) => name === one.name));
  const told: Subject[] = [
    ...instances.map((instance) => ({ job, instance })),
    ...past.filter(({ last }) => last?.isFailure).map((one) => ({ job, past: one })),
  ];
  return told.length > 0 ? told : [{ job, ...past[0] && { past: past[0] } }];
}

/** A state. */
export interface JobState {
  /** As it is shown, and `--state` takes it. */
  word: string;
  paint: Paint;
  /** True for what somebody should look at: `--failed` shows these. */
  needsAttention?: true;
  holds(subject: Subject): boolean;
}

/** The state of a file that defines no job. */
export const BROKEN = { word: "broken", paint: "bad", needsAttention: true } as const;

const isUp = ({ instance }: Subject) => instance?.goal === "start" && instance.state === "running";

/** The first that holds is shown. */
const STATES: readonly JobState[] = [
  {
    word: "unhealthy",
    paint: "bad",
    needsAttention: true,
    holds: (one) =>
      isUp(one) && one.instance!.checks.some(({ use, passes }) => use === "health" && passes === false),
  },
  { word: "running", paint: "good", holds: isUp },
  {
    word: "respawning",
    paint: "bad",
    needsAttention: true,
    holds: ({ instance }) =>
      instance !== undefined && instance.goal !== "stop" && instance.last?.isFailure === true,
  },
  {
    word: "starting",
    paint: "warn",
    holds: ({ instance }) => instance !== undefined && instance.goal !== "stop",
  },
  { word: "stopping", paint: "warn", holds: ({ instance }) => instance !== undefined && !isAtRest(instance) },
  {
    word: "failed",
    paint: "bad",
    needsAttention: true,
    holds: ({ instance, past }) => (instance ?? past)?.last?.isFailure === true,
  },
  { word: "done", paint: "dim", holds: ({ job }) => job.isCompleted },
  { word: "stopped", paint: "dim", holds: () => true },
];

function isAtRest({ goal, state }: InstanceReport): boolean {
  return goal === "stop" && state === "waiting";
}

/** The state of a job or an instance. */
export function stateOf(subject: Subject): JobState {
  return STATES.find(({ holds }) => holds(subject))!;
}

/** The words that `--state` takes beside those of init(5). */
export const STATE_WORDS: readonly string[] = [...STATES.map(({ word }) => word), BROKEN.word];

/** The words of init(5). */
const CLASSIC_WORDS: readonly string[] = ["start", "stop", "respawn", ...STATE_NAMES];

/** True for what `--state` takes: a word of the list, or a goal, a state, or both of init(5). */
export function isStateName(word: string): boolean {
  const parts = word.split("/");
  return STATE_WORDS.includes(word) ||
    parts.length <= 2 && parts.every((part) => CLASSIC_WORDS.includes(part));
}

/** The state in init(5)'s words, such as `start/running`. */
export function classicState(instance: InstanceReport | undefined): string {
  return instance ? `${instance.goal}/${instance.state}` : "stop/waiting";
}
