/**
 * Debian roots on disks. Packages are configured here where their programs run, as those of other architectures do where
 * qemu-user-static is installed, else by the machine itself.
 */

import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, join } from "node:path";
import type { Architecture } from "./architectures.ts";
import { makeDisk, runProgram } from "./disk.ts";
import type { Mirror } from "./host.ts";
import { type ArchivedFile, modulesFor, pack } from "./initramfs.ts";
import { type Accelerator, acceleratorFor, Machine } from "./machine.ts";

/** What there is beside Debian's smallest system. */
const PACKAGES = [
  ...["busybox-static", "procps", "kmod", "e2fsprogs"],
  ...["sysvinit-core", "sysv-rc", "insserv", "initscripts", "startpar", "orphan-sysvinit-scripts"],
];

/** A Debian system, ready to be copied. */
export interface DebianRoot {
  architecture: Architecture;
  accelerator: Accelerator;
  /** Its disk: all packages are configured. */
  disk: string;
  kernel: string;
  /** The directory of the kernel's modules. */
  modules: string;
  busybox: string;
}

/** What a root is made of. */
interface Origin {
  architecture: Architecture;
  mirror: Mirror;
  /** True: qemu emulates the processor, even where KVM works. */
  isEmulated: boolean;
  /** Is told what is done now. */
  tell(what: string): void;
}

/**
 * Makes a root, or gives the one that was made before.
 * @param directory Where roots are kept
 * @throws {Error} when it cannot be made.
 */
export async function debianRoot(directory: string, origin: Origin): Promise<DebianRoot> {
  const folder = join(directory, `${origin.mirror.suite}-${origin.architecture.debian}`),
    work = `${folder}.new`;
  if (!existsSync(folder)) {
    rmSync(work, { recursive: true, force: true });
    mkdirSync(work, { recursive: true });
    await make(work, origin);
    renameSync(work, folder);
  }
  return await partsOf(folder, origin);
}

async function make(folder: string, origin: Origin): Promise<void> {
  const { architecture, mirror: { address, suite }, tell } = origin;
  const root = join(folder, "root");
  tell(`debootstrap of ${suite} for ${architecture.debian}`);
  const include = [...PACKAGES, architecture.kernel].join(",");
  const options = ["--foreign", `--arch=${architecture.debian}`, "--variant=minbase", `--include=${include}`];
  runProgram("unshare", "--mount", "debootstrap", ...options, suite, root, address);
  const archives = join(root, "var/cache/apt/archives");
  for (const [pattern, to] of [[/^linux-image-\d/, "kernel"], [/^busybox-static_/, "busybox"]] as const) {
    const name = readdirSync(archives).find((one) => pattern.test(one));
    if (name === undefined) {
      throw new Error(`Unable to make a Debian root: no package ${pattern} in ${archives}`);
    }
    runProgram("dpkg-deb", "-x", join(archives, name), join(folder, to));
  }
  limitInitramfs(root, architecture.modules);
  const configure = "/debootstrap/debootstrap --second-stage && rm -f /var/cache/apt/archives/*.deb";
  const disk = join(folder, "disk"), runsHere = spawnSync("chroot", [root, "/bin/true"]).status === 0;
  if (runsHere) {
    tell("the packages are configured");
    runProgram("unshare", "--mount", "chroot", root, "/bin/sh", "-ec", configure);
  }
  makeDisk(root, disk);
  rmSync(root, { recursive: true });
  if (!runsHere) {
    tell("the packages are configured by the machine itself; with qemu-user-static that is faster");
    await runInMachine(await partsOf(folder, origin), disk, [], configure, 600);
  }
}

