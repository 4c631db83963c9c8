/** Checks as job modules write them: what they become, and what is refused. */

import assert from "node:assert/strict";
import { formatModule } from "../formats/typescript/mod.ts";
import type { CheckDefinition, CheckUse } from "../model/checks/check.ts";
import { emptyJob } from "../model/job.ts";
import { command, fd, file, http, log, notify, tcp, unix } from "./checks.ts";
import { readCheck } from "./checks.ts";
import { stopped } from "./conditions.ts";
import { FieldError } from "./values.ts";

const READY: Array<[check: unknown, definition: CheckDefinition, written: string]> = [
  [
    http("http://127.0.0.1:$PORT/", { status: 204, body: "ok", header: { X: "y" }, every: "100ms" }),
    {
      kind: "http",
      url: "http://127.0.0.1:$PORT/",
      status: [204, 204],
      body: "ok",
      header: { X: "y" },
      every: 0.1,
    },
    'http("http://127.0.0.1:$PORT/", { status: 204, body: "ok", header: { X: "y" }, every: "100ms" })',
  ],
  [
    http("$URL", { status: [200, 399], timeout: 2 }),
    { kind: "http", url: "$URL", status: [200, 399], timeout: 2 },
    'http("$URL", { status: [200, 399], timeout: "2s" })',
  ],
  [tcp(8080), { kind: "tcp", address: "8080" }, "tcp(8080)"],
  [tcp("db:5432"), { kind: "tcp", address: "db:5432" }, 'tcp("db:5432")'],
  [unix("/run/db"), { kind: "unix", path: "/run/db" }, 'unix("/run/db")'],
  [
    command("pg_isready -q "),
    { kind: "exec", command: { kind: "exec", command: "pg_isready -q" } },
    'command("pg_isready -q")',
  ],
  [
    command(["test", "-e", "$FLAG"]),
    { kind: "exec", command: { kind: "arguments", words: ["test", "-e", "$FLAG"] } },
    'command(["test", "-e", "$FLAG"])',
  ],
  [file("/run/x"), { kind: "file", path: "/run/x" }, 'file("/run/x")'],
  [log(/ready \d+/), { kind: "log", pattern: "ready \\d+" }, "log(/ready \\d+/)"],
  [notify, { kind: "notify" }, "notify"],
  [fd(3), { kind: "fd", descriptor: 3 }, "fd(3)"],
  [stopped, { kind: "stopped" }, "stopped"],
];

for (const [check, definition, written] of READY) {
  Deno.test(`a check: ${written}`, () => {
    assert.deepEqual(readCheck("ready", check, "ready"), definition);
    const { text, lost } = formatModule({ ...emptyJob("mill", "f"), ready: definition });
    assert.deepEqual(lost, []);
    assert(text.includes(`  ready: ${written},\n`), text);
    assert(text.includes(written.replace(/\W.*/s, "")), text);
  });
}

Deno.test("what follows from failures is said by checks of health", () => {
  const alive = tcp(80, { failures: 5, then: "exit" });
  assert.deepEqual(readCheck("alive", alive, "alive"), {
    kind: "tcp",
    address: "80",
    failures: 5,
    then: "exit",
  });
});

const WRONG: Array<[use: CheckUse, check: unknown, message: RegExp]> = [
  [
    "ready",
    "http://127.0.0.1/",
    /^ready must be a check such as http\(…\), tcp\(…\) or command\(…\), not "http:/,
  ],
  ["ready", tcp(80, { failures: 5 }), /^ready has no field failures/],
  ["alive", notify, /^alive must be a check that can be made again/],
  ["alive", stopped, /^alive must be a check that can be made again/],
  ["ready", http("ftp://a/"), /^url must be a URL that begins with http: or https:/],
  ["ready", http("http://a/", { status: 99 }), /^status must be a whole number from 100 to 599/],
  ["ready", http("http://a/", { header: { "X Y": "z" } }), /^header must be fields of a request's header/],
  ["ready", http("http://a/", { header: { X: "a\nb" } }), /^header must be fields of a request's header/],
  ["ready", http("http://"), /^url must be a URL that begins with http: or https:, with a host/],
  ["ready", http("ftp://$HOST/"), /^url must be a URL/],
  ["ready", http("http://a/", { status: [300, 200] }), /^status must be a whole number from 300 to 599/],
  ["ready", tcp("foo"), /^address must be a port, or a host and a port like "localhost:5432", not "foo"/],
  ["alive", tcp("99999"), /^address must be a port/],
  ["alive", tcp(80, { failures: 0 }), /^failures must be a whole number from 1, not 0/],
  ["ready", tcp(0), /^address must be a whole number from 1 to 65535/],
  ["ready", unix(""), /^path must be text that is not empty/],
  ["ready", command([]), /^command must be a command/],
  ["ready", file("/x", { every: 0 }), /^every must be 10 ms or longer/],
  ["ready", log(/x/i), /^pattern must be a regular expression without flags/],
  ["ready", fd(2), /^descriptor must be a whole number from 3/],
  ["alive", tcp(80, { then: "panic" as "stop" }), /^then must be one of "restart", "event", "stop", "exit"/],
];

for (const [use, check, message] of WRONG) {
  Deno.test(`refused: ${message}`, () => {
    assert.throws(() => readCheck(use, check, use), (error: Error) => {
      assert(error instanceof FieldError);
      assert.match(error.message, message);
      return true;
    });
  });
}
