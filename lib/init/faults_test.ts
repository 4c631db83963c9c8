/** Exceptions of init's own code, thrown on purpose: each is logged, and nothing else suffers. */

import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import type { Effect, Input } from "../engine/effects.ts";
import { emptyJob } from "../model/job.ts";
import type { SpawnDescription, SpawnResult } from "../sys/spawn/spawn.ts";
import type { InitContext } from "./init_context.ts";
import { NoticeSubscriptions } from "./notice_subscriptions.ts";
import { HttpServer } from "./ops/http_server.ts";
import { PendingRequests } from "./parts/pending_requests.ts";
import { ProcessStarter } from "./spawn/process_starter.ts";

function broken(): never {
  return (undefined as unknown as { broken(): never }).broken();
}

/** Starts a process with parts of which some are broken; what the engine is told, and what is logged. */
function start(parts: Record<string, unknown>, handle: (input: Input) => void = () => {}) {
  const inputs: Input[] = [], faults: string[] = [];
  const output = { descriptors: {}, controllingTerminal: false, spawned() {}, ended() {} };
  const context = {
    messages: { fault: (where: string) => faults.push(where), log() {}, attempt: () => {} },
    session: () => undefined,
    processes: {
      controlGroups: { prepare: () => [] },
      apparmor: { availableProfile: () => undefined },
      output: { open: () => output },
      defaults: {},
      descriptorLimit: { soft: 1, hard: 1 },
      spawner: {
        start: (_: SpawnDescription, done: (result: SpawnResult) => void) => done({ pid: 1 << 30 }),
      },
      ...parts,
    },
  } as unknown as InitContext;
  const starter = new ProcessStarter(context, (input) => {
    inputs.push(input);
    handle(input);
  }, () => {});
  const definition = {
    ...emptyJob("web", "web.ts"),
    processes: { main: { kind: "exec" as const, command: "x" } },
  };
  const effect: Effect & { kind: "spawn" } = {
    kind: "spawn",
    spawn: 3,
    definition,
    instance: "",
    process: "main",
    environment: [],
  };
  starter.start(effect);
  return { inputs, faults };
}

const FAILED = { kind: "spawn-failed", spawn: 3, reason: "internal error", isForCaller: true };

Deno.test("without a fault a process starts", () => {
  assert.deepEqual(start({}), { inputs: [{ kind: "spawned", spawn: 3, pid: 1 << 30 }], faults: [] });
});

for (const part of ["controlGroups", "apparmor", "output"]) {
  Deno.test(`a fault in the description of a process (${part}) fails the start, and is logged`, () => {
    const method = { controlGroups: "prepare", apparmor: "availableProfile", output: "open" }[part]!;
    const { inputs, faults } = start({ [part]: { [method]: broken } });
    assert.deepEqual(inputs, [FAILED]);
    assert.deepEqual(faults, ["the start of a process"]);
  });
}

Deno.test("a fault in the spawn queue fails the start, and is logged", () => {
  const failed = { step: "fork", errno: 0, code: "", message: "", subject: "", fault: new TypeError("x") };
  const spawner = { start: (_: unknown, done: (result: unknown) => void) => done({ failed }) };
  assert.deepEqual(start({ spawner }), { inputs: [FAILED], faults: ["the start of a process"] });
});

Deno.test("a fault in the clean-up after a start does not keep the engine from being told", () => {
  const output = { open: () => ({ descriptors: {}, spawned: broken, ended() {} }) };
  assert.deepEqual(start({ output }), {
    inputs: [{ kind: "spawned", spawn: 3, pid: 1 << 30 }],
    faults: ["the start of a process"],
  });
});

Deno.test("a listener that throws keeps no other from being called", () => {
  const told: string[] = [], faults: unknown[] = [];
  const subscriptions = new NoticeSubscriptions(() => {}, (error) => faults.push(error));
  subscriptions.subscribe(broken);
  subscriptions.subscribe(({ kind }) => told.push(kind));
  subscriptions.notify({ kind: "job-added", job: "web" });
  assert.deepEqual(told, ["job-added"]);
  assert(faults[0] instanceof TypeError);
});

Deno.test("a request that the engine fails at is not waited for", () => {
  const requests = new PendingRequests();
  assert.throws(() => requests.submit(broken), TypeError);
  requests.answer({ kind: "answer", request: 1, instance: "" });
  assert.deepEqual(requests.save(), { lastNumber: 1, pending: [] });
});

Deno.test("a fault in the answer to an HTTP request is logged, and the client is told no more than that", async () => {
  const faults: unknown[] = [];
  const onFault = (error: unknown) => faults.push(error);
  const server = new HttpServer({ host: "127.0.0.1", port: 0 }, { "/": broken }, onFault);
  const { host, port } = server.address;
  const { promise, resolve } = Promise.withResolvers<string>();
  httpRequest({ host, port, path: "/" }, (response) => {
    let text = `${response.statusCode} `;
    response.on("data", (chunk) => text += chunk);
    response.on("end", () => resolve(text));
  }).end();
  assert.equal(await promise, "500 internal error\n");
  assert(faults[0] instanceof TypeError);
  server.close();
});
