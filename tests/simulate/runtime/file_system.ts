/** `node:fs` of the simulated runtime: its synchronous functions on the simulated kernel. */

import { Buffer } from "node:buffer";
import * as realFs from "node:fs";
import { errnoMessage, errnoName } from "../../../lib/sys/call/errno.ts";
import type { FileCall } from "../kernel/faults.ts";
import { OpenRegular } from "../kernel/files.ts";
import { ATTRIB, Inode } from "../kernel/inodes.ts";
import { EACCES, EBADF, EINVAL, ENOENT, ENOSPC, ENOTDIR, type OpenFile } from "../kernel/open_file.ts";
import { openPath, targetOf } from "../kernel/opening.ts";
import { descriptorAt, procNames, procText } from "../kernel/proc.ts";
import { Entry, Stats } from "./file_status.ts";
import type { Runtime } from "./runtime.ts";

type Encoding = { encoding?: BufferEncoding | null } | BufferEncoding | null | undefined;
interface Found {
  throwIfNoEntry?: boolean;
}

const FLAGS: Record<string, number> = {
  r: 0,
  "r+": 2,
  w: 0o1101,
  wx: 0o1301,
  a: 0o2101,
  "a+": 0o2102,
  ax: 0o2301,
};

function failure(result: number, syscall: string, path?: string): Error {
  const code = errnoName(-result), at = path === undefined ? "" : ` '${path}'`;
  const message = `${code}: ${errnoMessage(-result).toLowerCase()}, ${syscall}${at}`;
  return Object.assign(new Error(message), {
    code,
    errno: result,
    syscall,
    ...(path !== undefined && { path }),
  });
}

