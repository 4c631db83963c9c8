/** A connection of a client to the control service: its handshake, its calls, its answers, and the limits of all that. */

import { Buffer } from "node:buffer";
import process from "node:process";
import { PatientTimer } from "../../sys/io/patient_timer.ts";
import type { ServerSocket } from "../../sys/server/server.ts";
import type { FairQueue } from "../../sys/server/fair_queue.ts";
import type { ClientLimits } from "./client_limits.ts";
import { type HandshakeState, ServerHandshake } from "../../dbus/handshake.ts";
import { METHOD_CALL } from "../../dbus/message.ts";
import { type HeaderCache, MessageReader, type ReceivedMessage } from "../../dbus/message_reader.ts";
import { ProtocolError } from "../../dbus/protocol_error.ts";
import type { Peer } from "../supervisor.ts";

/** Calls taken before others get their turn. */
const CALLS_A_TURN = 64;

/** How long a client that is dropped has for the last bytes that it is sent, in ms. */
const LAST_WORDS = 10_000;

/** Why a client is dropped: what it has done. */
const UNREAD = "has not read what it was sent", LATE = "has not sent the rest of a message in time";

/** How many bytes are read of what comes behind a call that waits. */
const MAX_HELD = 65_536;

/** Events of a connection, for the service. */
export interface ConnectionEvents {
  /** The client has authenticated, and gets signals from now on. */
  ready(connection: ClientConnection): void;
  /**
   * The client calls a method; exactly one of {@link ClientConnection.answer} and nothing else follows. Where the call has to
   * wait, the promise resolves when it has been done, and the client's next calls come after that.
   *
   * @param request The number of the request that the call has made already, before the connection was restored.
   */
  call(connection: ClientConnection, message: ReceivedMessage, request?: number): Promise<void> | undefined;
  /** So many bytes have come. */
  received(bytes: number): void;
  /** {@link ClientConnection.kept} has changed by so many bytes. */
  kept(connection: ClientConnection, change: number): void;
  /** The client is dropped for a reason. Gives the message that tells it so. */
  dropped(connection: ClientConnection, reason: string): Uint8Array;
  closed(connection: ClientConnection): void;
  /** Our own code has thrown an exception, for which the client is dropped. */
  fault(error: unknown): void;
}

/** Options that connections of a kind share. */
export interface ConnectionOptions {
  /** Identifies the server. */
  guid: string;
  /** Milliseconds that a client has to authenticate. */
  handshakeTime: number;
  /** Headers of messages that have been read. */
  headers: HeaderCache;
  limits: ClientLimits;
  /** Where the work for such clients is queued; absent where it is done at once. */
  queue?: FairQueue;
}

/** A call without an answer: its message in base64, and the number of the request that it has made. */
type SavedCall = [message: string, request: number | null];

/** What is saved of a {@link ClientConnection}. Bytes are in base64. */
export interface SavedConnection {
  descriptor: number;
  /** Absent: the client has authenticated. */
  handshake?: HandshakeState;
  subscribed: boolean;
  sender?: string;
  /** What has come, and no message was made of yet. */
  incoming: string;
  /** What the client has not been sent yet. */
  outgoing: string;
  calls: SavedCall[];
}

/** A client's connection. It is dropped at the first breach of the protocol. */
export class ClientConnection {
  /** True while the client gets signals. */
  subscribed = false;
  /** True once the client is dropped: it gets the bytes that are under way and the reason, and nothing more. */
  ending = false;
  /** The sender of signals; absent for clients that know that there is no bus. */
  sender: string | undefined;
  /** Who is told when it is closed. */
  readonly goneListeners = new Set<() => void>();
  /** How many bytes are kept for it: of messages that have not arrived as a whole or been answered, and of what it has not read. */
  kept = 0;
  #handshake: ServerHandshake | undefined;
  /** When the handshake, a message or the reading of answers has to be over. */
  #deadline: PatientTimer | undefined;
  readonly #limits: ClientLimits;
  readonly #reader: MessageReader;
  /** The calls that have not been answered, with the numbers of the requests that they have made. */
  readonly #calls = new Map<ReceivedMessage, number | undefined>();
  /** The bytes of these calls. */
  #callBytes = 0;
  #outgoing: Uint8Array[] = [];
  #outgoingLength = 0;
  /** True while calls are taken, after which all that they gave rise to is sent. */
  #pumping = false;
  #scheduled = false;
  /** True while a call waits, and those behind it. */
  #holding = false;

