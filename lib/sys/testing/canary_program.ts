/**
 * The program that canary_test.ts compiles: does one thing that leans on the runtime and prints, as JSON, what came of it.
 *
 *     canary MODE [ARGUMENT]...
 */

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { embeddedPath, isCompiled, isEmbedded } from "../runtime/self.ts";
import {
  forgetImports,
  HAS_IMPORT_HOOKS,
  onLoad,
  onRequire,
  onResolve,
  provideModule,
  resolveModule,
} from "../runtime/import_hooks.ts";
import { restoreJitPolicy } from "../runtime/jit.ts";
import { notedDescriptorLimit } from "../runtime/prologue.ts";
import { INIT_FLAGS } from "../runtime/variables.ts";

/** Whether files that lie about have got into the executable, and whether it finds its own. */
function executable(): unknown {
  return {
    compiled: isCompiled(),
    embeddedMain: isEmbedded(process.argv[1]!),
    embeddedFile: existsSync(embeddedPath("canary.data")) &&
      readFileSync(embeddedPath("canary.data"), "utf8"),
    dotenv: process.env.CANARY_DOTENV ?? null,
    preloaded: "canaryPreloaded" in globalThis,
  };
}

/** How often what runs often is compiled by the optimizing compiler: before the policy is restored, and after that. */
async function jit(): Promise<unknown> {
  // The type checker knows no such scheme.
  const name = "bun:jsc";
  const { numberOfDFGCompiles } = await import(name) as { numberOfDFGCompiles(of: unknown): number };
  const hot = (count: number) => {
    let sum = 0;
    for (let number = 0; number < count; number++) sum += number % 7;
    return sum;
  };
  // Compiling is done by a thread: its code is there some time later, and counts once it is called.
  const runOften = async (rounds: number) => {
    for (let run = 0; run < 3000; run++) hot(2);
    for (let round = 0; round < rounds && numberOfDFGCompiles(hot) === 0; round++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      hot(2);
    }
    return numberOfDFGCompiles(hot);
  };
  const held = await runOften(10);
  restoreJitPolicy();
  return { held, restored: await runOften(500) };
}

/** How often `beforeExit` is emitted where each time a little more is done, three times at most. */
function idleness(): Promise<unknown> {
  return new Promise((resolve) => {
    let count = 0;
    process.on("beforeExit", () => {
      if (++count === 3) resolve(count);
      else setImmediate(() => {});
    });
  });
}

/** The threads after some garbage, and how often they wake up in so many ms in which there is nothing to do. */
async function threads(idle: string): Promise<unknown> {
  let garbage: unknown[] = [];
  for (let count = 0; count < 200_000; count++) garbage.push({ count });
  garbage = [];
  const before = switches();
  await new Promise((resolve) => setTimeout(resolve, Number(idle)));
  const after = switches();
  const sum = (counts: number[]) => counts.reduce((total, count) => total + count, garbage.length);
  return {
    names: Object.keys(after).sort(),
    wakeups: sum(Object.values(after)) - sum(Object.values(before)),
  };
}

/** How often each thread has waited, by its name. */
function switches(): Record<string, number> {
  return Object.fromEntries(
    readdirSync("/proc/self/task").map((thread) => {
      const read = (file: string) => readFileSync(`/proc/self/task/${thread}/${file}`, "utf8");
      return [read("comm").trim(), Number(/^voluntary_ctxt_switches:\s*(\d+)/m.exec(read("status"))![1])];
    }),
  );
}

/** What modules in a directory see of the import hooks. */
async function imports(directory: string): Promise<unknown> {
  const path = (name: string) => join(directory, name);
  const value = async (name: string) => (await import(path(name))).default as unknown;
  writeFileSync(path("file.ts"), 'export default "file";');
  writeFileSync(path("provided.ts"), 'import { word } from "canary"; export default word;');
  writeFileSync(path("redirected.ts"), 'export { default } from "./nowhere.ts";');
  writeFileSync(path("loaded.ts"), 'export default "file";');
  writeFileSync(path("required.cjs"), 'module.exports = "required";');
  provideModule("canary", { word: "provided" });
  onResolve(/nowhere\.ts$/, () => path("file.ts"));
  onLoad(/\/loaded\.ts$/, () => ({ contents: 'export default "text" as string;', loader: "ts" }));
  const required: string[] = [];
  onRequire((found) => required.push(found));
  const { default: before } = await import(path("file.ts"));
  const seen = {
    hooks: HAS_IMPORT_HOOKS,
    provided: await value("provided.ts"),
    redirected: await value("redirected.ts"),
    loaded: await value("loaded.ts"),
    required: createRequire(path("importer.cjs"))("./required.cjs") as unknown,
    requires: required.map((found) => found.slice(directory.length + 1)),
    resolved: resolveModule("./file.ts", directory)?.slice(directory.length + 1),
  };
  writeFileSync(path("file.ts"), 'export default "changed";');
  forgetImports((forgotten) => forgotten.startsWith(directory));
  return { ...seen, before, after: await value("file.ts") };
}

/** The soft limit of descriptors as the runtime has left it, and as the prologue has noted it. */
function limit(): unknown {
  const [, soft] = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))!;
  return { now: Number(soft), noted: notedDescriptorLimit() ?? null };
}

/** What the program was given: its arguments, flags of the runtime, and a variable. */
function given(argument: string): unknown {
  const names = INIT_FLAGS.map((flag) => flag.slice(0, flag.indexOf("=")));
  const set = names.filter((name) => name in process.env).map((name) => `${name}=${process.env[name]}`);
  return { words: [argument], flags: set.sort(), given: process.env["A"] };
}

const MODES: Record<string, (argument: string) => unknown> = {
  executable,
  flags: given,
  idleness,
  imports,
  jit,
  limit,
  threads,
};

const [mode = "", argument = ""] = process.argv.slice(2);
// Not awaited: what awaits is not idle.
Promise.resolve(MODES[mode]!(argument)).then((result) => console.log(JSON.stringify(result)));
