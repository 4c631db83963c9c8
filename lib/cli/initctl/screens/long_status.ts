/** The command status at length: a page for each job. */

import { JOB_INTERFACE, jobPath, parsePath } from "../../../control/names.ts";
import { readOutput } from "../../../control/client/insight.ts";
import { formatStatus } from "../../../control/status.ts";
import { clockTime } from "../../../insight/history/since.ts";
import { jobPage, type PageContext } from "../../../insight/screen/job_page.ts";
import type { ObservedInstance } from "../../../insight/screen/observed.ts";
import type { InstanceReport, JobReport, Report } from "../../../model/insight/report.ts";
import { nothingChosen, selectJobs } from "../../../insight/selection.ts";
import { printable } from "../../../model/text/printable.ts";
import type { Invocation } from "../command.ts";
import { errorAsData } from "../errors.ts";
import type { TellWaiting } from "../explain/explain.ts";
import { exitCodeOf, exitCodeOfError, UNKNOWN } from "./exit_code.ts";
import { lastLinesOf } from "./log_file.ts";
import { classicOf } from "./listing.ts";
import { askReport, chosenOf, observerOf, viewOf } from "./view.ts";

/** How many lines of a job's output are shown. */
const LINES = 10;

/** The jobs that are asked about. */
interface Asked {
  report: Report;
  /** The instance that is asked about; absent: all. */
  instance?: string;
  problems: string[];
}

/**
 * The command status, of several jobs or at length. Returns the exit status; undefined where init does not tell enough.
 * @throws {Error} with a message for the user.
 */
export async function showStatus(invocation: Invocation): Promise<number | undefined> {
  const { has, complain } = invocation;
  try {
    const asked = has("jobs") ? await askedByPatterns(invocation) : await askedByName(invocation);
    return asked && await showAsked(invocation, asked);
  } catch (error) {
    const code = has("exit-code") ? exitCodeOfError(error as Error) : undefined;
    if (code === undefined) throw error;
    invocation.tell(errorAsData(error as Error));
    complain((error as Error).message);
    return code;
  }
}

async function showAsked(invocation: Invocation, asked: Asked): Promise<number> {
  const { has, show, say, complain, tell, isJson, isTerminal } = invocation;
  const { report, instance, problems } = asked;
  if (isJson) tell({ ...report, observed: await observedOf(invocation, asked), problems });
  else if (isTerminal(1) || has("long")) show(await pages(invocation, asked));
  else for (const job of report.jobs) for (const line of classicLines(job, instance)) say(line);
  for (const { problem, job } of report.broken) {
    complain(
      `${printable(job)} is not defined, as its file has an error: ${problem || "only root may read it"}`,
    );
  }
  for (const problem of problems) complain(problem);
  const isUnknown = problems.length > 0 || report.broken.length > 0;
  if (!has("exit-code")) return isUnknown ? 1 : 0;
  return isUnknown ? UNKNOWN : exitCodeOf(report.jobs, instance);
}

/** What --jobs and the arguments choose. */
async function askedByPatterns(invocation: Invocation): Promise<Asked | undefined> {
  const report = await askReport(invocation);
  return report && chosenOf(report, [...invocation.values("jobs"), ...invocation.args]);
}

/** The job that the first argument names, and its instance, if variables do; inside a job's process that instance. */
async function askedByName(invocation: Invocation): Promise<Asked | undefined> {
  const { args: [word, ...env], environment: { UPSTART_JOB, UPSTART_INSTANCE } } = invocation;
  const name = word ?? UPSTART_JOB!;
  const report = await askReport(invocation, [name]);
  if (!report) return undefined;
  const problems = report.jobs.length + report.broken.length > 0 ? [] : [await unknown(invocation, name)];
  if (word === undefined) return { report, problems, instance: UPSTART_INSTANCE! };
  if (env.length === 0 || report.jobs.length === 0) return { report, problems };
  return { report, problems, instance: await instanceOf(invocation, name, env) };
}

/** The name of the instance of a job that variables tell. */
async function instanceOf({ client }: Invocation, job: string, env: string[]): Promise<string> {
  const [path] = await (await client()).call(jobPath(job), JOB_INTERFACE, "GetInstance", "as", [env]);
  return parsePath(path as string)?.instance ?? "";
}

