/** What a Debian root is made into: a machine with jobs of its own, or one with SysV's scripts. */

import type { Architecture } from "./architectures.ts";
import { NATIVE } from "./native.ts";
import { SYSV } from "./sysv.ts";
import type { Walk } from "./walk.ts";

/** A kind of machine. */
export interface Setup {
  /** What it is, for a heading. */
  title: string;
  /** Who mounts what process 1 finds: nobody or a bare initramfs, or the one that Debian has made. */
  initramfs: "bare" | "debian";
  /** Text files on its disk, by their paths. */
  files(architecture: Architecture): Readonly<Record<string, string>>;
  /** Shell, run in the root beforehand, where the executable is /usr/local/sbin/rouse. */
  installation: string;
  /** What is done with it, from its first boot to its end. */
  steps: Readonly<Record<string, (walk: Walk) => Promise<string | void>>>;
}

/** By the word of `--setup`. */
export const SETUPS: Readonly<Record<string, Setup>> = { jobs: NATIVE, sysv: SYSV };
