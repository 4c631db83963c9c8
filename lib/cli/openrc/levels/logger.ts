/** The process that passes on what is printed while a runlevel is entered, and writes it to a log. */

import { Buffer } from "node:buffer";
import { appendFileSync, closeSync, constants, openSync, readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { logHeading, PlainOutput } from "../../../../compat/openrc/mod.ts";
import { isUntrustedLink } from "../../../config/openrc/daemons/pid_file.ts";
import { LEVELS, RC_DIR } from "../../../model/openrc/paths.ts";
import { errorReason, SystemError } from "../../../sys/call/errno.ts";
import { ifAllowed, unlessRefused } from "../../../sys/call/refused.ts";
import { openOwn } from "../../../sys/access/own_place.ts";
import { close, write } from "../../../sys/io/descriptors.ts";
import { readDescriptor } from "../../../sys/io/streams.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import { OpenrcMessages } from "../messages.ts";
import { FIRST_CHANNEL } from "./level_log.ts";

/** The log is here until its place can be written to. */
const GATHERED = join(RC_DIR, "rc.log");

const LOG_MODE = 0o644;

/** How long is waited for the last words where a daemon keeps the streams open, in ms. */
const LAST_WORDS = 200;

/** Whoever enters the runlevel ends this process, and nobody else. */
const IGNORED: readonly NodeJS.Signals[] = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGPIPE"];

/**
 * Runs until descriptor 0 ends.
 * @param args The runlevel, where the log belongs, and for each descriptor from {@link FIRST_CHANNEL} on the one to which it
 * is passed on
 */
export async function main([level = "", path = "", ...targets]: string[]): Promise<number> {
  for (const signal of IGNORED) process.on(signal, () => {});
  const log = new GatheredLog(level);
  const ends = targets.map(() => Promise.withResolvers<void>());
  const readers = targets.map((target, index) =>
    readDescriptor(FIRST_CHANNEL + index, {
      onData(bytes) {
        const copy = new Uint8Array(bytes);
        writeAll(Number(target), copy);
        log.add(copy);
      },
      onEnd: () => ends[index]!.resolve(),
    })
  );
  await new Promise<void>((resolve) => readDescriptor(0, { onData: () => {}, onEnd: () => resolve() }));
  const isOver = new Promise<void>((resolve) => setTimeout(resolve, LAST_WORDS));
  await Promise.race([isOver, Promise.all(ends.map(({ promise }) => promise))]);
  for (const reader of readers) {
    reader.drain();
    reader.close();
  }
  log.end(path);
  return 0;
}

/** The log of one runlevel, behind what others have left. */
class GatheredLog {
  readonly #text = new PlainOutput();
  /** What could not be written yet: early in a boot there is no place. */
  #held: Array<string | Uint8Array> = [];
  #fd: number | undefined;

  constructor(private readonly level: string) {
    this.#write(logHeading(level, "started", new Date()));
  }

  add(bytes: Uint8Array): void {
    this.#write(this.#text.add(bytes));
  }

  /** Has it at its place, where that can be written to. What is printed before others are mounted there waits for that. */
  end(path: string): void {
    this.#write(logHeading(this.level, "stopped", new Date()));
    if (this.#fd !== undefined) closeSync(this.#fd);
    if (this.level === LEVELS.sysinit || path === GATHERED) return;
    const problem = isUntrustedLink(path) ? "somebody else could have made the link" : this.#moveTo(path);
    if (problem === undefined) return;
    const where = this.#fd === undefined ? "" : `; what was printed is in ${GATHERED}`;
    new OpenrcMessages().error(`Unable to append to the log ${path}: ${problem}${where}`);
  }

  /** Gives what is in the way, unless that is usual: a disk that is read-only still, or again. */
  #moveTo(path: string): string | undefined {
    return unlessRefused(() => {
      const { O_WRONLY, O_CREAT, O_APPEND, O_NONBLOCK, O_NOCTTY } = constants;
      const file = openOwn(path, O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOCTTY, LOG_MODE);
      const gathered = this.#fd === undefined ? [] : [readFileSync(GATHERED)];
      for (const piece of [...gathered, ...this.#held]) append(file, piece);
      close(file);
      if (this.#fd !== undefined) unlinkSync(GATHERED);
      return undefined;
    }, (error) => {
      const isUsual = error.code === "EROFS" || this.level === LEVELS.shutdown;
      return isUsual ? undefined : errorReason(error);
    });
  }

  #write(text: string | Uint8Array): void {
    this.#held.push(text);
    this.#fd ??= ifAllowed(() => {
      const { O_WRONLY, O_CREAT, O_APPEND, O_NOFOLLOW } = constants;
      return openSync(GATHERED, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, LOG_MODE);
    });
    if (this.#fd === undefined) return;
    const file = this.#fd;
    // A full disk harms the log alone.
    ifAllowed(() => this.#held.forEach((piece) => appendFileSync(file, piece)));
    this.#held = [];
  }
}

/** Writes all of it. @throws {SystemError} */
function append(file: number, piece: string | Uint8Array): void {
  for (let rest: Uint8Array = Buffer.from(piece); rest.length > 0;) {
    const count = write(file, rest);
    if (count < 0) throw new SystemError("write", -count);
    rest = rest.subarray(count);
  }
}
