/** The tasks of deno.json: each tells what it does, and begins with nothing that it was not asked for. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname!, "..");

/** No programs with a command line of their own; one that only fetches the engine's packages. */
const WITHOUT_OPTIONS: readonly string[] = ["check", "pin-engines"];

/** The programs of tasks by their names; the build before them is left out. */
function programs(): Array<[name: string, file: string]> {
  const { tasks } = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8")) as {
    tasks: Record<string, string>;
  };
  return Object.entries(tasks).filter(([name]) => !WITHOUT_OPTIONS.includes(name))
    .map(([name, command]) => [name, command.split(" ").at(-1)!]);
}

function call(file: string, ...words: string[]) {
  const deno = ["run", "-q", "-A", "--no-check", file, ...words];
  return spawnSync(Deno.execPath(), deno, { cwd: ROOT, encoding: "utf8", env: { NO_COLOR: "1" } });
}

Deno.test("each task tells by --help what it does, and refuses an option that it does not know", async (test) => {
  for (const [name, file] of programs()) {
    await test.step(name, () => {
      const help = call(file, "--help");
      assert.equal(help.status, 0, help.stderr);
      assert.match(help.stdout, new RegExp(`^Usage: deno task ${name}\\b[^]*\\nExit status: 0`));
      const wrong = call(file, "--no-such-option");
      assert.equal(wrong.status, 2, wrong.stderr);
      assert.match(wrong.stderr, new RegExp(`^deno task ${name}: .*no-such-option\\nTry `));
    });
  }
});

Deno.test("a task refuses a value that it cannot use, and says which", () => {
  for (
    const [file, words, problem] of [
      [
        "tests/chaos/main.ts",
        ["--minutes", "soon"],
        "--minutes is to be a number greater than 0, and is soon",
      ],
      ["tests/soak/main.ts", ["--cycles", "0"], "--cycles is to be a whole number from 1 on, and is 0"],
      ["tests/restart/main.ts", ["often"], "TIMES is to be a number greater than 0, and is often"],
      ["tests/naive/main.ts", ["more"], "unexpected argument: more"],
      ["tests/fuzz/main.ts", ["nonsense"], "unknown target: nonsense; --list prints all"],
      ["tests/attacks/main.ts", ["nonsense"], "unknown attack: nonsense"],
      ["tests/run.ts", ["nowhere"], "there is no file or folder nowhere"],
    ] as const
  ) {
    const { status, stderr } = call(file, ...words);
    assert.equal(status, 2, stderr);
    assert(stderr.includes(problem), stderr);
  }
});
