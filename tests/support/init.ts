/** A real init in user mode, in directories of its own, for one test. */

import { type ChildProcess, spawn } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { decode, type Outcome, run, shell } from "./command.ts";
import { until, within } from "./deadline.ts";
import { isRunning, killNaming, killTree, processesNaming, procFile, sendSignal } from "./processes.ts";
import { programs } from "./programs.ts";

/** What differs from a plain `init --user --no-startup-event`. `@DIR@` stands for the test's directory. */
export interface InitOptions {
  /** Files in the configuration directory, by name. */
  jobs?: Record<string, string>;
  /** More arguments. */
  arguments?: string[];
  /** More environment, for init and for all that the test runs. */
  environment?: Record<string, string>;
  /** True: init emits its startup event. */
  startupEvent?: boolean;
  /** The folder with the programs under test. */
  programs?: string;
  /** A control group that init is in from its beginning, as a path. */
  group?: string;
}

/** A running init. Declare it with `await using`, and it goes with all its descendants when the test ends. */
export class RunningInit implements AsyncDisposable {
  readonly #temporary = new TemporaryDirectory({ mode: 0o755 });
  readonly directory: string;
  readonly confdir: string;
  readonly logdir: string;
  readonly environment: Record<string, string>;
  readonly #options: InitOptions;
  #process: ChildProcess | undefined;
  #exit: Promise<number> | undefined;

  private constructor(options: InitOptions) {
    this.#options = options;
    this.directory = this.#temporary.path;
    this.confdir = join(this.directory, "conf");
    this.logdir = join(this.directory, "log");
    for (const name of ["conf", "log", "home", "cache", "config"]) mkdirSync(join(this.directory, name));
    mkdirSync(join(this.directory, "rt"), { mode: 0o700 });
    this.environment = {
      PATH: `${options.programs ?? programs()}:/usr/sbin:/usr/bin:/sbin:/bin`,
      TERM: "linux",
      HOME: join(this.directory, "home"),
      LANG: "C",
      LC_ALL: "C",
      XDG_RUNTIME_DIR: join(this.directory, "rt"),
      XDG_CACHE_HOME: join(this.directory, "cache"),
      XDG_CONFIG_HOME: join(this.directory, "config"),
      XDG_CONFIG_DIRS: join(this.directory, "xdg"),
    };
    for (const [key, value] of Object.entries(options.environment ?? {})) {
      this.environment[key] = this.expand(value);
    }
  }

  /** Starts an init and waits until it answers. */
  static async start(options: InitOptions = {}): Promise<RunningInit> {
    const init = new RunningInit(options);
    try {
      for (const [name, text] of Object.entries(options.jobs ?? {})) init.write(name, text);
      init.#spawn();
      await init.#ready();
    } catch (error) {
      await init[Symbol.asyncDispose]();
      throw error;
    }
    return init;
  }

  #spawn(): void {
    const output = openSync(this.path("init.log"), "a");
    const words = ["--user", "--no-dbus", "--confdir", this.confdir, "--logdir", this.logdir];
    if (!this.#options.startupEvent) words.push("--no-startup-event");
    words.push(...(this.#options.arguments ?? []).map((word) => this.expand(word)));
    const { group } = this.#options;
    const enter = group === undefined ? [] : ["sh", "-c", `echo 0 > ${group}/cgroup.procs; exec "$@"`, "sh"];
    const [program, ...rest] = [...enter, "init", ...words];
    const child = spawn(program!, rest, {
      env: this.environment,
      cwd: "/",
      stdio: ["ignore", output, output],
      detached: true,
    });
    closeSync(output);
    this.#process = child;
    this.#exit = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("exit", (status, signal) => resolve(signal === null ? status! : -constants.signals[signal]));
    });
    this.#exit.catch(() => {});
  }

  /** Starts it again with the same configuration, when it has ended. */
  async startAgain(): Promise<void> {
    this.#spawn();
    await this.#ready();
  }

