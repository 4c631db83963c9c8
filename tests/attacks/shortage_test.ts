/** Init when its descriptors are all taken, by jobs and by clients: it rests, and root's commands are done all the same. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import process from "node:process";
import { until } from "../support/deadline.ts";
import { NamespaceInit, NAMESPACES_POSSIBLE } from "../support/namespace.ts";
import { killTree } from "../support/processes.ts";
import { installed } from "../support/programs.ts";
import { SLEEP_VISIBLE, untilRests } from "../support/threads.ts";

/** The limit that init is given, and how many of these are not for jobs and other users' clients. */
const LIMIT = 96, RESERVE = 12;

const PORT = 9100;

/** Has as many connections to init's sockets as are to be had, and keeps them. */
function crowd(init: NamespaceInit): ChildProcess {
  const words = [
    "--target",
    `${init.pid}`,
    "--pid",
    "--mount",
    "--net",
    process.execPath,
    "run",
    "-A",
    "--no-check",
  ];
  return spawn("nsenter", [...words, `${import.meta.dirname}/crowd.ts`, `${PORT}`], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

const descriptors = (init: NamespaceInit) => readdirSync(`/proc/${init.pid}/fd`).length;

Deno.test({
  name: "with no descriptor left init rests, and root asks, stops, restarts init and ends it",
  ignore: !NAMESPACES_POSSIBLE || !SLEEP_VISIBLE || !installed("ip"),
  async fn() {
    const jobs = { "many.conf": "instance $N\nexec sleep 6000\n", "web.conf": "exec sleep 6000\n" };
    const prepare = `ip link set lo up; ulimit -n ${LIMIT}`;
    await using init = await NamespaceInit.startWithin(prepare, jobs, "--http", `127.0.0.1:${PORT}`);
    await init.ask("start", "web");
    const left = () => LIMIT - RESERVE - descriptors(init);
    // Each has a terminal's end, which is its log's.
    for (let number = 0; left() > 4; number++) await init.ask("start", "many", `N=${number}`);
    const clients = crowd(init);
    try {
      await once(clients.stdout!, "data");
      await until("no descriptor is left", () => left() <= 0);
      await untilRests(init.pid, 50);
      assert.match(await init.ask("status", "web"), /^web start\/running/);
      assert.match(await init.ask("list"), /^many \(0\) start\/running/m);
      assert.equal(await init.ask("stop", "web"), "web stop/waiting\n");
      await init.ask("restart-init");
      await until("init was restarted", () => init.messages().includes("Restarted in place"));
      assert.match(await init.ask("list"), /^many \(0\) start\/running/m);
      assert.equal((await init.run("shutdown", "-h", "now")).exit, 0);
      await init.ended();
    } finally {
      killTree(clients.pid!);
    }
  },
});
