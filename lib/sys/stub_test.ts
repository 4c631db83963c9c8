import assert from "node:assert/strict";
import { stubFor } from "./stub.ts";

Deno.test("the stub is whole for each architecture", () => {
  const [x64, arm64] = [stubFor("x64")!, stubFor("arm64")!];
  assert.match(x64, /^([0-9a-f]{2}){99}5bc3$/);
  assert.match(arm64, /^([0-9a-f]{8}){25}c0035fd6$/);
  assert.equal(stubFor("riscv64"), undefined);
});
