/** One client of the control service: authentication, messages in, messages out, and how much of each. */

import { Buffer } from "node:buffer";
import process from "node:process";
import type { ServerSocket } from "../sys/server.ts";
import { ServerHandshake } from "./handshake.ts";
import { type HeaderReader, type Message, MessageReader, METHOD_CALL } from "./message.ts";
import type { Peer } from "./supervisor.ts";

/** The largest message taken, in bytes. The arguments of a process may be 2 MB (execve(2)). */
const LARGEST_MESSAGE = 4 << 20;
/** While more bytes than this wait to be read by the client, its calls wait too. */
const BACKLOG = 256 << 10;
/** A client that lets more bytes than this pile up is dropped: it gets signals and does not read them. */
const LARGEST_BACKLOG = 8 << 20;
/** Calls that have not been answered yet; more have to wait. */
const MOST_CALLS = 1024;
/** Calls taken before others get their turn. */
const CALLS_A_TURN = 64;

/** What a connection tells the service. */
export interface ConnectionEvents {
  /** The client is who it says, and gets signals from now on. */
  ready(connection: Connection): void;
  /** The client calls a method; exactly one of {@link Connection.answer} and nothing else follows. */
  call(connection: Connection, message: Message): void;
  closed(connection: Connection): void;
}

/** What all connections of a service have in common. */
export interface ConnectionOptions {
  /** Identifies the server. */
  guid: string;
  /** Milliseconds that a client has to authenticate. */
  handshakeTime: number;
  /** Reads the headers of messages. */
  headers: HeaderReader;
}

/** A client's connection. It is dropped at the first breach of the protocol. */
export class Connection {
  /** True while the client is to be told of what happens. */
  listening = false;
  /** The sender that signals are to bear; absent for clients that know that there is no bus. */
  sender: string | undefined;
  #handshake: ServerHandshake | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #reader: MessageReader;
  #calls = 0;
  #outgoing: Uint8Array[] = [];
  #outgoingLength = 0;
  /** True while calls are taken, after which all that they gave rise to is sent. */
  #pumping = false;
  #scheduled = false;

  /** The client has `handshakeTime` milliseconds to authenticate. */
  constructor(
    private readonly socket: ServerSocket,
    readonly peer: Peer,
    private readonly events: ConnectionEvents,
    { guid, handshakeTime, headers }: ConnectionOptions,
  ) {
    this.#handshake = new ServerHandshake(peer.uid, guid);
    this.#reader = new MessageReader(LARGEST_MESSAGE, headers);
    this.#timer = setTimeout(() => this.close(), handshakeTime);
    socket.start({
      onData: (bytes) => this.#guard(() => this.#receive(bytes)),
      onDrain: () => this.#guard(() => this.#pump()),
      onClose: () => {
        clearTimeout(this.#timer);
        this.listening = false;
        events.closed(this);
      },
    });
  }

  /** True once the client has begun to send messages. */
  get authenticated(): boolean {
    return this.#handshake === undefined;
  }

  /** Drops the client; what the kernel takes at once of the answers still reaches it. */
  close(): void {
    this.#flush();
    this.socket.close();
  }

  /** Sends bytes of whole messages, together with others of the same turn; a client that does not read is dropped. */
  send(bytes: Uint8Array): void {
    if (this.socket.closed) return;
    if (this.#backlog > LARGEST_BACKLOG) return this.close();
    if (this.#outgoing.length === 0 && !this.#pumping) this.#flushLater();
    this.#outgoing.push(bytes);
    this.#outgoingLength += bytes.length;
  }

  /** Ends a call: sends its reply, if one is wanted. */
  answer(bytes: Uint8Array | undefined): void {
    this.#calls--;
    if (bytes) this.send(bytes);
    this.#schedule();
  }

  /** Bytes that wait for the client to read. */
  get #backlog(): number {
    return this.#outgoingLength + this.socket.waiting;
  }

  /** Once all that follows from what has happened is done: answers come by promises, signals at once. */
  #flushLater(): void {
    queueMicrotask(() => process.nextTick(() => this.#flush()));
  }

  #flush(): void {
    if (this.#outgoing.length === 0) return;
    const bytes = this.#outgoing.length === 1 ? this.#outgoing[0]! : Buffer.concat(this.#outgoing);
    this.#outgoing = [];
    this.#outgoingLength = 0;
    if (!this.socket.closed) this.socket.write(bytes);
    this.#schedule();
  }

  #receive(chunk: Buffer): void {
    if (!this.#handshake) {
      this.#reader.push(chunk);
      return this.#pump();
    }
    const { answer, rest } = this.#handshake.push(chunk);
    if (answer !== "") this.send(Buffer.from(answer, "latin1"));
    if (rest === undefined) return;
    clearTimeout(this.#timer);
    this.#handshake = undefined;
    this.listening = true;
    this.events.ready(this);
    this.#reader.push(rest);
    this.#pump();
  }

  /** Takes calls, and sends what is answered at once. */
  #pump(): void {
    this.#pumping = true;
    try {
      this.#take();
    } finally {
      this.#pumping = false;
      this.#flush();
    }
  }

  /** Takes calls while the client has room for the answers. */
  #take(): void {
    for (let turn = 0; !this.socket.closed; turn++) {
      if (this.#calls >= MOST_CALLS || this.#backlog > BACKLOG) {
        this.socket.pause();
        return;
      }
      if (turn === CALLS_A_TURN) {
        this.socket.pause();
        return this.#schedule();
      }
      const message = this.#reader.next();
      if (!message) break;
      if (message.type !== METHOD_CALL) continue;
      this.#calls++;
      this.events.call(this, message);
    }
    if (this.socket.paused) this.socket.resume();
  }

  #schedule(): void {
    if (this.#scheduled || !this.socket.paused) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#guard(() => this.#pump());
    });
  }

  /** No client's bytes may do more harm than to end its own connection. */
  #guard(action: () => void): void {
    try {
      action();
    } catch {
      this.close();
    }
  }
}
