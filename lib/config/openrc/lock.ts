/** The lock of a service: a file that is locked by flock(2), as OpenRC's, so that each respects the other's. */

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

/** The pause between two looks at a lock that another process holds, in ms. */
const PAUSE = 20;

/** The time between two reports that a service is waited for, in s. */
const REPORT_TIME = 10;

/** The lock of one service. It is let go of when the process ends. */
export class ServiceLock {
  #descriptor: number | undefined;

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
    for (;;) {
      const descriptor = this.#open();
      if (!lockFile(descriptor, "exclusive")) {
        close(descriptor);
        return false;
      }
      // Whoever held it before may have removed the file meanwhile: then this is nobody's lock.
      if (this.#names(descriptor)) {
        this.#descriptor = descriptor;
        return true;
      }
      close(descriptor);
    }
  }

  #open(): number {
    const openFile = () => open(this.path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, 0o664);
    return unlessRefused(openFile, (error) => {
      if (error.code !== "ENOENT") throw error;
      fs.mkdirSync(dirname(this.path), { recursive: true, mode: 0o755 });
      return openFile();
    });
  }

  /** Lets go of the lock. */
  release(): void {
    if (this.#descriptor === undefined) return;
    if (this.#names(this.#descriptor)) ifAllowed(() => fs.unlinkSync(this.path));
    close(this.#descriptor);
    this.#descriptor = undefined;
  }

  /** True for a descriptor of the file that the path names. */
  #names(descriptor: number): boolean {
    const named = ifAllowed(() => fs.lstatSync(this.path, { throwIfNoEntry: false }));
    return named !== undefined && named.ino === fs.statSync(`/proc/self/fd/${descriptor}`).ino;
  }

  /** True while some process holds the lock. */
  get isHeld(): boolean {
    const descriptor = unlessRefused(
      () => open(this.path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK),
      (error) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      },
    );
    if (descriptor === undefined) return false;
    const isHeld = !lockFile(descriptor, "shared");
    close(descriptor);
    return isHeld;
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
