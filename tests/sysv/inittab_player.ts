/** Plays what was recorded of SysV's init: a root directory with an inittab, in namespaces, and init as its process 1. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ControlRequest, encodeRequest } from "../../lib/model/sysv/control_request.ts";
import {
  close,
  O_NONBLOCK,
  O_WRONLY,
  open,
  openPty,
  read,
  setNonBlocking,
  write,
} from "../../lib/sys/io/descriptors.ts";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { type Outcome, run } from "../support/command.ts";
import { until } from "../support/deadline.ts";
import { childrenOf, isAlive, isRunning, killTree, sendSignal, WITH_PARENT } from "../support/processes.ts";
import { EXECUTABLE } from "../support/programs.ts";
import { recordsOf } from "./inittab_records.ts";
import type { CommandStep, InittabCase, InittabStep, TraceStep } from "./inittab_steps.ts";

/** The programs of all cases: each writes to /trace what it does, and in which runlevel. */
const PROGRAMS: Record<string, string> = {
  // Says its arguments.
  t: 'echo "$* ${RUNLEVEL-none} ${PREVLEVEL-none}" >> /trace',
  // Runs until it is asked to end.
  d: `exec 2> /dev/null
echo $$ > "/run/$1.pid"
trap 'echo "$1 TERM" >> /trace; exit 0' TERM
echo "$1 up \${RUNLEVEL-none} \${PREVLEVEL-none}" >> /trace
while :; do sleep 60 & wait $!; done`,
  // Takes a while.
  slow: 'echo "$1 begin" >> /trace; sleep ${2-0.5}; echo "$1 end" >> /trace',
  // Cannot be asked to end.
  stubborn: `exec 2> /dev/null
trap 'echo "$1 TERM ignored" >> /trace' TERM
echo "$1 up" >> /trace
while :; do sleep 0.2; done`,
  "usr/sbin/sulogin": "echo shell >> /trace; while [ ! -e /run/leave ]; do sleep 0.1; done",
};

/** The programs of SysV that the root has. */
const NAMES = ["init", "telinit", "runlevel", "initctl"];

/** Makes the root's mounts, and becomes its first program. The console is a terminal of the test's. */
const PREPARE = String.raw`
mount --make-rprivate /
cd "$1"; console=$2; shift 2
mkdir -p usr/sbin dev/pts proc run var tmp
for folder in bin lib lib32 lib64 libx32 share; do
  if [ -d /usr/$folder ]; then mkdir -p usr/$folder; mount --bind /usr/$folder usr/$folder; fi
done
for folder in bin sbin lib lib32 lib64 libx32; do
  if [ -L /$folder ]; then ln -s usr/$folder $folder
  elif [ -d /$folder ] && [ $folder != sbin ]; then mkdir -p $folder; mount --bind /$folder $folder; fi
done
[ -e sbin ] || ln -s usr/sbin sbin
ln -s ../run var/run
for device in null zero; do : > dev/$device; mount --bind /dev/$device dev/$device; done
: > dev/console; mount --bind "$console" dev/console
: > rouse; mount --bind "$ROUSE" rouse
mount -t proc proc proc
exec chroot . "$@" <> "$console" >&0 2>&1`;

/** A machine that is booted by an inittab. */
export class InittabMachine implements AsyncDisposable {
  readonly #temporary = new TemporaryDirectory();
  readonly #root = join(this.#temporary.path, "root");
  readonly #console: { master: number; slave: number };
  #unshare: ChildProcess | undefined;
  #output = "";
  /** Init's number outside. */
  #pid = 0;

