/** `rouse build`: executables with jobs inside, made by the executable alone. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import process from "node:process";
import { Files } from "./support/author.ts";
import { run } from "./support/command.ts";
import { RunningInit } from "./support/init.ts";
import { EXECUTABLE } from "./support/programs.ts";

const JOBS = {
  "jobs/base.ts": 'import { job } from "rouse";\nexport default job({ exec: "sleep 600" });\n',
  "jobs/shared.ts": "export const word: string = `shared`;\n",
  "jobs/net/web.ts": `import { job, started, stopping } from "rouse";
import base from "../base.ts";
import { word } from "../shared.ts";

interface Erased {
  text: string;
}

export default job({
  startOn: started(base),
  stopOn: stopping(base),
  env: { WORD: word },
  async preStart({ $, env, log }) {
    const erased: Erased = { text: String(await $\`echo \${env.WORD}\`) };
    log("pre-start", erased.text.trim());
  },
  exec: "sleep 600",
  postStop() {
    throw new Error("thrown on purpose");
  },
});
`,
};

/** Runs `rouse build` with nothing around that it could use. */
function build(files: Files, ...words: string[]) {
  const options = { directory: files.directory, environment: { TMPDIR: files.directory }, timeout: 120_000 };
  return run([EXECUTABLE, "build", ...words], options);
}

let shared: Promise<{ files: Files; programs: string }> | undefined;

/** The programs of an executable that has JOBS inside, which is made once. */
async function builtOnce(): Promise<string> {
  shared ??= (async () => {
    const files = new Files(JOBS);
    return { files, programs: await built(files) };
  })();
  return (await shared).programs;
}

Deno.test.afterAll(async () => {
  (await shared)?.files[Symbol.dispose]();
});

/** Makes an executable with these jobs inside, and links to it in `bin`. */
async function built(files: Files): Promise<string> {
  const { exit, stdout, stderr } = await build(files, "--jobs", "jobs", "-o", "out/mine");
  assert.deepEqual({ exit, stdout, stderr }, { exit: 0, stdout: "", stderr: "" });
  assert.deepEqual(readdirSync(files.path("out")), ["mine"], "nothing else is left there");
  assert.deepEqual(readdirSync(files.directory).sort(), ["jobs", "out"], "nor anywhere else");
  const bin = files.path("bin");
  mkdirSync(bin);
  const { exit: installed } = await run([files.path("out/mine"), "--install", bin], {
    directory: "/",
    environment: {},
  });
  assert.equal(installed, 0);
  return bin;
}

Deno.test("an executable makes another with jobs inside, which runs them, functions too", async () => {
  const programs = await builtOnce();
  await using init = await RunningInit.start({ programs });
  await init.until(["list"], "base stop/waiting\nnet/web stop/waiting\n");
  await init.ask("start", "base");
  await init.until(["status", "net/web"], /^net\/web start\/running, process \d+\n$/);
  assert.deepEqual(await init.untilLines("log/net_web.log", 1), ["pre-start shared"]);
  await init.ask("stop", "base");
  const log = (await init.untilLines("log/net_web.log", 3)).join("\n");
  assert.match(log, /^Error: thrown on purpose\n +at .*\bjobs\/net\/web\.ts:19:\d+/m);
});

Deno.test("files in configuration directories go before jobs that are compiled in, and override them", async () => {
  const programs = await builtOnce();
  await using init = await RunningInit.start({
    programs,
    jobs: {
      "base.conf": "exec sh -c 'echo from the file; exec sleep 600'\n",
      "net/web.override": "manual\n",
    },
  });
  await init.until(["list"], "base stop/waiting\nnet/web stop/waiting\n");
  await init.ask("start", "base");
  assert.deepEqual(await init.untilLines("log/base.log", 1), ["from the file"]);
  assert.equal(await init.ask("status", "net/web"), "net/web stop/waiting\n");
  init.remove("base.conf");
  await init.ask("stop", "base");
  await init.until(["start", "base"], /^base start\/running/);
});

Deno.test("an executable with jobs inside makes one with other jobs inside", async () => {
  const programs = await builtOnce();
  using other = new Files({ "jobs/other.ts": 'import { job } from "rouse";\nexport default job({});\n' });
  const { exit, stderr } = await run([`${programs}/../out/mine`, "build", "--jobs=jobs", "-o", "other"], {
    directory: other.directory,
    environment: {},
    timeout: 120_000,
  });
  assert.deepEqual({ exit, stderr }, { exit: 0, stderr: "" });
  mkdirSync(other.path("bin"));
  await run([other.path("other"), "--install", other.path("bin")], { directory: "/", environment: {} });
  await using init = await RunningInit.start({ programs: other.path("bin") });
  await init.until(["list"], "other stop/waiting\n");
});

Deno.test("classic files are compiled in, too", async () => {
  using files = new Files({
    "jobs/net/bridge.conf": "start on go\nenv WORD='$HOME'\nexec sleep 600\n",
    "jobs/web.ts": JOBS["jobs/base.ts"],
    "jobs/web.conf": "start on go\nexec sleep 601\n",
  });
  const programs = await built(files);
  await using init = await RunningInit.start({ programs });
  await init.until(["list"], "net/bridge stop/waiting\nweb stop/waiting\n");
  await init.ask("emit", "go");
  assert.match(await init.ask("status", "net/bridge"), /^net\/bridge start\/running/);
  assert.equal(await init.ask("status", "web"), "web stop/waiting\n");
});

