/** The executable itself: its names, its options, its links. */

import assert from "node:assert/strict";
import { lstatSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
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
});

for (const words of [["frobnicate"], ["--frobnicate"], []]) {
  Deno.test(`\`rouse ${words.join(" ")}' is an error with a hint`, async () => {
    const { exit, stdout, stderr } = await rouse(...words);
    assert.deepEqual({ exit, stdout }, { exit: 2, stdout: "" });
    assert.match(stderr, /^rouse: .+\nTry `rouse --help'.*\n$/);
    for (const word of words) assert.ok(stderr.includes(word));
  });
}

for (const symbolic of [true, false]) {
  Deno.test(`--install makes ${symbolic ? "symbolic" : "hard"} links that are the programs`, async () => {
    // Hard links need the executable's own file system.
    const parent = symbolic ? tmpdir() : join(EXECUTABLE, "..");
    const directory = mkdtempSync(join(parent, "rouse-links."));
    try {
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
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
}

Deno.test("--install into a directory that is not there says so", async () => {
  const { exit, stderr } = await rouse("--install", "/nowhere/at/all");
  assert.notEqual(exit, 0);
  assert.match(stderr, /\/nowhere\/at\/all/);
});

Deno.test("files for the engine in the current directory are of no concern", async () => {
  const directory = mkdtempSync(join(tmpdir(), "rouse-cwd."));
  try {
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
  } finally {
    rmSync(directory, { recursive: true });
  }
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