/** The module. */
export function fileSystem(runtime: Runtime) {
  const { kernel, subject } = runtime, { files } = kernel;

  /** What a call gives, unless it is an error. */
  function required<Value extends Inode | OpenFile | number>(
    value: Value | number,
    syscall: string,
    path?: string,
  ): Value {
    const result = runtime.over ?? value;
    if (typeof result === "number" && result < 0) {
      kernel.trace(subject.pid, `${syscall} ${path ?? ""}`, result);
      throw failure(result, syscall, path);
    }
    kernel.trace(subject.pid, `${syscall} ${path ?? ""}`, 0);
    return value as Value;
  }

  function checked(path: string): string {
    if (typeof path !== "string") {
      throw Object.assign(new TypeError("The path is no text"), { code: "ERR_INVALID_ARG_TYPE" });
    }
    if (path.includes("\0")) {
      throw Object.assign(new TypeError("The path has null bytes"), { code: "ERR_INVALID_ARG_VALUE" });
    }
    return path;
  }

  function injected(call: FileCall, path: string): number | undefined {
    return path.startsWith("/proc/") || path.startsWith("/sys/")
      ? undefined
      : kernel.faults.inject(call, subject);
  }

  function found(path: string, follows: boolean, syscall: "stat" | "lstat"): Inode | number {
    const fault = injected(syscall, checked(path));
    if (fault !== undefined) return fault;
    const ofDescriptor = descriptorAt(kernel, subject, path);
    if (ofDescriptor !== undefined) {
      return typeof ofDescriptor === "number" ? ofDescriptor : ofDescriptor.inode;
    }
    if (procNames(kernel, subject, path)) return new Inode("directory", 0o555);
    if (path.startsWith("/proc/")) {
      const text = procText(kernel, subject, path);
      return typeof text === "number" ? text : new Inode("regular", 0o444);
    }
    return files.find(path, subject.directory, follows);
  }

  function stat(path: string, { throwIfNoEntry = true }: Found, follows: boolean): Stats | undefined {
    const syscall = follows ? "stat" : "lstat", inode = found(path, follows, syscall);
    if (!throwIfNoEntry && (inode === ENOENT || inode === ENOTDIR)) return undefined;
    return new Stats(required(inode, syscall, path) as Inode);
  }

  function openFile(path: string, flags: number | string, mode: number): OpenFile {
    const number = typeof flags === "number" ? flags : FLAGS[flags]!;
    const result = injected("open", checked(path)) ?? openPath(kernel, subject, path, number, mode);
    return required(result, "open", path) as OpenFile;
  }

  function openSync(path: string, flags: number | string = "r", mode = 0o666): number {
    return required(subject.open(openFile(path, flags, mode), true), "open", path);
  }

  function fileOf(fd: number, syscall: string): OpenFile {
    return required(subject.file(fd) ?? EBADF, syscall) as OpenFile;
  }

  function closeSync(fd: number): void {
    required(subject.close(fd), "close");
  }

  function readSync(
    fd: number,
    into: Uint8Array,
    offset = 0,
    length = into.length,
    place: number | null = null,
  ): number {
    const file = fileOf(fd, "read");
    const bytes = place !== null && file instanceof OpenRegular
      ? file.readAt(length, place)
      : file.read(length);
    if (typeof bytes === "number") throw failure(bytes, "read");
    into.set(bytes, offset);
    return bytes.length;
  }

  function readFileSync(path: string | number, options?: Encoding): string | Buffer {
    const encoding = typeof options === "object" ? options?.encoding : options;
    const fd = typeof path === "number" ? path : openSync(path);
    try {
      const pieces: Uint8Array[] = [], file = fileOf(fd, "read");
      for (let piece; (piece = file.read(65536)) !== undefined;) {
        if (typeof piece === "number") throw failure(piece, "read");
        if (piece.length === 0) break;
        pieces.push(piece);
      }
      const bytes = Buffer.concat(pieces);
      return encoding ? bytes.toString(encoding) : bytes;
    } finally {
      if (typeof path !== "number") closeSync(fd);
    }
  }

  function writeSync(fd: number, data: string | Uint8Array): number {
    return required(fileOf(fd, "write").write(typeof data === "string" ? Buffer.from(data) : data), "write");
  }

  function readdirSync(
    path: string,
    options: { withFileTypes?: boolean } | string = {},
  ): Array<string | Entry> {
    const names = procNames(kernel, subject, checked(path));
    if (names) return names;
    const inode = required(
      injected("scandir", path) ?? files.find(path, subject.directory),
      "scandir",
      path,
    ) as Inode;
    if (inode.kind !== "directory") throw failure(ENOTDIR, "scandir", path);
    const entries = [...inode.entries];
    const wantsKinds = typeof options === "object" && options.withFileTypes;
    return entries.map(([name, entry]) => wantsKinds ? new Entry(name, entry, path) : name);
  }

  function realpathSync(path: string): string {
    let at = checked(path).startsWith("/") ? path : `${files.pathOf(subject.directory)}/${path}`;
    for (let count = 0; count < 40; count++) {
      const parts = at.split("/").filter((part) => part !== "" && part !== ".");
      let walked = "", next: string | undefined;
      for (const [index, part] of parts.entries()) {
        if (part === "..") walked = walked.replace(/\/[^/]*$/, "");
        else walked = `${walked}/${part}`;
        const inode = required(files.find(walked || "/", files.root, false), "realpath", path) as Inode;
        if (inode.kind !== "link") continue;
        const base = inode.target.startsWith("/") ? "" : walked.replace(/\/[^/]*$/, "");
        next = [base, inode.target.replace(/^\//, ""), ...parts.slice(index + 1)].join("/");
        break;
      }
      if (next === undefined) return walked || "/";
      at = next;
    }
    throw failure(-40, "realpath", path);
  }

  function readlinkSync(path: string): string {
    if (path === "/proc/self/ns/pid") return "pid:[4026532000]";
    const ofDescriptor = descriptorAt(kernel, subject, checked(path));
    if (ofDescriptor !== undefined) {
      return targetOf(kernel, required(ofDescriptor, "readlink", path) as OpenFile);
    }
    const inode = required(files.find(path, subject.directory, false), "readlink", path) as Inode;
    if (inode.kind !== "link") throw failure(EINVAL, "readlink", path);
    return inode.target;
  }

  function mkdirSync(
    path: string,
    { recursive = false, mode = 0o777 }: { recursive?: boolean; mode?: number } = {},
  ) {
    const fault = injected("mkdir", checked(path)) ??
      (kernel.disk.isFull && !(files.find(path) instanceof Inode) ? ENOSPC : undefined);
    if (fault !== undefined) required(fault, "mkdir", path);
    if (recursive) {
      const at = files.find(path);
      if (at instanceof Inode && at.kind !== "directory") throw failure(-17, "mkdir", path);
      files.makeDirectories(path, mode & ~subject.umask);
    } else required(files.make(path, "directory", mode & ~subject.umask), "mkdir", path);
  }

  function rmSync(path: string, { force = false }: { force?: boolean } = {}): void {
    const result = files.remove(checked(path), "other");
    if (!(force && result === ENOENT)) required(result, "rm", path);
  }

  function change(path: string, act: (inode: Inode) => void, syscall: string): void {
    const place = files.place(checked(path), subject.directory);
    const inode = required(typeof place === "number" ? place : place.inode ?? ENOENT, syscall, path) as Inode;
    act(inode);
    inode.changed = kernel.clock.wall;
    if (typeof place !== "number") files.tell(inode, ATTRIB, place.directory, place.name);
  }

  function accessSync(path: string, mode = 0): void {
    const inode = required(found(path, true, "stat"), "access", path) as Inode;
    if (mode & 1 && inode.kind === "regular" && !(inode.mode & 0o111)) throw failure(EACCES, "access", path);
  }

  const module = {
    constants: realFs.constants,
    Stats,
    Dirent: Entry,
    openSync,
    closeSync,
    readSync,
    readFileSync,
    writeSync,
    readdirSync,
    realpathSync,
    readlinkSync,
    mkdirSync,
    rmSync,
    accessSync,
    statSync: (path: string, options: Found = {}) => stat(path, options, true),
    lstatSync: (path: string, options: Found = {}) => stat(path, options, false),
    fstatSync: (fd: number) => new Stats(fileOf(fd, "fstat").inode),
    existsSync: (path: string) => typeof path === "string" && found(path, true, "stat") instanceof Inode,
    writeFileSync(path: string, data: string | Uint8Array, options: { mode?: number; flag?: string } = {}) {
      const fd = openSync(path, options.flag ?? "w", options.mode);
      try {
        writeSync(fd, data);
      } finally {
        closeSync(fd);
      }
    },
    renameSync: (from: string, to: string) =>
      void required(injected("rename", checked(from)) ?? files.rename(from, checked(to)), "rename", from),
    unlinkSync: (path: string) => void required(files.remove(checked(path), "other"), "unlink", path),
    rmdirSync: (path: string) => void required(files.remove(checked(path), "directory"), "rmdir", path),
    symlinkSync(target: string, path: string) {
      const made = required(files.make(checked(path), "link", 0o777), "symlink", path) as Inode;
      made.target = target;
    },
    chmodSync: (path: string, mode: number) => change(path, (inode) => inode.mode = mode & 0o7777, "chmod"),
    chownSync: (path: string, uid: number, gid: number) =>
      change(path, (inode) => Object.assign(inode, { uid, gid }), "chown"),
    truncateSync: (path: string, size = 0) => change(path, (inode) => inode.truncate(size), "truncate"),
    fchmodSync: (fd: number, mode: number) => void (fileOf(fd, "fchmod").inode.mode = mode & 0o7777),
    fchownSync: (fd: number, uid: number, gid: number) =>
      void Object.assign(fileOf(fd, "fchown").inode, { uid, gid }),
    futimesSync() {},
    fsyncSync() {},
  };
  return { ...module, default: module };
}
