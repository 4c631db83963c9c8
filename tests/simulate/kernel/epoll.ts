/** Epoll instances (epoll(7)), inotify instances (inotify(7)), and descriptors of processes (pidfd_open(2)). */

import { Buffer } from "node:buffer";
import { EAGAIN, EEXIST, EINVAL, ENOENT, ERR, HUP, IN, OpenFile } from "./open_file.ts";
import { IGNORED, Inode } from "./inodes.ts";

/** A descriptor that is watched. */
interface Watched {
  file: OpenFile;
  interest: number;
  data: number;
  end: () => void;
}

/** An epoll instance. */
export class Epoll extends OpenFile {
  readonly #watched = new Map<number, Watched>();

  constructor(flags: number) {
    super(new Inode("regular", 0o600), flags);
  }

  add(fd: number, file: OpenFile, interest: number, data: number): number {
    const known = this.#watched.get(fd);
    if (known?.file === file && file.references > 0) return EEXIST;
    known?.end();
    const end = file.onChange(() => {
      if (file.references === 0) this.remove(fd, file);
      else if (this.#isReady({ file, interest })) this.changed();
    });
    this.#watched.set(fd, { file, interest, data, end });
    if (this.#isReady({ file, interest })) this.changed();
    return 0;
  }

  remove(fd: number, file: OpenFile): number {
    const watched = this.#watched.get(fd);
    if (watched?.file !== file) return ENOENT;
    watched.end();
    this.#watched.delete(fd);
    return 0;
  }

  #isReady({ file, interest }: Pick<Watched, "file" | "interest">): boolean {
    return (file.events & (interest | HUP | ERR)) !== 0;
  }

  /** What is ready, so many at most. */
  ready(most: number): Array<{ events: number; data: number }> {
    const found: Array<{ events: number; data: number }> = [];
    for (const [fd, watched] of [...this.#watched]) {
      if (found.length === most) break;
      if (!this.#isReady(watched)) continue;
      found.push({ events: watched.file.events & (watched.interest | HUP | ERR), data: watched.data });
      // The others have their turn next.
      this.#watched.delete(fd);
      this.#watched.set(fd, watched);
    }
    return found;
  }

  override get events(): number {
    for (const watched of this.#watched.values()) if (this.#isReady(watched)) return IN;
    return 0;
  }

  override released(): void {
    for (const { end } of this.#watched.values()) end();
    this.#watched.clear();
  }
}

/** How many events wait at an inotify instance before they are lost. */
const MOST_EVENTS = 16_384;

const OVERFLOW = 0x4000, IS_DIRECTORY = 0x40000000;

/** An inotify instance. */
export class Inotify extends OpenFile {
  readonly #watches = new Map<Inode, { number: number; mask: number }>();
  readonly #events: Uint8Array[] = [];
  #last = 0;

  /** @param all The instances that are told of changes. */
  constructor(flags: number, private readonly all: Set<Inotify>) {
    super(new Inode("regular", 0o600), flags);
    all.add(this);
  }

  watch(inode: Inode, mask: number): number {
    const known = this.#watches.get(inode);
    const number = known?.number ?? ++this.#last;
    this.#watches.set(inode, { number, mask });
    return number;
  }

  unwatch(number: number): number {
    for (const [inode, watch] of this.#watches) {
      if (watch.number !== number) continue;
      this.#watches.delete(inode);
      this.#put(number, IGNORED, "");
      return 0;
    }
    return EINVAL;
  }

  tell(inode: Inode, mask: number, name: string, isDirectory: boolean): void {
    const watch = this.#watches.get(inode);
    if (!watch || mask !== IGNORED && (watch.mask & mask) === 0) return;
    this.#put(watch.number, mask | (isDirectory ? IS_DIRECTORY : 0), name);
    if (mask === IGNORED) this.#watches.delete(inode);
  }

  #put(watch: number, mask: number, name: string): void {
    if (this.#events.length > MOST_EVENTS) return;
    const isLost = this.#events.length === MOST_EVENTS;
    const text = Buffer.from(isLost ? "" : name);
    const length = text.length === 0 ? 0 : Math.ceil((text.length + 1) / 16) * 16;
    const event = Buffer.alloc(16 + length);
    event.writeInt32LE(isLost ? -1 : watch, 0);
    event.writeUInt32LE(isLost ? OVERFLOW : mask, 4);
    event.writeUInt32LE(length, 12);
    text.copy(event, 16);
    this.#events.push(event);
    this.changed();
  }

  override read(size: number): Uint8Array | number {
    const taken: Uint8Array[] = [];
    for (let length = 0; this.#events.length > 0; taken.push(this.#events.shift()!)) {
      if ((length += this.#events[0]!.length) > size) break;
    }
    return taken.length === 0 ? EAGAIN : new Uint8Array(Buffer.concat(taken));
  }

  override get events(): number {
    return this.#events.length > 0 ? IN : 0;
  }

  override released(): void {
    this.all.delete(this);
  }
}

/** A descriptor of a process: it is ready when that has ended. */
export class ProcessFile extends OpenFile {
  constructor(readonly subject: { readonly hasEnded: boolean; readonly pid: number }) {
    super(new Inode("regular", 0o600), 0);
  }

  override get events(): number {
    return this.subject.hasEnded ? IN : 0;
  }
}
