/** What a test gives the bench, looked at where no compiler does: nonsense would be passed over, and the test pass. */

import { CHECK_PURPOSES, type CheckPurpose } from "../engine/checks/instance_checks.ts";
import type { CheckAnswer } from "../engine/simulator/simulated_checks.ts";
import { type Behaviour, exitOf, type ProcessEnd } from "../engine/simulator/simulated_processes.ts";
import { isPolled } from "../model/checks/check.ts";
import { milliseconds } from "../model/duration.ts";
import { INSTANCE_PROCESSES, type InstanceProcess, type JobDefinition } from "../model/job.ts";
import { shown } from "../model/validate.ts";

/** @throws {Error} unless it is a process that jobs may have. */
export function assertProcess(process: InstanceProcess): void {
  assertOneOf(process, INSTANCE_PROCESSES, "process");
}

/** @throws {Error} unless it is a process that the job has. */
export function assertOwnProcess(process: InstanceProcess, definition: JobDefinition | undefined): void {
  assertProcess(process);
  if (!definition || process === "security" || definition.processes[process]) return;
  const others = Object.keys(definition.processes).join(", ") || "none";
  throw new Error(`${definition.name} has no ${process} process; it has ${others}`);
}

/** @throws {Error} unless it is something that a process can do. */
export function assertBehaviour(behaviour: Behaviour): void {
  if (behaviour === "stays" || behaviour === "stubborn") return;
  const fields = isObject(behaviour) ? behaviour as Record<string, unknown> : {};
  if (typeof fields.spawnFails === "string" && Object.keys(fields).length === 1) return;
  const { after, ...end } = fields;
  if (after !== undefined) milliseconds(after as number);
  if (!isEnd(end)) {
    const known = '"stays", "stubborn", { status: 1 }, { signal: "TERM" } or { spawnFails: "…" }';
    throw new Error(`a process behaves like ${known}, not ${shown(behaviour)}`);
  }
}

/** @throws {Error} unless it is a way in which processes end. */
export function assertEnd(end: ProcessEnd): void {
  if (isEnd(end)) return;
  throw new Error(`a process ends by { status: 1 } or { signal: "TERM" }, not ${shown(end)}`);
}

function isEnd(end: unknown): end is ProcessEnd {
  if (!isObject(end)) return false;
  const { status, signal, core, ...others } = end as Record<string, unknown>;
  if (Object.keys(others).length > 0 || (status === undefined) === (signal === undefined)) return false;
  if (signal === undefined) {
    return core === undefined && Number.isInteger(status) && status as number >= 0 && status as number <= 255;
  }
  // Throws where there is no such signal.
  exitOf(end as ProcessEnd);
  return core === undefined || typeof core === "boolean";
}

/** @throws {Error} unless it is an answer, and this job asks for it. */
export function assertAnswer(
  definition: JobDefinition | undefined,
  use: CheckPurpose,
  answer: CheckAnswer,
): void {
  assertOneOf(use, CHECK_PURPOSES, "check");
  const isAnswer = answer === "passes" || isObject(answer) && typeof answer.fails === "string";
  if (!isAnswer) throw new Error(`a check says "passes" or { fails: "…" }, not ${shown(answer)}`);
  if (!definition) return;
  const { name, ready, alive, restartAbove } = definition;
  if (use === "ready" && ready && !isPolled(ready)) {
    throw new Error(`${name} tells itself that it is ready; say so by ready("${name}")`);
  }
  const has = { ready, alive, memory: restartAbove?.memory }[use];
  if (has === undefined) throw new Error(`${name} has no check for ${use}, so there is nothing to answer`);
}

/** @throws {Error} unless the job tells itself that it is ready. */
export function assertTells(definition: JobDefinition | undefined): void {
  if (!definition) return;
  const { name, ready } = definition;
  if (ready && !isPolled(ready)) return;
  const other = ready ? `; its check says so, see answer("${name}", "ready", …)` : "";
  throw new Error(`${name} does not tell by itself that it is ready${other}`);
}

function assertOneOf(value: unknown, choices: readonly string[], what: string): void {
  if (choices.includes(value as string)) return;
  throw new Error(`there is no ${what} ${shown(value)}; there are ${choices.join(", ")}`);
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
