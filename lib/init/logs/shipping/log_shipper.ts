/**
 * The way of output to syslog, journald and collectors: a child of init's speaks with them, for they may make it wait. It is
 * started with the first output, and started again when it has ended. What waits for it is bounded; the rest is lost and counted.
 */

import { Buffer } from "node:buffer";
import { describeExit } from "../../../model/exit.ts";
import type { LogTarget } from "../../../model/logs/settings.ts";
import { printable } from "../../../model/text/printable.ts";
import type { Part } from "../../parts/part.ts";
import { type ChildWorld, type Credentials, OwnChild } from "../../spawn/own_child.ts";
import { LineReader } from "../../checks/protocol.ts";
import { formatFrame, type OutputFrame, type OutputOrigin, parseShippingReport } from "./frames.ts";

/** How much output may wait for the child, in bytes, and what each piece of it counts beside its bytes. */
const MAX_WAITING = 1 << 20, FRAME_COST = 256;

/** So much of it is on its way into the pipe at most, in bytes. */
const MAX_IN_PIPE = 64 << 10;

/** The pause before a child that has ended is started again (ms): it doubles, and begins anew after a good run. */
const FIRST_PAUSE = 500, LONGEST_PAUSE = 30_000, GOOD_RUN = 60_000;

/** So often a target's failure is told each time; from then on whenever their number has doubled: it may come and go for ever. */
const OFTEN_TOLD = 4;

/** The longest line that the child may write, in characters: the name of a job may be as long as a path, and is in JSON. */
const LONGEST_REPORT = 32 << 10;

/** Where output goes that init itself takes there. */
const INITS_OWN: readonly LogTarget[] = ["file", "stdout"];

/** What the shipper needs of init. */
interface ShippingWorld extends ChildWorld {
  /** The command that runs the program `ship-logs` of this executable. */
  command: readonly string[];
  /** Whose rights the child is to have, if it can be started with them; else it has init's. */
  credentials?: Credentials | undefined;
  /** Counts bytes of a job's output that are lost. */
  onLost(job: string, bytes: number): void;
}

/** What is saved of {@link LogShipper}. */
export interface SavedShipping {
  /** What the child was not given yet; the bytes in base64. */
  frames: Array<Omit<OutputFrame, "bytes"> & { bytes: string }>;
  /** Targets, and why. */
  failing: Array<[target: string, reason: string]>;
}

/** What ships output. */
export class LogShipper implements Part<SavedShipping> {
  #frames: OutputFrame[] = [];
  #waiting = 0;
  /** What the child has been given and has not dealt with, in bytes, by job. */
  readonly #given = new Map<string, number>();
  /** The targets of that output. */
  readonly #targets = new Set<string>();
  /** The targets that were told not to work, and why. */
  readonly #failing = new Map<string, string>();
  /** How often each target has begun to fail. */
  readonly #failures = new Map<string, number>();
  #child: OwnChild | undefined;
  #credentials: ShippingWorld["credentials"];
  #pause = FIRST_PAUSE;
  #startsIn: ReturnType<typeof setTimeout> | undefined;
  /** Called when the child has ended, while init waits for that. */
  #onFinished: (() => void) | undefined;

  constructor(private readonly world: ShippingWorld) {
    this.#credentials = world.credentials;
  }

