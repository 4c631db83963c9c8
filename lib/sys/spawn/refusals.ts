/** Reasons for errors of the kernel when a process is started, beyond the error itself. */

import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import { dirname, resolve } from "node:path";
import type { SpawnDescription, SpawnStep } from "./description.ts";
import { EACCES, EAGAIN, EINVAL, ENOENT, ENOEXEC, ENOTDIR, EPERM } from "../call/errno.ts";
import { ifAllowed } from "../call/refused.ts";
import { mounts } from "../machine/mounts.ts";

/** Steps that need privileges. */
const PRIVILEGED: readonly SpawnStep[] = [
  "set oom adjustment",
  "set priority",
  "set I/O priority",
  "change root directory",
  "initgroups",
  "setgid",
  "setuid",
];

/** The reason why a step failed; undefined where there is no more to say than the error. */
export function causeOf(step: SpawnStep, errno: number): string | undefined {
  const isLimit = step.endsWith("resource limit");
  if (step === "fork" && errno === EAGAIN) {
    return "the user, the control group or the system has as many processes as it may";
  }
  if (isLimit && errno === EINVAL) return "the soft limit is above the hard one";
  const takesPrivileges = isLimit
    ? errno === EPERM
    : PRIVILEGED.includes(step) && [EPERM, EACCES].includes(errno);
  return takesPrivileges ? "init lacks the privilege" : undefined;
}

/** How much of a program's file is read to find its interpreter, in bytes; of a script the kernel reads 256. */
const HEAD = 4096;

/**
 * The file of a program that a child could not execute. The kernel has just looked it up, so looking at it once more does
 * not block.
 */
export class ProgramFile {
  readonly #place: string;
  readonly #description: SpawnDescription;

  /** @param path The path that execve(2) was given */
  constructor(readonly path: string, description: SpawnDescription) {
    this.#description = description;
    this.#place = this.#locate(path);
  }

  get exists(): boolean {
    return this.#stat(this.#place) !== undefined;
  }

  /** True for an ELF file, which a shell cannot run. */
  get isBinary(): boolean {
    return this.#head().subarray(0, 4).toString("latin1") === "\x7fELF";
  }

  /** The reason why it cannot be executed; undefined where it is not known. */
  refusal(errno: number): string | undefined {
    switch (errno) {
      case EACCES:
        return this.#notPermitted(this.#place, "it") ?? this.#ofInterpreter(EACCES);
      case ENOENT:
        return this.exists ? this.#ofInterpreter(ENOENT) : this.#dangling();
      case ENOTDIR:
        return this.#noDirectory();
      case ENOEXEC:
        return this.isBinary ? "it is made for another kind of machine" : undefined;
    }
    return undefined;
  }

