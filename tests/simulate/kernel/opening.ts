/** Opening files by their paths (open(2)), also those that descriptors and processes have below /proc. */

import { O_CREAT, O_NOFOLLOW, O_NONBLOCK } from "../../../lib/sys/io/descriptors.ts";
import { OpenDirectory, OpenNull, OpenRegular, OpenText } from "./files.ts";
import { Inode, KINDS } from "./inodes.ts";
import type { Kernel } from "./kernel.ts";
import { EACCES, EEXIST, EISDIR, ELOOP, ENOENT, ENOSPC, ENOTDIR, ENXIO, type OpenFile } from "./open_file.ts";
import { Pipe, type PipeEnd, Terminal, TerminalMaster } from "./pipes.ts";
import type { Process } from "./process.ts";
import { descriptorAt, procText } from "./proc.ts";

const O_EXCL = 0o200, O_TRUNC = 0o1000, O_DIRECTORY = 0o200000, O_PATH = 0o10000000;

/** Opens a file. @returns A negative error number where that fails. */
export function openPath(
  kernel: Kernel,
  process: Process,
  path: string,
  flags: number,
  mode = 0,
): OpenFile | number {
  const ofDescriptor = descriptorAt(kernel, process, path);
  if (ofDescriptor !== undefined) {
    return typeof ofDescriptor === "number" ? ofDescriptor : reopen(kernel, ofDescriptor, flags);
  }
  if (path.startsWith("/proc/")) {
    const text = procText(kernel, process, path);
    if (typeof text === "number") return text;
    return new OpenText(new Inode("regular", 0o644), flags, text, (bytes) => bytes.length);
  }
  const place = kernel.files.place(path, process.directory, (flags & O_NOFOLLOW) === 0);
  if (typeof place === "number") return place;
  let { inode } = place;
  if (inode && (flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL)) return EEXIST;
  if (!inode) {
    if (!(flags & O_CREAT)) return ENOENT;
    if (kernel.disk.isFull) return ENOSPC;
    inode = new Inode("regular", mode & ~process.umask & 0o7777);
    inode.uid = process.uid;
    inode.gid = process.gid;
    const added = kernel.files.add(place, inode);
    if (typeof added === "number") return added;
  }
  if (inode.kind === "link") return ELOOP;
  if (!mayOpen(process, inode, flags)) return EACCES;
  if (inode.kind === "directory") return flags & 3 ? EISDIR : new OpenDirectory(inode, flags);
  if (flags & O_DIRECTORY) return ENOTDIR;
  if (flags & O_PATH) return new OpenDirectory(inode, flags);
  if (inode.kind === "regular") {
    if (flags & O_TRUNC && flags & 3) inode.truncate(0);
    return new OpenRegular(inode, flags, kernel.disk, place.directory, place.name);
  }
  return openSpecial(kernel, inode, flags);
}

function openSpecial(kernel: Kernel, inode: Inode, flags: number): OpenFile | number {
  if (inode.kind === "socket") return ENXIO;
  if (inode.kind === "fifo") {
    const pipe = inode.behind instanceof Pipe ? inode.behind : new Pipe(inode);
    // A writer without a reader would wait, or is refused.
    if ((flags & 3) === 1 && pipe.readers === 0 && flags & O_NONBLOCK) return ENXIO;
    return pipe.open(flags);
  }
  if (inode.content === "ptmx") {
    return new TerminalMaster(
      new Terminal(),
      flags,
      (session) => kernel.processes.kill(kernel.init, -session, 1),
    );
  }
  return new OpenNull(inode, flags);
}

/** Opens what a descriptor is open on once more. */
function reopen(kernel: Kernel, file: OpenFile, flags: number): OpenFile | number {
  const { inode } = file;
  if (inode.kind === "fifo") return (file as PipeEnd).pipe.open(flags);
  if (inode.behind instanceof Terminal) return inode.behind.openSlave(flags);
  if (inode.kind === "regular") return new OpenRegular(inode, flags, kernel.disk);
  return inode.kind === "socket" ? ENXIO : new OpenNull(inode, flags);
}

/** By the mode of a file. */
function mayOpen({ uid, gid }: Process, inode: Inode, flags: number): boolean {
  if (uid === 0) return true;
  const shift = uid === inode.uid ? 6 : gid === inode.gid ? 3 : 0;
  const wanted = ((flags & 3) !== 1 ? 4 : 0) | ((flags & 3) !== 0 ? 2 : 0);
  return ((inode.mode >> shift) & wanted) === wanted;
}

/** The text that a link below /proc/PID/fd has. */
export function targetOf(kernel: Kernel, { inode }: OpenFile): string {
  if (inode.content.startsWith("memfd:")) return `/${inode.content} (deleted)`;
  if (inode.kind === "fifo" && inode.links === 0) return `pipe:[${inode.number}]`;
  if (inode.kind === "socket") return `socket:[${inode.number}]`;
  if (inode.kind === "directory") return kernel.files.pathOf(inode);
  return `anon:${KINDS[inode.kind]}:[${inode.number}]`;
}
