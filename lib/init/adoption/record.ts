/**
 * The text of a record of running main processes: a line on the init that keeps it, and one for each process. A process is
 * told from a later one with its number by the time at which it began: before its line was written.
 */

import { readlinkSync } from "node:fs";
import process from "node:process";
import { readHead } from "../../config/files.ts";
import type { RunningMain } from "../../engine/services/adoption.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
import { processStatus, ticksSinceBoot, usersOf } from "../../sys/process/procfs.ts";

/** With more lines that are none a record is read no further: init is waited for. */
const MOST_BROKEN = 100;

/** A longer line is none, in characters. No environment is so large (execve(2)). */
const LONGEST_LINE = 8 << 20;

/** A process, and when it began, in clock ticks since the machine did. */
interface Began {
  pid: number;
  startTime: number;
}

/** The first line. */
interface RecordHeader {
  version: 1;
  /** Of which configuration the init is. */
  configuration: string;
  /** Where the numbers of processes are valid. */
  machine: string;
  keeper: Began;
}

/** The line of a process, and when it was written, in clock ticks since the machine was started. */
interface RecordLine extends RunningMain {
  writtenAt: number;
}

/** What a record tells. */
export interface RunningProcesses {
  configuration: string;
  /** The init that has kept it. */
  keeper: number;
  /** True: that still runs, so that the processes are its own. */
  isKept: boolean;
  /** Those that run still. */
  running: RunningMain[];
}

/** The first line of a record that this process keeps, without its end. Undefined without /proc. */
export function headerOf(configuration: string): string | undefined {
  const keeper = began(process.pid), machine = ifAllowed(thisMachine);
  if (!keeper || machine === undefined) return undefined;
  const header: RecordHeader = { version: 1, configuration, machine, keeper };
  return JSON.stringify(header);
}

/** The line of a process that runs now, behind the end of the line before, which may have come in part. */
export function lineOf(main: RunningMain): string {
  const line: RecordLine = { ...main, writtenAt: ticksSinceBoot() };
  return `\n${JSON.stringify(line)}`;
}

/** Reads a record. Undefined where it is none, or of before the machine was started. */
export function readRecord(text: string): RunningProcesses | undefined {
  const [first, ...lines] = text.split("\n");
  const header = parse(first!) as Partial<RecordHeader> | undefined;
  if (header?.version !== 1 || typeof header.configuration !== "string") return undefined;
  if (header.machine !== ifAllowed(thisMachine) || !isBegan(header.keeper)) return undefined;
  const { configuration, keeper } = header;
  const byInstance = new Map<string, RunningMain>();
  let broken = 0;
  for (const text of lines) {
    const line = parse(text);
    if (!isMain(line)) {
      if (++broken > MOST_BROKEN) break;
      continue;
    }
    const { job, instance, pid, environment, writtenAt } = line, key = JSON.stringify([job, instance]);
    const process = began(pid), isSame = process !== undefined && process.startTime <= writtenAt;
    if (isSame && isOurs(pid)) byInstance.set(key, { job, instance, pid, environment });
    else byInstance.delete(key);
  }
  return { configuration, keeper: keeper.pid, isKept: runs(keeper), running: [...byInstance.values()] };
}

/** The machine since its start, and the namespace of process numbers. @throws {Error} without /proc. */
function thisMachine(): string {
  return `${readHead("/proc/sys/kernel/random/boot_id").trim()} ${readlinkSync("/proc/self/ns/pid")}`;
}

function began(pid: number): Began | undefined {
  const status = processStatus(pid);
  return status && status.state !== "Z" ? { pid, startTime: status.startTime } : undefined;
}

function runs({ pid, startTime }: Began): boolean {
  return began(pid)?.startTime === startTime;
}

/** Only root's init has processes of other users. */
function isOurs(pid: number): boolean {
  const user = process.geteuid?.();
  return user === 0 || usersOf(pid)[0] === user;
}

/** A line may have come in part. */
function parse(line: string): unknown {
  if (line.length > LONGEST_LINE) return undefined;
  try {
    return JSON.parse(line);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isBegan(value: unknown): value is Began {
  const { pid, startTime } = (value ?? {}) as Partial<Began>;
  return Number.isInteger(pid) && pid! > 1 && Number.isInteger(startTime);
}

function isMain(value: unknown): value is RecordLine {
  const { job, instance, pid, environment, writtenAt } = (value ?? {}) as Partial<RecordLine>;
  return Number.isInteger(pid) && pid! > 1 && Number.isInteger(writtenAt) &&
    typeof job === "string" && typeof instance === "string" &&
    Array.isArray(environment) && environment.every((one) => typeof one === "string");
}
