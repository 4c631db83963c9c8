/** Why a change of a job has failed: what is added to init's error on a terminal. */

import type { Client } from "../../../control/client/client.ts";
import { describe, readOutput } from "../../../control/client/insight.ts";
import { type FailedRun, failedRuns, failureLines } from "../../../insight/history/failures.ts";
import { displayName } from "../../../model/display_name.ts";
import { closest } from "../../../model/text/closest.ts";
import { type AskedChange, jobsOf } from "../patience.ts";

/** So many failures are told, each with so many of its last lines. */
const MOST_FAILURES = 5, MOST_LINES = 10;

/** A change that has failed. */
interface FailedChange {
  asked: AskedChange;
  /** When it was asked for, in ms since 1970. */
  since: number;
  message: string;
  args: readonly string[];
}

/** Lines behind the error, by the last part of its name. */
const REASONS: Readonly<
  Record<string, (client: Client, change: FailedChange) => Promise<string[]> | string[]>
> = {
  JobFailed: failures,
  EventFailed: failures,
  UnknownJob: nearest,
  UnknownInstance: notRunning,
  InvalidArgs: wrongArguments,
};

/**
 * What is to be said behind the message of an error, each line with a newline in front of it. Nothing where init does not
 * tell more.
 */
export async function reasonsOf(
  client: Client,
  error: Error,
  change: Omit<FailedChange, "message">,
): Promise<string> {
  const name = error.name.slice(error.name.lastIndexOf(".") + 1);
  if (!Object.hasOwn(REASONS, name)) return "";
  try {
    const lines = await REASONS[name]!(client, { ...change, message: error.message });
    return lines.map((line) => `\n${line}`).join("");
  } catch {
    return ""; // Init does not tell, or not to this user: the error itself says enough.
  }
}

/** The runs that have failed by a change, with the last lines of each. What the message has told is not told again. */
export async function failures(
  client: Client,
  { asked, since, message }: Omit<FailedChange, "args">,
): Promise<string[]> {
  const runs = failedRuns(await describe(client, jobsOf(asked)), since);
  const blocks = await Promise.all(
    runs.slice(0, MOST_FAILURES).map(async (run) => {
      const { items } = await readOutput(client, { jobs: [run.job], since, most: MOST_LINES, last: true })
        .catch(() => ({ items: [] }));
      return failureLines(run, items, message.endsWith(run.reason));
    }),
  );
  return [...blocks.flat(), ...runs.slice(0, 1).map(moreAbout)];
}

/** Where more is told. What could not be run has printed nothing. */
function moreAbout({ job, hasRun }: FailedRun): string {
  return `For more: initctl status ${job}, initctl ${hasRun ? "logs" : "why"} ${job}`;
}

async function nearest(client: Client, { asked }: FailedChange): Promise<string[]> {
  if (!("job" in asked)) return [];
  const { jobs, broken } = await describe(client);
  const problem = broken.find(({ job }) => job === asked.job)?.problem;
  if (problem !== undefined) return [`Its file has an error: ${problem}`];
  const near = closest(asked.job, jobs.map(({ name }) => name));
  return near === undefined ? [] : [`The nearest name is ${near}`];
}

async function notRunning(client: Client, { asked, message }: FailedChange): Promise<string[]> {
  if (!("job" in asked)) return [];
  const instance = message.replace(/^Unknown instance: /, "");
  const { jobs: [job] } = await describe(client, [asked.job]);
  const others = job?.instances.map(({ name }) => name).filter((name) => name !== "") ?? [];
  const hint = others.length > 0 ? `; it has the instances ${others.join(", ")}` : "";
  const start = asked.change === "Restart" && others.length === 0
    ? `; \`initctl start ${asked.job}' starts it`
    : "";
  return [`${displayName(asked.job, instance)} is not running${hint}${start}`];
}

function wrongArguments(_: Client, { asked, args, message }: FailedChange): string[] {
  if (!("job" in asked)) return [];
  const missing = /^Unknown parameter: (\w+)/.exec(message)?.[1];
  const command = `initctl ${asked.change.toLowerCase()}`;
  if (missing !== undefined) return [`The instance is missing: ${command} ${[...args, missing].join(" ")}=…`];
  const names = args.filter((word) => !word.includes("="));
  return names.length < 2 ? [] : [`For several jobs: ${command} --jobs ${names.join(" ")}`];
}
