/** A machine of qemu's: a kernel, an initramfs, a root disk, a serial console, and a keyboard. */

import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { within } from "../support/deadline.ts";
import { WITH_PARENT } from "../support/processes.ts";
import type { Architecture } from "./architectures.ts";
import { Console } from "./console.ts";
import { hasKvm, PATH } from "./host.ts";

/** Who runs the machine's instructions: the processor itself, or qemu's emulation. */
export type Accelerator = "kvm" | "tcg";

/** What a machine is made of. All paths are absolute. */
interface MachineParts {
  architecture: Architecture;
  accelerator: Accelerator;
  kernel: string;
  initramfs?: string | undefined;
  /** There is none where only the kernel is to be seen. */
  disk?: string;
  /** Words for the kernel beside those for the console. */
  words?: string;
  /** A file that gets all that the console shows. */
  log?: string;
}

/** In MB. The executable is in an initramfs, too. */
const MEMORY = 1536;

/** Of the kernel's own words, warnings alone; and none of what makes emulation slower still. */
const KERNEL_WORDS = "loglevel=4 mitigations=off nowatchdog";

/** How often things take longer where the processor is emulated. */
const EMULATED = 10;

/** Runs until it is switched off. Declare it with `await using`. */
export class Machine implements AsyncDisposable {
  readonly console: Console;
  /** How many times longer things may take than on a processor of its own. */
  readonly slowness: number;
  readonly #temporary = new TemporaryDirectory();
  readonly #qemu: ChildProcess;
  readonly #exit: Promise<string>;

  constructor(parts: MachineParts) {
    this.slowness = parts.accelerator === "kvm" ? 1 : EMULATED;
    const [program, ...words] = [...WITH_PARENT, parts.architecture.emulator, ...emulatorWords(parts)];
    const monitor = `unix:${this.#monitor},server=on,wait=off`;
    this.#qemu = spawn(
      program!,
      [...words, "-serial", "stdio", "-monitor", monitor],
      { env: { PATH }, cwd: "/", stdio: ["pipe", "pipe", "pipe"] },
    );
    this.console = new Console(this.#qemu.stdout!, this.#qemu.stdin!);
    if (parts.log !== undefined) this.#qemu.stdout!.pipe(createWriteStream(parts.log));
    this.#qemu.stderr!.on("data", (bytes) => this.console.add(String(bytes)));
    this.#exit = new Promise((resolve, reject) => {
      this.#qemu.on("error", reject);
      this.#qemu.on("close", (status, signal) => resolve(signal ?? `exit ${status}`));
    });
    this.#exit.catch(() => {});
  }

  get #monitor(): string {
    return join(this.#temporary.path, "monitor");
  }

  /** A time limit (ms) for what takes so many seconds at most on a processor of its own. */
  patience(seconds: number): number {
    return seconds * 1000 * this.slowness;
  }

  /** Has the emulator do something, such as `sendkey ctrl-alt-delete`. */
  async command(line: string): Promise<void> {
    const socket = connect(this.#monitor);
    try {
      let heard = "";
      const done = new Promise<void>((resolve, reject) => {
        socket.on("error", reject);
        socket.on("close", () => reject(new Error(`the monitor has closed: ${heard}`)));
        socket.on("data", (bytes) => {
          heard += String(bytes);
          // A prompt at first, and another behind the answer.
          if (heard.split("(qemu) ").length === 3) resolve();
        });
      });
      socket.write(`${line}\n`);
      await within(`the answer to ${line}`, done);
    } finally {
      socket.destroy();
    }
  }

  /**
   * Waits until the machine is off.
   * @throws {Error} when it does not go off, or the emulator fails.
   */
  async off(seconds: number): Promise<void> {
    const how = await within("the machine is off", this.#exit, this.patience(seconds));
    if (how !== "exit 0") throw new Error(`${this.#qemu.spawnargs[3]}: ${how}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#qemu.kill("SIGKILL");
    await this.#exit.catch(() => {});
    this.#temporary.remove();
  }
}

function emulatorWords(
  { architecture, accelerator, kernel, initramfs, disk, words = "" }: MachineParts,
): string[] {
  const { board, processor, console, root } = architecture;
  const append = [`root=${root}`, "ro", `console=${console}`, KERNEL_WORDS, architecture.words, words];
  return [
    ...["-nodefaults", "-no-user-config", "-display", "none", "-m", String(MEMORY), ...board],
    ...["-accel", accelerator, "-cpu", accelerator === "kvm" ? "host" : processor],
    ...["-kernel", kernel, "-append", append.filter(Boolean).join(" ")],
    ...initramfs === undefined ? [] : ["-initrd", initramfs],
    // What is on its way to the disk is lost only if the host itself goes down.
    ...disk === undefined ? [] : ["-drive", `file=${disk},format=raw,if=none,id=root,cache=unsafe`],
    ...disk === undefined ? [] : ["-device", `${architecture.disk},drive=root`],
  ];
}

/** How long a kernel may take to its first words, where the processor runs it, in ms. */
const FIRST_WORDS = 15_000;

/** Finds out who can run a kernel: a device /dev/kvm that opens does not mean that it works. */
export async function acceleratorFor(architecture: Architecture, kernel: string): Promise<Accelerator> {
  if (!hasKvm(architecture)) return "tcg";
  await using machine = new Machine({ architecture, accelerator: "kvm", kernel, words: "loglevel=8" });
  try {
    await machine.console.expect("the kernel's first words", /Linux version/, FIRST_WORDS);
    return "kvm";
  } catch {
    return "tcg";
  }
}