/** What is said of an unknown job, with the nearest name. */
async function unknown(invocation: Invocation, name: string): Promise<string> {
  const all = await askReport(invocation);
  const known = all?.jobs.map(({ name }) => name) ?? [];
  const isPattern = invocation.isTerminal(2) && selectJobs([name], known).jobs.length > 0;
  return isPattern
    ? `No job is called ${name}; for all that match: initctl status --jobs '${name}'`
    : nothingChosen(name, known);
}

/** The lines as status prints them without a terminal. */
function classicLines({ name, instances }: JobReport, wanted: string | undefined): string[] {
  const shown = instances.filter((one) => wanted === undefined || one.name === wanted);
  return shown.length === 0
    ? [formatStatus(name)]
    : shown.map((instance) => formatStatus(name, classicOf(instance)));
}

/** The pages, an empty line between them. */
async function pages(invocation: Invocation, { report, instance }: Asked): Promise<string[]> {
  const view = viewOf(invocation), observer = await observerOf(invocation, true);
  const seen = new Map<InstanceReport, ObservedInstance | undefined>();
  const observe = (job: string, one: InstanceReport) => {
    if (!seen.has(one)) seen.set(one, observer.observe(job, one));
    return seen.get(one);
  };
  const lines: string[] = [], tellWaiting = await waitingOf(invocation, report);
  for (const job of report.jobs) {
    const output = await outputOf(invocation, job, instance);
    const why = job.instances.length > 0 ? undefined : tellWaiting?.(job.name);
    const context: PageContext = {
      ...view,
      now: report.now,
      observe,
      clock: (at) => clockTime(at, true),
      lines: output,
      leftBehind: (job, instance) => observer.leftBehind(job, instance),
      ...instance !== undefined && { instance },
      ...why !== undefined && { why },
    };
    lines.push(...lines.length > 0 ? [""] : [], ...jobPage(job, context));
  }
  return lines;
}

/** What tells why jobs do not run that have no instance; undefined where all have some. */
async function waitingOf({ client }: Invocation, { jobs }: Report): Promise<TellWaiting | undefined> {
  if (jobs.every(({ instances }) => instances.length > 0)) return undefined;
  const { whyTheyWait } = await import("../explain/explain.ts");
  return await whyTheyWait(await client());
}

async function observedOf(invocation: Invocation, { report, instance }: Asked): Promise<ObservedInstance[]> {
  const observer = await observerOf(invocation, true);
  return report.jobs.flatMap(({ name, instances }) =>
    instances.filter((one) => instance === undefined || one.name === instance)
      .flatMap((one) => observer.observe(name, one) ?? [])
  );
}

/** The last lines of a job's output: those that init keeps, or where it has few, those of the log file. */
async function outputOf(
  invocation: Invocation,
  job: JobReport,
  wanted: string | undefined,
): Promise<string[]> {
  const kept = await keptOutput(invocation, job.name, wanted);
  if (kept.length >= LINES) return kept;
  const shown = [...job.instances, ...job.past].filter(({ name }) => wanted === undefined || name === wanted);
  const path = shown[0]?.log ?? job.log;
  // Of several instances each has a file of its own.
  const isOne = shown.length <= 1 && path !== undefined && job.logProblem === undefined;
  const written = isOne ? lastLinesOf(path, LINES) : [];
  return written.length > kept.length ? written : kept;
}

/** What init keeps of a job's output; nothing where it does not tell. */
async function keptOutput(
  { client }: Invocation,
  job: string,
  wanted: string | undefined,
): Promise<string[]> {
  try {
    const most = wanted === undefined ? LINES : 100 * LINES;
    const { items } = await readOutput(await client(), { jobs: [job], most, last: true });
    return items.filter(({ instance }) => wanted === undefined || instance === wanted).slice(-LINES)
      .map(({ text }) => text);
  } catch (error) {
    // Only root and init's user may read it.
    if ((error as Error).name.startsWith("org.freedesktop.DBus.Error.")) return [];
    throw error;
  }
}