  /** Ships output of an instance. The bytes may change later. */
  ship({ job, instance }: OutputOrigin, targets: readonly LogTarget[], bytes: Uint8Array): void {
    const others = targets.filter((target) => !INITS_OWN.includes(target));
    if (others.length === 0 || bytes.length === 0) return;
    if (this.#waiting + costOf(bytes) > MAX_WAITING) return this.world.onLost(job, bytes.length);
    this.#add({ job, instance, targets: others, time: Date.now(), bytes: new Uint8Array(bytes) });
  }

  #add(frame: OutputFrame): void {
    this.#frames.push(frame);
    this.#waiting += costOf(frame.bytes);
    if (this.#child) this.#advance();
    else this.#startsIn ??= setTimeout(() => this.#start(), 0);
  }

  /**
   * Why output cannot be shipped to one of these targets; undefined where that is not known of any. Users other than root may
   * read it, so it does not tell the address of a collector.
   */
  problem(targets: readonly LogTarget[]): string | undefined {
    const target = targets.find((one) => this.#failing.has(one));
    return target && `unable to ship to ${target.split(":", 1)}: ${this.#failing.get(target)}`;
  }

  save(): SavedShipping {
    const frames = this.#frames.map((frame) => ({
      ...frame,
      bytes: Buffer.from(frame.bytes).toString("base64"),
    }));
    return { frames, failing: [...this.#failing] };
  }

  restore({ frames, failing }: SavedShipping): void {
    for (const [target, reason] of failing) this.#failing.set(target, reason);
    for (const frame of frames) this.#add({ ...frame, bytes: Buffer.from(frame.bytes, "base64") });
  }

  /**
   * Has the child deliver what there is, and resolves when it has, or the time is over.
   *
   * @param time In ms.
   */
  async finish(time: number): Promise<void> {
    if (!this.#child && this.#frames.length > 0) this.#start();
    if (!this.#child) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#onFinished = resolve;
    this.#advance();
    const timer = setTimeout(resolve, time);
    await promise;
    clearTimeout(timer);
    this.close();
  }

  /** Ends the child. */
  close(): void {
    clearTimeout(this.#startsIn);
    this.#startsIn = undefined;
    this.#child?.close();
    this.#child = undefined;
  }

  #start(): void {
    clearTimeout(this.#startsIn);
    this.#startsIn = undefined;
    const since = performance.now(), lines = new LineReader(LONGEST_REPORT);
    this.#child = new OwnChild(this.world.command, "the process that ships logs", this.world, {
      onData: (bytes) => {
        const said = lines.take(bytes);
        if (!said?.every((line) => this.#report(line))) this.#ended("says what it is not asked", since);
      },
      onProgress: () => this.#advance(),
      onRefused: () => this.#credentials = undefined,
      onEnd: (end) => {
        const reason = typeof end === "string"
          ? `cannot be started: ${end}`
          : `has ended (${describeExit(end)})`;
        this.#ended(reason, since, typeof end === "object" && "status" in end && end.status === 0);
      },
    }, this.#credentials);
    this.#advance();
  }

  /** Gives the child what its pipe takes. */
  #advance(): void {
    const child = this.#child;
    if (!child) return;
    let count = 0;
    for (; count < this.#frames.length && child.waiting < MAX_IN_PIPE; count++) {
      const frame = this.#frames[count]!, { job, targets, bytes } = frame;
      this.#waiting -= costOf(bytes);
      this.#given.set(job, (this.#given.get(job) ?? 0) + bytes.length);
      for (const target of targets) this.#targets.add(target);
      child.write(formatFrame(frame));
    }
    this.#frames.splice(0, count);
    if (this.#onFinished && this.#frames.length === 0 && child.waiting === 0) child.endInput();
  }

  /**
   * Takes a report. False for what is none, and for one on a job or a target of which the child was given nothing: it speaks
   * with strangers, and what it says may be theirs.
   */
  #report(line: string): boolean {
    const report = parseShippingReport(line);
    if (!report) return false;
    if ("failing" in report) {
      const isKnown = this.#targets.has(report.failing) && this.#given.has(report.job);
      if (isKnown) this.#noteFailing(report.failing, report.job, report.reason);
      return isKnown;
    }
    if ("working" in report) {
      if (this.#failing.delete(report.working) && isTold(this.#failures.get(report.working))) {
        this.world.messages.log("warn", `${report.working}: logs are shipped again`);
      }
      return this.#targets.has(report.working);
    }
    const { done, bytes, lost } = report, left = (this.#given.get(done) ?? 0) - bytes;
    if (left < 0) return false;
    if (lost > 0) this.world.onLost(done, lost);
    if (left > 0) this.#given.set(done, left);
    else this.#given.delete(done);
    return true;
  }

  #noteFailing(target: string, job: string, reason: string): void {
    const isNew = !this.#failing.has(target);
    this.#failing.set(target, reason);
    if (!isNew) return;
    const times = (this.#failures.get(target) ?? 0) + 1;
    this.#failures.set(target, times);
    if (!isTold(times)) return;
    const soFar = times > OFTEN_TOLD ? `; it has failed ${times} times so far` : "";
    this.world.messages.log("warn", `${target}: unable to ship logs of ${printable(job)}: ${reason}${soFar}`);
  }

  #ended(reason: string, since: number, isDone = false): void {
    this.#child?.close();
    this.#child = undefined;
    for (const [job, bytes] of this.#given) this.world.onLost(job, bytes);
    this.#given.clear();
    this.#targets.clear();
    if (this.#onFinished) return this.#onFinished();
    // It was asked to end, as all processes are in the end.
    if (isDone && this.#frames.length === 0) return;
    const pause = performance.now() - since > GOOD_RUN ? FIRST_PAUSE : this.#pause;
    this.#pause = Math.min(pause * 2, LONGEST_PAUSE);
    const again = `it is started again in ${pause / 1000} s`;
    this.world.messages.log("warn", `The process that ships logs ${reason}; ${again}`);
    this.#startsIn = setTimeout(() => this.#start(), pause);
  }
}

/** True when a target is told to fail for so many times. */
function isTold(times = 0): boolean {
  return times <= OFTEN_TOLD || Number.isInteger(Math.log2(times));
}

/** What a piece of output counts while it waits. */
function costOf({ length }: Uint8Array): number {
  return length + FRAME_COST;
}
