/** The linter of `ready`, `alive`, `restart above` and their like: what they say together with other stanzas. */

import { isPolled, type PolledCheck } from "../model/checks/check.ts";
import { eventsOf } from "../model/condition.ts";
import { FIELDS } from "../model/fields.ts";
import type { JobDefinition } from "../model/job.ts";
import { closest } from "../model/text/closest.ts";
import type { FieldFinding } from "./no_effect.ts";

/** What is odd about a job's checks. */
export function oddChecks(job: JobDefinition): FieldFinding[] {
  const { ready, alive, restartAbove, watchdog, pidFile, processes, expect, task, respawn, startTimeout } =
    job;
  const findings: FieldFinding[] = [];
  const add = (field: keyof JobDefinition, reason: string) => void findings.push({ field, reason });
  if (ready && expect !== "none" && expect !== "children") {
    add("ready", `ready: with \`expect ${expect}' the job waits for both; one of them is enough`);
  }
  if (ready && task) {
    add(
      "ready",
      "ready: a task is done when its main process ends, whether it was ready or not; leave ready out",
    );
  }
  for (const [field, check] of Object.entries({ ready, alive })) {
    if (check?.kind !== "unix" && check?.kind !== "file" || /^[/$]/.test(check.path)) continue;
    add(
      field as "ready" | "alive",
      `${field}: ${check.path} is looked for in the root directory; write the whole path`,
    );
  }
  if (ready && !isPolled(ready) && !processes.main) {
    add("ready", `ready: without a main process nobody tells by \`${ready.kind}'; add \`exec' or \`script'`);
  }
  if (ready && !task && startTimeout === undefined && job.semantics === "upstart") {
    add("ready", "ready: it is waited for without end; add a `start timeout', or `semantics rouse'");
  }
  findings.push(...misspeltVariables(job));
  const longest = ready && isPolled(ready) ? ready.timeout : undefined;
  if (longest !== undefined && startTimeout !== undefined && longest > startTimeout) {
    add(
      "ready",
      `ready: one check may take ${longest} seconds, but the whole start only ${startTimeout}; ` +
        "give the check less time, or the start more",
    );
  }
  const isRestarted = (alive?.then ?? "restart") === "restart";
  if (alive && isRestarted && !respawn) {
    add(
      "alive",
      "alive: without `respawn' an unhealthy job is not started again but stopped; add that, or `then stop'",
    );
  }
  if (restartAbove && !respawn) {
    add(
      "restartAbove",
      "restart above: without `respawn' the job is not started again but stopped; add that",
    );
  }
  if (pidFile !== undefined && expect !== "none") {
    add("expect", "expect: it has no effect with `pid file', which names the process that is followed");
  }
  const needsMain = { pidFile: pidFile !== undefined, watchdog: watchdog !== undefined } as const;
  for (const field of ["pidFile", "watchdog"] as const) {
    if (!needsMain[field] || processes.main) continue;
    add(field, `${FIELDS[field].stanza}: it has no effect without a main process; add \`exec' or \`script'`);
  }
  return findings;
}

/** A variable whose value is put in, or else the check fails. */
const VARIABLE = /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))/g;

/**
 * Variables in checks that the job does not say, where it says one that is called almost the same. Any other may come from
 * who starts the job, or from init's own environment.
 */
function misspeltVariables({ ready, alive, env, instance, startOn }: JobDefinition): FieldFinding[] {
  const known = new Set([
    ...env.map((variable) => variable.split("=")[0]!),
    ...variablesIn(instance),
    ...eventsOf(startOn).flatMap(({ matches }) => matches.flatMap(({ key }) => key ?? [])),
  ]);
  return Object.entries({ ready, alive }).flatMap(([field, check]) => {
    const texts = check && isPolled(check) ? textsOf(check) : [];
    return [...new Set(texts.flatMap(variablesIn))].flatMap((name) => {
      const meant = known.has(name) ? undefined : closest(name, known);
      if (meant === undefined) return [];
      return { field, reason: `${field}: the job has no variable \`${name}'; did you mean \`${meant}'?` };
    });
  });
}

function variablesIn(text: string): string[] {
  return Array.from(text.matchAll(VARIABLE), ([, braced, bare]) => braced ?? bare!);
}

/** The texts of a check into which variables are put. The shell puts them into commands. */
function textsOf(check: PolledCheck): string[] {
  switch (check.kind) {
    case "http":
      return [check.url, check.body ?? "", ...Object.values(check.header ?? {})];
    case "tcp":
      return [check.address];
    case "unix":
    case "file":
      return [check.path];
    case "exec":
      return check.command.kind === "exec" ? [check.command.command] : check.command.words;
  }
}
