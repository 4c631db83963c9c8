/** The command logs: what jobs have printed, from their log files and from what init keeps. */

import { Buffer } from "node:buffer";
import { readOutput } from "../../../control/client/insight.ts";
import { joined, merged } from "../../../insight/history/joining.ts";
import { keptLine, type LogLine } from "../../../insight/history/log_line.ts";
import { logLineAsJson, LogText } from "../../../insight/history/log_text.ts";
import { failedRuns } from "../../../insight/history/failures.ts";
import { styleFor } from "../../../insight/screen/style.ts";
import { displayName } from "../../../model/display_name.ts";
import type { OutputLine } from "../../../model/insight/journal.ts";
import { LinePattern } from "../../../model/text/line_pattern.ts";
import { PatternError } from "../../../model/text/pattern_syntax.ts";
import { printableJson } from "../../../model/text/printable.ts";
import type { Invocation } from "../command.ts";
import { type InstanceLog, LogFiles } from "./log_files.ts";
import { follow, readAll } from "./pages.ts";
import { LineOutput } from "./line_output.ts";
import { type ChosenJobs, chosenJobs, type ReadingWish, wishOf } from "./wishes.ts";

/** What is asked for. */
interface LogWish extends ReadingWish {
  /** A line has to match one of them; none: every line. */
  patterns: LinePattern[];
}

/**
 * The command logs. Returns the exit status.
 * @throws {Error} with a message for the user.
 */
export async function showLogs(invocation: Invocation): Promise<number> {
  const now = Date.now();
  const wish = { ...wishOf(invocation, now), patterns: invocation.values("grep").map(patternOf) };
  const chosen = await chosenJobs(invocation);
  const output = outputFor(invocation, chosen, now);
  const { lines, next } = await pastLines(invocation, wish, chosen);
  let isEmpty = true;
  for await (const line of lines) {
    isEmpty = false;
    if (!output.add(line)) return 0;
  }
  if (!output.flush()) return 0;
  if (!wish.isFollowing) {
    if (isEmpty && invocation.isTerminal(2)) nothingShown(chosen, wish).forEach(invocation.complain);
    return 0;
  }
  for await (
    const { items, lost } of follow(
      await invocation.client(),
      readOutput,
      chosen.isAll ? [] : chosen.jobs,
      next,
    )
  ) {
    if (lost > 0) invocation.complain(`${lost} bytes of output came too fast to be shown`);
    for (const line of items.map(keptLine)) if (isWanted(line, wish)) output.add(line);
    if (!output.flush()) break;
  }
  return 0;
}

/** @throws {Error} for what is no pattern. */
function patternOf(source: string): LinePattern {
  try {
    return new LinePattern(source);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    throw new Error(`Unable to search for ${source}: ${error.message}`);
  }
}

function outputFor(invocation: Invocation, { jobs }: ChosenJobs, now: number): LineOutput<LogLine> {
  const { isTerminal, values, environment, isJson } = invocation;
  const style = styleFor(values("color").at(-1), isTerminal(1), environment);
  const text = new LogText({ style, isTerminal: isTerminal(1), isOneJob: jobs.length === 1, now });
  return new LineOutput(
    invocation,
    (line) => isJson ? Buffer.from(`${printableJson(logLineAsJson(line))}\n`) : text.bytesOf(line),
  );
}

function isWanted({ at, text }: LogLine, { since, patterns }: LogWish): boolean {
  return (since === -Infinity || at !== undefined && at >= since) &&
    (patterns.length === 0 || patterns.some((pattern) => pattern.matches(text)));
}

/** The lines that there are, and the number to go on after. */
interface PastLines {
  lines: AsyncIterable<LogLine>;
  next: number;
}

