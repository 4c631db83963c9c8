/** The life of an init in user mode: its session file, its end, and what it leaves. */

import assert from "node:assert/strict";
import { RunningInit } from "./support/init.ts";
import { descendantsOf, describe, sendSignal } from "./support/processes.ts";

Deno.test("the session file tells the address while init runs", async () => {
  await using init = await RunningInit.start();
  const file = `rt/upstart/sessions/${init.pid}.session`;
  const uid = Deno.uid();
  assert.equal(
    init.read(file),
    `UPSTART_SESSION=unix:abstract=/com/ubuntu/upstart-session/${uid}/${init.pid}\n`,
  );
  init.signal("SIGTERM");
  await init.ended();
  assert.equal(init.read(file), undefined);
});

Deno.test("SIGTERM stops all jobs in their own way, and init leaves no process", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "polite.conf": "exec sleep 600\npost-stop exec echo post-stop > @DIR@/polite\n",
      "deaf.conf": "kill timeout 1\nscript\n  trap '' TERM\n  while :; do sleep 0.1; done\nend script\n",
      "clone.conf": "instance $N\nexec sleep 600\n",
      "farewell.conf": "start on session-end\ntask\nexec echo farewell > @DIR@/farewell\n",
    },
  });
  await init.until(["status", "polite"], "polite stop/waiting\n");
  for (const words of [["polite"], ["deaf"], ["clone", "N=1"], ["clone", "N=2"]]) {
    await init.ask("start", ...words);
  }
  init.signal("SIGTERM");
  assert.equal(await init.ended(), 0);
  assert.equal(describe(init.leftovers()), "");
  assert.equal(init.read("polite"), "post-stop\n");
  assert.equal(init.read("farewell"), "farewell\n");
});

Deno.test("a storm of kills: every respawning service is back in the end", async () => {
  const count = 20;
  const jobs: Record<string, string> = {};
  for (let index = 0; index < count; index++) {
    jobs[`service${index}.conf`] = "start on go\nrespawn\nrespawn limit unlimited\nexec sleep 600\n";
  }
  await using init = await RunningInit.start({ jobs });
  await init.until(["status", `service${count - 1}`], `service${count - 1} stop/waiting\n`);
  await init.ask("emit", "go");
  const killed = new Set<number>();
  while (killed.size < 500) {
    const running = descendantsOf(init.pid);
    for (const pid of running) {
      killed.add(pid);
      sendSignal(pid, "SIGKILL");
    }
    await init.initctl("version");
  }
  const list = await init.until(["list"], new RegExp(`^(?:.* start/running, process \\d+\n){${count}}$`));
  const processes = [...list.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
  assert.deepEqual(processes.sort(), descendantsOf(init.pid).sort());
  assert.equal(new Set(processes).size, count);
});

Deno.test("two inits of one user do not disturb each other", async () => {
  await using one = await RunningInit.start({ jobs: { "web.conf": "exec sleep 600\n" } });
  await using other = await RunningInit.start({ jobs: { "web.conf": "exec sleep 600\n" } });
  await one.until(["status", "web"], "web stop/waiting\n");
  await other.until(["status", "web"], "web stop/waiting\n");
  await one.ask("start", "web");
  assert.equal(await other.ask("status", "web"), "web stop/waiting\n");
});
