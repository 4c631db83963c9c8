/** What the screens have in common: the report of init, its jobs that were chosen, and how it is shown. */

import type { CallError } from "../../../control/client/client.ts";
import { describe } from "../../../control/client/insight.ts";
import { isOfThisNamespace } from "../../../control/client/server_identity.ts";
import { type Style, styleFor } from "../../../insight/screen/style.ts";
import { selectJobs } from "../../../insight/selection.ts";
import type { Report } from "../../../model/insight/report.ts";
import { terminalColumns, USUAL_COLUMNS } from "../../../sys/machine/terminal.ts";
import type { Invocation } from "../command.ts";
import { Observer } from "./observer.ts";

/** How an invocation's output is shown. */
export interface View {
  /** Infinity where there is no terminal. */
  width: number;
  style: Style;
}

/** @throws {Error} for a wrong `--color`. */
export function viewOf({ isTerminal, values, environment }: Invocation): View {
  const isShown = isTerminal(1);
  return {
    width: isShown ? terminalColumns(1) ?? USUAL_COLUMNS : Infinity,
    style: styleFor(values("color").at(-1), isShown, environment),
  };
}

/** The report on jobs (none: all); undefined of an init that does not tell, such as genuine Upstart. */
export async function askReport({ client }: Invocation, jobs: string[] = []): Promise<Report | undefined> {
  try {
    return await describe(await client(), jobs);
  } catch (error) {
    // The client has a class of its own.
    if ((error as Partial<CallError>).isUnknownMethod) return undefined;
    throw error;
  }
}

/** A look at the processes of the machine that init runs on, if that is this one. */
export async function observerOf({ client }: Invocation, isWhole: boolean): Promise<Observer> {
  const { server } = await client();
  const isHere = server !== undefined && server > 0 && await isOfThisNamespace(server);
  return new Observer(isHere ? server : undefined, isWhole);
}

/** The part of a report that names and patterns choose; the whole where there are none. */
export function chosenOf(report: Report, words: readonly string[]): { report: Report; problems: string[] } {
  if (words.length === 0) return { report, problems: [] };
  const known = [...report.jobs.map(({ name }) => name), ...report.broken.map(({ job }) => job)];
  const { jobs, problems } = selectJobs(words, known);
  const chosen = new Set(jobs);
  return {
    report: {
      ...report,
      jobs: report.jobs.filter(({ name }) => chosen.has(name)),
      broken: report.broken.filter(({ job }) => chosen.has(job)),
    },
    problems,
  };
}
