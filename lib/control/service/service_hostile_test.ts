/** Clients that send garbage, say nothing, do not read, or go in the middle. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import type { Socket } from "node:net";
import process from "node:process";
import fc from "fast-check";
import { clientHello } from "../../dbus/handshake.ts";
import type { Message } from "../../dbus/message.ts";
import { MessageReader } from "../../dbus/message_reader.ts";
import { MANAGER_INTERFACE, MANAGER_PATH, PEER, ROUSE_INTERFACE } from "../names.ts";
import { connectBeside as connect } from "../testing/socket_client.ts";
import { call, closingOf, listener, raw, UID, withService } from "../testing/service.ts";

Deno.test("garbage, half messages and silence harm nobody else", () =>
  withService(async (_, address, client) => {
    await fc.assert(
      fc.asyncProperty(fc.boolean(), fc.uint8Array({ maxLength: 400 }), async (greets, bytes) => {
        const socket = await raw(address);
        if (greets) socket.write(clientHello(UID), "latin1");
        socket.write(bytes);
        socket.destroy();
        await client.call(MANAGER_PATH, PEER, "Ping");
      }),
      { numRuns: 60 },
    );
    const good = call("EmitEvent", {
      interface: MANAGER_INTERFACE,
      signature: "sasb",
      body: ["e", ["A=1"], true],
    });
    const change = fc.tuple(fc.nat(good.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 5 }), fc.nat(good.length), async (changes, length) => {
        const socket = await raw(address);
        const bytes = Buffer.from(good);
        for (const [at, value] of changes) bytes[at] = value;
        socket.write(clientHello(UID), "latin1");
        socket.end(bytes.subarray(0, length));
        socket.resume();
        await client.call(MANAGER_PATH, PEER, "Ping");
        socket.destroy();
      }),
      { numRuns: 60 },
    );
  }));

Deno.test("a client that does not say who it is is dropped when its time is up", () =>
  withService(async (_, address, client) => {
    const socket = await raw(address);
    socket.write("\0AUTH");
    await once(socket, "close");
    await client.call(MANAGER_PATH, PEER, "Ping");
  }, { handshakeTime: 50 }));

Deno.test("silent connections give way to those that speak", () =>
  withService(async (_, address) => {
    const silent: Socket[] = [];
    while (silent.length < 520) silent.push(await raw(address));
    const late = await connect(address);
    await late.call(MANAGER_PATH, PEER, "Ping");
    late.close();
    for (const socket of silent) socket.destroy();
  }));

Deno.test("a client that calls without reading gets all answers once it reads", () =>
  withService(async (init, address, client) => {
    for (let job = 0; job < 500; job++) init.add(`job${job}`, {}, [""]);
    const flood = await raw(address);
    flood.pause();
    flood.write(clientHello(UID), "latin1");
    const calls = 300;
    for (let serial = 1; serial <= calls; serial++) {
      flood.write(call("ListAll", { interface: ROUSE_INTERFACE, serial }));
    }
    for (let turn = 0; turn < 20; turn++) await client.call(MANAGER_PATH, PEER, "Ping");
    const reader = new MessageReader(1 << 20);
    let greeted = false, answered = 0;
    await new Promise<void>((resolve, reject) => {
      flood.on("data", (chunk: Buffer) => {
        reader.push(chunk.subarray(greeted ? 0 : chunk.indexOf("\r\n") + 2));
        greeted = true;
        while (reader.next()) answered++;
        if (answered === calls) resolve();
      });
      flood.on("close", () => reject(new Error(`dropped after ${answered} answers`)));
      flood.resume();
    });
    flood.destroy();
    assert.equal(answered, calls);
  }));

/** All messages that a client has not read until the end of its connection. */
async function rest(socket: Socket): Promise<Message[]> {
  const reader = new MessageReader(1 << 20), messages: Message[] = [];
  let greeted = false;
  socket.on("data", (chunk: Buffer) => {
    reader.push(chunk.subarray(greeted ? 0 : chunk.indexOf("\r\n") + 2));
    greeted = true;
    for (let message; (message = reader.next());) messages.push(message);
  });
  await closingOf(socket);
  assert.equal(reader.available, 0, "a part of a message comes last");
  return messages;
}

Deno.test("a listener that does not read is dropped, and told so behind a whole message; the log tells of the first", () =>
  withService(async (init, address, client) => {
    for (let count = 0; count < 2; count++) {
      const deaf = await listener(init, address);
      deaf.pause();
      const environment = [`A=${"x".repeat(100_000)}`];
      let told = 0;
      for (; init.listeners.size > 0; told++) {
        init.tell({ kind: "event-emitted", event: "e", environment });
        await client.call(MANAGER_PATH, PEER, "Ping");
      }
      const messages = await rest(deaf), last = messages.pop();
      assert(messages.length < told, "it gets all that it has not read");
      assert(messages.every(({ member }) => member === "EventEmitted"));
      assert.deepEqual(
        [last?.path, last?.interface, last?.member, last?.body],
        [MANAGER_PATH, ROUSE_INTERFACE, "Dropped", ["has not read what it was sent"]],
      );
    }
    assert.deepEqual(init.warnings, [
      `Dropped a client, process ${process.pid} of user ${UID}: it has not read what it was sent`,
    ]);
  }));

Deno.test("a client killed in the middle of a call, and calls without reply", () =>
  withService(async (init, address, client) => {
    const other = await connect(address);
    const waiting = other.call(MANAGER_PATH, MANAGER_INTERFACE, "EmitEvent", "sasb", ["never", [], true]);
    other.tell(MANAGER_PATH, MANAGER_INTERFACE, "NotifyDiskWriteable");
    await other.call(MANAGER_PATH, PEER, "Ping");
    other.close();
    await assert.rejects(waiting, /closed/);
    await client.call(MANAGER_PATH, PEER, "Ping");
    assert.deepEqual(init.called, ["notifyDiskWriteable"]);
  }));
