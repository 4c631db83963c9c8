/** The names of logs and of what was rotated away. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { encodeBytes } from "../text/bytes.ts";
import { logPath, rotatedLogs, rotatedPath, stampOf, stampTime } from "./log_names.ts";

Deno.test("logs are named after job and instance", () => {
  assert.equal(logPath("/log", "web", ""), "/log/web.log");
  assert.equal(logPath("/log", "net/web", "/dev/tty1"), "/log/net_web-_dev_tty1.log");
  assert.equal(logPath("/log", "a", "../../x"), "/log/a-.._.._x.log");
});

Deno.test("a name that is too long for a file ends in its hash, and is cut at a byte", () => {
  const nameOf = (instance: string) =>
    Buffer.from(encodeBytes(logPath("/log", "job", instance).slice(5)), "latin1");
  const names = ["x".repeat(300), "x".repeat(301), "ü".repeat(150), "x".repeat(4000), "\udcff".repeat(260)]
    .map(nameOf);
  for (const name of names) {
    assert.equal(name.length, 255);
    assert.match(name.toString("latin1"), /^job-.*-[0-9a-f]{16}\.log$/s);
  }
  assert.equal(new Set(names.map((name) => name.toString("latin1"))).size, names.length);
  assert.equal(nameOf("x".repeat(247)).toString(), `job-${"x".repeat(247)}.log`);
});

const STAMP = "20261130T041530.123Z";

Deno.test("a rotated log has the time behind its name, and then how it is compressed", () => {
  const time = Date.UTC(2026, 10, 30, 4, 15, 30, 123);
  assert.equal(stampOf(new Date(time).toISOString()), STAMP);
  assert.equal(stampTime(STAMP), time);
  assert.equal(rotatedPath("/log/web.log", STAMP), `/log/web.log.${STAMP}`);
  assert.equal(rotatedPath("/log/web.log", STAMP, "zstd"), `/log/web.log.${STAMP}.zst`);
});

Deno.test("the rotated logs of one log, of all that is in its directory, the oldest first", () => {
  const [old, new_] = ["20261129T235959.999Z", STAMP];
  const names = [
    `web.log.${new_}.gz`,
    `web.log.${old}.zst`,
    "web.log",
    "web.log.1",
    `web.log.${new_}.gz.part`,
    `web.log.${new_}.bz2`,
    `web.log.${new_}.log`,
    `other.log.${new_}`,
    `web-1.log.${new_}`,
  ];
  assert.deepEqual(rotatedLogs("/log/web.log", names), [
    { name: `web.log.${old}.zst`, stamp: old, compression: "zstd" },
    { name: `web.log.${new_}.gz`, stamp: new_, compression: "gzip" },
  ]);
});

Deno.test("a name with a time that there is not, or that has none behind it, is no rotated log's", () => {
  const wrong = [
    "99999999T999999.999Z",
    "99991231T235959.999Z",
    "90000101T000000.000Z",
    "20261301T000000.000Z",
    "20260230T000000.000Z",
    "20261130T240000.000Z",
    "20261130T041560.000Z",
  ];
  assert.deepEqual(rotatedLogs("web.log", wrong.map((stamp) => `web.log.${stamp}`)), []);
  const last = "89991231T235959.999Z";
  assert.deepEqual(rotatedLogs("web.log", [`web.log.${last}`]).map(({ stamp }) => stamp), [last]);
});

Deno.test("of a file and what it was compressed to, whose crash left both, the file counts", () => {
  const both = [`web.log.${STAMP}`, `web.log.${STAMP}.gz`];
  for (const names of [both, both.toReversed()]) {
    assert.deepEqual(rotatedLogs("web.log", names).map(({ name }) => name), [`web.log.${STAMP}`]);
  }
});

Deno.test("names of rotated logs fit into a directory, and no two logs share one", () => {
  const logs = [240, 241, 247, 300].map((length) => logPath("/log", "x".repeat(length), ""));
  const names = logs.map((log) => rotatedPath(log, STAMP, "zstd").slice(5));
  for (const [index, name] of names.entries()) {
    assert(name.length + ".part".length <= 255, name);
    assert.equal(rotatedLogs(logs[index]!, names).length, 1);
  }
});
