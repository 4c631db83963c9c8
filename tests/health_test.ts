/** `alive` and `restart above`: what becomes of jobs that are unhealthy, made by the compiled executable. */

import assert from "node:assert/strict";
import { createServer, type Socket } from "node:net";
import { rmSync, writeFileSync } from "node:fs";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { isAlive } from "./support/processes.ts";

/** Files that stand for health. */
function setHealthy(init: RunningInit, isHealthy: boolean): void {
  if (isHealthy) writeFileSync(init.path("healthy"), "");
  else rmSync(init.path("healthy"));
}

const CHECK = "exec sleep 600\nalive file @DIR@/healthy every 0.05 failures 2";

Deno.test("an API that stops answering is started again", async () => {
  const sockets: Socket[] = [];
  let answers = true;
  const server = createServer((socket) => {
    socket.on("error", () => {});
    sockets.push(socket);
    socket.once("data", () => {
      if (answers) socket.end("HTTP/1.1 200 OK\r\n\r\n");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await using init = await RunningInit.start({
    jobs: {
      "api.ts": `
        import { http, job } from "rouse";
        export default job({
          exec: "sleep 600",
          respawn: true,
          alive: http("http://127.0.0.1:${port}/", { every: "50ms", timeout: "200ms", failures: 2 }),
        });`,
    },
  });
  await init.until(["status", "api"], "api stop/waiting\n");
  const first = await init.ask("start", "api");
  answers = false;
  await init.untilMessage(
    RegExp(`^init: api is unhealthy: no answer from 127.0.0.1:${port} within 0.2 s, restarting$`, "m"),
  );
  answers = true;
  const second = await init.until(["status", "api"], /^api start\/running, process \d+\n$/);
  assert.notEqual(second, first);
  await init.ask("stop", "api");
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

Deno.test("then event: events and status tell of it, and nothing is done", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": `${CHECK} then event\n`,
      "nurse.conf": `start on unhealthy JOB=web\ntask\nexec sh -c 'echo "$REASON" >> @DIR@/told'\n`,
      "herald.conf": `start on healthy web\ntask\nexec sh -c 'echo well >> @DIR@/told'\n`,
    },
  });
  setHealthy(init, true);
  const first = await init.ask("start", "web");
  setHealthy(init, false);
  assert.deepEqual(await init.untilLines("told", 1), [`there is no ${init.path("healthy")}`]);
  assert.equal(await init.ask("status", "web"), `${first}\tunhealthy: there is no ${init.path("healthy")}\n`);
  setHealthy(init, true);
  assert.equal((await init.untilLines("told", 2))[1], "well");
  assert.equal(await init.ask("status", "web"), first);
});

Deno.test("what a command of a check leaves behind is ended with it", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": "exec sleep 600\nalive exec 'sleep 3333 & echo $! >> @DIR@/pids' every 0.05 then event\n",
    },
  });
  await init.ask("start", "web");
  const pids = await init.untilLines("pids", 3);
  for (const pid of pids) await until(`${pid} has ended`, () => !isAlive(Number(pid)));
  assert.match(await init.ask("status", "web"), /^web start\/running, process \d+\n$/);
});

Deno.test("status has one line for what is wrong, whatever the variables say", async () => {
  await using init = await RunningInit.start({
    jobs: { "web.conf": "exec sleep 600\nready file @DIR@/$NAME\n" },
  });
  const forged = "\x1b[2Ja\nother start/running, process 1";
  await init.ask("start", "--no-wait", "web", `NAME=${forged}`);
  await init.until(
    ["status", "web"],
    /^web .*, process \d+\n\tnot ready: there is no [^\n]*\/\\e\[2Ja\\nother start\/running, process 1\n$/,
  );
});

Deno.test("then stop, and a restart without respawn: the job has failed", async () => {
  for (const then of ["stop", "restart"]) {
    await using init = await RunningInit.start({
      jobs: {
        "web.conf": `${CHECK} then ${then}\n${then === "stop" ? "respawn\n" : ""}`,
        "after.conf": `start on stopped JOB=web RESULT=failed\nexec sleep 600\n`,
      },
    });
    await init.ask("start", "web");
    await init.until(["status", "after"], /start\/running/);
    assert.match(init.messages(), /web is unhealthy: there is no .*healthy, stopping\n/);
  }
});

Deno.test("then exit: init ends, with a failure", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": `${CHECK} then exit\nrespawn\n`,
      "other.conf": "start on started web\nexec sleep 600\n",
    },
  });
  await init.ask("start", "web");
  assert.notEqual(await init.ended(), 0);
});

Deno.test("a job above its ceiling of memory is started again", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "hog.conf": "exec sleep 600\nrestart above memory 1KB\nrespawn\n",
      "modest.conf": "exec sleep 600\nrestart above memory 100GB\nrespawn\n",
    },
  });
  const hog = await init.ask("start", "hog"), modest = await init.ask("start", "modest");
  await init.untilMessage(/^init: hog is unhealthy: it uses \d+ MB of memory, and may use 1KB, restarting$/m);
  assert.notEqual(await init.until(["status", "hog"], /^hog start\/running, process \d+\n$/), hog);
  assert.equal(await init.ask("status", "modest"), modest);
});
