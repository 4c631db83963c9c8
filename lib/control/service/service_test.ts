/** The control service as its own user's clients know it: calls, answers, properties, addresses. */

import assert from "node:assert/strict";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { type Client, connect as connectWaiting } from "../client/client.ts";
import { FakeSupervisor } from "../testing/fake_supervisor.ts";
import {
  INSTANCE_INTERFACE,
  instancePath,
  JOB_INTERFACE,
  jobPath,
  MANAGER_INTERFACE,
  MANAGER_PATH,
  PEER,
  ROUSE_INTERFACE,
} from "../names.ts";
import { serve } from "./service.ts";
import { connectBeside as connect } from "../testing/socket_client.ts";
import { failure, UID, withService } from "../testing/service.ts";
import { TemporaryDirectory } from "../../sys/testing/directory.ts";

const manager = (client: Client, member: string, signature = "", body: unknown[] = []) =>
  client.call(MANAGER_PATH, MANAGER_INTERFACE, member, signature, body);

Deno.test("jobs and instances are found by name, by environment, and all at once", () =>
  withService(async (_, __, client) => {
    assert.deepEqual(await manager(client, "GetJobByName", "s", ["many-x"]), [jobPath("many-x")]);
    assert.deepEqual(await manager(client, "GetAllJobs"), [[jobPath("web"), jobPath("many-x")]]);
    const path = instancePath("many-x", "a/b");
    const of = (member: string, signature: string, body: unknown[]) =>
      client.call(jobPath("many-x"), JOB_INTERFACE, member, signature, body);
    assert.deepEqual(await of("GetInstance", "as", [["N=a/b"]]), [path]);
    assert.deepEqual(await of("GetInstanceByName", "s", ["a/b"]), [path]);
    assert.deepEqual(await of("GetAllInstances", "", []), [[path]]);
    assert.deepEqual(await client.call(MANAGER_PATH, ROUSE_INTERFACE, "ListAll"), [[
      ["web", [["", "start", "running", [["main", 4242]]]]],
      ["many-x", [["a/b", "start", "running", [["main", 4242]]]]],
    ]]);
  }));

Deno.test("reads wait until what is being started has started; others do not wait for them, and replies are in order", () =>
  withService(async (init, address, client) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    init.settling = promise;
    const order: string[] = [];
    const ask = (name: string, asked: Promise<unknown>) => asked.then(() => void order.push(name));
    const calls = [
      ask("list", client.call(MANAGER_PATH, ROUSE_INTERFACE, "ListAll")),
      ask("emit", manager(client, "EmitEvent", "sasb", ["ping", [], true])),
      ask("state", manager(client, "GetState")),
      ask("get", client.call(MANAGER_PATH, "org.freedesktop.DBus.Properties", "Get", "ss", ["", "version"])),
      ask("start", client.call(jobPath("web"), JOB_INTERFACE, "Stop", "asb", [[], true])),
    ];
    const other = await connect(address);
    try {
      await other.call(MANAGER_PATH, PEER, "Ping");
      await manager(other, "EmitEvent", "sasb", ["pong", [], true]);
    } finally {
      other.close();
    }
    assert.deepEqual(order, []);
    assert.deepEqual(init.requests.map(({ request }) => request.kind === "emit" && request.event), ["pong"]);
    init.settling = undefined;
    resolve();
    await Promise.all(calls);
    assert.deepEqual(order, ["list", "emit", "state", "get", "start"]);
  }));

Deno.test("every call waits until the jobs are loaded, a request, too", () =>
  withService(async (init, _, client) => {
    const asked = Promise.withResolvers<void>(), loading = Promise.withResolvers<void>();
    init.loaded = () => {
      asked.resolve();
      return loading.promise;
    };
    const calls = [
      manager(client, "EmitEvent", "sasb", ["ping", [], true]),
      manager(client, "GetJobByName", "s", ["web"]),
    ];
    await asked.promise;
    assert.equal(init.requests.length, 0);
    loading.resolve();
    await Promise.all(calls);
    assert.deepEqual(init.requests.map(({ request }) => request.kind === "emit" && request.event), ["ping"]);
  }));

