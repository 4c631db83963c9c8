/** Watching directories through inotify(7). */

/** One thing that happened in a watched directory. */
export interface DirectoryEvent {
  kind:
    | "created"
    | "modified"
    | "written"
    | "attributes-changed"
    | "moved-from"
    | "moved-to"
    | "deleted"
    /** The watched directory itself was moved or deleted; nothing more comes from it. */
    | "self-gone"
    /** Events were lost: look at everything again. Sent to every watch. */
    | "overflow";
  /** The entry's name within the directory; empty for what happened to the directory itself. */
  name: string;
  /** The entry is a directory. */
  isDirectory: boolean;
  /** Joins `moved-from` and `moved-to` of one rename; 0 for the rest. */
  cookie: number;
}

/** Watches one directory (not those below). Events come in order, those read at once in one call. Throws SystemError (ENOENT, ENOTDIR, ENOSPC …). */
export function watchDirectory(
  _path: string,
  _listener: (events: DirectoryEvent[]) => void,
): { close(): void } {
  throw new Error("not yet");
}
