/** The hook child: functions of jobs, what they are given and how they end, in both runtimes. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { environmentWith, Files, runIn, RUNTIMES } from "./support/author.ts";
import { sendSignal } from "./support/processes.ts";

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

/** Bodies of `main` whose errors nobody awaits, and all that is said of them; `@` stands for a line of the module. */
const UNCAUGHT: Record<string, { body: string; said: RegExp }> = {
  "a rejection that nobody handles": {
    body: 'Promise.reject(new Error("rej"));',
    said: /^Error: rej\n@\n$/,
  },
  "an async function that nobody awaits": {
    body: '(async () => { await null; throw new TypeError("left", { cause: new Error("deep") }); })();',
    said: /^TypeError: left\n@\ncaused by Error: deep\n@\n$/,
  },
  "an error whose causes go in a circle": {
    body: 'const e = new Error("one"); e.cause = new Error("other", { cause: e }); Promise.reject(e);',
    said: /^Error: one\n@\ncaused by Error: other\n@\n$/,
  },
  "errors that are told as one": {
    body: 'Promise.reject(new AggregateError([new TypeError("a"), 7, ...Array(9).fill(8)], "all"));',
    said: /^AggregateError: all\n@\n {2}TypeError: a\n@\n {2}7\n(?: {2}8\n){8} {2}and 1 more\n$/,
  },
  "errors that are told as one and hold each other": {
    body: 'const e = new AggregateError([], "all"); e.errors.push(e); Promise.reject(e);',
    said: /^AggregateError: all\n@\n$/,
  },
  "an error of a timer": {
    body:
      'setTimeout(() => { throw new Error("late"); }, 1); await new Promise(() => setInterval(() => {}, 9));',
    said: /^Error: late\n@\n$/,
  },
  "an emitter's error": {
    body: 'setTimeout(() => new EventEmitter().emit("error", new Error("emitted")), 1);',
    said: /^Error: emitted\n@\n$/,
  },
  "a server whose port is taken": {
    body: "taken((port) => { createServer().listen(port); });",
    said: /^Error: listen EADDRINUSE: address already in use :\S*\d\n(?:@\n)+$/,
  },
  "a connection that is refused": {
    body: 'connect(1, "127.0.0.1");',
    said: /^Error: connect ECONNREFUSED 127\.0\.0\.1:1\n$/,
  },
  "a command that nobody awaits": {
    body: "$`exit 3`;",
    said: /^at main [^\n]*main\.ts:4:\d+\)\n {4}exit code: 3\n$/,
  },
  "an import that leads nowhere": {
    body: 'await import("nosuch");',
    said: /^(?:Error: Cannot find package 'nosuch'|TypeError: Import "nosuch") [^\n]*\n@\n(?:@\n)?$/,
  },
  "an import of a module for tests": {
    body: 'await import("rouse/anything");',
    said: /^(?:Type)?Error: "rouse\/anything" is no module; a job module imports from "rouse"\n@\n(?:@\n)?$/,
  },
};

/** A module whose `main` has this body, at line 4. */
function mainModule(body: string, before = ""): string {
  return `import { job } from "rouse"; import { createServer } from "node:http"; import { connect } from "node:net";
import { EventEmitter } from "node:events"; import process from "node:process"; ${before}
const taken = (use) => { const first = createServer().listen(0, () => use(first.address().port)); };
export default job({ async main({ $, log }) { ${body} } });
`;
}

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

  for (const [what, { body, said }] of Object.entries(UNCAUGHT)) {
    Deno.test(`${runtime}: ${what} ends the process, and is shown with the user's line alone`, async () => {
      using files = new Files({ "main.ts": mainModule(body) });
      const { exit, stdout, stderr } = await hook(files, files.path("main.ts"), "main", "main");
      assert.match(stderr.replaceAll(/^ +at [^\n]*main\.ts:[34]:\d+\)?$/gm, "@"), said);
      assert.deepEqual([exit, stdout], [1, ""]);
    });
  }

  Deno.test(`${runtime}: listeners of the user's decide about errors that nobody catches`, async () => {
    // One after the other, however slow the machine is: engines deal with rejections before setImmediate's functions.
    const errors = 'Promise.reject(new Error("rej")); setImmediate(() => setTimeout(() => { ' +
      'setTimeout(() => log("goes on"), 1); throw new Error("late"); }, 1));';
    const told: [listener: string, stdout: string, stderr: RegExp][] = [
      [
        'process.on("uncaughtException", ({ message }) => console.log(message));',
        "rej\nlate\ngoes on\n",
        /^$/,
      ],
      [
        'process.on("unhandledRejection", ({ message }) => console.log(message));',
        "rej\n",
        /^Error: late\n@\n$/,
      ],
      [
        'process.once("uncaughtException", ({ message }) => console.log(message));',
        "rej\n",
        /^Error: late\n@\n$/,
      ],
    ];
    for (const [listener, said, report] of told) {
      using files = new Files({ "main.ts": mainModule(errors, listener) });
      const { exit, stdout, stderr } = await hook(files, files.path("main.ts"), "main", "main");
      assert.match(stderr.replaceAll(/^ +at [^\n]*main\.ts:[34]:\d+\)?$/gm, "@"), report);
      assert.deepEqual([exit, stdout], [stderr === "" ? 0 : 1, said]);
    }
  });

  Deno.test(`${runtime}: a rejection that is handled in time is no failure`, async () => {
    const body =
      'const p = Promise.reject(new Error("rej")); await null; await p.catch(() => log("handled"));';
    using files = new Files({ "main.ts": mainModule(body) });
    const { exit, stdout, stderr } = await hook(files, files.path("main.ts"), "main", "main");
    assert.deepEqual([exit, stdout, stderr], [0, "handled\n", ""]);
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
        if (said === "") sendSignal(child.pid!, "SIGTERM");
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
    assert.match(
      await said(files.path("web.ts"), "web", "mane"),
      /^2 rouse hook: no process is called mane\nTry /,
    );
  });
}
