/**
 * The pid files of services (`pid file`). A number in a file is not believed for its own sake: root would signal whatever
 * process somebody has put there.
 */

import { statSync } from "node:fs";
import process from "node:process";
import type { Effect, Input } from "../../engine/effects.ts";
import { readSource, type RegularFile } from "../../config/files.ts";
import { environment as parseEnvironment, isPair } from "../../model/environment.ts";
import { expand, ExpansionError } from "../../model/expand.ts";
import { Trust, trustedUsers } from "../../sys/access/trust.ts";
import { lookupUser } from "../../sys/access/users.ts";
import { type ProcessStatus, processStatus, ticksSinceBoot } from "../../sys/process/procfs.ts";
import type { Part } from "../parts/part.ts";
import { isStartedFor } from "./fork_tracking.ts";

/** How long a file is left alone after a look at it, in ms: at first, and at most. It doubles. */
const SHORTEST_PAUSE = 10, LONGEST_PAUSE = 500;

/** When a program was started: in ticks since boot, and in ms since 1970. */
interface Start {
  startTime: number;
  startedAt: number;
}

/** A file that is waited for. */
interface AwaitedFile extends Start {
  job: string;
  instance: string;
  path: string;
  /** The process that makes the service. */
  main: number;
  user?: string;
}

/** What is saved of {@link PidFiles}: the files that are waited for, and the starts of programs that are to make others. */
export interface SavedPidFiles {
  awaited: AwaitedFile[];
  starts: Array<[instance: string, start: Start]>;
}

/** The pid files that are waited for. */
export class PidFiles implements Part<SavedPidFiles> {
  readonly #awaited = new Map<string, AwaitedFile & { timer: ReturnType<typeof setTimeout> | undefined }>();

  readonly #starts = new Map<string, Start>();

  constructor(
    private readonly handle: (input: Input) => void,
    private readonly attempt: (look: () => void) => void,
  ) {}

  /** A program is about to be started that will make a pid file. It may have ended before the file is waited for. */
  starting(job: string, instance: string): void {
    this.#starts.set(`${job}/${instance}`, { startTime: ticksSinceBoot(), startedAt: Date.now() });
  }

