/**
 * A root directory of Debian's as a machine: its init is process 1 of namespaces. The directory itself stays as it is: what a
 * run writes goes to memory. The program that starts it is in the machine's network, see {@link IN_A_NETWORK}.
 */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { cgroupDirectory, cgroupOf, cgroupTree } from "../../lib/sys/machine/cgroups.ts";
import { openPty } from "../../lib/sys/io/descriptors.ts";
import { readDescriptor } from "../../lib/sys/io/streams.ts";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { type Outcome, run } from "./command.ts";
import { until, within } from "./deadline.ts";
import { childrenOf, isRunning, killTree, procFile, WITH_PARENT } from "./processes.ts";

/** Words before the command that starts a machine: it has a network of its own, in which `lo` is up. */
export const IN_A_NETWORK: readonly string[] = [
  ...WITH_PARENT,
  ...["unshare", "--net", "--mount", "--propagation", "private"],
  ...["/bin/sh", "-ec", 'ip link set lo up; exec "$@"', "sh"],
];

/** A root directory, and what is done in it before its init is executed. */
interface BootableRoot {
  /** The path of the directory. */
  root: string;
  /** Shell, which runs in the directory. */
  preparation: string;
}

/** The environment that the kernel gives process 1. */
const KERNELS = ["HOME=/", "TERM=linux"];

/**
 * Shell that makes the machine and becomes its process 1. The clock and the modules of the host are not the machine's.
 * Capabilities go last: to mount needs none of these.
 */
function boot({ root, preparation }: BootableRoot, work: string, console: string): string {
  return `
    cd ${work}
    mount -t overlay -o lowerdir=${root},upperdir=${work}/upper,workdir=${work}/work overlay root
    cd root
    mount -t proc proc proc
    mount -t sysfs sysfs sys
    mount -t cgroup2 cgroup2 sys/fs/cgroup || :
    mount -t tmpfs -o mode=755,dev tmpfs dev
    mkdir dev/pts dev/shm
    for device in null:3 zero:5 full:7 random:8 urandom:9; do
      mknod -m 666 dev/\${device%:*} c 1 \${device#*:}
    done
    mknod -m 666 dev/tty c 5 0
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
    ln -s pts/ptmx dev/ptmx
    ln -s /proc/self/fd dev/fd
    touch dev/console
    mount --bind ${console} dev/console
    echo debian > etc/hostname
    ${preparation}
    pivot_root . mnt
    exec < /dev/console > /dev/console 2>&1
    umount -l /mnt
    : > /boot/began
    exec setpriv --bounding-set=-sys_time,-sys_module,-syslog env -i ${KERNELS.join(" ")} /sbin/init`;
}

/** A running machine. Declare it with `await using`, and it goes with all its processes. */
export class RootMachine implements AsyncDisposable {
  readonly #temporary = new TemporaryDirectory();
  readonly #console = openPty();
  readonly #unshare: ChildProcess;
  readonly #exit: Promise<number>;
  /** The directory of the machine's control group; empty where there is no tree of them. */
  readonly #group = makeGroup();
  #output = "";
  /** The number of process 1 outside. */
  pid = 0;

  private constructor(bootable: BootableRoot) {
    readDescriptor(this.#console.master, {
      onData: (bytes) => this.#output += new TextDecoder().decode(bytes),
      onEnd: () => {},
    });
    const console = readlinkSync(`/proc/self/fd/${this.#console.slave}`);
    // It is mounted out here as well, so that what the machine has written can be read once it is off.
    const directory = this.#temporary.path;
    execFileSync("mount", ["-t", "tmpfs", "-o", "mode=755", "tmpfs", directory]);
    for (const name of ["upper", "work", "root"]) mkdirSync(join(directory, name));
    const script = boot(bootable, directory, console);
    const namespaces = ["--mount", "--uts", "--ipc", "--pid", "--cgroup", "--fork", "--kill-child"];
    const enter = '[ -z "$0" ] || echo $$ > "$0/cgroup.procs"; exec unshare "$@"';
    const [program, ...rest] = [...WITH_PARENT, "/bin/sh", "-ec", enter, this.#group];
    this.#unshare = spawn(program!, [...rest, ...namespaces, "/bin/sh", "-ec", script], {
      env: { PATH: process.env["PATH"] },
      cwd: "/",
      stdio: ["ignore", "inherit", "inherit"],
      detached: true,
    });
    this.#exit = new Promise((resolve, reject) => {
      this.#unshare.on("error", reject);
      this.#unshare.on("exit", (status, signal) => {
        resolve(signal === null ? status! : -constants.signals[signal]);
      });
    });
    this.#exit.catch(() => {});
  }

  /** Boots a root directory. */
  static async start(bootable: BootableRoot): Promise<RootMachine> {
    const machine = new RootMachine(bootable);
    machine.pid = await until("the machine has process 1", () => childrenOf(machine.#unshare.pid!)[0]);
    await until("process 1 is no shell any more", () => {
      if (!isRunning(machine.#unshare)) throw new Error(`There is no machine: ${machine.console()}`);
      return procFile(machine.pid, "environ").startsWith(KERNELS[0]!);
    });
    return machine;
  }

  /** The moment at which process 1 became init, in ms since 1970. */
  began(): number {
    return statSync(join(this.#temporary.path, "upper/boot/began")).mtimeMs;
  }

  /** A file that the machine has written to its disk, also once the machine is off. */
  written(file: string): string {
    return readFileSync(join(this.#temporary.path, "upper", file), "utf8");
  }

  /** The path outside of a path inside, while the machine runs. */
  path(inside: string): string {
    return `/proc/${this.pid}/root${inside}`;
  }

  /** Runs a line of shell inside, as root after a login. */
  shell(line: string, timeout = 30_000): Promise<Outcome> {
    const namespaces = ["--target", String(this.pid), "--mount", "--uts", "--ipc", "--pid", "--root", "--wd"];
    return run(["nsenter", ...namespaces, "/bin/sh", "-c", line], {
      environment: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", TERM: "linux" },
      directory: "/",
      timeout,
    });
  }

  /** The processes in the machine's control group; none where there is no tree of these. */
  processes(): number[] {
    if (this.#group === "") return [];
    const files = execFileSync("find", [this.#group, "-name", "cgroup.procs", "-exec", "cat", "{}", "+"]);
    return files.toString().split("\n").filter((line) => line !== "").map(Number);
  }

  /** What was written to the console. */
  console(): string {
    return this.#output;
  }

  /** Waits until process 1 ends; its exit status, or the number of the signal that it died of, negative. */
  ended(timeout: number): Promise<number> {
    return within("the machine's end", this.#exit, timeout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (isRunning(this.#unshare)) {
      killTree(this.#unshare.pid);
      await this.#exit;
    }
    execFileSync("umount", ["--lazy", this.#temporary.path]);
    if (this.#group !== "") {
      execFileSync("find", [this.#group, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]);
    }
    this.#temporary.remove();
  }
}

/** Makes a control group for a machine, whose init makes others below. Gives its directory. */
function makeGroup(): string {
  const tree = cgroupTree(), own = cgroupOf("self");
  return tree && own ? mkdtempSync(join(cgroupDirectory(tree, own), "root-")) : "";
}
