/** What is needed of the machine that emulates, and what its apt is set up for. */

import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import process from "node:process";
import type { Architecture } from "./architectures.ts";

/** Programs that are needed, by the packages of Debian's that have them. */
const PROGRAMS: ReadonlyArray<readonly [program: string, name: string]> = [
  ["debootstrap", "debootstrap"],
  ["dpkg-deb", "dpkg"],
  ["mke2fs", "e2fsprogs"],
  ["e2fsck", "e2fsprogs"],
  ["dumpe2fs", "e2fsprogs"],
  ["debugfs", "e2fsprogs"],
  ["setpriv", "util-linux"],
  ["unshare", "util-linux"],
];

/** Where programs of the system are, which a user's PATH may lack. */
export const PATH = `${process.env["PATH"]}:/usr/sbin:/sbin`;

/**
 * Looks whether all is here.
 * @throws {Error} that says what is missing, and how it is installed.
 */
export function checkHost({ emulator, package: emulatorPackage }: Architecture): void {
  if (process.getuid?.() !== 0) throw new Error("Only root can make a Debian root: run this as root");
  const folders = PATH.split(":");
  const missing = [...PROGRAMS, [emulator, emulatorPackage] as const]
    .filter(([program]) => !folders.some((folder) => existsSync(`${folder}/${program}`)));
  if (missing.length === 0) return;
  const programs = missing.map(([program]) => program).join(", ");
  const packages = [...new Set(missing.map(([, name]) => name))].join(" ");
  throw new Error(`Unable to boot a machine: missing ${programs}; apt-get install ${packages}`);
}

/** Debian's packages: the address of a mirror, and the name of a release. */
export interface Mirror {
  address: string;
  suite: string;
}

/**
 * The mirror and the release that apt has here.
 * @throws {Error} when it has none of Debian's.
 */
export function mirrorOfApt(): Mirror {
  const format = "$(ORIGIN) $(SITE) $(CODENAME) $(COMPONENT)";
  const { stdout } = spawnSync("apt-get", ["indextargets", "--format", format, "Created-By: Packages"], {
    encoding: "utf8",
  });
  for (const line of (stdout ?? "").split("\n")) {
    const [origin, address, suite, component] = line.split(" ");
    // The first is the release itself; its updates and those of security have a name with a dash.
    if (origin === "Debian" && component === "main" && suite && !suite.includes("-")) {
      return { address: address!, suite };
    }
  }
  throw new Error(
    "Unable to find a mirror of Debian's: apt knows none here (apt-get update asks it); name one by --mirror and --suite",
  );
}

/** True where the kernel can run such a machine itself. */
export function hasKvm({ node }: Architecture): boolean {
  if (process.arch !== node) return false;
  try {
    closeSync(openSync("/dev/kvm", "r+"));
    return true;
  } catch {
    return false;
  }
}
