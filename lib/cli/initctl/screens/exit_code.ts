/** The exit statuses of `status --exit-code`, which are systemctl's and the LSB's. */

import { ERROR_PREFIX } from "../../../control/names.ts";

/** Nothing runs. */
const NOT_RUNNING = 3;

/** There is no such job. */
export const UNKNOWN = 4;

/** The exit status for an answer of init; undefined for an error that does not tell how things stand. */
export function exitCodeOfError({ name }: Error): number | undefined {
  if (name === `${ERROR_PREFIX}UnknownInstance`) return NOT_RUNNING;
  return name === `${ERROR_PREFIX}UnknownJob` ? UNKNOWN : undefined;
}

/** An instance, as far as it matters. */
interface Status {
  name: string;
  goal: string;
  state: string;
}

/** 0 where each of the jobs has an instance that is up (of those that are asked about), else 3. */
export function exitCodeOf(
  jobs: ReadonlyArray<{ instances: readonly Status[] }>,
  wanted?: string,
): number {
  const isUp = jobs.every(({ instances }) =>
    instances.some(({ name, goal, state }) =>
      (wanted === undefined || name === wanted) && goal === "start" && state === "running"
    )
  );
  return isUp && jobs.length > 0 ? 0 : NOT_RUNNING;
}
