/** Many jobs at once. */

import assert from "node:assert/strict";
import { RunningInit } from "./support/init.ts";
import { descendantsOf, describe } from "./support/processes.ts";

const COUNT = 500;

Deno.test(`${COUNT} tasks started by one event are all done when emit returns, and none is a zombie`, async () => {
  const jobs: Record<string, string> = {};
  for (let index = 0; index < COUNT; index++) {
    jobs[`task${index}.conf`] =
      "start on go\ntask\nexec /bin/true\npost-stop exec echo $UPSTART_JOB >> @DIR@/done\n";
  }
  await using init = await RunningInit.start({ jobs });
  await init.until(["status", `task${COUNT - 1}`], `task${COUNT - 1} stop/waiting\n`);

  assert.equal(await init.ask("emit", "go"), "");
  const left = descendantsOf(init.pid);
  const done = init.read("done")!.split("\n").slice(0, -1);

  assert.equal(describe(left), "");
  assert.equal(done.length, COUNT);
  assert.equal(new Set(done).size, COUNT);
  const list = (await init.ask("list")).split("\n").slice(0, -1);
  assert.equal(list.length, COUNT);
  assert.deepEqual(list.filter((line) => !line.endsWith(" stop/waiting")), []);
});

Deno.test("200 services started by one event run, and stop without leaving a process", async () => {
  const count = 200;
  const jobs: Record<string, string> = {};
  for (let index = 0; index < count; index++) {
    jobs[`service${index}.conf`] = "start on go\nstop on leave\nexec sleep 600\n";
  }
  await using init = await RunningInit.start({ jobs });
  await init.until(["status", `service${count - 1}`], `service${count - 1} stop/waiting\n`);

  await init.ask("emit", "go");
  const running = [...(await init.ask("list")).matchAll(/start\/running, process (\d+)/g)].map(([, pid]) =>
    pid
  );
  assert.equal(new Set(running).size, count);

  await init.ask("emit", "leave");
  assert.equal(describe(descendantsOf(init.pid)), "");
});

Deno.test("jobs that start each other in a circle leave room for all else, and are named", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "one.conf": "start on started two or go\ninstance 1$INSTANCE\n",
      "two.conf": "start on started one\ninstance 2$INSTANCE\n",
      "web.conf": "start on started one INSTANCE=121\nexec sleep 600\n",
    },
  });
  await init.until(["status", "web"], "web stop/waiting\n");
  await init.ask("emit", "--no-wait", "go", "INSTANCE=");
  await init.untilMessage(/^init: (one|two) starts itself without end, once a second from now on: /m);
  await init.until(["status", "web"], /^web start\/running/);
  const { length } = (await init.ask("list")).split("\n");
  assert(length > 200 && length < 400, `${length} instances`);
});
