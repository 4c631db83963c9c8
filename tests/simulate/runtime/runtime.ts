/**
 * The simulated runtime that init runs on: what of Bun's globals and of Node's modules the product uses, on the simulated
 * kernel. One stands for the time from one execve(2) of init to the next. When that time is over nothing is called any more.
 */

import { Buffer } from "node:buffer";
import * as os from "node:os";
import * as path from "node:path";
import * as util from "node:util";
import assert from "node:assert/strict";
import events from "node:events";
import url from "node:url";
import zlib from "node:zlib";
import type { Alarm } from "../kernel/clock.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { ARENA, Memory } from "../kernel/memory.ts";
import type { Process } from "../kernel/process.ts";
import { EIO } from "../kernel/open_file.ts";
import { Thread } from "../kernel/thread.ts";
import { callNumber } from "../../../lib/sys/call/numbers.ts";
import { connectSockets } from "./bun_sockets.ts";
import { fileSystem } from "./file_system.ts";
import { RuntimeProcess } from "./runtime_process.ts";

/** The size of the arena that lib/sys/call/kernel.ts maps. */
const ARENA_SIZE = 32 << 20;

/** A timer as the runtimes give them. */
interface Timer {
  alarm: Alarm;
  ref(): Timer;
  unref(): Timer;
  hasRef(): boolean;
  refresh(): Timer;
  [Symbol.toPrimitive](): number;
}

/** The runtime of a program. */
export class Runtime {
  readonly memory = Memory.ofSize(ARENA_SIZE);
  readonly process: RuntimeProcess;
  readonly #program: number;
  #isExited = false;
  #timers = 0;

  /** @param subject The process, which executes the program right now. */
  constructor(readonly kernel: Kernel, readonly subject: Process) {
    this.#program = subject.programs;
    this.process = new RuntimeProcess(this);
  }

  /** True when the program is over: by execve(2), an exit, or a signal. */
  get isOver(): boolean {
    return this.#isExited || this.subject.hasEnded || this.subject.programs !== this.#program;
  }

  exit(status: number): void {
    if (this.isOver) return;
    this.#isExited = true;
    this.subject.end({ status: status & 0xff });
  }

  /** Calls a function of the program, as the runtime's event loop does. What it throws is uncaught. */
  enter(act: () => void): void {
    if (this.isOver) return;
    try {
      act();
    } catch (error) {
      this.uncaught("uncaughtException", error);
    }
  }

  /** Tells the program of an error that nothing has caught. */
  uncaught(kind: "uncaughtException" | "unhandledRejection", error: unknown): void {
    if (this.isOver) return;
    if (!this.process.emit(kind, error)) {
      this.kernel.violated("nothing uncaught is thrown", (error as Error)?.stack ?? String(error));
    }
  }

  /** Does something for the program a moment later. */
  later(delay: number, act: () => void): Alarm {
    return this.kernel.clock.after(delay, () => this.enter(act));
  }

  /** The functions of {@link https://nodejs.org/api/timers.html timers}. */
  timers() {
    const set = (act: (...args: unknown[]) => void, delay: unknown, args: unknown[], repeats: boolean) => {
      // As the runtimes have it: a millisecond at least, and one where it is too long.
      const given = Number(delay), time = given >= 1 && given <= 2 ** 31 - 1 ? Math.trunc(given) : 1;
      const number = ++this.#timers;
      const begin = () =>
        this.later(time, () => {
          if (repeats) timer.alarm = begin();
          act(...args);
        });
      const timer: Timer = {
        alarm: begin(),
        ref: () => timer,
        unref: () => timer,
        hasRef: () => true,
        refresh() {
          timer.alarm.isCancelled = true;
          timer.alarm = begin();
          return timer;
        },
        [Symbol.toPrimitive]: () => number,
      };
      return timer;
    };
    const clear = (timer: Timer | undefined) => {
      if (timer) timer.alarm.isCancelled = true;
    };
    type Act = (...args: unknown[]) => void;
    return {
      setTimeout: (act: Act, delay?: unknown, ...args: unknown[]) => set(act, delay, args, false),
      setInterval: (act: Act, delay?: unknown, ...args: unknown[]) => set(act, delay, args, true),
      setImmediate: (act: Act, ...args: unknown[]) => ({ alarm: this.later(0.01, () => act(...args)) }),
      clearTimeout: clear,
      clearInterval: clear,
      clearImmediate: clear,
    };
  }

  /** `Bun`. */
  bun() {
    const call = (row: number) =>
      new Thread(this.kernel, this.subject, this.memory, row, this.#program).runNow();
    return {
      FFI: {
        dlopen: () => ({
          symbols: { syscall: (number: number) => number === callNumber("mmap") ? ARENA : 0 },
        }),
        cfunction: () => call,
        toBuffer: (address: number, offset: number, size: number) => this.memory.view(address + offset, size),
      },
      gc() {},
      shrink() {},
      unsafe: { setJITPolicy() {} },
      connect: connectSockets(this),
    };
  }

  /** `Date`, on the virtual clock. */
  date(): DateConstructor {
    const { clock } = this.kernel;
    return class extends Date {
      constructor(...args: unknown[]) {
        super(...(args.length === 0 ? [clock.wall] : args) as [number]);
      }
      static override now(): number {
        return clock.wall;
      }
    } as unknown as DateConstructor;
  }

  /** Node's modules, by their names. */
  require(name: string): unknown {
    const bare = name.replace(/^node:/, "");
    const found = this.#modules[bare];
    if (found === undefined) throw new Error(`Unable to load ${name}: it is not simulated`);
    return found;
  }

  readonly #modules: Record<string, unknown> = {
    "buffer": { Buffer },
    "path": path,
    "util": util,
    "assert": assert,
    "assert/strict": assert,
    "events": events,
    "url": url,
    "zlib": zlib,
    "os": { ...os, homedir: () => "/root", hostname: () => "simulated" },
    "child_process": {},
    "timers": {},
    "module": {},
    "net": {},
    "http": {},
    "https": {},
    "v8": {},
    "cluster": {},
    "perf_hooks": {},
    get "stream/promises"() {
      return {};
    },
  };

  /** The globals of the program. */
  globals(): Record<string, unknown> {
    const { clock, random } = this.kernel, timers = this.timers(), Bun = this.bun(), { process } = this;
    const Math = Object.assign(Object.create(globalThis.Math), { random: () => random.fraction() });
    this.#modules.fs = fileSystem(this);
    this.#modules.process = process;
    this.#modules.timers = timers;
    const performance = { now: () => clock.now, timeOrigin: 0 };
    const crypto = {
      randomUUID: () =>
        "00000000-0000-4000-8000-000000000000".replace(/0/g, () => random.below(16).toString(16)),
      getRandomValues<Bytes extends Uint8Array>(bytes: Bytes) {
        for (let at = 0; at < bytes.length; at++) bytes[at] = random.below(256);
        return bytes;
      },
    };
    const Date = this.date();
    const shown = { Bun, process, Buffer, Date, Math, performance, crypto, ...timers };
    return { ...shown, globalThis: { ...shown }, Deno: undefined };
  }

  /** The error of calls of a program that is over. */
  get over(): number | undefined {
    return this.isOver ? EIO : undefined;
  }
}
