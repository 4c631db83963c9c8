import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createConnection, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { promisify } from "node:util";
import fc from "fast-check";
import { CallError, type Client, connect as connectWaiting } from "./client.ts";
import { FakeSupervisor } from "./fake_supervisor.ts";
import { clientHello } from "./handshake.ts";
import {
  decode,
  encode,
  ERROR,
  type Message,
  MessageReader,
  METHOD_CALL,
  METHOD_RETURN,
  SIGNAL,
} from "./message.ts";
import {
  INSTANCE_INTERFACE,
  instancePath,
  JOB_INTERFACE,
  jobPath,
  MANAGER_INTERFACE,
  MANAGER_PATH,
  PEER,
  ROUSE_INTERFACE,
  socketPath,
} from "./names.ts";
import { serve, type ServiceOptions } from "./service.ts";
import { connectBeside as connect } from "./socket_client.ts";

const UID = process.getuid!();
let addresses = 0;

/** Runs a test with a service of its own, two jobs and a client. */
async function withService(
  test: (init: FakeSupervisor, address: string, client: Client) => Promise<void>,
  options: Partial<ServiceOptions> = {},
): Promise<void> {
  const init = new FakeSupervisor();
  init.add("web", { description: "the web", usage: "start web" }, [""]);
  init.add("many-x", { instance: "$N", usage: "many N=…" }, ["a/b"]);
  const address = `unix:abstract=/rouse-test/${process.pid}/${++addresses}`;
  const service = await serve(init, { addresses: [address], othersMayRead: false, ...options });
  const client = await connect(address);
  try {
    await test(init, address, client);
  } finally {
    client.close();
    service.close();
  }
}