Deno.test("a client that goes while it waits harms nobody", () =>
  withService(async (init, address, client) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    init.settling = promise;
    const other = await connect(address);
    const asked = manager(other, "GetAllJobs");
    asked.catch(() => {});
    await client.call(MANAGER_PATH, PEER, "Ping");
    other.close();
    init.settling = undefined;
    await client.call(MANAGER_PATH, PEER, "Ping");
    resolve();
    assert.deepEqual(await manager(client, "GetAllJobs"), [[jobPath("web"), jobPath("many-x")]]);
  }));

Deno.test("errors have Upstart's names and sentences", () =>
  withService(async (_, __, client) => {
    const invalid = "org.freedesktop.DBus.Error.InvalidArgs";
    const own = (name: string) => `com.ubuntu.Upstart0_6.Error.${name}`;
    const many = (member: string, signature: string, body: unknown[]) =>
      failure(client.call(jobPath("many-x"), JOB_INTERFACE, member, signature, body));
    assert.deepEqual(await failure(manager(client, "GetJobByName", "s", ["no"])), [
      own("UnknownJob"),
      "Unknown job: no",
    ]);
    assert.deepEqual(await failure(manager(client, "GetJobByName", "s", [""])), [
      invalid,
      "Name may not be empty string",
    ]);
    assert.deepEqual(await failure(manager(client, "GetJobByName", "u", [3])), [
      invalid,
      "Invalid arguments to GetJobByName method",
    ]);
    assert.deepEqual(await many("GetInstance", "as", [["N=c"]]), [
      own("UnknownInstance"),
      "Unknown instance: c",
    ]);
    const lacking = [invalid, "Unknown parameter: N\nUsage: many N=…"];
    assert.deepEqual(await many("GetInstance", "as", [[]]), lacking);
    assert.deepEqual(await many("Start", "asb", [[], true]), lacking);
    assert.deepEqual(await many("Restart", "asb", [[], true]), [invalid, "Unknown parameter: N"]);
    assert.deepEqual(await many("Start", "asb", [["N"], true]), [invalid, "Env must be KEY=VALUE pairs"]);
    assert.deepEqual(await failure(manager(client, "EmitEvent", "sasb", ["bad", [], true])), [
      own("EventFailed"),
      "Event failed",
    ]);
    assert.deepEqual(await failure(manager(client, "GetEnv", "ass", [["web", "x"], "A"])), [
      own("UnknownJobInstance"),
      "Unknown instance: x of job web",
    ]);
    const [unknown] = await failure(client.call(jobPath("gone"), JOB_INTERFACE, "GetAllInstances"));
    assert.equal(unknown, "org.freedesktop.DBus.Error.UnknownMethod");
    const [file] = await failure(manager(client, "EmitEventWithFile", "sasbh", ["e", [], true, 0]));
    assert.equal(file, "org.freedesktop.DBus.Error.NotSupported");
  }));

Deno.test("more variables than a job could use are not taken: init would be busy with them alone", () =>
  withService(async (init, _, client) => {
    const variables = (count: number) => Array.from({ length: count }, (_, index) => `V${index}=x`);
    const exceeded = [
      "org.freedesktop.DBus.Error.LimitsExceeded",
      "200000 variables are more than the 10000 allowed",
    ];
    const given = variables(200_000);
    assert.deepEqual(await failure(manager(client, "EmitEvent", "sasb", ["e", given, true])), exceeded);
    const start = client.call(jobPath("many-x"), JOB_INTERFACE, "Start", "asb", [
      ["N=c", ...given.slice(1)],
      true,
    ]);
    assert.deepEqual(await failure(start), exceeded);
    assert.deepEqual(init.requests, []);
    await manager(client, "EmitEvent", "sasb", ["e", variables(10_000), true]);
  }));