Deno.test("what cannot be built is told, and nothing is written", async () => {
  using files = new Files({
    "bad/field.ts": 'import { job } from "rouse";\nexport default job({\n  exce: "true",\n});\n',
    "bad/import.ts": 'import "./missing.ts";\n',
    "bad/web.conf": "exec httpd\nrespwan\n",
    "bad/cron.override": "manual\n",
    "empty/readme": "",
  });
  const bad = await build(files, "--jobs", "bad", "-o", "mine");
  assert.equal(bad.exit, 1);
  assert.match(bad.stderr, /^rouse: Unable to build mine: .*\/bad\/field\.ts:3: a job has no field exce/);
  assert.match(bad.stderr, /\/bad\/import\.ts:1: cannot find module/);
  assert.match(bad.stderr, /\/bad\/web\.conf:2: Unknown stanza/);
  assert.match(bad.stderr, /\/bad\/cron\.override: an override is not compiled in/);
  const empty = await build(files, "--jobs", "empty", "-o", "mine");
  assert.deepEqual([empty.exit, empty.stderr], [
    1,
    "rouse: Unable to build mine: empty holds no jobs\n",
  ]);
  const missing = await build(files, "--jobs", "missing", "-o", "mine");
  assert.equal(
    missing.stderr,
    "rouse: Unable to build mine: Unable to read missing: No such file or directory\n",
  );
  for (const words of [["--jobs", "bad"], ["-o", "mine"], ["--jbos", "bad"], ["extra"]]) {
    const { exit, stderr } = await build(files, ...words);
    assert.equal(exit, 2);
    assert.match(stderr, /^rouse build: .*\nTry `rouse build --help' for more information\.\n$/);
  }
  assert.equal(existsSync(files.path("mine")), false);
  assert.deepEqual(readdirSync(files.directory).sort(), ["bad", "empty"]);
});

/** Runs build.ts on the jobs; `mine` is the executable. */
function buildFromSources(files: Files, variables: Record<string, string>, ...words: string[]) {
  const script = new URL("../build.ts", import.meta.url).pathname;
  const options = ["--jobs", files.path("jobs"), "-o", files.path("mine"), ...words];
  return run([Deno.execPath(), "run", "-q", "-A", script, ...options], {
    directory: "/",
    environment: { ...process.env as Record<string, string>, ...variables },
    timeout: 120_000,
  });
}

/** Starts an init of the executable `mine`, and waits until it knows its jobs. */
async function startMine(files: Files): Promise<RunningInit> {
  mkdirSync(files.path("bin"));
  await run([files.path("mine"), "--install", files.path("bin")], { directory: "/", environment: {} });
  const init = await RunningInit.start({
    programs: files.path("bin"),
    jobs: { "file.ts": JOBS["jobs/base.ts"] },
  });
  await init.until(["status", "base"], "base stop/waiting\n");
  await init.until(["status", "net/web"], "net/web stop/waiting\n");
  await init.until(["status", "file"], "file stop/waiting\n");
  return init;
}

Deno.test("build.ts compiles jobs in", async () => {
  using files = new Files(JOBS);
  const { exit, stderr } = await buildFromSources(files, {});
  assert.equal(exit, 0, stderr);
  await using _init = await startMine(files);
});

Deno.test({
  name: "build.ts compiles jobs in for the Deno engine",
  ignore: process.env["DENORT_BIN"] === undefined,
  async fn() {
    using files = new Files(JOBS);
    const { exit, stderr } = await buildFromSources(files, {}, "--engine", "deno");
    assert.equal(exit, 0, stderr);
    await using init = await startMine(files);
    await init.ask("start", "base");
    assert.deepEqual(await init.untilLines("log/net_web.log", 1), ["pre-start shared"]);
  },
});

Deno.test("a base program that is not there is told by the variable that names it", async () => {
  using files = new Files(JOBS);
  for (const [file, reason] of [["/no/denort", "No such file or directory"], ["/", "Not a regular file"]]) {
    const { exit, stderr } = await buildFromSources(files, { DENORT_BIN: file! }, "--engine", "deno");
    const told = `build: Unable to compile with Deno: DENORT_BIN names ${file}: ${reason}\n`;
    assert.deepEqual({ exit, stderr }, { exit: 1, stderr: told });
  }
});

Deno.test("build.ts tells how it is called, and refuses what it does not know", async () => {
  using files = new Files({});
  const help = await buildFromSources(files, {}, "--help");
  assert.equal(help.exit, 0);
  assert.match(help.stdout, /^Usage: deno task build \[OPTION\][^]*^ +--engine=ENGINE [^]*^Exit status: 0/m);
  for (
    const [words, told] of [
      [["--frob"], "invalid option: --frob"],
      [["--engine=V8"], "unknown engine: V8"],
      [["--arch=mips"], "unknown architecture: mips; it is one of x86-64, arm64"],
      [["--engine=deno", "--arch=arm64"], "--arch is for the engine bun alone"],
    ] as const
  ) {
    const { exit, stderr } = await buildFromSources(files, {}, ...words);
    assert.equal(exit, 2);
    assert(stderr.startsWith(`deno task build: ${told}`), stderr);
  }
});

Deno.test("what Deno compiles holds all of the product, and the jobs", async () => {
  using files = new Files(JOBS);
  // Any program will do to be compiled into, as it is not run.
  const { exit, stderr } = await buildFromSources(files, { DENORT_BIN: "/bin/true" }, "--engine", "deno");
  assert.deepEqual({ exit, stderr }, { exit: 0, stderr: "" });
  assert.deepEqual(readdirSync(files.directory).sort(), ["jobs", "mine"], "nothing else is left there");
  const executable = readFileSync(files.path("mine"), "latin1");
  for (const text of ["thrown on purpose", "missing program"]) {
    assert(executable.includes(text), text);
  }
});
