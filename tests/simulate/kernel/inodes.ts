/** Inodes: files of all kinds, and the tree that they are in. */

import { Buffer } from "node:buffer";
import { EEXIST, EISDIR, ELOOP, ENOENT, ENOTDIR, ENOTEMPTY } from "./open_file.ts";

/** The kinds of inodes, by their bits in `st_mode` (inode(7)). */
export const KINDS = {
  fifo: 0o010000,
  character: 0o020000,
  directory: 0o040000,
  regular: 0o100000,
  link: 0o120000,
  socket: 0o140000,
} as const;

export type Kind = keyof typeof KINDS;

let lastNumber = 0;

/** Has inodes numbered from the start: one simulation is over, and another one begins. */
export function numberInodesAnew(): void {
  lastNumber = 0;
}

/** An inode. */
export class Inode {
  readonly number = ++lastNumber;
  uid = 0;
  gid = 0;
  modified = 0;
  changed = 0;
  data = Buffer.alloc(0);
  size = 0;
  readonly entries = new Map<string, Inode>();
  /** The directory that it is in; of a directory alone. */
  parent: Inode | undefined;
  links = 0;
  /** Of a link. */
  target = "";
  /** The device, or the program that it holds. */
  content = "";
  /** What is behind a socket or FIFO: whoever made it knows. */
  behind: unknown;

  constructor(readonly kind: Kind, public mode: number) {}

  /** `st_mode`. */
  get fullMode(): number {
    return KINDS[this.kind] | this.mode;
  }

  /** The contents of a regular file. */
  get bytes(): Buffer {
    return this.data.subarray(0, this.size);
  }

  /** Writes at a place. */
  put(bytes: Uint8Array, at: number): void {
    const end = at + bytes.length;
    if (end > this.data.length) {
      const larger = Buffer.alloc(Math.max(end, 2 * this.data.length, 256));
      this.data.copy(larger, 0, 0, this.size);
      this.data = larger;
    }
    this.data.set(bytes, at);
    this.size = Math.max(this.size, end);
  }

  truncate(size: number): void {
    if (size < this.size) this.data.fill(0, size, this.size);
    this.size = size;
  }
}

/** Who is told of changes in directories. */
export interface TreeListener {
  /** @param mask As in inotify(7). */
  changed(inode: Inode, mask: number, name: string, isDirectory: boolean): void;
}

/** Bits of inotify(7). */
export const MODIFY = 0x2,
  ATTRIB = 0x4,
  CLOSE_WRITE = 0x8,
  MOVED_FROM = 0x40,
  MOVED_TO = 0x80,
  CREATE = 0x100,
  DELETE = 0x200,
  DELETE_SELF = 0x400,
  MOVE_SELF = 0x800,
  IGNORED = 0x8000;

/** A place in the tree that a path leads to: the inode is absent where there is nothing yet. */
export interface Place {
  directory: Inode;
  name: string;
  inode: Inode | undefined;
}

/** How many symbolic links are followed. */
const MOST_LINKS = 40;

/** The tree of files. Functions return inodes, or negative error numbers. */
export class FileTree {
  readonly root = new Inode("directory", 0o755);
  /** Looks up paths that are made on the fly, such as those below /proc: undefined for all others. */
  special: (path: string) => Inode | number | undefined = () => undefined;
  listener: TreeListener = { changed() {} };

  constructor(private readonly now: () => number) {
    this.root.parent = this.root;
  }

  /** Where a path leads. */
  place(path: string, from: Inode, followsLast = true, depth = 0): Place | number {
    if (path === "") return ENOENT;
    let at = path.startsWith("/") ? this.root : from;
    const names = path.split("/").filter((name) => name !== "" && name !== ".");
    if (names.length === 0) return { directory: at.parent ?? at, name: ".", inode: at };
    for (const [index, name] of names.entries()) {
      if (at.kind !== "directory") return ENOTDIR;
      const isLast = index === names.length - 1;
      const found = name === ".." ? at.parent ?? at : at.entries.get(name);
      if (found?.kind === "link" && (!isLast || followsLast || path.endsWith("/"))) {
        if (depth >= MOST_LINKS) return ELOOP;
        const rest = names.slice(index + 1);
        return this.place([found.target, ...rest].join("/"), at, followsLast, depth + 1);
      }
      if (isLast) return { directory: at, name, inode: found };
      if (!found) return ENOENT;
      at = found;
    }
    return ENOENT;
  }

