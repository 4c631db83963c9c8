/** What jobs wait for, and whether it can ever happen. */

import { matchesGlob } from "node:path";
import type { Client } from "../control/client.ts";
import { JOB_INTERFACE, MANAGER_INTERFACE, MANAGER_PATH } from "../control/names.ts";
import type { Invocation } from "./command.ts";

/** What the two commands need to know of a job; conditions are in reverse Polish notation. */
interface Configuration {
  name: string;
  emits: string[];
  start_on: string[][];
  stop_on: string[][];
}

/** Conditions by the stanzas they stand in. */
const STANZAS: Array<[stanza: string, property: "start_on" | "stop_on"]> = [
  ["start on", "start_on"],
  ["stop on", "stop_on"],
];

/** Events about jobs, whose first value or `JOB` names one. */
const JOB_EVENTS = ["starting", "started", "stopping", "stopped"];

/** Events that init emits by itself. */
const INIT_EVENTS = [
  "startup",
  "control-alt-delete",
  "keyboard-request",
  "power-status-changed",
  ...JOB_EVENTS,
];

/** The configuration of one job, or of all when there is no name. */
async function configurations(client: Client, name?: string): Promise<Configuration[]> {
  const [found] = name === undefined
    ? await client.call(MANAGER_PATH, MANAGER_INTERFACE, "GetAllJobs")
    : await client.call(MANAGER_PATH, MANAGER_INTERFACE, "GetJobByName", "s", [name]);
  const paths = Array.isArray(found) ? found as string[] : [found as string];
  const all = await Promise.all(paths.map((path) => client.getAll(path, JOB_INTERFACE)));
  return all as unknown as Configuration[];
}

/** The job that an event of a condition is about, and its other values. */
function jobOf([event, ...values]: string[]): { job?: string; others: string[] } {
  if (!JOB_EVENTS.includes(event!)) return { others: values };
  const at = values.findIndex((value, index) =>
    value.startsWith("JOB=") || (index === 0 && !value.includes("="))
  );
  if (at < 0) return { others: values };
  return { job: values[at]!.replace(/^JOB=/, ""), others: values.filter((_, index) => index !== at) };
}

/** A condition with all its brackets. */
function bracketed(polish: string[][]): string {
  const stack: string[] = [];
  for (const words of polish) {
    const operator = operatorOf(words);
    if (!operator) {
      stack.push(words.join(" "));
      continue;
    }
    const right = stack.pop();
    stack.push(`(${stack.pop()} ${operator} ${right})`);
  }
  return stack[0]!;
}

function operatorOf(words: string[]): "and" | "or" | undefined {
  return words[0] === "/AND" ? "and" : words[0] === "/OR" ? "or" : undefined;
}

/** The command show-config. */
export async function showConfig({ args: [name], client, has, say }: Invocation): Promise<void> {
  for (const configuration of await configurations(await client(), name)) {
    say(configuration.name);
    for (const event of configuration.emits) say(`  emits ${event}`);
    for (const [stanza, property] of STANZAS) {
      const polish = configuration[property];
      if (polish.length === 0) continue;
      if (!has("enumerate")) {
        say(`  ${stanza} ${bracketed(polish)}`);
        continue;
      }
      for (const words of polish.filter((words) => !operatorOf(words))) {
        const { job, others } = jobOf(words);
        const about = job === undefined ? "" : ` ${job}`;
        say(`  ${stanza} ${words[0]} (job:${about}, env:${others.map((value) => ` ${value}`).join("")})`);
      }
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
  const stack: Verdict[] = [];
  for (const words of polish) {
    const operator = operatorOf(words);
    if (!operator) {
      const problems = problemsOf(words);
      stack.push({ possible: problems.length === 0, problems, parts: [] });
      continue;
    }
    const parts = [stack.pop()!, stack.pop()!];
    const possible = operator === "and" || strict
      ? parts.every((part) => part.possible)
      : parts.some((part) => part.possible);
    stack.push({ possible, problems: parts.flatMap((part) => part.problems), parts });
  }
  return stack[0]!;
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

/** The command check-config. Gives the exit status. */
export async function checkConfig(
  { args: [only], client, environment, has, values, say, complain }: Invocation,
) {
  const all = await configurations(await client());
  const jobs = new Set(all.map(({ name }) => name));
  if (only !== undefined && !jobs.has(only)) {
    complain(`Invalid job class: ${only}`);
    return 1;
  }
  const emitted = new Set(all.flatMap(({ emits }) => emits));
  const patterns = Array.from(emitted).filter((event) => /[*?[\\]/.test(event));
  const known = new Set([
    ...INIT_EVENTS,
    ...emitted,
    ...values("ignore-events").flatMap((list) => list.split(",")),
  ]);
  if (has("user") || environment.UPSTART_SESSION) known.add("session-end");

  const problemsOf = (words: string[]): string[] => {
    const { job } = jobOf(words);
    const event = words[0]!;
    const problems: string[] = [];
    if (!known.has(event) && !patterns.some((pattern) => matchesGlob(event, pattern))) {
      problems.push(`unknown event ${event}`);
    }
    if (job !== undefined && !jobs.has(job) && !job.startsWith("$")) problems.push(`unknown job ${job}`);
    return problems;
  };

  let status = 0;
  for (const configuration of all) {
    if (only !== undefined && configuration.name !== only) continue;
    const lines = STANZAS.flatMap(([stanza, property]) => {
      if (configuration[property].length === 0) return [];
      const wrong = impossiblePart(judge(configuration[property], problemsOf, has("warn")));
      return (wrong?.problems ?? []).map((problem) => `  ${stanza}: ${problem}`);
    });
    if (lines.length === 0) continue;
    status = 1;
    for (const line of [configuration.name, ...lines]) say(line);
  }
  return status;
}
