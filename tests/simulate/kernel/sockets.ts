/** Unix sockets (unix(7)): streams with the credentials of both ends, and datagrams with those of each sender. */

import { Inode } from "./inodes.ts";
import { ByteQueue } from "./pipes.ts";
import {
  EAGAIN,
  ECONNREFUSED,
  ECONNRESET,
  EINVAL,
  ENOTCONN,
  EPIPE,
  HUP,
  IN,
  NOTHING,
  OpenFile,
  OUT,
} from "./open_file.ts";

/** Who is at the other end. */
export interface Credentials {
  pid: number;
  uid: number;
  gid: number;
}

/** A datagram that waits to be received. */
export interface Datagram {
  bytes: Uint8Array;
  sender: Credentials;
  files: OpenFile[];
}

/** How much a stream's end holds, in bytes, and how many datagrams wait. */
const STREAM_SIZE = 212_992, MOST_DATAGRAMS = 512;

/** A socket. */
export class Socket extends OpenFile {
  state: "new" | "bound" | "listening" | "connected" = "new";
  peer: Socket | undefined;
  /** Set when there was a peer, which may be gone. */
  peerCredentials: Credentials | undefined;
  readonly received = new ByteQueue(STREAM_SIZE);
  readonly datagrams: Datagram[] = [];
  /** Those that wait to be accepted. */
  readonly pending: Socket[] = [];
  backlog = 0;
  hasLostBytes = false;
  /** True: nothing more is written, though more is read. */
  hasFinished = false;
  /** What the address is taken back by. */
  onReleased: () => void = () => {};

  constructor(readonly type: "stream" | "datagram", flags: number, readonly owner: Credentials) {
    super(new Inode("socket", 0o777), flags);
  }

  /** Connects with a socket that is bound. @returns 0 or a negative error number. */
  connect(to: Socket): number {
    if (to.type !== this.type) return EINVAL;
    if (this.type === "datagram") {
      this.peer = to;
      this.state = "connected";
      return 0;
    }
    if (to.state !== "listening" || to.references === 0) return ECONNREFUSED;
    if (to.pending.length > to.backlog) return EAGAIN;
    const other = new Socket("stream", 0, to.owner);
    other.inode.behind = to;
    [this.peer, other.peer] = [other, this];
    [this.state, other.state] = ["connected", "connected"];
    [this.peerCredentials, other.peerCredentials] = [to.owner, this.owner];
    to.pending.push(other);
    to.changed();
    return 0;
  }

  override read(size: number): Uint8Array | number {
    if (this.type === "datagram") return this.datagrams.shift()?.bytes.subarray(0, size) ?? EAGAIN;
    if (this.state !== "connected") return ENOTCONN;
    if (this.received.length === 0) {
      if (this.peer) return this.peer.hasFinished ? NOTHING : EAGAIN;
      if (!this.hasLostBytes) return NOTHING;
      this.hasLostBytes = false;
      return ECONNRESET;
    }
    const bytes = this.received.take(size);
    this.peer?.changed();
    return bytes;
  }

  override write(bytes: Uint8Array): number {
    if (this.type === "datagram") return this.send({ bytes, sender: this.owner, files: [] });
    if (this.state !== "connected") return ENOTCONN;
    if (!this.peer) return EPIPE;
    const count = this.peer.received.put(bytes);
    if (count === 0 && bytes.length > 0) return EAGAIN;
    this.peer.changed();
    return count;
  }

  /** Sends a datagram to the peer. */
  send(datagram: Datagram): number {
    if (!this.peer) return ENOTCONN;
    if (this.peer.references === 0) return ECONNREFUSED;
    if (this.peer.datagrams.length >= MOST_DATAGRAMS) return EAGAIN;
    this.peer.datagrams.push({ ...datagram, bytes: new Uint8Array(datagram.bytes) });
    this.peer.changed();
    return datagram.bytes.length;
  }

  override get events(): number {
    if (this.type === "datagram") return OUT | (this.datagrams.length > 0 ? IN : 0);
    if (this.state === "listening") return this.pending.length > 0 ? IN : 0;
    if (this.state !== "connected") return OUT | HUP;
    if (!this.peer) return IN | OUT | HUP;
    return (this.received.length > 0 || this.peer.hasFinished ? IN : 0) |
      (this.peer.received.room > 0 ? OUT : 0);
  }

  override released(): void {
    this.onReleased();
    for (const other of this.pending.splice(0)) other.released();
    for (const { files } of this.datagrams.splice(0)) for (const file of files) file.release();
    if (this.type !== "stream" || !this.peer) return;
    const { peer } = this;
    peer.peer = undefined;
    // What this end has not read resets the connection.
    if (this.received.length > 0) peer.hasLostBytes = true;
    this.peer = undefined;
    peer.changed();
  }
}
