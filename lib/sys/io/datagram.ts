/**
 * The receiving end of a Unix datagram socket: each message comes with the credentials of its sender, which the kernel
 * vouches for, and with the descriptors that were sent along (unix(7), SCM_CREDENTIALS and SCM_RIGHTS).
 */

import { call, kernel, required } from "../call/kernel.ts";
import { PreparedCalls } from "../call/prepared_calls.ts";
import { close } from "./descriptors.ts";
import { hurried } from "./hurried.ts";
import { bindUnixDatagram } from "./socket.ts";

/** A message. */
export interface Datagram {
  /** A copy of its bytes. */
  bytes: Uint8Array;
  /** True: it was longer, and the rest is lost; or so many descriptors came along that some are lost. */
  isCut: boolean;
  /** Who sent it; `pid` is 0 for a process that this one cannot see. Absent: the kernel has not said. */
  sender?: { pid: number; uid: number; gid: number };
  /** Descriptors that came along, close-on-exec. The callee must close them. */
  descriptors: number[];
}

/** The longest message in bytes, and the most descriptors: the kernel passes 253 at a time (SCM_MAX_FD). */
const LONGEST_MESSAGE = 4096, MOST_DESCRIPTORS = 253;

const SOL_SOCKET = 1, SO_PASSCRED = 16, SCM_RIGHTS = 1, SCM_CREDENTIALS = 2;
const MSG_PEEK = 0x2, MSG_CTRUNC = 0x8, MSG_TRUNC = 0x20, MSG_DONTWAIT = 0x40, MSG_CMSG_CLOEXEC = 0x40000000;

/** `struct cmsghdr`: its size, and where it has what follows the length. */
const CMSG = { size: 16, level: 8, type: 12 };
/** `struct msghdr`: its size, and where its fields are. */
const MSGHDR = { size: 56, pieces: 16, pieceCount: 24, control: 32, controlSize: 40, flags: 48 };
/** The room for credentials alone, and for descriptors, too. */
const CREDENTIALS_SIZE = CMSG.size + 16,
  CONTROL_SIZE = CREDENTIALS_SIZE + CMSG.size + 4 * (MOST_DESCRIPTORS + 1);

/**
 * Makes a socket that receives, non-blocking, at a path, or at an abstract name that begins with a null character.
 * @throws {SystemError} EADDRINUSE means that another socket is there, or a file.
 */
export function openDatagramSocket(path: string): number {
  const fd = bindUnixDatagram(path);
  const result = call("setsockopt", fd, SOL_SOCKET, SO_PASSCRED, Uint8Array.of(1, 0, 0, 0), 4);
  if (result < 0) close(fd);
  required("ask for the credentials of senders", result);
  return fd;
}

/** Receives one message at a time. The memory for it is never freed: make one receiver, and use it for all sockets. */
export class DatagramReceiver {
  readonly #memory = kernel();
  readonly #bytes = this.#memory.keep(LONGEST_MESSAGE);
  readonly #control = this.#memory.keep(CONTROL_SIZE);
  readonly #header = this.#memory.keep(MSGHDR.size);
  readonly #call = new PreparedCalls(["recvmsg", -1, this.#header]);

  constructor() {
    const piece = this.#memory.keep(16);
    this.#memory.setWord(piece, this.#bytes);
    this.#memory.setWord(piece + 8, LONGEST_MESSAGE);
    this.#memory.setWord(this.#header + MSGHDR.pieces, piece);
    this.#memory.setWord(this.#header + MSGHDR.pieceCount, 1);
    this.#memory.setWord(this.#header + MSGHDR.control, this.#control);
  }

  /**
   * The next message of a socket, or the negative error number: −EAGAIN when there is none.
   *
   * @param mayPass Says whose descriptors are taken; those of others stay with the kernel, and the message counts as cut.
   * To close one that was taken can take for ever: a file system of the sender's may be asked.
   */
  receive(fd: number, mayPass: (sender: Datagram["sender"]) => boolean = () => true): Datagram | number {
    this.#call.set(0, 0, fd);
    const peeked = this.#receive(MSG_PEEK, CREDENTIALS_SIZE);
    if (peeked < 0) return peeked;
    const takes = (this.#flags & MSG_CTRUNC) !== 0 && mayPass(this.#attachments().sender);
    // Those that are not taken are closed by the kernel.
    const length = hurried(() => this.#receive(0, takes ? CONTROL_SIZE : CREDENTIALS_SIZE));
    if (length < 0) return length;
    return {
      bytes: new Uint8Array(this.#memory.view(this.#bytes, length)),
      isCut: (this.#flags & (MSG_TRUNC | MSG_CTRUNC)) !== 0,
      ...this.#attachments(),
    };
  }

  /** Receives. Returns the length, or the negative error number. */
  #receive(flags: number, controlSize: number): number {
    this.#memory.setWord(this.#header + MSGHDR.controlSize, controlSize);
    this.#call.set(0, 2, flags | MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    this.#call.run();
    return this.#call.result(0);
  }

  /** What the kernel says of the last message. */
  get #flags(): number {
    return this.#memory.view(this.#header + MSGHDR.flags, 4).readUInt32LE(0);
  }

  /** What came along with the last message. */
  #attachments(): Pick<Datagram, "sender" | "descriptors"> {
    const size = this.#memory.word(this.#header + MSGHDR.controlSize);
    const control = this.#memory.view(this.#control, size);
    const found: Pick<Datagram, "sender" | "descriptors"> = { descriptors: [] };
    for (let at = 0; at + CMSG.size <= size;) {
      const length = control.readUInt32LE(at), data = at + CMSG.size;
      const isOfSocket = control.readInt32LE(at + CMSG.level) === SOL_SOCKET;
      const type = control.readInt32LE(at + CMSG.type);
      if (isOfSocket && type === SCM_CREDENTIALS) {
        found.sender = {
          pid: control.readInt32LE(data),
          uid: control.readUInt32LE(data + 4),
          gid: control.readUInt32LE(data + 8),
        };
      } else if (isOfSocket && type === SCM_RIGHTS) {
        for (let place = data; place + 4 <= at + length; place += 4) {
          found.descriptors.push(control.readInt32LE(place));
        }
      }
      at += Math.max(CMSG.size, Math.ceil(length / 8) * 8);
    }
    return found;
  }
}
