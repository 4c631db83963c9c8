/** The runtime flags that init starts its executable anew with: what they do, and who must not notice. */

import assert from "node:assert/strict";
import { type Outcome, run } from "./support/command.ts";
import { APART } from "./support/container.ts";
import { RunningInit } from "./support/init.ts";
import { EXECUTABLE } from "./support/programs.ts";
import { SLEEP_VISIBLE, sleeps, threadNames, untilRests } from "./support/threads.ts";

/** Runs the executable by a name that is not its own. */
function runInit(environment: Record<string, string>, ...args: string[]): Promise<Outcome> {
  const words = [...APART, "/bin/sh", "-c", 'exec "$0" "$@"', EXECUTABLE, ...args];
  return run(words, { environment: { PATH: "/usr/bin:/bin", ...environment }, directory: "/" });
}

const SHOW = [
  "run",
  "--",
  "/bin/sh",
  "-c",
  'env; echo "--"; tr "\\0" "\\n" < /proc/$PPID/environ; cat /proc/$PPID/comm',
];

/** Services that print, that are modules, and that just run. */
const SERVICES = {
  "quiet.conf": "start on go\nexec sleep 600\n",
  "talker.conf": "start on go\nscript\n echo started\n exec sleep 600\nend script\n",
  "module.ts": 'import { job, on } from "rouse";\n' +
    'export default job({ startOn: on("go"), preStart({ log }) { log("ready"); }, exec: "sleep 600" });\n',
};

/** An init that supervises services, and has read what they print. */
async function startServices(): Promise<RunningInit> {
  const init = await RunningInit.start({ jobs: SERVICES });
  await init.until(["status", "module"], "module stop/waiting\n");
  await init.ask("emit", "go");
  await init.untilLines("log/talker.log", 1);
  await init.untilLines("log/module.log", 1);
  return init;
}

Deno.test({
  name: "an init that has nothing to do sleeps until something happens, and wakes no more by itself",
  ignore: !SLEEP_VISIBLE,
  async fn() {
    await using init = await startServices();
    await untilRests(init.pid);
    const before = sleeps(init.pid);
    // Meanwhile another one comes up, does the same and rests.
    await using other = await startServices();
    await untilRests(other.pid);
    assert.deepEqual(sleeps(init.pid), before);
    assert.match(await init.ask("status", "quiet"), /running/);
    assert.notDeepEqual(sleeps(init.pid), before, "a request wakes it");
  },
});

Deno.test("init has its main thread and the one that waits for descriptors, none that compiles or collects", async () => {
  await using init = await startServices();
  // Enough for the engine's compilers and its collector to be wanted.
  const large = `LARGE=${"x".repeat(100_000)}`;
  for (let count = 0; count < 40; count++) await init.ask("emit", "nothing", large);
  assert.deepEqual(threadNames(init.pid), ["init", "init"]);
});

Deno.test("the engine's flags are in force for init, and no job has them", async () => {
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

Deno.test("somebody's own flag stays as it is, beside the others", async () => {
  const { stdout } = await runInit({ BUN_GC_TIMER_DISABLE: "0" }, ...SHOW);
  const [job, init] = stdout.split("--\n");
  assert.doesNotMatch(job!, /BUN_/);
  assert.match(init!, /^BUN_GC_TIMER_DISABLE=0$/m);
  assert.doesNotMatch(init!, /^BUN_GC_TIMER_DISABLE=1$/m);
  assert.match(init!, /^BUN_JSC_useConcurrentGC=0$/m);
});

Deno.test("a signal that came before init could listen is not lost", async () => {
  const pending = `
import os, signal, sys
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
os.kill(os.getpid(), signal.SIGTERM)
os.execv(sys.argv[1], sys.argv[1:])`;
  const command = ["run", "--", "/bin/sleep", "60"];
  const { exit } = await run([...APART, "python3", "-c", pending, EXECUTABLE, ...command], {
    environment: { PATH: "/usr/bin:/bin" },
    directory: "/",
  });
  assert.equal(exit, 128 + 15);
});
