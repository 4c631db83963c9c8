/**
 * A child that makes checks over the network and of files, as init sees it. It is started with the first check and ended
 * with the last one. Init never waits for it: one that hangs is killed, and one that has ended is started again.
 */

import { describeExit } from "../../model/exit.ts";
import { type ChildWorld, type Credentials, OwnChild } from "../spawn/own_child.ts";
import { LineSender } from "./line_sender.ts";
import { type CheckRequest, LineReader, LONGEST_REPORT, parseReport } from "./protocol.ts";
import type { CheckListener, ScheduledCheck } from "./schedule.ts";

/** The times by which the child is looked after, in ms. */
const TIMES = {
  /** How often it is asked whether it answers. One that has not by the next time hangs. */
  ping: 15_000,
  /** How long it is kept without checks. */
  idle: 5000,
  /** The pause before one that has ended is started again: it doubles, and begins anew after a good run. */
  firstPause: 500,
  longestPause: 30_000,
  goodRun: 60_000,
};

/** What the child is started with. */
interface CheckChildOptions extends ChildWorld {
  /** The command that runs the program `checks` of this executable. */
  command: readonly string[];
  /** Whose rights it is to have, if it can be started with them; else it has init's. */
  credentials?: Credentials | undefined;
}

/** A check that the child makes, and what it was told to be last. */
interface ChildCheck {
  what: ScheduledCheck;
  listener: CheckListener;
}

/** The checks that the child makes, and the child. */
export class CheckChild {
  readonly #checks = new Map<number, ChildCheck>();
  #connection: Connection | undefined;
  #startsIn: ReturnType<typeof setTimeout> | undefined;
  #endsIn: ReturnType<typeof setTimeout> | undefined;
  #pause: number;
  #credentials: Credentials | undefined;
  readonly #times: typeof TIMES;

  constructor(private readonly options: CheckChildOptions, times: Partial<typeof TIMES> = {}) {
    this.#credentials = options.credentials;
    this.#times = { ...TIMES, ...times };
    this.#pause = this.#times.firstPause;
  }

  /** How many checks it makes. */
  get count(): number {
    return this.#checks.size;
  }

  /** Has a check made, under a number, until {@link CheckChild.stop}. */
  start(number: number, what: ScheduledCheck, listener: CheckListener): void {
    clearTimeout(this.#endsIn);
    this.#checks.set(number, { what, listener });
    if (this.#connection) this.#tell(this.#connection, number);
    else if (this.#startsIn === undefined) this.#connect();
  }

  /** @param atOnce The child is not kept for the next check. */
  stop(number: number, atOnce = false): void {
    if (!this.#checks.delete(number)) return;
    this.#connection?.stop(number);
    if (this.#checks.size > 0) return;
    clearTimeout(this.#endsIn);
    if (atOnce) this.close();
    else this.#endsIn = setTimeout(() => this.close(), this.#times.idle);
  }

  /** Ends the child. */
  close(): void {
    clearTimeout(this.#startsIn);
    clearTimeout(this.#endsIn);
    this.#startsIn = this.#endsIn = undefined;
    this.#checks.clear();
    this.#connection?.close();
    this.#connection = undefined;
  }

  #tell(connection: Connection, number: number): void {
    // When it is said, what the check was told to be last may be another.
    connection.start(number, () => this.#checks.get(number)!.what);
  }

  #connect(): void {
    this.#startsIn = undefined;
    const since = performance.now();
    const options = { ...this.options, credentials: this.#credentials };
    const connection = new Connection(options, this.#times.ping, {
      onReport: (line) => this.#report(line),
      // The user may be unknown to the kernel here, or may not run the executable.
      onRefused: () => this.#credentials = undefined,
      onEnd: (reason) => this.#ended(reason, since),
    });
    this.#connection = connection;
    for (const number of this.#checks.keys()) this.#tell(connection, number);
  }

  /** Takes a report. False when it is none. */
  #report(line: string): boolean {
    const report = parseReport(line);
    if (!report) return false;
    if ("pong" in report) return this.#connection?.answered(report.pong) ?? true;
    const isPassed = "passed" in report;
    // The check may have been stopped meanwhile.
    const check = this.#checks.get(isPassed ? report.passed : report.failed);
    if (!check) return true;
    check.what = { ...check.what, isFailing: !isPassed };
    this.options.messages.attempt("the follow-up of a check", () => {
      if (isPassed) check.listener.passed();
      else check.listener.failed(report.reason);
    });
    return true;
  }

  #ended(reason: string, since: number): void {
    this.#connection = undefined;
    if (this.#checks.size === 0) return;
    const { firstPause, longestPause, goodRun } = this.#times;
    const pause = performance.now() - since > goodRun ? firstPause : this.#pause;
    this.#pause = Math.min(pause * 2, longestPause);
    const again = `it is started again in ${pause / 1000} s`;
    this.options.messages.log("warn", `The process that makes checks ${reason}; ${again}`);
    this.#startsIn = setTimeout(() => this.#connect(), pause);
  }
}

/** What a connection leads to. */
interface ChildEvents {
  /** Returns false for a line that is no report. */
  onReport(line: string): boolean;
  /** The process could not be started as it was described. */
  onRefused(): void;
  /** It is over; `reason` completes "The process that makes checks ". Not called after {@link Connection.close}. */
  onEnd(reason: string): void;
}

/** One run of the child. */
class Connection {
  readonly #child: OwnChild;
  readonly #sender: LineSender;
  readonly #lines = new LineReader(LONGEST_REPORT);
  #isOver = false;
  #ping = 0;
  #pong = 0;
  readonly #pinging: ReturnType<typeof setInterval>;

  constructor(options: CheckChildOptions, ping: number, private readonly events: ChildEvents) {
    this.#child = new OwnChild(options.command, "the process for checks", options, {
      onData: (bytes) => this.#take(bytes),
      onProgress: () => this.#sender.advance(),
      onRefused: events.onRefused,
      onEnd: (end) =>
        this.#end(typeof end === "string" ? `cannot be started: ${end}` : `has ended (${describeExit(end)})`),
    }, options.credentials);
    this.#sender = new LineSender(this.#child);
    this.#pinging = setInterval(() => this.#sendPing(), ping);
  }

  /** Has a check made. */
  start(number: number, what: () => ScheduledCheck): void {
    this.#sender.say(number, () => ({ start: number, ...what() }) satisfies CheckRequest);
  }

  /** Has a check made no more. Of one that it was not told of the child needs not know. */
  stop(number: number): void {
    if (this.#sender.withdraw(number)) return;
    this.#sender.say(number, () => ({ stop: number }) satisfies CheckRequest);
  }

  /** The child has answered a ping. False when nobody asked. */
  answered(pong: number): boolean {
    this.#pong = pong;
    return pong === this.#ping;
  }

  #sendPing(): void {
    if (this.#pong !== this.#ping) return this.#end("does not answer");
    this.#sender.sayFirst({ ping: ++this.#ping } satisfies CheckRequest);
  }

  #take(bytes: Uint8Array): void {
    const lines = this.#lines.take(bytes);
    for (const line of lines ?? []) {
      if (this.#isOver) return;
      if (!this.events.onReport(line)) return this.#end("says what it is not asked");
    }
    if (!lines) this.#end("says what it is not asked");
  }

  /** Ends the process. */
  close(): void {
    this.#isOver = true;
    clearInterval(this.#pinging);
    this.#child.close();
  }

  #end(reason: string): void {
    if (this.#isOver) return;
    this.close();
    this.events.onEnd(reason);
  }
}
