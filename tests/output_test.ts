/** Jobs that print a lot. */

import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { procFile } from "./support/processes.ts";

/** Init's private memory in kB. */
function privateMemory(init: RunningInit): number {
  return Number(/^RssAnon:\s+(\d+) kB/m.exec(procFile(init.pid, "status"))![1]);
}

Deno.test("a job that prints without end holds up no others, and init keeps none of it", async () => {
  // Far more than what waits for the garbage collector at any time.
  const written = 150_000_000;
  await using init = await RunningInit.start({
    jobs: {
      "endless.conf": "exec yes 'a line that is printed again and again'\n",
      "other.conf": "task\nexec echo done\n",
    },
  });
  await init.until(["status", "other"], "other stop/waiting\n");
  const before = privateMemory(init);
  await init.ask("start", "endless");
  for (let round = 1; round <= 20; round++) {
    assert.equal(await init.ask("start", "other"), "other stop/waiting\n");
    await init.untilLines("log/other.log", round);
  }
  await until(`the log has ${written} bytes`, () => statSync(init.path("log/endless.log")).size > written);
  assert.equal(init.read("log/other.log"), "done\r\n".repeat(20));
  assert.ok(
    privateMemory(init) - before < written / 1000 / 2,
    `${before} kB before, ${privateMemory(init)} kB after`,
  );
  assert.equal(await init.ask("stop", "endless"), "endless stop/waiting\n");
});

Deno.test("console pipe, in both formats and as the default, logs what is written as it is", async () => {
  const script = "script\n  [ ! -t 1 ] && [ ! -t 2 ] && echo out; echo error >&2\nend script\n";
  await using init = await RunningInit.start({
    arguments: ["--default-console", "pipe"],
    jobs: {
      "asks.conf": `task\nconsole pipe\n${script}`,
      "module.ts":
        'import { job } from "rouse";\nexport default job({ task: true, console: "pipe", script: "echo out; echo error >&2" });\n',
      "default.conf": `task\n${script}`,
      "terminal.conf": "task\nconsole log\nexec echo out\n",
    },
  });
  for (const name of ["asks", "module", "default", "terminal"]) {
    await init.until(["status", name], `${name} stop/waiting\n`);
    await init.ask("start", name);
  }
  for (const name of ["asks", "module", "default"]) {
    assert.equal(init.read(`log/${name}.log`), "out\nerror\n", name);
  }
  assert.equal(init.read("log/terminal.log"), "out\r\n");
});

Deno.test("--log-time begins each line of a log with the time", async () => {
  await using init = await RunningInit.start({
    arguments: ["--log-time"],
    jobs: {
      "terminal.conf": "task\nscript\n  printf 'one\\n\\ntw'; echo o\nend script\n",
      "pipe.conf": "task\nconsole pipe\nexec echo one\n",
    },
  });
  for (const name of ["terminal", "pipe"]) {
    await init.until(["status", name], `${name} stop/waiting\n`);
    await init.ask("start", name);
  }
  const time = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
  assert.match(init.read("log/terminal.log")!, new RegExp(`^${time} one\r\n${time} \r\n${time} two\r\n$`));
  assert.match(init.read("log/pipe.log")!, new RegExp(`^${time} one\n$`));
});
