/** System calls on descriptors and files. */

import { Buffer } from "node:buffer";
import { O_CLOEXEC, O_NONBLOCK } from "../../../../lib/sys/io/descriptors.ts";
import type { CallName } from "../../../../lib/sys/call/numbers.ts";
import { OpenRegular } from "../files.ts";
import { Inode } from "../inodes.ts";
import {
  EAGAIN,
  EBADF,
  EEXIST,
  EINVAL,
  EMFILE,
  ENOTTY,
  EPIPE,
  ESPIPE,
  HUP,
  type OpenFile,
} from "../open_file.ts";
import { openPath } from "../opening.ts";
import { Pipe, TerminalMaster, TerminalSlave } from "../pipes.ts";
import type { Kernel } from "../kernel.ts";
import { type Process, SIGKILL, SIGPIPE } from "../process.ts";
import type { Blocked, Call, Handler } from "../thread.ts";

const CLOSE_RANGE_CLOEXEC = 4;

const F_DUPFD = 0,
  F_SETFD = 2,
  F_GETFL = 3,
  F_SETFL = 4,
  F_SETLK = 6,
  F_SETSIG = 10,
  F_SETOWN_EX = 15,
  F_DUPFD_CLOEXEC = 1030;

const O_ASYNC = 0o20000;

const TIOCSCTTY = 0x540e, TIOCSPGRP = 0x5410, TCGETS = 0x5401, TCSETS = 0x5402;
const TIOCGPTPEER = 0x5441, TIOCSPTLCK = 0x40045431;

/** Does something with the open file of the first argument. */
function onFile(act: (file: OpenFile, call: Call) => number | Blocked): Handler {
  return (call) => {
    const file = call.process.file(call.args[0]!);
    return file ? act(file, call) : EBADF;
  };
}

/** Waits until a file has changed, unless it is not to be waited for. */
export function wouldBlock(file: OpenFile): number | Blocked {
  if (file.flags & O_NONBLOCK) return EAGAIN;
  return {
    wait(wake) {
      const end = file.onChange(() => {
        end();
        wake();
      });
    },
  };
}

/** So many bytes are written at once, in their turn, of one call. */
function write(file: OpenFile, { kernel, process, memory, args: [, address, size] }: Call): number | Blocked {
  const result = file.write(memory.at(address!, size!));
  if (result === EAGAIN) return wouldBlock(file);
  if (result === EPIPE && process !== kernel.init) process.signal(SIGPIPE);
  return result;
}

function read(file: OpenFile, { memory, args: [, address, size] }: Call): number | Blocked {
  const result = file.read(size!);
  if (result === EAGAIN) return wouldBlock(file);
  if (typeof result === "number") return result;
  memory.at(address!, result.length).set(result);
  return result.length;
}

/** `struct termios`: where its output flags are, and those of them that count. */
const OUTPUT_FLAGS = 4, OPOST = 1, ONLCR = 4;

function ioctl(file: OpenFile, { process, memory, args: [, request, argument] }: Call): number {
  if (request === TIOCSPTLCK) return file instanceof TerminalMaster ? 0 : ENOTTY;
  if (request === TIOCGPTPEER) {
    if (!(file instanceof TerminalMaster)) return ENOTTY;
    return process.open(file.terminal.openSlave(argument!), (argument! & O_CLOEXEC) !== 0);
  }
  if (!(file instanceof TerminalSlave)) return ENOTTY;
  const { terminal } = file;
  if (request === TIOCSCTTY) terminal.session = process.session;
  if (request === TCGETS) {
    memory.at(argument!, 36).fill(0).writeUInt32LE(
      terminal.changesLineEnds ? OPOST | ONLCR : 0,
      OUTPUT_FLAGS,
    );
  }
  if (request === TCSETS) {
    const flags = memory.at(argument!, 36).readUInt32LE(OUTPUT_FLAGS);
    terminal.changesLineEnds = (flags & (OPOST | ONLCR)) === (OPOST | ONLCR);
  }
  return [TIOCSCTTY, TIOCSPGRP, TCGETS, TCSETS].includes(request!) ? 0 : ENOTTY;
}

