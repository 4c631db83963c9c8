/** What a simulated program sees of the system: calls that wait are promises. What it awaits when it is killed never comes. */

import { Buffer } from "node:buffer";
import { Inode } from "../kernel/inodes.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { EAGAIN, EPIPE, NOTHING, type OpenFile } from "../kernel/open_file.ts";
import { openPath } from "../kernel/opening.ts";
import { type Action, type Process, SIGPIPE } from "../kernel/process.ts";
import { Socket } from "../kernel/sockets.ts";

/** A program. What it returns is its exit status. */
export type Program = (system: System) => Promise<number | void>;

/** How long a program takes until it does the first thing, in ms. */
const LOADING = [0.2, 3] as const;

/** Runs a program in a process. */
export function begin(kernel: Kernel, process: Process, program: Program): void {
  const system = new System(kernel, process);
  kernel.clock.after(kernel.random.between(...LOADING), () => {
    if (system.isOver) return;
    system.whenRunning(() => {
      program(system).then((status) => system.exit(status ?? 0), (error) => {
        if (!(error instanceof Ended)) {
          kernel.violated("the simulation itself works", (error as Error).stack ?? "");
        }
      });
    });
  });
}

/** Thrown in a program that has ended itself. */
class Ended extends Error {}

/** The system for one program of a process. */
export class System {
  readonly #program: number;

  constructor(readonly kernel: Kernel, readonly process: Process) {
    this.#program = process.programs;
  }

  get argv(): readonly string[] {
    return this.process.argv;
  }

  get isOver(): boolean {
    return this.process.hasEnded || this.process.programs !== this.#program;
  }

  variable(name: string): string | undefined {
    const pair = this.process.environment.findLast((one) => one.startsWith(`${name}=`));
    return pair?.slice(name.length + 1);
  }

  /** Does something now, or when the process goes on that is stopped; nothing when it has ended. */
  whenRunning(act: () => void): void {
    if (this.isOver) return;
    if (this.process.isStopped) this.process.onContinue.push(() => this.whenRunning(act));
    else act();
  }

  sleep(time: number): Promise<void> {
    return new Promise((resolve) => this.kernel.clock.after(time, () => this.whenRunning(resolve)));
  }

  forever(): Promise<never> {
    return new Promise(() => {});
  }

  onSignal(signal: number, action: Action): void {
    const guarded = typeof action === "function"
      ? (number: number) => this.whenRunning(() => action(number))
      : action;
    this.process.actions.set(signal, guarded);
  }

  exit(status: number): void {
    if (!this.isOver) this.process.end({ status });
  }

  /** Ends at once, in the middle of a function. */
  quit(status: number): never {
    this.exit(status);
    throw new Ended();
  }

  #whenChanged(file: OpenFile): Promise<void> {
    return new Promise((resolve) => {
      const end = file.onChange(() => {
        end();
        this.kernel.clock.after(0.02, () => this.whenRunning(resolve));
      });
    });
  }

  /** Writes all of a text, and waits as long as there is no room. False when nobody reads any more. */
  async write(
    fd: number,
    text: string | Uint8Array,
    accepted: (count: number) => void = () => {},
  ): Promise<boolean> {
    let rest: Uint8Array = Buffer.from(text as string);
    while (rest.length > 0) {
      const file = this.process.file(fd);
      const result = file?.write(rest) ?? EPIPE;
      if (result === EAGAIN) await this.#whenChanged(file!);
      else if (result < 0) {
        if (result === EPIPE) this.process.signal(SIGPIPE);
        if (this.isOver) return await this.forever();
        return false;
      } else {
        accepted(result);
        rest = rest.subarray(result);
      }
    }
    return true;
  }

  /** Reads what there is, and waits for it. Nothing at the end. */
  async read(fd: number, size = 65536): Promise<Uint8Array> {
    for (;;) {
      const file = this.process.file(fd), result = file?.read(size) ?? NOTHING;
      if (typeof result !== "number") return result;
      if (result !== EAGAIN) return NOTHING;
      await this.#whenChanged(file!);
    }
  }

  async readAll(fd: number): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for (let piece; (piece = await this.read(fd)).length > 0;) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  open(path: string, flags = 0, mode = 0o644): number {
    const file = openPath(this.kernel, this.process, path, flags, mode);
    return typeof file === "number" ? file : this.process.open(file);
  }

  /** Writes a file as a whole. */
  writeFile(path: string, text: string): void {
    const fd = this.open(path, 0o1101);
    if (fd < 0) return;
    this.process.file(fd)!.write(Buffer.from(text));
    this.process.close(fd);
  }

  /** Makes a child, which runs a program with this one's image. */
  fork(program: Program): Process {
    const child = this.kernel.processes.fork(this.process);
    this.kernel.trace(this.process.pid, "fork", child.pid);
    begin(this.kernel, child, program);
    return child;
  }

  /** Waits for a child's end, and reaps it. */
  async wait(child: Process): Promise<number> {
    if (!child.hasEnded) {
      await new Promise<void>((resolve) =>
        child.onEnd.add(() => this.kernel.clock.after(0.05, () => this.whenRunning(resolve)))
      );
    }
    this.kernel.processes.wait(this.process, child.pid, 4);
    const exit = child.exit!;
    return "status" in exit ? exit.status : 128 + exit.signal;
  }

  makeSession(): void {
    this.process.session = this.process.group = this.process.pid;
  }

  /** Executes another program in place of this one. False when there is none of that name. */
  execute(words: string[]): boolean {
    const name = words[0]!.includes("/") ? words[0]! : `/bin/${words[0]}`;
    const found = this.kernel.files.find(name, this.process.directory);
    if (!(found instanceof Inode) || found.content === "" || (found.mode & 0o111) === 0) return false;
    this.process.executed(words, this.process.environment);
    this.kernel.load(this.process, found.content);
    return true;
  }

  /** Sends a datagram to a socket file. */
  send(path: string, text: string): void {
    const target = this.kernel.socketAt(path.replace(/^@/, "\0"));
    if (typeof target === "number") return;
    const { pid, uid, gid } = this.process, socket = new Socket("datagram", 0, { pid, uid, gid });
    if (socket.connect(target) === 0) socket.write(Buffer.from(text));
  }

  /** Connects with a listening socket. Negative when nobody listens, or there is no room. */
  connect(address: string): number {
    const target = this.kernel.socketAt(address), { pid, uid, gid } = this.process;
    if (typeof target === "number") return target;
    const socket = new Socket("stream", 0, { pid, uid, gid });
    const result = socket.connect(target);
    return result < 0 ? result : this.process.open(socket);
  }
}
