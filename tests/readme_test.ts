/** What the README shows is true: its job is the same in both formats. */

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConf } from "../compat/upstart/mod.ts";
import type { JobDefinition } from "../lib/model/job.ts";
import { run } from "./support/command.ts";
import { EXECUTABLE } from "./support/programs.ts";

const README = readFileSync(join(import.meta.dirname!, "../README.md"), "utf8");

/** The first code block of the README in a language. */
function block(language: string): string {
  const match = new RegExp("^```" + language + "\n(.*?)^```", "ms").exec(README);
  assert.ok(match, `README.md has a block of ${language}`);
  return match[1]!;
}

/** A definition without what differs of necessity: where it stands, and the hook that is a function. */
function comparable({ processes, ...definition }: JobDefinition) {
  return { ...definition, source: "", main: processes.main, processes: Object.keys(processes).sort() };
}

Deno.test("the README's TypeScript job and its .conf are the same job", async () => {
  const directory = mkdtempSync(join(tmpdir(), "rouse-readme."));
  try {
    const module = join(directory, "web.ts");
    writeFileSync(module, block("ts"));
    const options = { environment: { PATH: "/usr/bin:/bin" }, directory };
    const { stdout, stderr } = await run([EXECUTABLE, "evaluate", "--directory", directory, module], options);
    const report = stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line))
      .find((line) => line.module === module);
    assert.ok(report?.jobs, `${stdout}${stderr}`);

    const conf = parseConf(block("conf"), "web.conf", "web");
    assert.deepEqual(comparable(report.jobs[0]), comparable(JSON.parse(JSON.stringify(conf))));
  } finally {
    rmSync(directory, { recursive: true });
  }
});
