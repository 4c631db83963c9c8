/** What `status --long` tells of real jobs beside their states: timers, sockets, files that have changed, what is left. */

import assert from "node:assert/strict";
import { RunningInit } from "./support/init.ts";
import { sendSignal } from "./support/processes.ts";

/** Waits until the page of a job has these lines, each a label and its value. */
async function untilTold(init: RunningInit, job: string, ...lines: RegExp[]): Promise<string> {
  for (const line of lines) await init.until(["status", "--long", job], new RegExp(`^ *${line.source}`, "m"));
  return await init.ask("status", "--long", job);
}

Deno.test("the next timer is told, and what it does", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "retry.ts": 'import { job } from "rouse";\n' +
        'export default job({ exec: "false", respawn: { limit: 9, within: "9h", delay: "1h" } });\n',
      "deaf.conf": `kill timeout 600\nexec sh -c 'trap "" TERM; : > @DIR@/up; while :; do sleep 1; done'\n`,
      "slow.ts": 'import { file, job } from "rouse";\n' +
        'export default job({ exec: "sleep 600", ready: file("@DIR@/ready"), startTimeout: "2h" });\n',
    },
  });
  await init.ask("start", "--no-wait", "retry");
  await untilTold(
    init,
    "retry",
    /Timers in \d+ min, it is started again/,
    /Restarts 1; the limit is 9 in 9 h/,
  );
  await init.ask("start", "deaf");
  await init.untilLines("up", 0);
  await init.ask("stop", "--no-wait", "deaf");
  await untilTold(init, "deaf", /Timers in \d+ min, its main process gets SIGKILL/);
  await init.ask("start", "--no-wait", "slow");
  await untilTold(init, "slow", /Timers in (?:2 h|1\d\d min)\b/);
});

Deno.test("the sockets are told at which a job listens, and those of its children", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "net.ts": `import { createSocket } from "node:dgram";
import { createServer } from "node:net";
import { job } from "rouse";
export default job({
  main() {
    createServer().listen("@DIR@/socket");
    createServer().listen(0, "127.0.0.1");
    createServer().listen(0, "::1");
    createSocket("udp4").bind(0, "127.0.0.1");
  },
});
`,
    },
  });
  await init.ask("start", "net");
  await untilTold(
    init,
    "net",
    /(?:Listens at )?tcp 127\.0\.0\.1:\d+$/,
    /(?:Listens at )?tcp \[::1\]:\d+$/,
    /(?:Listens at )?udp 127\.0\.0\.1:\d+$/,
    new RegExp(`(?:Listens at )?unix ${init.path("socket")}$`),
  );
});

Deno.test("it is told whether the file has changed since the job was started, is wrong, or is gone", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": "exec sleep 600\n" } });
  await init.ask("start", "web");
  const defined = new RegExp(`Defined in ${init.confdir}/web\\.conf`);
  assert(!/Changed|Problem/.test(await untilTold(init, "web", defined)));
  init.write("web.conf", "exec sleep 700\n");
  await untilTold(
    init,
    "web",
    /Changed its file has changed since; that counts when the job has been stopped, and not by a restart/,
  );
  init.write("web.conf", "exce sleep 700\n");
  await untilTold(
    init,
    "web",
    /Problem the last good definition stays in force: \S*web\.conf:1: Unknown stanza/,
  );
  init.write("web.conf", "exec sleep 700\n");
  await init.until(["status", "--json", "web"], /^(?!.*"problem":)/);
  await init.ask("restart", "web");
  await untilTold(init, "web", /Changed its file has changed since/, /\d+ .* main: sleep 600/);
  await init.ask("stop", "web");
  await init.ask("start", "web");
  assert(!/Changed|Problem/.test(await untilTold(init, "web", /\d+ .* main: sleep 700/)));
  init.remove("web.conf");
  await untilTold(init, "web", /Changed its file is gone; the job is unknown once it has been stopped/);
});

Deno.test("an override that counts is named, by status and by why", async () => {
  await using init = await RunningInit.start({
    jobs: { "web.conf": "start on startup\nexec sleep 600\n", "web.override": "manual\n" },
    startupEvent: true,
  });
  const override = init.path("conf/web.override");
  await untilTold(init, "web", /State stopped .*never started/, new RegExp(`Overridden by ${override}`));
  const why = (await init.ask("why", "web")).replace(/\s+/g, " ");
  assert(why.includes(`what ${override} says counts before what its own file says`), why);
  init.remove("web.override");
  await init.until(["status", "--long", "web"], /^(?![^]*Overridden)/);
});

Deno.test("what goes on when a job is gone is told, until it is gone as well", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": "exec sh -c 'sleep 654 & echo $! > @DIR@/left'\n",
      "tty.conf": "instance $N\nexec true\n",
    },
  });
  await init.ask("start", "web");
  await init.until(["status", "web"], "web stop/waiting\n");
  const [left] = await init.untilLines("left", 1);
  await untilTold(init, "web", new RegExp(`Left behind process ${left}: sleep 654`));
  const why = (await init.ask("why", "web")).replace(/\s+/g, " ");
  assert(why.includes(`a process of its last run goes on without it process ${left}: sleep 654, for`), why);
  assert(why.includes("say `expect fork' or `expect daemon'"), why);
  sendSignal(Number(left), "SIGKILL");
  await init.until(["status", "--long", "web"], /^(?![^]*Left behind)/);
  assert(!(await init.ask("why", "web")).includes("goes on"));
});