function fcntl(file: OpenFile, { kernel, process, args: [fd, command, argument] }: Call): number {
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return process.open(file, command === F_DUPFD_CLOEXEC, argument);
    case F_SETFD:
      process.descriptors.get(fd!)!.closesOnExecute = (argument! & 1) !== 0;
      return 0;
    case F_GETFL:
      return file.flags;
    case F_SETFL:
      file.flags = argument!;
      if (argument! & O_ASYNC) endOnHangup(kernel, process, file);
      return 0;
    case F_SETLK:
    case F_SETSIG:
    case F_SETOWN_EX:
      return 0;
  }
  return EINVAL;
}

/** Kills the group of a process when the other end of its pipe is closed, as lib/sys/spawn/confinement.ts asks for. */
function endOnHangup(kernel: Kernel, process: Process, file: OpenFile): void {
  const group = process.pid;
  file.onChange(() => {
    if (file.events & HUP) kernel.processes.kill(process, -group, SIGKILL);
  });
}

function pipe2({ process, memory, args: [address, flags] }: Call): number {
  const pipe = new Pipe(), closes = (flags! & O_CLOEXEC) !== 0, status = flags! & O_NONBLOCK;
  const reader = process.open(pipe.open(status), closes);
  const writer = reader < 0 ? EMFILE : process.open(pipe.open(1 | status), closes);
  if (writer < 0) {
    if (reader >= 0) process.close(reader);
    return EMFILE;
  }
  memory.at(address!, 8).writeInt32LE(reader, 0);
  memory.at(address!, 8).writeInt32LE(writer, 4);
  return 0;
}

/** The calls. */
export const DESCRIPTOR_CALLS: Partial<Record<CallName, Handler>> = {
  read: onFile(read),
  write: onFile(write),
  ioctl: onFile(ioctl),
  fcntl: onFile(fcntl),
  pipe2,
  close: ({ process, args: [fd] }) => process.close(fd!),
  close_range({ process, args: [first, last, flags] }) {
    for (const [fd, descriptor] of [...process.descriptors]) {
      if (fd < first! || fd > last!) continue;
      if (flags! & CLOSE_RANGE_CLOEXEC) descriptor.closesOnExecute = true;
      else process.close(fd);
    }
    return 0;
  },
  dup3: onFile((file, { process, args: [fd, target, flags] }) => {
    if (fd === target) return EINVAL;
    process.place(target!, file, (flags! & O_CLOEXEC) !== 0);
    return target!;
  }),
  openat({ kernel, process, memory, args: [, path, flags, mode] }) {
    const file = openPath(kernel, process, memory.text(path!), flags!, mode);
    return typeof file === "number" ? file : process.open(file, (flags! & O_CLOEXEC) !== 0);
  },
  lseek: onFile((file, { args: [, offset, whence] }) =>
    file instanceof OpenRegular ? file.seek(offset!, whence!) : ESPIPE
  ),
  fchmod: onFile(({ inode }, { args: [, mode] }) => {
    inode.mode = mode! & 0o7777;
    return 0;
  }),
  flock: onFile(() => 0),
  memfd_create({ kernel, process, memory, args: [name] }) {
    const inode = new Inode("regular", 0o777);
    inode.content = `memfd:${memory.text(name!)}`;
    return process.open(new OpenRegular(inode, 2, kernel.disk));
  },
  mknodat({ kernel, memory, args: [, path, mode] }) {
    const made = kernel.files.make(memory.text(path!), "fifo", mode! & 0o7777);
    return typeof made === "number" ? made : 0;
  },
  sync: () => 0,
};

/** What a memory file, or any regular one, holds: for pages that are made of it. */
export function contentsOf(file: OpenFile | undefined): Uint8Array {
  return Buffer.from(file?.inode.bytes ?? []);
}

/** Binds a name in the tree of files for a socket. */
export function addSocket({ kernel, process }: Call, path: string, socket: OpenFile): number {
  const place = kernel.files.place(path, process.directory);
  if (typeof place === "number") return place;
  if (place.inode) return EEXIST;
  const inode = new Inode("socket", 0o777 & ~process.umask);
  inode.behind = socket;
  inode.uid = process.uid;
  kernel.files.add(place, inode);
  return 0;
}
