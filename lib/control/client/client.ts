/** The client of the control protocol: one connection, calls, replies. It speaks to genuine Upstart as well. */

import { Buffer } from "node:buffer";
import process from "node:process";
import { EAGAIN, errnoMessage, SystemError } from "../../sys/call/errno.ts";
import { connectUnix } from "../../sys/io/socket.ts";
import { type Channel, type ChannelUser, type Connector, waitingConnector } from "./channel.ts";
import { clientHello } from "../../dbus/handshake.ts";
import { LARGEST_MESSAGE } from "../../dbus/limits.ts";
import {
  encode,
  ERROR,
  type Message,
  METHOD_CALL,
  METHOD_RETURN,
  NO_REPLY_EXPECTED,
  SIGNAL,
} from "../../dbus/message.ts";
import { MessageReader } from "../../dbus/message_reader.ts";
import { ProtocolError } from "../../dbus/protocol_error.ts";
import type { Variant } from "../../dbus/value_writer.ts";
import { ERROR_PREFIX, MANAGER_PATH, PROPERTIES, ROUSE_INTERFACE, socketPath } from "../names.ts";
import { printable } from "../../model/text/printable.ts";
import { verifyServer } from "./server_identity.ts";

/** How long to try to connect while init's queue is full, in milliseconds. */
const LONGEST_CONNECT = 10_000;

/** The error of calls over a connection that this side has closed. */
const CLOSED = "The connection is closed";

/** What is said of bytes that are no D-Bus. */
const UNREADABLE = "Unable to read init's answer, which is no D-Bus";

/** More is not waited for of the line that a server answers first, in bytes. */
const LONGEST_GREETING = 8192;

/** What a connection that ends without a greeting most likely means. */
const REFUSED =
  "Init closed the connection without an answer: it answers none but root and the user it runs as, has too many clients, or is ending";

/** The queue of the socket is full: so many clients connect at once. */
export class BusyError extends Error {}

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
 * While there is no room for one more client, it is tried for `patience` ms.
 *
 * @throws {BusyError} when there still is no room then.
 * @throws {UntrustedError} when somebody listens there who is not to be believed.
 * @throws {Error} when there is no connection for another reason.
 */
export async function connect(
  address: string,
  destination?: string,
  patience = LONGEST_CONNECT,
): Promise<Client> {
  const path = socketPath(address), deadline = patience && Date.now() + patience;
  const socket = await connectSocket(path, deadline);
  // A bus runs as whoever it likes.
  const server = destination === undefined ? await verifyServer(socket, path) : undefined;
  const client = new Client(waitingConnector(socket), destination, server);
  if (destination !== undefined) {
    await client.call("/org/freedesktop/DBus", "org.freedesktop.DBus", "Hello");
  }
  return client;
}

