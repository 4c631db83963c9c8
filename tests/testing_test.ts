/** Tests of jobs as users write and run them: with Node.js, with Bun, which the executable is, and with Deno. */

import assert from "node:assert/strict";
import { mkdirSync, symlinkSync } from "node:fs";
import { environmentWith, Files } from "./support/author.ts";
import { type Outcome, run } from "./support/command.ts";
import { EXECUTABLE, installed } from "./support/programs.ts";

/** A job, a classic job that it waits for, and a test of both. `EXTENSION` is that of the modules. */
function files(extension: string): Record<string, string> {
  return {
    "database.conf": "start on startup\nexec postgres\n",
    [`web.${extension}`]: `import { job, started } from "rouse";

export default job({
  startOn: started("database"),
  exec: "httpd",
  respawn: { limit: 2, within: "10s" },
  preStart: () => console.log("this is never run"),
});
`,
    [`web_test.${extension}`]: `import assert from "node:assert/strict";
import { test } from "node:test";
import { bench, conf } from "rouse/testing";
import web from "./web.${extension}";

const database = conf(new URL("./database.conf", import.meta.url));

test("the web server comes back, but not for ever", () => {
  const jobs = bench({ database, web });
  jobs.event("startup");
  assert.equal(jobs.state(web), "start/running");
  for (let time = 0; time < 2; time++) jobs.exit(web, { status: 1 });
  assert.equal(jobs.state(web), "start/running");
  jobs.exit(web, { status: 1 });
  assert.equal(jobs.state(web), "stop/waiting");
});

if (globalThis.process.env.FAIL) {
  test("this fails", () => assert.equal(bench({ web }).state(web), "start/running"));
}
`,
  };
}

/** Runs the tests in a directory that \`rouse types\` has prepared; once as they are, and once with one that fails. */
async function runTests(directory: string, command: string[]): Promise<void> {
  const environment = environmentWith({ NO_COLOR: "1", BUN_BE_BUN: "1" });
  const passed = await run(command, { directory, environment, timeout: 60_000 });
  assert.equal(passed.exit, 0, said(passed));
  assert.match(said(passed), /comes back, but not for ever/);
  assert.doesNotMatch(said(passed), /this is never run/);
  const failed = await run(command, {
    directory,
    environment: { ...environment, FAIL: "1" },
    timeout: 60_000,
  });
  assert.notEqual(failed.exit, 0);
  assert.match(said(failed), /'stop\/waiting'|"stop\/waiting"/);
}

function said({ stdout, stderr }: Outcome): string {
  return stdout + stderr;
}

async function prepare(files: Files): Promise<void> {
  const { exit, stderr } = await run([EXECUTABLE, "types", "."], {
    directory: files.directory,
    environment: {},
  });
  assert.deepEqual({ exit, stderr }, { exit: 0, stderr: "" });
}

Deno.test("the executable itself runs tests of jobs in TypeScript", async () => {
  using jobs = new Files(files("ts"));
  await prepare(jobs);
  await runTests(jobs.directory, [EXECUTABLE, "test"]);
});

Deno.test("deno test runs tests of jobs in TypeScript", async () => {
  using jobs = new Files(files("ts"));
  await prepare(jobs);
  const command = [
    Deno.execPath(),
    "test",
    "-q",
    "-A",
    "--config",
    ".rouse/deno.json",
    "web_test.ts",
  ];
  await runTests(jobs.directory, command);
});

Deno.test({
  name: "node --test runs tests of jobs in JavaScript",
  ignore: !installed("node"),
  async fn() {
    using jobs = new Files(files("mjs"));
    await prepare(jobs);
    mkdirSync(jobs.path("node_modules"));
    symlinkSync("../.rouse", jobs.path("node_modules/rouse"));
    await runTests(jobs.directory, ["node", "--test"]);
  },
});
