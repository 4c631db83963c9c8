/** Work in steps, so that something else may have its turn between two of them. */

/** Such work, and its result. */
export type Steps<Result> = Generator<undefined, Result>;

/** Does work to its end at once. */
export function allSteps<Result>(steps: Steps<Result>): Result {
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}
