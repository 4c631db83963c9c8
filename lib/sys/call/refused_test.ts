import assert from "node:assert/strict";
import * as fs from "node:fs";
import { SystemError } from "./errno.ts";
import { ifAllowed, isKernelError, unlessRefused } from "./refused.ts";

Deno.test("what the kernel refuses has a result of its own", () => {
  assert.equal(unlessRefused(() => fs.readlinkSync("/proc/self/nothing"), ({ code }) => code), "ENOENT");
  assert.equal(unlessRefused(() => fs.closeSync(1 << 20), ({ code }) => code), "EBADF");
  const mine = () => {
    throw new SystemError("do it", 13);
  };
  assert.equal(unlessRefused(mine, ({ message }) => message), "unable to do it: Permission denied");
  assert.equal(ifAllowed(mine), undefined);
  assert.equal(ifAllowed(() => 7), 7);
  // No file has such a name, and names come from outside.
  assert.equal(ifAllowed(() => fs.statSync("/etc/\0")), undefined);
});

Deno.test("whatever else is thrown is a fault, and goes on", () => {
  const faults = [
    () => fs.statSync(undefined as unknown as string),
    () => (undefined as unknown as { broken(): void }).broken(),
    () => {
      throw new Error("mine");
    },
  ];
  for (const fault of faults) assert.throws(() => ifAllowed(fault));
  assert(!isKernelError({ code: "ENOENT" }) && !isKernelError("ENOENT"));
});
