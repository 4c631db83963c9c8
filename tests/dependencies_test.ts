/** Dependencies between real processes: order, a database that is killed, a migration, and the way down. */

import assert from "node:assert/strict";
import { RunningInit } from "./support/init.ts";
import { EXECUTABLE } from "./support/programs.ts";

/** A service that is ready once it has written `NAME up`, and writes `NAME down` when it is told to end. */
function service(name: string, fields: string, imports = ""): string {
  const script = `trap 'echo ${name} down >>@DIR@/order; exit 0' TERM
echo ${name} up >>@DIR@/order
kill -STOP $$
sleep 600 & wait`;
  return `import { completed, job, startup } from "rouse";\n${imports}\n` +
    `export default job({ ${fields}, expect: "stop", script: ${JSON.stringify(script)} });\n`;
}

const MIGRATE = `import { job } from "rouse";
import db from "./db.ts";
export default job({
  needs: db,
  task: true,
  script: "echo migrate >>@DIR@/order; test ! -e @DIR@/broken || exit 3",
});
`;

const SHOP = {
  "db.ts": service("db", "respawn: true"),
  "migrate.ts": MIGRATE,
  "api.ts": service(
    "api",
    "needs: [db, completed(migrate)]",
    'import db from "./db.ts";\nimport migrate from "./migrate.ts";',
  ),
  "worker.conf": `needs api
expect stop
script
  trap 'echo worker down >>@DIR@/order; exit 0' TERM
  echo worker up >>@DIR@/order
  kill -STOP $$
  sleep 600 & wait
end script
`,
};

/** Waits until all modules have been evaluated, too. */
async function loaded(init: RunningInit): Promise<void> {
  for (const name of ["db", "migrate", "api", "worker"]) {
    await init.until(["status", name], `${name} stop/waiting\n`);
  }
}

Deno.test("a shop: order, a killed database without a second migration, and a shutdown in reverse", async () => {
  await using init = await RunningInit.start({ jobs: SHOP });
  await loaded(init);
  await init.ask("start", "worker");
  const up = ["db up", "migrate", "api up", "worker up"];
  assert.deepEqual(await init.untilLines("order", 4), up);
  assert.match(await init.ask("status", "migrate"), /^migrate stop\/waiting\n$/);

  await init.shell("kill -KILL $(initctl status db | sed 's/.*process //')");
  const again = [...up, "worker down", "api down", "db up", "api up", "worker up"];
  assert.deepEqual(await init.untilLines("order", 9), again);
  await init.until(["status", "worker"], /^worker start\/running/);

  init.signal("SIGTERM");
  assert.equal(await init.ended(), 0);
  assert.deepEqual(await init.untilLines("order", 12), [...again, "worker down", "api down", "db down"]);
});

Deno.test("a migration that fails fails the api, which says why; the next start tries again", async () => {
  await using init = await RunningInit.start({ jobs: SHOP });
  await loaded(init);
  await init.shell("touch broken");
  const { exit, stderr } = await init.initctl("start", "worker");
  assert.equal(exit, 1);
  assert.equal(
    stderr,
    "initctl: Job failed to start\n" +
      "worker needs api, which failed: api needs migrate, which failed: its main process ended with status 3\n",
  );
  await init.shell("rm broken");
  await init.ask("start", "worker");
  assert.deepEqual(await init.untilLines("order", 5), ["db up", "migrate", "migrate", "api up", "worker up"]);
});

Deno.test("what an instance waits for is in its status and its state, and the wait ends with it", async () => {
  await using init = await RunningInit.start({ jobs: SHOP });
  await loaded(init);
  await init.ask("start", "worker");
  await init.ask("stop", "db");
  assert.equal(
    await init.ask("status", "worker"),
    "worker start/starting\n\twaits for api, which waits for db, which is stopped\n",
  );
  assert.equal(
    await init.ask("status", "api"),
    "api start/starting\n\twaits for db, which is stopped\n",
  );
  await init.ask("start", "db");
  await init.until(["status", "worker"], /^worker start\/running/);
});