  /** The path for this process of a path of the child's. */
  #locate(path: string): string {
    const { chroot = "", chdir } = this.#description;
    const absolute = resolve(chdir ?? (chroot === "" ? "." : "/"), path);
    return chroot === "" ? absolute : `${chroot}${absolute}`;
  }

  #stat(place: string): fs.Stats | undefined {
    return ifAllowed(() => fs.statSync(place));
  }

  #notPermitted(place: string, what: string): string | undefined {
    const stat = this.#stat(place);
    if (!stat) return this.#closedDirectory(place);
    if (stat.isDirectory()) return `${what} is a directory`;
    if (!stat.isFile()) return `${what} is no regular file`;
    if ((stat.mode & 0o111) === 0) return `${what} is not executable`;
    if (isOnNoexec(place)) return `${what} is on a file system that is mounted noexec`;
    return this.#closedDirectory(place) ??
      (this.#mayUse(stat) ? undefined : `${what} is not executable by user ${this.#description.uid}`);
  }

  /** The message for the first directory on the way that the child's user may not enter. */
  #closedDirectory(place: string): string | undefined {
    const parents: string[] = [];
    for (let at = dirname(place); !parents.includes(at); at = dirname(at)) parents.unshift(at);
    const closed = parents.find((directory) => {
      const stat = this.#stat(directory);
      return stat?.isDirectory() && !this.#mayUse(stat);
    });
    return closed && `${closed} may not be entered by user ${this.#description.uid}`;
  }

  /** True when the child's user may execute a file or enter a directory, by its mode. */
  #mayUse({ mode, uid, gid }: fs.Stats): boolean {
    const { uid: user, gid: group, groups = [] } = this.#description;
    if (user === undefined || user === 0) return true;
    if (uid === user) return (mode & 0o100) !== 0;
    return (mode & (gid === group || groups.includes(gid) ? 0o010 : 0o001)) !== 0;
  }

  #dangling(): string | undefined {
    const target = ifAllowed(() => fs.readlinkSync(this.#place));
    return target === undefined ? undefined : `it is a symbolic link to ${target}, which is not there`;
  }

  /** The reason why the program's interpreter cannot be executed. */
  #ofInterpreter(errno: number): string | undefined {
    const interpreter = this.#interpreter();
    if (interpreter === undefined) return undefined;
    const what = `its interpreter ${JSON.stringify(interpreter).slice(1, -1)}`;
    const place = this.#locate(interpreter);
    if (errno === EACCES) return this.#notPermitted(place, what);
    const hint = interpreter.endsWith("\r") ? ": its first line ends in a carriage return" : "";
    return this.#stat(place) ? undefined : `${what} is not there${hint}`;
  }

  /** The path of the interpreter: a script's first line names it, or it is an ELF file's loader. */
  #interpreter(): string | undefined {
    const head = this.#head();
    if (head.subarray(0, 2).toString("latin1") !== "#!") return loader(head);
    const [line = ""] = head.toString("latin1", 2, 256).split("\n");
    return /^[ \t]*([^ \t]+)/.exec(line)?.[1];
  }

  #noDirectory(): string | undefined {
    const parts = this.#place.split("/");
    for (let count = 2; count < parts.length; count++) {
      const place = parts.slice(0, count).join("/");
      if (this.#stat(place)?.isDirectory() === false) return `${place} is not a directory`;
    }
    return undefined;
  }

  #head(): Buffer {
    const read = () => {
      const file = fs.openSync(this.#place, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
      try {
        const bytes = Buffer.alloc(HEAD);
        return bytes.subarray(0, fs.readSync(file, bytes, 0, HEAD, 0));
      } finally {
        fs.closeSync(file);
      }
    };
    return ifAllowed(read) ?? Buffer.alloc(0);
  }
}

/** The loader that an ELF file names (elf(5), PT_INTERP), if its first bytes do. */
function loader(head: Buffer): string | undefined {
  const PT_INTERP = 3, is64 = head[4] === 2;
  if (head.length < 64 || head.toString("latin1", 0, 4) !== "\x7fELF") return undefined;
  const word = (at: number) => is64 ? Number(head.readBigUInt64LE(at)) : head.readUInt32LE(at);
  const table = word(is64 ? 32 : 28);
  const size = head.readUInt16LE(is64 ? 54 : 42), count = head.readUInt16LE(is64 ? 56 : 44);
  for (let at = table; at < table + size * count && at + size <= head.length; at += size) {
    if (head.readUInt32LE(at) !== PT_INTERP) continue;
    const offset = word(at + (is64 ? 8 : 4));
    return head.toString("latin1", offset, head.indexOf(0, offset));
  }
  return undefined;
}

function isOnNoexec(place: string): boolean {
  // The file may be gone by now.
  const real = ifAllowed(() => fs.realpathSync(place)) ?? place;
  const above = mounts().filter(({ point }) =>
    point === "/" || real === point || real.startsWith(`${point}/`)
  );
  // Of several mounts at one point, the last hides the others.
  const [mount] = above.reverse().sort((one, other) => other.point.length - one.point.length);
  return mount?.options.includes("noexec") ?? false;
}
