/** The probes, against servers that do what servers do, and what they should not. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import type { PolledCheck } from "../../../model/checks/check.ts";
import { inDirectory } from "../../../sys/testing/directory.ts";
import type { CheckResult } from "../schedule.ts";
import { probe } from "./probes.ts";
import { SharedQuestions } from "./shared_questions.ts";

/** What is given to a check that has to wait for it in vain (ms), and to one that has not. */
const SHORT = 50, LONG = 60_000;

function made(check: PolledCheck, timeout = LONG): Promise<CheckResult> {
  return new Promise((resolve) => probe(check, timeout, resolve));
}

/** A server, and the connections that it has. */
class TestServer implements AsyncDisposable {
  readonly #sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(
    onConnection: (socket: Socket) => void,
    where: string | number = 0,
  ): Promise<TestServer> {
    const server = createServer((socket) => {
      started.#sockets.add(socket);
      socket.on("error", () => {});
      onConnection(socket);
    });
    const started = new TestServer(server);
    await new Promise<void>((resolve) => {
      if (typeof where === "string") server.listen(where, resolve);
      else server.listen(where, "127.0.0.1", resolve);
    });
    return started;
  }

  get port(): number {
    return (this.server.address() as { port: number }).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** A server that says this as soon as it is asked anything. */
function answering(text: string): (socket: Socket) => void {
  return (socket) => void socket.once("data", () => socket.end(text));
}

/** The port of a server that has ended: nobody listens there. */
async function deadPort(): Promise<number> {
  await using server = await TestServer.start(() => {});
  return server.port;
}

const failed = (reason: string) => ({ outcome: "failed", reason });

Deno.test("tcp: a connection is accepted, or refused; nothing is sent", async () => {
  const received: Buffer[] = [];
  await using server = await TestServer.start((socket) =>
    void socket.on("data", (bytes) => received.push(bytes))
  );
  const { port } = server;
  for (const address of [`${port}`, `127.0.0.1:${port}`, `localhost:${port}`]) {
    assert.deepEqual(await made({ kind: "tcp", address }), { outcome: "passed" }, address);
  }
  assert.deepEqual(received, []);
  const dead = await deadPort();
  assert.deepEqual(
    await made({ kind: "tcp", address: `${dead}` }),
    failed(`connection refused on 127.0.0.1:${dead}`),
  );
  assert.deepEqual(
    await made({ kind: "tcp", address: "nonsense" }),
    failed("nonsense is neither a port nor HOST:PORT"),
  );
});

Deno.test("http: the request is a plain GET with what the check says", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  await using server = await TestServer.start((socket) =>
    void socket.once("data", (bytes) => {
      resolve(String(bytes));
      socket.end("HTTP/1.1 200 OK\r\n\r\n");
    })
  );
  const url = `http://127.0.0.1:${server.port}/healthz?deep=1#part`;
  const header = { host: "shop.example", "X-Token": "a b" };
  assert.deepEqual(await made({ kind: "http", url, header }), { outcome: "passed" });
  assert.deepEqual((await promise).split("\r\n"), [
    "GET /healthz?deep=1 HTTP/1.1",
    "User-Agent: rouse",
    "Accept: */*",
    "Connection: close",
    "host: shop.example",
    "X-Token: a b",
    "",
    "",
  ]);
});

Deno.test("http: status and body are as expected, or the reason tells what was", async () => {
  await using up = await TestServer.start(answering("HTTP/1.1 200 OK\r\n\r\nall is well"));
  await using down = await TestServer.start(answering("HTTP/1.1 503 Service Unavailable\r\n\r\nno"));
  const well = `http://127.0.0.1:${up.port}/`, ill = `http://127.0.0.1:${down.port}/`;
  assert.deepEqual(await made({ kind: "http", url: well, body: "well" }), { outcome: "passed" });
  assert.deepEqual(
    await made({ kind: "http", url: well, body: "ill" }),
    failed(`the expected text is not in the answer of ${well}`),
  );
  assert.deepEqual(await made({ kind: "http", url: ill }), failed(`status 503 from ${ill}`));
  assert.deepEqual(await made({ kind: "http", url: ill, status: [500, 599] }), { outcome: "passed" });
  const secret = `http://me:secret@127.0.0.1:${down.port}/?key=secret`;
  assert.deepEqual(await made({ kind: "http", url: secret }), failed(`status 503 from ${ill}`));
});

