/** `fs.Stats` and `fs.Dirent` of the simulated runtime. */

import type { Inode, Kind } from "../kernel/inodes.ts";

/** `fs.Stats`. */
export class Stats {
  readonly dev = 1;
  readonly ino: number;
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly mtime: Date;
  readonly ctime: Date;
  readonly #kind: Kind;

  constructor(inode: Inode) {
    this.#kind = inode.kind;
    this.ino = inode.number;
    this.mode = inode.fullMode;
    this.nlink = inode.links;
    this.uid = inode.uid;
    this.gid = inode.gid;
    this.size = inode.size;
    this.mtimeMs = inode.modified;
    this.ctimeMs = inode.changed;
    this.mtime = new Date(inode.modified);
    this.ctime = new Date(inode.changed);
  }

  isFile = () => this.#kind === "regular";
  isDirectory = () => this.#kind === "directory";
  isSymbolicLink = () => this.#kind === "link";
  isFIFO = () => this.#kind === "fifo";
  isSocket = () => this.#kind === "socket";
  isCharacterDevice = () => this.#kind === "character";
  isBlockDevice = () => false;
}

/** `fs.Dirent`. */
export class Entry {
  readonly #kind: Kind;

  constructor(readonly name: string, { kind }: Inode, readonly parentPath: string) {
    this.#kind = kind;
  }

  isFile = () => this.#kind === "regular";
  isDirectory = () => this.#kind === "directory";
  isSymbolicLink = () => this.#kind === "link";
  isFIFO = () => this.#kind === "fifo";
  isSocket = () => this.#kind === "socket";
  isCharacterDevice = () => this.#kind === "character";
  isBlockDevice = () => false;
}
