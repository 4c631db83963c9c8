/** Watching directories through inotify(7). */

import { Buffer } from "node:buffer";
import { close, read } from "./descriptors.ts";
import { call, required } from "./kernel.ts";
import { poller } from "./poller.ts";

/** The kinds of events, by their bits in inotify(7), in the order in which they are looked for. */
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

/** One thing that happened in a watched directory. */
export interface DirectoryEvent {
  /**
   * `written`: a file opened for writing was closed. `self-gone`: the watched directory itself was moved, deleted or
   * unmounted, nothing more comes from it. `overflow`: events were lost, look at everything again; every watch is told.
   */
  kind: (typeof KINDS)[number][1];
  /** The entry's name within the directory; empty for what happened to the directory itself. */
  name: string;
  isDirectory: boolean;
  /** Joins the `moved-from` and `moved-to` of one rename; 0 for the rest. */
  cookie: number;
}

/** A directory that is being watched. */
export interface DirectoryWatch {
  /** Ends watching; nothing is called any more. */
  close(): void;
}

/**
 * Watches one directory, not those below. Events come in order, those read at once in one call. Throws
 * {@link SystemError} (ENOENT, ENOTDIR, ENOSPC …).
 */
export function watchDirectory(path: string, listener: (events: DirectoryEvent[]) => void): DirectoryWatch {
  return (inotify ??= new Inotify()).watch(path, listener);
}

type Listener = (events: DirectoryEvent[]) => void;

const IN_NONBLOCK = 0o4000, IN_CLOEXEC = 0o2000000, IN_ONLYDIR = 0x1000000, IN_ISDIR = 0x40000000;
/** IN_MODIFY, ATTRIB, CLOSE_WRITE, MOVED_FROM, MOVED_TO, CREATE, DELETE and MOVE_SELF. */
const WATCHED = 0x2 | 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x800;

/** The inotify instance that all watches share; it is there while there are any. */
class Inotify {
  readonly #fd = required("make an inotify instance", call("inotify_init1", IN_NONBLOCK | IN_CLOEXEC));
  /** By watch descriptor. Two watches of one directory have the same. */
  readonly #listeners = new Map<number, Set<Listener>>();

  constructor() {
    poller().watch(this.#fd, () => this.#take());
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
        batches.set(listener, [...batches.get(listener) ?? [], event]);
      }
      if (event.kind === "self-gone") this.#forget(watch);
    }
    for (const [listener, events] of batches) listener(events);
  }
}

let inotify: Inotify | undefined;

/** What a read from inotify gave: `struct inotify_event` (watch, mask, cookie, length, name) one behind another. */
function* parse(bytes: Uint8Array): Generator<{ watch: number; event: DirectoryEvent }> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < buffer.length;) {
    const mask = buffer.readUInt32LE(at + 4), length = buffer.readUInt32LE(at + 12);
    const name = buffer.toString("utf8", at + 16, at + 16 + length).replace(/\0.*$/s, "");
    const kind = KINDS.find(([bit]) => mask & bit)?.[1];
    const event = { name, isDirectory: (mask & IN_ISDIR) !== 0, cookie: buffer.readUInt32LE(at + 8) };
    if (kind) yield { watch: buffer.readInt32LE(at), event: { kind, ...event } };
    at += 16 + length;
  }
}
