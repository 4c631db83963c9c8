/** What has become of a run: the answers to those who wait for it, its failure, and whether init ends with it. */

import { isSuccess } from "../model/exit.ts";
import { endsInitWith, INSTANCE_PROCESSES, type InstanceProcess } from "../model/job.ts";
import type { RunFailure } from "../model/requests.ts";
import { printable } from "../model/text/printable.ts";
import type { EngineState } from "./engine_state.ts";
import type { FailureCause, Instance } from "./instance.ts";

/**
 * Answers the requests and releases the events that wait for an instance: it is where its goal leads, or it failed.
 * `message`: what those are told who wait for a request, when it failed.
 */
export function settleWaiters(
  engine: EngineState,
  instance: Instance,
  failed: boolean,
  message = instance.failure?.message,
): void {
  const { waiters } = instance;
  instance.waiters = [];
  engine.dependencies.holders.delete(instance);
  for (const waiter of waiters) {
    if ("event" in waiter) {
      if (failed) waiter.event.failed = true;
      engine.release(waiter.event);
    } else {
      engine.effect({
        kind: "answer",
        request: waiter.request,
        instance: instance.name,
        ...(failed &&
          { error: { name: "JobFailed" as const, message: failureMessage(waiter.action, message) } }),
      });
    }
  }
}

/** Upstart's message, which scripts compare, in a line of its own; then ours. */
function failureMessage(action: keyof typeof FAILED, message: string | undefined): string {
  return message === undefined ? FAILED[action] : `${FAILED[action]}\n${printable(message)}`;
}

const FAILED = {
  start: "Job failed to start",
  stop: "Job failed while stopping",
  restart: "Job failed to restart",
};

/**
 * Records the first failure of a run, and answers all who wait.
 * @param told What the notice tells of it.
 */
export function fail(
  engine: EngineState,
  instance: Instance,
  failure: FailureCause,
  told = runFailure(failure),
): void {
  if (instance.failure) return;
  instance.failure = failure;
  engine.notice({
    kind: "failed",
    job: instance.job.name,
    instance: instance.name,
    status: statusOf(failure),
    failure: told,
  });
  settleWaiters(engine, instance, true);
}

/** A failure as notices tell it. What is no process's is told of the main process. */
export function runFailure({ process, exit, message, reason }: FailureCause): RunFailure {
  const isProcess = (INSTANCE_PROCESSES as readonly string[]).includes(process);
  const why = reason ?? (exit && isProcess ? undefined : message);
  return {
    process: isProcess ? process as InstanceProcess : "main",
    ...(exit && { exit }),
    ...(why !== undefined && { reason: why }),
  };
}

/** A failure as the number in the D-Bus signal Failed; −1 for a process that could not be spawned. */
function statusOf({ process, exit }: FailureCause): number {
  if (!exit) return (INSTANCE_PROCESSES as readonly string[]).includes(process) ? -1 : 0;
  return "status" in exit ? exit.status : exit.signal * 256;
}

/** True when init ends with the instance, as its result is. */
export function endsInit({ job: { definition }, result, failure, endsInit }: Instance): boolean {
  const isGivenUp = failure?.process === "respawn";
  return endsInit || endsInitWith(definition, isSuccess(result)) ||
    isGivenUp && definition.onGiveUp === "exit";
}
