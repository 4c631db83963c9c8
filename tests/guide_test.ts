/** The guide's examples: they compile, they load, and the two formats mean the same. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseConf } from "../compat/upstart/mod.ts";
import { parseEvaluatorLine } from "../lib/author/protocol.ts";
import { environmentWith, Files, runIn } from "./support/author.ts";
import { run } from "./support/command.ts";

const ROOT = resolve(import.meta.dirname!, "..");
const GUIDE = readFileSync(resolve(ROOT, "docs/jobs.md"), "utf8");
const EXAMPLES = Object.fromEntries(
  Array.from(GUIDE.matchAll(/^```(?:ts|conf) (\S+)\n([^]*?)^```$/gm), ([, name, text]) => [name!, text!]),
);
const MODULES = Object.keys(EXAMPLES).filter((name) => name.endsWith(".ts"));

Deno.test("every TypeScript example of the guide has a file name and compiles", async () => {
  assert.equal(GUIDE.match(/^```\w+/gm)?.length, Object.keys(EXAMPLES).length);
  using files = new Files(EXAMPLES);
  const command = [Deno.execPath(), "check", "-q", "--config", resolve(ROOT, "deno.json"), ...MODULES];
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