  /** Looks at a file from time to time, until {@link PidFiles.forget}. */
  wait({ job, instance, path, main, user }: Effect & { kind: "await-pid-file" }): void {
    const start = this.#starts.get(`${job}/${instance}`) ?? { startTime: Infinity, startedAt: Date.now() };
    this.#add({
      job,
      instance,
      path,
      main,
      ...start,
      ...(user !== undefined && { user }),
    });
  }

  forget(job: string, instance: string): void {
    clearTimeout(this.#awaited.get(`${job}/${instance}`)?.timer);
    this.#awaited.delete(`${job}/${instance}`);
  }

  /** Forgets an instance that has ended. */
  release(job: string, instance: string): void {
    this.forget(job, instance);
    this.#starts.delete(`${job}/${instance}`);
  }

  /** Waits for nothing any more. */
  close(): void {
    for (const { timer } of this.#awaited.values()) clearTimeout(timer);
    this.#awaited.clear();
  }

  save(): SavedPidFiles {
    return {
      awaited: Array.from(this.#awaited.values(), ({ timer: _, ...file }) => file),
      starts: [...this.#starts],
    };
  }

  restore({ awaited, starts }: SavedPidFiles): void {
    for (const [instance, start] of starts) this.#starts.set(instance, start);
    for (const file of awaited) this.#add(file);
  }

  #add(file: AwaitedFile): void {
    const { job, instance } = file, key = `${job}/${instance}`;
    this.forget(job, instance);
    const awaited = { ...file, timer: undefined as ReturnType<typeof setTimeout> | undefined };
    this.#awaited.set(key, awaited);
    const look = (pause: number) => {
      awaited.timer = setTimeout(() => look(Math.min(2 * pause, LONGEST_PAUSE)), pause);
      this.attempt(() => this.#look(file));
    };
    look(SHORTEST_PAUSE);
  }

  #look(file: AwaitedFile): void {
    const { job, instance } = file, found = findService(file);
    if ("pid" in found) this.handle({ kind: "pid-file", job, instance, ...found });
    else this.handle({ kind: "pid-file-refused", job, instance, reason: found.reason });
  }
}

/**
 * What a pid file tells of a service that init does not run: that it is dead, or that somebody else has started it. Empty
 * when there is no file.
 *
 * @param environment `KEY=VALUE` strings, for variables in the path.
 */
export function remarkOn(pidFile: string, environment: readonly string[]): string {
  let path: string;
  try {
    path = expand(pidFile, parseEnvironment(environment.filter(isPair)));
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    return ""; // It depends on what a start is given.
  }
  const content = readSource(path);
  if (content.state !== "regular") return "";
  const pid = numberIn(content.text);
  const isUp = pid !== undefined && isRunning(processStatus(pid));
  return isUp
    ? `its pid file ${path} names process ${pid}, which runs`
    : `dead, but its pid file ${path} is there`;
}

/** The process number that a pid file holds; undefined for one that no service has. */
function numberIn(text: string): number | undefined {
  const [, digits] = /^\s*(\d{1,7})\s*$/m.exec(text.slice(0, 100)) ?? [];
  const pid = Number(digits);
  return digits === undefined || pid <= 1 || pid === process.pid ? undefined : pid;
}

/** The process that a file names, if it is believed; else why not, or what is waited for. */
export function findService(file: AwaitedFile): { pid: number; session: number } | { reason: string } {
  const { path, main } = file, content = readSource(path);
  if (content.state === "absent") return { reason: `its pid file ${path} is not there` };
  if (content.state !== "regular") return { reason: `its pid file ${path} cannot be read` };
  const pid = numberIn(content.text);
  if (pid === undefined) return { reason: `its pid file ${path} names no process of a service` };
  // Before its parent ends, a service is not taken for complete.
  if (pid !== main && isRunning(processStatus(main))) {
    return { reason: "the program that starts it runs still" };
  }
  const status = processStatus(pid);
  if (!isRunning(status)) return { reason: `its pid file ${path} is stale: there is no process ${pid}` };
  const problem = pid === main ? undefined : doubt(file, status, content);
  return problem === undefined
    ? { pid, session: status.session }
    : { reason: `its pid file ${path} ${problem}` };
}

function isRunning(status: ProcessStatus | undefined): status is ProcessStatus {
  return status !== undefined && !/[ZX]/.test(status.state);
}

/** Why the process that a file names is not believed to be the service. */
function doubt(file: AwaitedFile, status: ProcessStatus, content: RegularFile): string | undefined {
  const { path, startTime, startedAt, user, job, instance } = file, { pid, command } = status;
  const who = `names process ${pid} (${command})`;
  if (status.startTime < startTime) return `is stale: it ${who}, which was there before the job was started`;
  if (isStartedFor(pid, { job, instance })) return undefined;
  if (content.status.mtimeMs < startedAt - CLOCK_STEP) {
    return `is stale: it ${who}, and was written before the job was started`;
  }
  const own = user === undefined ? 0 : lookupUser(user)?.uid ?? NOBODY;
  // A user's job is no way to have a process of root's ended. Of the user's own, the user may name any.
  if (own !== 0 && userOf(pid) !== own) return `${who}, which is no process of user ${user}`;
  const writer = new Trust([...trustedUsers(), own]).untrustedWriter(
    path,
    content.isLink ? { wasThere: true } : content,
  );
  return writer && `${who}, which is not known as one of the job's, and ${writer}`;
}

/** No user's number: (uid_t) −1. */
const NOBODY = 2 ** 32 - 1;

/** The user that a process runs as. */
function userOf(pid: number): number | undefined {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid;
}

/** The time between two moments at which a file system's clock steps, in ms. */
const CLOCK_STEP = 20;
