/** The init that chaos comes over, as process 1 of namespaces of its own, and what can be done to it from outside. */

import { type ChildProcess, spawn } from "node:child_process";
import { readlinkSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Client } from "../../lib/control/client/client.ts";
import { MANAGER_PATH, ROUSE_INTERFACE } from "../../lib/control/names.ts";
import { connectBeside } from "../../lib/control/testing/socket_client.ts";
import { ControlGroup, counting } from "../support/control_group.ts";
import { until } from "../support/deadline.ts";
import { NamespaceInit } from "../support/namespace.ts";
import { childrenOf, descendantsOf, isAlive, numbersIn, procFile } from "../support/processes.ts";

/** An instance, as init tells of it. */
export interface Seen {
  goal: string;
  state: string;
  /** The main process, as init's namespace has it; undefined when there is none. */
  main: number | undefined;
}

/** The services' instances by job, at one moment. */
export type Look = ReadonlyMap<string, Seen>;

/** Where logs go, in init's namespace: a file system that can be filled. */
const LOGS = "/run/log", LOG_SPACE = "64m";

/** How often is looked where services are, in ms: once for all who wait for that. */
const LOOK_EVERY = 100;

/** The world of one run. Declare it with `await using`. */
export class World implements AsyncDisposable {
  readonly #init: NamespaceInit;
  /** Carries out lines of shell in init's PID namespace; nobody's child there. */
  readonly #inside: ChildProcess;
  readonly #group: ControlGroup | undefined;
  readonly #clients = new Set<Client>();
  #look: Promise<Look> | undefined;

  private constructor(init: NamespaceInit, readonly controller: Client, group: ControlGroup | undefined) {
    this.#init = init;
    this.#group = group;
    const enter = ["--target", String(init.pid), "--pid", "--mount", "/bin/sh"];
    this.#inside = spawn("nsenter", enter, { stdio: ["pipe", "ignore", "ignore"], cwd: "/" });
    this.#inside.stdin!.on("error", () => {});
  }

