import assert from "node:assert/strict";
import { stubFor } from "./stub.ts";

Deno.test("the stub is whole for each architecture", () => {
  const [x64, arm64] = [stubFor("x64")!, stubFor("arm64")!];
  assert.equal(x64.length, 101);
  assert.deepEqual([...x64.slice(-2)], [0x5b, 0xc3]);
  assert.equal(arm64.length, 26 * 4);
  assert.deepEqual([...arm64.slice(-4)], [0xc0, 0x03, 0x5f, 0xd6]);
  assert.equal(stubFor("riscv64"), undefined);
});
