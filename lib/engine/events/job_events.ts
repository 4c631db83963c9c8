/** The events that jobs emit themselves, with the variables of starting(7), started(7), stopping(7) and stopped(7). */

import { Environment } from "../../model/environment.ts";
import type { Cause } from "../../model/insight/journal.ts";
import { signalName } from "../../model/signals.ts";
import type { EngineState } from "../engine_state.ts";
import type { FailureCause, Instance } from "../instance.ts";
import type { Event } from "./event.ts";

/** The events that tell of the result of a run. `gave-up` is the one of `give up event`. */
const TELL_RESULT: readonly string[] = ["stopping", "stopped", "gave-up"];

/** Emits an event of an instance. `failure`: what has failed, if that is not what its run has failed by. */
export function emitJobEvent(
  engine: EngineState,
  instance: Instance,
  name: "starting" | "started" | "stopping" | "stopped" | "gave-up",
  failure = instance.failure,
): Event {
  const { job } = instance;
  const variables = new Environment([["JOB", job.name], ["INSTANCE", instance.name]]);
  if (TELL_RESULT.includes(name)) describeResult(variables, failure);
  for (const key of job.definition.export) {
    const value = instance.environment.get(key);
    if (value !== undefined && !variables.has(key)) variables.set(key, value);
  }
  const event = engine.emit(name, variables, byInstance(instance));
  event.cause = instance.cause;
  return event;
}

/** The cause of an event that an instance emits. */
export function byInstance({ job, name }: Instance): Cause {
  return { by: "job", job: job.name, instance: name };
}

/** Sets RESULT, PROCESS, EXIT_STATUS and EXIT_SIGNAL. */
function describeResult(variables: Environment, failure: FailureCause | undefined): void {
  variables.set("RESULT", failure ? "failed" : "ok");
  if (!failure) return;
  variables.set("PROCESS", failure.process);
  const { exit } = failure;
  if (!exit) return;
  if ("status" in exit) variables.set("EXIT_STATUS", String(exit.status));
  else variables.set("EXIT_SIGNAL", signalName(exit.signal) ?? String(exit.signal));
}