  /** Starts an init with these files. */
  static async start(files: Record<string, string>): Promise<World> {
    const prepare = `mkdir ${LOGS}; mount -t tmpfs -o size=${LOG_SPACE} none ${LOGS}`;
    const words = ["--logdir", LOGS, "--default-console", "log", "--no-startup-event"];
    const init = await NamespaceInit.startWithin(prepare, files, ...words);
    try {
      const root = counting(), group = root === undefined ? undefined : new ControlGroup(root);
      group?.add(init.pid);
      return new World(init, await connectBeside(addressOf(init)), group);
    } catch (error) {
      await init[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pid(): number {
    return this.#init.pid;
  }

  get directory(): string {
    return this.#init.directory;
  }

  /** Where init is reached from outside. */
  get address(): string {
    return addressOf(this.#init);
  }

  messages(): string {
    return this.#init.messages();
  }

  /** One more client. It is closed with the world, if not before. */
  async connect(): Promise<Client> {
    const client = await connectBeside(this.address);
    this.#clients.add(client);
    return client;
  }

  /** The path of a file in the configuration directory. */
  path(name: string): string {
    return join(this.directory, "conf", name);
  }

  /** A log's path from outside. */
  log(service: string): string {
    return `/proc/${this.pid}/root${LOGS}/${service}.log`;
  }

  /** Where all services are, seen after this was called. */
  look(): Promise<Look> {
    return this.#look ??= this.#lookSoon();
  }

  async #lookSoon(): Promise<Look> {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
    // Who comes from now on is not served by the answer.
    this.#look = undefined;
    const [jobs] = await this.controller.call(MANAGER_PATH, ROUSE_INTERFACE, "ListAll");
    const rows = jobs as [string, [string, string, string, [string, number][]][]][];
    return new Map(rows.flatMap(([name, instances]) => {
      const [row] = instances;
      if (!row) return [];
      const [, goal, state, processes] = row;
      return [[name, { goal, state, main: processes.find(([process]) => process === "main")?.[1] }]];
    }));
  }

  /** Sends a signal to processes, by their numbers in init's namespace. */
  signal(signal: string, pids: readonly number[]): void {
    if (pids.length > 0) this.#inside.stdin!.write(`kill -${signal} ${pids.join(" ")} 2>/dev/null\n`);
  }

  /** The children that init has for itself: for checks, for modules, for logs on their way. */
  helpers(): number[] {
    // One that is not yet another program than init is about to be anybody's.
    const own = procFile(this.pid, "cmdline");
    return childrenOf(this.pid)
      .filter((pid) => jobOf(pid) === undefined && isAlive(pid) && procFile(pid, "cmdline") !== own)
      .map((pid) => innerPid(pid)).filter((pid) => pid !== undefined);
  }

  /** The live processes in the namespace that belong to jobs: their numbers there, by job, the eldest of each tree alone. */
  marked(): Map<string, number[]> {
    const marks = new Map<string, number[]>();
    const visit = (pid: number, parentJob: string | undefined) => {
      const job = jobOf(pid), inner = innerPid(pid);
      if (job !== undefined && job !== parentJob && inner !== undefined && isAlive(pid)) {
        marks.set(job, [...marks.get(job) ?? [], inner]);
      }
      for (const child of childrenOf(pid)) visit(child, job ?? parentJob);
    };
    for (const child of childrenOf(this.pid)) visit(child, undefined);
    return marks;
  }

  /** A variable of a process's environment, by its number in the namespace. */
  variable(pid: number, name: string): string | undefined {
    const path = `/proc/${this.pid}/root/proc/${pid}/environ`;
    return variableIn(procText(path), name);
  }

  /** All processes in the namespace that have ended and were not waited for. */
  zombies(): number[] {
    return descendantsOf(this.pid).filter((pid) => /^State:\s+Z/m.test(procFile(pid, "status")));
  }

  get descriptors(): number {
    return numbersIn(`/proc/${this.pid}/fd`).length;
  }

  /** What init's descriptors lead to, sorted: of sockets and pipes their kind alone. */
  opened(): string[] {
    return numbersIn(`/proc/${this.pid}/fd`).map((number) => {
      try {
        return readlinkSync(`/proc/${this.pid}/fd/${number}`).replace(/:\[\d+\]$/, "");
      } catch {
        return "";
      }
    }).filter(Boolean).sort();
  }

  /** Halts init and all its threads, or has it go on. */
  freeze(isFrozen: boolean): void {
    Deno.kill(this.pid, isFrozen ? "SIGSTOP" : "SIGCONT");
  }

  /** Lets init open so many descriptors more; undefined: as many as it likes. */
  limitDescriptors(room: number | undefined): void {
    const soft = room === undefined ? "" : this.descriptors + room;
    // The hard limit stays, so that it can be raised again.
    const limit = soft === "" ? "--nofile=20000:" : `--nofile=${soft}:`;
    new Deno.Command("prlimit", { args: ["--pid", String(this.pid), limit] }).outputSync();
  }

  /** Lets so many processes more be made; undefined: as many as are wanted. False where they cannot be counted. */
  limitProcesses(room: number | undefined): boolean {
    if (!this.#group) return false;
    this.#group.limit = room === undefined ? "max" : this.#group.threads + room;
    return true;
  }

  /** Fills the disk that logs are on, or clears it again. */
  fillDisk(isFull: boolean): void {
    const folder = `/proc/${this.pid}/root${LOGS}`, path = `${folder}/filler`;
    if (!isFull) return rmSync(path, { force: true });
    const { bavail, bsize } = statfsSync(folder);
    try {
      writeFileSync(path, new Uint8Array(bavail * bsize));
    } catch (error) {
      // A log has taken some meanwhile: the disk is full all the same.
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of [this.controller, ...this.#clients]) client.close();
    this.#inside.kill("SIGKILL");
    try {
      this.freeze(false);
    } catch {
      // It has ended.
    }
    await this.#init[Symbol.asyncDispose]();
    this.#group?.[Symbol.dispose]();
  }

  /** Waits until nothing is left that was halted or is short. */
  async mend(): Promise<void> {
    this.freeze(false);
    this.fillDisk(false);
    this.limitDescriptors(undefined);
    this.limitProcesses(undefined);
    const all = descendantsOf(this.pid).map((pid) => innerPid(pid)).filter((pid) => pid !== undefined);
    this.signal("CONT", all);
    await until("no process is halted any more", () => {
      return descendantsOf(this.pid).every((pid) => !/^State:\s+T/m.test(procFile(pid, "status")));
    });
  }
}

function addressOf(init: NamespaceInit): string {
  return `unix:path=/proc/${init.pid}/root/run/rouse/private`;
}

/** The number of a process in the innermost of its namespaces. */
function innerPid(pid: number): number | undefined {
  const numbers = /^NSpid:\s+(.+)$/m.exec(procFile(pid, "status"))?.[1]?.split(/\s+/);
  return numbers && Number(numbers.at(-1));
}

/** The job that a process is marked with. */
function jobOf(pid: number): string | undefined {
  return variableIn(procFile(pid, "environ"), "UPSTART_JOB");
}

function variableIn(environment: string, name: string): string | undefined {
  return environment.split("\0").find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1);
}

function procText(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