  /** Init is there when its session file has a line and `initctl version` is answered. */
  async #ready(): Promise<void> {
    const session = this.path(`rt/upstart/sessions/${this.pid}.session`);
    const ended = this.#exit!.then((exit) => {
      throw new Error(`init ended with ${exit} before it was ready:\n${this.#lastMessages()}`);
    });
    const answers = until("init answers", async () => {
      const line = existsSync(session) ? readFileSync(session, "utf8").trim() : "";
      if (!line || this.#process!.exitCode !== null) return false;
      this.environment["UPSTART_SESSION"] = line.slice(line.indexOf("=") + 1);
      return (await this.initctl("version")).exit === 0;
    }).catch((error) => {
      throw new Error(`${error.message}; its output:\n${this.#lastMessages()}`);
    });
    ended.catch(() => {});
    answers.catch(() => {});
    await Promise.race([answers, ended]);
  }

  /** Init's process number. */
  get pid(): number {
    return this.#process!.pid!;
  }

  /** A path below the test's directory. */
  path(name: string): string {
    return join(this.directory, name);
  }

  /** The text with the test's directory in place of `@DIR@`. */
  expand(text: string): string {
    return text.replaceAll("@DIR@", this.directory);
  }

  /** Puts a file into the configuration directory, all at once. */
  write(name: string, text: string): void {
    const path = join(this.confdir, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.tmp-new`, this.expand(text));
    renameSync(`${path}.tmp-new`, path);
  }

  /** Takes a file out of the configuration directory. */
  remove(name: string): void {
    rmSync(join(this.confdir, name));
  }

  /** Runs a program as the test's user would. `timeout` is in milliseconds. */
  run(words: string[], timeout?: number): Promise<Outcome> {
    return run(words.map((word) => this.expand(word)), this.#commandOptions(timeout));
  }

  /** Runs a line of shell. */
  shell(line: string, timeout?: number): Promise<Outcome> {
    return shell(this.expand(line), this.#commandOptions(timeout));
  }

  #commandOptions(timeout?: number) {
    return {
      environment: this.environment,
      directory: this.directory,
      ...(timeout === undefined ? {} : { timeout }),
    };
  }

  /** Runs an initctl command. */
  initctl(...words: string[]): Promise<Outcome> {
    return this.run(["initctl", ...words]);
  }

  /** What an initctl command prints; throws when it fails. */
  async ask(...words: string[]): Promise<string> {
    const { exit, stdout, stderr } = await this.initctl(...words);
    if (exit !== 0) {
      throw new Error(`initctl ${words.join(" ")}: exit ${exit}: ${stderr}${this.#lastMessages()}`);
    }
    return stdout;
  }

  /** Waits until an initctl command prints this text, or text that the pattern matches; gives it. */
  async until(words: string[], wanted: string | RegExp): Promise<string> {
    let last = "";
    try {
      return await until(`initctl ${words.join(" ")} prints ${wanted}`, async () => {
        const { stdout, stderr } = await this.initctl(...words);
        last = stdout + stderr;
        return (typeof wanted === "string" ? stdout === wanted : wanted.test(stdout)) ? stdout : undefined;
      });
    } catch (error) {
      throw new Error(`${(error as Error).message}; last it printed: ${last}\n${this.#lastMessages()}`);
    }
  }

  /** Waits until init's own output matches; gives the match. */
  async untilMessage(pattern: RegExp): Promise<RegExpExecArray> {
    try {
      return await until(
        `init's output matches ${pattern}`,
        () => pattern.exec(this.messages()) ?? undefined,
      );
    } catch (error) {
      throw new Error(`${(error as Error).message}; it is:\n${this.#lastMessages()}`);
    }
  }

  /** Waits until a file below the test's directory has so many lines; gives them, without the terminal's `\r`. */
  untilLines(name: string, count: number): Promise<string[]> {
    return until(`${name} has ${count} lines`, () => {
      const lines = (this.read(name) ?? "").split(/\r?\n/).slice(0, -1);
      return lines.length >= count ? lines : undefined;
    });
  }

  /** A file below the test's directory, e.g. `log/web.log`; undefined when it is not there. */
  read(name: string): string | undefined {
    const path = this.path(name);
    return existsSync(path) ? decode(readFileSync(path)) : undefined;
  }

  /** What init itself has written to its standard output and error. */
  messages(): string {
    return this.read("init.log") ?? "";
  }

  /** The end of the messages, for an error. */
  #lastMessages(): string {
    return this.messages().slice(-2000);
  }

  /** Sends init a signal. */
  signal(signal: NodeJS.Signals): void {
    sendSignal(this.pid, signal);
  }

  /** Waits until init ends; its exit status, or the signal's number, negative. */
  ended(timeout?: number): Promise<number> {
    return within("init's end", this.#exit!, timeout);
  }

  /** Live processes of a job. */
  processesOf(job: string): number[] {
    return this.leftovers().filter((pid) =>
      procFile(pid, "environ").split("\0").includes(`UPSTART_JOB=${job}`)
    );
  }

  /** Live processes that init, its jobs or this test's commands have left. */
  leftovers(): number[] {
    return processesNaming(this.directory);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (isRunning(this.#process)) {
      killTree(this.#process.pid);
      await this.#exit;
    }
    killNaming(this.directory);
    this.#temporary.remove();
  }
}