/** A connection that writes what it likes. */
async function raw(address: string): Promise<Socket> {
  const socket = createConnection(socketPath(address));
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

function call(member: string, fields: Partial<Message> = {}): Buffer {
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
async function nextMessage(socket: Socket, type: number): Promise<Message> {
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

async function failure(promise: Promise<unknown>): Promise<[name: string, message: string]> {
  try {
    await promise;
  } catch (error) {
    assert.ok(error instanceof CallError, String(error));
    return [error.name, error.message];
  }
  throw new Error("it did not fail");
}

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

Deno.test("another user may read where that is allowed, and change nothing", async () => {
  const credentials = () => ({ pid: 1, uid: UID + 1000, gid: 1 });
  const init = new FakeSupervisor();
  init.add("web", {}, [""]);
  const address = `unix:abstract=/rouse-test/${process.pid}/${++addresses}`;
  const service = await serve(init, { addresses: [address], othersMayRead: true, credentials });
  const socket = await raw(address);
  const denied = "com.ubuntu.Upstart0_6.Error.PermissionDenied";
  const ask = async (bytes: Buffer) => {
    const answer = once(socket, "data");
    socket.write(bytes);
    return decode((await answer)[0] as Buffer);
  };
  try {
    const greeting = once(socket, "data");
    socket.write(clientHello(UID + 1000), "latin1");
    await greeting;
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
    const stop = call("Stop", {
      interface: JOB_INTERFACE,
      path: jobPath("web"),
      signature: "asb",
      body: [[], true],
    });
    assert.deepEqual((await ask(stop)).body, ["You do not have permission to modify job: web"]);
    assert.deepEqual(init.requests, []);
    assert.deepEqual(init.called, []);
  } finally {
    socket.destroy();
    service.close();
  }
});

Deno.test("another user is not let in where that is not allowed", async () => {
  const address = `unix:abstract=/rouse-test/${process.pid}/${++addresses}`;
  const credentials = () => ({ pid: 1, uid: UID + 1000, gid: 1 });
  const service = await serve(new FakeSupervisor(), {
    addresses: [address],
    othersMayRead: false,
    credentials,
  });
  try {
    const socket = await raw(address);
    await once(socket, "close");
  } finally {
    service.close();
  }
});

Deno.test("signals go to those who listen, and nobody observes while none does", () =>
  withService(async (init, address, client) => {
    await client.call(MANAGER_PATH, PEER, "Ping");
    assert.equal(init.listeners.size, 0, "a client that asked for silence is no listener");
    const listening = await raw(address);
    const observed = new Promise<void>((resolve) => init.listenersChanged = resolve);
    listening.write(clientHello(UID), "latin1");
    await observed;
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

/** The messages that a client gets in the next piece that it reads. */
async function nextPiece(socket: Socket): Promise<Message[]> {
  const [chunk] = await once(socket, "data");
  const reader = new MessageReader(1 << 20);
  reader.push(chunk);
  const messages: Message[] = [];
  for (let message; (message = reader.next());) messages.push(message);
  return messages;
}

/** A client that has been let in. */
async function greeted(address: string): Promise<Socket> {
  const socket = await raw(address);
  socket.write(clientHello(UID), "latin1");
  await once(socket, "data");
  return socket;
}

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
      init.tell({ kind: "goal-changed", job: "web", instance: "", goal: "stop" });
      init.tell({ kind: "goal-changed", job: "many-x", instance: "a/b", goal: "stop" });
      init.tell({ kind: "goal-changed", job: "web", instance: "", goal: "start" });
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
    const listening = await raw(address);
    const observed = new Promise<void>((resolve) => init.listenersChanged = resolve);
    listening.write(clientHello(UID), "latin1");
    await observed;
    const reader = new MessageReader(1 << 20);
    const seen: Array<[string, unknown[]]> = [];
    const job = "web", instance = "";
    init.tell({ kind: "job-added", job });
    init.tell({ kind: "instance-added", job, instance });
    init.tell({ kind: "goal-changed", job, instance, goal: "stop" });
    init.tell({ kind: "failed", job, instance, status: 256 });
    init.tell({ kind: "event-emitted", event: "e", environment: ["A=\0"] });
    init.tell({ kind: "event-emitted", event: "e", environment: ["A=1"] });
    init.tell({ kind: "process-ended", job, instance, process: "main", exit: { status: 0 } }); // has none
    init.tell({ kind: "instance-removed", job, instance });
    init.tell({ kind: "job-removed", job });
    init.tell({ kind: "restarted" });
    let greeted = false;
    for await (const chunk of listening as AsyncIterable<Buffer>) {
      reader.push(chunk.subarray(greeted ? 0 : chunk.indexOf("\r\n") + 2));
      greeted = true;
      for (let message; (message = reader.next());) seen.push([message.member!, message.body]);
      if (seen.at(-1)?.[0] === "Restarted") break;
    }
    assert.deepEqual(seen, [
      ["JobAdded", [jobPath(job)]],
      ["InstanceAdded", [instancePath(job, "")]],
      ["GoalChanged", ["stop"]],
      ["Failed", [256]],
      ["EventEmitted", ["e", ["A=1"]]],
      ["InstanceRemoved", [instancePath(job, "")]],
      ["JobRemoved", [jobPath(job)]],
      ["Restarted", []],
    ]);
  }));

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

Deno.test("a listener that does not read is dropped", () =>
  withService(async (init, address, client) => {
    const deaf = await raw(address);
    deaf.pause();
    const observed = new Promise<void>((resolve) => init.listenersChanged = resolve);
    deaf.write(clientHello(UID), "latin1");
    await observed;
    const dropped = new Promise<void>((resolve) => init.listenersChanged = resolve);
    const environment = [`A=${"x".repeat(100_000)}`];
    while (init.listeners.size > 0) {
      init.tell({ kind: "event-emitted", event: "e", environment });
      await client.call(MANAGER_PATH, PEER, "Ping");
    }
    await dropped;
    deaf.destroy();
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

Deno.test("a socket file is made, replaced when it is stale, and removed", async () => {
  const directory = mkdtempSync(join(tmpdir(), "rouse-service-"));
  const path = join(directory, "run", "control");
  const options = { addresses: [`unix:path=${path}`], othersMayRead: false };
  try {
    const first = await serve(new FakeSupervisor(), options);
    const second = await serve(new FakeSupervisor(), options);
    assert.equal(statSync(path).mode & 0o777, 0o600);
    const client = await connect(`unix:path=${path}`);
    await client.call(MANAGER_PATH, PEER, "Ping");
    client.close();
    second.close();
    assert.ok(!existsSync(path));
    first.close();
    writeFileSync(path, "no socket");
    await assert.rejects(serve(new FakeSupervisor(), options), /Unable to listen on unix:path=.*EADDRINUSE/);
    const failures: string[] = [];
    const beside = `unix:path=${join(directory, "run", "beside")}`;
    const third = await serve(new FakeSupervisor(), {
      addresses: [...options.addresses, beside],
      othersMayRead: false,
      failed: (error) => failures.push(error.message),
    });
    assert.equal(failures.length, 1);
    const other = await connect(beside);
    await other.call(MANAGER_PATH, PEER, "Ping");
    other.close();
    third.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});

Deno.test("an address that nobody listens on", async () => {
  await assert.rejects(
    connectWaiting("unix:abstract=/nobody-is-there"),
    /Failed to connect to socket \/nobody-is-there: Connection refused/,
  );
});

/** Every method, as gdbus is given it, and what it prints. */
const GDBUS: Array<[path: string, method: string, args: string[], printed: RegExp]> = [
  [MANAGER_PATH, `${MANAGER_INTERFACE}.GetJobByName`, ["web"], /^\(objectpath '.*\/jobs\/web',\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.GetAllJobs`, [], /jobs\/web', '.*jobs\/many_2dx'/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.GetState`, [], /"jobs":\["web"/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.ReloadConfiguration`, [], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.Restart`, [], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.SetEnv`, ["@as []", "A=1", "true"], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.SetEnvList`, ["@as []", "['B=2', 'C']", "false"], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.GetEnv`, ["@as []", "B"], /^\('2',\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.UnsetEnv`, ["@as []", "A"], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.UnsetEnvList`, ["@as []", "['B']"], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.ListEnv`, ["@as []"], /^\(\['TERM=linux', 'C='\],\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.ResetEnv`, ["@as []"], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.EmitEvent`, ["go", "['A=1']", "true"], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.NotifyDiskWriteable`, [], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.NotifyDBusAddress`, ["unix:path=/x"], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.NotifyCGroupManagerAddress`, ["unix:path=/x"], /^\(\)/],
  [MANAGER_PATH, `${MANAGER_INTERFACE}.EndSession`, [], /^\(\)/],
  [jobPath("many-x"), `${JOB_INTERFACE}.GetInstance`, ["['N=a/b']"], /^\(objectpath '.*\/a_2fb',\)/],
  [jobPath("many-x"), `${JOB_INTERFACE}.GetInstanceByName`, ["a/b"], /^\(objectpath '.*\/a_2fb',\)/],
  [jobPath("many-x"), `${JOB_INTERFACE}.GetAllInstances`, [], /^\(\[objectpath '.*\/a_2fb'\],\)/],
  [jobPath("many-x"), `${JOB_INTERFACE}.Start`, ["['N=c']", "true"], /^\(objectpath '.*\/many_2dx\/c',\)/],
  [jobPath("many-x"), `${JOB_INTERFACE}.Restart`, ["['N=c']", "true"], /^\(objectpath '.*\/many_2dx\/c',\)/],
  [jobPath("many-x"), `${JOB_INTERFACE}.Stop`, ["['N=c']", "true"], /^\(\)/],
  [instancePath("web", ""), `${INSTANCE_INTERFACE}.Restart`, ["true"], /^\(\)/],
  [instancePath("web", ""), `${INSTANCE_INTERFACE}.Reload`, [], /^\(\)/],
  [instancePath("web", ""), `${INSTANCE_INTERFACE}.Stop`, ["true"], /^\(\)/],
  [
    MANAGER_PATH,
    "org.freedesktop.DBus.Properties.Get",
    [MANAGER_INTERFACE, "version"],
    /^\(<'init \(upstart/,
  ],
];

/** Runs gdbus; undefined, and a message, where it is not installed. */
async function gdbus(...args: string[]): Promise<string | undefined> {
  try {
    return (await promisify(execFile)("gdbus", args)).stdout;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ENOENT") throw error;
    console.log("skipped: gdbus (libglib2.0-bin) is not installed");
    return undefined;
  }
}

Deno.test("gdbus calls every method", () =>
  withService(async (init, address) => {
    const options = ["--address", address, "--dest", "com.ubuntu.Upstart", "--object-path"];
    for (const [path, method, args, printed] of GDBUS) {
      const output = await gdbus("call", ...options, path, "--method", method, ...args);
      if (output === undefined) return;
      assert.match(output, printed, method);
    }
    assert.deepEqual(init.called, ["reloadConfiguration", "restart", "notifyDiskWriteable", "endSession"]);
  }));

Deno.test("gdbus introspects all objects", () =>
  withService(async (_, address) => {
    const options = ["--address", address, "--dest", "com.ubuntu.Upstart", "--object-path", "/", "--recurse"];
    const output = await gdbus("introspect", ...options);
    if (output === undefined) return;
    for (
      const node of [
        "/com",
        MANAGER_PATH,
        jobPath("web"),
        instancePath("web", ""),
        instancePath("many-x", "a/b"),
      ]
    ) {
      assert.ok(output.includes(`node ${node} {`), `${node} is missing in ${output}`);
    }
    assert.match(output, /StateChanged\(s state\)/);
    assert.match(output, /readonly a\(si\) processes = \[\('main', 4242\)\]/);
  }));
