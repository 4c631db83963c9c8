/** `node:process` of the simulated runtime. */

import { Buffer } from "node:buffer";
import realProcess from "node:process";
import { signalNumber } from "../../../lib/model/signals.ts";
import type { Runtime } from "./runtime.ts";

/** What the runtime calls itself. */
export const EXECUTABLE = "/sbin/rouse";

/** How long it takes from a signal to its listeners, in ms. */
const SIGNAL_DELAY = 0.02;

type Listener = (...args: unknown[]) => void;

/** The process as the program sees it. */
export class RuntimeProcess {
  readonly #listeners = new Map<string, Listener[]>();
  readonly #pending = new Set<string>();
  readonly env: Record<string, string>;
  readonly execPath = EXECUTABLE;
  readonly arch = realProcess.arch;
  readonly platform = "linux";
  readonly execArgv: string[] = [];
  readonly versions = { bun: "1.0.0", node: "24.0.0" };
  readonly version = "v24.0.0";
  /** The second word has the program look compiled. */
  readonly argv: string[];
  readonly stdout: { write(text: string | Uint8Array): boolean };
  readonly stderr: { write(text: string | Uint8Array): boolean };
  exitCode: number | undefined;

  constructor(private readonly runtime: Runtime) {
    const { subject } = runtime;
    this.env = Object.fromEntries(subject.environment.map((pair) => {
      const at = pair.indexOf("=");
      return [pair.slice(0, at), pair.slice(at + 1)];
    }));
    this.argv = [EXECUTABLE, "/$bunfs/root/main.js", ...subject.argv.slice(1)];
    const stream = (fd: number) => ({
      write: (text: string | Uint8Array) => {
        if (!runtime.isOver) subject.file(fd)?.write(Buffer.from(text as string));
        return true;
      },
    });
    this.stdout = stream(1);
    this.stderr = stream(2);
    subject.restoreHandler = (signal) => this.#handle(signal);
  }

  get pid(): number {
    return this.runtime.subject.pid;
  }

  get ppid(): number {
    return this.runtime.subject.parent?.pid ?? 0;
  }

  on(event: string, listener: Listener): this {
    this.#listeners.set(event, [...this.#listeners.get(event) ?? [], listener]);
    const signal = signalNumber(event);
    if (event.startsWith("SIG") && signal !== undefined) this.#handle(signal);
    return this;
  }

  off(event: string, listener: Listener): this {
    const left = (this.#listeners.get(event) ?? []).filter((one) => one !== listener);
    this.#listeners.set(event, left);
    const signal = signalNumber(event);
    if (event.startsWith("SIG") && signal !== undefined && left.length === 0) {
      if (!this.runtime.isOver) this.runtime.subject.actions.delete(signal);
    }
    return this;
  }

  once(event: string, listener: Listener): this {
    const once = (...args: unknown[]) => {
      this.off(event, once);
      listener(...args);
    };
    return this.on(event, once);
  }

  emit(event: string, ...args: unknown[]): boolean {
    const listeners = this.#listeners.get(event) ?? [];
    for (const listener of [...listeners]) listener(...args);
    return listeners.length > 0;
  }

  /** Has the kernel tell the listeners of a signal. */
  #handle(signal: number): void {
    const { runtime } = this;
    if (runtime.isOver) return;
    runtime.subject.actions.set(signal, () => this.#arrived(signal));
  }

  #arrived(signal: number): void {
    for (const event of this.#listeners.keys()) {
      if (signalNumber(event) !== signal || this.#pending.has(event)) continue;
      this.#pending.add(event);
      this.runtime.later(SIGNAL_DELAY, () => {
        this.#pending.delete(event);
        for (const listener of this.#listeners.get(event) ?? []) {
          this.runtime.enter(() => listener(event, signal));
        }
      });
    }
  }

  exit(status: number = this.exitCode ?? 0): void {
    this.runtime.exit(status);
  }

  kill(pid: number, signal: number | string = 15): void {
    const { kernel, subject } = this.runtime;
    const number = typeof signal === "number" ? signal : signalNumber(signal)!;
    if (kernel.processes.kill(subject, pid, number) < 0) {
      throw Object.assign(new Error("kill ESRCH"), { code: "ESRCH", errno: -3 });
    }
  }

  nextTick(act: Listener, ...args: unknown[]): void {
    queueMicrotask(() => this.runtime.enter(() => act(...args)));
  }

  geteuid = (): number => this.runtime.subject.uid;
  getuid = (): number => this.runtime.subject.uid;
  getegid = (): number => this.runtime.subject.gid;
  getgid = (): number => this.runtime.subject.gid;
  getgroups = (): number[] => [this.runtime.subject.gid];
  cwd = (): string => this.runtime.kernel.files.pathOf(this.runtime.subject.directory);
  uptime = (): number => this.runtime.kernel.clock.now / 1000;
  memoryUsage = () => ({
    rss: 20 << 20,
    heapUsed: 5 << 20,
    heapTotal: 10 << 20,
    external: 0,
    arrayBuffers: 0,
  });
  cpuUsage = () => ({ user: 0, system: 0 });
  emitWarning(): void {}
}
