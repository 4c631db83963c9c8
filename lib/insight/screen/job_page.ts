/** The page that `status` shows of a job: all that is known of it. */

import type { CheckReport, InstanceReport, JobReport, TimerReport } from "../../model/insight/report.ts";
import { printable, withoutColours } from "../../model/text/printable.ts";
import { causeInWords, isOrderly, resultInWords } from "../results.ts";
import { timerInWords } from "../timers.ts";
import { howLong, howLongAgo, sizeInWords } from "../words.ts";
import type { LimitUse, ObservedInstance, ObservedProcess } from "./observed.ts";
import { type JobRow, rowOf } from "./job_rows.ts";
import { jobTable } from "./job_table.ts";
import { classicState, stateOf, type Subject, subjectsOf } from "./states.ts";
import type { Paint, Style } from "./style.ts";
import { type Column, layTable } from "./table.ts";
import { cut, wrapped } from "./width.ts";

/** What a page is made of, beside the job. */
export interface PageContext {
  /** The present time as the report has it, ms since 1970. */
  now: number;
  /** The columns of the screen; Infinity where there is no bound. */
  width: number;
  style: Style;
  observe(job: string, instance: InstanceReport): ObservedInstance | undefined;
  /** What still runs of an instance that is gone: each process in a few words. */
  leftBehind(job: string, instance: string): string[];
  /** A time (ms since 1970) as the reader's clock shows it. */
  clock(at: number): string;
  /** The last lines of its output, without their ends. */
  lines: readonly string[];
  /** Why it does not run, in a sentence, where that is known. */
  why?: string;
  /** The instance that was asked for; absent: all. */
  instance?: string;
}

/** A row of the page: a value behind its label. Those with a list have a line for each. */
interface Field {
  label: string;
  values(about: Subject, context: PageContext): Array<Painted | undefined>;
}

interface Painted {
  text: string;
  paint?: Paint;
}

const plain = (text: string | undefined): Painted | undefined => text ? { text } : undefined;

/** What is said of an instance, in order. What there is nothing to say of is left out. */
const INSTANCE_FIELDS: readonly Field[] = [
  { label: "Instance", values: ({ instance, past }) => [plain((instance ?? past)?.name)] },
  { label: "State", values: (about, context) => [stateInWords(about, context)] },
  { label: "Why", values: (_, { why }) => [plain(why)] },
  {
    label: "Told",
    values: ({ instance }) => [plain(instance?.told)],
  },
  {
    label: "Waits for",
    values: ({ instance }) => instance?.waitsFor.map((text) => ({ text, paint: "warn" })) ?? [],
  },
  {
    label: "Note",
    values: ({ job, instance }) => [plain(instance ? instance.note : job.remark)],
  },
  {
    label: "Last result",
    values: ({ instance, past }, { now }) => {
      const last = (instance ?? past)?.last;
      if (last && instance?.state === "running" && isOrderly(last)) return [];
      return [last && { text: resultInWords(last, now), ...last.isFailure && { paint: "bad" as const } }];
    },
  },
  { label: "Started by", values: (about, { now }) => [causeOf(about, "started", now)] },
  { label: "Stopped by", values: (about, { now }) => [causeOf(about, "stopped", now)] },
  {
    label: "Restarts",
    values: ({ job, instance }) => [
      plain(instance && instance.restarts > 0 ? restartsInWords(instance.restarts, job) : undefined),
    ],
  },
  {
    label: "Timers",
    values: ({ instance }, { now }) => instance?.timers.map((timer) => plain(whatComes(timer, now))) ?? [],
  },
  {
    label: "Checks",
    values: ({ instance }, { now }) => instance?.checks.map((check) => checkInWords(check, now)) ?? [],
  },
  {
    label: "Left behind",
    values: ({ job, instance, past }, { leftBehind }) =>
      instance || !past ? [] : leftBehind(job.name, past.name).map((text) => ({ text, paint: "warn" })),
  },
  {
    label: "Listens at",
    values: ({ job, instance }, { observe }) =>
      ((instance && observe(job.name, instance))?.sockets ?? []).map(plain),
  },
  {
    label: "Log",
    values: ({ job, instance, past }) => [plain((instance ?? past ?? job).log)],
  },
  {
    label: "Near limit",
    values: ({ job, instance }, { observe }) =>
      ((instance && observe(job.name, instance))?.limits ?? [])
        .map((use) => ({ text: limitInWords(use), paint: "warn" })),
  },
];

/** What is said of a job, after its instances. */
const JOB_FIELDS: readonly Field[] = [
  { label: "Defined in", values: ({ job }) => [plain(job.source)] },
  { label: "Overridden by", values: ({ job }) => [plain(job.override)] },
  {
    label: "Changed",
    values: ({ job }) => [
      job.isGone
        ? { text: "its file is gone; the job is unknown once it has been stopped", paint: "warn" }
        : job.isChanged && !job.problem
        ? {
          text: "its file has changed since; that counts when the job has been stopped, and not by a restart",
          paint: "warn",
        }
        : undefined,
    ],
  },
  { label: "Semantics", values: ({ job }) => [plain(job.semantics === "upstart" ? "" : job.semantics)] },
  {
    label: "Problem",
    values: ({ job }) => [
      job.problem
        ? { text: `the last good definition stays in force: ${job.problem}`, paint: "bad" }
        : undefined,
    ],
  },
  {
    label: "Log fails",
    values: ({ job }) => [job.logProblem ? { text: job.logProblem, paint: "bad" } : undefined],
  },
];

