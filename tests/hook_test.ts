/** The hook child: functions of jobs, what they are given and how they end, in both runtimes. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import process from "node:process";
import { environmentWith, Files, runIn, RUNTIMES } from "./support/author.ts";

const ENVIRONMENT = {
  UPSTART_JOB: "web",
  UPSTART_INSTANCE: "eth0",
  UPSTART_EVENTS: "startup net-up",
  UPSTART_STOP_EVENTS: "net-down",
  PORT: "80",
};

const MODULE = `import { job } from "rouse";
import { createServer } from "node:http";

export default job({
  env: { PORT: "80" },
  expect: "stop",
  async preStart({ $, env, job, instance, events, log }) {
    log(job, instance, events.join("+"), env.PORT, (await $\`echo \${"it's $PORT"} $PORT\`).stdout.trim());
    await $\`echo alas >&2
      false
      echo not reached\`;
  },
  postStart() {
    setInterval(() => {}, 1000);
    throw new TypeError("no good", { cause: new Error("deep down") });
  },
  main({ signal, log }) {
    const server = createServer().listen(0, "127.0.0.1", () => log("up"));
    signal.addEventListener("abort", () => {
      log("closing");
      server.close();
    });
  },
  async preStop({ signal, log }) {
    log("up");
    await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  },
  postStop({ events, log }) {
    setInterval(() => {}, 1000);
    log(events.join());
  },
});
`;

for (const runtime of Object.keys(RUNTIMES)) {
  const hook = (files: Files, ...words: string[]) => runIn(runtime, ["hook", ...words], files, ENVIRONMENT);

  Deno.test(`${runtime}: a function has its job's surroundings, and the shell's failure is its own`, async () => {
    using files = new Files({ "web.ts": MODULE });
    const { exit, stdout, stderr } = await hook(files, files.path("web.ts"), "web", "pre-start");
    assert.equal(stdout, "web eth0 startup+net-up 80 it's $PORT 80\n");
    assert.match(stderr, /alas[^]*web\.ts:9:\d+[^]*exit code: 1/);
    assert.equal(exit, 1);
  });

  Deno.test(`${runtime}: what a function throws is shown with the user's file and line, and nothing of ours`, async () => {
    using files = new Files({ "web.ts": MODULE });
    const { exit, stderr } = await hook(files, files.path("web.ts"), "web", "post-start");
    const lines = stderr.trim().split("\n").map((line) =>
      line.replace(/^ +at .*web\.ts:(\d+):\d+\)?$/, "at line $1")
    );
    assert.deepEqual(lines, ["TypeError: no good", "at line 15", "caused by Error: deep down", "at line 15"]);
    assert.equal(exit, 1);
  });

  Deno.test(`${runtime}: a hook ends with its function, whatever that left running`, async () => {
    using files = new Files({ "web.ts": MODULE });
    const { exit, stdout } = await hook(files, files.path("web.ts"), "web", "post-stop");
    assert.deepEqual([exit, stdout], [0, "net-down\n"]);
  });

  for (
    const [processName, output, end] of [["main", "up\nclosing\n", 0], [
      "pre-stop",
      "up\n",
      "SIGTERM",
    ]] as const
  ) {
    Deno.test(`${runtime}: ${processName} is told to end by a signal`, async () => {
      using files = new Files({ "web.ts": MODULE });
      const [program, ...words] = RUNTIMES[runtime]!;
      const child = spawn(program!, [...words, "hook", files.path("web.ts"), "web", processName], {
        env: environmentWith(ENVIRONMENT),
        stdio: ["ignore", "pipe", "inherit"],
      });
      let said = "";
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        if (said === "") process.kill(child.pid!, "SIGTERM");
        said += text;
      });
      const ended = await new Promise((resolve) =>
        child.on("close", (status, signal) => resolve(status ?? signal))
      );
      assert.deepEqual([said, ended], [output, end]);
    });
  }

  Deno.test(`${runtime}: functions that cannot be run say why`, async () => {
    using files = new Files({
      "web.ts":
        'import { job } from "rouse";\nexport default job({ preStart: () => new Promise(() => {}) });\n',
      "broken.ts": "\nthrow new Error('oh');",
    });
    const said = async (...words: string[]) => {
      const { exit, stderr } = await hook(files, ...words);
      return `${exit} ${stderr.replaceAll(`${files.directory}/`, "")}`;
    };
    assert.match(await said(files.path("web.ts"), "web", "pre-start"), /^1 the function never ends/);
    assert.match(
      await said(files.path("web.ts"), "web", "main"),
      /^1 web\.ts: the job web has no function main/,
    );
    assert.match(await said(files.path("broken.ts"), "broken", "main"), /^1 broken\.ts:2: throws Error: oh/);
    assert.match(await said(files.path("web.ts"), "web", "mane"), /^2 Usage: rouse hook/);
  });
}