async function connectSocket(path: string, deadline: number): Promise<number> {
  for (;;) {
    try {
      return connectUnix(path);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      const isBusy = error.errno === EAGAIN;
      if (!isBusy || Date.now() > deadline) {
        const message = `Failed to connect to socket ${path.replace("\0", "")}: ${errnoMessage(error.errno)}`;
        throw isBusy ? new BusyError(message) : new Error(message);
      }
      // The kernel's queue is full.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

/** A connection to an init. */
export class Client implements ChannelUser {
  readonly #channel: Channel;
  #reader = new MessageReader(LARGEST_MESSAGE);
  #pending = new Map<number, Pending>();
  #serial = 0;
  #greeting: string | undefined = "";
  #failure: Error | undefined;
  /** Why init says that it drops this client. */
  #dropped: string | undefined;
  #closed = false;

  /** @param server The process that listens, as this process's namespace has it; unknown on a bus */
  constructor(
    connector: Connector,
    private readonly destination?: string,
    readonly server?: number,
  ) {
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
   * Calls need not wait for each other; they are answered in any order.
   *
   * @throws {CallError} when the answer is an error. @throws {Error} when there is no answer.
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

  /**
   * Has a function called, once, when an answer is awaited so many ms from now on. Until then the whole program sleeps while
   * it waits; after that it does not, so that its timers run and it hears signals.
   */
  whenLate(after: number, act: () => void): void {
    this.#channel.whenLate(after, act);
  }

  /**
   * From now on, who waits for an answer gets an {@link UnreadError} when nobody reads any more what is written to a
   * descriptor: for programs that wait without an end.
   */
  endUnread(output: number): void {
    this.#channel.endUnread(output);
  }

  /** Calls a method without arguments whose answer is of no interest. */
  tell(path: string, of: string, member: string): void {
    this.#send({ path, interface: of, member, signature: "", body: [], flags: NO_REPLY_EXPECTED });
  }

  /** The value of a property. @throws as {@link call} does. */
  async get(path: string, of: string, property: string): Promise<unknown> {
    const [variant] = await this.call(path, PROPERTIES, "Get", "ss", [of, property]);
    return (variant as Variant)[1];
  }

  /** Sets a property of type `s`. @throws as {@link call} does. */
  async set(path: string, of: string, property: string, value: string): Promise<void> {
    await this.call(path, PROPERTIES, "Set", "ssv", [of, property, ["s", value]]);
  }

  /** All properties of an interface. @throws as {@link call} does. */
  async getAll(path: string, of: string): Promise<Record<string, unknown>> {
    const [properties] = await this.call(path, PROPERTIES, "GetAll", "s", [of]);
    const values: Record<string, unknown> = {};
    for (const [name, [, value]] of properties as Map<string, Variant>) values[name] = value;
    return values;
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
    const whole: Message = { ...message, type: METHOD_CALL, serial };
    if (this.destination !== undefined) {
      whole.destination = message.path === "/org/freedesktop/DBus"
        ? "org.freedesktop.DBus"
        : this.destination;
    }
    this.#channel.send(encode(whole));
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
      this.lost(
        error instanceof ProtocolError ? new Error(`${UNREADABLE}: ${error.message}`) : error as Error,
      );
    }
  }

  /** Reads the one line that the server answers; gives what follows it. */
  #authenticate(chunk: Buffer): Buffer | undefined {
    this.#greeting += chunk.toString("latin1");
    const end = this.#greeting!.indexOf("\r\n");
    if (end < 0 && this.#greeting!.length > LONGEST_GREETING) {
      throw new Error(`${UNREADABLE}: its first line has no end`);
    }
    if (end < 0) return undefined;
    const line = this.#greeting!.slice(0, end);
    if (line.startsWith("ERROR ")) throw new Error(printable(line.slice("ERROR ".length)));
    if (!line.startsWith("OK ")) throw new Error("Authentication was refused");
    const behind = this.#greeting!.length - end - 2;
    this.#greeting = undefined;
    return chunk.subarray(chunk.length - behind);
  }

  #settle(message: Message): void {
    if (message.type === SIGNAL && message.interface === ROUSE_INTERFACE && message.member === "Dropped") {
      this.#dropped = String(message.body[0]);
    }
    const pending = this.#pending.get(message.replySerial ?? 0);
    if (!pending || (message.type !== METHOD_RETURN && message.type !== ERROR)) return;
    this.#pending.delete(message.replySerial!);
    if (message.type === METHOD_RETURN) pending.resolve(message.body);
    else pending.reject(new CallError(message.errorName ?? "", String(message.body[0] ?? message.errorName)));
  }

  /** Init has closed the connection. Before it has said a word, that is for who asks. */
  ended(): void {
    const isRefused = this.#greeting === "" && this.destination === undefined;
    if (this.#dropped !== undefined) {
      return this.lost(new Error(`Init has dropped this client: it ${printable(this.#dropped)}`));
    }
    this.lost(new Error(isRefused ? REFUSED : "Connection was disconnected before a reply was received"));
  }

  /** Ends the connection; who waits for an answer gets the error. */
  lost(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#pending.values()) reject(this.#failure);
    this.#pending.clear();
    this.#channel.close();
  }
}
