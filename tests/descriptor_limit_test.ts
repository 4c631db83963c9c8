/** The limit of descriptors that init was given, which the runtime raises for itself, is that of its children. */

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import process from "node:process";
import { Files } from "./support/author.ts";
import { run } from "./support/command.ts";
import { APART, contain, CONTAINERS_POSSIBLE } from "./support/container.ts";
import { EXECUTABLE } from "./support/programs.ts";

const TELL = "ulimit -S -n; ulimit -H -n";
/** The executables for other machines have no prologue. */
const NOTED = process.arch === "x64";

function test(name: string, body: () => Promise<void>): void {
  Deno.test({ name, ignore: !NOTED, fn: body });
}

/** Runs a command with a lower soft limit. */
async function limited(soft: number, ...words: string[]): Promise<string> {
  const script = `ulimit -S -n ${soft}; ulimit -H -n 2000; exec "$@"`;
  const { exit, stdout, stderr } = await run([...APART, "/bin/sh", "-c", script, "sh", ...words], {
    directory: "/",
    environment: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
  });
  assert.deepEqual({ exit, stderr }, { exit: 0, stderr: "" });
  return stdout;
}

for (const soft of [200, 1024, 2000]) {
  test(`the command of run has the soft limit ${soft} that init was given`, async () => {
    assert.equal(await limited(soft, EXECUTABLE, "run", "--", "sh", "-c", TELL), `${soft}\n2000\n`);
  });
}

Deno.test({
  name: "so it is in a container, where nobody above init can be asked",
  ignore: !NOTED || !CONTAINERS_POSSIBLE,
  async fn() {
    const prepare = "ulimit -S -n 300; ulimit -H -n 2000";
    const { stdout } = await contain(["run", "--", "sh", "-c", TELL], { prepare });
    assert.equal(stdout, "300\n2000\n");
  },
});

test("settings of somebody's own for the engine change nothing", async () => {
  const words = ["env", "BUN_GC_TIMER_DISABLE=1", EXECUTABLE, "run", "--", "sh", "-c", TELL];
  assert.equal(await limited(300, ...words), "300\n2000\n");
});

test("what a function starts has it too", async () => {
  using files = new Files({
    "web.ts": 'import { job } from "rouse";\n' +
      `export default job({ task: true, async main({ $, log }) { log(String(await $\`${TELL}\`).trim()); } });\n`,
  });
  assert.equal(await limited(300, EXECUTABLE, "hook", files.path("web.ts"), "web", "main"), "300\n2000\n");
});

test("an executable made by another begins in the same way", async () => {
  using files = new Files({
    "jobs/other.ts": 'import { job } from "rouse";\nexport default job({});\n',
  });
  mkdirSync(files.path("out"));
  let maker = EXECUTABLE;
  for (const made of [files.path("out/one"), files.path("out/two")]) {
    const words = [maker, "build", "--jobs", files.path("jobs"), "-o", made];
    assert.equal((await run(words, { directory: "/", environment: {}, timeout: 120_000 })).exit, 0);
    assert.equal(await limited(300, made, "run", "--", "sh", "-c", TELL), "300\n2000\n");
    maker = made;
  }
});