Deno.test("requests reach init with the caller's identity from the kernel", () =>
  withService(async (init, _, client) => {
    const path = instancePath("web", "");
    await client.call(path, INSTANCE_INTERFACE, "Restart", "b", [false]);
    await client.call(path, INSTANCE_INTERFACE, "Reload");
    await manager(client, "EmitEvent", "sasb", ["go", ["A=1"], false]);
    assert.deepEqual(init.requests.map(({ request }) => request), [
      { kind: "restart", job: "web", instance: "", wait: false },
      { kind: "reload", job: "web", instance: "" },
      { kind: "emit", event: "go", environment: ["A=1"], wait: false },
    ]);
    const { peer } = init.requests[0]!;
    assert.deepEqual([peer.pid, peer.uid, peer.gid], [process.pid, UID, process.getgid!()]);
  }));

Deno.test("properties are read, set, and refused", () =>
  withService(async (init, _, client) => {
    assert.deepEqual(await client.getAll(jobPath("web"), JOB_INTERFACE), {
      name: "web",
      description: "the web",
      author: "",
      version: "",
      usage: "start web",
      start_on: [],
      stop_on: [],
      emits: [],
    });
    assert.equal(await client.get(instancePath("many-x", "a/b"), INSTANCE_INTERFACE, "name"), "a/b");
    await client.set(MANAGER_PATH, MANAGER_INTERFACE, "log_priority", "debug");
    assert.equal(init.logPriority, "debug");
    const set = (property: string, value: string) =>
      failure(client.set(MANAGER_PATH, MANAGER_INTERFACE, property, value));
    assert.equal((await set("log_priority", "loud"))[1], "The log priority given was not recognised");
    assert.equal((await set("version", "2"))[1], "The version property is read-only");
    assert.equal((await set("toString", "2"))[0], "org.freedesktop.DBus.Error.UnknownProperty");
    assert.equal(
      (await failure(manager(client, "constructor")))[0],
      "org.freedesktop.DBus.Error.UnknownMethod",
    );
  }));

Deno.test("no variable is without a name, and none can be removed where none is", () =>
  withService(async (init, _, client) => {
    const invalid = "org.freedesktop.DBus.Error.InvalidArgs";
    const empty = [invalid, "Variable may not be empty string"];
    for (const variable of ["", "=", "=x"]) {
      const set = manager(client, "SetEnvList", "asasb", [[], ["A=1", variable], true]);
      assert.deepEqual(await failure(set), empty);
      assert.deepEqual(await failure(manager(client, "SetEnv", "assb", [[], variable, false])), empty);
    }
    assert.deepEqual(await failure(manager(client, "UnsetEnv", "ass", [[], ""])), empty);
    assert.deepEqual(init.jobEnvironment.list(), ["TERM=linux"], "all or nothing");
    await manager(client, "UnsetEnv", "ass", [[], "nosuch"]);
    await manager(client, "UnsetEnv", "ass", [[], "TERM"]);
    assert.deepEqual(await failure(manager(client, "UnsetEnvList", "asas", [[], ["nosuch", "B"]])), [
      invalid,
      "No such variable: nosuch",
    ]);
  }));

Deno.test("a socket file is made, replaced when it is stale, and removed", async () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const path = join(directory, "run", "control");
  const options = { address: `unix:path=${path}`, othersMayRead: false };
  const first = serve(new FakeSupervisor(), options);
  const second = serve(new FakeSupervisor(), options);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const client = await connect(`unix:path=${path}`);
  await client.call(MANAGER_PATH, PEER, "Ping");
  client.close();
  second.close();
  assert.ok(!existsSync(path));
  first.close();
  writeFileSync(path, "no socket");
  assert.throws(() => serve(new FakeSupervisor(), options), /Unable to listen on unix:path=.*EADDRINUSE/);
});

Deno.test("an address that nobody listens on", async () => {
  await assert.rejects(
    connectWaiting("unix:abstract=/nobody-is-there"),
    /Failed to connect to socket \/nobody-is-there: Connection refused/,
  );
});
