/** The start of the jobs, and the check before it: whether the command of init can start, and whether the job exists that it exits with. */

import { formatCondition } from "../config/formats.ts";
import { DependencyGraph } from "../engine/dependencies/graph.ts";
import { lintConditions } from "../lint/conditions.ts";
import { type DependencyFinding, lintDependencies } from "../lint/dependencies.ts";
import type { JobCondition } from "../model/condition.ts";
import type { JobDefinition } from "../model/job.ts";
import { parseReference } from "../model/text/references.ts";
import { COMMAND_JOB } from "./command_job.ts";
import type { Configuration } from "../config/configuration.ts";
import { formatInFull } from "../formats/diagnostic.ts";
import type { Messages } from "./logs/messages.ts";
import type { InitOptions } from "./options/option_table.ts";
import type { RunningInit } from "./running.ts";
import { ControlError } from "../control/supervisor.ts";

/** What the start of the jobs is about. */
interface StartSubject {
  init: RunningInit;
  configuration: Configuration;
  options: InitOptions;
  messages: Messages;
  /** The variables of the startup event. */
  variables: string[];
}

/** Starts what waits for the start of init. Returns false when init cannot go on. */
export function startJobs({ init, configuration, options, messages, variables }: StartSubject): boolean {
  const { startupEvent, command } = options;
  const { errors, waiting } = checkStart(init, configuration, options);
  for (const error of errors) messages.log("error", error);
  if (errors.length > 0) return false;
  if (waiting !== undefined) messages.log("message", waiting);
  if (startupEvent !== undefined) {
    init.handle({ kind: "event", event: startupEvent, environment: variables });
  } else if (command && !init.job(COMMAND_JOB)?.definition.startOn) {
    const request = { kind: "start" as const, job: COMMAND_JOB, environment: [], wait: false };
    // A start that fails ends the job, and init with it.
    Promise.try(() => init.request(request)).catch((error) => {
      if (!(error instanceof ControlError)) messages.fault("the start of the command", error);
    });
  }
  return true;
}

/** The result of the check. */
interface StartCheck {
  /** Why init cannot go on, a message each. */
  errors: string[];
  /** A message that says what the command waits for. */
  waiting?: string;
}

/** Checks a configuration that has just been read. */
function checkStart(
  init: RunningInit,
  configuration: Configuration,
  options: InitOptions,
): StartCheck {
  const { command, exitWith } = options;
  const missing = exitWith.filter((name) => !init.jobTable.has(name))
    .map((name) => `Unable to exit with ${name}: there is no such job`);
  if (!command) return { errors: missing };
  const [program] = command, unable = `Unable to run ${program}: `;
  const mistakes = configuration.problemsOfJob(COMMAND_JOB).map((mistake) => unable + formatInFull(mistake));
  if (mistakes.length > 0) return { errors: mistakes };
  const { kind, why } = commandStart(init, options);
  if (kind === "never") return { errors: [unable + why] };
  return { errors: missing, ...(kind === "waits" && { waiting: `${program} waits: ${why}` }) };
}

/** Whether the command starts with init, waits for something, or can never start. */
interface CommandStart {
  kind: "starts" | "waits" | "never";
  /** The reason; it follows a message's colon. */
  why: string;
}

/** Finds out whether and when the command starts. */
function commandStart(init: RunningInit, { startupEvent }: InitOptions): CommandStart {
  const definition = init.jobTable.get(COMMAND_JOB)?.definition;
  if (!definition) return { kind: "starts", why: "" };
  const definitions = Array.from(init.jobTable.values(), (job) => job.definition);
  const dependencies = dependenciesOf(definition, definitions);
  const { startOn, source } = definition;
  const kind = startOn ? startOutcome(startOn, startupEvent) : "starts";
  const condition = startOn ? `start on ${formatCondition(startOn)}` : "";
  if (kind === "never") {
    return { kind, why: `${source}: \`${condition}' cannot come true: ${startupEvent} has no variables` };
  }
  if (kind === "starts") {
    const unnamed = instanceProblem(init, startupEvent);
    if (unnamed === undefined) return dependencies;
    if (!startOn || !mayComeLater(startOn, startupEvent)) {
      return { kind: "never", why: `${source}: its instance cannot be named: ${unnamed}` };
    }
  }
  const finding = lintConditions(definitions, UNKNOWN).find(({ job, stanza }) =>
    job === COMMAND_JOB && stanza === "start on"
  );
  return { kind: "waits", why: finding ? finding.reason.replace("start on", () => condition) : condition };
}

/** Whether the command starts at once when it is to start, or what else has to be up. */
function dependenciesOf(command: JobDefinition, definitions: JobDefinition[]): CommandStart {
  if (command.needs.length + command.wants.length === 0) return { kind: "starts", why: "" };
  const isFatal = (finding: DependencyFinding) => finding.isFatal && finding.job === COMMAND_JOB;
  // The start fails, and who starts init has been warned.
  if (lintDependencies(definitions).some(isFatal)) return { kind: "starts", why: "" };
  const graph = new DependencyGraph(definitions);
  const waits = (["needs", "wants"] as const).flatMap((field) => {
    const words = command[field].filter((word) => graph.targetsOf(parseReference(word).name).length > 0);
    return words.length === 0 ? [] : [`${field} ${words.join(" ")}`];
  });
  return waits.length === 0 ? { kind: "starts", why: "" } : { kind: "waits", why: waits.join(", ") };
}

const UNKNOWN = new Set(["unknown-event"] as const);

/** Why the startup event, which has no variables, does not give the name of an instance. Undefined when it does. */
function instanceProblem(init: RunningInit, startupEvent = ""): string | undefined {
  try {
    init.instanceName(COMMAND_JOB, [`UPSTART_EVENTS=${startupEvent}`]);
    return undefined;
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    return error.message.split("\n", 1)[0];
  }
}

/** How the startup event, which has no variables to compare, affects a condition. */
function startOutcome(condition: JobCondition, startupEvent: string | undefined): CommandStart["kind"] {
  if (condition.kind === "event") {
    if (condition.name !== startupEvent) return "waits";
    return condition.matches.length === 0 ? "starts" : "never";
  }
  const sides = [startOutcome(condition.left, startupEvent), startOutcome(condition.right, startupEvent)];
  const order = condition.kind === "and" ? AND_ORDER : AND_ORDER.toReversed();
  return order.find((kind) => sides.includes(kind))!;
}

/** Of the two sides of an `and` the one that is earlier in this list decides, of an `or` the one that is later. */
const AND_ORDER: ReadonlyArray<CommandStart["kind"]> = ["never", "waits", "starts"];

/** True when events other than the startup event can make the condition true. */
function mayComeLater(condition: JobCondition, startupEvent: string | undefined): boolean {
  if (condition.kind === "event") return condition.name !== startupEvent;
  return mayComeLater(condition.left, startupEvent) || mayComeLater(condition.right, startupEvent);
}
