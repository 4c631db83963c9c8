import assert from "node:assert/strict";
import process from "node:process";
import { ConnectionLimits } from "./connection_limits.ts";

const OWN = process.getuid!();

function open(uid: number, authenticated = true) {
  return { peer: { pid: 1, uid, gid: 1 }, authenticated };
}

const connection = (uid: number, scarce = false) => ({ ...open(uid), scarce });
const times = (count: number, uid: number, authenticated = true) =>
  Array.from({ length: count }, () => open(uid, authenticated));

Deno.test("each user has sixteen connections, and all others together sixty-four", () => {
  const limits = new ConnectionLimits(true, 1024);
  assert.deepEqual(limits.decide(connection(1000), times(15, 1000)), {});
  assert.equal(limits.decide(connection(1000), times(16, 1000)), false);
  assert.deepEqual(limits.decide(connection(1001), times(16, 1000)), {});
  const full = [1000, 1001, 1002, 1003].flatMap((uid) => times(16, uid));
  assert.deepEqual(limits.decide(connection(1004), full), { instead: full[0] }, "who has most gives one up");
  assert.deepEqual(limits.decide(connection(OWN), full), {});
  const fair = Array.from({ length: 64 }, (_, index) => open(1000 + index));
  assert.equal(limits.decide(connection(2000), fair), false);
});

Deno.test("a client that has not authenticated gives way", () => {
  const limits = new ConnectionLimits(true, 1024);
  const silent = open(1000, false);
  assert.deepEqual(limits.decide(connection(1000), [...times(15, 1000), silent]), { instead: silent });
  const own = [...times(511, OWN), open(OWN, false)];
  assert.deepEqual(new ConnectionLimits(true, 4096).decide(connection(OWN), own), { instead: own.at(-1) });
  assert.equal(new ConnectionLimits(true, 4096).decide(connection(OWN), times(512, OWN)), false);
});

Deno.test("where others may not read none of them is let in", () => {
  assert.equal(new ConnectionLimits(false, 1024).decide(connection(OWN + 1), []), false);
});

Deno.test("the last descriptor is root's or init's own user's, for whom others are dropped", () => {
  const limits = new ConnectionLimits(true, 1024);
  const others = [open(OWN), open(OWN, false), open(1000)];
  assert.equal(limits.decide(connection(1001, true), others), false);
  assert.deepEqual(limits.decide(connection(OWN, true), others), { instead: others[2] });
  assert.deepEqual(limits.decide(connection(OWN, true), others.slice(0, 2)), { instead: others[1] });
  assert.deepEqual(limits.decide(connection(OWN, true), others.slice(0, 1)), {});
});

Deno.test("clients get a part of few descriptors", () => {
  const limits = new ConnectionLimits(true, 24);
  assert.equal(limits.decide(connection(1000), [open(1001), open(1002)]), false);
  assert.equal(limits.decide(connection(OWN), times(8, OWN)), false);
  assert.deepEqual(limits.decide(connection(OWN), times(7, OWN)), {});
});
