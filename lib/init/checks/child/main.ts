/** The program `checks`, which makes the checks of all jobs that need no command (protocol.ts). Init starts it when there are any. */

import process from "node:process";
import { followCommandLine, type Tool } from "../../../model/command_line/tool.ts";
import { UsageError } from "../../../model/command_line/usage_error.ts";
import { DescriptorWriter, nonBlockingOutput } from "../../../sys/io/writer.ts";
import { readDescriptor } from "../../../sys/io/streams.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import { removeFlags, SINGLE_THREAD_FLAGS } from "../../../sys/runtime/variables.ts";
import { LineSender } from "../line_sender.ts";
import { type CheckRequest, type ChildReport, LineReader } from "../protocol.ts";
import { CheckSchedule } from "../schedule.ts";
import { probe } from "./probes.ts";

const CHECKS: Tool = {
  name: "checks",
  summary: "Make the checks that standard input asks for, and write what changes to standard output.",
  help:
    "It ends with its standard input.\n\nExit status: 0, 1 when nobody reads what it writes, 2 for wrong arguments.",
  options: [],
  run({ args, rest }) {
    if (args.length + rest.length > 0) throw new UsageError("unexpected argument");
    removeFlags(SINGLE_THREAD_FLAGS);
    new Checks();
    return new Promise<never>(() => {});
  },
};

/** The program `checks`. Returns its exit status. */
export function main(args: string[]): Promise<number> {
  return followCommandLine(CHECKS, "rouse checks", args, writeAll);
}

/** Init's lines are not bounded, for init is trusted. */
const LONGEST_REQUEST = Infinity;

/** How long a reason may be, in characters. */
const LONGEST_REASON = 500;

class Checks {
  readonly #checks = new Map<number, CheckSchedule>();
  readonly #lines = new LineReader(LONGEST_REQUEST);
  /** Of a check, the last result counts. */
  readonly #sender: LineSender = new LineSender(
    new DescriptorWriter(nonBlockingOutput(1), {
      onProgress: () => this.#sender.advance(),
      onBroken: () => this.#close(1),
    }),
  );

  constructor() {
    readDescriptor(0, {
      onData: (bytes) => this.#lines.take(bytes)!.forEach((line) => this.#request(JSON.parse(line))),
      onEnd: () => this.#close(0),
    });
  }

  #request(request: CheckRequest): void {
    if ("ping" in request) return this.#sender.sayFirst({ pong: request.ping } satisfies ChildReport);
    if ("stop" in request) {
      this.#checks.get(request.stop)?.close();
      this.#sender.withdraw(request.stop);
      return void this.#checks.delete(request.stop);
    }
    const { start, ...what } = request;
    this.#checks.get(start)?.close();
    const schedule = new CheckSchedule(what, probe, {
      passed: () => this.#report(start, { passed: start }),
      failed: (reason) => this.#report(start, { failed: start, reason: reason.slice(0, LONGEST_REASON) }),
    });
    this.#checks.set(start, schedule);
  }

  #report(check: number, report: ChildReport): void {
    this.#sender.say(check, () => report);
  }

  #close(status: number): never {
    // What still waits for a disk or a name does not matter any more.
    process.exit(status);
  }
}