function stateInWords(about: Subject, { now, clock }: PageContext): Painted {
  const { job, instance, past } = about;
  const { word, paint } = stateOf(about);
  const classic = classicState(instance);
  const since = (instance ?? past)?.since;
  const time = since === undefined ? "" : `, since ${howLong(now - since)} (${clock(since)})`;
  const never = since === undefined && !instance && job.past.length === 0 ? ", never started" : "";
  return { text: `${word} (${classic})${time}${never}`, paint };
}

function causeOf(
  { instance, past }: Subject,
  which: "started" | "stopped",
  now: number,
): Painted | undefined {
  const shown = instance ?? past, change = shown?.[which];
  // The last result has said it.
  if (change?.cause.by === "failure" && change.cause.reason === shown?.last?.reason) return undefined;
  return change && { text: `${causeInWords(change.cause)}, ${howLongAgo(change.at, now)}` };
}

function restartsInWords(restarts: number, { respawnLimit }: JobReport): string {
  return respawnLimit === undefined
    ? `${restarts}`
    : `${restarts}; the limit is ${respawnLimit.count} in ${howLong(1000 * respawnLimit.interval)}`;
}

function whatComes({ purpose, at }: TimerReport, now: number): string | undefined {
  const words = timerInWords(purpose);
  return words && `${at > now ? `in ${howLong(at - now)}` : "now"}, ${words}`;
}

function checkInWords({ use, what, passes, reason, since }: CheckReport, now: number): Painted {
  const time = since === undefined ? "" : `, since ${howLong(now - since)}`;
  if (passes === undefined) return { text: `${use}: ${what}: not made yet`, paint: "dim" };
  return passes
    ? { text: `${use}: ${what}: passes${time}`, paint: "good" }
    : { text: `${use}: ${what}: fails${reason ? `: ${reason}` : ""}${time}`, paint: "bad" };
}

function limitInWords({ what, pid, used, limit, isSize }: LimitUse): string {
  const [has, of] = [used, limit].map((figure) => isSize ? sizeInWords(figure) : `${figure}`);
  return `${what}: ${has} of ${of}${pid === undefined ? "" : ` (pid ${pid})`}`;
}

/** The lines of a page. Of several instances each has one. */
export function jobPage(job: JobReport, context: PageContext): string[] {
  const { now, width, style, lines, observe } = context;
  const all = subjectsOf(job, context.instance), first = all[0]!, isOne = all.length === 1;
  const rows = isOne ? [] : all.map((one) => rowOf(one, now, observe));
  const table = isOne ? processLines(first, context) : jobTable(rows, now, width - INDENT.length, style);
  return [
    heading(job, context),
    ...fieldLines(isOne ? INSTANCE_FIELDS : [totalOf(rows)], first, context),
    ...fieldLines(JOB_FIELDS, first, context),
    ...apart(table.map((line) => INDENT + line)),
    ...apart(lines.map((line) => style(cut(printable(withoutColours(line)), width), "dim"))),
  ];
}

const INDENT = "  ";

/** Lines with an empty one before them. */
function apart(lines: string[]): string[] {
  return lines.length > 0 ? ["", ...lines] : [];
}

function heading({ name, description }: JobReport, { width, style }: PageContext): string {
  const title = printable(name);
  if (!description) return style(title, "strong");
  const whole = cut(`${title} - ${printable(description)}`, width);
  return whole.startsWith(title)
    ? `${style(title, "strong")}${whole.slice(title.length)}`
    : style(whole, "strong");
}

const LABEL = 12;

function fieldLines(fields: readonly Field[], about: Subject, context: PageContext): string[] {
  const room = Math.max(20, context.width - LABEL - 1);
  return fields.flatMap(({ label, values }) =>
    values(about, context).filter((value) => value !== undefined).flatMap(({ text, paint }, place) =>
      wrapped(printable(text), room).map((line, row) => {
        const head = place === 0 && row === 0 ? label : "";
        return `${context.style(head.padStart(LABEL), "dim")} ${context.style(line, paint)}`;
      })
    )
  );
}

/** A process of which not all may be known. */
type ShownProcess = Pick<ObservedProcess, "pid" | "depth"> & Partial<ObservedProcess>;

/** The tree of processes with what each takes. */
function processLines({ job, instance }: Subject, context: PageContext): string[] {
  if (!instance || instance.processes.length === 0) return [];
  // Where nothing is seen, there is what init tells.
  const processes: ShownProcess[] = context.observe(job.name, instance)?.processes ??
    instance.processes.map((one) => ({ ...one, depth: 0 }));
  const columns: ReadonlyArray<Column<ShownProcess>> = [
    { title: "PID", text: ({ pid }) => `${pid}`, isRight: true, importance: 4 },
    {
      title: "CPU",
      text: ({ cpuTime }) => cpuTime === undefined ? "" : howLong(1000 * cpuTime),
      isRight: true,
      importance: 1,
    },
    {
      title: "MEMORY",
      text: ({ memory }) => memory === undefined ? "" : sizeInWords(memory),
      isRight: true,
      importance: 2,
    },
    {
      title: "PROCESS",
      text: ({ depth, name, command }) =>
        "  ".repeat(depth) + [name, command].filter((part) => part !== undefined).join(": "),
      importance: 3,
      least: 20,
    },
  ];
  return layTable(processes, columns, context.width - INDENT.length, context.style);
}

/** How many instances there are, and in which states. */
function totalOf(rows: readonly JobRow[]): Field {
  const counts = Array.from(
    Map.groupBy(rows, ({ state }) => state.word),
    ([word, ones]) => `${ones.length} ${word}`,
  );
  return { label: "Instances", values: () => [plain(`${rows.length}: ${counts.join(", ")}`)] };
}
