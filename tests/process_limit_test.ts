/** Init where no more processes can be made: in a control group that has no room left. */

import assert from "node:assert/strict";
import { ControlGroup, counting } from "./support/control_group.ts";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { threadNames } from "./support/threads.ts";

const ROOT = counting();
if (ROOT === undefined) {
  console.log("no control group can be made that counts processes: its tests are skipped");
}

const SERVICES = 30;

function services(): Record<string, string> {
  return Object.fromEntries(
    Array.from({ length: SERVICES }, (_, index) => [`job${index}.conf`, "start on go\nexec sleep 600\n"]),
  );
}

for (const room of [0, 1, 2, 3, 5, 8, 13, 21]) {
  Deno.test({
    name: `init lives where ${room} processes more can be made, and starts the others when there is room`,
    ignore: ROOT === undefined,
    async fn() {
      await using init = await RunningInit.start({ jobs: services() });
      using group = new ControlGroup(ROOT!);
      group.add(init.pid);
      group.limit = threadNames(init.pid).length + room;
      await init.ask("emit", "--no-wait", "go");
      await init.untilMessage(/Failed to spawn job\d+ main process for now, trying again: unable to fork/);
      const running = async () =>
        (await init.ask("list")).match(/start\/running, process \d+$/gm)?.length ?? 0;
      await until("what there is room for runs", async () => await running() === room);
      assert.equal(threadNames(init.pid).length, 2);
      group.limit = "max";
      await until("all run", async () => await running() === SERVICES);
    },
  });
}

for (const limit of [1, 2, 3, 4, 5, 6]) {
  Deno.test({
    name:
      `an init that begins where there may be ${limit} processes comes up, and has all that it needs later`,
    ignore: ROOT === undefined,
    async fn() {
      using group = new ControlGroup(ROOT!);
      group.limit = limit;
      const jobs = {
        "web.conf": "exec sleep 600\n",
        "later.conf": "start on go\nscript\n echo it runs\n sleep 600\nend script\n",
      };
      await using init = await RunningInit.start({ jobs, group: group.path });
      assert.match(await init.ask("list"), /^web stop\/waiting$/m);
      group.limit = "max";
      init.write("new.conf", "exec sleep 600\n");
      await init.until(["status", "new"], "new stop/waiting\n");
      await init.ask("emit", "go");
      await until("output is read", () => init.read("log/later.log")?.includes("it runs"));
      assert.equal(threadNames(init.pid).length, 2);
    },
  });
}

Deno.test({
  name: "a module is evaluated where there is room for one process",
  ignore: ROOT === undefined,
  async fn() {
    using group = new ControlGroup(ROOT!);
    group.limit = 3;
    const jobs = {
      "fine.ts": 'import { job } from "rouse";\nexport default job({ exec: ["sleep", "600"] });\n',
    };
    await using init = await RunningInit.start({ jobs, group: group.path });
    await init.until(["status", "fine"], "fine stop/waiting\n");
  },
});

Deno.test({
  name: "a module that there is no room to evaluate is evaluated once there is",
  ignore: ROOT === undefined,
  async fn() {
    await using init = await RunningInit.start();
    using group = new ControlGroup(ROOT!);
    group.add(init.pid);
    group.limit = threadNames(init.pid).length;
    init.write("new.ts", 'import { job } from "rouse";\nexport default job({ exec: ["sleep", "600"] });\n');
    const reason = /unable to fork: Resource temporarily unavailable \(/;
    await init.untilMessage(
      new RegExp(`^init: Failed to evaluate modules for now, trying again: ${reason.source}`, "m"),
    );
    group.limit = "max";
    await init.until(["status", "new"], "new stop/waiting\n");
    assert.equal(init.messages().match(/unable to fork/g)?.length, 1);
  },
});

Deno.test({
  name: "so it is when that takes long",
  ignore: ROOT === undefined,
  async fn() {
    await using init = await RunningInit.start();
    using group = new ControlGroup(ROOT!);
    group.add(init.pid);
    group.limit = threadNames(init.pid).length;
    init.write("new.ts", 'import { job } from "rouse";\nexport default job({ exec: ["sleep", "600"] });\n');
    await until(
      "init gives up for now",
      () => /new\.ts: Module cannot be evaluated for now: /.test(init.messages()),
      60_000,
    );
    group.limit = "max";
    await until("the job is known", async () => (await init.initctl("status", "new")).exit === 0, 60_000);
  },
});

Deno.test("init starts no thread once it is up", async () => {
  const task = "start on go\ntask\nexec echo some output\n";
  const module = 'import { job, on } from "rouse";\n' +
    'export default job({ startOn: on("go"), task: true, main({ log }) { log("some output"); } });\n';
  const jobs = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`task${index}.conf`, task]));
  await using init = await RunningInit.start({
    jobs: { ...jobs, "module.ts": module, "flood.conf": "task\nexec head -c 2000000 /dev/zero\n" },
    arguments: ["--http", "0"],
  });
  const before = threadNames(init.pid);
  const large = `LARGE=${"x".repeat(100_000)}`;
  for (let round = 0; round < 5; round++) {
    await init.ask("emit", "go");
    await init.ask("start", "flood");
    for (let count = 0; count < 10; count++) await init.ask("emit", "nothing", large);
    await init.ask("reload-configuration");
    assert.deepEqual(threadNames(init.pid), before);
  }
});
