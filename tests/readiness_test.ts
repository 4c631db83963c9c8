/** `ready`: a job is up when its check passes, made by the compiled executable against real servers. */

import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import { existsSync, writeFileSync } from "node:fs";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { childrenOf, describe, isAlive, parentOf, procFile, sendSignal } from "./support/processes.ts";

/** A server in the test that answers as it is told. */
class Site implements AsyncDisposable {
  status = 503;
  asked = 0;
  readonly #server: Server = createServer((_, response) => {
    this.asked++;
    response.writeHead(this.status).end("shop\n");
  });

  static async open(): Promise<Site> {
    const site = new Site();
    await new Promise<void>((resolve) => site.#server.listen(0, "127.0.0.1", resolve));
    return site;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** The process of an init that makes its checks. */
function checksOf(init: RunningInit): number | undefined {
  return childrenOf(init.pid).find((pid) => procFile(pid, "cmdline").includes("\0checks\0"));
}

Deno.test("http: start, started and the status wait for the answer that is expected", async () => {
  await using site = await Site.open();
  await using init = await RunningInit.start({
    jobs: {
      "web.conf":
        `env PORT=${site.port}\nexec sleep 600\nready http http://127.0.0.1:$PORT/ body shop every 0.2\n`,
      "proxy.conf": "start on started web\nexec sleep 600\n",
    },
  });
  const start = init.initctl("start", "web");
  await init.until(
    ["status", "web"],
    RegExp(
      `^web start/spawned, process \\d+\n\tnot ready: status 503 from http://127.0.0.1:${site.port}/\n$`,
    ),
  );
  assert.equal(await init.ask("status", "proxy"), "proxy stop/waiting\n");
  site.status = 200;
  const { exit, stdout } = await start;
  assert.equal(exit, 0);
  assert.match(stdout, /^web start\/running, process \d+\n$/);
  await init.until(["status", "proxy"], /^proxy start\/running/);
  assert.match(await init.ask("status", "web"), /^web start\/running, process \d+\n$/);
});

Deno.test("a module's check, of a server that comes up by itself", async () => {
  await using site = await Site.open();
  const { port } = site;
  await site[Symbol.asyncDispose]();
  await using init = await RunningInit.start({
    jobs: {
      "web.ts": `
        import { http, job } from "rouse";
        export default job({
          env: { PORT: ${port} },
          exec: "sh -c 'sleep 0.3; exec python3 -m http.server --bind 127.0.0.1 $PORT'",
          ready: http("http://localhost:$PORT/", { every: "100ms" }),
        });`,
    },
  });
  await init.until(["status", "web"], "web stop/waiting\n");
  assert.match(await init.ask("start", "web"), /^web start\/running/);
  const { exit } = await init.shell(
    `python3 -c 'import urllib.request; urllib.request.urlopen("http://127.0.0.1:${port}/")'`,
  );
  assert.equal(exit, 0);
  await init.ask("stop", "web");
});

Deno.test("tcp, unix and file tell why a job is not ready", async () => {
  await using site = await Site.open();
  const { port } = site;
  await site[Symbol.asyncDispose]();
  await using init = await RunningInit.start({
    jobs: {
      "tcp.conf": `exec sleep 600\nready tcp localhost:${port}\n`,
      "unix.conf": "exec sleep 600\nready unix @DIR@/socket\n",
      "file.conf": "exec sleep 600\nready file @DIR@/ready every 0.1\n",
      "unset.conf": "exec sleep 600\nready tcp $PORT\n",
    },
  });
  const reasons = {
    tcp: `connection refused on localhost:${port}`,
    unix: `there is no ${init.path("socket")}`,
    file: `there is no ${init.path("ready")}`,
    unset: "Unknown parameter: PORT",
  };
  for (const [job, reason] of Object.entries(reasons)) {
    await init.ask("start", "--no-wait", job);
    await init.until(
      ["status", job],
      RegExp(`^${job} start/spawned, process \\d+\n\tnot ready: ${reason}\n$`),
    );
  }
  writeFileSync(init.path("ready"), "");
  await init.until(["status", "file"], /^file start\/running, process \d+\n$/);
});

Deno.test("a command is the job's: its environment and directory; its output is nobody's", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": "env COLOUR=red\nchdir @DIR@\nexec sleep 600\n" +
        `ready exec 'echo noise; test "$COLOUR $UPSTART_JOB" = "red web" && test -e flag' every 0.1\n`,
    },
  });
  await init.ask("start", "--no-wait", "web");
  await init.until(
    ["status", "web"],
    /start\/spawned, process \d+\n\tnot ready: its command ended with status 1\n$/,
  );
  writeFileSync(init.path("flag"), "");
  await init.until(["status", "web"], /start\/running/);
  assert.equal(existsSync(init.path("log/web.log")), false);
});

Deno.test("a command that hangs is killed with all that it has started, and is never run twice at a time", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf":
        "exec sleep 600\nready exec 'sh -c \"echo >> @DIR@/runs; sleep 600 & wait\"' every 0.1 timeout 0.3\n",
    },
  });
  await init.ask("start", "--no-wait", "web");
  await init.until(["status", "web"], /not ready: its command did not end within 0.3 s\n$/);
  await init.untilLines("runs", 3);
  const shells = init.processesOf("web").filter((pid) => procFile(pid, "cmdline").startsWith("sh\0"));
  // A child of a shell is called like it before it has become another program.
  const runs = shells.filter((pid) => !shells.includes(parentOf(pid)));
  assert(runs.length <= 1, describe(runs));
  await init.ask("stop", "web");
  await until("nothing is left of the job", () => init.processesOf("web").length === 0);
});

Deno.test("the process that makes checks may die: another one goes on", async () => {
  await using init = await RunningInit.start({
    jobs: { "web.conf": "exec sleep 600\nready file @DIR@/ready every 0.1\n" },
  });
  await init.ask("start", "--no-wait", "web");
  await init.until(["status", "web"], /not ready: there is no/);
  const first = await until("there is a process for checks", () => checksOf(init));
  sendSignal(first, "SIGKILL");
  await init.untilMessage(
    /^init: The process that makes checks has ended \(KILL signal\); it is started again in 0.5 s$/m,
  );
  writeFileSync(init.path("ready"), "");
  await init.until(["status", "web"], /start\/running/);
});

Deno.test("it ends with init, however that ends, and slows nothing down", async () => {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    await using init = await RunningInit.start({
      jobs: { "web.conf": "exec sleep 600\nready file @DIR@/ready\n" },
    });
    await init.ask("start", "--no-wait", "web");
    const checks = await until("there is a process for checks", () => checksOf(init));
    init.signal(signal);
    await init.ended();
    await until("the process for checks is gone", () => !isAlive(checks));
  }
});
