/** A channel of bytes between a client and the service. */

import { Buffer } from "node:buffer";
import { close, read, write } from "../../sys/io/descriptors.ts";
import { EAGAIN, ECONNRESET, EINTR, EPIPE, SystemError } from "../../sys/call/errno.ts";
import { awaitOrUnread, POLLIN, POLLOUT } from "../../sys/io/socket.ts";

/** Carries bytes to the service. */
export interface Channel {
  send(bytes: Uint8Array): void;
  /** Ends the connection when all is sent. Nothing is told any more. */
  close(): void;
  /** See {@link Client.whenLate}. */
  whenLate(after: number, act: () => void): void;
  /** See {@link Client.endUnread}. */
  endUnread(output: number): void;
}

/** The client, as its channel sees it. */
export interface ChannelUser {
  /** True while an answer is awaited. */
  readonly waits: boolean;
  receive(bytes: Buffer): void;
  /** The other side has closed. */
  ended(): void;
  /** Nothing more will come. */
  lost(error: Error): void;
}

/** Nobody reads any more what the program writes. */
export class UnreadError extends Error {
  override name = "UnreadError";
}

/** Makes a channel for a user. */
export type Connector = (user: ChannelUser) => Channel;

/** Makes channels of a socket that is connected, and does not block. */
export function waitingConnector(socket: number): Connector {
  return (user) => new WaitingChannel(socket, user);
}

/** How often the socket is looked at by a program that does not sleep until there is something, in ms. */
const LOOK_EVERY = 20;

/**
 * The channel of a program that has nothing to do but to wait for answers: while one is awaited, the whole program
 * sleeps in the kernel. That spares it the runtime's machinery for sockets, which takes longer to set up than all else.
 */
class WaitingChannel implements Channel {
  #unsent: Uint8Array[] = [];
  #scheduled = false;
  #open = true;
  /** What is done when an answer is late; `at`: when it is, by performance.now(). */
  #late: { at: number; act(): void } | undefined;
  /** True: the program has more to do than to wait, so the socket is looked at every now and then. */
  #looks = false;
  /** See {@link Client.endUnread}. */
  #output: number | undefined;

  constructor(private readonly socket: number, private readonly user: ChannelUser) {}

  send(bytes: Uint8Array): void {
    this.#unsent.push(bytes);
    this.#schedule();
  }

  whenLate(after: number, act: () => void): void {
    this.#late = { at: performance.now() + after, act };
  }

  endUnread(output: number): void {
    this.#output = output;
  }

  close(): void {
    if (!this.#open) return;
    try {
      this.#flush();
    } catch (error) {
      // The other side may have gone first.
      if (!(error instanceof SystemError)) throw error;
    }
    this.#open = false;
    close(this.socket);
  }

  /** After all that is to be sent at the same time. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const later = this.#looks ? (turn: () => void) => void setTimeout(turn, LOOK_EVERY) : queueMicrotask;
    later(() => {
      this.#scheduled = false;
      if (!this.#open || !this.user.waits) return;
      try {
        this.#turn();
      } catch (error) {
        this.user.lost(error as Error);
      }
      this.#schedule();
    });
  }

  #turn(): void {
    this.#flush();
    const events = this.#unsent.length > 0 ? POLLIN | POLLOUT : POLLIN;
    if (awaitOrUnread(this.socket, events, this.#output, this.#patience()) === "unread") {
      throw new UnreadError("Nobody reads the output any more");
    }
    const bytes = read(this.socket);
    // Where init has not read what was sent, the kernel calls the end a reset.
    if (bytes === -ECONNRESET) return this.user.ended();
    if (typeof bytes === "number") {
      if (bytes !== -EAGAIN && bytes !== -EINTR) throw new SystemError("read", -bytes);
    } else if (bytes.length > 0) this.user.receive(copyOf(bytes));
    else this.user.ended();
  }

  /** How long the program may sleep (ms). When an answer is late, has that told. */
  #patience(): number {
    if (!this.#late) return this.#looks ? 0 : Infinity;
    const left = this.#late.at - performance.now();
    if (left > 0) return left;
    this.#looks = true;
    this.#late.act();
    this.#late = undefined;
    return 0;
  }

  /** Sends what the kernel takes. */
  #flush(): void {
    if (this.#unsent.length === 0) return;
    const bytes = Buffer.concat(this.#unsent);
    const result = write(this.socket, bytes);
    // The other side is gone. What it has said before tells why.
    if (result === -EPIPE) return void (this.#unsent = []);
    if (result < 0 && result !== -EAGAIN && result !== -EINTR) throw new SystemError("write", -result);
    const rest = bytes.subarray(Math.max(result, 0));
    this.#unsent = rest.length > 0 ? [rest] : [];
  }
}

/** Bytes as a Buffer. Buffer.from would have to be compiled first, which a command notices. */
function copyOf(bytes: Uint8Array): Buffer {
  const copy = Buffer.alloc(bytes.length);
  copy.set(bytes);
  return copy;
}
