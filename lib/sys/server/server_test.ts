import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { createConnection, type Socket } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { ENOMEM, SystemError } from "../call/errno.ts";
import { peerCredentials } from "../io/descriptors.ts";
import { Epoll } from "../io/epoll.ts";
import { Listener } from "./listener.ts";
import { PolledSocket } from "./polled_socket.ts";
import { guardedSocket, type ServerSocket, serverSocket, type ServerSocketEvents } from "./server.ts";
import { listenUnix } from "../io/socket.ts";
import { TemporaryDirectory } from "../testing/directory.ts";

/** More than the kernel takes for a client that does not read, in bytes. */
const MUCH = 4 << 20;

/** A name of its own for each. */
let count = 0;
const abstractName = () => `\0rouse-test-${process.pid}-${++count}`;

/** The kinds of connections. */
const KINDS = { "trusted": serverSocket, "guarded": guardedSocket };
type Kind = (fd: number) => ServerSocket;

/** A server with one client, until the function has ended. */
async function withClient(
  kind: Kind,
  path: string,
  test: (socket: ServerSocket, client: Socket) => Promise<void>,
): Promise<void> {
  const connected = Promise.withResolvers<ServerSocket>();
  const server = new Listener(listenUnix(path), (fd) => connected.resolve(kind(fd)));
  const client = createConnection({ path, allowHalfOpen: true });
  try {
    const [socket] = await Promise.all([connected.promise, once(client, "connect")]);
    await test(socket, client);
  } finally {
    client.destroy();
    server.close();
  }
}

/** Events of which none is expected but those that are given. */
function events(expected: Partial<ServerSocketEvents>): ServerSocketEvents {
  const unexpected = (what: string) => () => assert.fail(`unexpected ${what}`);
  return {
    onData: unexpected("data"),
    onDrain: unexpected("drain"),
    onClose: unexpected("end"),
    ...expected,
  };
}

/** All that a client gets until the end. */
async function readAll(client: Socket): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of client) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

/** Bytes that tell where they belong. */
function numbered(length: number): Buffer {
  return Buffer.from(new Uint32Array(length / 4).map((_, index) => index).buffer);
}

/** What a connection is given until it is closed. */
function received(socket: ServerSocket): Promise<string> {
  let text = "";
  return new Promise((resolve) => {
    socket.start(
      events({
        onData: (bytes) => text += bytes.toString("latin1"),
        onDrain() {},
        onClose: () => resolve(text),
      }),
    );
  });
}

/** Tests all kinds of connections. */
function test(name: string, body: (kind: Kind) => Promise<void>): void {
  for (const [which, kind] of Object.entries(KINDS)) Deno.test(`${name}: ${which}`, () => body(kind));
}

Deno.test("a name that is taken is refused with the error's code", () => {
  const path = abstractName();
  const server = new Listener(listenUnix(path), () => {});
  assert.throws(() => listenUnix(path), { code: "EADDRINUSE" });
  server.close();
});

test("a file and an abstract name are listened on, and the kernel knows the client", async (kind) => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  for (const path of [join(directory, "socket"), abstractName()]) {
    await withClient(kind, path, async (socket, client) => {
      const { pid, uid } = peerCredentials(socket.fd);
      assert.deepEqual([pid, uid], [process.pid, process.getuid!()]);
      socket.start(events({ onData: (bytes) => socket.write(bytes), onClose() {} }));
      client.write("hello");
      const [answer] = await once(client, "data");
      assert.equal(String(answer), "hello");
    });
  }
});

test("what the kernel does not take waits, in order, until the client reads", async (kind) => {
  await withClient(kind, abstractName(), async (socket, client) => {
    const drained = Promise.withResolvers<void>();
    socket.start(events({ onDrain: drained.resolve, onClose() {} }));
    const bytes = numbered(MUCH);
    socket.write(bytes.subarray(0, 10));
    socket.write(bytes.subarray(10, MUCH - 10));
    socket.write(bytes.subarray(MUCH - 10));
    assert(socket.waiting > 0);
    const all = readAll(client);
    await drained.promise;
    assert.equal(socket.waiting, 0);
    socket.close();
    assert(bytes.equals(await all));
  });
});

test("a client that writes no more still gets what is waiting", async (kind) => {
  await withClient(kind, abstractName(), async (socket, client) => {
    const closed = received(socket);
    const bytes = numbered(MUCH);
    socket.write(bytes);
    client.end("last words");
    assert(bytes.equals(await readAll(client)));
    assert.equal(await closed, "last words");
    assert.equal(socket.closed, true);
  });
});

test("a connection that is paused takes no data until it is resumed", async (kind) => {
  await withClient(kind, abstractName(), async (socket, client) => {
    const closed = received(socket);
    socket.pause();
    assert.equal(socket.paused, true);
    client.end("some words");
    let isClosed = false;
    void closed.then(() => isClosed = true);
    // Another connection's data, sent later, is there.
    await withClient(kind, abstractName(), async (other, otherClient) => {
      const otherClosed = received(other);
      otherClient.end();
      await otherClosed;
    });
    assert.equal(isClosed, false);
    socket.resume();
    assert.equal(socket.paused, false);
    assert.equal(await closed, "some words");
  });
});

test("a connection that is closed is dropped, and takes nothing more", async (kind) => {
  await withClient(kind, abstractName(), async (socket, client) => {
    let closes = 0;
    const closed = new Promise<void>((resolve) => {
      socket.start(events({
        onClose() {
          closes++;
          resolve();
        },
      }));
    });
    client.resume();
    const ended = once(client, "end");
    socket.close();
    socket.close();
    socket.write(Buffer.from("too late"));
    socket.pause();
    socket.resume();
    assert.equal(socket.closed, true);
    await closed;
    await ended;
    assert.equal(closes, 1);
    assert.equal(socket.waiting, 0);
  });
});

test("a client that goes is told of, however much it leaves unread, by a paused connection too", async (kind) => {
  for (const paused of [false, true]) {
    await withClient(kind, abstractName(), async (socket, client) => {
      const closed = received(socket);
      socket.write(numbered(MUCH));
      if (paused) socket.pause();
      if (client.connecting) await once(client, "connect");
      client.destroy();
      await closed;
      assert.equal(socket.closed, true);
      assert.equal(socket.waiting, 0);
    });
  }
});

Deno.test("a connection that the kernel does not watch is closed, and whoever has made it is told later", async () => {
  await withClient((fd) => new PolledSocket(fd), abstractName(), async (socket, client) => {
    const { add } = Epoll.prototype, closed = Promise.withResolvers<void>();
    let isTold = false;
    Epoll.prototype.add = () => {
      throw new SystemError("watch a descriptor", ENOMEM);
    };
    try {
      socket.start(events({
        onClose() {
          isTold = true;
          closed.resolve();
        },
      }));
    } finally {
      Epoll.prototype.add = add;
    }
    assert(!isTold);
    await closed.promise;
    assert.equal((await readAll(client)).length, 0);
  });
});
