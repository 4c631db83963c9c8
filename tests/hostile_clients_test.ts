/** Clients that misbehave at the control socket: init goes on. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { connect, type Socket } from "node:net";
import fc from "fast-check";
import { encode, type Message, METHOD_CALL } from "../lib/dbus/message.ts";
import { until, within } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { installed } from "./support/programs.ts";
import { SLEEP_VISIBLE, untilRests } from "./support/threads.ts";

const JOBS = {
  "web.conf": "exec sleep 600\n",
  "slow.conf": "pre-start exec sleep 600\nexec sleep 600\n",
};

/** A connection that the caller speaks by hand. */
async function connection(init: RunningInit): Promise<Socket> {
  const address = init.environment["UPSTART_SESSION"]!.replace("unix:abstract=", "\0");
  const socket = connect({ path: address });
  socket.on("error", () => {});
  socket.resume();
  await within("a connection", new Promise<void>((resolve) => socket.once("connect", () => resolve())));
  return socket;
}

function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.destroyed ? resolve() : socket.once("close", () => resolve()));
}

async function assertGoesOn(init: RunningInit): Promise<void> {
  assert.match(await init.ask("restart", "web").catch(() => init.ask("start", "web")), /^web start\/running/);
  assert.match(await init.ask("status", "web"), /^web start\/running/);
}

/** What a client may send instead of a D-Bus conversation. */
const GARBAGE: Record<string, Uint8Array> = {
  "random bytes": Uint8Array.from(
    { length: 4096 },
    (_, index) => (index * 7919 + (index >> 3) * 104729) & 255,
  ),
  "nothing but zeros": new Uint8Array(65536),
  "a line without an end": new Uint8Array(1 << 20).fill(65),
  "an HTTP request": new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
  "authentication as somebody else": new TextEncoder().encode("\0AUTH EXTERNAL 3939393939\r\nBEGIN\r\n"),
};

/** What may follow once a client has been let in. */
const GARBAGE_WITHIN: Record<string, Uint8Array> = {
  "random bytes": GARBAGE["random bytes"]!,
  "a message of four gigabytes": Uint8Array.from(
    [0x6c, 1, 0, 1, 0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0, 0xff, 0xff, 0xff, 0xff],
  ),
  "a message of an unknown protocol version": Uint8Array.from([
    0x6c,
    1,
    0,
    9,
    0,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ]),
  "a message without the fields that it needs": Uint8Array.from([
    0x6c,
    1,
    0,
    1,
    0,
    0,
    0,
    0,
    1,
    0,
    0,
    0,
    0,
    0,
    0,
    0,
  ]),
  "a header that runs beyond its end": Uint8Array.from(
    [0x6c, 1, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 1, 1, 0x6f, 0, 0xff, 0xff, 0, 0],
  ),
};

/** The client's side of authentication by the kernel's word on the user. */
function authentication(): string {
  const user = Array.from(String(Deno.uid()), (digit) => digit.charCodeAt(0).toString(16)).join("");
  return `\0AUTH EXTERNAL ${user}\r\nBEGIN\r\n`;
}

Deno.test("garbage instead of a conversation", async () => {
  await using init = await RunningInit.start({ jobs: JOBS });
  await init.until(["status", "web"], "web stop/waiting\n");
  for (const bytes of Object.values(GARBAGE)) {
    const socket = await connection(init);
    socket.end(bytes);
    await assertGoesOn(init);
    socket.destroy();
  }
});

Deno.test("garbage after authentication ends that connection and no other", async () => {
  await using init = await RunningInit.start({ jobs: JOBS });
  await init.until(["status", "web"], "web stop/waiting\n");
  for (const [what, bytes] of Object.entries(GARBAGE_WITHIN)) {
    const socket = await connection(init);
    socket.write(authentication());
    socket.write(bytes);
    await assertGoesOn(init);
    socket.end();
    await within(`the end of a connection that sent ${what}`, closed(socket));
  }
});

Deno.test("connections that say nothing do not keep others from being served", async () => {
  await using init = await RunningInit.start({ jobs: JOBS });
  await init.until(["status", "web"], "web stop/waiting\n");
  const silent = await Promise.all(Array.from({ length: 50 }, () => connection(init)));
  await assertGoesOn(init);
  for (const socket of silent) socket.destroy();
  await assertGoesOn(init);
});