Deno.test("circles and needs of what there is not are told of when the configuration is read", async () => {
  await using init = await RunningInit.start({
    startupEvent: true,
    jobs: {
      "a.conf": "needs b\nexec sleep 600\n",
      "b.conf": "needs a\nexec sleep 600\n",
      "c.conf": "needs dd\nexec sleep 600\n",
      "dx.conf": "exec sleep 600\n",
    },
  });
  await init.untilMessage(/init: a needs: a needs b, b needs a, so none of them can start\n/);
  await init.untilMessage(/init: c needs: no job is called `dd' or provides it, so the job cannot start/);
  const { exit, stderr } = await init.run([EXECUTABLE, "check", init.confdir]);
  assert.equal(exit, 1, stderr);
  assert.match(stderr, /a\.conf:1: needs: a needs b, b needs a/);
  assert.match(stderr, /c\.conf:1: needs: no job is called `dd'/);
});

Deno.test("a job that is loaded late comes up when what it stands on is up already", async () => {
  await using init = await RunningInit.start({
    jobs: { "db.conf": "exec sleep 600\n", "net.conf": "exec sleep 600\n" },
  });
  for (const name of ["db", "net"]) await init.ask("start", name);
  init.write(
    "web.ts",
    `import { job, whileUp } from "rouse";
export default job({ startOn: whileUp("db").and(whileUp("net")), exec: ["sleep", "600"] });
`,
  );
  await init.until(["status", "web"], /^web start\/running/);
  await init.ask("stop", "net");
  await init.until(["status", "web"], "web stop/waiting\n");
});

Deno.test("a need that fails and is tried again: who starts the job is told why; a start of the need tries at once", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "redis.ts": `import { job, stopped } from "rouse";
export default job({
  respawn: { delay: "1h" },
  ready: stopped,
  script: "test -e @DIR@/mended || exit 3; kill -STOP $$; exec sleep 600",
});
`,
      "api.ts":
        `import { job } from "rouse"; export default job({ needs: "redis", exec: ["sleep", "600"] });\n`,
      "shop.ts":
        `import { job } from "rouse"; export default job({ wants: "redis", exec: ["sleep", "600"] });\n`,
    },
  });
  for (const name of ["redis", "api", "shop"]) await init.until(["status", name], `${name} stop/waiting\n`);
  const { exit, stderr } = await init.initctl("start", "api");
  const reason = "its main process ended with status 3";
  assert.equal(exit, 1);
  assert.match(
    stderr,
    new RegExp(
      `^initctl: Job failed to start\napi needs redis, which failed: ${reason}; it is tried again in \\d+ s\n$`,
    ),
  );
  const waits = await init.ask("status", "api");
  assert.match(
    waits,
    new RegExp(`\twaits for redis, which respawns in \\d+ s, after 1 failure: ${reason}\n$`),
  );
  assert.match(await init.ask("start", "shop"), /^shop start\/running/);
  await init.shell("touch mended");
  assert.match(await init.ask("start", "redis"), /^redis start\/running/);
  await init.until(["status", "api"], /^api start\/running/);
  await init.shell("kill -KILL $(initctl status redis | sed 's/.*process //')");
  await init.untilMessage(/init: api is stopped: it needs redis, which stops\n/);
  await init.ask("stop", "redis");
  const start = init.initctl("start", "api");
  await init.until(["status", "api"], /^api start\/running/);
  assert.equal((await start).exit, 0);
});

Deno.test("what init tells of a job that failed, and of one whose file is gone", async () => {
  const exits = (fields: string, status: number) =>
    `import { job } from "rouse"; export default job({ ${fields}, exec: ["sh", "-c", "exit ${status}"] });\n`;
  await using init = await RunningInit.start({
    jobs: {
      "migrate.ts": exits("task: true", 3),
      "early.ts": exits("ready: stopped", 0).replace("{ job }", "{ job, stopped }"),
      "gone.conf": "exec sleep 600\n",
    },
  });
  for (const name of ["migrate", "early"]) await init.until(["status", name], `${name} stop/waiting\n`);
  assert.equal((await init.initctl("start", "migrate")).exit, 1);
  assert.equal(
    await init.ask("status", "migrate"),
    "migrate stop/waiting\n\tfailed: its main process ended with status 3\n",
  );
  const early = /early main process \(\d+\) ended before the job was ready, with status 0\n/;
  assert.match((await init.initctl("start", "early")).stderr, early);
  await init.untilMessage(early);
  await init.ask("start", "gone");
  await init.shell("rm conf/gone.conf; initctl reload-configuration");
  const stop = await init.initctl("stop", "gone");
  assert.deepEqual(
    [stop.exit, stop.stderr],
    [1, "initctl: gone is stopped; its file is gone, so the job is unknown from now on\n"],
  );
});

Deno.test("a migration whose file is replaced by way of a removal has still succeeded", async () => {
  await using init = await RunningInit.start({ jobs: SHOP });
  await loaded(init);
  await init.ask("start", "migrate");
  await init.shell("mv conf/migrate.ts conf/migrate.ts~; initctl reload-configuration");
  assert.doesNotMatch(await init.ask("list"), /migrate/);
  await init.shell("cp conf/migrate.ts~ conf/migrate.ts");
  await init.until(["status", "migrate"], "migrate stop/waiting\n");
  await init.ask("start", "api");
  assert.deepEqual(await init.untilLines("order", 3), ["db up", "migrate", "api up"]);
});
