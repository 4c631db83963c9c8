/** System calls on sockets. */

import { O_NONBLOCK } from "../../../../lib/sys/io/descriptors.ts";
import type { CallName } from "../../../../lib/sys/call/numbers.ts";
import type { Memory } from "../memory.ts";
import { EADDRINUSE, EAGAIN, EBADF, EEXIST, EINVAL, ENOTSOCK } from "../open_file.ts";
import { type Datagram, Socket } from "../sockets.ts";
import type { Blocked, Call, Handler } from "../thread.ts";
import { addSocket, wouldBlock } from "./descriptors.ts";

const SOCK_DGRAM = 2, SOCK_CLOEXEC = 0o2000000;

function onSocket(act: (socket: Socket, call: Call) => number | Blocked): Handler {
  return (call) => {
    const file = call.process.file(call.args[0]!);
    if (!file) return EBADF;
    return file instanceof Socket ? act(file, call) : ENOTSOCK;
  };
}

/** The path, or abstract name, of an address. */
function addressOf(memory: Memory, address: number, length: number): string {
  const bytes = memory.at(address, length).subarray(2);
  const text = bytes.toString("utf8");
  return text.startsWith("\0") ? text : text.replace(/\0.*$/s, "");
}

/** `struct msghdr`: where its fields are; and a header of what comes along with a message. */
const MSGHDR = { pieces: 16, control: 32, controlSize: 40, flags: 48 };
const CMSG_HEADER = 16, SOL_SOCKET = 1, SCM_RIGHTS = 1, SCM_CREDENTIALS = 2;
const MSG_PEEK = 2, MSG_CTRUNC = 8, MSG_TRUNC = 0x20;

function recvmsg(socket: Socket, call: Call): number | Blocked {
  const { memory, args: [, header, flags] } = call;
  const datagram = socket.datagrams[0];
  if (!datagram) return (flags! & 0x40) !== 0 ? EAGAIN : wouldBlock(socket);
  const piece = memory.word(header! + MSGHDR.pieces);
  const room = memory.word(piece + 8), length = Math.min(room, datagram.bytes.length);
  memory.at(memory.word(piece), length).set(datagram.bytes.subarray(0, length));
  const isPeek = (flags! & MSG_PEEK) !== 0;
  const isCut = passAttachments(call, header!, datagram, isPeek);
  const cut = datagram.bytes.length > room ? MSG_TRUNC : 0;
  memory.at(header! + MSGHDR.flags, 4).writeUInt32LE(cut | (isCut ? MSG_CTRUNC : 0), 0);
  if (!isPeek) {
    socket.datagrams.shift();
    for (const file of datagram.files) file.release();
    socket.peer?.changed();
  }
  return length;
}

/** Gives what comes along with a datagram. True when there is no room for all of it. */
function passAttachments(
  { process, memory }: Call,
  header: number,
  { sender, files }: Datagram,
  isPeek: boolean,
): boolean {
  const room = memory.word(header + MSGHDR.controlSize), control = memory.word(header + MSGHDR.control);
  const credentials = memory.at(control, CMSG_HEADER + 16).fill(0);
  credentials.writeUInt32LE(CMSG_HEADER + 12, 0);
  credentials.writeInt32LE(SOL_SOCKET, 8);
  credentials.writeInt32LE(SCM_CREDENTIALS, 12);
  credentials.writeInt32LE(sender.pid, 16);
  credentials.writeUInt32LE(sender.uid, 20);
  credentials.writeUInt32LE(sender.gid, 24);
  const used = CMSG_HEADER + 16, length = CMSG_HEADER + 4 * files.length;
  if (files.length === 0 || room < used + length) {
    memory.setWord(header + MSGHDR.controlSize, used);
    return files.length > 0;
  }
  const rights = memory.at(control + used, length);
  rights.writeUInt32LE(length, 0);
  rights.writeUInt32LE(0, 4);
  rights.writeInt32LE(SOL_SOCKET, 8);
  rights.writeInt32LE(SCM_RIGHTS, 12);
  if (!isPeek) {
    files.forEach((file, index) => rights.writeInt32LE(process.open(file), CMSG_HEADER + 4 * index));
  }
  memory.setWord(header + MSGHDR.controlSize, used + Math.ceil(length / 8) * 8);
  return false;
}

/** The calls. */
export const SOCKET_CALLS: Partial<Record<CallName, Handler>> = {
  socket({ process, args: [, type] }) {
    const { pid, uid, gid } = process, kind = (type! & 0xf) === SOCK_DGRAM ? "datagram" : "stream";
    const socket = new Socket(kind, 2 | type! & O_NONBLOCK, { pid, uid, gid });
    return process.open(socket, (type! & SOCK_CLOEXEC) !== 0);
  },
  bind: onSocket((socket, call) => {
    const { kernel, memory, args: [, address, length] } = call, name = addressOf(memory, address!, length!);
    if (!name.startsWith("\0")) {
      const result = addSocket(call, name, socket);
      if (result < 0) return result === EEXIST ? EADDRINUSE : result;
    } else {
      if (kernel.abstract.has(name)) return EADDRINUSE;
      kernel.abstract.set(name, socket);
      socket.onReleased = () => kernel.abstract.delete(name);
    }
    socket.state = "bound";
    return 0;
  }),
  connect: onSocket((socket, { kernel, memory, args: [, address, length] }) => {
    const target = kernel.socketAt(addressOf(memory, address!, length!));
    return typeof target === "number" ? target : target.references === 0 ? -111 : socket.connect(target);
  }),
  listen: onSocket((socket, { args: [, backlog] }) => {
    if (socket.state !== "bound") return EINVAL;
    socket.state = "listening";
    socket.backlog = backlog!;
    return 0;
  }),
  accept4: onSocket((socket, { process, args: [, , , flags] }) => {
    const [client] = socket.pending;
    if (!client) return socket.state === "listening" ? wouldBlock(socket) : EINVAL;
    client.flags = 2 | flags! & O_NONBLOCK;
    const fd = process.open(client.hold(), (flags! & SOCK_CLOEXEC) !== 0);
    // Where there is no descriptor it waits on.
    client.references--;
    if (fd >= 0) socket.pending.shift();
    return fd;
  }),
  getsockopt: onSocket((socket, { memory, args: [, , , address] }) => {
    const { pid, uid, gid } = socket.peerCredentials ?? { pid: 0, uid: 2 ** 32 - 1, gid: 2 ** 32 - 1 };
    const bytes = memory.at(address!, 12);
    bytes.writeInt32LE(pid, 0);
    bytes.writeUInt32LE(uid, 4);
    bytes.writeUInt32LE(gid, 8);
    return 0;
  }),
  shutdown: onSocket((socket) => {
    socket.hasFinished = true;
    socket.peer?.changed();
    return 0;
  }),
  setsockopt: onSocket(() => 0),
  recvmsg: onSocket(recvmsg),
};
