/** What all that is measured has in common: a supervisor of services, described alike for all of them. */

import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { run } from "../../tests/support/command.ts";
import { descendantsOf, killNaming, killTree, procFile } from "../../tests/support/processes.ts";
import { now, PROBE } from "../probe.ts";

/** A service or task, for any of the peers. */
export interface Service {
  name: string;
  /** Words without anything special to a shell or a configuration file. */
  command: string[];
  /** It runs once and ends. */
  task?: boolean;
  /** Started again whenever it ends. */
  respawn?: boolean;
  /** Its output goes to a log file: through what the supervisor uses for it unless told otherwise, or a pipe. */
  logged?: boolean | "pipe";
  /** Lines of its log begin with the time; only {@link Peer.stamps} do that. */
  stamped?: boolean;
  /** It is started with the supervisor itself, not by {@link Supervision.startAll}. */
  automatic?: boolean;
  /** The service whose start starts it; only {@link Peer.events} have that. */
  after?: string;
  /** An event condition of its own (init(5)); only {@link Peer.events} have that. */
  startOn?: string;
}

/** What a shell command can be asked to do. */
export type Action = "status" | "start" | "stop" | "emit" | "list" | "reload";

/** A program to compare. */
export interface Peer {
  name: string;
  /** It has events and conditions. */
  events?: boolean;
  /** It can begin the lines of logs with the time. */
  stamps?: boolean;
  /** It writes no logs by itself: another program would have to. */
  logless?: boolean;
  /** It runs one program and supervises nothing. */
  single?: boolean;
  /** Files and folders that it consists of. */
  files: string[];
  /** Why it cannot be measured here, if it cannot. */
  missing?: string;
  /** Its supervision of these services, in a new folder; started by {@link Supervision.begin}. */
  prepare(services: Service[]): Supervision;
}

/** A supervisor with its services, in a folder of its own. Declare it with `await using`. */
export abstract class Supervision implements AsyncDisposable {
  readonly #temporary = new TemporaryDirectory({ mode: 0o755 });
  readonly directory = this.#temporary.path;
  readonly environment: Record<string, string> = {
    PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    HOME: this.directory,
    LANG: "C",
  };
  /** When the supervisor was started, by the clock of the probe's records. */
  began = 0;
  #process: ChildProcess | undefined;

  /** The words that start the supervisor; it stays in the foreground. */
  protected abstract readonly words: string[];

  /** Waits until services can be started. */
  abstract ready(): Promise<void>;
  /** Has it know its services so that commands can name them; most do, from their files. */
  introduce(): Promise<void> {
    return Promise.resolve();
  }

  /** Starts all services, as its manual tells to. Resolves when its command is done. */
  abstract startAll(): Promise<void>;
  /** Stops all services. Resolves when its command is done. */
  abstract stopAll(): Promise<void>;
  /** The words for a command about a service, run in {@link environment}; undefined where there is none. */
  abstract command(action: Action, service: string): string[] | undefined;
  /** The log of a service. */
  abstract log(service: string): string;

  /** Starts the supervisor, and waits until services can be started. */
  async start(): Promise<this> {
    this.begin();
    await this.ready();
    return this;
  }

  /** Starts the supervisor. */
  begin(): void {
    const output = openSync(this.path("output"), "a");
    this.began = now();
    const [program, ...rest] = this.words;
    this.#process = spawn(program!, rest, {
      env: this.environment,
      cwd: this.directory,
      stdio: ["ignore", output, output],
      detached: true,
    });
    closeSync(output);
  }

  /** The supervisor's own processes: all below it that are none of the services. */
  processes(): number[] {
    const below = [this.pid, ...descendantsOf(this.pid)];
    return below.filter((pid) => !procFile(pid, "cmdline").startsWith(PROBE));
  }

  get pid(): number {
    return this.#process!.pid!;
  }

  path(name: string): string {
    return join(this.directory, name);
  }

  write(name: string, text: string, mode = 0o644): void {
    const path = this.path(name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
  }

  /** Runs a command to its end and gives its output. Throws when it fails. */
  async run(words: string[], timeout = 120_000): Promise<string> {
    const { exit, stdout, stderr } = await run(words, {
      environment: this.environment,
      directory: this.directory,
      timeout,
    });
    if (exit !== 0) throw new Error(`${words.join(" ").slice(0, 200)}: exit ${exit}: ${stderr}${stdout}`);
    return stdout;
  }

  /** What the supervisor has printed. */
  output(): string {
    return readFileSync(this.path("output"), "utf8");
  }

  [Symbol.asyncDispose](): Promise<void> {
    if (this.#process?.pid !== undefined) killTree(this.#process.pid);
    killNaming(this.directory);
    this.#temporary.remove();
    return Promise.resolve();
  }
}
