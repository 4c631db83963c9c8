/** What follows when a running instance becomes unhealthy, and healthy again (`alive`, `restart above`). */

import { CHECK_DEFAULTS, type Remedy } from "../../model/checks/check.ts";
import { Environment } from "../../model/environment.ts";
import type { EngineState } from "../engine_state.ts";
import type { FailureCause, Instance } from "../instance.ts";
import { byInstance } from "../events/job_events.ts";
import { failAndStop } from "../lifecycle.ts";
import { respawnOrStop } from "../waiting/respawn.ts";

/** What is said and done for each remedy. */
const REMEDIES: Record<
  Remedy,
  { said: string; act(engine: EngineState, instance: Instance, cause: FailureCause): void }
> = {
  restart: { said: ", restarting", act: respawnOrStop },
  event: { said: "", act() {} },
  stop: { said: ", stopping", act: failAndStop },
  exit: {
    said: ", stopping, and init ends with it",
    act(engine, instance, cause) {
      instance.endsInit = true;
      failAndStop(engine, instance, cause);
    },
  },
};

/**
 * An instance is unhealthy.
 * @param check What says so: `health`, `memory`, `watchdog`.
 * @param remedy What is done, if the definition of `alive` is not to say it.
 */
export function becameUnhealthy(
  engine: EngineState,
  instance: Instance,
  check: string,
  reason: string,
  remedy: Remedy = instance.job.definition.alive?.then ?? CHECK_DEFAULTS.then,
): void {
  const { job, checks, displayName } = instance;
  const isKnown = checks.unhealthy !== undefined;
  checks.unhealthy = reason;
  checkChanged(engine, instance, check, reason);
  // It was told already, by a check that began anew with init.
  if (isKnown && remedy === "event") return;
  const isRestarted = job.definition.respawn && !engine.stopping;
  const { said, act } = REMEDIES[remedy === "restart" && !isRestarted ? "stop" : remedy];
  const message = `${displayName} is unhealthy: ${reason}`;
  engine.log("warn", `${message}${said}`);
  tell(engine, instance, "unhealthy", [["REASON", reason]]);
  act(engine, instance, { process: "health", message });
}

/** An instance that was unhealthy is healthy again. */
export function becameHealthy(engine: EngineState, instance: Instance): void {
  instance.checks.unhealthy = undefined;
  checkChanged(engine, instance, "health", undefined);
  engine.log("warn", `${instance.displayName} is healthy again`);
  tell(engine, instance, "healthy", []);
}

/** Tells of another answer of a check. `reason`: why it fails; undefined where it passes. */
export function checkChanged(
  engine: EngineState,
  { job, name }: Instance,
  check: string,
  reason: string | undefined,
): void {
  const passes = reason === undefined;
  engine.notice({
    kind: "check-changed",
    job: job.name,
    instance: name,
    check,
    passes,
    ...(!passes && { reason }),
  });
}

function tell(
  engine: EngineState,
  instance: Instance,
  event: string,
  more: Array<[string, string]>,
): void {
  const { job, name, cause } = instance;
  const variables = new Environment([["JOB", job.name], ["INSTANCE", name], ...more]);
  engine.emit(event, variables, byInstance(instance)).cause = cause;
}
