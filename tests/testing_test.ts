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
  for (let time = 0; time < 2; time++) {
    jobs.exit(web, { status: 1 });
    assert.equal(jobs.state(web), "start/post-stop");
    jobs.advance("1s");
  }
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
  const passed = await run(command, { directory, environment, timeout: 180_000 });
  assert.equal(passed.exit, 0, said(passed));
  assert.match(said(passed), /comes back, but not for ever/);
  assert.doesNotMatch(said(passed), /this is never run/);
  const failed = await run(command, {
    directory,
    environment: { ...environment, FAIL: "1" },
    timeout: 180_000,
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

/** What `npm init -y` writes, as far as it matters. */
const COMMONJS = '{ "type": "commonjs" }\n', MODULE = '{ "type": "module" }\n';

/** Ways to have Node.js run tests: the files' ending, the package.json files, what is told, and what is written then. */
const IN_NODE: Record<
  string,
  { ending: string; files?: Record<string, string>; told?: RegExp; cure?: string }
> = {
  "in JavaScript": { ending: "js", files: { "jobs/package.json": MODULE } },
  "called modules": { ending: "mjs" },
  "called modules, where JavaScript is CommonJS": {
    ending: "mjs",
    files: { "jobs/package.json": COMMONJS },
    told: /jobs\/package\.json says "type": "commonjs", .*; write "type": "module" there$/m,
  },
  "in JavaScript, when what is told has been done": {
    ending: "js",
    files: { "jobs/package.json": COMMONJS },
    told: /jobs\/package\.json says "type": "commonjs", .*; write "type": "module" there$/m,
    cure: "jobs/package.json",
  },
  "in JavaScript, below what is CommonJS": {
    ending: "js",
    files: { "package.json": COMMONJS },
    told:
      /\/package\.json says "type": "commonjs", .*; write \{ "type": "module" \} to \/.*jobs\/package\.json$/m,
    cure: "jobs/package.json",
  },
};

for (const [how, { ending, files: more = {}, told, cure }] of Object.entries(IN_NODE)) {
  Deno.test({
    name: `node --test runs tests of jobs ${how}`,
    ignore: !installed("node"),
    async fn() {
      const written = Object.entries(files(ending)).map(([name, text]) => [`jobs/${name}`, text]);
      using jobs = new Files({ ...more, ...Object.fromEntries(written) });
      const directory = jobs.path("jobs");
      const { exit, stderr } = await run([EXECUTABLE, "types", "."], { directory, environment: {} });
      assert.equal(exit, 0);
      if (told) assert.match(stderr, told);
      else assert.equal(stderr, "");
      if (cure) jobs.write({ [cure]: MODULE });
      mkdirSync(jobs.path("jobs/node_modules"));
      symlinkSync("../.rouse", jobs.path("jobs/node_modules/rouse"));
      await runTests(directory, ["node", "--test"]);
    },
  });
}
