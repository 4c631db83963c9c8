/** The page that `status` shows of a job: all that is known of it. */

import type { CheckReport, InstanceReport, JobReport, TimerReport } from "../../model/insight/report.ts";
import { printable } from "../../model/text/printable.ts";
import { causeInWords, resultInWords } from "../results.ts";
import { count, howLong, howLongAgo, sizeInWords } from "../words.ts";
import type { LimitUse, ObservedInstance } from "./observed.ts";
import { classicState, stateOf } from "./states.ts";
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
  /** A time (ms since 1970) as the reader's clock shows it. */
  clock(at: number): string;
  /** The last lines of its output, without their ends. */
  lines: readonly string[];
  /** The instance that was asked for; absent: all. */
  instance?: string;
}

/** A row of the page: a value behind its label. Those with a list have a line for each. */
interface Field {
  label: string;
  values(about: About, context: PageContext): Array<Painted | undefined>;
}

/** An instance, or the last run of one that is gone; a job that never ran has none. */
interface About {
  job: JobReport;
  instance?: InstanceReport;
  past?: InstanceReport;
}

interface Painted {
  text: string;
  paint?: Paint;
}

const plain = (text: string | undefined): Painted | undefined => text ? { text } : undefined;

/** What is said of an instance, in order. What there is nothing to say of is left out. */
const INSTANCE_FIELDS: readonly Field[] = [
  { label: "State", values: (about, context) => [stateInWords(about, context)] },
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
    values: ({ instance }, { now }) => instance?.timers.map((timer) => plain(timerInWords(timer, now))) ?? [],
  },
  {
    label: "Checks",
    values: ({ instance }, { now }) => instance?.checks.map((check) => checkInWords(check, now)) ?? [],
  },
  {
    label: "Listens at",
    values: ({ job, instance }, { observe }) =>
      ((instance && observe(job.name, instance))?.sockets ?? []).map(plain),
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
  { label: "Defined in", values: ({ job }) => [plain(placeOf(job))] },
  {
    label: "Changed",
    values: ({ job }) => [
      job.isChanged
        ? {
          text: "its file is not what it was when init read it; reload-configuration reads it",
          paint: "warn",
        }
        : undefined,
    ],
  },
  { label: "Semantics", values: ({ job }) => [plain(job.semantics === "upstart" ? "" : job.semantics)] },
  { label: "Problem", values: ({ job }) => [job.problem ? { text: job.problem, paint: "bad" } : undefined] },
  {
    label: "Log",
    values: ({ job, instance, past }) => [
      plain((instance ?? past)?.log ?? job.log),
      job.logProblem ? { text: job.logProblem, paint: "bad" } : undefined,
    ],
  },
];

function stateInWords({ job, instance, past }: About, { now, clock }: PageContext): Painted {
  const { word, paint } = stateOf({ job, ...instance && { instance }, ...past && { past } });
  const classic = instance ? classicState(instance) : "stop/waiting";
  const since = (instance ?? past)?.since;
  const time = since === undefined ? "" : `, since ${howLong(now - since)} (${clock(since)})`;
  const never = since === undefined && !instance && job.past.length === 0 ? ", never started" : "";
  return { text: `${word} (${classic})${time}${never}`, paint };
}

function causeOf({ instance, past }: About, which: "started" | "stopped", now: number): Painted | undefined {
  const change = (instance ?? past)?.[which];
  return change && { text: `${causeInWords(change.cause)}, ${howLongAgo(change.at, now)}` };
}

function restartsInWords(restarts: number, { respawnLimit }: JobReport): string {
  return respawnLimit === undefined
    ? `${restarts}`
    : `${restarts}; the limit is ${respawnLimit.count} in ${howLong(1000 * respawnLimit.interval)}`;
}

