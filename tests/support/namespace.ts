/** Init as process 1 of a PID namespace, which root alone may make. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { type Outcome, run } from "./command.ts";
import { until, within } from "./deadline.ts";
import { childrenOf, hasBegun, isRunning, killNaming, killTree, procFile, WITH_PARENT } from "./processes.ts";
import { installed, programs } from "./programs.ts";

/** True where such an init can be had. */
export const NAMESPACES_POSSIBLE = Deno.uid() === 0 && ["unshare", "nsenter", "setpriv"].every(installed);

/** Makes sure that such an init can be had. @throws {Error} that says what is missing. */
export function demandNamespaces(): void {
  if (NAMESPACES_POSSIBLE) return;
  throw new Error("Unable to begin: this needs root, and unshare, nsenter and setpriv of util-linux");
}

/** Runs a command where /run, which has a control socket, and /var/log with its records are nobody else's. */
function ownFolders(prepare: string): string[] {
  const folders = "for folder in /run /var/log; do mount -t tmpfs none $folder; done";
  return ["/bin/sh", "-e", "-c", `${folders}\n${prepare}\nexec "$@"`, "sh"];
}

/** An init that is process 1 of namespaces of its own, so that its system socket is its own, too. */
export class NamespaceInit implements AsyncDisposable {
  readonly #temporary = new TemporaryDirectory();
  readonly directory = this.#temporary.path;
  readonly environment = { PATH: `${programs()}:/usr/sbin:/usr/bin:/sbin:/bin`, TERM: "linux", LC_ALL: "C" };
  #unshare: ChildProcess | undefined;
  #exit: Promise<number> | undefined;
  /** Init's process number outside its namespace. */
  pid = 0;

  /** Starts it with these files and further arguments, in which `@DIR@` stands for its directory. */
  static start(jobs: Record<string, string>, ...words: string[]): Promise<NamespaceInit> {
    return NamespaceInit.startWithin("", jobs, ...words);
  }

  /** The same, after a line of shell that prepares the namespaces. */
  static async startWithin(
    prepare: string,
    jobs: Record<string, string>,
    ...words: string[]
  ): Promise<NamespaceInit> {
    const init = new NamespaceInit();
    try {
      await init.#start(jobs, words, prepare);
    } catch (error) {
      await init[Symbol.asyncDispose]();
      throw error;
    }
    return init;
  }

  async #start(jobs: Record<string, string>, words: string[], prepare: string): Promise<void> {
    for (const name of ["conf", "log"]) mkdirSync(join(this.directory, name));
    for (const [name, text] of Object.entries(jobs)) {
      writeFileSync(join(this.directory, "conf", name), text.replaceAll("@DIR@", this.directory));
    }
    const output = openSync(join(this.directory, "init.log"), "a");
    const init = ["init", "--confdir", join(this.directory, "conf"), "--logdir", join(this.directory, "log")]
      .concat(words);
    const [program, ...rest] = [...WITH_PARENT, "unshare"];
    this.#unshare = spawn(
      program!,
      [
        ...rest,
        "--fork",
        "--kill-child",
        "--pid",
        "--mount-proc",
        "--net",
        "--uts",
        "--ipc",
        ...ownFolders(prepare),
        ...init,
      ],
      { env: this.environment, cwd: "/", stdio: ["ignore", output, output], detached: true },
    );
    closeSync(output);
    this.#exit = new Promise((resolve, reject) => {
      this.#unshare!.on("error", reject);
      this.#unshare!.on("exit", (status, signal) => {
        resolve(signal === null ? status! : -constants.signals[signal]);
      });
    });
    this.#exit.catch(() => {});
    this.pid = await until("unshare has started init", () => childrenOf(this.#unshare!.pid!)[0]);
    // Before the shell has its own /run and becomes init, another init might answer.
    await until("the shell has become init", () => hasBegun(this.pid));
    await until(`init answers; it said:\n${this.messages()}`, async () => {
      if (this.#unshare!.exitCode !== null || this.#unshare!.signalCode !== null) {
        throw new Error(`init ended: ${this.messages()}`);
      }
      return (await this.run("initctl", "version")).exit === 0;
    });
  }

  /** Runs a program in init's namespaces. */
  run(...words: string[]): Promise<Outcome> {
    const enter = ["nsenter", "--target", String(this.pid), "--pid", "--mount", "--net", "--uts", "--ipc"];
    return run([...enter, ...words], { environment: this.environment, directory: "/" });
  }

  /** What an initctl command prints; throws when it fails. */
  async ask(...words: string[]): Promise<string> {
    const { exit, stdout, stderr } = await this.run("initctl", ...words);
    assert.equal(exit, 0, stderr + this.messages());
    return stdout;
  }

  /** Runs a line of shell in init's namespaces. */
  shell(line: string): Promise<Outcome> {
    return this.run("/bin/sh", "-c", line.replaceAll("@DIR@", this.directory));
  }

  /** Waits until init ends; its exit status, or the signal's number, negative. */
  ended(): Promise<number> {
    return within("init's end", this.#exit!);
  }

  /** What init itself has written. */
  messages(): string {
    return readFileSync(join(this.directory, "init.log"), "utf8");
  }

  /** A file below the directory; empty when it is not there. */
  read(name: string): string {
    const path = join(this.directory, name);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  /** The zombies among the children of init. */
  zombies(): number[] {
    return childrenOf(this.pid).filter((pid) => /^State:\s+Z/m.test(procFile(pid, "status")));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (isRunning(this.#unshare)) {
      killTree(this.#unshare.pid);
      await this.#exit;
    }
    killNaming(this.directory);
    this.#temporary.remove();
  }
}
