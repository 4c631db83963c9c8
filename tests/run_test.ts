/** What tests/run.ts tells of tests that fail, and of test processes that die. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { environmentWith, Files } from "./support/author.ts";
import { LONGEST_FILES } from "./run.ts";
import { run } from "./support/command.ts";

const RUN = resolve(import.meta.dirname!, "run.ts");

/** What the runner tells in the end of files of tests, with its exit status; and its table of the slowest. */
async function told(tests: Record<string, string>): Promise<{ text: string; slowest: string }> {
  using files = new Files(tests);
  const { exit, stdout } = await run([Deno.execPath(), "run", "-A", "--no-check", RUN, files.directory], {
    directory: files.directory,
    environment: environmentWith({ RUST_BACKTRACE: "0" }),
    timeout: 180_000,
  });
  const end = stdout.slice(stdout.search(/^(Skipped|Failed|In all):/m)).replaceAll(/ in \d+ s$/gm, "");
  const names = end.replaceAll(/^( *)\S*\/(\w+_test\.ts)/gm, "$1$2");
  const [, slowest = ""] = /^Slowest:\n((?: .*\n)*)/m.exec(stdout) ?? [];
  return { text: `${names}status ${exit}`, slowest };
}

Deno.test("the files that begin first are there", () => {
  for (const file of LONGEST_FILES) assert(existsSync(resolve(import.meta.dirname!, "..", file)), file);
});

const FINE = 'Deno.test("fine", () => {});\n';

Deno.test("files that pass are counted, what is skipped is named, and the slowest are told", async () => {
  const { text, slowest } = await told({
    "one_test.ts": FINE,
    "more/two_test.ts": `${FINE}Deno.test("steps", async (test) => void await test.step("a", () => {}));\n` +
      'Deno.test({ name: "elsewhere", ignore: true, fn() {} });\n' +
      'Deno.test("slow", () => new Promise((resolve) => setTimeout(resolve, 2000)));\n',
    "no_tests.ts": "throw new Error();\n",
  });
  assert.equal(
    text,
    "Skipped:\n  two_test.ts: elsewhere\n\nIn all: 4 passed (1 steps), 0 failed, 1 ignored\nstatus 0",
  );
  assert.match(slowest, /^( +\d+\.\d s, processors +\d+\.\d s {2}\S+_test\.ts\n){2}$/);
});

Deno.test("a failure is told in the end with its reason", async () => {
  const { text } = await told({
    "one_test.ts": FINE,
    "two_test.ts": `${FINE}Deno.test("unfair", () => { throw new Error("the reason"); });\n`,
  });
  assert.match(text, /^Failed:\n\ntwo_test\.ts: exit status 1\nunfair => [^]*\nerror: Error: the reason\n/);
  assert.match(text, /\nIn all: 2 passed \(0 steps\), 1 failed, 0 ignored\nstatus 1$/);
});

Deno.test("of a process that dies the signal, the test and the last words are told, and other files go on", async () => {
  const { text } = await told({
    // What a test prints is written by another thread: it may be told of only when that has been done.
    "one_test.ts": `${FINE}Deno.test("deadly", async () => {\n  console.log("last words");\n` +
      '  const isWritten = () => Deno.readTextFileSync("/proc/self/fd/1").includes("last words");\n' +
      "  while (!isWritten()) await new Promise((resolve) => setTimeout(resolve, 1));\n" +
      '  Deno.kill(Deno.pid, "SIGKILL");\n  await new Promise(() => setInterval(() => {}, 1000));\n});\n',
    "two_test.ts": FINE,
  });
  assert.match(text, /^Failed:\n\none_test\.ts: killed by SIGKILL in the test "deadly", after:\n/);
  assert.match(text, /^last words$/m);
  assert.match(text, /\nIn all: 2 passed \(0 steps\), 1 failed, 0 ignored\nstatus 1$/);
});

Deno.test("a module that cannot be loaded is told with the reason", async () => {
  const { text } = await told({ "one_test.ts": 'import "./nowhere.ts";\n' });
  assert.match(text, /^Failed:\n\none_test\.ts: exit status 1, after:\nerror: Module not found "/);
  assert.match(text, /\nIn all: 0 passed \(0 steps\), 1 failed, 0 ignored\nstatus 1$/);
});

Deno.test("a file of something else is not run, whatever it does", async () => {
  using files = new Files({
    "record.ts": 'import { writeFileSync } from "node:fs";\nwriteFileSync("written", "");\n',
  });
  const path = `${files.directory}/record.ts`;
  const { exit, stderr } = await run([Deno.execPath(), "run", "-A", "--no-check", RUN, path], {
    directory: files.directory,
    environment: environmentWith({}),
  });
  assert.equal(exit, 2);
  assert.match(stderr, new RegExp(`^deno task test: no file of tests: ${path}\n`));
});
