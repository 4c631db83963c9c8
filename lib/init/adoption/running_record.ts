/**
 * The record of running main processes, for an init that is started when this one was killed: a file below the runtime
 * directory, in which init writes each as it gets to know it. Process 1 has none, for all processes end with it.
 */

import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { directoryProblem } from "../../config/files.ts";
import type { RunningMain } from "../../engine/services/adoption.ts";
import { isFault } from "../../sys/call/fault.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
import { errnoMessage, errorReason } from "../../sys/call/errno.ts";
import { appendTo, MOST_APPENDED } from "../../sys/io/append.ts";
import { close, lockForWriting, O_CREAT, O_NOFOLLOW, O_RDWR, open } from "../../sys/io/descriptors.ts";
import { makeRuntimeDirectory, runtimeDirectories } from "../host/directories.ts";
import type { Messages } from "../logs/messages.ts";
import type { Part } from "../parts/part.ts";
import { headerOf, lineOf, readRecord, type RunningProcesses } from "./record.ts";

/** The record is written anew when it has so many lines, and so many times as many as processes run. */
const MOST_LINES = 1000, MOST_LINES_PER_PROCESS = 4;

/** A larger record is none of ours, in bytes. */
const LARGEST_RECORD = 64 << 20;

/** How the names of records begin, and how many are looked at. */
const PREFIX = "running-", MOST_LOOKED_AT = 100;

/** The name of the file that is locked while an init looks for what another one has left. */
const LOCK = "lock";

const MODE = 0o600, BY_OTHERS = 0o022;

/** What is saved of {@link RunningRecord}: the file, where there is one. */
export interface SavedRecord {
  path: string | null;
  lines: number;
}

/** Of which init the record is, and what that knows. */
interface RecordSubject {
  isSession: boolean;
  /** What tells inits with different jobs apart. */
  configuration: string;
  messages: Messages;
  running(): RunningMain[];
}

/** The record. */
export class RunningRecord implements Part<SavedRecord> {
  #path: string | undefined;
  #lines = 0;
  /** With so many it is looked whether the record is to be written anew. */
  #mostLines = MOST_LINES;
  /** True: lines are missing in the file, or one is there in part. */
  #isBroken = false;

  constructor(private readonly subject: RecordSubject) {}

  /** Begins the record. Returns the processes that an init with the same configuration has left, which was killed. */
  open(): RunningMain[] {
    const { configuration, isSession, messages } = this.subject, header = headerOf(configuration);
    if (process.pid === 1 || header === undefined) return [];
    const problems: string[] = [];
    for (const directory of runtimeDirectories(isSession)) {
      try {
        // A login makes it and removes it, so it is not made here.
        const around = dirname(directory), missing = directoryProblem(around);
        if (missing !== undefined) throw new Error(`${around}: ${missing}`);
        makeRuntimeDirectory(directory);
        return aloneIn(directory, () => this.#openIn(directory, header));
      } catch (error) {
        if (isFault(error)) throw error;
        problems.push((error as Error).message);
      }
    }
    messages.log(
      "info",
      `Unable to record what runs, so that it cannot be gone on with if init is killed: ${
        problems.join("; ")
      }`,
    );
    return [];
  }

  #openIn(directory: string, header: string): RunningMain[] {
    const { configuration } = this.subject, path = `${directory}/${PREFIX}${hashOf(configuration)}`;
    removeUseless(directory);
    const read = readOwn(path), found = read?.configuration === configuration ? read : undefined;
    if (read?.isKept) return this.#leave(read);
    const running = found?.running ?? [];
    this.#begin(path, header, running);
    if (found && running.length > 0) this.#tell(found);
    return running;
  }

