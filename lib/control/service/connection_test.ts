import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { HeaderCache, type ReceivedMessage } from "../../dbus/message_reader.ts";
import { FairQueue } from "../../sys/server/fair_queue.ts";
import type { ServerSocket, ServerSocketEvents } from "../../sys/server/server.ts";
import { call } from "../testing/service.ts";
import { OTHERS_LIMITS, PRIVILEGED_LIMITS } from "./client_limits.ts";
import { ClientConnection } from "./connection.ts";

/** A socket whose bytes the test makes up. */
class FakeSocket implements ServerSocket {
  readonly fd = -1;
  readonly waiting = 0;
  readonly unwritten = new Uint8Array();
  closed = false;
  paused = false;
  events: ServerSocketEvents | undefined;

  start(events: ServerSocketEvents): void {
    this.events = events;
  }

  write(): void {}

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.events!.onClose();
  }
}

Deno.test({
  name: "a client that goes while its bytes wait to be read leaves no deadline behind, which would keep them",
  sanitizeOps: true,
  async fn() {
    const socket = new FakeSocket(), queue = new FairQueue();
    let closed = 0;
    const events = {
      ready() {},
      call: () => assert.fail("nobody waits for an answer"),
      received() {},
      kept() {},
      dropped: () => new Uint8Array(),
      closed: () => void closed++,
      fault: (error: unknown) => assert.fail(String(error)),
    };
    new ClientConnection(socket, { pid: 1, uid: 1000, gid: 1 }, events, {
      guid: "0".repeat(32),
      handshakeTime: 10_000,
      headers: new HeaderCache(),
      limits: OTHERS_LIMITS,
      queue,
    });
    socket.events!.onData(Buffer.from("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n", "latin1"));
    socket.events!.onData(call("Ping").subarray(0, -1));
    socket.close();
    const done = Promise.withResolvers<void>();
    queue.add(done.resolve);
    await done.promise;
    assert.equal(closed, 1);
  },
});

Deno.test("what comes behind a call that waits is left to the kernel, and read on when the call is done", async () => {
  const socket = new FakeSocket(), first = Promise.withResolvers<void>(), all = Promise.withResolvers<void>();
  let calls = 0, count = 0;
  const events = {
    ready() {},
    call() {
      calls++;
      if (calls > 1 && calls === count) all.resolve();
      return calls === 1 ? first.promise : undefined;
    },
    received() {},
    kept() {},
    dropped: () => new Uint8Array(),
    closed() {},
    fault: (error: unknown) => assert.fail(String(error)),
  };
  const connection = new ClientConnection(socket, { pid: 1, uid: 0, gid: 0 }, events, {
    guid: "0".repeat(32),
    handshakeTime: 10_000,
    headers: new HeaderCache(),
    limits: { ...OTHERS_LIMITS, message: 1 << 27, calls: 1 << 20 },
  });
  socket.events!.onData(Buffer.from("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n", "latin1"));
  const message = call("Ping");
  for (let bytes = 0; !socket.paused && bytes < 1 << 20; bytes += message.length) {
    socket.events!.onData(Buffer.from(message));
    count++;
  }
  assert.equal(calls, 1);
  assert(socket.paused);
  first.resolve();
  await all.promise;
  await new Promise((resolve) => setImmediate(resolve));
  assert(!socket.paused);
  connection.close();
});

Deno.test("the bytes of a call count as kept until it is answered", () => {
  const socket = new FakeSocket(), calls: ReceivedMessage[] = [];
  let kept = 0;
  const connection = new ClientConnection(socket, { pid: 1, uid: 0, gid: 0 }, {
    ready() {},
    call(_, message) {
      calls.push(message);
      return undefined;
    },
    received() {},
    kept: (_, change) => kept += change,
    dropped: () => new Uint8Array(),
    closed() {},
    fault: (error: unknown) => assert.fail(String(error)),
  }, { guid: "0".repeat(32), handshakeTime: 10_000, headers: new HeaderCache(), limits: PRIVILEGED_LIMITS });
  socket.events!.onData(Buffer.from("\0AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n", "latin1"));
  const message = call("Ping");
  for (const count of [1, 2]) {
    socket.events!.onData(Buffer.from(message));
    assert.equal(kept, count * message.length);
  }
  for (const [index, one] of calls.entries()) {
    connection.answer(one, undefined);
    assert.equal(kept, (1 - index) * message.length);
  }
  connection.close();
});
