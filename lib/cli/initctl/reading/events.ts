/** The command events: the journal of init for people. */

import { Buffer } from "node:buffer";
import { readJournal } from "../../../control/client/insight.ts";
import { RECORD_KINDS, recordText } from "../../../insight/history/record_text.ts";
import { styleFor } from "../../../insight/screen/style.ts";
import type { JournalRecord } from "../../../model/insight/journal.ts";
import { printable, printableJson } from "../../../model/text/printable.ts";
import type { Invocation } from "../command.ts";
import { LineOutput } from "./line_output.ts";
import { follow, readAll } from "./pages.ts";
import { type ChosenJobs, chosenJobs, wishOf } from "./wishes.ts";

/**
 * The command events. Returns the exit status.
 * @throws {Error} with a message for the user.
 */
export async function showEvents(invocation: Invocation): Promise<number> {
  const { isTerminal, values, environment, isJson, args, complain } = invocation;
  const now = Date.now(), { most, since, isFollowing } = wishOf(invocation, now);
  const kinds = kindsOf(values("kind"));
  const chosen = args.length === 0 ? undefined : await chosenJobs(invocation), jobs = chosen?.jobs ?? [];
  const style = styleFor(values("color").at(-1), isTerminal(1), environment);
  const day = isTerminal(1) ? now : -Infinity; // Elsewhere the day is always told.
  const output = new LineOutput<JournalRecord>(
    invocation,
    (record) => Buffer.from(`${isJson ? printableJson(record) : recordText(record, style, day)}\n`),
  );
  const isWanted = ({ kind }: JournalRecord) => kinds === undefined || kinds.has(kind);
  const page = await readAll(
    await invocation.client(),
    readJournal,
    { jobs, since: Math.max(0, since) },
    kinds ? Infinity : most,
  );
  const wanted = page.items.filter(isWanted);
  for (const record of wanted.slice(Math.max(0, wanted.length - most))) if (!output.add(record)) return 0;
  if (!output.flush()) return 0;
  if (!isFollowing) return wanted.length === 0 && chosen ? tellBroken(invocation, chosen) : 0;
  for await (const { items, lost } of follow(await invocation.client(), readJournal, jobs, page.next)) {
    if (lost > 0) complain(`${lost} records came too fast to be shown`);
    for (const record of items) if (isWanted(record)) output.add(record);
    if (!output.flush()) break;
  }
  return 0;
}

/** Of what has no history tells what is no job, as its file has an error. Returns the exit status. */
function tellBroken({ complain }: Invocation, { report: { broken }, jobs }: ChosenJobs): number {
  const wrong = broken.filter(({ job }) => jobs.includes(job));
  for (const { job, problem } of wrong) {
    const why = problem || "only root may read it";
    complain(`${printable(job)} is not defined, as its file has an error: ${why}`);
  }
  return wrong.length > 0 ? 1 : 0;
}

/** The kinds that are wanted; undefined: all. @throws {Error} for a kind that is none. */
function kindsOf(given: string[]): Set<string> | undefined {
  if (given.length === 0) return undefined;
  const kinds = given.flatMap((list) => list.split(","));
  const wrong = kinds.find((kind) => !(RECORD_KINDS as string[]).includes(kind));
  if (wrong === undefined) return new Set(kinds);
  throw new Error(`invalid value for --kind: ${wrong}; it is one of ${RECORD_KINDS.join(", ")}`);
}
