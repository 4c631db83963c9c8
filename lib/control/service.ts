/** The control service: listens, lets in who may connect, answers calls, and tells what happens. */

import { Buffer } from "node:buffer";
import { chmodSync, lstatSync, mkdirSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import process from "node:process";
import { peerCredentials } from "../sys/descriptors.ts";
import { Connection, type ConnectionEvents } from "./connection.ts";
import type { Call } from "./interface.ts";
import { signature } from "./interface.ts";
import { INSTANCE, JOB } from "./job.ts";
import { MANAGER } from "./manager.ts";
import { encode, ERROR, type Message, METHOD_RETURN, NO_REPLY_EXPECTED, SIGNAL } from "./message.ts";
import { instancePath, jobPath, MANAGER_PATH, socketPath } from "./names.ts";
import { dispatch, isPrivileged, type Reply, replyError } from "./objects.ts";
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
  credentials?: (socket: Socket) => Peer;
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

function kernelCredentials(socket: Socket): Peer {
  // The one way to the descriptor that there is in both runtimes.
  const { _handle } = socket as unknown as { _handle: { fd: number } };
  return peerCredentials(_handle.fd);
}

class Service implements ControlService, ConnectionEvents {
  #servers: Server[] = [];
  #files: string[] = [];
  #connections = new Set<Connection>();
  #guid = Buffer.from(crypto.getRandomValues(new Uint8Array(16))).toString("hex");
  #serial = 0;
  #unobserve: (() => void) | undefined;

  constructor(private readonly supervisor: Supervisor, private readonly options: ServiceOptions) {}

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
    const server = createServer((socket) => this.#connect(socket));
    this.#servers.push(server);
    await new Promise<void>((resolve, reject) => {
      server.once(
        "error",
        (error) =>
          reject(
            new Error(
              `Unable to listen on ${address}: ${(error as { code?: string }).code ?? error.message}`,
            ),
          ),
      );
      server.listen(path, resolve);
    });
    // Such as EMFILE at accept(2): that client waits, init goes on.
    server.on("error", () => {});
    if (isFile) {
      this.#files.push(path);
      chmodSync(path, this.options.othersMayRead ? 0o666 : 0o600);
    }
  }

  close(): void {
    for (const server of this.#servers) server.close();
    for (const connection of this.#connections) connection.close();
    for (const file of this.#files) rmSync(file, { force: true });
    this.#servers = [];
    this.#files = [];
    this.#observeIfListened();
  }

  #connect(socket: Socket): void {
    socket.on("error", () => socket.destroy());
    try {
      const peer = (this.options.credentials ?? kernelCredentials)(socket);
      const privileged = isPrivileged(peer.uid);
      const alike = Array.from(this.#connections).filter((one) => isPrivileged(one.peer.uid) === privileged);
      const most = privileged ? MOST_PRIVILEGED : this.options.othersMayRead ? MOST_OTHERS : 0;
      if (alike.length >= most) {
        // Who has not even said who it is gives way.
        const silent = alike.find((one) => !one.authenticated);
        if (!silent) return void socket.destroy();
        silent.close();
      }
      const handshakeTime = this.options.handshakeTime ?? 10_000;
      this.#connections.add(new Connection(socket, peer, this.#guid, handshakeTime, this));
    } catch {
      // Gone before it could be asked who it is.
      socket.destroy();
    }
  }

  ready(): void {
    this.#observeIfListened();
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection);
    this.#observeIfListened();
  }

  call(connection: Connection, message: Message): void {
    const call: Call = {
      supervisor: this.supervisor,
      peer: connection.peer,
      firstProcess: process.pid === 1,
      takeForBus: (sender) => connection.sender = sender,
      silence: () => {
        connection.listening = false;
        this.#observeIfListened();
      },
    };
    const done = (reply: Reply) => connection.answer(this.#reply(message, METHOD_RETURN, reply));
    const failed = (error: unknown) => {
      const { errorName, message: text } = replyError(error);
      // A null character would end the text for the reader, so none can be sent.
      const body = [text.replaceAll("\0", " ")];
      connection.answer(this.#reply(message, ERROR, { signature: "s", body }, errorName));
    };
    try {
      const reply = dispatch(message, call);
      if (reply instanceof Promise) reply.then(done).catch(failed);
      else done(reply);
    } catch (error) {
      failed(error);
    }
  }

  /** The bytes of a reply, or undefined when the caller wants none. Throws when a value cannot be sent. */
  #reply(call: Message, type: number, reply: Reply, errorName?: string): Uint8Array | undefined {
    if (call.flags & NO_REPLY_EXPECTED) return undefined;
    const message: Message = { type, flags: NO_REPLY_EXPECTED, serial: this.#nextSerial(), body: reply.body };
    if (reply.signature !== "") message.signature = reply.signature;
    if (errorName) message.errorName = errorName;
    message.replySerial = call.serial;
    return encode(message);
  }

  /** Serial numbers are the service's, not the connection's, so that a signal is encoded once for all. */
  #nextSerial(): number {
    return this.#serial = this.#serial % 0xffffffff + 1;
  }

  /** Nothing is watched, and no signal made, while no client listens. */
  #observeIfListened(): void {
    const listened = Array.from(this.#connections).some((connection) => connection.listening);
    if (listened) this.#unobserve ??= this.supervisor.observe((notice) => this.#tell(notice));
    else {
      this.#unobserve?.();
      this.#unobserve = undefined;
    }
  }

  #tell(notice: Notice): void {
    const signal = signalOf(notice);
    if (!signal) return;
    const { path, member, body, of } = signal;
    const types = signature(of.signals[member]);
    const message: Message = {
      type: SIGNAL,
      flags: NO_REPLY_EXPECTED,
      serial: this.#nextSerial(),
      path,
      interface: of.name,
      member,
      body,
    };
    if (types !== "") message.signature = types;
    // Encoded once for all who want the same.
    const encoded = new Map<string | undefined, Uint8Array>();
    for (const connection of this.#connections) {
      if (!connection.listening) continue;
      const { sender } = connection;
      try {
        if (!encoded.has(sender)) {
          encoded.set(sender, encode(sender === undefined ? message : { ...message, sender }));
        }
      } catch {
        return; // A value that D-Bus has no place for, such as a null character.
      }
      connection.send(encoded.get(sender)!);
    }
  }
}

interface Signal {
  path: string;
  of: { name: string; signals: Record<string, string> };
  member: string;
  body: unknown[];
}

/** The signal that tells of something: whose, of which interface, and its values. Undefined where there is none. */
function signalOf(notice: Notice): Signal | undefined {
  switch (notice.kind) {
    case "job-added":
    case "job-removed": {
      const member = notice.kind === "job-added" ? "JobAdded" : "JobRemoved";
      return { path: MANAGER_PATH, of: MANAGER, member, body: [jobPath(notice.job)] };
    }
    case "instance-added":
    case "instance-removed": {
      const member = notice.kind === "instance-added" ? "InstanceAdded" : "InstanceRemoved";
      return {
        path: jobPath(notice.job),
        of: JOB,
        member,
        body: [instancePath(notice.job, notice.instance)],
      };
    }
    case "goal-changed":
      return { path: pathOf(notice), of: INSTANCE, member: "GoalChanged", body: [notice.goal] };
    case "state-changed":
      return { path: pathOf(notice), of: INSTANCE, member: "StateChanged", body: [notice.state] };
    case "failed":
      return { path: pathOf(notice), of: INSTANCE, member: "Failed", body: [notice.status ?? -1] };
    case "event-emitted":
      return {
        path: MANAGER_PATH,
        of: MANAGER,
        member: "EventEmitted",
        body: [notice.event, notice.environment],
      };
    case "restarted":
      return { path: MANAGER_PATH, of: MANAGER, member: "Restarted", body: [] };
    case "process-ended":
      return undefined;
  }
}

function pathOf({ job, instance }: { job: string; instance: string }): string {
  return instancePath(job, instance);
}
