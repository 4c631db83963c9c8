/** A control service over a supervisor that is made up, and clients of it, for tests. */

import assert from "node:assert/strict";
import type { Buffer } from "node:buffer";
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import process from "node:process";
import { CallError, type Client } from "../client/client.ts";
import { FakeSupervisor } from "./fake_supervisor.ts";
import { clientHello } from "../../dbus/handshake.ts";
import { encode, type Message, METHOD_CALL } from "../../dbus/message.ts";
import { MessageReader } from "../../dbus/message_reader.ts";
import { MANAGER_PATH, PEER, socketPath } from "../names.ts";
import { serve, type ServiceOptions } from "../service/service.ts";
import { connectBeside as connect } from "./socket_client.ts";

/** The user that runs the tests: init's own. */
export const UID = process.getuid!();

/** An address that nobody else has: other tests run beside this one, in the same process. */
function newAddress(): string {
  return `unix:abstract=/rouse-test/${crypto.randomUUID()}`;
}

/** Runs a test with a service of its own, two jobs and a client. */
export async function withService(
  test: (init: FakeSupervisor, address: string, client: Client) => Promise<void>,
  options: Partial<ServiceOptions> = {},
): Promise<void> {
  const init = new FakeSupervisor();
  init.add("web", { description: "the web", usage: "start web" }, [""]);
  init.add("many-x", { instance: "$N", usage: "many N=…" }, ["a/b"]);
  const address = newAddress();
  const service = serve(init, { address, othersMayRead: false, ...options });
  const client = await connect(address);
  try {
    // It hears signals until it has said that it wants none: a test looks at listeners of its own.
    await client.call(MANAGER_PATH, PEER, "Ping");
    await test(init, address, client);
  } finally {
    client.close();
    service.close();
  }
}

/** Runs a test with a service for which every client is another user; the last one that connected has the last number. */
export async function withOthers(
  test: (init: FakeSupervisor, address: string, users: number[]) => Promise<void>,
  options: Partial<ServiceOptions> = {},
): Promise<void> {
  const users: number[] = [];
  const credentials = () => ({ pid: 1, uid: UID + (users.shift() ?? 1000), gid: 1 });
  const init = new FakeSupervisor();
  init.add("web", {}, [""]);
  const address = newAddress();
  const service = serve(init, { address, othersMayRead: true, credentials, ...options });
  try {
    await test(init, address, users);
  } finally {
    service.close();
  }
}

/** A connection that writes what it likes. */
export async function raw(address: string): Promise<Socket> {
  const socket = createConnection(socketPath(address));
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

/** A client that has been let in. */
export async function greeted(address: string, uid = UID): Promise<Socket> {
  const socket = await raw(address);
  socket.write(clientHello(uid), "latin1");
  await once(socket, "data");
  return socket;
}

/** Another user's client that has been let in. */
export function otherGreeted(address: string): Promise<Socket> {
  return greeted(address, UID + 1000);
}

/** A client that gets signals, the only one, and has read nothing yet. */
export async function listener(init: FakeSupervisor, address: string): Promise<Socket> {
  const socket = await raw(address);
  const observed = new Promise<void>((resolve) => init.listenersChanged = resolve);
  socket.write(clientHello(UID), "latin1");
  await observed;
  return socket;
}

/** The error that a call is answered with. */
export async function failure(promise: Promise<unknown>): Promise<[name: string, message: string]> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof CallError, String(error));
    return [error.name, error.message];
  }
  throw new Error("it did not fail");
}

/** Settles when a connection is closed, in whatever way. What comes before is passed over, unless it is read already. */
export function closingOf(socket: Socket): Promise<void> {
  socket.resume();
  return new Promise((resolve) => socket.once("close", () => resolve()));
}

/** A call to init, as a message's bytes. */
export function call(member: string, fields: Partial<Message> = {}): Buffer {
  const message = {
    type: METHOD_CALL,
    flags: 0,
    serial: 1,
    path: MANAGER_PATH,
    interface: PEER,
    member,
    body: [],
  };
  return encode({ ...message, ...fields });
}

/** Resolves with the next message of a kind that a raw client gets behind the answer to its greeting. */
export async function nextMessage(socket: Socket, type: number): Promise<Message> {
  const reader = new MessageReader(1 << 20);
  let greeted = false;
  for await (const chunk of socket.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    const start = greeted ? 0 : chunk.indexOf("\r\n") + 2;
    greeted = true;
    reader.push(chunk.subarray(start));
    for (let message; (message = reader.next());) if (message.type === type) return message;
  }
  throw new Error("the connection ended");
}

/** The messages that a client gets in the next piece that it reads. */
export async function nextPiece(socket: Socket): Promise<Message[]> {
  const [chunk] = await once(socket, "data");
  const reader = new MessageReader(1 << 20);
  reader.push(chunk);
  const messages: Message[] = [];
  for (let message; (message = reader.next());) messages.push(message);
  return messages;
}
