/**
 * Canaries: whatever is undocumented of a runtime and used here has a test that says what broke after an update. They run
 * in Deno, in the engine of the executable (runtimes_test.ts), and on an executable that is compiled for them.
 */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { existsSync, fstatSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { spawnSync } from "node:child_process";
import { join, resolve } from "node:path";
import { SIGPWR } from "../../model/signals.ts";
import { callNumber } from "../call/numbers.ts";
import { close, pipe } from "../io/descriptors.ts";
import { TemporaryDirectory } from "../testing/directory.ts";
import { compileProgram } from "./compile.ts";
import { FAULTS } from "./signal_handlers.ts";
import { type Ffi, openFfi } from "./ffi.ts";
import { prologueFor } from "./prologue.ts";
import { selfCommand } from "./self.ts";
import { NUMBERS_FILES, RUNTIME_GLOBAL } from "./traits.ts";
import { AS_RUNTIME, INIT_FLAGS } from "./variables.ts";

const EXECUTABLE = resolve(import.meta.dirname!, "../../../dist/rouse");
/** How the program is run. */
const OPTIONS = { encoding: "utf8", timeout: 300_000 } as const;
const isBun = "Bun" in globalThis;
const FFI_FILE = `lib/sys/runtime/ffi_${isBun ? "bun" : "deno"}.ts`;

Deno.test("canary: machine code can be called, and memory be seen", () => {
  const ffi = attempt(openFfi, `the FFI cannot be opened: ${FFI_FILE}`);
  const page = attempt(() => map(ffi), `syscall(2) cannot be called by FFI: ${FFI_FILE}`);
  const memory = attempt(() => ffi.memory(page, 64), `FFI gives no memory by its address: ${FFI_FILE}`);
  // Writes 10 to where its argument points.
  const code = { x64: "c7070a000000c3", arm64: "41018052010000b9c0035fd6" }[process.arch as "x64" | "arm64"];
  memory.write(code, "hex");
  const run = attempt(() => ffi.callable(page), `FFI takes no address of machine code: ${FFI_FILE}`);
  attempt(() => run(page + 32), `FFI does not call machine code: ${FFI_FILE}`);
  assert.equal(memory[32], 10, `FFI gives a copy of memory instead of memory: ${FFI_FILE}`);
});

Deno.test("canary: negative results of syscall(2) are numbers", () => {
  const result = openFfi().syscall(callNumber("close"), -1, 0, 0, 0, 0, 0);
  assert.equal(result, -1, `FFI gives another kind of number ("i64_fast"): ${FFI_FILE}`);
});

Deno.test("canary: node:fs knows descriptors as the runtime's trait says", () => {
  const { reader, writer } = pipe();
  const knows = () => fstatSync(writer).isFIFO();
  const message = "NUMBERS_FILES is no longer true of this runtime: lib/sys/runtime/traits.ts";
  if (NUMBERS_FILES) assert.throws(knows, message);
  else assert.ok(knows(), message);
  close(reader);
  close(writer);
});

if (isBun) bunCanaries();
else denoCanaries();

function denoCanaries(): void {
  Deno.test("canary: Deno tells that it runs sources", () => {
    const [, run] = selfCommand("init");
    assert.equal(run, "run", "Deno.build.standalone is no longer false for sources: lib/sys/runtime/self.ts");
  });

  Deno.test({
    name: "canary: what an executable leans on",
    ignore: !existsSync(EXECUTABLE),
    fn: compiledCanaries,
  });
}

function bunCanaries(): void {
  const { Bun } = globalThis as unknown as {
    Bun: { shrink(): void; gc(force: boolean): void; connect: unknown; unsafe: Record<string, unknown> };
  };

  Deno.test("canary: garbage is collected when it is asked for", async () => {
    const garbage = Array.from({ length: 100 }, () => new WeakRef({}));
    // What was made in this turn is kept until it ends.
    await new Promise((resolve) => setTimeout(resolve, 1));
    openFfi().collect();
    const left = garbage.filter((reference) => reference.deref() !== undefined).length;
    assert.ok(left < 50, `Bun.gc(true) leaves garbage: lib/sys/runtime/ffi_bun.ts`);
  });

  Deno.test("canary: the heap can be shrunk", async () => {
    assert.equal(typeof Bun.shrink, "function", "there is no Bun.shrink: lib/sys/runtime/ffi_bun.ts");
    await openFfi().release();
  });

  Deno.test("canary: the engine handles SIGPWR and faults, which is worked around", () => {
    const [, mask = ""] = /^SigCgt:\s*([0-9a-f]+)/m.exec(readFileSync("/proc/self/status", "utf8"))!;
    const caught = (signal: number) => (BigInt(`0x${mask}`) >> BigInt(signal - 1) & 1n) === 1n;
    const file = "lib/sys/runtime/signal_handlers.ts";
    assert.ok(caught(SIGPWR), `the engine no longer stops threads by SIGPWR: ${file} may go without`);
    assert.deepEqual(
      FAULTS.filter(caught),
      FAULTS,
      `the engine handles other faults than before: FAULTS in ${file}`,
    );
  });

  Deno.test("canary: globals stand for modules of Node's", async () => {
    const message = "an import is replaced by a global that is something else: GLOBAL in build/bundle.ts";
    const globals = globalThis as unknown as { process: unknown; Buffer: unknown };
    assert.equal(globals.process, (await import("node:process")).default, message);
    assert.equal(globals.Buffer, Buffer, message);
    assert.ok(RUNTIME_GLOBAL in globalThis, "RUNTIME_GLOBAL is no longer one: lib/sys/runtime/traits.ts");
  });

  Deno.test("canary: sockets are taken over by their descriptors", () => {
    assert.equal(typeof Bun.connect, "function", "there is no Bun.connect: lib/sys/runtime/server_bun.ts");
  });
}

/** Compiles the canary program by the executable's engine, and looks at it in each of its modes. */
async function compiledCanaries(test: Deno.TestContext): Promise<void> {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const program = join(directory, "canary");
  const text = join(directory, "canary.data");
  writeFileSync(text, "embedded");
  attempt(
    () =>
      compileProgram({
        compiler: EXECUTABLE,
        entry: resolve(import.meta.dirname!, "../testing/canary_program.ts"),
        files: [text],
        external: [],
        base: directory,
        output: program,
      }),
    "BUN_BE_BUN=1 EXECUTABLE build --compile … does not compile: lib/sys/runtime/compile.ts",
  );
  const ask = (environment: Record<string, string>, ...words: string[]) =>
    told([program, ...words], environment, directory);

  await test.step("canary: the executable finds its files, and reads none that lie about", () => {
    writeFileSync(join(directory, ".env"), "CANARY_DOTENV=1\n");
    writeFileSync(join(directory, "bunfig.toml"), 'preload = ["./preload.js"]\n');
    writeFileSync(join(directory, "preload.js"), "globalThis.canaryPreloaded = true;\n");
    const { dotenv, preloaded, ...found } = ask({}, "executable") as Record<string, unknown>;
    assert.deepEqual(
      found,
      { compiled: true, embeddedMain: true, embeddedFile: "embedded" },
      "/$bunfs/root/ no longer holds what was compiled in: lib/sys/runtime/self.ts",
    );
    const message = (file: string) =>
      `an executable now reads ${file}: options in lib/sys/runtime/compile.ts`;
    assert.equal(dotenv, null, message(".env"));
    assert.equal(preloaded, false, message("bunfig.toml"));
  });

  await test.step("canary: of the variables that take the engine over one is left to the executable", () => {
    const variables = {
      BUN_OPTIONS: `--preload=${directory}/preload.js`,
      BUN_INSPECT: `unix://${directory}/inspector`,
      BUN_INSPECT_PRELOAD: `${directory}/preload.js`,
    };
    assert.equal(
      (ask(variables, "executable") as { preloaded: boolean }).preloaded,
      false,
      "an executable obeys variables whose names elf.ts should have removed",
    );
    const message = "is obeyed no longer: TAKEOVER_VARIABLES in lib/sys/runtime/variables.ts";
    const { stdout } = spawnSync(program, ["--version"], { ...OPTIONS, env: AS_RUNTIME });
    assert.match(stdout, /^\d+\.\d+\.\d+\n$/, `BUN_BE_BUN ${message}, and nothing compiles`);
  });

  await test.step("canary: the compilers are held back until the policy is restored", () => {
    const { held, restored } = ask({}, "jit") as Record<string, number>;
    assert.equal(held, 0, "--compile-jit-policy does not hold compilers back: lib/sys/runtime/compile.ts");
    assert.ok(restored! > 0, "Bun.unsafe.setJITPolicy does not restore the policy: lib/sys/runtime/jit.ts");
  });

  await test.step("canary: the engine knows all flags", () => {
    const environment = { ...flags(), BUN_JSC_dumpOptions: "1" };
    const { status, stdout, stderr } = spawnSync(program, ["executable"], { ...OPTIONS, env: environment });
    assert.equal(
      status,
      0,
      `the engine refuses a flag of INIT_FLAGS in lib/sys/runtime/variables.ts: ${stderr}`,
    );
    for (const [name, value] of Object.entries(flags())) {
      if (!name.startsWith("BUN_JSC_")) continue;
      const option = `${name.slice("BUN_JSC_".length)}=${value}`;
      const told = option.replace(/(?<=^use\w+=)0$/, "false");
      assert.ok(
        `${stdout}${stderr}`.includes(`${told} `),
        `the engine does not take ${option}: INIT_FLAGS in lib/sys/runtime/variables.ts`,
      );
    }
  });

  await test.step("canary: with the flags there is one thread, which sleeps", async () => {
    const IDLE = "2500";
    const { BUN_GC_TIMER_DISABLE: _, ...withTimer } = flags();
    const run = (environment: Record<string, string>) => toldLater([program, "threads", IDLE], environment);
    const [calm, restless] = await Promise.all([run(flags()), run(withTimer)]) as Threads[];
    assert.deepEqual(
      calm!.names,
      ["canary"],
      "the runtime starts threads in spite of SINGLE_THREAD_FLAGS: lib/sys/runtime/variables.ts",
    );
    assert.ok(
      calm!.wakeups < restless!.wakeups,
      `BUN_GC_TIMER_DISABLE keeps nothing from waking up (${
        calm!.wakeups
      } times): lib/sys/runtime/variables.ts`,
    );
  });

  await test.step("canary: imports can be hooked into", () => {
    assert.deepEqual(
      ask({}, "imports", directory),
      {
        hooks: true,
        provided: "provided",
        redirected: "file",
        loaded: "text",
        required: "required",
        requires: ["required.cjs"],
        resolved: "file.ts",
        before: "file",
        after: "changed",
      },
      "Bun.plugin, Module._resolveFilename or require.cache works otherwise: lib/sys/runtime/import_hooks.ts",
    );
  });

  await test.step("canary: beforeExit is emitted whenever nothing is left to do", () => {
    assert.equal(ask({}, "idleness"), 3, "TELLS_IDLENESS is no longer true: lib/sys/runtime/traits.ts");
  });

  await test.step("canary: the runtime raises the limit of descriptors, and the prologue notes it before", () => {
    const words = ["/bin/sh", "-c", 'ulimit -S -n 500; ulimit -H -n 2000; exec "$0" limit', program];
    const { now, noted } = told(words, {}, directory) as Record<string, number | null>;
    assert.equal(now, 2000, "the runtime no longer raises the limit: lib/sys/runtime/prologue.ts may go");
    const isPossible = prologueFor(readFileSync(program).readUInt16LE(18)) !== undefined;
    assert.equal(noted, isPossible ? 500 : null, "the prologue finds no gap: lib/sys/runtime/elf.ts");
  });

  await test.step("canary: process 1 has init's flags before the runtime starts, unless it is passed some", () => {
    const isPossible = prologueFor(readFileSync(program).readUInt16LE(18)) !== undefined;
    const set = isPossible ? [...INIT_FLAGS].sort() : [];
    const first = [
      "unshare",
      "--user",
      "--map-root-user",
      "--pid",
      "--fork",
      "--mount-proc",
      program,
      "flags",
    ];
    if (spawnSync(first[0]!, [...first.slice(1, -2), "true"]).status !== 0) {
      return console.log("no namespace of processes can be made: nothing is tested");
    }
    const flagsOf = (words: string[], environment = {}) => told(words, { A: "1", ...environment }, directory);
    assert.deepEqual(flagsOf(first), { words: [""], flags: set, given: "1" });
    assert.deepEqual(flagsOf([...first, "--other"]), { words: ["--other"], flags: set, given: "1" });
    // It may name descriptors that the restart would close.
    assert.deepEqual(flagsOf([...first, "--ready-fd=3"]), { words: ["--ready-fd=3"], flags: [], given: "1" });
    const own = "BUN_JSC_useDFGJIT=1";
    assert.deepEqual(flagsOf(first, { BUN_JSC_useDFGJIT: "1" }), { words: [""], flags: [own], given: "1" });
    assert.deepEqual(flagsOf([program, "flags"]), { words: [""], flags: [], given: "1" });
  });
}

/** What {@link compiledCanaries} is told of threads. */
interface Threads {
  names: string[];
  wakeups: number;
}

/** {@link INIT_FLAGS} as an environment. */
function flags(): Record<string, string> {
  return Object.fromEntries(INIT_FLAGS.map((flag) => flag.split("=") as [string, string]));
}

/** What a command prints, as JSON, in an environment of these variables alone. */
function told(words: string[], environment: Record<string, string>, directory: string): unknown {
  const [command, ...rest] = words;
  const { stdout, stderr } = spawnSync(command!, rest, { ...OPTIONS, env: environment, cwd: directory });
  return attempt(() => JSON.parse(stdout), `${words.join(" ")} failed: ${stderr}`);
}

/** The same for one of several at a time. */
async function toldLater(words: string[], environment: Record<string, string>): Promise<unknown> {
  const [command, ...args] = words;
  const options = { args, env: environment, clearEnv: true };
  const { stdout } = await new Deno.Command(command!, options).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

/** Does something that must not fail; the message says what broke if it does. */
function attempt<Result>(action: () => Result, message: string): Result {
  try {
    return action();
  } catch (error) {
    throw new Error(message, { cause: error });
  }
}

/** A page that can be written to and executed. */
function map(ffi: Ffi): number {
  const readWriteExecute = 7, privateAnonymous = 0x22;
  const page = ffi.syscall(callNumber("mmap"), 0, 4096, readWriteExecute, privateAnonymous, -1, 0);
  assert.ok(page > 0);
  return page;
}
