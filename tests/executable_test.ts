/** The executable itself: its names, its options, its links. */

import assert from "node:assert/strict";
import { lstatSync, readdirSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { TemporaryDirectory } from "../lib/sys/testing/directory.ts";
import { type Outcome, run } from "./support/command.ts";
import { RunningInit } from "./support/init.ts";
import { EXECUTABLE } from "./support/programs.ts";

const CLASSIC_NAMES = ["init", "initctl", "reload", "restart", "start", "status", "stop"];

function rouse(...words: string[]): Promise<Outcome> {
  return run([EXECUTABLE, ...words], { environment: { PATH: process.env["PATH"]! }, directory: "/" });
}

Deno.test("--version names the program", async () => {
  const { exit, stdout, stderr } = await rouse("--version");
  assert.deepEqual({ exit, stderr }, { exit: 0, stderr: "" });
  assert.match(stdout, /^rouse \d+\.\d+\.\d+\S*\n$/);
});

Deno.test("--help names the programs", async () => {
  const { exit, stdout } = await rouse("--help");
  assert.equal(exit, 0);
  for (const name of CLASSIC_NAMES) assert.match(stdout, new RegExp(`\\b${name}\\b`));
  assert.deepEqual(await rouse("help"), { exit: 0, stdout, stderr: "" });
});

for (const words of [["frobnicate"], ["--frobnicate"], []]) {
  Deno.test(`\`rouse ${words.join(" ")}' is an error with a hint`, async () => {
    const { exit, stdout, stderr } = await rouse(...words);
    assert.deepEqual({ exit, stdout }, { exit: 2, stdout: "" });
    assert.match(stderr, /^rouse: .+\nTry `rouse --help'.*\n$/);
    for (const word of words) assert.ok(stderr.includes(word));
  });
}

/** The programs that the first word alone calls. */
const TOOLS = [
  "--install",
  "build",
  "check",
  "checks",
  "convert",
  "evaluate",
  "hook",
  "new",
  "probe",
  "ship-logs",
  "sysv explain",
  "sysv lint",
  "sysv order",
  "tidy-logs",
  "types",
];

for (const tool of TOOLS) {
  Deno.test(`rouse ${tool}: --help tells how it is called, and a wrong option is told as everywhere`, async () => {
    const { exit, stdout, stderr } = await rouse(...tool.split(" "), "--help");
    assert.deepEqual([exit, stderr], [0, ""]);
    assert.match(
      stdout,
      new RegExp(`^Usage: rouse ${tool} \\[OPTION\\]\\.\\.\\.( [A-Z|.\\[\\] ]+)?\\n[A-Z]`),
    );
    assert.match(stdout, /^ {2}( {4}|-h, )--help +display this help and exit$/m);
    if (tool !== "new") assert.match(stdout, /^Exit status: 0/m);
    assert(stdout.split("\n").every((line) => line.length <= 80), stdout);
    for (const [word, told] of [["--frob", "--frob"], ["-Zs", "-Z"]] as const) {
      assert.deepEqual(await rouse(...tool.split(" "), word), {
        exit: 2,
        stdout: "",
        stderr: `rouse ${tool}: invalid option: ${told}\nTry \`rouse ${tool} --help' for more information.\n`,
      });
    }
  });
}

Deno.test("rouse run tells how it is called, by its own name", async () => {
  const { exit, stdout } = await rouse("run", "--help");
  assert.equal(exit, 0);
  assert.match(stdout, /^Usage: rouse run \[OPTION\]\.\.\. \[--\] COMMAND \[ARGUMENT\]\.\.\.\n/);
  assert.deepEqual(await rouse("run", "--frob", "true"), {
    exit: 1,
    stdout: "",
    stderr: "rouse run: invalid option: --frob\nTry `rouse run --help' for more information.\n",
  });
});

for (const symbolic of [true, false]) {
  Deno.test(`--install makes ${symbolic ? "symbolic" : "hard"} links that are the programs`, async () => {
    // Hard links need the executable's own file system.
    const parent = symbolic ? tmpdir() : join(EXECUTABLE, "..");
    using temporary = new TemporaryDirectory({ parent });
    const directory = temporary.path;
    for (let time = 1; time <= 2; time++) {
      const { exit, stderr } = await rouse("--install", ...symbolic ? ["-s"] : [], directory);
      assert.deepEqual({ exit, stderr }, { exit: 0, stderr: "" });
    }
    const names = readdirSync(directory);
    for (const name of CLASSIC_NAMES) assert.ok(names.includes(name), name);
    for (const name of names) {
      assert.equal(lstatSync(join(directory, name)).isSymbolicLink(), symbolic);
      assert.equal(statSync(join(directory, name)).ino, statSync(EXECUTABLE).ino);
    }
    const options = { environment: { PATH: "/bin" }, directory: "/" };
    const version = await run([join(directory, "initctl"), "--version"], options);
    assert.equal(version.exit, 0);
    assert.match(version.stdout, /^initctl /);
  });
}

Deno.test("--install into a directory that is not there says so", async () => {
  const { exit, stderr } = await rouse("--install", "/nowhere/at/all");
  assert.notEqual(exit, 0);
  assert.match(stderr, /\/nowhere\/at\/all/);
});

Deno.test("files for the engine in the current directory are of no concern", async () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  Deno.writeTextFileSync(join(directory, "bunfig.toml"), "this is [not toml\n");
  Deno.writeTextFileSync(join(directory, ".env"), "BUN_OPTIONS=--version\n");
  Deno.writeTextFileSync(join(directory, "evil.ts"), "console.log('evil');\n");
  const paths = ["*", "node:process", "node:fs"].map((path) => [path, ["./evil.ts"]]);
  const tsconfig = { compilerOptions: { baseUrl: ".", paths: Object.fromEntries(paths) } };
  Deno.writeTextFileSync(join(directory, "tsconfig.json"), JSON.stringify(tsconfig));
  const imports = { "#*": "./evil.ts", "node:process": "./evil.ts" };
  Deno.writeTextFileSync(
    join(directory, "package.json"),
    JSON.stringify({ imports, preload: "./evil.ts" }),
  );
  const options = { environment: { PATH: "/bin" }, directory };
  const { exit, stdout, stderr } = await run([EXECUTABLE, "--version"], options);
  assert.deepEqual({ exit, stderr }, { exit: 0, stderr: "" });
  assert.match(stdout, /^rouse /);
});

Deno.test("a command loads one chunk and compiles nothing: the executable holds it compiled", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": "exec sleep 600\n" } });
  // The settings have the engine tell what it does.
  const environment = {
    ...init.environment,
    BUN_JSC_reportBytecodeCompileTimes: "1",
    BUN_JSC_dumpModuleLoadingState: "1",
  };
  for (const words of [["start", "web"], ["status", "web"], ["emit", "nothing"], ["stop", "web"]]) {
    const { exit, stdout, stderr } = await run(["initctl", ...words], { environment, directory: "/" });
    const told = stdout + stderr;
    assert.equal(exit, 0, told);
    // The runtime's own two, for the module that it makes around the entry point.
    assert.equal(told.match(/^Compiled /gm)?.length, 2, told);
    const loaded = Array.from(told.matchAll(/\[evaluate\] \S*\/(\w+)\S*/g), ([, name]) => name);
    assert.deepEqual(loaded.sort(), ["initctl", "main", "rouse"], told);
  }
});
