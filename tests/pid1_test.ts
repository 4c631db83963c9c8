/** Init as process 1 of a PID namespace, which root alone may make. */

import assert from "node:assert/strict";
import { until } from "./support/deadline.ts";
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

Deno.test({
  name: "process 1 survives the signals that a stray program may send it",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    await using init = await NamespaceInit.start({ "web.conf": "exec sleep 600\n" });
    await init.ask("start", "web");
    for (const signal of ["HUP", "USR1", "USR2", "CHLD", "PIPE", "ALRM", "CONT", "KILL"]) {
      await init.run("/bin/kill", "-s", signal, "1");
      assert.match(await init.ask("status", "web"), /^web start\/running/);
    }
    assert.ok(allProcesses().includes(init.pid));
  },
});
