/** The executable as the first process of a container, made of namespaces: with root as root, else in a user namespace. */

import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { decode, type Outcome, run } from "./command.ts";
import { until, within } from "./deadline.ts";
import { childrenOf, hasBegun, isRunning, killTree, procFile, sendSignal, WITH_PARENT } from "./processes.ts";
import { EXECUTABLE, installed } from "./programs.ts";

/** True where containers can be had. */
export const CONTAINERS_POSSIBLE = ["unshare", "setpriv"].every(installed) &&
  (Deno.uid() === 0 || userNamespaces());

function userNamespaces(): boolean {
  const probe = new Deno.Command("unshare", {
    args: ["--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "true"],
  });
  return probe.outputSync().success;
}

/** As root in the namespaces, whoever that is outside. */
const AS_ROOT = Deno.uid() === 0 ? [] : ["--user", "--map-root-user"];

/**
 * Words before a command that begins an init outside of a container: it has a network and a /run to itself, where the
 * addresses of a system's init are. None where there are no namespaces.
 */
export const APART: readonly string[] = CONTAINERS_POSSIBLE
  ? ["unshare", ...AS_ROOT, "--mount", "--net", "sh", "-ec", 'mount -t tmpfs none /run; exec "$@"', "sh"]
  : [];

/** What differs from a plain container. */
interface ContainerOptions {
  /** Shell that runs before init, as root of the container, e.g. to mount. /run is empty and the container's own. */
  prepare?: string;
  environment?: Record<string, string>;
  /** `"closed"` (the default), or a pipe that {@link Container.write} writes to. */
  input?: "closed" | "pipe";
  /** False: nobody reads init's output until {@link Container.read}. */
  reads?: boolean;
}

/** A running container. Declare it with `using`, and it goes with all its processes. */
export class Container implements Disposable {
  readonly #unshare: ChildProcess;
  readonly #exit: Promise<number>;
  #stdout = "";
  #stderr = "";

  /** Starts `rouse WORDS…`, which for `prepare` is `"$@"`. */
  constructor(words: string[], options: ContainerOptions = {}) {
    const { prepare = "", environment = {}, input = "closed", reads = true } = options;
    const namespaces = ["--fork", "--kill-child", "--pid", "--mount-proc", "--net", "--uts", "--ipc"];
    // Others that share /run would share the control socket there.
    const shell = ["/bin/sh", "-e", "-c", `mount -t tmpfs none /run\n${prepare}\nexec "$@"`, "sh"];
    const [program, ...rest] = [...WITH_PARENT, "unshare", ...AS_ROOT, ...namespaces, ...shell];
    this.#unshare = spawn(program!, [...rest, EXECUTABLE, ...words], {
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...environment },
      cwd: "/",
      stdio: [input === "pipe" ? "pipe" : "ignore", "pipe", "pipe"],
      detached: true,
    });
    this.#exit = new Promise((resolve, reject) => {
      this.#unshare.on("error", reject);
      this.#unshare.on("close", (status, signal) => {
        resolve(signal === null ? status! : -constants.signals[signal]);
      });
    });
    this.#exit.catch(() => {});
    if (reads) this.read();
  }

  /** Begins to read init's output. */
  read(): void {
    this.#unshare.stdout!.on("data", (chunk) => this.#stdout += decode(chunk));
    this.#unshare.stderr!.on("data", (chunk) => this.#stderr += decode(chunk));
  }

  /** What was read from standard output so far. */
  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  write(text: string): void {
    this.#unshare.stdin!.end(text);
  }

  /** Init's process number outside the container. */
  pid(): Promise<number> {
    return until("init has been started", () => childrenOf(this.#unshare.pid!)[0]);
  }

  /** Waits until init catches signals: from then on none is lost. */
  async ready(): Promise<void> {
    const bit = 1n << BigInt(constants.signals.SIGTERM - 1);
    await until("init catches SIGTERM", async () => {
      const mask = /^SigCgt:\s+(\w+)/m.exec(procFile(await this.pid(), "status"))?.[1] ?? "0";
      return (BigInt(`0x${mask}`) & bit) !== 0n;
    });
  }

  /** Sends init a signal. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    sendSignal(await this.pid(), signal);
  }

  /** Waits until standard output matches; gives the match. */
  async printed(pattern: RegExp): Promise<RegExpExecArray> {
    try {
      return await until(`output matches ${pattern}`, () => pattern.exec(this.#stdout) ?? undefined);
    } catch (error) {
      throw new Error(`${(error as Error).message}; it is:\n${this.#stdout}\n${this.#stderr}`);
    }
  }

  /** Runs a program of the container's, as root there. */
  async run(...words: string[]): Promise<Outcome> {
    const pid = await this.pid(), target = ["--target", String(pid)];
    await until("the shell has become init", () => hasBegun(pid));
    const namespaces = ["--pid", "--mount", "--net", "--uts", "--ipc", ...Deno.uid() === 0 ? [] : ["--user"]];
    return await run(["nsenter", ...target, ...namespaces, ...words], {
      environment: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
      directory: "/",
    });
  }

  /** Waits until init has ended; its exit status, or the number of the signal that killed it, negative. */
  ended(timeout?: number): Promise<number> {
    return within("the container's end", this.#exit, timeout);
  }

  [Symbol.dispose](): void {
    if (isRunning(this.#unshare)) killTree(this.#unshare.pid);
    for (const stream of [this.#unshare.stdin, this.#unshare.stdout, this.#unshare.stderr]) stream?.destroy();
  }
}

/** Runs a container to its end. */
export async function contain(words: string[], options?: ContainerOptions) {
  using container = new Container(words, options);
  const exit = await container.ended();
  return { exit, stdout: container.stdout, stderr: container.stderr };
}
