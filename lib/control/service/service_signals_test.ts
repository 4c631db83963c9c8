/** The signals of the control service: what is told, to whom, in which message. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { ERROR, METHOD_RETURN, SIGNAL } from "../../dbus/message.ts";
import { MessageReader } from "../../dbus/message_reader.ts";
import {
  INSTANCE_INTERFACE,
  instancePath,
  JOB_INTERFACE,
  jobPath,
  MANAGER_INTERFACE,
  MANAGER_PATH,
  PEER,
} from "../names.ts";
import { call, greeted, listener, nextMessage, nextPiece, withService } from "../testing/service.ts";

Deno.test("signals go to those who listen, and nobody observes while none does", () =>
  withService(async (init, address, client) => {
    await client.call(MANAGER_PATH, PEER, "Ping");
    assert.equal(init.listeners.size, 0, "a client that asked for silence is no listener");
    const listening = await listener(init, address);
    const signal = nextMessage(listening, SIGNAL);
    init.tell({ kind: "state-changed", job: "many-x", instance: "a/b", state: "stopping" });
    const { path, interface: of, member, signature, body, sender } = await signal;
    assert.deepEqual({ path, of, member, signature, body, sender }, {
      path: instancePath("many-x", "a/b"),
      of: INSTANCE_INTERFACE,
      member: "StateChanged",
      signature: "s",
      body: ["stopping"],
      sender: undefined,
    });
    const unobserved = new Promise<void>((resolve) => init.listenersChanged = resolve);
    listening.destroy();
    await unobserved;
    assert.equal(init.listeners.size, 0);
  }));

Deno.test("an answer and the signals that it comes with are one write", () =>
  withService(async (_, address) => {
    const socket = await greeted(address);
    const written = async (...calls: Buffer[]) => {
      socket.write(Buffer.concat(calls));
      return (await nextPiece(socket)).map(({ type, member }) => member ?? type);
    };
    const start = { path: jobPath("many-x"), interface: JOB_INTERFACE, signature: "asb" };
    assert.deepEqual(await written(call("Start", { ...start, body: [["N=b"], true] })), [
      "InstanceAdded",
      METHOD_RETURN,
    ]);
    const emit = { interface: MANAGER_INTERFACE, signature: "sasb", body: ["late", [], true] };
    assert.deepEqual(await written(call("EmitEvent", emit)), ["EventEmitted", METHOD_RETURN]);
    assert.deepEqual(await written(call("Ping"), call("No"), call("Ping")), [
      METHOD_RETURN,
      ERROR,
      METHOD_RETURN,
    ]);
    socket.destroy();
  }));

Deno.test("messages that are alike have numbers of their own", () =>
  withService(async (init, address) => {
    const socket = await greeted(address);
    socket.write(Buffer.concat([1, 0xabcdef01, 3].map((serial) => call("Ping", { serial }))));
    const answers = await nextPiece(socket);
    assert.deepEqual(answers.map(({ replySerial }) => replySerial), [1, 0xabcdef01, 3]);
    for (let round = 0; round < 2; round++) {
      init.tell({ kind: "goal-changed", job: "web", instance: "", goal: "stop", cause: { by: "init" } });
      init.tell({
        kind: "goal-changed",
        job: "many-x",
        instance: "a/b",
        goal: "stop",
        cause: { by: "init" },
      });
      init.tell({ kind: "goal-changed", job: "web", instance: "", goal: "start", cause: { by: "init" } });
    }
    const signals = await nextPiece(socket);
    const web = instancePath("web", ""), many = instancePath("many-x", "a/b");
    const expected = [[web, "stop"], [many, "stop"], [web, "start"]];
    assert.deepEqual(signals.map(({ path, body }) => [path, body[0]]), [...expected, ...expected]);
    assert.equal(new Set([...answers, ...signals].map(({ serial }) => serial)).size, 9);
    socket.destroy();
  }));

Deno.test("every notice has its signal", () =>
  withService(async (init, address) => {
    const listening = await listener(init, address);
    const reader = new MessageReader(1 << 20);
    const seen: Array<[string, unknown[]]> = [];
    const job = "web", instance = "";
    init.tell({ kind: "job-added", job });
    init.tell({ kind: "instance-added", job, instance });
    init.tell({ kind: "goal-changed", job, instance, goal: "stop", cause: { by: "init" } });
    init.tell({ kind: "failed", job, instance, status: 256, failure: { process: "main" } });
    init.tell({ kind: "event-emitted", event: "e", environment: ["A=\0"] });
    init.tell({ kind: "event-emitted", event: "e", environment: ["A=1"] });
    // There are no signals of these two.
    init.tell({ kind: "process-ended", job, instance, process: "main", pid: 1, exit: { status: 0 } });
    init.tell({ kind: "respawned", job, instance, failure: { process: "main" } });
    init.tell({ kind: "instance-removed", job, instance, exit: { status: 0 } });
    init.tell({ kind: "job-removed", job });
    let greeted = false;
    for await (const chunk of listening as AsyncIterable<Buffer>) {
      reader.push(chunk.subarray(greeted ? 0 : chunk.indexOf("\r\n") + 2));
      greeted = true;
      for (let message; (message = reader.next());) seen.push([message.member!, message.body]);
      if (seen.at(-1)?.[0] === "JobRemoved") break;
    }
    assert.deepEqual(seen, [
      ["JobAdded", [jobPath(job)]],
      ["InstanceAdded", [instancePath(job, "")]],
      ["GoalChanged", ["stop"]],
      ["Failed", [256]],
      ["EventEmitted", ["e", ["A=1"]]],
      ["InstanceRemoved", [instancePath(job, "")]],
      ["JobRemoved", [jobPath(job)]],
    ]);
  }));
