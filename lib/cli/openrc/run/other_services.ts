/** Other services, which start and stop by their own scripts. */

import { existsSync } from "node:fs";
import { refusal } from "../../../config/openrc/untrusted.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { startChild } from "./children.ts";
import type { ServiceRun } from "./service_run.ts";

/**
 * Runs an action of another service, and waits for its end. Nothing is done where somebody else changes its state; one
 * whose script is gone counts as stopped.
 */
export async function runService(run: ServiceRun, service: string, action: "start" | "stop"): Promise<void> {
  const { states, messages, environment } = run;
  const script = states.script(service);
  if (script === undefined || !existsSync(script)) {
    if (script !== undefined) states.setState(service, script, "stopped");
    return;
  }
  if (states.lock(service).isHeld) return;
  const problem = refusal(service, action, script);
  if (problem !== undefined) return messages.error(problem);
  const variables = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`]
  );
  try {
    const argv = [script, action];
    const { end } = startChild({ argv, environment: variables, descriptors: { 0: 0, 1: 1, 2: 2 } });
    await run.lock.waitingFor(service, () => end);
  } catch (error) {
    messages.error(`${script}: ${errorReason(error)}`);
  }
}

/** Starts services that were to start with this one: at once, or later where this one is inactive. */
export async function startAgain(run: ServiceRun): Promise<void> {
  const { states, state, service: { name }, messages, restarted } = run;
  run.restarted = [];
  const isWaiting = state === "inactive" || states.is("wasinactive", name);
  if (!isWaiting && state !== "starting" && state !== "started") return;
  for (const other of restarted) {
    if (states.state(other) !== "stopped") continue;
    if (isWaiting) {
      states.schedule(other, states.script(other)!, name);
      messages.warn(`WARNING: ${other} will start when ${name} has started`);
    } else {
      await runService(run, other, "start");
    }
  }
}
