/** The control service: it listens, admits clients, answers their calls, and sends them signals. */

import { Buffer } from "node:buffer";
import { chmodSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { SystemError } from "../../sys/call/errno.ts";
import { peerCredentials, write } from "../../sys/io/descriptors.ts";
import { fairQueue } from "../../sys/server/fair_queue.ts";
import { closeHurried } from "../../sys/io/hurried.ts";
import { Listener } from "../../sys/server/listener.ts";
import { guardedSocket, type ServerSocket, serverSocket } from "../../sys/server/server.ts";
import { listenUnix } from "../../sys/io/socket.ts";
import { ConnectionLimits } from "./connection_limits.ts";
import { OTHERS_LIMITS, PRIVILEGED_LIMITS } from "./client_limits.ts";
import {
  ClientConnection,
  type ConnectionEvents,
  type ConnectionOptions,
  type SavedConnection,
} from "./connection.ts";
import { DropLog } from "./drop_log.ts";
import { type CallContext, ReplyError } from "../objects/interface.ts";
import { encode, NO_REPLY_EXPECTED } from "../../dbus/message.ts";
import { HeaderCache, type ReceivedMessage } from "../../dbus/message_reader.ts";
import { AnswerEncoder } from "../../dbus/answer_encoder.ts";
import { ProtocolError } from "../../dbus/protocol_error.ts";
import { DBUS_ERROR_PREFIX, socketPath } from "../names.ts";
import { dispatch, isRead, type MethodReply, replyError, requestReply } from "../objects/object_tree.ts";
import { isPrivileged } from "../privilege.ts";
import { droppedSignal, isSignalled, signalFor, SIGNALLED } from "../objects/signals.ts";
import type { Peer, Supervisor } from "../supervisor.ts";
import type { Notice } from "../../model/requests.ts";
import { isFault } from "../../sys/call/fault.ts";

/** How the service is to listen. */
export interface ServiceOptions {
  /** A D-Bus address: `unix:abstract=NAME`, `unix:path=FILE`. */
  address: string;
  /** Lets users other than init's own and root connect, to read. */
  othersMayRead: boolean;
  /** Milliseconds that a client has to authenticate; 10,000 when absent. */
  handshakeTime?: number;
  /** Milliseconds that a message may take to arrive; as client_limits.ts says when absent. */
  messageTime?: number;
  /** Who is at the other end of a connection; the kernel's word when absent. */
  credentials?: (descriptor: number) => Peer;
}

/** What is saved of a {@link ControlService}. */
export interface SavedService {
  /** The socket that listens. */
  listener: number;
  connections: SavedConnection[];
}

/** A service that listens. */
export interface ControlService {
  /** Its state, with which another program of this process goes on. */
  save(): SavedService;
  /** Stops listening, drops all clients, and removes the socket's file. */
  close(): void;
}

/**
 * Listens on an address. A socket file that is in the way is replaced.
 *
 * @param saved The service that it goes on from: its socket listens already.
 * @throws {Error} when the address is taken or cannot be listened on.
 */
export function serve(
  supervisor: Supervisor,
  options: ServiceOptions,
  saved?: SavedService,
): ControlService {
  const service = new Service(supervisor, options);
  try {
    service.listen(saved);
  } catch (error) {
    service.close();
    throw error;
  }
  return service;
}

/** Connections of a kind. */
interface Kind {
  readonly options: ConnectionOptions;
  /** How many bytes are kept for all of them. */
  kept: number;
}

/** What a client is told for which there is no room. */
const NO_ROOM = "Init has as many connections as it takes: try again when others are closed";

/** Why a client is dropped: what it has done, or what others have. */
const REPLACED = "had to make room for others, who have fewer connections or have said something",
  TOO_MUCH = "has sent or not read so much that more is kept for its like than init takes";

/** What a client is told of an exception of our own. The log has the rest. */
const INTERNAL_ERROR = new ReplyError(`${DBUS_ERROR_PREFIX}Failed`, "Internal error");

class Service implements ControlService, ConnectionEvents {
  #listener: Listener | undefined;
  /** The socket's file, if it has one. */
  #file: string | undefined;
  /** All connections, with the surroundings of their calls. */
  #connections = new Map<ClientConnection, CallContext>();
  readonly #connectionLimits: ConnectionLimits;
  readonly #privileged: Kind;
  readonly #others: Kind;
  readonly #answers = new AnswerEncoder();
  readonly #drops = new DropLog((line) => this.supervisor.warn(line));
  #serial = 0;
  /** The number of the last request that a call has made. */
  #requested: number | undefined;
  #unobserve: (() => void) | undefined;

  constructor(private readonly supervisor: Supervisor, private readonly options: ServiceOptions) {
    this.#connectionLimits = new ConnectionLimits(options.othersMayRead);
    const common = {
      guid: Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex"),
      handshakeTime: options.handshakeTime ?? 10_000,
      headers: new HeaderCache(),
    };
    const time = options.messageTime !== undefined && { messageTime: options.messageTime };
    this.#privileged = { kept: 0, options: { ...common, limits: { ...PRIVILEGED_LIMITS, ...time } } };
    this.#others = {
      kept: 0,
      options: { ...common, limits: { ...OTHERS_LIMITS, ...time }, queue: fairQueue() },
    };
  }

  /** @throws {Error} when the address is taken or cannot be listened on. */
  listen(saved?: SavedService): void {
    const { address, othersMayRead } = this.options;
    const path = socketPath(address);
    const isFile = !path.startsWith("\0");
    if (isFile && !saved) {
      mkdirSync(dirname(path), { recursive: true });
      if (lstatSync(path, { throwIfNoEntry: false })?.isSocket()) rmSync(path);
    }
    try {
      this.#listener = new Listener(
        saved?.listener ?? listenUnix(path),
        (fd, scarce) => this.#accept(fd, scarce),
        // Anybody may connect to an abstract name.
        othersMayRead || !isFile ? fairQueue() : undefined,
      );
    } catch (error) {
      if (isFault(error)) throw error;
      const { code, message } = error as Error & { code?: string };
      throw new Error(`Unable to listen on ${address}: ${code ?? message}`);
    }
    if (isFile) {
      this.#file = path;
      if (!saved) chmodSync(path, othersMayRead ? 0o666 : 0o600);
    }
    for (const connection of saved?.connections ?? []) this.#accept(connection.descriptor, false, connection);
  }

  save(): SavedService {
    const connections = Array.from(this.#connections.keys()).filter(({ ending }) => !ending);
    return {
      listener: this.#listener!.descriptor,
      connections: connections.map((connection) => connection.save()),
    };
  }

  close(): void {
    this.#listener?.close();
    for (const connection of this.#connections.keys()) connection.close();
    if (this.#file !== undefined) rmSync(this.#file, { force: true });
    this.#listener = undefined;
    this.#file = undefined;
    this.#observeIfListened();
  }

  /** @param saved The connection that it goes on from. */
  #accept(fd: number, scarce: boolean, saved?: SavedConnection): void {
    let socket: ServerSocket | undefined;
    try {
      const peer = (this.options.credentials ?? peerCredentials)(fd), isTrusted = isPrivileged(peer.uid);
      const decision = this.#connectionLimits.decide({ peer, scarce }, Array.from(this.#connections.keys()));
      if (!decision) return this.#turnAway(fd, isTrusted);
      decision.instead?.drop(REPLACED, 0);
      socket = isTrusted ? serverSocket(fd) : guardedSocket(fd);
      const connection = new ClientConnection(socket, peer, this, this.#kind(peer).options);
      this.#connections.set(connection, this.#callOf(connection));
      if (saved) connection.restore(saved);
    } catch (error) {
      // Else it is gone before it could be asked who it is.
      if (!(error instanceof SystemError)) this.fault(error);
      if (socket) socket.close();
      else closeHurried(fd);
    }
  }

  /** Closes a connection that there is no room for. Whoever may connect is told so, in place of the greeting. */
  #turnAway(fd: number, isTrusted: boolean): void {
    if (this.options.othersMayRead || isTrusted) write(fd, Buffer.from(`ERROR ${NO_ROOM}\r\n`));
    closeHurried(fd);
  }

  #kind({ uid }: Peer): Kind {
    return isPrivileged(uid) ? this.#privileged : this.#others;
  }

  fault(error: unknown): void {
    this.supervisor.fault("a client's connection", error);
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.fault(error);
    }
  }

  received(bytes: number): void {
    this.supervisor.received(bytes);
  }

  /** When too much is kept for clients of a kind, the one that it is most for is dropped. */
  kept({ peer }: ClientConnection, change: number): void {
    const kind = this.#kind(peer);
    kind.kept += change;
    if (kind.kept <= kind.options.limits.kept) return;
    let most: ClientConnection | undefined;
    for (const connection of this.#connections.keys()) {
      if (this.#kind(connection.peer) === kind && connection.kept > (most?.kept ?? 0)) most = connection;
    }
    if (most?.ending) most.close();
    else most?.drop(TOO_MUCH);
  }

  dropped(connection: ClientConnection, reason: string): Uint8Array {
    this.#drops.dropped(connection.peer, reason);
    this.#observeIfListened();
    const { sender } = connection, serial = this.#nextSerial();
    return encode({ ...droppedSignal(reason), serial, ...(sender !== undefined && { sender }) });
  }

  ready(): void {
    this.#observeIfListened();
  }

  closed(connection: ClientConnection): void {
    this.#connections.delete(connection);
    for (const listener of connection.goneListeners) listener();
    this.#observeIfListened();
  }

  /** The surroundings of the calls over a connection. */
  #callOf(connection: ClientConnection): CallContext {
    const { supervisor } = this, { peer } = connection;
    return {
      supervisor,
      peer,
      request: (what) => {
        this.#requested = supervisor.nextRequest;
        return supervisor.request(what, peer);
      },
      firstProcess: process.pid === 1,
      onGone: (listener) => {
        connection.goneListeners.add(listener);
        return () => connection.goneListeners.delete(listener);
      },
      later: (work) => {
        const { queue } = this.#kind(peer).options;
        if (queue) queue.add(() => this.#attempt(work));
        else work();
      },
      setSignalSender: (sender) => connection.sender = sender,
      silence: () => {
        connection.subscribed = false;
        this.#observeIfListened();
      },
    };
  }

  call(connection: ClientConnection, message: ReceivedMessage, request?: number): Promise<void> | undefined {
    if (request !== undefined) return this.#answerTo(connection, message, request);
    const context = this.#connections.get(connection)!;
    const isReady = this.supervisor.loaded() ?? (isRead(message) ? this.supervisor.settled() : undefined);
    if (isReady) return isReady.then(() => this.#do(connection, message, context));
    this.#do(connection, message, context);
    return undefined;
  }

  /** Answers a call whose request was made before: its object may be gone by now. */
  #answerTo(connection: ClientConnection, message: ReceivedMessage, request: number): undefined {
    const answer = Promise.try(() => this.supervisor.answerTo(request));
    void this.#answerLater(connection, message, answer.then((instance) => requestReply(message, instance)));
  }

  /** Does what a call asks for, and answers it, perhaps later. */
  #do(connection: ClientConnection, message: ReceivedMessage, context: CallContext): void {
    try {
      this.#requested = undefined;
      const reply = dispatch(message, context);
      if (reply instanceof Promise) {
        connection.awaits(message, this.#requested);
        void this.#answerLater(connection, message, reply);
      } else this.#answer(connection, message, reply);
    } catch (error) {
      if (error instanceof ProtocolError) throw error;
      this.#refuse(connection, message, error);
    }
  }

  async #answerLater(
    connection: ClientConnection,
    call: ReceivedMessage,
    reply: Promise<MethodReply>,
  ): Promise<void> {
    try {
      this.#answer(connection, call, await reply);
    } catch (error) {
      this.#refuse(connection, call, error);
    }
  }

  #refuse(connection: ClientConnection, call: ReceivedMessage, error: unknown): void {
    const known = replyError(error);
    if (!known) this.supervisor.fault(`the method ${call.header.member}`, error);
    const { errorName, message } = known ?? INTERNAL_ERROR;
    // A null character would end the text for the reader, so none can be sent.
    const body = [message.replaceAll("\0", " ")];
    this.#answer(connection, call, { signature: "s", body }, errorName);
  }

  /** Sends an answer, unless the caller wants none. @throws {TypeError} when a value cannot be sent. */
  #answer(connection: ClientConnection, call: ReceivedMessage, reply: MethodReply, errorName?: string): void {
    const { serial: replySerial, header: { flags } } = call;
    if (flags & NO_REPLY_EXPECTED) return connection.answer(call, undefined);
    const answer = { serial: this.#nextSerial(), replySerial, errorName, ...reply };
    connection.answer(call, this.#answers.encode(answer));
  }

  /** Serial numbers are the service's, not the connection's, so that a signal is encoded once for all. */
  #nextSerial(): number {
    return this.#serial = this.#serial % 0xffffffff + 1;
  }

  /** Nothing is watched, and no signal made, while no client listens. */
  #observeIfListened(): void {
    const listened = Array.from(this.#connections.keys()).some((connection) => connection.subscribed);
    if (listened) this.#unobserve ??= this.supervisor.observe((notice) => this.#tell(notice), SIGNALLED);
    else {
      this.#unobserve?.();
      this.#unobserve = undefined;
    }
  }

  #tell(notice: Notice): void {
    if (!isSignalled(notice)) return;
    // Made once for all who want the same.
    const made = new Map<string, Uint8Array>();
    for (const connection of this.#connections.keys()) {
      if (!connection.subscribed) continue;
      const { sender = "" } = connection, privileged = isPrivileged(connection.peer.uid);
      const key = `${privileged} ${sender}`;
      try {
        if (!made.has(key)) {
          made.set(key, encode({ ...signalFor(privileged, notice), serial: this.#nextSerial(), sender }));
        }
      } catch (error) {
        return this.supervisor.fault(`the signal of ${notice.kind}`, error);
      }
      connection.send(made.get(key)!);
    }
  }
}