function timerInWords({ purpose, at }: TimerReport, now: number): string {
  return at > now ? `${purpose} in ${howLong(at - now)}` : `${purpose} now`;
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

function placeOf({ source, line }: JobReport): string {
  return line === undefined ? source : `${source}:${line}`;
}

/** The lines of a page. */
export function jobPage(job: JobReport, context: PageContext): string[] {
  const { style, lines, instance: wanted } = context;
  const isWanted = ({ name }: InstanceReport) => wanted === undefined || name === wanted;
  const instances = job.instances.filter(isWanted);
  const past = job.past.filter((one) => isWanted(one) && !instances.some(({ name }) => name === one.name));
  const all: About[] = [
    ...instances.map((instance) => ({ job, instance })),
    ...past.map((one) => ({ job, past: one })),
  ];
  return [
    heading(job, context),
    ...all.length === 1
      ? instancePart(all[0]!, context)
      : all.length > 1
      ? summary(all, context)
      : instancePart({ job }, context),
    ...fieldLines(JOB_FIELDS, all.length === 1 ? all[0]! : { job }, context),
    ...lines.length === 0
      ? []
      : ["", ...lines.map((line) => style(cut(printable(line), context.width), "dim"))],
  ];
}

function heading({ name, description }: JobReport, { width, style }: PageContext): string {
  const title = printable(name);
  if (!description) return style(title, "strong");
  const whole = cut(`${title} - ${printable(description)}`, width);
  return whole.startsWith(title)
    ? `${style(title, "strong")}${whole.slice(title.length)}`
    : style(whole, "strong");
}

/** All of an instance: its fields, then its processes. */
function instancePart(about: About, context: PageContext): string[] {
  const shown = about.instance ?? about.past;
  const named: Field[] = shown && shown.name !== ""
    ? [{ label: "Instance", values: () => [plain(shown.name)] }]
    : [];
  return [
    ...fieldLines([...named, ...INSTANCE_FIELDS], about, context),
    ...processLines(about, context),
  ];
}

const LABEL = 12;

function fieldLines(fields: readonly Field[], about: About, context: PageContext): string[] {
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

/** The tree of processes with what each takes. */
function processLines({ job, instance }: About, context: PageContext): string[] {
  const observed = instance && context.observe(job.name, instance);
  if (!instance || instance.processes.length === 0) return [];
  if (!observed) {
    const known: Field = {
      label: "Processes",
      values: () => instance.processes.map(({ name, pid }) => plain(`${pid} ${name}`)),
    };
    return fieldLines([known], { job }, context);
  }
  const columns: ReadonlyArray<Column<ObservedInstance["processes"][number]>> = [
    { title: "PID", text: ({ pid }) => `${pid}`, isRight: true, importance: 4 },
    { title: "CPU", text: ({ cpuTime }) => howLong(1000 * cpuTime), isRight: true, importance: 1 },
    { title: "MEMORY", text: ({ memory }) => sizeInWords(memory), isRight: true, importance: 2 },
    {
      title: "PROCESS",
      text: ({ depth, name, command }) =>
        `${"  ".repeat(depth)}${name === undefined ? "" : `${name}: `}${command}`,
      importance: 3,
      least: 20,
    },
  ];
  const indent = " ".repeat(2);
  return [
    "",
    ...layTable(observed.processes, columns, context.width - indent.length, context.style)
      .map((line) => indent + line),
    "",
  ];
}

/** Several instances, a line each, under a line that counts them. */
function summary(all: readonly About[], context: PageContext): string[] {
  const states = all.map((about) => stateInWords(about, context));
  const words = all.map((about) => stateOf(about).word);
  const counts = Array.from(Map.groupBy(words, (word) => word), ([word, ones]) => `${ones.length} ${word}`);
  const rows = all.map((about, at) => ({ about, state: states[at]! }));
  const observed = ({ about: { job, instance } }: (typeof rows)[number]) =>
    instance && context.observe(job.name, instance);
  const columns: ReadonlyArray<Column<(typeof rows)[number]>> = [
    {
      title: "INSTANCE",
      text: ({ about: { instance, past } }) => (instance ?? past)!.name,
      importance: 5,
      least: 12,
    },
    {
      title: "STATE",
      text: ({ about }) => stateOf(about).word,
      paint: ({ state }) => state.paint,
      importance: 4,
    },
    {
      title: "SINCE",
      text: ({ about: { instance, past } }) => {
        const since = (instance ?? past)!.since;
        return since === undefined ? "" : howLong(context.now - since);
      },
      isRight: true,
      importance: 2,
    },
    {
      title: "PID",
      text: ({ about: { instance } }) => `${instance?.processes[0]?.pid ?? ""}`,
      isRight: true,
      importance: 3,
    },
    {
      title: "MEMORY",
      text: (row) => {
        const seen = observed(row);
        return seen ? sizeInWords(seen.memory) : "";
      },
      isRight: true,
      importance: 1,
    },
    {
      title: "LAST RESULT",
      text: ({ about: { instance, past } }) => {
        const last = (instance ?? past)!.last;
        return last ? resultInWords(last, context.now) : "";
      },
      paint: ({ about: { instance, past } }) => (instance ?? past)!.last?.isFailure ? "bad" : undefined,
      importance: 4,
      least: 16,
    },
  ];
  const total: Field = {
    label: "Instances",
    values: () => [plain(`${count(all.length, "instance")}: ${counts.join(", ")}`)],
  };
  return [
    ...fieldLines([total], all[0]!, context),
    "",
    ...layTable(rows, columns, context.width - 2, context.style).map((line) => `  ${line}`),
    "",
  ];
}
