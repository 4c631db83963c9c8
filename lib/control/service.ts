/** The control service: listens, lets in who may connect, answers calls, and tells what happens. */

import { Buffer } from "node:buffer";
import { chmodSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { peerCredentials } from "../sys/descriptors.ts";
import { listen, type Server, type ServerSocket } from "../sys/server.ts";
import { Connection, type ConnectionEvents, type ConnectionOptions } from "./connection.ts";
import type { Call } from "./interface.ts";
import { Memory } from "./memory.ts";
import { ERROR, type Message, METHOD_RETURN, NO_REPLY_EXPECTED } from "./message.ts";
import { socketPath } from "./names.ts";
import { dispatch, isPrivileged, type Reply, replyError } from "./objects.ts";
import { BodyEncoder, headerMemory, Template } from "./repetition.ts";
import { signalOf } from "./signals.ts";
import type { Notice, Peer, Supervisor } from "./supervisor.ts";

/** Connections at one time, of init's own user and root, and of all others together. */
const MOST_PRIVILEGED = 512, MOST_OTHERS = 64;

/** How the service is to listen. */
export interface ServiceOptions {
  /** D-Bus addresses: `unix:abstract=NAME`, `unix:path=FILE`. */
  addresses: string[];
  /** Told why an address cannot be listened on; the others still are. When absent, {@link serve} rejects. */
  failed?: (error: Error) => void;
  /** Lets users other than init's own and root connect, to read. */
  othersMayRead: boolean;
  /** Milliseconds that a client has to authenticate; 10,000 when absent. */
  handshakeTime?: number;
  /** Who is at the other end of a connection; the kernel's word when absent. */
  credentials?: (socket: ServerSocket) => Peer;
}

/** A service that listens. */
export interface ControlService {
  /** The addresses that it listens on. */
  readonly addresses: readonly string[];
  /** Stops listening, drops all clients, and removes the socket files. */
  close(): void;
}

/**
 * Listens on all addresses. A socket file that is in the way is replaced.
 * Rejects with an Error when an address is taken or cannot be listened on, unless `failed` is to be told.
 */
export async function serve(supervisor: Supervisor, options: ServiceOptions): Promise<ControlService> {
  const service = new Service(supervisor, options);
  try {
    for (const address of options.addresses) {
      const { failed } = options;
      await (failed ? service.listen(address).catch(failed) : service.listen(address));
    }
  } catch (error) {
    service.close();
    throw error;
  }
  return service;
}

function kernelCredentials(socket: ServerSocket): Peer {
  return peerCredentials(socket.fd);
}

class Service implements ControlService, ConnectionEvents {
  #servers: Server[] = [];
  #files: string[] = [];
  /** Those that there are, with what their calls have at hand. */
  #connections = new Map<Connection, Call>();
  readonly #common: ConnectionOptions;
  /** Replies by their errors' names or their signatures. */
  readonly #replies = new Memory<Template>();
  readonly #bodies = new BodyEncoder();
  /** Signals by what they tell, and for whom. */
  readonly #signals = new Memory<Template>();
  #serial = 0;
  #unobserve: (() => void) | undefined;

  constructor(private readonly supervisor: Supervisor, private readonly options: ServiceOptions) {
    this.#common = {
      guid: Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex"),
      handshakeTime: options.handshakeTime ?? 10_000,
      headers: headerMemory(),
    };
  }

  get addresses(): string[] {
    return this.options.addresses;
  }

  async listen(address: string): Promise<void> {
    const path = socketPath(address);
    const isFile = !path.startsWith("\0");
    if (isFile) {
      mkdirSync(dirname(path), { recursive: true });
      if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) rmSync(path);
    }
    try {
      this.#servers.push(await listen(path, (socket) => this.#connect(socket)));
    } catch (error) {
      const { code, message } = error as Error & { code?: string };
      throw new Error(`Unable to listen on ${address}: ${code ?? message}`);
    }
    if (isFile) {
      this.#files.push(path);
      chmodSync(path, this.options.othersMayRead ? 0o666 : 0o600);
    }
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const connection of this.#connections.keys()) connection.close();
    for (const file of this.#files) rmSync(file, { force: true });
    this.#servers = [];
    this.#files = [];
    this.#observeIfListened();
  }

  #connect(socket: ServerSocket): void {
    try {
      const peer = (this.options.credentials ?? kernelCredentials)(socket);
      const privileged = isPrivileged(peer.uid);
      const alike = Array.from(this.#connections.keys()).filter((one) =>
        isPrivileged(one.peer.uid) === privileged
      );
      const most = privileged ? MOST_PRIVILEGED : this.options.othersMayRead ? MOST_OTHERS : 0;
      if (alike.length >= most) {
        // Who has not even said who it is gives way.
        const silent = alike.find((one) => !one.authenticated);
        if (!silent) return socket.close();
        silent.close();
      }
      const connection = new Connection(socket, peer, this, this.#common);
      this.#connections.set(connection, this.#callOf(connection));
    } catch {
      // Gone before it could be asked who it is.
      socket.close();
    }
  }

  ready(): void {
    this.#observeIfListened();
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
    this.#observeIfListened();
  }

  /** What the calls over a connection have at hand. */
  #callOf(connection: Connection): Call {
    return {
      supervisor: this.supervisor,
      peer: connection.peer,
      firstProcess: process.pid === 1,
      takeForBus: (sender) => connection.sender = sender,
      silence: () => {
        connection.listening = false;
        this.#observeIfListened();
      },
    };
  }

  call(connection: Connection, message: Message): void {
    try {
      const reply = dispatch(message, this.#connections.get(connection)!);
      if (reply instanceof Promise) void this.#answerLater(connection, message, reply);
      else this.#answer(connection, message, METHOD_RETURN, reply);
    } catch (error) {
      this.#refuse(connection, message, error);
    }
  }

  async #answerLater(connection: Connection, call: Message, reply: Promise<Reply>): Promise<void> {
    try {
      this.#answer(connection, call, METHOD_RETURN, await reply);
    } catch (error) {
      this.#refuse(connection, call, error);
    }
  }

  #refuse(connection: Connection, call: Message, error: unknown): void {
    const { errorName, message } = replyError(error);
    // A null character would end the text for the reader, so none can be sent.
    const body = [message.replaceAll("\0", " ")];
    this.#answer(connection, call, ERROR, { signature: "s", body }, errorName);
  }

  /** Sends an answer, unless the caller wants none. Throws when a value cannot be sent. */
  #answer(connection: Connection, call: Message, type: number, reply: Reply, errorName?: string): void {
    if (call.flags & NO_REPLY_EXPECTED) return connection.answer(undefined);
    const { signature, body } = reply;
    const { serial: replySerial } = call;
    const make = () =>
      new Template({
        type,
        flags: NO_REPLY_EXPECTED,
        replySerial,
        signature,
        ...(errorName && { errorName }),
      });
    const template = this.#replies.get(errorName ?? signature, make);
    connection.answer(template.fill(this.#nextSerial(), replySerial, this.#bodies.encode(signature, body)));
  }

  /** Serial numbers are the service's, not the connection's, so that a signal is encoded once for all. */
  #nextSerial(): number {
    return this.#serial = this.#serial % 0xffffffff + 1;
  }

  /** Nothing is watched, and no signal made, while no client listens. */
  #observeIfListened(): void {
    const listened = Array.from(this.#connections.keys()).some((connection) => connection.listening);
    if (listened) this.#unobserve ??= this.supervisor.observe((notice) => this.#tell(notice));
    else {
      this.#unobserve?.();
      this.#unobserve = undefined;
    }
  }

  #tell(notice: Notice): void {
    if (notice.kind === "process-ended") return;
    const what = JSON.stringify(notice);
    // Made once for all who want the same.
    const made = new Map<string | undefined, Uint8Array>();
    for (const connection of this.#connections.keys()) {
      if (!connection.listening) continue;
      const { sender } = connection;
      try {
        if (!made.has(sender)) {
          const make = () => new Template({ ...signalOf(notice), ...(sender && { sender }) });
          const template = this.#signals.get(what + (sender ?? ""), make);
          made.set(sender, template.fill(this.#nextSerial()));
        }
      } catch {
        return; // A value that D-Bus has no place for, such as a null character.
      }
      connection.send(made.get(sender)!);
    }
  }
}
