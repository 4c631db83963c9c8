/** Services without a main process of init's own: known by a pid file, or by what their program has left behind. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { get } from "node:http";
import process from "node:process";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { installed } from "./support/programs.ts";
import { sendSignal } from "./support/processes.ts";

const isRoot = process.getuid?.() === 0;

/** A shell script that leaves a process behind, which leads a session of its own, with its number in a file. */
function daemon(file: string, more = ""): string {
  return `setsid sh -c 'echo $$ > @DIR@/${file}; ${more} exec sleep 1000' &
until [ -s @DIR@/${file} ]; do sleep 0.01; done`;
}

/** True when a web server answers at a Unix socket. */
function serves(socketPath: string): Promise<boolean> {
  return new Promise((resolve) =>
    get({ socketPath }, (response) => resolve(response.resume().statusCode === 200))
      .on("error", () => resolve(false))
  );
}

/** The number in a pid file. */
function numberIn(init: RunningInit, file: string): number {
  return Number(init.read(file));
}

Deno.test("a daemon is known by its pid file, ended by stop, and started again when it dies", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": `pid file @DIR@/$NAME.pid\nenv NAME=web\nrespawn\nscript\n${
        daemon("web.pid")
      }\nend script\n`,
      "shop.ts": `import { job } from "rouse";
export default job({ pidFile: "@DIR@/shop.pid", script: ${JSON.stringify(daemon("shop.pid"))} });
`,
    },
  });
  await init.until(["status", "shop"], "shop stop/waiting\n");
  for (const job of ["web", "shop"]) {
    await init.ask("start", job);
    const pid = numberIn(init, `${job}.pid`);
    assert.equal(await init.ask("status", job), `${job} start/running, process ${pid}\n`);
  }
  const before = numberIn(init, "web.pid");
  sendSignal(before, "SIGKILL");
  await init.until(["status", "web"], new RegExp(`start/running, process (?!${before}\\n)\\d+\\n$`));
  sendSignal(numberIn(init, "shop.pid"), "SIGKILL");
  await init.until(
    ["status", "shop"],
    /^shop stop\/waiting\n\tdead, but its pid file \S+\/shop\.pid is there\n$/,
  );
  const pid = numberIn(init, "web.pid");
  await init.ask("stop", "web");
  await until("the daemon has ended", () => !existsSync(`/proc/${pid}`));
});

Deno.test("pid files that are stale, wrong or others' are refused with a sentence, and a good one follows", async () => {
  await using init = await RunningInit.start({
    jobs: { "web.conf": "pid file @DIR@/web.pid\nscript\ncat @DIR@/given > @DIR@/web.pid\nend script\n" },
  });
  const cases: Array<[content: string, reason: RegExp]> = [
    ["garbage", /its pid file \S+ names no process of a service/],
    ["1", /its pid file \S+ names no process of a service/],
    [String(init.pid), /its pid file \S+ names no process of a service/],
    // No process has so high a number (PID_MAX_LIMIT).
    ["4194304", /its pid file \S+ is stale: there is no process 4194304/],
    [
      String(process.pid),
      /its pid file \S+ is stale: it names process \d+ \(.*\), which was there before the job was started/,
    ],
  ];
  for (const [content, reason] of cases) {
    await init.shell(`echo ${content} > given`);
    const start = init.initctl("start", "web");
    await init.until(
      ["status", "web"],
      new RegExp(`^web start/spawned\\n\twaits for its process: ${reason.source}\n$`),
    );
    await init.ask("stop", "web");
    await start;
  }
  await init.shell("rm given; echo > web.pid");
  const failed = await init.initctl("start", "web");
  assert.equal(failed.exit, 1);
});

Deno.test({
  name: "a process that is not known as the job's is believed when root alone can write the file",
  ignore: !isRoot,
  async fn() {
    const leave = (file: string) =>
      `env -i setsid sh -c 'echo $$ > @DIR@/${file}; exec sleep 1000' &\nuntil [ -s @DIR@/${file} ]; do sleep 0.01; done`;
    await using init = await RunningInit.start({
      jobs: {
        "good.conf": `pid file @DIR@/good.pid\nscript\n${leave("good.pid")}\nend script\n`,
        "bad.conf": `pid file @DIR@/bad.pid\nscript\n${
          leave("bad.pid")
        }\nchmod 666 @DIR@/bad.pid\nend script\n`,
      },
    });
    await init.ask("start", "good");
    assert.match(
      await init.ask("status", "good"),
      new RegExp(`running, process ${numberIn(init, "good.pid")}\n`),
    );
    const start = init.initctl("start", "bad");
    await init.until(
      ["status", "bad"],
      /names process \d+ \(sleep\), which is not known as one of the job's, and \S+ is writable by everyone/,
    );
    sendSignal(numberIn(init, "bad.pid"), "SIGKILL");
    await init.ask("stop", "bad");
    await start;
  },
});

Deno.test({
  name: "nginx is known by its pid file: up when it is there, ended by stop, started again when it dies",
  ignore: !isRoot || !installed("nginx"),
  async fn() {
    await using init = await RunningInit.start({
      jobs: {
        "nginx.conf":
          "pid file @DIR@/nginx.pid\nrespawn\nexec nginx -c @DIR@/conf/nginx.config -e @DIR@/error.log\n",
        "nginx.config": `pid @DIR@/nginx.pid;
