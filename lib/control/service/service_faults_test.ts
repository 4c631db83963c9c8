/** Exceptions of our own code in the control service: they are logged, and the client is told of an internal error. */

import assert from "node:assert/strict";
import type { Client } from "../client/client.ts";
import { JOB_INTERFACE, jobPath, MANAGER_INTERFACE, MANAGER_PATH, PEER, ROUSE_INTERFACE } from "../names.ts";
import type { FakeSupervisor } from "../testing/fake_supervisor.ts";
import { call, failure, greeted, nextPiece, withService } from "../testing/service.ts";

const INTERNAL = ["org.freedesktop.DBus.Error.Failed", "Internal error"];

/** A member of the supervisor that throws. */
function broken(): never {
  return (undefined as unknown as { broken(): never }).broken();
}

const PROPERTIES = "org.freedesktop.DBus.Properties";

/** What is broken, by what it is, and the call that meets it. */
const CASES: Array<[
  where: string,
  breakIt: (init: FakeSupervisor) => void,
  call: (client: Client) => Promise<unknown>,
]> = [
  [
    "the method GetState",
    (init) => init.snapshot = broken,
    (client) => client.call(MANAGER_PATH, MANAGER_INTERFACE, "GetState"),
  ],
  [
    "the method ListAll",
    (init) => init.jobs = broken,
    (client) => client.call(MANAGER_PATH, ROUSE_INTERFACE, "ListAll"),
  ],
  [
    "the method Start",
    (init) => init.request = broken,
    (client) => client.call(jobPath("web"), JOB_INTERFACE, "Start", "asb", [[], true]),
  ],
  [
    "the method EmitEvent",
    (init) => init.request = () => Promise.reject(new TypeError("later")),
    (client) => client.call(MANAGER_PATH, MANAGER_INTERFACE, "EmitEvent", "sasb", ["x", [], true]),
  ],
  [
    "the method GetAllInstances",
    (init) => init.job = broken,
    (client) => client.call(jobPath("web"), JOB_INTERFACE, "GetAllInstances"),
  ],
  [
    "the method ReloadConfiguration",
    (init) => init.reloadConfiguration = broken,
    (client) => client.call(MANAGER_PATH, MANAGER_INTERFACE, "ReloadConfiguration"),
  ],
  [
    "the method Get",
    (init) => Object.defineProperty(init, "logPriority", { get: broken }),
    (client) => client.call(MANAGER_PATH, PROPERTIES, "Get", "ss", [MANAGER_INTERFACE, "log_priority"]),
  ],
  // A value that is not of the type of the property.
  [
    "the method Get",
    (init) => Object.assign(init, { logPriority: 7 }),
    (client) => client.call(MANAGER_PATH, PROPERTIES, "Get", "ss", [MANAGER_INTERFACE, "log_priority"]),
  ],
  [
    "the method Get",
    (init) => init.add("bad", { description: 7 as unknown as string }),
    (client) => client.call(jobPath("bad"), PROPERTIES, "Get", "ss", [JOB_INTERFACE, "description"]),
  ],
];

for (const [index, [where, breakIt, call]] of CASES.entries()) {
  Deno.test(`a fault in ${where} (${index}) is an internal error for the client, which stays connected`, () =>
    withService(async (init, _, client) => {
      breakIt(init);
      assert.deepEqual(await failure(call(client)), INTERNAL);
      assert.deepEqual(init.faults.map((fault) => fault.where), [where]);
      assert(init.faults[0]!.error instanceof Error);
      await client.call(MANAGER_PATH, PEER, "Ping");
    }));
}

Deno.test("a fault in the wait for processes drops the client, and is logged", () =>
  withService(async (init, _, client) => {
    init.settled = () => Promise.reject(new TypeError("broken"));
    await assert.rejects(client.call(MANAGER_PATH, MANAGER_INTERFACE, "GetAllJobs"), /disconnected/);
    assert.deepEqual(init.faults.map((fault) => fault.where), ["a client's connection"]);
  }));

Deno.test("a fault in a signal's encoder is logged, and the next signal comes", () =>
  withService(async (init, address, client) => {
    await client.call(MANAGER_PATH, PEER, "Ping");
    const socket = await greeted(address);
    const piece = nextPiece(socket);
    socket.write(call("Ping"));
    await piece;
    const signals = nextPiece(socket);
    init.tell({ kind: "event-emitted", event: 7 as unknown as string, environment: [] });
    init.tell({ kind: "job-removed", job: "web" });
    const [signal] = await signals;
    socket.destroy();
    assert.deepEqual(init.faults.map((fault) => fault.where), ["the signal of event-emitted"]);
    assert.equal(signal!.member, "JobRemoved");
  }));