Deno.test("http: what hangs, says nothing, or is no HTTP, fails in time", async () => {
  await using hanging = await TestServer.start(() => {});
  const { port } = hanging;
  assert.deepEqual(
    await made({ kind: "http", url: `http://127.0.0.1:${port}/` }, SHORT),
    failed(`no answer from 127.0.0.1:${port} within 0.05 s`),
  );
  await using mute = await TestServer.start((socket) => void socket.end());
  const result = await made({ kind: "http", url: `http://127.0.0.1:${mute.port}/` });
  assert.match((result as { reason: string }).reason, /^no answer from|^connection reset by/);
  await using garbage = await TestServer.start((socket) => void socket.end("\0\xff garbage"));
  const url = `http://127.0.0.1:${garbage.port}/`;
  assert.deepEqual(await made({ kind: "http", url }), failed(`what answers is not HTTP, on ${url}`));
  for (const [url, reason] of [["gopher://a/", "is no URL"], ["http://", "is no URL"], ["x", "is no URL"]]) {
    assert.match((await made({ kind: "http", url: url! }) as { reason: string }).reason, RegExp(reason!));
  }
});

Deno.test("http: of a server that never ends, little is read", async () => {
  let written = 0;
  const piece = Buffer.alloc(64 << 10, "x");
  const { promise, resolve } = Promise.withResolvers<void>();
  await using server = await TestServer.start((socket) => {
    socket.on("close", () => resolve());
    socket.write("HTTP/1.1 200 OK\r\n\r\n");
    const more = () => {
      written += piece.length;
      if (!socket.destroyed) socket.write(piece, more);
    };
    more();
  });
  const url = `http://127.0.0.1:${server.port}/`;
  assert.deepEqual(
    await made({ kind: "http", url, body: "y" }),
    failed(`the expected text is not in the answer of ${url}`),
  );
  await promise;
  // What the kernel has buffered, on both sides, is more than what was read.
  assert(written < 64 << 20, `${written}`);
});

Deno.test("a check that is cancelled has no result, and lets go of its connection", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  await using server = await TestServer.start((socket) => {
    cancel();
    socket.on("data", () => {});
    socket.on("close", () => resolve());
  });
  const cancel = probe({ kind: "http", url: `http://127.0.0.1:${server.port}/` }, LONG, () => assert.fail());
  await promise;
});

Deno.test(
  "unix and file: a socket that listens, a file that is there, and the reasons where not",
  inDirectory(async (directory) => {
    const path = join(directory, "socket"), file = join(directory, "file");
    assert.deepEqual(await made({ kind: "unix", path }), failed(`there is no ${path}`));
    assert.deepEqual(await made({ kind: "file", path: file }), failed(`there is no ${file}`));
    writeFileSync(file, "");
    assert.deepEqual(await made({ kind: "file", path: file }), { outcome: "passed" });
    assert.deepEqual(await made({ kind: "unix", path: file }), failed(`connection refused on ${file}`));
    await using _server = await TestServer.start(() => {}, path);
    assert.deepEqual(await made({ kind: "unix", path }), { outcome: "passed" });
  }),
);

Deno.test(
  "checks of the same file, or the same name, at the same moment all have their result",
  inDirectory(async (directory) => {
    await using server = await TestServer.start(() => {});
    const file: PolledCheck = { kind: "file", path: join(directory, "file") };
    const tcp: PolledCheck = { kind: "tcp", address: `localhost:${server.port}` };
    writeFileSync(file.path, "");
    for (const check of [file, tcp]) {
      const cancel = probe(check, LONG, () => assert.fail());
      const results = [made(check), made(check)];
      cancel();
      assert.deepEqual(await Promise.all(results), [{ outcome: "passed" }, { outcome: "passed" }]);
    }
  }),
);

Deno.test("what is asked under the same key is asked once, until there is an answer", () => {
  const questions = new SharedQuestions<string>(), answers: string[] = [];
  const asked: Array<(answer: string) => void> = [];
  const ask = (key: string) =>
    questions.ask(key, (answer) => asked.push(answer), (answer) => answers.push(`${key} ${answer}`));
  ask("one");
  const forget = ask("one");
  ask("one");
  ask("other");
  forget();
  assert.equal(asked.length, 2);
  asked[0]!("yes");
  assert.deepEqual(answers, ["one yes", "one yes"]);
  ask("one");
  assert.equal(asked.length, 3);
});

Deno.test("commands are not run by the child", async () => {
  const check: PolledCheck = { kind: "exec", command: { kind: "exec", command: "true" } };
  assert.deepEqual(await made(check), failed("checks of the kind exec are not made here"));
});
