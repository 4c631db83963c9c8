import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { readMessage } from "./message.ts";

const read = (text: string) => readMessage(Buffer.from(text));

Deno.test("each variable tells what sd_notify(3) says, times in milliseconds", () => {
  const text =
    "READY=1\nSTATUS=All is well\nMAINPID=4711\nWATCHDOG=1\nWATCHDOG_USEC=30000000\nEXTEND_TIMEOUT_USEC=500\n";
  assert.deepEqual(read(`${text}RELOADING=1\nSTOPPING=1`), {
    told: {
      ready: true,
      status: "All is well",
      mainPid: 4711,
      watchdog: "alive",
      watchdogTime: 30_000,
      extension: 0.5,
      reloading: true,
      stopping: true,
    },
    isBarrier: false,
  });
  assert.deepEqual(read("WATCHDOG=trigger").told, { watchdog: "trigger" });
  assert.deepEqual(read("BARRIER=1"), { told: {}, isBarrier: true });
});

Deno.test("descriptors are kept and removed under their name, or under one that all without have", () => {
  assert.equal(read("FDSTORE=1\nFDNAME=web").store, "web");
  assert.equal(read("FDNAME=web\nFDSTOREREMOVE=1").remove, "web");
  for (const name of ["", "a:b", "a b", "é", "x".repeat(256)]) {
    assert.equal(read(`FDSTORE=1\nFDNAME=${name}`).store, "stored", name);
  }
});

Deno.test("what is not understood tells nothing", () => {
  const texts = [
    "",
    "\n\n",
    "READY",
    "READY=",
    "READY=true",
    "=1",
    "MAINPID=0",
    "MAINPID=-1",
    "MAINPID=1e3",
    "ERRNO=5",
  ];
  const more = [
    "MAINPID=4194305",
    "WATCHDOG=0",
    "WATCHDOG_USEC=0",
    "EXIT_STATUS=3",
    "__proto__=1",
    "ready=1",
  ];
  for (const text of [...texts, ...more]) assert.deepEqual(read(text), { told: {}, isBarrier: false }, text);
});

Deno.test("any bytes are read, and a status is one line of bounded length that can be printed", () => {
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.string({ maxLength: 300 }).map((text) => Buffer.from(`STATUS=${text}`)),
  );
  fc.assert(fc.property(bytes, (bytes) => {
    const { status = "" } = readMessage(bytes).told;
    assert(status.length <= 1200);
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(status, /[\x00-\x1f\x7f]/);
  }));
});
