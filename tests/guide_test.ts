/** The guide's examples: they compile, they load, and the two formats mean the same. */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseConf } from "../compat/upstart/mod.ts";
import { parseEvaluatorLine } from "../lib/author/protocol.ts";
import { environmentWith, Files, runIn } from "./support/author.ts";
import { run, shell } from "./support/command.ts";
import { EXECUTABLE } from "./support/programs.ts";

const ROOT = resolve(import.meta.dirname!, "..");
const GUIDE = readFileSync(resolve(ROOT, "docs/jobs.md"), "utf8");
const EXAMPLES = Object.fromEntries(
  Array.from(GUIDE.matchAll(/^```(?:ts|conf) (\S+)\n([^]*?)^```$/gm), ([, name, text]) => [name!, text!]),
);
const TYPESCRIPT = Object.keys(EXAMPLES).filter((name) => name.endsWith(".ts"));
const MODULES = TYPESCRIPT.filter((name) => !name.endsWith("_test.ts"));

Deno.test("every TypeScript example of the guide has a file name and compiles", async () => {
  const named = GUIDE.match(/^```(?!console$)\w+/gm);
  assert.equal(named?.length, Object.keys(EXAMPLES).length);
  using files = new Files(EXAMPLES);
  const command = [Deno.execPath(), "check", "-q", "--config", resolve(ROOT, "deno.json"), ...TYPESCRIPT];
  const { exit, stderr } = await run(command, {
    directory: files.directory,
    environment: environmentWith({ NO_COLOR: "1" }),
    timeout: 60_000,
  });
  assert.equal(exit, 0, stderr);
});

Deno.test("every example loads, and the job in both formats is one", async () => {
  using files = new Files(EXAMPLES);
  const { stdout } = await runIn("compiled", ["evaluate", "--directory", files.directory, ...MODULES], files);
  const reports = stdout.split("\n").map(parseEvaluatorLine).filter((line) => line && "module" in line);
  const jobs = reports.flatMap((report) => {
    assert.ok(report && "jobs" in report, JSON.stringify(report));
    return report.jobs;
  });
  const names = [
    "clock",
    "shop",
    "bakery",
    "api",
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

/** The commands of a transcript with what they print, and `[STATUS]` at its end where that is not 0. */
function commands(transcript: string): Array<{ command: string; told: string }> {
  return transcript.split(/^\$ /m).slice(1).map((part) => {
    const end = part.indexOf("\n");
    return { command: part.slice(0, end), told: part.slice(end + 1) };
  });
}

Deno.test("every command of the guide does what it shows", async () => {
  using files = new Files(EXAMPLES);
  const programs = files.path(".programs");
  mkdirSync(programs);
  symlinkSync(EXECUTABLE, join(programs, "rouse"));
  const options = {
    directory: files.directory,
    environment: environmentWith({ PATH: `${programs}:/usr/bin:/bin` }),
  };
  const transcripts = Array.from(GUIDE.matchAll(/^```console\n([^]*?)^```$/gm), ([, text]) => text!);
  assert.notEqual(transcripts.length, 0);
  for (const { command, told } of transcripts.flatMap(commands)) {
    const { exit, stdout, stderr } = await shell(command, options);
    const status = exit === 0 ? "" : `[${exit}]\n`;
    assert.equal((stdout + stderr).replaceAll(files.directory, "DIR") + status, told, command);
  }
});

Deno.test("the guide's tests of jobs pass, run as it says", async () => {
  using files = new Files(EXAMPLES);
  const environment = environmentWith({ NO_COLOR: "1", BUN_BE_BUN: "1" });
  const options = { directory: files.directory, environment, timeout: 60_000 };
  const prepared = await runIn("compiled", ["types", "."], files);
  assert.equal(prepared.exit, 0, prepared.stderr);
  const tests = EXAMPLES["clock_test.ts"]!.match(/^test\(/gm)!.length;
  const bun = await run([EXECUTABLE, "test"], options);
  assert.match(bun.stderr, new RegExp(`^ ${tests} pass$`, "m"), bun.stderr);
  assert.equal(bun.exit, 0);
  const words = ["test", "-A", "--config", ".rouse/deno.json", "clock_test.ts"];
  const deno = await run([Deno.execPath(), ...words], options);
  assert.match(deno.stdout, new RegExp(`${tests} passed`), deno.stdout + deno.stderr);
});