async function pastLines(invocation: Invocation, wish: LogWish, chosen: ChosenJobs): Promise<PastLines> {
  const client = await invocation.client();
  const { most, patterns, isFollowing } = wish, jobs = chosen.isAll ? [] : chosen.jobs;
  if (most < Infinity && patterns.length === 0) {
    const { items, next } = await readAll(client, readOutput, { jobs }, most).catch(unless(isFollowing));
    if (items.length >= most) {
      return { lines: wantedOf(merged([asyncOf(items.map(keptLine))]), wish), next };
    }
  }
  const files = new LogFiles(invocation.complain);
  // Before what init keeps is read: what is in a file is then among that.
  const logs = files.logsOf(chosen.report, chosen.jobs);
  const { items, next } = await readAll(client, readOutput, { jobs }).catch(
    unless(isFollowing || logs.length === 0),
  );
  const kept = Map.groupBy(items, ({ job, instance }) => JSON.stringify([job, instance]));
  const all: InstanceLog[] = [...logs];
  const known = new Set(logs.map(({ job, instance }) => JSON.stringify([job, instance])));
  for (const key of kept.keys()) {
    const [job, instance] = JSON.parse(key) as [string, string];
    if (!known.has(key)) all.push({ job, instance, files: [] });
  }
  const timeless = new Set<string>();
  const sequences = all.map((log) => {
    const own = (kept.get(JSON.stringify([log.job, log.instance])) ?? []).map(keptLine);
    return sequenceOf(files, log, own, wish, (path) => timeless.add(path));
  });
  return { lines: told(wantedOf(merged(sequences), wish), invocation, timeless), next };
}

/** For a caller who may not read what init keeps, nothing is kept; unless nothing else can be read. */
function unless(isNeeded: boolean): (error: Error) => { items: OutputLine[]; next: number } {
  return (error) => {
    if (isNeeded || !/\.(PermissionDenied|AccessDenied)$/.test(error.name)) throw error;
    return { items: [], next: 0 };
  };
}

/** The lines of an instance: those of its files, as far as they are needed, and those that init keeps. */
function sequenceOf(
  files: LogFiles,
  log: InstanceLog,
  kept: LogLine[],
  { since, most, patterns }: LogWish,
  onTimeless: (path: string) => void,
): AsyncIterable<LogLine> {
  // What init keeps reaches back far enough.
  if (kept[0] && kept[0].at! < since) return asyncOf(kept);
  const lines = patterns.length > 0 || since > -Infinity ? Infinity : 3 * kept.length + most;
  const all = joined(files.linesOf(log, lines, since), kept);
  return since === -Infinity ? all : withTimes(all, () => onTimeless(log.files.at(-1)!.path));
}

/** Those lines whose time is known; told is when there are others. */
async function* withTimes(lines: AsyncIterable<LogLine>, onTimeless: () => void): AsyncGenerator<LogLine> {
  for await (const line of lines) {
    if (line.at === undefined) onTimeless();
    else yield line;
  }
}

/** Tells which files have no times, once all lines are read. */
async function* told(
  lines: AsyncIterable<LogLine>,
  { complain }: Invocation,
  timeless: ReadonlySet<string>,
): AsyncGenerator<LogLine> {
  yield* lines;
  for (const path of timeless) {
    complain(
      `${path}: its lines have no times, so --since leaves out those that init does not keep any more`,
    );
  }
}

/** The lines that are wanted, so many of the last ones. */
async function* wantedOf(lines: AsyncIterable<LogLine>, wish: LogWish): AsyncGenerator<LogLine> {
  let last: LogLine[] = [];
  for await (const line of lines) {
    if (!isWanted(line, wish)) continue;
    if (wish.most === Infinity) yield line;
    else if (last.push(line) >= 2 * wish.most + 1) last = last.slice(last.length - wish.most);
  }
  yield* last.slice(Math.max(0, last.length - wish.most));
}

async function* asyncOf(lines: LogLine[]): AsyncGenerator<LogLine> {
  yield* lines;
}

/** Why there may be nothing. */
function nothingShown({ report, jobs, isAll }: ChosenJobs, { since, patterns }: LogWish): string[] {
  if (patterns.length > 0 || since > -Infinity) return ["No line is like that"];
  const named = new Set(jobs);
  const runs = failedRuns({ ...report, jobs: report.jobs.filter(({ name }) => named.has(name)) }, 0).slice(
    0,
    5,
  );
  return [
    isAll ? "No job has printed anything that is kept" : `Nothing that ${jobs.join(", ")} printed is kept`,
    ...runs.map(({ job, instance, result }) => `${displayName(job, instance)}: ${result}`),
  ];
}