/** Has Debian's tools put these modules alone into the initramfs: with all of them it takes minutes where it is emulated. */
function limitInitramfs(root: string, modules: readonly string[]): void {
  const files = {
    "etc/initramfs-tools/conf.d/machine": "MODULES=list\n",
    "usr/share/initramfs-tools/modules.d/machine": `${modules.join("\n")}\n`,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

async function partsOf(folder: string, { architecture, isEmulated }: Origin): Promise<DebianRoot> {
  const boot = join(folder, "kernel/boot"), modules = join(folder, "kernel/lib/modules");
  const kernel = join(boot, readdirSync(boot).find((name) => name.startsWith("vmlinuz"))!);
  return {
    architecture,
    accelerator: isEmulated ? "tcg" : await acceleratorFor(architecture, kernel),
    disk: join(folder, "disk"),
    kernel,
    modules,
    busybox: join(folder, "busybox/bin/busybox"),
  };
}

/** An initramfs that loads the modules, and goes on by a script, which has busybox's tools. */
function initramfs(
  { modules, architecture, busybox }: DebianRoot,
  script: string,
  files: ArchivedFile[],
): Buffer {
  const load = modulesFor(modules, architecture.modules);
  const init = `#!/bin/busybox sh
/bin/busybox mkdir -p /bin /dev /proc /root
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t devtmpfs devtmpfs /dev
for name in ${load.map(({ name }) => name).join(" ")}; do insmod /modules/$name.ko; done
until [ -b ${architecture.root} ]; do sleep 0.1; done
${script}`;
  return pack([
    { path: "bin/busybox", data: readFileSync(busybox), isExecutable: true },
    { path: "init", data: new TextEncoder().encode(init), isExecutable: true },
    ...load.map(({ name, data }) => ({ path: `modules/${name}.ko`, data })),
    ...files,
  ]);
}

/**
 * Writes an initramfs that starts /sbin/init of the disk, which is mounted read-only. Of the kernel's file systems, only the
 * one is mounted that the executable cannot begin without on some architectures.
 */
export function writeBareInitramfs(root: DebianRoot, path: string): void {
  const script = `mount -o ro ${root.architecture.root} /root
mount --move /proc /root/proc
umount /dev
exec switch_root /root /sbin/init\n`;
  writeFileSync(path, initramfs(root, script, []));
}

/**
 * Takes the initramfs that Debian's tools have made for the kernel, of a disk.
 * @throws {Error} when there is none.
 */
export function writeDebianInitramfs({ kernel }: DebianRoot, disk: string, path: string): void {
  const version = basename(kernel).replace("vmlinuz-", "");
  runProgram("debugfs", "-R", `dump /boot/initrd.img-${version} ${path}`, disk);
  if (statSync(path).size === 0) throw new Error(`There is no initramfs for ${version} on the disk`);
}

/**
 * Runs a script of the shell in a Debian root, in a machine that is there for this alone.
 * @param files Those that are copied to the disk before
 * @param seconds The time limit on a processor of its own
 * @throws {Error} with the end of what it wrote, when it fails.
 */
export async function runInMachine(
  root: DebianRoot,
  disk: string,
  files: ArchivedFile[],
  text: string,
  seconds: number,
): Promise<void> {
  const script = `mount ${root.architecture.root} /root
if [ -d /files ]; then cp -a /files/. /root/; fi
mount -t proc proc /root/proc
mount -t devtmpfs devtmpfs /root/dev
PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root chroot /root /bin/sh -ec "$(cat /script)" < /dev/null
status=$?
umount -l /root/dev
umount -l /root/proc
umount -l /root/sys 2> /dev/null
sync
umount /root || mount -o remount,ro /root
echo "The script has ended: $status."
poweroff -f\n`;
  const archive = `${disk}.initramfs`;
  writeFileSync(
    archive,
    initramfs(root, script, [
      { path: "script", data: new TextEncoder().encode(text) },
      ...files.map((file) => ({ ...file, path: `files/${file.path}` })),
    ]),
  );
  try {
    await using machine = new Machine({ ...root, disk, initramfs: archive });
    const { console } = machine;
    try {
      const end = /^The script has ended: (\d+)\.$/m;
      const [, status] = await console.expect("the end of the script", end, machine.patience(seconds));
      if (status !== "0") throw new Error(`exit ${status}`);
      await machine.off(30);
    } catch (error) {
      throw new Error(`${text}: ${(error as Error).message}\nThe console:\n${console.tail}`);
    }
  } finally {
    rmSync(archive, { force: true });
  }
}
