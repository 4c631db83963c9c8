/** Open regular files, directories and devices. */

import { O_APPEND } from "../../../lib/sys/io/descriptors.ts";
import { CLOSE_WRITE, type Inode, MODIFY } from "./inodes.ts";
import { EINVAL, EIO, EISDIR, ENOSPC, NOTHING, OpenFile } from "./open_file.ts";

/** The disk that regular files are on. */
export interface Disk {
  /** True: there is no room for more. */
  isFull: boolean;
  /** True: it cannot be read or written. */
  isBroken: boolean;
  now(): number;
  /** Tells of a change of a file. */
  tell(inode: Inode, mask: number, directory: Inode | undefined, name: string): void;
}

/** An open regular file. */
export class OpenRegular extends OpenFile {
  #place = 0;

  constructor(
    inode: Inode,
    flags: number,
    private readonly disk: Disk,
    private readonly directory?: Inode,
    private readonly name = "",
  ) {
    super(inode, flags);
  }

  override read(size: number): Uint8Array | number {
    const bytes = this.readAt(size, this.#place);
    if (typeof bytes !== "number") this.#place += bytes.length;
    return bytes;
  }

  readAt(size: number, place: number): Uint8Array | number {
    if (this.disk.isBroken && this.directory) return EIO;
    return new Uint8Array(this.inode.bytes.subarray(place, place + size));
  }

  override write(bytes: Uint8Array): number {
    if (this.directory && this.disk.isFull) return ENOSPC;
    if (this.directory && this.disk.isBroken) return EIO;
    if (this.flags & O_APPEND) this.#place = this.inode.size;
    this.inode.put(bytes, this.#place);
    this.#place += bytes.length;
    this.inode.modified = this.disk.now();
    this.disk.tell(this.inode, MODIFY, this.directory, this.name);
    return bytes.length;
  }

  /** lseek(2). */
  seek(offset: number, whence: number): number {
    const base = [0, this.#place, this.inode.size][whence];
    if (base === undefined || base + offset < 0) return EINVAL;
    return this.#place = base + offset;
  }

  override released(): void {
    if (this.flags & 3) this.disk.tell(this.inode, CLOSE_WRITE, this.directory, this.name);
  }
}

/** A file whose contents were made when it was opened, as those below /proc. Writing goes to a function. */
export class OpenText extends OpenFile {
  #place = 0;

  constructor(
    inode: Inode,
    flags: number,
    private readonly bytes: Uint8Array,
    private readonly written: (bytes: Uint8Array) => number = () => EINVAL,
  ) {
    super(inode, flags);
  }

  override read(size: number): Uint8Array {
    const bytes = this.bytes.subarray(this.#place, this.#place + size);
    this.#place += bytes.length;
    return bytes;
  }

  override write(bytes: Uint8Array): number {
    return this.written(bytes);
  }
}

/** An open directory. */
export class OpenDirectory extends OpenFile {
  override read(): number {
    return EISDIR;
  }

  override write(): number {
    return EISDIR;
  }
}

/** /dev/null, or a console that nobody looks at. */
export class OpenNull extends OpenFile {
  override read(): Uint8Array {
    return NOTHING;
  }

  override write(bytes: Uint8Array): number {
    return bytes.length;
  }
}