Deno.test("a client for which there is no room is told so", async () => {
  await using init = await RunningInit.start({ jobs: JOBS });
  await init.until(["status", "web"], "web stop/waiting\n");
  const sockets: Socket[] = [];
  try {
    for (let answer = "OK"; answer.startsWith("OK");) {
      assert(sockets.length < 1000, "there is always room");
      const socket = await connection(init);
      sockets.push(socket);
      const spoken = new Promise<string>((resolve) => {
        socket.once("data", (bytes) => resolve(`${bytes}`));
        // Init may have closed it before this side has written: then the runtime gives up without a look at what was said.
        socket.once("close", () => resolve("closed"));
      });
      socket.write(authentication());
      answer = await within("the answer of init", spoken);
    }
    const { exit, stderr } = await init.run(["initctl", "status", "web"]);
    assert.equal(
      stderr,
      "initctl: Init has as many connections as it takes: try again when others are closed\n",
    );
    assert.equal(exit, 1);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  await assertGoesOn(init);
});

Deno.test("a client killed in the middle of a call", async () => {
  await using init = await RunningInit.start({ jobs: JOBS });
  await init.until(["status", "slow"], "slow stop/waiting\n");
  const client = spawn("initctl", ["start", "slow"], { env: init.environment, stdio: "ignore" });
  await init.until(["status", "slow"], /^slow start\/pre-start, process \d+/);
  client.kill("SIGKILL");
  await within("the client's end", new Promise((resolve) => client.on("exit", resolve)));

  await assertGoesOn(init);
  await init.until(["status", "slow"], /^slow start\/pre-start, process \d+/);
});

Deno.test("a client that sends half of a message and waits", async () => {
  await using init = await RunningInit.start({ jobs: JOBS });
  await init.until(["status", "web"], "web stop/waiting\n");
  const socket = await connection(init);
  socket.write(authentication());
  socket.write(Uint8Array.from([0x6c, 1, 0, 1, 40, 0, 0, 0]));
  await assertGoesOn(init);
  socket.destroy();
  await until("init still answers", async () => (await init.initctl("version")).exit === 0);
});

/** Calls that change nothing, to be damaged. */
const MANAGER: Message = {
  type: METHOD_CALL,
  flags: 0,
  serial: 1,
  path: "/com/ubuntu/Upstart",
  interface: "com.ubuntu.Upstart0_6",
  body: [],
};
const CALLS: Message[] = [
  { ...MANAGER, member: "GetAllJobs" },
  { ...MANAGER, member: "GetJobByName", signature: "s", body: ["web"] },
  { ...MANAGER, member: "ListEnv", signature: "as", body: [["UPSTART_JOB=web"]] },
  {
    ...MANAGER,
    interface: "org.freedesktop.DBus.Properties",
    member: "GetAll",
    signature: "s",
    body: ["com.ubuntu.Upstart0_6"],
  },
];

/** A call with some bytes changed and perhaps its end cut off. */
const damagedCall = fc.record({
  call: fc.constantFrom(...CALLS),
  changes: fc.array(fc.tuple(fc.nat(199), fc.nat(255)), { maxLength: 6 }),
  keep: fc.nat(400),
}).map(({ call, changes, keep }) => {
  const bytes = Uint8Array.from(encode(call));
  for (const [place, value] of changes) bytes[place % bytes.length] = value;
  return bytes.subarray(0, Math.max(1, keep));
});

Deno.test("calls that are damaged in any way", async () => {
  await using init = await RunningInit.start({ jobs: JOBS });
  await init.until(["status", "web"], "web stop/waiting\n");
  await fc.assert(
    fc.asyncProperty(damagedCall, async (bytes) => {
      const socket = await connection(init);
      socket.write(authentication());
      socket.end(bytes);
      await within("the connection's end", closed(socket));
    }),
    { numRuns: 300 },
  );
  await assertGoesOn(init);
});

Deno.test({
  name: "silent clients take all descriptors that there are: init rests, and who speaks is answered",
  ignore: !installed("prlimit") || !SLEEP_VISIBLE,
  async fn() {
    await using init = await RunningInit.start({ jobs: JOBS });
    await init.until(["status", "web"], "web stop/waiting\n");
    const limit = Math.max(...readdirSync(`/proc/${init.pid}/fd`).map(Number)) + 4;
    await init.run(["prlimit", `--nofile=${limit}:${limit}`, "--pid", String(init.pid)]);
    const silent = await Promise.all(Array.from({ length: 60 }, () => connection(init)));
    for (let count = 0; count < 3; count++) {
      assert.equal(await init.ask("status", "web"), "web stop/waiting\n");
    }
    // Neither does it go round and round, nor try again and again: it waits for those who have connected to speak.
    await untilRests(init.pid, 1000);
    assert(silent.some((socket) => !socket.destroyed), "some have their descriptors still");
    for (const socket of silent) socket.destroy();
    await init.until(["status", "web"], "web stop/waiting\n");
  },
});
