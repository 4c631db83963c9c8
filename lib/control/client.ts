/** The client of the control protocol: one connection, calls, replies. It speaks to genuine Upstart as well. */

import { Buffer } from "node:buffer";
import process from "node:process";
import { EAGAIN, errnoMessage, SystemError } from "../sys/errno.ts";
import { encodeCall, readAnswer } from "./call.ts";
import { type Channel, type ChannelUser, type Connector, waitingConnector } from "./channel.ts";
import { clientHello } from "./handshake.ts";
import {
  ERROR,
  type Message,
  MessageReader,
  METHOD_CALL,
  METHOD_RETURN,
  NO_REPLY_EXPECTED,
} from "./message.ts";
import { ERROR_PREFIX, MANAGER_PATH, PROPERTIES, ROUSE_INTERFACE, socketPath } from "./names.ts";

/** The largest reply taken, in bytes: D-Bus's own limit. */
const LARGEST_REPLY = 128 << 20;

/** How long to try to connect while init's queue is full, in milliseconds. */
const LONGEST_CONNECT = 10_000;

/** What calls over a connection are told that this side has ended. */
const CLOSED = "The connection is closed";

/** An error that the service answered. */
export class CallError extends Error {
  /** `name` is D-Bus's name of the error. */
  constructor(override readonly name: string, message: string) {
    super(message);
  }

  /** True for one of Upstart's own errors, e.g. `UnknownJob`. */
  is(errorName: string): boolean {
    return this.name === ERROR_PREFIX + errorName;
  }

  /** True when the object that was called is not there, or no longer. */
  get isUnknownMethod(): boolean {
    return this.name === "org.freedesktop.DBus.Error.UnknownMethod";
  }
}

interface Pending {
  resolve(values: unknown[]): void;
  reject(error: Error): void;
}

/**
 * Connects to an address such as `unix:abstract=/com/ubuntu/upstart`. With `destination` that is a message
 * bus, and calls go to the service of that name. While an answer is awaited, the program does nothing else.
 * Rejects with an Error that says why there is no connection.
 */
export async function connect(address: string, destination?: string): Promise<Client> {
  const client = new Client(await connector(socketPath(address)), destination);
  if (destination !== undefined) {
    await client.call("/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello");
  }
  return client;
}

async function connector(path: string): Promise<Connector> {
  const deadline = Date.now() + LONGEST_CONNECT;
  for (;;) {
    try {
      return waitingConnector(path);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (error.errno !== EAGAIN || Date.now() > deadline) {
        const reason = errnoMessage(error.errno);
        throw new Error(`Failed to connect to socket ${path.replace("\0", "")}: ${reason}`);
      }
      // So many clients come at once that the kernel's queue is full.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** A connection to an init. */
export class Client implements ChannelUser {
  readonly #channel: Channel;
  #reader = new MessageReader(LARGEST_REPLY, readAnswer);
  #pending = new Map<number, Pending>();
  #serial = 0;
  #greeting: string | undefined = "";
  #failure: Error | undefined;
  #closed = false;

  constructor(connector: Connector, private readonly destination?: string) {
    this.#channel = connector(this);
    const hello = clientHello(process.geteuid?.() ?? 0);
    const bytes = Buffer.alloc(hello.length);
    bytes.write(hello, "latin1");
    this.#channel.send(bytes);
  }

  /** True while a call has not been answered. */
  get waits(): boolean {
    return this.#pending.size > 0;
  }

  /**
   * Calls a method with values of the types of the signature; resolves with the values of the reply.
   * Rejects with {@link CallError} when the answer is an error, with another Error when there is none.
   * Calls need not wait for each other; they are answered in any order.
   */
  async call(
    path: string,
    of: string,
    member: string,
    signature = "",
    body: unknown[] = [],
  ): Promise<unknown[]> {
    if (this.#failure) throw this.#failure;
    if (this.#closed) throw new Error(CLOSED);
    const { promise, ...pending } = Promise.withResolvers<unknown[]>();
    const serial = this.#send({ path, interface: of, member, signature, body, flags: 0 });
    this.#pending.set(serial, pending);
    return await promise;
  }

  /**
   * Spares both sides the signals that tell all clients of changes: for those that cause many. Nobody answers;
   * buses and genuine Upstart do not know of it.
   */
  silence(): void {
    if (this.destination === undefined) this.tell(MANAGER_PATH, ROUSE_INTERFACE, "Silence");
  }

  /** Calls a method without arguments whose answer is of no interest. */
  tell(path: string, of: string, member: string): void {
    this.#send({ path, interface: of, member, signature: "", body: [], flags: NO_REPLY_EXPECTED });
  }

  /** The value of a property. Rejects as {@link call} does. */
  async get(path: string, of: string, property: string): Promise<unknown> {
    return (await this.call(path, PROPERTIES, "Get", "ss", [of, property]))[0];
  }

  /** Sets a property of type `s`. Rejects as {@link call} does. */
  async set(path: string, of: string, property: string, value: string): Promise<void> {
    await this.call(path, PROPERTIES, "Set", "ssv", [of, property, ["s", value]]);
  }

  /** All properties of an interface. Rejects as {@link call} does. */
  async getAll(path: string, of: string): Promise<Record<string, unknown>> {
    return (await this.call(path, PROPERTIES, "GetAll", "s", [of]))[0] as Record<string, unknown>;
  }

  /** Ends the connection; calls without an answer are rejected, as are those to come. */
  close(): void {
    // To make an error takes longer than to close a connection, so there is one only for those who get it.
    this.#closed = true;
    if (this.waits) this.lost(new Error(CLOSED));
    else this.#channel.close();
  }

  #send(message: Omit<Message, "type" | "serial">): number {
    const serial = ++this.#serial;
    const { signature, ...rest } = message;
    const whole: Message = { ...rest, type: METHOD_CALL, serial };
    if (signature) whole.signature = signature;
    if (this.destination !== undefined) {
      whole.destination = message.path === "/org/freedesktop/DBus"
        ? "org.freedesktop.DBus"
        : this.destination;
    }
    this.#channel.send(encodeCall(whole));
    return serial;
  }

  /** Takes bytes from the channel. */
  receive(chunk: Buffer): void {
    try {
      const rest = this.#greeting === undefined ? chunk : this.#authenticate(chunk);
      if (rest === undefined) return;
      this.#reader.push(rest);
      for (let message; (message = this.#reader.next());) this.#settle(message);
    } catch (error) {
      this.lost(error as Error);
    }
  }

  /** Reads the one line that the server answers; gives what follows it. */
  #authenticate(chunk: Buffer): Buffer | undefined {
    this.#greeting += chunk.toString("latin1");
    const end = this.#greeting!.indexOf("\r\n");
    if (end < 0) return undefined;
    const line = this.#greeting!.slice(0, end);
    if (!line.startsWith("OK ")) throw new Error("Authentication was refused");
    const behind = this.#greeting!.length - end - 2;
    this.#greeting = undefined;
    return chunk.subarray(chunk.length - behind);
  }

  #settle(message: Message): void {
    const pending = this.#pending.get(message.replySerial ?? 0);
    if (!pending || (message.type !== METHOD_RETURN && message.type !== ERROR)) return;
    this.#pending.delete(message.replySerial!);
    if (message.type === METHOD_RETURN) pending.resolve(message.body);
    else pending.reject(new CallError(message.errorName ?? "", String(message.body[0] ?? message.errorName)));
  }

  /** Ends the connection; who waits for an answer gets the error. */
  lost(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
    this.#channel.close();
  }
}
