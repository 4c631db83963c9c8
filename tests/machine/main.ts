/**
 * Boots a Debian root by a kernel of its own, with Rouse as process 1, and drives it by its serial console:
 * `deno task machine --help` tells how. docs/machine.md has its transcript.
 */

import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { demandNoArguments, entryIn, runTask } from "../../build/task.ts";
import { valueOf } from "../../lib/model/command_line/options.ts";
import type { Tool } from "../../lib/model/command_line/tool.ts";
import { takeSteps } from "../support/root_task.ts";
import { ARCHITECTURES } from "./architectures.ts";
import { copyDisk, runProgram } from "./disk.ts";
import { checkHost, mirrorOfApt } from "./host.ts";
import { Machine } from "./machine.ts";
import {
  type DebianRoot,
  debianRoot,
  runInMachine,
  writeBareInitramfs,
  writeDebianInitramfs,
} from "./root.ts";
import { type Setup, SETUPS } from "./setups.ts";
import { inSeconds, PASSWORD, USER, Walk } from "./walk.ts";

const BUILD = resolve(import.meta.dirname!, "../../build.ts");

const DEFAULT_SETUP = "jobs";

/** Prints what is done before the first step. */
function tell(what: string): void {
  console.log(`        ${what}`);
}

/** Makes a machine's disk: a copy of the root with the executable and the files of the setup. */
async function install(root: DebianRoot, setup: Setup, executable: string, disk: string): Promise<void> {
  copyDisk(root.disk, disk);
  const texts = { "etc/hostname": "machine\n", ...setup.files(root.architecture) };
  const files = Object.entries(texts).map(([path, text]) => ({ path, data: new TextEncoder().encode(text) }));
  const program = { path: "usr/local/sbin/rouse", data: readFileSync(executable), isExecutable: true };
  const script = `export CONSOLE=${root.architecture.console}
echo ${USER}:${PASSWORD} | chpasswd
${setup.installation}`;
  await runInMachine(root, disk, [program, ...files], script, 120);
}

/** Writes the initramfs of a setup, and gives its path; undefined where the kernel needs none. */
function writeInitramfs(root: DebianRoot, setup: Setup, disk: string, path: string): string | undefined {
  if (setup.initramfs === "debian") writeDebianInitramfs(root, disk, path);
  else if (root.architecture.modules.length === 0) return undefined;
  else writeBareInitramfs(root, path);
  return path;
}

/** Takes a machine of a setup from its first boot to its end. Gives the number of steps that failed. */
async function follow(
  root: DebianRoot,
  setup: Setup,
  executable: string,
  directory: string,
): Promise<number> {
  const { architecture, accelerator, kernel } = root;
  const disk = join(directory, "disk");
  tell("the executable and the jobs are put on its disk");
  await install(root, setup, executable, disk);
  const initramfs = writeInitramfs(root, setup, disk, join(directory, "initramfs"));
  const log = join(directory, "console");
  await using machine = new Machine({ architecture, accelerator, kernel, initramfs, disk, log });
  const walk = new Walk(machine, disk);
  const steps = Object.entries(setup.steps).map(([name, step]) => [name, () => step(walk)] as const);
  return await takeSteps({ console: () => machine.console.tail }, steps, { isChain: true });
}

/** The directory of roots, which nobody else may change: what is in it is run. */
function ownDirectory(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const { uid, mode } = lstatSync(path);
  if (uid !== 0 || (mode & 0o22) !== 0) {
    throw new Error(`Unable to use ${path}: others than root can write there`);
  }
  return path;
}

const TASK: Tool = {
  name: "machine",
  summary: "Boot a Debian system under qemu with Rouse as process 1, and drive it by its serial console.",
  help:
    "The system is made of Debian's packages at the first time. KVM runs it where it can, else qemu emulates the processor, " +
    "which takes minutes. Only root can do this; what else is needed is told where it is missing.\n\nExit status: 0, 1 when something is not well, 2 for wrong arguments.",
  options: [
    { long: "arch", argument: "NAME", help: `${Object.keys(ARCHITECTURES).join(" or ")}; x86-64 by default` },
    {
      long: "setup",
      argument: "NAME",
      help: `${Object.keys(SETUPS).join(" or ")}; ${DEFAULT_SETUP} by default`,
    },
    {
      long: "dir",
      argument: "DIR",
      help: "where Debian's systems are kept; rouse-machine in the temporary directory",
    },
    {
      long: "mirror",
      argument: "URL",
      help: "where Debian's packages are; the mirror of this system's apt by default",
    },
    { long: "suite", argument: "NAME", help: "Debian's release; that of this system's apt by default" },
    { long: "emulate", help: "have qemu emulate the processor, even where KVM works" },
    { long: "keep", help: "keep the disk and the console of this run" },
  ],
  async run(parsed) {
    demandNoArguments(parsed);
    const architecture = entryIn(ARCHITECTURES, valueOf(parsed, "arch") ?? "x86-64", "architecture");
    const setup = entryIn(SETUPS, valueOf(parsed, "setup") ?? DEFAULT_SETUP, "setup");
    checkHost(architecture);
    const address = valueOf(parsed, "mirror"), suite = valueOf(parsed, "suite");
    const mirror = address !== undefined && suite !== undefined
      ? { address, suite }
      : { ...mirrorOfApt(), ...address !== undefined && { address }, ...suite !== undefined && { suite } };
    const directory = ownDirectory(resolve(valueOf(parsed, "dir") ?? join(tmpdir(), "rouse-machine")));
    const isEmulated = parsed.options.has("emulate");
    const root = await debianRoot(directory, { architecture, mirror, isEmulated, tell });
    return await takeThrough(root, setup, directory, parsed.options.has("keep"));
  },
};

/** Builds the executable, and takes a machine with it through all steps. Gives the exit status. */
async function takeThrough(
  root: DebianRoot,
  setup: Setup,
  directory: string,
  isKept: boolean,
): Promise<number> {
  const { architecture: { debian, word }, accelerator } = root;
  const work = mkdtempSync(join(directory, "run-"));
  try {
    const executable = join(work, "rouse"), begin = performance.now();
    tell(`build of the executable for ${word}`);
    runProgram(Deno.execPath(), "run", "-A", BUILD, "--arch", word, "-o", executable);
    console.log(
      `\nDebian for ${debian}, with ${setup.title}, ${accelerator === "kvm" ? "by KVM" : "emulated"}:`,
    );
    const failed = await follow(root, setup, executable, work);
    const time = inSeconds((performance.now() - begin) / 1000);
    console.log(`${failed === 0 ? "All is well" : "It has failed"} after ${time}.`);
    return failed > 0 ? 1 : 0;
  } finally {
    if (isKept) console.log(`The disk and the console are in ${work}.`);
    else rmSync(work, { recursive: true });
  }
}

if (import.meta.main) await runTask(TASK);
