/** A root directory that holds the executable, the libraries that it names, and hardly anything else. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { type Outcome, run } from "./command.ts";
import { until, within } from "./deadline.ts";
import {
  descendantsOf,
  hasBegun,
  isRunning,
  killNaming,
  killTree,
  procFile,
  WITH_PARENT,
} from "./processes.ts";
import { EXECUTABLE, installed } from "./programs.ts";

/** True where such a root can be had. */
export const MINIMAL_ROOT_POSSIBLE = Deno.uid() === 0 &&
  ["unshare", "nsenter", "setpriv", "ldd", "ip", "mount"].every(installed);

/** How the program is run. */
export interface MinimalOptions {
  /** Files below the root, by path. Those that begin with `#!` are executable. */
  files: Record<string, string>;
  /** Symbolic links below the root, by path. */
  links?: Record<string, string>;
  /** Programs of this machine that are there too, with their libraries. */
  programs?: string[];
  /** Other than root. */
  user?: number;
  readOnly?: boolean;
  /** Directories that are file systems of their own, and writable. */
  volumes?: string[];
}

/** Where the executable is in that root. */
const PLACE = "/usr/local/bin/rouse";

/** A program that is process 1 in namespaces of its own, with a minimal root. */
export class MinimalRoot implements AsyncDisposable {
  readonly #temporary = new TemporaryDirectory();
  readonly directory = this.#temporary.path;
  #unshare: ChildProcess | undefined;
  #exit: Promise<number> | undefined;
  /** The number of process 1 outside. */
  pid = 0;

  /** Starts the words as process 1. */
  static async start(words: string[], options: MinimalOptions): Promise<MinimalRoot> {
    const root = new MinimalRoot();
    try {
      await root.#start(words, options);
    } catch (error) {
      await root[Symbol.asyncDispose]();
      throw error;
    }
    return root;
  }

  async #start(words: string[], options: MinimalOptions): Promise<void> {
    const { files, links = {}, programs = [], user, readOnly, volumes = [] } = options;
    const root = join(this.directory, "root");
    for (const folder of ["dev", "proc", "tmp", "run", ...volumes]) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    const needed = new Set([EXECUTABLE, ...programs].flatMap(libraries));
    for (const library of needed) copy(library, join(root, library));
    for (const program of programs) copy(program, join(root, program));
    for (const [path, text] of Object.entries({ ...files, "dev/null": "", [PLACE]: "" })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
    }
    for (const [path, target] of Object.entries(links)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      symlinkSync(target, join(root, path));
    }
    const script = [
      `mount --bind ${root} ${root}`,
      `mount --bind ${EXECUTABLE} ${root}${PLACE}`,
      `mount --bind /dev/null ${root}/dev/null`,
      ...volumes.map((volume) => `mount -t tmpfs -o mode=1777 tmpfs ${root}${volume}`),
      ...readOnly ? [`mount -o remount,bind,ro ${root}`] : [],
      "ip link set lo up",
      `exec unshare --fork --kill-child --pid --mount --mount-proc=/proc --root=${root} --wd=/ ` +
      `${user === undefined ? "" : `--setgid ${user} --setuid ${user}`} "$@"`,
    ].join(" &&\n");
    const output = openSync(join(this.directory, "output"), "a");
    const [program, ...rest] = [...WITH_PARENT, "unshare"];
    this.#unshare = spawn(
      program!,
      [
        ...rest,
        "--mount",
        "--net",
        "--uts",
        "--ipc",
        "--propagation",
        "private",
        "/bin/sh",
        "-c",
        script,
        "sh",
        ...words,
      ],
      {
        env: { PATH: process.env["PATH"], TERM: "linux" },
        cwd: "/",
        stdio: ["ignore", output, output],
        detached: true,
      },
    );
    closeSync(output);
    const unshare = this.#unshare;
    this.#exit = new Promise((resolve, reject) => {
      unshare.on("error", reject);
      unshare.on("exit", (status, signal) => resolve(signal === null ? status! : -constants.signals[signal]));
    });
    this.#exit.catch(() => {});
    this.pid = await until("process 1 runs", () => {
      if (unshare.exitCode !== null) throw new Error(`unshare ended: ${this.output()}`);
      return descendantsOf(unshare.pid!).find((pid) =>
        /^NSpid:\t\d+\t1$/m.test(procFile(pid, "status")) && hasBegun(pid, true)
      );
    });
  }

  /** Runs a program inside. */
  run(...words: string[]): Promise<Outcome> {
    return this.runFor(undefined, words);
  }

  /** Runs a program inside, so many milliseconds at most. */
  runFor(timeout: number | undefined, words: readonly string[]): Promise<Outcome> {
    const namespaces = ["--pid", "--mount", "--net", "--root", "--wd"];
    return run(["nsenter", "--target", String(this.pid), ...namespaces, "--", ...words], {
      environment: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
      directory: "/",
      ...timeout !== undefined && { timeout },
    });
  }

  /** Waits until a program inside succeeds; gives what it wrote. */
  async untilSucceeds(...words: string[]): Promise<string> {
    let last: Outcome | undefined;
    try {
      await until(`${words.join(" ")} succeeds`, async () => (last = await this.run(...words)).exit === 0);
    } catch (error) {
      throw new Error(`${(error as Error).message}: ${JSON.stringify(last)}\n${this.output()}`);
    }
    return last!.stdout;
  }

  /** A file below the root; empty when it is not there. */
  read(path: string): string {
    const file = join(this.directory, "root", path);
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  }

  /** What process 1 has written to its standard output and error. */
  output(): string {
    return readFileSync(join(this.directory, "output"), "utf8");
  }

  /** Waits until process 1 ends; its exit status, or the signal's number, negative. */
  ended(timeout?: number): Promise<number> {
    return within("process 1's end", this.#exit!, timeout);
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

/** The libraries of programs, which do not change while tests run. */
const librariesOf = new Map<string, string[]>();

/** The libraries that ldd(1) names, by path. */
function libraries(program: string): string[] {
  const known = librariesOf.get(program);
  if (known) return known;
  const lines = execFileSync("ldd", [program], { encoding: "utf8" }).split("\n");
  const found = lines.flatMap((line) => /(\/\S+) \(0x/.exec(line)?.[1] ?? []);
  librariesOf.set(program, found);
  return found;
}

function copy(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}