  /** The client has `handshakeTime` milliseconds to authenticate. */
  constructor(
    private readonly socket: ServerSocket,
    readonly peer: Peer,
    private readonly events: ConnectionEvents,
    private readonly options: ConnectionOptions,
  ) {
    this.#limits = options.limits;
    this.#handshake = new ServerHandshake(peer.uid, options.guid);
    this.#reader = new MessageReader(this.#limits.message, this.#limits.variants, options.headers);
    this.#expect(options.handshakeTime, () => this.close());
    socket.start({
      onData: (bytes) => this.#guard(() => this.#receive(bytes)),
      onDrain: () => this.ending ? socket.close() : this.#guard(() => this.#pump()),
      onClose: () => {
        this.#expect(undefined);
        this.subscribed = false;
        this.#keep(0);
        events.closed(this);
      },
    });
  }

  /** True once the client has begun to send messages. */
  get authenticated(): boolean {
    return this.#handshake === undefined;
  }

  /** Closes the connection; what the kernel takes at once of the answers still reaches the client. */
  close(): void {
    this.#flush();
    this.socket.close();
  }

  /**
   * Drops the client, and tells it why in place of all that waits for it.
   * @param time How long it has to read that, in ms
   */
  drop(reason: string, time = LAST_WORDS): void {
    if (this.socket.closed || this.ending) return;
    this.ending = true;
    this.subscribed = false;
    const told = this.events.dropped(this, reason);
    this.#outgoing = [];
    this.#outgoingLength = 0;
    this.#reader.clear();
    if (this.authenticated) this.socket.write(told);
    if (this.socket.waiting === 0 || time === 0) return this.socket.close();
    this.socket.pause();
    this.#expect(undefined);
    this.#expect(time, () => this.socket.close());
    this.#account();
  }