  /** Another init has the same configuration, and lives. What that runs is its own. */
  #leave({ keeper }: RunningProcesses): RunningMain[] {
    this.subject.messages.log(
      "warn",
      `Process ${keeper} is an init with the same configuration: jobs run once for each of the two, and only what that ` +
        "one runs is gone on with if it is killed",
    );
    return [];
  }

  #tell({ keeper, running }: RunningProcesses): void {
    const count = running.length === 1 ? "1 process" : `${running.length} processes`;
    this.subject.messages.log("warn", `Going on with ${count} of init ${keeper}, which was killed`);
  }

  /** Records a main process. */
  add(main: RunningMain): void {
    if (this.#path === undefined) return;
    const line = Buffer.from(lineOf(main)), written = appendTo(this.#path, line, MODE);
    if (written !== Math.min(line.length, MOST_APPENDED)) {
      this.#isBroken = true;
      this.#tellProblem(written < 0 ? errnoMessage(-written) : "the disk is full");
    } else if (this.#isBroken || written < line.length) {
      this.#renew();
    } else if (++this.#lines >= this.#mostLines) {
      this.#shorten();
    }
  }

  #shorten(): void {
    this.#mostLines = Math.max(MOST_LINES, MOST_LINES_PER_PROCESS * this.subject.running().length);
    if (this.#lines >= this.#mostLines) this.#renew();
  }

  /** Writes the record anew. */
  #renew(): void {
    const { configuration, running } = this.subject, header = headerOf(configuration);
    if (header === undefined) return;
    this.#isBroken = true;
    try {
      this.#begin(this.#path!, header, running());
    } catch (error) {
      if (isFault(error)) throw error;
      this.#tellProblem(errorReason(error));
    }
  }

  #tellProblem(reason: string): void {
    this.subject.messages.logOnce("warn", `Unable to record what runs in ${this.#path}: ${reason}`);
  }

  /** Replaces the file in one step. */
  #begin(path: string, header: string, running: RunningMain[]): void {
    const draft = `${path}.new`;
    fs.rmSync(draft, { force: true });
    fs.writeFileSync(draft, header + running.map(lineOf).join(""), { mode: MODE, flag: "wx" });
    fs.renameSync(draft, path);
    this.#path = path;
    this.#lines = running.length;
    this.#isBroken = false;
  }

  /** Removes the record: init ends by itself. */
  close(): void {
    const path = this.#path;
    this.#path = undefined;
    if (path !== undefined) ifAllowed(() => fs.rmSync(path, { force: true }));
  }

  save(): SavedRecord {
    return { path: this.#path ?? null, lines: this.#lines };
  }

  restore({ path, lines }: SavedRecord): void {
    this.#path = path ?? undefined;
    this.#lines = lines;
    // Nobody knows: the next process has it written anew.
    this.#isBroken = true;
  }
}

/**
 * Does something while no other init does so: of two that are started at once, one alone may take what a third has left. What
 * is locked is a file that nobody else can open.
 *
 * @throws {Error} where another one does not come to an end.
 */
function aloneIn<Result>(directory: string, act: () => Result): Result {
  const path = `${directory}/${LOCK}`, lock = open(path, O_RDWR | O_CREAT | O_NOFOLLOW, MODE);
  try {
    if (!lockForWriting(lock)) throw new Error(`${path}: another process has locked it`);
    return act();
  } finally {
    close(lock);
  }
}

/** Removes the records of inits that were killed, and none of whose processes runs any more. */
function removeUseless(directory: string): void {
  const names = fs.readdirSync(directory).filter((name) => name.startsWith(PREFIX)).slice(0, MOST_LOOKED_AT);
  for (const path of names.map((name) => `${directory}/${name}`)) {
    const found = readOwn(path);
    if (found && !found.isKept && found.running.length === 0) ifAllowed(() => fs.rmSync(path));
  }
}

/** Reads a record of this user's that nobody else can have written. Undefined where there is none. */
function readOwn(path: string): RunningProcesses | undefined {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = fs.constants;
  const file = ifAllowed(() => fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY));
  if (file === undefined) return undefined;
  try {
    const status = fs.fstatSync(file), { uid, mode, size } = status;
    const isOwn = status.isFile() && uid === process.geteuid?.() && (mode & BY_OTHERS) === 0;
    return isOwn && size <= LARGEST_RECORD ? readRecord(fs.readFileSync(file, "utf8")) : undefined;
  } finally {
    fs.closeSync(file);
  }
}

/** A short name for a text (FNV-1a). Another text may have it, too: the record says itself of which configuration it is. */
function hashOf(text: string): string {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash.toString(16).padStart(8, "0");
}
