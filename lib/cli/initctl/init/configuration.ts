/**
 * The commands show-config and check-config: the conditions of jobs, and whether they can ever come true; their
 * dependencies, and whether somebody can meet them.
 */

import type { Client } from "../../../control/client/client.ts";
import { MANAGER_INTERFACE, MANAGER_PATH } from "../../../control/names.ts";
import { KnownEvents } from "../../../lint/known_names.ts";
import { type EventCondition, jobMatch, jobOf, type Match } from "../../../model/condition.ts";
import { DEPENDENCY_FIELDS, type DependencyField } from "../../../model/fields.ts";
import { parseReference } from "../../../model/text/references.ts";
import { EMITTED_EVENTS, SESSION_EVENT } from "../../../model/init_events.ts";
import type { Invocation } from "../command.ts";

/** The properties of a job that the two commands read; conditions are in reverse Polish notation. */
interface JobConditions {
  name: string;
  emits: string[];
  start_on: string[][];
  stop_on: string[][];
  /** Its set of defaults; only rouse tells. */
  semantics?: string;
}

/** The dependencies of a job, by the stanzas they stand in; only rouse tells. */
type JobDependencies = { [Field in DependencyField]?: string[] };

/** What the two commands read of a job. */
type JobProperties = JobConditions & JobDependencies;

/** Conditions by the stanzas they stand in. */
const STANZAS: Array<[stanza: string, property: "start_on" | "stop_on"]> = [
  ["start on", "start_on"],
  ["stop on", "stop_on"],
];

/** The conditions and dependencies of one job, or of all when there is no name. */
async function readJobs(client: Client, name?: string): Promise<JobProperties[]> {
  const [found] = name === undefined
    ? await client.call(MANAGER_PATH, MANAGER_INTERFACE, "GetAllJobs")
    : await client.call(MANAGER_PATH, MANAGER_INTERFACE, "GetJobByName", "s", [name]);
  const paths = Array.isArray(found) ? found as string[] : [found as string];
  // The empty name stands for all interfaces, rouse's own among them.
  const all = await Promise.all(paths.map((path) => client.getAll(path, "")));
  return all as unknown as JobProperties[];
}

/** The job that an event of a condition is about, and its other values. */
function subjectOf([name = "", ...values]: string[]): { job?: string; others: string[] } {
  const event: EventCondition = { kind: "event", name, matches: values.map(matchOf) };
  const job = jobOf(event);
  if (job === undefined) return { others: values };
  const at = event.matches.indexOf(jobMatch(event)!);
  return { job, others: values.filter((_, index) => index !== at) };
}

/** A value of a condition: `KEY=VALUE`, `KEY!=VALUE` or a bare value. */
function matchOf(word: string): Match {
  const equals = word.indexOf("=");
  if (equals < 0) return { value: word };
  const negated = word[equals - 1] === "!", value = word.slice(equals + 1);
  return negated ? { key: word.slice(0, equals - 1), value, negated } : { key: word.slice(0, equals), value };
}

/** Works a condition out from its events: the result for each, joined by the operators. */
function fold<Result>(
  polish: string[][],
  event: (words: string[]) => Result,
  join: (operator: "and" | "or", left: Result, right: Result) => Result,
): Result {
  const stack: Result[] = [];
  for (const words of polish) {
    const operator = operatorOf(words);
    if (!operator) stack.push(event(words));
    else {
      const right = stack.pop()!;
      stack.push(join(operator, stack.pop()!, right));
    }
  }
  return stack[0]!;
}

function operatorOf([word]: string[]): "and" | "or" | undefined {
  return word === "/AND" ? "and" : word === "/OR" ? "or" : undefined;
}

/** A condition with all its brackets. */
function bracketed(polish: string[][]): string {
  return fold(
    polish,
    (words) => words.join(" "),
    (operator, left, right) => `(${left} ${operator} ${right})`,
  );
}

/** What show-config tells of a job, for `--json`. Conditions have all their brackets. */
function asData({ name, semantics, emits, start_on, stop_on, ...more }: JobProperties): object {
  const dependencies = DEPENDENCY_FIELDS.map((field) => [field, more[field] ?? []] as const);
  return {
    name,
    ...semantics !== undefined && { semantics },
    emits,
    ...start_on.length > 0 && { startOn: bracketed(start_on) },
    ...stop_on.length > 0 && { stopOn: bracketed(stop_on) },
    dependencies: Object.fromEntries(dependencies.filter(([, words]) => words.length > 0)),
  };
}