  constructor(recorded: Pick<InittabCase, "inittab" | "files" | "utmp">) {
    this.#console = openPty();
    setNonBlocking(this.#console.master);
    for (const [name, text] of Object.entries({ ...PROGRAMS, ...recorded.files })) {
      this.#put(
        name,
        text.startsWith("#!") || name.startsWith("etc/") ? text : `#!/bin/sh\n${text}\n`,
        0o755,
      );
    }
    if (recorded.inittab) this.#put("etc/inittab", `${recorded.inittab.join("\n")}\n`);
    this.#put("etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
    this.#put("etc/group", "root:x:0:\nutmp:x:43:\n");
    mkdirSync(this.#at("etc/rc2.d"));
    mkdirSync(this.#at("var/log"), { recursive: true });
    mkdirSync(this.#at("run"));
    if (recorded.utmp === false) return;
    for (const name of ["run/utmp", "var/log/wtmp"]) this.#put(name, "");
  }

  #at(name: string): string {
    return join(this.#root, name);
  }

  #put(name: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(this.#at(name)), { recursive: true });
    writeFileSync(this.#at(name), text, { mode });
  }

  /** Starts a first process, by words in the root. */
  async start(words: string[]): Promise<void> {
    const links = NAMES.map((name) => `ln -s /rouse usr/sbin/${name}`).join("\n");
    const script = PREPARE.replace("mount -t proc", () => `${links}\nmount -t proc`);
    const slave = readlinkSync(`/proc/self/fd/${this.#console.slave}`);
    const namespaces = ["--fork", "--kill-child", "--pid", "--mount", "--net", "--uts", "--ipc"];
    const [program, ...rest] = [...WITH_PARENT, "unshare", ...namespaces, "/bin/sh", "-ec", script, "sh"];
    this.#unshare = spawn(program!, [...rest, this.#root, slave, ...words], {
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ROUSE: EXECUTABLE },
      detached: true,
      stdio: "ignore",
    });
    this.#pid = await until("unshare has started a process", () => childrenOf(this.#unshare!.pid!)[0]);
    // Until then its root is another.
    await until("the root is that of process 1", () => existsSync(this.#visible("rouse")));
  }

  /** Boots, with what the kernel gives process 1. */
  boot(args: string[], environment: Record<string, string> = {}): Promise<void> {
    const variables = Object.entries({ HOME: "/", TERM: "linux", ...environment });
    return this.start(["env", "-i", ...variables.map((pair) => pair.join("=")), "/sbin/init", ...args]);
  }

  /** Runs a program in the root. */
  run(words: string[]): Promise<Outcome> {
    const variables = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=UTC"];
    return run(
      [
        "nsenter",
        "-t",
        String(this.#pid),
        "-m",
        "-p",
        "-n",
        "-r",
        "-w",
        "--",
        "env",
        "-i",
        ...variables,
        ...words,
      ],
      { environment: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }, directory: "/" },
    );
  }

  /** A file of the root; empty when it is not there. */
  read(name: string): string {
    const path = this.#visible(name);
    return existsSync(path) ? readFileSync(path, "utf8") : "";
  }

  #visible(name: string): string {
    return join(`/proc/${this.#pid}/root`, name);
  }

  /** What the console has got so far. */
  console(): string {
    for (let bytes; (bytes = read(this.#console.master)) instanceof Uint8Array && bytes.length > 0;) {
      this.#output += Buffer.from(bytes).toString().replaceAll("\r\n", "\n");
    }
    return this.#output;
  }

  /** Does a step. */
  async step(step: InittabStep): Promise<void> {
    if ("boot" in step) return await this.boot(step.boot, step.environment);
    if ("run" in step || "sh" in step) return await this.#command(step);
    if ("traced" in step) return await this.#see(() => this.read("trace").includes(step.traced), step);
    if ("lines" in step) return await this.#see(() => this.#trace.length >= step.lines, step);
    if ("trace" in step) return await this.#compareTrace(step);
    if ("console" in step) return await this.#see(() => this.console().includes(step.console), step);
    if ("type" in step) return void write(this.#console.master, Buffer.from(step.type));
    if ("signal" in step) return sendSignal(this.#pid, `SIG${step.signal}` as NodeJS.Signals);
    if ("request" in step) return this.#request(step.request);
    if ("write" in step) return writeFileSync(this.#visible(step.write), step.text);
    if ("exists" in step) {
      return await this.#see(() => existsSync(this.#visible(step.exists)) === step.is, step);
    }
    if ("listening" in step) return await this.#see(() => this.#isListening() === step.listening, step);
    return await this.#compareRecords(step);
  }

  /** Waits until something is so. What there is instead is told. */
  async #see(isSo: () => boolean | Promise<boolean>, step: InittabStep | CommandStep): Promise<void> {
    try {
      await until(JSON.stringify(step), isSo, 40_000);
    } catch (error) {
      throw new Error(
        `${(error as Error).message}\ntrace:\n${this.read("trace")}\nconsole:\n${this.console()}`,
      );
    }
  }

  get #trace(): string[] {
    return this.read("trace").split("\n").slice(0, -1);
  }

  async #compareTrace(step: TraceStep): Promise<void> {
    const { sort, unique } = step;
    const plain = (lines: string[]) => sort || unique ? [...unique ? new Set(lines) : lines].sort() : lines;
    await this.#see(() => plain(this.#trace).join("\n") === plain(step.trace).join("\n"), step);
  }

  async #command(step: CommandStep): Promise<void> {
    const { exit = 0, stdout = "", stderr, once } = step;
    const words = step.run ?? ["/bin/sh", "-c", step.sh!];
    if (once) {
      const outcome = await this.run(words);
      assert.deepEqual([outcome.exit, outcome.stdout], [exit, stdout], outcome.stderr);
      if (stderr !== undefined) assert.equal(outcome.stderr, stderr);
      return;
    }
    await this.#see(async () => {
      const outcome = await this.run(words);
      return outcome.exit === exit && outcome.stdout === stdout;
    }, step);
  }

  #request({ cmd, data }: { cmd: number; data?: string }): void {
    const power = ["power-fails", "power-fails-now", "power-is-back"] as const;
    const request: ControlRequest = data === undefined
      ? { command: power[cmd - 2]! }
      : { command: "environment", variables: [data] };
    const channel = open(this.#visible("run/initctl"), O_WRONLY | O_NONBLOCK);
    write(channel, encodeRequest(request));
    close(channel);
  }

  #isListening(): boolean {
    return readdirSync(`/proc/${this.#pid}/fd`).some((fd) =>
      procFileLink(this.#pid, fd).endsWith("/run/initctl")
    );
  }

  async #compareRecords(step: InittabStep & { utmp: string; records: string[][] }): Promise<void> {
    const wanted = step.records.map((record) => record.join(" ")).join("\n");
    const got = () => recordsOf(readFileSync(this.#visible(step.utmp))).join("\n");
    try {
      await this.#see(() => got() === wanted, step);
    } catch {
      assert.equal(got(), wanted);
    }
  }

  /** Ends init as nobody should, and waits until its namespace is gone: who is left of it is a zombie at most. */
  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#unshare;
    if (isRunning(child)) {
      const ended = new Promise((resolve) => child.on("exit", resolve));
      killTree(child.pid);
      await ended;
    }
    if (this.#pid > 0) await until("process 1 has ended", () => !isAlive(this.#pid));
    close(this.#console.master);
    close(this.#console.slave);
    this.#temporary.remove();
  }
}

function procFileLink(pid: number, fd: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${fd}`);
  } catch {
    return "";
  }
}
