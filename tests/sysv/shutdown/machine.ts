/** A machine for shutdown and its kin: a root, a terminal, and a process 1 that keeps what is asked of it by its FIFO. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { existsSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ControlRequest, decodeRequest, REQUEST_SIZE } from "../../../lib/model/sysv/control_request.ts";
import { call } from "../../../lib/sys/call/kernel.ts";
import {
  close,
  O_NOCTTY,
  O_RDWR,
  open,
  openPtyPeer,
  read,
  setNonBlocking,
  write,
} from "../../../lib/sys/io/descriptors.ts";
import { FIELD, RECORD_SIZE } from "../../../lib/sys/utmp/records.ts";
import type { Outcome } from "../../support/command.ts";
import { until } from "../../support/deadline.ts";
import { MinimalRoot } from "../../support/minimal_root.ts";

const INIT = `ln -s ../run /var/run
mount -t devpts -o ptmxmode=666 devpts /dev/pts
mkfifo -m 600 /run/initctl
exec 3<>/run/initctl
: > /requests
: > /ready
exec cat <&3 >> /requests`;

const FILES = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/:/bin/sh\nbob:x:1001:1001::/:/bin/sh\n",
  "etc/group": "root:x:0:\nstaff:x:50:ann\n",
  "etc/inittab": "",
  "run/utmp": "",
  "var/log/wtmp": "",
  "dev/pts/none": "",
};

const PROGRAMS = [
  "sh",
  "mount",
  "chmod",
  "ln",
  "mkfifo",
  "mknod",
  "rm",
  "setpriv",
  "cat",
  "env",
  "sleep",
  "kill",
  "timeout",
];

/** Which of our programs is meant, where that is not the host's to say. */
const OURS = ["shutdown", "halt", "poweroff", "reboot", "wall", "runlevel"];

/** How long a program may take on a busy machine, a shutdown that waits among them, in milliseconds. */
const PATIENCE = 120_000;

/** A machine. Declare it with `await using`. */
export class Machine implements AsyncDisposable {
  readonly terminal: Terminal;

  private constructor(readonly root: MinimalRoot) {
    this.terminal = new Terminal(`/proc/${root.pid}/root/dev/pts/ptmx`);
    this.logIn("ann", `pts/${this.terminal.number}`);
  }

  /** @param init Words of process 1 */
  static async start(init = INIT): Promise<Machine> {
    const programs = PROGRAMS.map((name) => `/bin/${name}`).filter(existsSync);
    const root = await MinimalRoot.start(["/bin/sh", "-ec", init], { files: FILES, programs });
    try {
      await until("process 1 is ready", () => existsSync(join(root.directory, "root/ready")), PATIENCE);
      return new Machine(root);
    } catch (error) {
      await root[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** The path outside of a file inside. */
  path(file: string): string {
    return join(this.root.directory, "root", file);
  }

  read(file: string): string {
    return readFileSync(this.path(file), "latin1");
  }

  /** Adds a record of a login. */
  logIn(user: string, line: string): void {
    const bytes = Buffer.alloc(RECORD_SIZE);
    bytes.writeInt16LE(7, FIELD.type);
    bytes.write(line, FIELD.line);
    bytes.write(user, FIELD.user);
    writeFileSync(this.path("run/utmp"), bytes, { flag: "a" });
  }

  /** Runs a program, ours as SysV's. */
  async run(words: readonly string[], environment: Record<string, string> = {}): Promise<Outcome> {
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const program = OURS.includes(words[0]!) ? ["/usr/local/bin/rouse", "sysv"] : [];
    const outcome = await this.root.runFor(PATIENCE, ["/bin/env", ...variables, ...program, ...words]);
    return { exit: outcome.exit, stdout: plain(outcome.stdout), stderr: plain(outcome.stderr) };
  }

  /** Runs a line of shell. */
  shell(line: string): Promise<Outcome> {
    return this.run(["/bin/sh", "-c", line.replaceAll("rouse ", "/usr/local/bin/rouse ")]);
  }

  /** Starts a shutdown and waits until it waits. */
  async startWaiting(words: readonly string[]): Promise<Promise<Outcome>[]> {
    const outcome = this.run(words);
    outcome.catch(() => {});
    await until(
      "shutdown waits",
      () => existsSync(this.path("run/shutdown.pid")) && this.read("run/shutdown.pid") !== "",
      PATIENCE,
    );
    // In an array, for a promise in a promise would be waited for.
    return [outcome];
  }

  /** Waits until so many requests have come, and gives them. */
  async requests(count: number): Promise<ControlRequest[]> {
    const bytes = await until(`there are ${count} requests`, () => {
      const found = readFileSync(this.path("requests"));
      return found.length >= count * REQUEST_SIZE && found;
    }, PATIENCE);
    assert.equal(bytes.length, count * REQUEST_SIZE);
    return Array.from(
      { length: count },
      (_, index) => decodeRequest(bytes.subarray(index * REQUEST_SIZE, (index + 1) * REQUEST_SIZE)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.terminal.close();
    await this.root[Symbol.asyncDispose]();
  }
}

/** What a run says, without the date, the host's name and the words of a usage text. */
export function plain(text: string): string {
  return text.replace(/root@\S+/g, "root@box")
    .replace(/\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}/g, "DATE")
    .replace(/^Usage:[^]*/m, "USAGE\n");
}

/** A terminal that somebody is logged in on. */
class Terminal {
  readonly #master: number;
  readonly #slave: number;
  readonly number: number;
  #shown = "";

  constructor(ptmx: string) {
    const TIOCSPTLCK = 0x40045431;
    this.#master = open(ptmx, O_RDWR | O_NOCTTY);
    call("ioctl", this.#master, TIOCSPTLCK, new Uint8Array(4));
    this.#slave = openPtyPeer(this.#master);
    this.number = Number(/\d+$/.exec(readlinkSync(`/proc/self/fd/${this.#slave}`))![0]);
    setNonBlocking(this.#master);
    setNonBlocking(this.#slave);
  }

  /** What has been shown since it was last forgotten. */
  shown(): string {
    for (let bytes; typeof (bytes = read(this.#master)) !== "number" && bytes.length > 0;) {
      this.#shown += Buffer.from(bytes).toString();
    }
    return plain(this.#shown.replaceAll("\r\n", "\n"));
  }

  /** Waits until it has shown as much as this text, compares, and forgets it. */
  async expect(text: string): Promise<void> {
    await until("the terminal shows it", () => this.shown().length >= text.length, PATIENCE);
    assert.equal(this.shown(), text);
    this.#shown = "";
  }

  /** Fills it, as one that somebody has stopped: nothing more can be written. */
  stop(): void {
    while (write(this.#slave, new Uint8Array(4096).fill(0x78)) > 0);
  }

  close(): void {
    close(this.#master);
    close(this.#slave);
  }
}
