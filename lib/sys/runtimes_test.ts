/** Runs the tests of this directory in the engine of the compiled executable, and those that need a process alone. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { basename, resolve } from "node:path";
import process from "node:process";

const HERE = import.meta.dirname!;
const EXECUTABLE = resolve(HERE, "../../dist/rouse");
const RUN_ALONE = resolve(HERE, "testing/run_alone.ts");
const PASSED = /^[1-9]\d* passed, 0 failed$/m;
const ALONE = ["reaping", "spawning"].map((name) => resolve(HERE, `testing/${name}.ts`));

/** Runs a command to its end; fails with all that it wrote when it does not succeed. */
function check(command: string, args: string[], environment: Record<string, string>): string {
  const result = spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, ...environment },
    timeout: 60_000,
  });
  const output = `${result.stdout}${result.stderr}`;
  assert.equal(result.status, 0, output);
  return output;
}

for (const path of ALONE) {
  Deno.test(`${basename(path, ".ts")}, in Deno`, () => {
    const output = check(Deno.execPath(), ["run", "-A", "--no-check", RUN_ALONE, path], {});
    assert.match(output, PASSED);
  });
}

Deno.test({
  name: "all of lib/sys, in Bun as it is in the executable",
  ignore: !existsSync(EXECUTABLE),
  fn() {
    const modules = readdirSync(HERE).filter((name) =>
      name.endsWith("_test.ts") && name !== "runtimes_test.ts"
    );
    const paths = [...modules.map((name) => resolve(HERE, name)), ...ALONE];
    const output = check(EXECUTABLE, ["run", RUN_ALONE, ...paths], {
      BUN_BE_BUN: "1",
    });
    assert.match(output, PASSED);
  },
});
