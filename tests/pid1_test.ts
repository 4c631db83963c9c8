/** Init as process 1 of a PID namespace, which root alone may make. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { shell } from "./support/command.ts";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { NamespaceInit, NAMESPACES_POSSIBLE } from "./support/namespace.ts";
import { allProcesses, childrenOf } from "./support/processes.ts";

Deno.test({
  name: "process 1 emits startup, runs jobs of both kinds and keeps their logs",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    await using init = await NamespaceInit.start({
      "first.conf": "start on startup\ntask\nexec echo first > @DIR@/first\n",
      "web.conf": "start on stopped first\nscript\n  echo web is $$\n  exec sleep 600\nend script\n",
      "fine.ts": 'import { job } from "rouse";\n' +
        'export default job({ main({ log }) { log("from TypeScript"); }, task: true });\n',
    });
    const web = await until("web runs", async () => {
      const status = await init.ask("status", "web");
      return /^web start\/running, process (\d+)\n$/.exec(status)?.[1];
    });
    assert.equal(init.read("first"), "first\n");
    await until("web's log has its line", () => init.read("log/web.log").includes(`web is ${web}`));
    assert.equal(await init.ask("start", "fine"), "fine stop/waiting\n");
    await until("fine's log has its line", () => init.read("log/fine.log").includes("from TypeScript"));
    assert.equal(await init.ask("stop", "web"), "web stop/waiting\n");
  },
});

Deno.test({
  name: "process 1 reaps orphans",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    await using init = await NamespaceInit.start({
      "orphans.conf": "task\nscript\n  for i in 1 2 3 4 5 6 7 8 9 10; do\n" +
        "    (sh -c 'echo $$ >> @DIR@/orphans; exec sleep 0.2' &)\n  done\nend script\n",
    });
    await init.ask("start", "orphans");
    const count = await until("all orphans have begun", () => {
      const lines = init.read("orphans").split("\n").length - 1;
      return lines === 10 ? lines : undefined;
    });
    assert.equal(count, 10);
    await until("init has no child left", () => childrenOf(init.pid).length === 0);
    assert.deepEqual(init.zombies(), []);
  },
});

/** Signals that have process 1 of a container stop: SIGINT, SIGQUIT, SIGTERM, SIGPWR and SIGRTMIN+3. */
const STOPS = [2, 3, 15, 30, 37];
/** The numbers of all others: those of real-time signals too, but for the C library's own (32 and 33). */
const OTHERS = Array.from({ length: 64 }, (_, index) => index + 1)
  .filter((signal) => !STOPS.includes(signal) && signal !== 32 && signal !== 33);

Deno.test({
  name: "process 1 survives every signal that does not ask it to stop, again and again",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    await using init = await NamespaceInit.start({ "web.conf": "exec sleep 600\n" });
    await init.ask("start", "web");
    for (let round = 0; round < 3; round++) {
      await init.shell(`for signal in ${OTHERS.join(" ")}; do kill -$signal 1; done`);
      assert.match(await init.ask("status", "web"), /^web start\/running/);
    }
    // From outside, SIGKILL and SIGSTOP do what they always do.
    const others = OTHERS.filter((signal) => signal !== 9 && signal !== 19).join(" ");
    const { exit } = await shell(`for signal in ${others}; do kill -$signal ${init.pid} || exit 1; done`, {
      environment: init.environment,
      directory: "/",
    });
    assert.equal(exit, 0);
    assert.match(await init.ask("status", "web"), /^web start\/running/);
    assert.ok(allProcesses().includes(init.pid));
  },
});

for (const signal of STOPS) {
  Deno.test({
    name: `signal ${signal} has process 1 of a container stop its jobs and leave`,
    ignore: !NAMESPACES_POSSIBLE,
    async fn() {
      await using init = await NamespaceInit.start({
        "web.conf": "post-stop exec touch @DIR@/stopped\nexec sleep 600\n",
      });
      await init.ask("start", "web");
      await init.shell(`kill -${signal} 1`);
      assert.equal(await init.ended(), 0);
      assert.ok(existsSync(join(init.directory, "stopped")));
    },
  });
}

Deno.test("a fault signal ends an init that is not process 1, as it does any program", async () => {
  await using init = await RunningInit.start();
  init.signal("SIGSEGV");
  assert.ok(await init.ended() < 0);
});
