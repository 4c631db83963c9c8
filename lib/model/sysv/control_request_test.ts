import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import {
  BadRequest,
  type ControlRequest,
  decodeRequest,
  encodeRequest,
  REQUEST_SIZE,
} from "./control_request.ts";

Deno.test("what is encoded is decoded", () => {
  const requests: ControlRequest[] = [
    { command: "runlevel", runlevel: "3", sleepTime: 5 },
    { command: "runlevel", runlevel: "q", sleepTime: 0 },
    { command: "power-fails" },
    { command: "power-fails-now" },
    { command: "power-is-back" },
    { command: "environment", variables: ["INIT_HALT=POWEROFF", "INIT_X"] },
    { command: "environment", variables: [] },
  ];
  for (const request of requests) {
    const bytes = encodeRequest(request);
    assert.equal(bytes.length, 384);
    assert.deepEqual(decodeRequest(bytes), request);
  }
});

Deno.test("the layout is that of SysV's clients", () => {
  const bytes = encodeRequest({ command: "runlevel", runlevel: "2", sleepTime: 7 });
  const numbers = [0, 4, 8, 12].map((place) => bytes.readInt32LE(place));
  assert.deepEqual(numbers, [0x03091969, 1, 0x32, 7]);
  const text = encodeRequest({ command: "environment", variables: ["INIT_A=1"] });
  assert.equal(text.readInt32LE(4), 6);
  assert.equal(text.toString("latin1", 16, 26), "INIT_A=1\0\0");
});

Deno.test("anything else is refused", () => {
  const request = encodeRequest({ command: "power-fails" });
  for (
    const bytes of [Buffer.alloc(REQUEST_SIZE), request.subarray(1), Buffer.from("hello"), Buffer.alloc(0)]
  ) {
    assert.throws(() => decodeRequest(bytes), BadRequest);
  }
  for (const command of [-1, 0, 5, 7, 2 ** 31 - 1]) {
    request.writeInt32LE(command, 4);
    assert.throws(() => decodeRequest(request), BadRequest);
  }
  const odd = encodeRequest({ command: "runlevel", runlevel: "\x07", sleepTime: 0 });
  odd.writeInt32LE(-5, 12);
  assert.deepEqual(decodeRequest(odd), { command: "runlevel", runlevel: "", sleepTime: 0 });
  assert.throws(
    () => encodeRequest({ command: "environment", variables: [`INIT_X=${"x".repeat(400)}`] }),
    BadRequest,
  );
});
