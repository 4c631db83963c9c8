/** The guide's examples: they compile, they load, and the two formats mean the same. */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseConf } from "../compat/upstart/parse.ts";
import { parseEvaluatorLine } from "../lib/author/protocol.ts";
import { environmentWith, Files, reporting, runIn } from "./support/author.ts";
import { run, shell } from "./support/command.ts";
import { RunningInit } from "./support/init.ts";
import { EXECUTABLE } from "./support/programs.ts";
import { transcripts } from "./support/transcript.ts";

const ROOT = resolve(import.meta.dirname!, "..");
const GUIDE = readFileSync(resolve(ROOT, "docs/jobs.md"), "utf8");
const EXAMPLES = Object.fromEntries(
  Array.from(GUIDE.matchAll(/^```(?:ts|conf) (\S+)\n([^]*?)^```$/gm), ([, name, text]) => [name!, text!]),
);
const TYPESCRIPT = Object.keys(EXAMPLES).filter((name) => name.endsWith(".ts"));
const MODULES = TYPESCRIPT.filter((name) => !name.endsWith("_test.ts"));

Deno.test("every TypeScript example of the guide has a file name and compiles", async () => {
  const named = GUIDE.match(/^```(?!console\b)\w+/gm);
  assert.equal(named?.length, Object.keys(EXAMPLES).length);
  using files = new Files(EXAMPLES);
  const command = [Deno.execPath(), "check", "-q", "--config", resolve(ROOT, "deno.json"), ...TYPESCRIPT];
  const { exit, stderr } = await run(command, {
    directory: files.directory,
    environment: environmentWith({ NO_COLOR: "1" }),
    timeout: 180_000,
  });
  assert.equal(exit, 0, stderr);
});

Deno.test("every example loads, and the job in both formats is one", async () => {
  using files = new Files(EXAMPLES);
  const words = [EXECUTABLE, "evaluate", "--directory", files.directory, ...MODULES];
  const { stdout } = await run(reporting(words), {
    directory: files.directory,
    environment: environmentWith(),
  });
  const reports = stdout.split("\n").map(parseEvaluatorLine).filter((line) => line && "module" in line);
  const jobs = reports.flatMap((report) => {
    assert.ok(report && "jobs" in report, JSON.stringify(report));
    return report.jobs;
  });
  const names = [
    "clock",
    "api",
    "migrate",
    "store",
    "shop",
    "bakery",
    "desktop",
    "baker",
    "hello",
    "worker-mail",
    "worker-orders",
    "worker-urgent",
    "site",
    "report",
  ];
  assert.deepEqual(jobs.map(({ name }) => name), names);
  assert.deepEqual(jobs[0], parseConf(EXAMPLES["clock.conf"]!, files.path("clock.ts"), "clock"));
});

Deno.test("every command of the guide does what it shows", async () => {
  using files = new Files(EXAMPLES);
  const programs = files.path(".programs");
  mkdirSync(programs);
  symlinkSync(EXECUTABLE, join(programs, "rouse"));
  const options = {
    directory: files.directory,
    environment: environmentWith({ PATH: `${programs}:/usr/bin:/bin` }),
  };
  const all = transcripts(GUIDE);
  assert.notEqual(all.length, 0);
  for (const { command, told } of all) {
    const { exit, stdout, stderr } = await shell(command, options);
    const status = exit === 0 ? "" : `[${exit}]\n`;
    assert.equal((stdout + stderr).replaceAll(files.directory, "DIR") + status, told, command);
  }
});

Deno.test("every command of the guide about a running init does what it shows", async () => {
  await using init = await RunningInit.start({ jobs: { "clock.ts": EXAMPLES["clock.ts"]! } });
  await init.until(["status", "clock"], /waiting/);
  const all = transcripts(GUIDE, "console init");
  assert.notEqual(all.length, 0);
  for (const { command, told } of all) {
    const { exit, stdout, stderr } = await init.shell(command.replaceAll("/etc/init", init.confdir));
    const status = exit === 0 ? "" : `[${exit}]\n`;
    const output = (stdout + stderr).replaceAll(init.confdir, "/etc/init").replaceAll(
      /process \d+/g,
      "process N",
    );
    assert.equal(output + status, told, command);
  }
});

Deno.test("the guide's tests of jobs pass, run as it says", async () => {
  using files = new Files(EXAMPLES);
  const environment = environmentWith({ NO_COLOR: "1", BUN_BE_BUN: "1" });
  const options = { directory: files.directory, environment, timeout: 180_000 };
  const prepared = await runIn("compiled", ["types", "."], files);
  assert.equal(prepared.exit, 0, prepared.stderr);
  const tests = EXAMPLES["clock_test.ts"]!.match(/^test\(/gm)!.length;
  const bun = await run([EXECUTABLE, "test"], options);
  assert.match(bun.stderr, new RegExp(`^ ${tests} pass$`, "m"), bun.stderr);
  assert.equal(bun.exit, 0);
  const words = ["test", "-A", "--config", ".rouse/deno.json"];
  const deno = await run([Deno.execPath(), ...words], options);
  assert.match(deno.stdout, new RegExp(`${tests} passed`), deno.stdout + deno.stderr);
});
