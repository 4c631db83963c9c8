/** The reports on jobs: what the engine knows of them now, and what their histories say. */

import type { Instance } from "../../engine/instance.ts";
import type { LoadedJob } from "../../engine/loaded_job.ts";
import type { Time } from "../../engine/effects.ts";
import { describeWait } from "../../engine/waiting/waits.ts";
import type { CheckDefinition } from "../../model/checks/check.ts";
import type { CheckReport, InstanceReport, JobReport } from "../../model/insight/report.ts";
import type { Console, JobDefinition } from "../../model/job.ts";
import type { LogTarget } from "../../model/logs/settings.ts";
import { printable } from "../../model/text/printable.ts";
import { consoleOf } from "../logs/process_output.ts";
import type { Histories, History } from "./histories.ts";

/** What reports are made of beside the engine's jobs. */
export interface ReportSources {
  histories: Histories;
  /** The log of an instance, where its output goes to one. */
  logOf(job: string, instance: string, console: Console, to?: readonly LogTarget[]): string | undefined;
  defaultConsole: Console;
  problem(job: string): string | undefined;
  /** What is remarked of a job none of whose instances is there. `isFailureKnown`: the report has its last failure. */
  remark(job: string, isFailureKnown: boolean): string;
  /** The file that overrides what the job's own file says. */
  overrideOf(job: string): string | undefined;
  /** Why a log of a job cannot be written; undefined where all can. */
  logProblem(job: JobDefinition): string | undefined;
}

/** What is known of a job. */
export function reportOf(job: LoadedJob, now: Time, sources: ReportSources): JobReport {
  const { definition, name, pendingDefinition } = job;
  const { description, source, semantics, task, limit, respawn, respawnLimit } = definition;
  const log = logOf(definition, "", sources), logProblem = sources.logProblem(definition);
  const past = sources.histories.pastOf(name), problem = sources.problem(name);
  const remark = sources.remark(name, past[0]?.last?.isFailure ?? false);
  const override = sources.overrideOf(name), isLimited = respawn && respawnLimit !== "unlimited";
  return {
    name,
    ...(description !== undefined && { description }),
    source,
    ...(override !== undefined && { override }),
    semantics,
    isTask: task,
    isChanged: pendingDefinition !== undefined || problem !== undefined,
    ...(pendingDefinition && !pendingDefinition.definition && { isGone: true as const }),
    ...(problem !== undefined && { problem }),
    ...(job.instances.size === 0 && remark !== "" && { remark }),
    isCompleted: task && job.completed,
    limits: Object.fromEntries(
      Object.entries(limit).map(([resource, { soft, hard }]) => [
        resource,
        soft === hard ? String(soft) : `${soft}/${hard}`,
      ]),
    ),
    ...(isLimited && { respawnLimit: { ...respawnLimit } }),
    ...(log !== undefined && { log }),
    ...(logProblem !== undefined && { logProblem }),
    instances: Array.from(job.instances.values(), (instance) => instanceReport(instance, now, sources)),
    past: past.map((history) => pastReport(history, definition, sources)),
  };
}

function logOf(definition: JobDefinition, instance: string, sources: ReportSources) {
  const { name, logTo } = definition;
  return sources.logOf(name, instance, consoleOf(definition, sources.defaultConsole), logTo);
}

/** What a history says in a report. */
function known({ goal, state, since, started, stopped, last, restarts }: History) {
  return {
    goal,
    state,
    since,
    ...(started && { started }),
    ...(stopped && { stopped }),
    ...(last && { last }),
    restarts,
  };
}

function pastReport(history: History, definition: JobDefinition, sources: ReportSources): InstanceReport {
  const log = logOf(definition, history.instance, sources);
  return {
    name: history.instance,
    ...known(history),
    processes: [],
    timers: [],
    checks: [],
    ...(log !== undefined && { log }),
    waitsFor: [],
  };
}

function instanceReport(instance: Instance, now: Time, sources: ReportSources): InstanceReport {
  const { job, name, goal, state, report, timers } = instance;
  const history = sources.histories.of(job.name, name);
  const note = instance.note(now.monotonic), log = logOf(job.definition, name, sources);
  return {
    restarts: 0,
    ...(history && known(history)),
    name,
    goal,
    state,
    ...(note !== "" && { note }),
    processes: instance.processes().map(([process, pid]) => {
      const running = history?.processes[process];
      return { name: process, pid, ...(running?.pid === pid && { since: running.since }) };
    }),
    timers: Array.from(timers.values(), ({ purpose, deadline }) => (
      { purpose, at: Math.round(now.wall + deadline - now.monotonic) }
    )),
    checks: checksOf(job.definition, history),
    ...(report.status !== undefined && { told: printable(report.status) }),
    ...(log !== undefined && { log }),
    waitsFor: waitsOf(instance, now),
  };
}

/** What holds an instance that is not where its goal leads. */
function waitsOf(instance: Instance, now: Time): string[] {
  const { job, state, goal, timers } = instance;
  if (state === "waiting" || state === "running" && goal === "start" || timers.has("start-delay")) return [];
  return [printable(job.waitNote(instance, now.monotonic) || describeWait(instance))];
}

/** The checks of a definition, by their use, with the last answers. */
function checksOf(definition: JobDefinition, history: History | undefined): CheckReport[] {
  const { ready, alive, watchdog = 0, restartAbove } = definition, memory = restartAbove?.memory;
  const checks: CheckReport[] = [
    ...(ready ? [{ use: "ready", kind: ready.kind, what: targetOf(ready) }] : []),
    ...(alive ? [{ use: "health", kind: alive.kind, what: targetOf(alive) }] : []),
    ...(watchdog > 0
      ? [{ use: "watchdog", kind: "watchdog", what: `a sign of life each ${watchdog} s` }]
      : []),
    ...(memory ? [{ use: "memory", kind: "memory", what: `no more than ${memory} bytes` }] : []),
  ];
  return checks.map((check) => ({ ...check, ...history?.checks[check.use] }));
}

/** What a check looks at, in a few words. */
function targetOf(check: CheckDefinition): string {
  switch (check.kind) {
    case "http":
      return check.url;
    case "tcp":
      return check.address;
    case "unix":
    case "file":
      return check.path;
    case "exec":
      return check.command.kind === "exec" ? check.command.command : check.command.words.join(" ");
    case "log":
      return `/${check.pattern}/`;
    case "fd":
      return `descriptor ${check.descriptor}`;
    case "notify":
      return "READY=1";
    case "stopped":
      return "SIGSTOP";
  }
}
