/** What the README shows is true: its job is the same in both formats, its commands run, no program is missing. */

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { TemporaryDirectory } from "../lib/sys/testing/directory.ts";
import { parseConf } from "../compat/upstart/parse.ts";
import type { JobDefinition } from "../lib/model/job.ts";
import { reporting } from "./support/author.ts";
import { run } from "./support/command.ts";
import { until } from "./support/deadline.ts";
import { killNaming, processesNaming } from "./support/processes.ts";
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
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const module = join(directory, "web.ts");
  writeFileSync(module, block("ts"));
  const options = { environment: { PATH: "/usr/bin:/bin" }, directory };
  const words = [EXECUTABLE, "evaluate", "--directory", directory, module];
  const { stdout, stderr } = await run(reporting(words), options);
  const report = stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line))
    .find((line) => line.module === module);
  assert.ok(report?.jobs, `${stdout}${stderr}`);

  const conf = parseConf(block("conf"), "web.conf", "web");
  assert.deepEqual(comparable(report.jobs[0]), comparable(JSON.parse(JSON.stringify(conf))));
});

for (const runtimeDirectory of [true, false]) {
  const where = runtimeDirectory ? "with" : "without";
  Deno.test(`the README's commands for a user, as a script, ${where} XDG_RUNTIME_DIR`, async () => {
    // Beside the executable: hard links reach no other file system.
    using temporary = new TemporaryDirectory({ parent: dirname(EXECUTABLE) });
    const home = temporary.path;
    try {
      const [, commands = ""] = /^## As a user\n\n((?: {4}.*\n|\n)+)/m.exec(README) ?? [];
      const script = commands.replace("deno task build", "true").replaceAll("dist/rouse", EXECUTABLE);
      assert.match(script, /initctl start nap/);
      const directory = join(home, "run");
      mkdirSync(directory, { mode: 0o700 });
      const environment = {
        PATH: "/usr/bin:/bin",
        HOME: home,
        ...(runtimeDirectory && { XDG_RUNTIME_DIR: directory }),
      };
      const { exit, stdout, stderr } = await run(["/bin/sh", "-e", "-c", script], {
        environment,
        directory: home,
      });
      assert.equal(exit, 0, stderr);
      assert.equal(stderr, "");
      assert.match(stdout, /^nap start\/running, process (\d+)\nnap start\/running, process \1$/m);
      await until("all that it started is gone", () => processesNaming(home).length === 0);
    } finally {
      killNaming(home);
    }
  });
}

Deno.test("the README names every program of the executable", async () => {
  const { stdout } = await run([EXECUTABLE, "--help"], { environment: {}, directory: "/" });
  const links = /^Programs:\n {2}(.+)$/m.exec(stdout)![1]!.split(" ");
  const words = Array.from(stdout.matchAll(/or: rouse ([a-z]+|--install) /g), ([, word]) => `rouse ${word}`);
  assert(links.length > 10 && words.length > 5, stdout);
  const section = README.slice(README.indexOf("\n## Programs\n"));
  const named = Array.from(
    section.slice(0, section.indexOf("\n## ", 1)).matchAll(/`([^`]+)`/g),
    ([, code]) => code!,
  );
  const missing = [...links, ...words].filter((program) =>
    !named.some((code) => `${code} `.startsWith(`${program} `))
  );
  assert.deepEqual(missing, []);
});
