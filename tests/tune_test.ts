/** Init starts its executable anew with settings of the engine: who must notice, and who must not. */

import assert from "node:assert/strict";
import { type Outcome, run } from "./support/command.ts";
import { EXECUTABLE } from "./support/programs.ts";

/** Runs the executable by a name that is not its own. */
function runInit(environment: Record<string, string>, ...args: string[]): Promise<Outcome> {
  const words = ["/bin/sh", "-c", 'exec "$0" "$@"', EXECUTABLE, ...args];
  return run(words, { environment: { PATH: "/usr/bin:/bin", ...environment }, directory: "/" });
}

const SHOW = [
  "run",
  "--",
  "/bin/sh",
  "-c",
  'env; echo "--"; tr "\\0" "\\n" < /proc/$PPID/environ; cat /proc/$PPID/comm',
];

Deno.test("init has the engine's settings, and no job does", async () => {
  const { stdout } = await runInit({ GREETING: "hello there" }, ...SHOW);
  const [job, init] = stdout.split("--\n");
  assert.match(job!, /^GREETING=hello there$/m);
  assert.doesNotMatch(job!, /BUN_|MIMALLOC_/);
  assert.match(init!, /^GREETING=hello there\n(.*\n)*BUN_JSC_useDFGJIT=0\nBUN_GC_TIMER_DISABLE=1\n/m);
});

Deno.test("init is named as it was called, not after the file that it started again", async () => {
  const { stdout } = await runInit({}, ...SHOW);
  assert.match(stdout, /\nrouse\n$/);
});

Deno.test("somebody's own setting stays as it is", async () => {
  const { stdout } = await runInit({ BUN_GC_TIMER_DISABLE: "0" }, ...SHOW);
  const [job, init] = stdout.split("--\n");
  assert.doesNotMatch(job!, /BUN_/);
  assert.match(init!, /^BUN_GC_TIMER_DISABLE=0$/m);
  assert.doesNotMatch(init!, /useDFGJIT/);
});

Deno.test("a signal that came before init could listen is not lost", async () => {
  const pending = `
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
os.kill(os.getpid(), signal.SIGTERM)
os.execv(sys.argv[1], sys.argv[1:])`;
  const command = ["run", "--", "/bin/sleep", "60"];
  const { exit } = await run(["python3", "-c", pending, EXECUTABLE, ...command], {
    environment: { PATH: "/usr/bin:/bin" },
    directory: "/",
  });
  assert.equal(exit, 128 + 15);
});