  /** The inode at a path. */
  find(path: string, from = this.root, follows = true): Inode | number {
    const special = this.special(path);
    if (special !== undefined) return special;
    const place = this.place(path, from, follows);
    return typeof place === "number" ? place : place.inode ?? ENOENT;
  }

  /** Puts a new inode at a place. */
  add({ directory, name, inode }: Place, made: Inode): Inode | number {
    if (inode) return EEXIST;
    directory.entries.set(name, made);
    made.links++;
    if (made.kind === "directory") made.parent = directory;
    this.touch(made);
    this.touch(directory);
    this.listener.changed(directory, CREATE, name, made.kind === "directory");
    return made;
  }

  /** Makes a file of a kind; `content`: see {@link Inode}. */
  make(path: string, kind: Kind, mode: number, content = ""): Inode | number {
    const place = this.place(path, this.root, false);
    if (typeof place === "number") return place;
    const made = new Inode(kind, mode);
    made.content = content;
    return this.add(place, made);
  }

  /** Makes a directory, and those above it. */
  makeDirectories(path: string, mode = 0o755): Inode {
    let at = this.root;
    for (const name of path.split("/").filter(Boolean)) {
      const place = { directory: at, name, inode: at.entries.get(name) };
      at = place.inode ?? this.add(place, new Inode("directory", mode)) as Inode;
    }
    return at;
  }

  /** Removes what is at a path. */
  remove(path: string, kind: "directory" | "other"): number {
    const place = this.place(path, this.root, false);
    if (typeof place === "number") return place;
    const { directory, name, inode } = place;
    if (!inode) return ENOENT;
    if (kind === "directory") {
      if (inode.kind !== "directory") return ENOTDIR;
      if (inode.entries.size > 0) return ENOTEMPTY;
    } else if (inode.kind === "directory") return EISDIR;
    directory.entries.delete(name);
    this.#unlinked(inode);
    this.touch(directory);
    this.listener.changed(directory, DELETE, name, inode.kind === "directory");
    return 0;
  }

  #unlinked(inode: Inode): void {
    inode.links--;
    inode.changed = this.now();
    if (inode.links > 0) return;
    this.listener.changed(inode, DELETE_SELF, "", false);
    this.listener.changed(inode, IGNORED, "", false);
  }

  /** Moves what is at a path, over what may be at the other. */
  rename(from: string, to: string): number {
    const source = this.place(from, this.root, false), target = this.place(to, this.root, false);
    if (typeof source === "number") return source;
    if (typeof target === "number") return target;
    const { inode } = source;
    if (!inode) return ENOENT;
    if (target.inode === inode) return 0;
    if (target.inode?.kind === "directory" && target.inode.entries.size > 0) return ENOTEMPTY;
    source.directory.entries.delete(source.name);
    target.directory.entries.set(target.name, inode);
    if (inode.kind === "directory") inode.parent = target.directory;
    inode.changed = this.now();
    const isDirectory = inode.kind === "directory";
    this.listener.changed(source.directory, MOVED_FROM, source.name, isDirectory);
    this.listener.changed(target.directory, MOVED_TO, target.name, isDirectory);
    this.listener.changed(inode, MOVE_SELF, "", isDirectory);
    if (target.inode) this.#unlinked(target.inode);
    return 0;
  }

  touch(inode: Inode): void {
    inode.modified = inode.changed = this.now();
  }

  /** Tells of a change of a file itself: whoever watches its directory hears of it. */
  tell(inode: Inode, mask: number, directory: Inode | undefined, name: string): void {
    if (directory) this.listener.changed(directory, mask, name, inode.kind === "directory");
  }

  /** The path of a directory. */
  pathOf(directory: Inode): string {
    if (directory === this.root) return "/";
    const parent = directory.parent!;
    const [name = "?"] = [...parent.entries].find(([, inode]) => inode === directory) ?? [];
    return `${parent === this.root ? "" : this.pathOf(parent)}/${name}`;
  }
}
