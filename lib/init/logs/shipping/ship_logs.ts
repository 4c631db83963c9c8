/** The program `ship-logs`, which passes output of jobs on to syslog, journald and collectors. Init starts it when it is needed. */

import { Buffer } from "node:buffer";
import process from "node:process";
import { followCommandLine, type Tool } from "../../../model/command_line/tool.ts";
import { UsageError } from "../../../model/command_line/usage_error.ts";
import type { LogTarget } from "../../../model/logs/settings.ts";
import { readDescriptor } from "../../../sys/io/streams.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import { DescriptorWriter, nonBlockingOutput } from "../../../sys/io/writer.ts";
import { removeFlags, SINGLE_THREAD_FLAGS } from "../../../sys/runtime/variables.ts";
import { toJournald, toSyslog } from "./datagrams.ts";
import { FrameReader, type ShippingReport } from "./frames.ts";
import { LineAssembly, type ShippedLine } from "./lines.ts";
import { toCollector } from "./otlp.ts";
import { type Send, Sender } from "./sender.ts";

const SHIP_LOGS: Tool = {
  name: "ship-logs",
  summary:
    "Pass on what standard input holds of the output of jobs, and tell on standard output what comes of it.",
  help: "It ends with its standard input.\n\nExit status: 0, 2 for wrong arguments.",
  options: [],
  run({ args, rest }) {
    if (args.length + rest.length > 0) throw new UsageError("unexpected argument");
    removeFlags(SINGLE_THREAD_FLAGS);
    new Shipping();
    return new Promise<never>(() => {});
  },
};

/** The program `ship-logs`. Returns its exit status. */
export function main(args: string[]): Promise<number> {
  return followCommandLine(SHIP_LOGS, "rouse ship-logs", args, writeAll);
}

/** How long what is left may take to be delivered when the input has ended, in ms. */
const LAST_TIME = 2000;

/** How long lines for a collector gather, in ms. */
const BATCH_TIME = 500;

/** How each kind of target is spoken with, by what stands before the colon, and how long lines gather for it. */
const KINDS: Readonly<Record<string, { send(rest: string): Send; delay: number }>> = {
  syslog: { send: (code) => toSyslog(code || undefined), delay: 0 },
  journald: { send: toJournald, delay: 0 },
  otlp: { send: toCollector, delay: BATCH_TIME },
};

class Shipping {
  readonly #senders = new Map<LogTarget, Sender>();
  readonly #frames = new FrameReader();
  readonly #lines = new LineAssembly((line, targets) => {
    // Neither syslog nor journald has a use for an empty message.
    if (line.text.length === 0) return this.#done(line);
    for (const target of targets) this.#sender(target).add(line);
  });
  /** What is dealt with and was not told yet, in bytes, by job, and how much of it is lost. */
  readonly #dealtWith = new Map<string, { bytes: number; lost: number }>();
  /** Init reads what it asks for. */
  readonly #writer = new DescriptorWriter(nonBlockingOutput(1), {
    onProgress: () => this.#tellDone(),
    onBroken: () => process.exit(0),
  });
  #onSaid: (() => void) | undefined;
  #isEnding = false;

  constructor() {
    const reader = readDescriptor(0, {
      onData: (bytes) => this.#frames.take(bytes).forEach((frame) => this.#lines.take(frame)),
      onEnd: () => void this.#end(),
    });
    process.on("SIGTERM", () => {
      reader.drain();
      void this.#end();
    });
  }

  /** Tells what is dealt with, of many lines at a time. */
  #done({ job, size, isLost }: ShippedLine): void {
    if (this.#dealtWith.size === 0) setImmediate(() => this.#tellDone());
    let sum = this.#dealtWith.get(job);
    if (!sum) this.#dealtWith.set(job, sum = { bytes: 0, lost: 0 });
    sum.bytes += size;
    if (isLost) sum.lost += size;
  }

  /** Init may be slow to read: what it has not read yet does not pile up. */
  #tellDone(): void {
    if (this.#writer.waiting > 0) return;
    for (const [job, sum] of this.#dealtWith) this.#say({ done: job, ...sum });
    this.#dealtWith.clear();
    if (this.#writer.waiting === 0) this.#onSaid?.();
  }

  #sender(target: LogTarget): Sender {
    let sender = this.#senders.get(target);
    if (!sender) {
      const [kind = "", ...rest] = target.split(":"), { send, delay } = KINDS[kind]!;
      sender = new Sender(send(rest.join(":")), delay, {
        failing: (reason, job) => this.#say({ failing: target, job, reason: reason.slice(0, 400) }),
        working: () => this.#say({ working: target }),
        done: (line) => --line.left === 0 && this.#done(line),
      });
      this.#senders.set(target, sender);
    }
    return sender;
  }

  #say(report: ShippingReport): void {
    this.#writer.write(Buffer.from(`${JSON.stringify(report)}\n`));
  }

  /** Delivers what is left, as far as that can be done in time. */
  async #end(): Promise<void> {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#lines.flush();
    const senders = [...this.#senders.values()];
    const late = new Promise<void>((resolve) => setTimeout(resolve, LAST_TIME));
    await Promise.race([late, Promise.all(senders.map((sender) => sender.empty()))]);
    for (const sender of senders) sender.abandon();
    const said = new Promise<void>((resolve) => this.#onSaid = resolve);
    this.#tellDone();
    await Promise.race([late, said]);
    process.exit(0);
  }
}
