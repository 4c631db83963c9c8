/** What has become of a job, and why, in words. */

import { displayName } from "../model/display_name.ts";
import { describeEnd, type Exit } from "../model/exit.ts";
import type { Asker, Cause, RunResult } from "../model/insight/journal.ts";
import { signalName } from "../model/signals.ts";
import { howLong, howLongAgo, ordinal } from "./words.ts";

/** How a process ended: `exited 44`, `killed by SIGSEGV`. */
export function exitInWords(exit: Exit): string {
  if ("status" in exit) return `exited ${exit.status}`;
  const name = signalName(exit.signal);
  const why = exit.isOutOfMemory ? " for lack of memory" : "";
  return `killed by ${name === undefined ? `signal ${exit.signal}` : `SIG${name}`}${why}`;
}

/** What happened, without when: of the main process its end, of others with their name. */
export function reasonInWords({ process, exit, reason }: RunResult): string {
  const ended = exit && endOf(process, exit), told = reason && withoutProcess(reason, process);
  if (told === undefined) return ended ?? "ended";
  return ended === undefined || told.endsWith(describeEnd(exit!)) ? told : `${told} (${ended})`;
}

function endOf(process: RunResult["process"], exit: Exit): string {
  if (process === "main") return exitInWords(exit);
  return "status" in exit && exit.status > 0
    ? `${process} failed: exit status ${exit.status}`
    : `${process} ${exitInWords(exit)}`;
}

/** A reason as init has it for other jobs, which names the process, shorter. */
function withoutProcess(reason: string, process: RunResult["process"]): string {
  const beginning = `its ${process} process could not be run: `;
  if (!reason.startsWith(beginning)) return reason;
  return `${process === "main" ? "" : `${process} failed: `}${reason.slice(beginning.length)}`;
}

/** The words behind the head, in order; undefined where there is nothing to be said. */
const DETAILS: ReadonlyArray<(result: RunResult, now: number | undefined) => string | undefined> = [
  ({ exit }) => exit && "signal" in exit && exit.core ? "core dumped" : undefined,
  (result) => isByOthers(result) ? "by someone else" : undefined,
  ({ at }, now) => now === undefined ? undefined : howLongAgo(at, now),
  ({ at, failures = 0, failuresSince }) => {
    if (failures < 2) return undefined;
    const within = failuresSince === undefined ? "in a row" : `in ${howLong(at - failuresSince)}`;
    return `${ordinal(failures)} time ${within}`;
  },
  ({ gaveUp }) => gaveUp ? "gave up" : undefined,
];

/** Signals that a process does not get by a fault or a limit of its own. */
const SENT: ReadonlyArray<string | undefined> = ["HUP", "INT", "QUIT", "KILL", "TERM", "USR1", "USR2"];

/** True where somebody else than init and the kernel has ended it: what init does has a reason, or is no failure. */
function isByOthers({ exit, isFailure, reason }: RunResult): boolean {
  return isFailure && reason === undefined && exit !== undefined && "signal" in exit && !exit.isOutOfMemory &&
    SENT.includes(signalName(exit.signal));
}

/**
 * A result in words: `exited 44 after 3 s, 2 min ago, 5th time in 10 min, gave up`.
 * @param now The present time (ms since 1970); without it, nothing is said of when it was
 */
export function resultInWords(result: RunResult, now?: number): string {
  const after = result.duration === undefined || result.exit === undefined
    ? ""
    : ` after ${howLong(result.duration)}`;
  return [`${reasonInWords(result)}${after}`, ...DETAILS.map((detail) => detail(result, now))]
    .filter((part) => part !== undefined).join(", ");
}

/** True for a run that a signal has ended, as was wished: by a stop or a restart. */
export function isOrderly({ exit, isFailure }: RunResult): boolean {
  return !isFailure && exit !== undefined && "signal" in exit;
}

/** True where a process ran before it failed, so that it may have printed something. */
export function hasRun({ exit, duration }: RunResult): boolean {
  return exit !== undefined || duration !== undefined;
}

/** Who asked: `root (initctl, pid 12, by bash, pid 3)`. */
export function askerInWords(asker: Asker | undefined): string {
  if (!asker) return "a request";
  const { uid, pid, command, parent } = asker;
  const by = parent ? `, by ${parent.command}, pid ${parent.pid}` : "";
  return `${uid === 0 ? "root" : `user ${uid}`} (${command ? `${command}, ` : ""}pid ${pid}${by})`;
}

type CauseWords = { [By in Cause["by"]]: (cause: Extract<Cause, { by: By }>) => string };

/** The causes in words: ends of sentences such as "Started by …". */
const CAUSES: CauseWords = {
  event: ({ event, environment }) => `the event ${[event, ...environment].join(" ")}`,
  request: ({ asker }) => askerInWords(asker),
  dependency: ({ job }) => `the job ${job}, by its dependencies`,
  job: ({ job, instance }) => `the job ${displayName(job, instance)}`,
  exit: () => "the end of its main process",
  respawn: () => "init, as its main process had ended",
  failure: ({ reason }) => `a failure: ${reason}`,
  shutdown: () => "the shutdown",
  init: () => "init",
};

/** A cause in words, such as `the event runlevel RUNLEVEL=2`. */
export function causeInWords(cause: Cause): string {
  return (CAUSES[cause.by] as (cause: Cause) => string)(cause);
}
