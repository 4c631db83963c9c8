/** Stopping a daemon by a schedule: signals, and waits until it has gone. */

import type { ScheduleItem } from "../../../../compat/openrc/mod.ts";
import { awaitReaped } from "../../../config/openrc/daemons/processes.ts";
import { unlessRefused } from "../../../sys/call/refused.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { awaitAnyEnd, signalSeen } from "../../../sys/process/pidfd.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import type { ToolCall } from "../tool.ts";
import { type DaemonTarget, processesOf } from "./targets.ts";

/** How a daemon is stopped. */
interface ScheduleOptions {
  /** Nothing is sent, and what would be is said. */
  test: boolean;
  /** A dot is printed for each second that is waited. */
  progress: boolean;
}

/** A second, and how long to wait at least before processes are looked for once more, in ms. */
const SECOND = 1000, SHORTEST_PAUSE = 1;

/**
 * Stops a daemon. Says what goes wrong.
 * @returns how many processes were stopped; less than 0 where some go on; 0 also where it had to wait until they were gone.
 */
export function runSchedule(
  target: DaemonTarget,
  schedule: readonly ScheduleItem[],
  options: ScheduleOptions,
  call: Pick<ToolCall, "name" | "messages">,
): number {
  const stop = new Stop(target, options, call);
  stop.announce();
  return stop.run(schedule);
}

/** One stop of a daemon. */
class Stop {
  /** How many processes the last signal was sent to, and all signals. */
  #last = 0;
  #total = 0;
  /** How many are left. */
  #running = 0;
  /** Those that the last signal was sent to. */
  #pids: readonly number[] = [];
  /** True once there is a dot in the line. */
  #hasDots = false;
  #hasWaited = false;

  constructor(
    private readonly target: DaemonTarget,
    private readonly options: ScheduleOptions,
    private readonly call: Pick<ToolCall, "name" | "messages">,
  ) {}

  announce(): void {
    const { exec, pid, uid, words } = this.target, { messages } = this.call;
    if (!messages.isVerbose) return;
    if (exec !== undefined) messages.info(`Will stop ${exec}`);
    if (pid !== undefined && pid > 0) messages.info(`Will stop PID ${pid}`);
    if (uid) messages.info(`Will stop processes owned by UID ${uid}`);
    if (words.length > 0) messages.info(`Will stop processes of \`${words.join(" ")}'`);
  }

  run(schedule: readonly ScheduleItem[]): number {
    for (const item of schedule) {
      if (item.kind === "signal") {
        this.#running = 0;
        this.#last = this.#send(item.signal);
        if (this.#last === 0) {
          if (this.#total === 0) this.#fail("no matching processes found");
          return this.#total;
        }
        if (this.#last < 0) return 0;
        this.#total += this.#last;
      } else if (item.kind === "wait") {
        // No time at all ends the schedule.
        if (item.seconds < 1 || this.options.test) break;
        if (this.#wait(item.seconds)) return 0;
      }
    }
    if (this.options.test || this.#total > 0 && this.#running === 0) return this.#last;
    this.#fail(`${this.#running} ${this.#running === 1 ? "process" : "process(es)"} refused to stop`);
    return -this.#running;
  }

  /** Sends a signal. Gives how many got it; −1 where one must not be signalled. */
  #send(signal: number): number {
    const { name, messages } = this.call, found = processesOf(this.target);
    let isAllowed = true;
    this.#pids = found.map(({ pid }) => pid);
    for (const process of found) {
      const { pid } = process;
      if (this.options.test) {
        messages.info(`Would send signal ${signal} to PID ${pid}`);
        continue;
      }
      const isSaid = messages.isVerbose && signal > 0;
      if (isSaid) messages.begin(`Sending signal ${signal} to PID ${pid}`);
      const problem = unlessRefused(() => void signalSeen(process, signal), errorReason);
      if (isSaid) {
        messages.end(
          problem === undefined,
          `${name}: failed to send signal ${signal} to PID ${pid}: ${problem}`,
        );
      }
      isAllowed &&= problem === undefined;
    }
    return isAllowed ? found.length : -1;
  }

  /** Waits until all are gone, or the time is over. True when they are gone. */
  #wait(seconds: number): boolean {
    const begin = performance.now(), end = begin + seconds * SECOND;
    for (let nextDot = begin + SECOND;;) {
      const found = processesOf(this.target);
      this.#sayWaiting();
      this.#running = found.length;
      if (found.length === 0) {
        awaitReaped(this.#pids);
        return true;
      }
      const now = performance.now();
      if (this.options.progress && now >= nextDot) {
        this.#dot();
        nextDot += SECOND;
      }
      if (now >= end) return false;
      const time = Math.max(SHORTEST_PAUSE, Math.min(end, nextDot) - now);
      awaitAnyEnd(found.map(({ pid }) => pid), Math.min(time, SECOND));
    }
  }

  /** For each look the original says that it went well. */
  #sayWaiting(): void {
    if (this.#hasWaited) return;
    this.#hasWaited = true;
    if (this.call.messages.isVerbose) this.call.messages.end(true);
  }

  #dot(): void {
    writeAll(1, ".");
    this.#hasDots = true;
  }

  #fail(what: string): void {
    if (this.#hasDots) writeAll(1, "\n");
    this.#hasDots = false;
    this.call.messages.error(`${this.call.name}: ${what}`);
  }
}
