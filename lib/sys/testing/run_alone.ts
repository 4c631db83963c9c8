/**
 * Runs test modules in the main thread of a process of their own, in any runtime: gives them the part of `Deno.test`
 * that they use. Exits with 1 when one fails.
 */

import process from "node:process";

interface Test {
  name: string;
  fn: () => void | Promise<void>;
  ignore?: boolean;
}

const tests: Test[] = [];

const runtime = globalThis as { Deno?: Partial<Pick<typeof Deno, "test">> };
Object.assign(runtime.Deno ??= {}, {
  test(test: string | Test, fn?: Test["fn"]) {
    tests.push(typeof test === "string" ? { name: test, fn: fn! } : test);
  },
});

async function main(): Promise<void> {
  const alive = setInterval(() => {}, 1000);
  for (const path of process.argv.slice(2)) await import(path);
  let failed = 0;
  for (const { name, fn, ignore } of tests) {
    if (ignore) continue;
    try {
      await fn();
    } catch (error) {
      failed++;
      console.error(`${name}: ${error instanceof Error ? error.stack : error}`);
    }
  }
  clearInterval(alive);
  console.log(`${tests.length - failed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

await main();
