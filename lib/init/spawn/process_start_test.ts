import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

const RUN_ALONE = resolve(import.meta.dirname!, "../../sys/testing/run_alone.ts");

Deno.test("whatever call fails on the way to a process, that is told once and nothing is left", () => {
  const tests = resolve(import.meta.dirname!, "testing/spawn_faults.ts");
  const { status, stdout, stderr } = spawnSync(
    Deno.execPath(),
    ["run", "-A", "--no-check", RUN_ALONE, tests],
    { encoding: "utf8", timeout: 300_000 },
  );
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /^3 passed, 0 failed$/m);
});