/** The command show-config. */
export async function showConfig(
  { args: [name], client, has, say, isJson, tell }: Invocation,
): Promise<void> {
  const jobs = await readJobs(await client(), name);
  if (isJson) return tell({ jobs: jobs.map(asData) });
  for (const job of jobs) {
    say(job.name);
    // Files of Upstart's have Upstart's, and scripts that read this do not expect the line.
    if (job.semantics === "rouse") say("  semantics rouse");
    for (const event of job.emits) say(`  emits ${event}`);
    for (const [stanza, property] of STANZAS) {
      const polish = job[property];
      if (polish.length === 0) continue;
      if (!has("enumerate")) {
        say(`  ${stanza} ${bracketed(polish)}`);
        continue;
      }
      for (const words of polish.filter((words) => !operatorOf(words))) {
        const { job: subject, others } = subjectOf(words);
        const about = subject === undefined ? "" : ` ${subject}`;
        say(`  ${stanza} ${words[0]} (job:${about}, env:${others.map((value) => ` ${value}`).join("")})`);
      }
    }
    for (const field of DEPENDENCY_FIELDS) {
      const words = job[field] ?? [];
      if (words.length > 0) say(`  ${field} ${words.join(" ")}`);
    }
  }
}

/** A condition, or a part of one, and whether it can come true. */
interface Verdict {
  possible: boolean;
  /** What is wrong in it, in the order in which it is told: the right side first, as Upstart has it. */
  problems: string[];
  /** The parts of a joined condition, the right one first. */
  parts: Verdict[];
}

/** Judges a condition; with `strict` both sides of an `or` must be possible. */
function judge(polish: string[][], problemsOf: (words: string[]) => string[], strict: boolean): Verdict {
  return fold<Verdict>(polish, (words) => {
    const problems = problemsOf(words);
    return { possible: problems.length === 0, problems, parts: [] };
  }, (operator, left, right) => {
    const parts = [right, left];
    const possible = operator === "and" || strict
      ? parts.every((part) => part.possible)
      : parts.some((part) => part.possible);
    return { possible, problems: parts.flatMap((part) => part.problems), parts };
  });
}

/** The outermost part that cannot come true: the whole, or a joined condition within it. */
function impossiblePart(verdict: Verdict): Verdict | undefined {
  if (!verdict.possible) return verdict;
  for (const part of verdict.parts) {
    const found = part.parts.length > 0 ? impossiblePart(part) : undefined;
    if (found) return found;
  }
  return undefined;
}

/** The command check-config. Returns the exit status. @throws {Error} when there is no such job. */
export async function checkConfig(
  { args: [only], client, environment, has, values, say, tell }: Invocation,
): Promise<number> {
  const all = await readJobs(await client());
  const jobs = new Set(all.map(({ name }) => name));
  const provided = new Set(all.flatMap(({ provides = [] }) => provides));
  if (only !== undefined && !jobs.has(only)) throw new Error(`Invalid job class: ${only}`);
  const isSession = has("user") || environment.UPSTART_SESSION;
  const ignored = values("ignore-events").flatMap((list) => list.split(","));
  const known = new KnownEvents(
    [...EMITTED_EVENTS, ...(isSession ? [SESSION_EVENT] : []), ...ignored],
    new Set(all.flatMap(({ emits }) => emits)),
  );

  const problemsOf = (words: string[]): string[] => {
    const { job } = subjectOf(words), event = words[0]!;
    const problems: string[] = [];
    if (!known.has(event)) problems.push(`unknown event ${event}`);
    if (job !== undefined && !jobs.has(job) && !job.startsWith("$")) problems.push(`unknown job ${job}`);
    return problems;
  };

  const wrong: Array<{ name: string; problems: Array<{ stanza: string; problem: string }> }> = [];
  for (const job of all) {
    if (only !== undefined && job.name !== only) continue;
    const problems = STANZAS.flatMap(([stanza, property]) => {
      if (job[property].length === 0) return [];
      const part = impossiblePart(judge(job[property], problemsOf, has("warn")));
      return (part?.problems ?? []).map((problem) => ({ stanza, problem }));
    });
    for (const { name } of (job.needs ?? []).map(parseReference)) {
      if (!jobs.has(name) && !provided.has(name)) {
        problems.push({ stanza: "needs", problem: `unknown job ${name}` });
      }
    }
    if (problems.length > 0) wrong.push({ name: job.name, problems });
  }
  for (const { name, problems } of wrong) {
    say(name);
    for (const { stanza, problem } of problems) say(`  ${stanza}: ${problem}`);
  }
  tell({ jobs: wrong });
  return wrong.length > 0 ? 1 : 0;
}