events {}
http { access_log off; server { listen unix:@DIR@/nginx.sock; return 200 "up"; } }
`,
      },
    });
    await init.ask("start", "nginx");
    const pid = numberIn(init, "nginx.pid");
    assert.equal(await init.ask("status", "nginx"), `nginx start/running, process ${pid}\n`);
    await init.shell("rm nginx.sock");
    sendSignal(pid, "SIGKILL");
    await init.until(["status", "nginx"], new RegExp(`start/running, process (?!${pid}\\n)\\d+\\n$`));
    // nginx has a pid file before its loop begins, which then sleeps through a SIGTERM that came in between.
    await until("nginx serves", () => serves(init.path("nginx.sock")));
    await init.ask("stop", "nginx");
    await until("nginx has removed its pid file", () => !existsSync(init.path("nginx.pid")));
  },
});

Deno.test("with `expect children` a job is up as long as a process lives that its program has left behind", async () => {
  const leave = (file: string) => `setsid sh -c 'echo $$ > @DIR@/${file}; exec sleep 1000' &`;
  const script = `${leave("one")}\n${
    leave("two")
  }\nuntil [ -s @DIR@/one ] && [ -s @DIR@/two ]; do sleep 0.01; done`;
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": `expect children\nscript\n${script}\nend script\n`,
      "none.conf": "expect children\nexec true\n",
      "shop.ts": `import { job } from "rouse";
export default job({ expect: "children", script: ${
        JSON.stringify(script.replaceAll(/\b(?:one|two)\b/g, "shop-$&"))
      } });
`,
    },
  });
  await init.until(["status", "shop"], "shop stop/waiting\n");
  for (const [job, first, second] of [["web", "one", "two"], ["shop", "shop-one", "shop-two"]] as const) {
    await init.ask("start", job);
    const pids = [numberIn(init, first), numberIn(init, second)];
    const [, followed] = /^\w+ start\/running, process (\d+)\n$/.exec(await init.ask("status", job))!;
    const [other] = pids.filter((pid) => pid !== Number(followed));
    sendSignal(Number(followed), "SIGKILL");
    await init.until(["status", job], `${job} start/running, process ${other}\n`);
    if (job === "web") sendSignal(other!, "SIGKILL");
    else await init.ask("stop", job);
    await init.until(["status", job], `${job} stop/waiting\n`);
  }
  // A stop ends all that is left.
  await init.ask("start", "web");
  await init.ask("stop", "web");
  await until("nothing is left", () => init.processesOf("web").length === 0);
  await init.initctl("start", "none");
  await init.until(["status", "none"], "none stop/waiting\n");
});

Deno.test("a service that a command is asked about is up when it says so, and started again when it does not", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": `respawn
pre-start exec touch @DIR@/up
ready exec "test -e @DIR@/up"
alive exec "test -e @DIR@/up" every 0.05 failures 1
post-stop script
echo stopped >> @DIR@/stops
rm -f @DIR@/up
end script
`,
    },
  });
  await init.ask("start", "web");
  assert.equal(await init.ask("status", "web"), "web start/running\n");
  await init.shell("rm up");
  assert.deepEqual(await init.untilLines("stops", 1), ["stopped"]);
  await until("it is up again", () => existsSync(init.path("up")));
  await init.until(["status", "web"], "web start/running\n");
  await init.ask("stop", "web");
  assert.equal((await init.untilLines("stops", 2)).length, 2);
  await init.until(["status", "web"], "web stop/waiting\n");
});

Deno.test({
  name: "the pid file of a user's job names no process of another user",
  ignore: !isRoot,
  async fn() {
    await using init = await RunningInit.start({
      jobs: {
        "web.conf":
          "setuid nobody\npid file @DIR@/web.pid\nscript\nuntil [ -e @DIR@/go ]; do sleep 0.01; done\nend script\n",
      },
    });
    const start = init.initctl("start", "web");
    await init.until(["status", "web"], /waits for its process/);
    // It is younger than the start, and root's file.
    await init.shell("sh -c 'echo $$ > web.pid; touch go; exec sleep 1000' >/dev/null 2>&1 &");
    await init.until(["status", "web"], /names process \d+ \(\w+\), which is no process of user nobody/);
    await init.ask("stop", "web");
    await start;
    assert(existsSync(`/proc/${numberIn(init, "web.pid")}`));
  },
});