  /** Sends bytes of whole messages, together with others of the same turn; a client that does not read is dropped. */
  send(bytes: Uint8Array): void {
    if (this.socket.closed || this.ending) return;
    if (this.#backlog > this.#limits.largestBacklog) return this.drop(UNREAD);
    if (this.#outgoing.length === 0 && !this.#pumping) this.#flushLater();
    this.#outgoing.push(bytes);
    this.#outgoingLength += bytes.length;
    this.#account();
  }

  /** Notes that a call waits for the answer to a request. */
  awaits(call: ReceivedMessage, request: number | undefined): void {
    if (this.#calls.has(call)) this.#calls.set(call, request);
  }

  /** Ends a call: sends its reply, if one is wanted. */
  answer(call: ReceivedMessage, bytes: Uint8Array | undefined): void {
    if (this.#calls.delete(call)) this.#callBytes -= call.bytes.length;
    if (bytes) this.send(bytes);
    this.#account();
    this.#goOn();
  }

  save(): SavedConnection {
    const { sender, subscribed } = this;
    const calls = Array.from(
      this.#calls,
      ([call, request]): SavedCall => [base64(call.bytes), request ?? null],
    );
    return {
      descriptor: this.socket.fd,
      ...(this.#handshake && { handshake: this.#handshake.save() }),
      subscribed,
      ...(sender !== undefined && { sender }),
      incoming: base64(this.#reader.rest),
      outgoing: base64(Buffer.concat([this.socket.unwritten, ...this.#outgoing])),
      calls,
    };
  }

  /** Goes on where another program was. To be called at once on a new connection: nothing was read from it yet. */
  restore({ handshake, subscribed, sender, incoming, outgoing, calls }: SavedConnection): void {
    this.sender = sender;
    if (handshake) this.#handshake?.restore(handshake);
    else {
      this.#expect(undefined);
      this.#handshake = undefined;
      this.subscribed = subscribed;
      this.events.ready(this);
    }
    this.socket.write(Buffer.from(outgoing, "base64"));
    for (const [bytes, request] of calls) this.#guard(() => this.#resume(bytes, request ?? undefined));
    this.#reader.push(Buffer.from(incoming, "base64"));
    this.#account();
    if (!handshake) this.#schedule();
  }

  #resume(bytes: string, request: number | undefined): void {
    const { message: limit, variants } = this.#limits;
    const reader = new MessageReader(limit, variants, this.options.headers);
    reader.push(Buffer.from(bytes, "base64"));
    const message = reader.receive();
    if (message) this.#begin(message, request);
  }

  /** Bytes that wait for the client to read. */
  get #backlog(): number {
    return this.#outgoingLength + this.socket.waiting;
  }

  #account(): void {
    if (!this.socket.closed) this.#keep(this.#reader.available + this.#callBytes + this.#backlog);
  }

  #keep(bytes: number): void {
    const change = bytes - this.kept;
    this.kept = bytes;
    if (change !== 0) this.events.kept(this, change);
  }

  /** Sets the deadline, so many ms from now, unless there is one; undefined takes it away. */
  #expect(time: number | undefined, onOver = () => {}): void {
    if (time !== undefined) this.#deadline ??= new PatientTimer(time, onOver);
    else {
      this.#deadline?.cancel();
      this.#deadline = undefined;
    }
  }

  /** Once all that follows from what has happened is done: answers come by promises, signals at once. */
  #flushLater(): void {
    if (this.options.queue) this.options.queue.add(() => this.#flush());
    else queueMicrotask(() => process.nextTick(() => this.#flush()));
  }

  /** Sends what waits; while the kernel takes no more, it waits here, where whole messages can be dropped. */
  #flush(): void {
    if (this.#outgoing.length === 0 || this.socket.waiting > 0) return;
    const bytes = this.#outgoing.length === 1 ? this.#outgoing[0]! : Buffer.concat(this.#outgoing);
    this.#outgoing = [];
    this.#outgoingLength = 0;
    if (this.socket.closed) return;
    this.socket.write(bytes);
    this.#account();
    this.#goOn();
  }

  #receive(chunk: Buffer): void {
    if (this.ending) return;
    if (!this.#handshake) return this.#takeIn(chunk);
    const { answer, rest } = this.#handshake.push(chunk);
    if (answer !== "") this.send(Buffer.from(answer, "latin1"));
    if (rest === undefined) return;
    this.#expect(undefined);
    this.#handshake = undefined;
    this.subscribed = true;
    this.events.ready(this);
    this.#takeIn(rest);
  }

  #takeIn(bytes: Buffer): void {
    this.events.received(bytes.length);
    this.#reader.push(bytes);
    if (!this.options.queue) return this.#pump();
    this.#account();
    if (this.#reader.available > this.#limits.message) this.socket.pause();
    this.#schedule();
  }

  /** Takes calls, and sends what is answered at once. */
  #pump(): void {
    this.#pumping = true;
    try {
      this.#take();
    } finally {
      this.#pumping = false;
      this.#flush();
      this.#account();
    }
  }

  /** Takes calls while the client has room for the answers. */
  #take(): void {
    const { backlog, calls, messageTime, backlogTime } = this.#limits;
    if (this.#holding) {
      if (this.#reader.available > MAX_HELD) this.socket.pause();
      return;
    }
    for (let turn = 0; !this.socket.closed && !this.ending; turn++) {
      if (this.#calls.size >= calls || this.#backlog > backlog) {
        this.socket.pause();
        return this.#expect(backlogTime, () => this.drop(UNREAD));
      }
      if (turn === (this.options.queue ? 1 : CALLS_A_TURN) && this.#reader.available > 0) {
        if (!this.options.queue) this.socket.pause();
        return this.#schedule();
      }
      const message = this.#reader.receive();
      if (!message) break;
      this.#expect(undefined);
      if (message.header.type !== METHOD_CALL) continue;
      if (this.#begin(message)) return;
    }
    // A deadline would keep what it has sent until then.
    if (this.socket.closed || this.ending) return;
    this.#expect(this.#reader.available > 0 ? messageTime : undefined, () => this.drop(LATE));
    if (this.socket.paused) this.socket.resume();
  }

  /** Does a call. Returns true when those behind it have to wait. */
  #begin(message: ReceivedMessage, request?: number): boolean {
    this.#calls.set(message, request);
    this.#callBytes += message.bytes.length;
    const done = this.events.call(this, message, request);
    if (done) this.#holdUntil(done);
    return done !== undefined;
  }

  #holdUntil(done: Promise<void>): void {
    this.#holding = true;
    void done.catch((error) => this.#fail(error)).then(() => {
      this.#holding = false;
      this.#schedule();
    });
  }

  #goOn(): void {
    if (this.socket.paused && !this.ending) this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const pump = () => {
      this.#scheduled = false;
      this.#guard(() => this.#pump());
    };
    if (this.options.queue) this.options.queue.add(pump);
    else setImmediate(pump);
  }

  /** No client's bytes may do more harm than to end its own connection. */
  #guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Closes the connection: the client has broken the protocol, or we are at fault. */
  #fail(error: unknown): void {
    if (!(error instanceof ProtocolError)) this.events.fault(error);
    this.close();
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
