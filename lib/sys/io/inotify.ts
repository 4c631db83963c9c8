/** Directory watches by inotify(7). */

import { Buffer } from "node:buffer";
import { close, read } from "./descriptors.ts";
import { call, required } from "../call/kernel.ts";
import { poller } from "./poller.ts";

/** The kinds of events by their bits in inotify(7). The first that is set counts. */
const KINDS = [
  [0x4000, "overflow"],
  [0x8000, "self-gone"], // IN_IGNORED: deleted or unmounted
  [0x800, "self-gone"], // IN_MOVE_SELF
  [0x2, "modified"],
  [0x4, "attributes-changed"],
  [0x8, "written"],
  [0x40, "moved-from"],
  [0x80, "moved-to"],
  [0x100, "created"],
  [0x200, "deleted"],
] as const;

/** An event in a watched directory. */
export interface DirectoryEvent {
  /**
   * `written`: a file that was open for writing was closed. `self-gone`: the watched directory itself was moved, deleted
   * or unmounted; there are no more events. `overflow`: events were lost, so everything must be read again; all watches
   * get this event.
   */
  kind: (typeof KINDS)[number][1];
  /** The entry's name within the directory; empty for the directory itself. */
  name: string;
  isDirectory: boolean;
}

/** A watch of a directory. */
interface DirectoryWatch {
  /** Ends the watch; the listener is not called any more. */
  close(): void;
}

/**
 * Watches one directory, not those below it. Events come in order, and those that were read at once come in one call.
 * @throws {SystemError} ENOENT, ENOTDIR, ENOSPC …
 */
export function watchDirectory(path: string, listener: (events: DirectoryEvent[]) => void): DirectoryWatch {
  return (inotify ??= new Inotify()).watch(path, listener);
}

type Listener = (events: DirectoryEvent[]) => void;

const IN_NONBLOCK = 0o4000, IN_CLOEXEC = 0o2000000, IN_ONLYDIR = 0x1000000, IN_ISDIR = 0x40000000;
/** IN_MODIFY, ATTRIB, CLOSE_WRITE, MOVED_FROM, MOVED_TO, CREATE, DELETE and MOVE_SELF. */
const WATCHED = 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x800;

/** The inotify instance that all watches share. It is open while there are watches. */
class Inotify {
  readonly #fd = required("make an inotify instance", call("inotify_init1", IN_NONBLOCK | IN_CLOEXEC));
  /** The listeners by watch descriptor. Two watches of one directory have the same. */
  readonly #listeners = new Map<number, Set<Listener>>();

  constructor() {
    try {
      poller().watch(this.#fd, () => this.#take());
    } catch (error) {
      close(this.#fd);
      throw error;
    }
  }

  watch(path: string, listener: Listener): DirectoryWatch {
    try {
      const added = call("inotify_add_watch", this.#fd, path, WATCHED | IN_ONLYDIR);
      const watch = required(`watch ${path}`, added);
      const own: Listener = (events) => listener(events);
      this.#listeners.set(watch, (this.#listeners.get(watch) ?? new Set()).add(own));
      return { close: () => this.#remove(watch, own) };
    } finally {
      this.#closeIfUnused();
    }
  }

  #remove(watch: number, listener: Listener): void {
    const listeners = this.#listeners.get(watch);
    if (!listeners?.delete(listener) || listeners.size > 0) return;
    this.#forget(watch);
  }

  #forget(watch: number): void {
    call("inotify_rm_watch", this.#fd, watch);
    this.#listeners.delete(watch);
    this.#closeIfUnused();
  }

  #closeIfUnused(): void {
    if (this.#listeners.size > 0 || inotify !== this) return;
    poller().unwatch(this.#fd);
    close(this.#fd);
    inotify = undefined;
  }

  #take(): void {
    const bytes = read(this.#fd);
    if (typeof bytes === "number") return;
    const batches = new Map<Listener, DirectoryEvent[]>();
    for (const { watch, event } of parse(bytes)) {
      const concerned = event.kind === "overflow"
        ? [...this.#listeners.values()]
        : [this.#listeners.get(watch) ?? []];
      for (const listener of concerned.flatMap((listeners) => [...listeners])) {
        const events = batches.get(listener);
        if (events) events.push(event);
        else batches.set(listener, [event]);
      }
      if (event.kind === "self-gone") this.#forget(watch);
    }
    for (const [listener, events] of batches) listener(events);
  }
}

let inotify: Inotify | undefined;

/** The events in bytes that were read from inotify: a sequence of `struct inotify_event`. */
function* parse(bytes: Uint8Array): Generator<{ watch: number; event: DirectoryEvent }> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < buffer.length;) {
    const mask = buffer.readUInt32LE(at + 4), length = buffer.readUInt32LE(at + 12);
    const name = buffer.toString("utf8", at + 16, at + 16 + length).replace(/\0.*$/s, "");
    const kind = KINDS.find(([bit]) => mask & bit)?.[1];
    const event = { name, isDirectory: (mask & IN_ISDIR) !== 0 };
    if (kind) yield { watch: buffer.readInt32LE(at), event: { kind, ...event } };
    at += 16 + length;
  }
}
