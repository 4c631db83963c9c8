/**
 * The lock of a service: a file that is locked by flock(2), as OpenRC's, so that each respects the other's. The file says
 * what its holder does: which services it waits for, and which process its script is.
 */

import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import { dirname } from "node:path";
import {
  close,
  lockFile,
  O_CREAT,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_WRONLY,
  open,
} from "../../sys/io/descriptors.ts";
import { ifAllowed, unlessRefused } from "../../sys/call/refused.ts";
import { processStatus } from "../../sys/process/procfs.ts";
import { readSource } from "../files.ts";
import { runningStatus } from "./daemons/processes.ts";

/** The pause between two looks at a lock that another process holds, in ms. */
const PAUSE = 20;

/** So long a lock is tried that others only look at, and the pause between two tries, in ms. A look is over in a moment. */
const LOOK_LIMIT = 1000, LOOK_PAUSE = 1;

/** The time between two reports that a service is waited for, in s. */
const REPORT_TIME = 10;

/** A process, told apart from later ones with its number. */
interface ScriptProcess {
  pid: number;
  /** See `ProcessStatus`. */
  startTime: number;
}

/** The lock of one service. It is let go of when the process ends. */
export class ServiceLock {
  #descriptor: number | undefined;
  readonly #waits: string[] = [];
  #script: ScriptProcess | undefined;

  constructor(readonly path: string) {}

  /** The descriptor of the file, while the lock is held. */
  get descriptor(): number | undefined {
    return this.#descriptor;
  }

  /** Holds the lock that a parent took, by the descriptor that it left open. */
  adopt(descriptor: number): void {
    this.#descriptor = descriptor;
  }

  /**
   * Takes the lock.
   * @returns false when another process holds it.
   * @throws the kernel's error, e.g. EACCES where only root may.
   */
  take(): boolean {
    if (this.#descriptor !== undefined) return true;
    for (const end = performance.now() + LOOK_LIMIT;;) {
      const descriptor = this.#open();
      const isTaken = lockFile(descriptor, "exclusive");
      // Whoever held it before may have removed the file meanwhile: then this is nobody's lock.
      if (isTaken && this.#names(descriptor)) {
        this.#descriptor = descriptor;
        this.#forgetWaits();
        return true;
      }
      // Beside one who only looks there is room for another.
      const isHeld = !isTaken && !lockFile(descriptor, "shared");
      close(descriptor);
      if (isHeld || performance.now() > end) return false;
      if (!isTaken) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_PAUSE);
    }
  }

  /** What a killed holder waited for, nobody waits for now. Its script may run still. */
  #forgetWaits(): void {
    if (this.waits.length === 0) return;
    const [script] = this.#noted("script");
    this.#write(script ? [["script", ...script]] : []);
  }

  #open(): number {
    // Whoever can open it can hold it, even for reading.
    const openFile = () => open(this.path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o600);
    return unlessRefused(openFile, (error) => {
      if (error.code !== "ENOENT") throw error;
      fs.mkdirSync(dirname(this.path), { recursive: true, mode: 0o755 });
      return openFile();
    });
  }

  /** Lets go of the lock. The file stays while it names a script that nobody waits for. */
  release(): void {
    if (this.#descriptor === undefined) return;
    const isOrphans = this.#script === undefined && this.script !== undefined;
    if (!isOrphans && this.#names(this.#descriptor)) ifAllowed(() => fs.unlinkSync(this.path));
    close(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** True for a descriptor of the file that the path names. */
  #names(descriptor: number): boolean {
    const named = ifAllowed(() => fs.lstatSync(this.path, { throwIfNoEntry: false }));
    return named !== undefined && named.ino === fs.statSync(`/proc/self/fd/${descriptor}`).ino;
  }

  /** Notes the process of the script, or that it has ended. */
  noteScript(pid: number | undefined): void {
    if (this.#descriptor === undefined) return;
    this.#script = pid === undefined ? undefined : processStatus(pid);
    this.#note();
  }

  /** Notes that the holder waits for a service, while something is done. */
  async waitingFor<Result>(service: string, action: () => Promise<Result>): Promise<Result> {
    this.#waits.push(service);
    this.#note();
    try {
      return await action();
    } finally {
      this.#waits.splice(this.#waits.indexOf(service), 1);
      this.#note();
    }
  }

  #note(): void {
    const waits = this.#waits.map((service) => ["waits", service]);
    const script = this.#script;
    this.#write(script ? [...waits, ["script", `${script.pid}`, `${script.startTime}`]] : waits);
  }

  /** An empty line ends it: what stands behind that is of longer lines than these, which are cut off only then. */
  #write(lines: readonly string[][]): void {
    if (this.#descriptor === undefined) return;
    const text = lines.map((words) => `${words.join(" ")}\n`).join("") + "\n";
    const file = `/proc/self/fd/${this.#descriptor}`;
    // A disk that is full does not keep a service from starting.
    ifAllowed(() => {
      fs.writeFileSync(file, text, { flag: "r+" });
      fs.truncateSync(file, Buffer.byteLength(text));
    });
  }

  /** The services that the holder waits for, as far as it has noted that. */
  get waits(): string[] {
    return this.#noted("waits").map(([service = ""]) => service);
  }

  /**
   * The process of the script, while it runs. Where the lock has a new holder, which has noted none yet, it is the script of
   * one that was killed.
   */
  get script(): number | undefined {
    const [pid, startTime] = this.#noted("script")[0]?.map(Number) ?? [];
    if (pid === undefined || startTime === undefined) return undefined;
    return runningStatus(pid)?.startTime === startTime ? pid : undefined;
  }

  #noted(word: string): string[][] {
    const state = readSource(this.path);
    const lines = state.state === "regular" ? state.text.split("\n") : [];
    // Without an empty line the last one may be half of one.
    return lines.slice(0, lines.indexOf("")).flatMap((line) => {
      const [first, ...rest] = line.split(" ");
      return first === word ? [rest] : [];
    });
  }

  /** True while some process holds the lock, as far as this one may know: to an ordinary user each file counts as held. */
  get isHeld(): boolean {
    return unlessRefused(() => {
      const descriptor = open(this.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
      const isHeld = !lockFile(descriptor, "shared");
      close(descriptor);
      return isHeld;
    }, (error) => {
      if (error.code !== "ENOENT" && error.code !== "EACCES") throw error;
      return error.code === "EACCES";
    });
  }

  /**
   * Waits until the script has ended that a holder has left which was killed.
   * @param limit How long, in s
   * @returns false when it runs still.
   */
  async awaitOrphan(limit: number): Promise<boolean> {
    const end = performance.now() + limit * 1000;
    while (this.script !== undefined) {
      if (performance.now() >= end) return false;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    return true;
  }

  /**
   * Waits until no process holds the lock.
   * @param limit How long, in s
   * @param report Told every ten seconds how many remain
   * @returns false when it is held still.
   * @throws the kernel's error.
   */
  async wait(limit: number, report: (remaining: number) => void): Promise<boolean> {
    const begun = performance.now();
    let reported = 0;
    while (this.isHeld) {
      const waited = (performance.now() - begun) / 1000;
      if (waited >= limit) return false;
      if (waited - reported >= REPORT_TIME && limit !== Infinity) {
        reported = waited;
        report(Math.round(limit - waited));
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
    return true;
  }
}
