/** The commands list and ps: jobs as a table. */

import { formatStatus, type InstanceStatus } from "../../../control/status.ts";
import { isInState, type JobRow, ORDERS, rowsOf, sorted } from "../../../insight/screen/job_rows.ts";
import { jobTable } from "../../../insight/screen/job_table.ts";
import { isStateName, STATE_WORDS } from "../../../insight/screen/states.ts";
import type { ObservedInstance } from "../../../insight/screen/observed.ts";
import type { InstanceReport, JobReport, Report } from "../../../model/insight/report.ts";
import type { Invocation } from "../command.ts";
import { askReport, chosenOf, observerOf, type View, viewOf } from "./view.ts";
import { watch } from "./watch.ts";

/** What is listed, and how. */
export interface Listing {
  /** Names and patterns of jobs; none: all. */
  words: string[];
  /** Those alone that have processes. */
  isRunningOnly: boolean;
  isFailedOnly: boolean;
  /** Those in one of these states; none: all. */
  states: string[];
  order: string | undefined;
}

/** What a look at the jobs gave. */
export interface Sighting {
  report: Report;
  rows: JobRow[];
  observed: ObservedInstance[];
  problems: string[];
}

/**
 * The command list, or ps. Returns the exit status; undefined where init does not tell enough.
 * @throws {Error} with a message for the user.
 */
export async function showList(invocation: Invocation, isRunningOnly: boolean): Promise<number | undefined> {
  const { has, values, args, complain, say, show, tell, isJson, isTerminal } = invocation;
  const listing: Listing = {
    words: isRunningOnly || has("jobs") ? [...values("jobs"), ...args] : [],
    isRunningOnly,
    isFailedOnly: has("failed"),
    states: statesNamed(values("state")),
    order: orderOf(values("sort").at(-1)),
  };
  const view = viewOf(invocation);
  if (has("watch")) return await watch(invocation, listing, view.style);
  const look = await lookAt(invocation, listing);
  if (!look) return undefined;
  if (isJson) tell(dataOf(look));
  else if (isTerminal(1) || has("long") || isRunningOnly) show(linesOf(look, view));
  else for (const row of look.rows) say(classicLine(row, look.report));
  for (const problem of look.problems) complain(problem);
  if (listing.words.length === 0 && args.length > 0 && isTerminal(2) && !isJson) {
    complain(`This lists all jobs; for some of them: initctl list --jobs ${args.join(" ")}`);
  }
  return look.problems.length > 0 ? 1 : 0;
}

/** @throws {Error} for a word that is no state. */
function statesNamed(words: string[]): string[] {
  const wrong = words.find((word) => !isStateName(word));
  if (wrong === undefined) return words;
  throw new Error(
    `invalid value for --state: ${wrong}; it is one of ${STATE_WORDS.join(", ")}, or as in start/running`,
  );
}

/** @throws {Error} for a key that is none. */
function orderOf(key: string | undefined): string | undefined {
  if (key === undefined || Object.hasOwn(ORDERS, key)) return key;
  throw new Error(`invalid value for --sort: ${key}; it is one of ${Object.keys(ORDERS).join(", ")}`);
}

/** Asks init and looks at the processes; undefined where init does not tell. */
export async function lookAt(invocation: Invocation, listing: Listing): Promise<Sighting | undefined> {
  const whole = await askReport(invocation);
  if (!whole) return undefined;
  const { report, problems } = chosenOf(whole, listing.words);
  const observer = await observerOf(invocation, false);
  const observed: ObservedInstance[] = [];
  const all = rowsOf(report, (job, instance) => {
    const seen = observer.observe(job, instance);
    if (seen) observed.push(seen);
    return seen;
  });
  const { isRunningOnly, isFailedOnly, states, order } = listing;
  const rows = all.filter((row) =>
    (!isRunningOnly || row.pid !== undefined) && (!isFailedOnly || row.state.needsAttention) &&
    (states.length === 0 || states.some((state) => isInState(row, state)))
  );
  return { report, problems, observed, rows: order === undefined ? rows : sorted(rows, order) };
}

/** The table, or a word where there is nothing. */
export function linesOf({ rows, report }: Sighting, { width, style }: View): string[] {
  return rows.length === 0 ? [style("no jobs", "dim")] : jobTable(rows, report.now, width, style);
}

/** The row as the classic list has it. */
function classicLine(row: JobRow, { jobs }: Report): string {
  const instance = instanceOf(row, jobs);
  return formatStatus(row.job, instance && classicOf(instance));
}

function instanceOf({ job, instance }: JobRow, jobs: readonly JobReport[]): InstanceReport | undefined {
  return jobs.find(({ name }) => name === job)?.instances.find(({ name }) => name === instance);
}

/** An instance as the classic commands print it. */
export function classicOf({ name, goal, state, processes }: InstanceReport): InstanceStatus {
  return { name, goal, state, processes: processes.map(({ name, pid }) => [name, pid]) };
}

/** The report on the jobs that have a row, with what was seen of their processes. */
function dataOf({ report, rows, observed, problems }: Sighting): object {
  const names = new Set(rows.map(({ job }) => job));
  return {
    ...report,
    jobs: report.jobs.filter(({ name }) => names.has(name)),
    broken: report.broken.filter(({ job }) => names.has(job)),
    observed: observed.filter(({ job }) => names.has(job)),
    problems,
  };
}
