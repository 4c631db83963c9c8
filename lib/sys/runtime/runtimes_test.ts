/** Runs the tests of lib/sys in the engine of the compiled executable, and those that need a process alone. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { basename, resolve } from "node:path";
import process from "node:process";
import { AS_RUNTIME } from "./variables.ts";

const SYS = resolve(import.meta.dirname!, "..");
const EXECUTABLE = resolve(SYS, "../../dist/rouse");
const RUN_ALONE = resolve(SYS, "testing/run_alone.ts");
const PASSED = /^[1-9]\d* passed, 0 failed$/m;
const ALONE = ["reaping", "signals", "spawning", "threads"].map((name) => resolve(SYS, `testing/${name}.ts`));
/** A race that is seldom lost: it is run so often, each time in a process of its own. */
const THREADS = ALONE[3]!, ROUNDS = 5;
/** They leave the engine busy. */
const SIGNALS = ALONE[1]!;

/** Runs a command to its end; fails with all that it wrote when it does not succeed. */
function check(command: string, args: string[], environment: Record<string, string>): string {
  const result = spawnSync(command, args, {
    encoding: "utf8",
    env: { ...process.env, ...environment },
    timeout: 300_000,
  });
  const output = `${result.stdout}${result.stderr}`;
  assert.equal(result.status, 0, output);
  return output;
}

for (const path of ALONE) {
  Deno.test(`${basename(path, ".ts")}, in Deno`, () => {
    for (let round = path === THREADS ? ROUNDS : 1; round > 0; round--) {
      const output = check(Deno.execPath(), ["run", "-A", "--no-check", RUN_ALONE, path], {});
      assert.match(output, PASSED);
    }
  });
}

Deno.test({
  name: "all of lib/sys, in Bun as it is in the executable",
  ignore: !existsSync(EXECUTABLE),
  fn() {
    const modules = readdirSync(SYS, { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith("_test.ts") && basename(name) !== "runtimes_test.ts"
    );
    const paths = [...modules.sort().map((name) => resolve(SYS, name)), ...ALONE]
      .filter((path) => path !== SIGNALS);
    for (const some of [paths, [SIGNALS], ...Array(ROUNDS - 1).fill([THREADS])]) {
      const output = check(EXECUTABLE, ["run", RUN_ALONE, ...some], AS_RUNTIME);
      assert.match(output, PASSED);
    }
  },
});
