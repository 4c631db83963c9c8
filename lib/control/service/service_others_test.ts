/** What users other than init's own and root may ask of the control service, and what they cost it. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { once } from "node:events";
import type { Socket } from "node:net";
import { clientHello } from "../../dbus/handshake.ts";
import { METHOD_RETURN } from "../../dbus/message.ts";
import { MessageReader } from "../../dbus/message_reader.ts";
import { decode } from "../../dbus/testing/decode.ts";
import {
  INSTANCE_INTERFACE,
  instancePath,
  JOB_INTERFACE,
  jobPath,
  MANAGER_INTERFACE,
  ROUSE_INTERFACE,
} from "../names.ts";
import { call, closingOf, nextPiece, otherGreeted, raw, UID, withOthers } from "../testing/service.ts";

Deno.test("another user may read where that is allowed, and change nothing", () =>
  withOthers(async (init, address) => {
    const socket = await otherGreeted(address);
    const denied = "com.ubuntu.Upstart0_6.Error.PermissionDenied";
    const ask = async (bytes: Buffer) => {
      const answer = once(socket, "data");
      socket.write(bytes);
      return decode((await answer)[0] as Buffer);
    };
    const asked: Array<[Buffer, string | undefined]> = [
      [call("GetAllJobs", { interface: MANAGER_INTERFACE }), undefined],
      [call("GetAllInstances", { interface: JOB_INTERFACE, path: jobPath("web") }), undefined],
      [call("ReloadConfiguration", { interface: MANAGER_INTERFACE }), denied],
      [call("GetState", { interface: MANAGER_INTERFACE }), denied],
      [
        call("EmitEvent", { interface: MANAGER_INTERFACE, signature: "sasb", body: ["e", [], false] }),
        denied,
      ],
      [call("Reload", { interface: INSTANCE_INTERFACE, path: instancePath("web", "") }), denied],
    ];
    for (const [bytes, errorName] of asked) assert.equal((await ask(bytes)).errorName, errorName);
    // What is wrong with a job's file has words of that file in it.
    init.problems.set("web", "/etc/init/web.conf:1: Unknown stanza `secret'");
    const status = { interface: ROUSE_INTERFACE, signature: "asas", body: [["web", ""], []] };
    const [, problem] = (await ask(call("GetStatus", status))).body;
    assert.equal(problem, "");
    const stop = call("Stop", {
      interface: JOB_INTERFACE,
      path: jobPath("web"),
      signature: "asb",
      body: [[], true],
    });
    assert.deepEqual((await ask(stop)).body, ["You do not have permission to modify job: web"]);
    assert.deepEqual(init.requests, []);
    assert.deepEqual(init.called, []);
    socket.destroy();
  }));

Deno.test("another user's values are not read before it is known that they may come", () =>
  withOthers(async (_, address) => {
    const socket = await otherGreeted(address);
    const broken = (bytes: Buffer) => {
      bytes.fill(0xff, bytes.length - 12);
      return bytes;
    };
    const emit = { interface: MANAGER_INTERFACE, signature: "sasb", body: ["e", ["A=1"], true], serial: 7 };
    socket.write(broken(call("EmitEvent", emit)));
    const [denied] = await nextPiece(socket);
    assert.equal(denied!.errorName, "com.ubuntu.Upstart0_6.Error.PermissionDenied");
    socket.write(broken(call("GetAllJobs", { ...emit, serial: 8 })));
    const [invalid] = await nextPiece(socket);
    assert.equal(invalid!.errorName, "org.freedesktop.DBus.Error.InvalidArgs");
    const closed = closingOf(socket);
    socket.write(broken(call("GetJobByName", { ...emit, signature: "s", body: ["web1234"] })));
    await closed;
  }));

Deno.test("another user's messages are small ones", () =>
  withOthers(async (_, address) => {
    const named = (length: number) =>
      call("GetJobByName", { interface: MANAGER_INTERFACE, signature: "s", body: ["x".repeat(length)] });
    const socket = await otherGreeted(address);
    socket.write(named(4000));
    const [unknown] = await nextPiece(socket);
    assert.equal(unknown!.errorName, "com.ubuntu.Upstart0_6.Error.UnknownJob");
    const closed = closingOf(socket);
    socket.write(named(10_000).subarray(0, 100));
    await closed;
  }));

Deno.test("a message that has begun has to end, however its bytes trickle in", () =>
  withOthers(async (_, address) => {
    const socket = await otherGreeted(address);
    let closed = false;
    const closing = closingOf(socket).then(() => closed = true);
    const bytes = call("GetJobByName", {
      interface: MANAGER_INTERFACE,
      signature: "s",
      body: ["x".repeat(4000)],
    });
    for (let at = 0; !closed && at < bytes.length; at++) {
      socket.write(bytes.subarray(at, at + 1));
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await closing;
  }, { messageTime: 100 }));

Deno.test("a client between two messages may take its time", () =>
  withOthers(async (_, address) => {
    const socket = await otherGreeted(address);
    for (let serial = 1; serial <= 3; serial++) {
      await new Promise((resolve) => setTimeout(resolve, 40));
      socket.write(call("GetAllJobs", { interface: MANAGER_INTERFACE, serial }));
      assert.equal((await nextPiece(socket))[0]!.type, METHOD_RETURN);
    }
    socket.destroy();
  }, { messageTime: 20 }));

Deno.test("another user is told the names of an event's variables, not their values", () =>
  withOthers(async (init, address) => {
    const socket = await otherGreeted(address);
    const signal = nextPiece(socket);
    init.tell({ kind: "event-emitted", event: "login", environment: ["PASSWORD=secret", "USER=me=you"] });
    assert.deepEqual((await signal)[0]!.body, ["login", ["PASSWORD=", "USER="]]);
    socket.destroy();
  }));

Deno.test("another user who does not read is dropped before much has piled up", () =>
  withOthers(async (init, address) => {
    const socket = await otherGreeted(address);
    socket.pause();
    let told = 0;
    const name = "e".repeat(10_000);
    while (init.listeners.size > 0) {
      init.tell({ kind: "event-emitted", event: name, environment: [] });
      told += name.length;
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.ok(told < 4 << 20, `${told} bytes`);
    socket.destroy();
  }));

Deno.test("calls that another user sends at once are all answered, in order", () =>
  withOthers(async (_, address) => {
    const socket = await otherGreeted(address);
    const serials = Array.from({ length: 100 }, (_, index) => index + 1);
    socket.write(
      Buffer.concat(serials.map((serial) => call("GetAllJobs", { interface: MANAGER_INTERFACE, serial }))),
    );
    const answered: number[] = [];
    const reader = new MessageReader(1 << 20);
    while (answered.length < serials.length) {
      reader.push((await once(socket, "data"))[0]);
      for (let message; (message = reader.next());) answered.push(message.replySerial!);
    }
    assert.deepEqual(answered, serials);
    socket.destroy();
  }));

Deno.test("one user cannot take all connections", () =>
  withOthers(async (_, address, users) => {
    const sockets: Socket[] = [];
    for (let count = 0; count < 16; count++) sockets.push(await otherGreeted(address));
    const refused = await raw(address);
    await closingOf(refused);
    users.push(0);
    const own = await raw(address);
    own.write(clientHello(UID), "latin1");
    await once(own, "data");
    for (const socket of [...sockets, own]) socket.destroy();
  }));

Deno.test("another user is not let in where that is not allowed", () =>
  withOthers(async (_, address) => closingOf(await raw(address)), { othersMayRead: false }));
