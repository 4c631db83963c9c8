/** What the options of logs and events ask for. */

import type { Client } from "../../../control/client/client.ts";
import { describe, readJournal } from "../../../control/client/insight.ts";
import { ERROR_PREFIX } from "../../../control/names.ts";
import { EXPECTED_TIME, parseSince } from "../../../insight/history/since.ts";
import { selectJobs } from "../../../insight/selection.ts";
import type { Report } from "../../../model/insight/report.ts";
import type { Invocation } from "../command.ts";

/** What both commands understand. */
export interface ReadingWish {
  isFollowing: boolean;
  /** So many of the last are shown. */
  most: number;
  /** What is older is not shown (ms since 1970). */
  since: number;
}

/** So many are shown in front of what is followed. */
const BEFORE_FOLLOWING = 10;

/** @throws {Error} for a wrong value. */
export function wishOf({ has, values }: Invocation, now: number): ReadingWish {
  const isFollowing = has("follow"), since = values("since").at(-1), lines = values("lines").at(-1);
  return {
    isFollowing,
    most: lines === undefined ? isFollowing ? BEFORE_FOLLOWING : Infinity : countOf(lines),
    since: since === undefined ? -Infinity : timeOf(since, now),
  };
}

function countOf(text: string): number {
  if (text === "all") return Infinity;
  if (/^\d+$/.test(text)) return Number(text);
  throw new Error(`invalid value for --lines: ${text}; it is a number, or all`);
}

function timeOf(text: string, now: number): number {
  const time = parseSince(text, now);
  if (time === undefined) throw new Error(`invalid value for --since: ${text}; it is ${EXPECTED_TIME}`);
  return time;
}

/** Those of some names that init remembers something of: jobs whose files are gone. */
async function forgottenJobs(client: Client, names: readonly string[]): Promise<string[]> {
  const forgotten: string[] = [];
  for (const name of names) {
    // Whoever may not read what init remembers is told that the job is unknown.
    const { items } = await readJournal(client, { jobs: [name], most: 1 }).catch(() => ({ items: [] }));
    if (items.length > 0) forgotten.push(name);
  }
  return forgotten;
}

/** The jobs that the arguments choose, and what init knows. */
export interface ChosenJobs {
  report: Report;
  /** The names; of all where there are no arguments. */
  jobs: string[];
  /** True where the arguments name none, so that jobs to come are chosen, too. */
  isAll: boolean;
}

/** @throws {Error} when an argument names none. */
export async function chosenJobs({ args, client: connect }: Invocation): Promise<ChosenJobs> {
  const client = await connect(), report = await describe(client);
  const known = [...report.jobs.map(({ name }) => name), ...report.broken.map(({ job }) => job)];
  if (args.length === 0) return { report, jobs: known, isAll: true };
  const unknown = args.filter((word) => selectJobs([word], known).jobs.length === 0);
  const { jobs, problems } = selectJobs(args, [...known, ...await forgottenJobs(client, unknown)]);
  if (problems.length > 0) {
    throw Object.assign(new Error(problems.join("; ")), { name: `${ERROR_PREFIX}UnknownJob` });
  }
  return { report, jobs, isAll: false };
}
