/** init --http: what probes and Prometheus see of the compiled executable. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { connect, type Socket } from "node:net";
import { connectBeside } from "../lib/control/testing/socket_client.ts";
import { MANAGER_INTERFACE, MANAGER_PATH } from "../lib/control/names.ts";
import { until, within } from "./support/deadline.ts";
import { type InitOptions, RunningInit } from "./support/init.ts";
import { run } from "./support/command.ts";
import { EXECUTABLE } from "./support/programs.ts";
import { SLEEP_VISIBLE, sleeps, untilRests } from "./support/threads.ts";
import { sendSignal } from "./support/processes.ts";

/** True where groups can be made in the tree of version 2. */
const CGROUPS_POSSIBLE = Deno.uid() === 0 &&
  /- cgroup2 .*\brw\b/.test(readFileSync("/proc/self/mountinfo", "utf8"));

/** An init that serves HTTP, on a port that it chose. */
async function start(options: InitOptions): Promise<{ init: RunningInit; port: number }> {
  const words = ["--http", "0", "--verbose", ...options.arguments ?? []];
  const init = await RunningInit.start({ ...options, arguments: words });
  try {
    const [, port] = await init.untilMessage(/^init: Listening on http:\/\/127\.0\.0\.1:(\d+)$/m);
    return { init, port: Number(port) };
  } catch (error) {
    await init[Symbol.asyncDispose]();
    throw error;
  }
}

interface Reply {
  status: number;
  type: string | undefined;
  body: string;
}

function ask(port: number, path: string, method = "GET"): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asking = request({ host: "127.0.0.1", port, path, method, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => body += chunk);
      response.on("error", reject);
      // Not before the connection is closed: until then init has it to wait for.
      response.socket.on("close", () => {
        resolve({ status: response.statusCode!, type: response.headers["content-type"], body });
      });
    });
    asking.on("error", reject);
    asking.end();
  });
}

/** The value of a figure in a text of Prometheus, given as `name{labels}`; undefined when it is not there. */
function figure(text: string, name: string): number | undefined {
  const line = text.split("\n").find((line) => line.startsWith(`${name} `));
  return line === undefined ? undefined : Number(line.slice(name.length + 1));
}

Deno.test({
  name: "an init that serves HTTP, and has nothing to do, is not woken by its metrics",
  ignore: !SLEEP_VISIBLE,
  async fn() {
    const { init, port } = await start({ jobs: { "web.conf": "exec sleep 600\n" } });
    await using _ = init;
    const measured = async () =>
      figure((await ask(port, "/metrics")).body, "rouse_loop_delay_seconds_count")!;
    await init.ask("start", "web");
    await until("the delay of the loop is measured", async () => await measured() > 0);
    await untilRests(init.pid);
    // What happened last is measured, too, and then nothing any more.
    const before = sleeps(init.pid);
    const { init: other } = await start({});
    await using _other = other;
    await untilRests(other.pid);
    assert.deepEqual(sleeps(init.pid), before);
  },
});

Deno.test("/healthz answers as soon as init does, and other paths and methods are refused", async () => {
  const { init, port } = await start({});
  await using _ = init;
  assert.deepEqual(await ask(port, "/healthz"), {
    status: 200,
    type: "text/plain; charset=utf-8",
    body: "ok\n",
  });
  assert.deepEqual((await ask(port, "/healthz?verbose=1")).status, 200);
  assert.deepEqual(await ask(port, "/healthz", "HEAD"), {
    status: 200,
    type: "text/plain; charset=utf-8",
    body: "",
  });
  assert.equal((await ask(port, "/healthz", "POST")).status, 405);
  for (const path of ["/", "/healthz/", "/../etc/passwd", "/constructor", "/__proto__"]) {
    assert.equal((await ask(port, path)).status, 404, path);
  }
});

Deno.test("/readyz waits for what startup sets in motion, tasks and services", async () => {
  const { init, port } = await start({
    startupEvent: true,
    jobs: {
      "migrate.conf":
        "start on startup\ntask\nscript\n  until [ -e @DIR@/go ]; do sleep 0.05; done\nend script\n",
      "web.conf": "start on stopped migrate\npre-start script\n" +
        "  until [ -e @DIR@/up ]; do sleep 0.05; done\nend script\nexec sleep 600\n",
      "rest.conf": "start on never\nexec sleep 600\n",
    },
  });
  await using _ = init;
  await init.until(["status", "migrate"], /start\/running/);
  assert.deepEqual(await ask(port, "/readyz"), {
    status: 503,
    type: "text/plain; charset=utf-8",
    body: "migrate start/running\n",
  });
  await init.shell("touch @DIR@/go");
  await init.until(["status", "web"], /start\/pre-start/);
  assert.deepEqual((await ask(port, "/readyz")).body, "web start/pre-start\n");
  await init.shell("touch @DIR@/up");
  await init.until(["status", "web"], /start\/running/);
  const { status, body } = await ask(port, "/readyz");
  assert.equal(status, 200);
  assert.match(body, /^ready\nrest waits: .*never.*\n$/);
  await init.shell("rm @DIR@/go");
  await init.ask("start", "--no-wait", "migrate");
  await init.until(["status", "migrate"], /start\/running/);
  assert.equal((await ask(port, "/readyz")).status, 200, "tasks come and go later on");
});

Deno.test("/readyz misses services that wait for what they need, are not ready, or are unhealthy", async () => {
  const { init, port } = await start({
    startupEvent: true,
    jobs: {
      "db.conf":
        "exec sleep 600\nready file @DIR@/up every 0.05\nalive file @DIR@/up every 0.05 then event\n",
      "web.conf": "start on startup\nneeds db\nexec sleep 600\n",
    },
  });
  await using _ = init;
  const waits = (state: string) =>
    until(`/readyz is ${state}`, async () => (await ask(port, "/readyz")).body === state);
  await waits("db start/spawned\nweb start/starting\n");
  await init.shell("touch @DIR@/up");
  await waits("ready\n");
  await init.shell("rm @DIR@/up");
  await waits("db unhealthy\n");
  await init.shell("touch @DIR@/up");
  await waits("ready\n");
});

Deno.test("tasks do not count once all was up, also where nobody asked", async () => {
  const { init, port } = await start({
    startupEvent: true,
    jobs: { "a.conf": "start on startup\nexec sleep 600\n", "t.conf": "task\nexec false\n" },
  });
  await using _ = init;
  await init.until(["status", "a"], /start\/running/);
  await init.initctl("start", "t");
  await init.until(["status", "t"], "t stop/waiting\n");
  assert.deepEqual(await ask(port, "/readyz").then(({ status, body }) => [status, body]), [200, "ready\n"]);
});

Deno.test("/readyz misses a service that failed until it is started again, and none that was stopped", async () => {
  const { init, port } = await start({
    jobs: {
      "web.conf": "script\n  test ! -e @DIR@/broken\n  exec sleep 600\nend script\npre-start exec true\n",
    },
  });
  await using _ = init;
  await init.ask("start", "web");
  assert.equal((await ask(port, "/readyz")).status, 200);
  await init.ask("stop", "web");
  assert.equal((await ask(port, "/readyz")).status, 200);
  await init.shell("touch @DIR@/broken");
  await init.initctl("start", "web");
  const broken = await until("web has failed", async () => {
    const reply = await ask(port, "/readyz");
    return reply.body === "web failed\n" ? reply : undefined;
  });
  assert.equal(broken.status, 503);
  await init.shell("rm @DIR@/broken");
  await init.ask("start", "web");
  assert.equal((await ask(port, "/readyz")).status, 200);
  await init.shell("touch @DIR@/broken");
  await init.initctl("restart", "web");
  await until("web has failed again", async () => (await ask(port, "/readyz")).status === 503);
  init.remove("web.conf");
  await until("web's definition is gone", async () => (await ask(port, "/readyz")).status === 200);
});

Deno.test("/readyz misses what is broken from the start, and names what waits for nobody knows what", async () => {
  const { init, port } = await start({
    startupEvent: true,
    jobs: {
      "app.conf": "start on startup\nrespwan\nexec sleep 600\n",
      "module.ts":
        'import { job } from "rouse";\nthrow new Error("out of cheese");\nexport default job({});\n',
      "web.conf": "exec sleep 600\n",
      "web.override": "frobnicate\n",
      "later.conf": "start on deploy-done\nexec sleep 600\n",
    },
  });
  await using _ = init;
  await init.until(["status", "web"], /stop/);
  const broken = [
    /app\.conf:2: Unknown stanza$/m,
    /module\.ts:2:.*out of cheese$/m,
    /web\.override:1: Unknown stanza$/m,
  ];
  const { status, body } = await until("all has been read", async () => {
    const reply = await ask(port, "/readyz");
    return /cheese/.test(reply.body) && reply;
  });
  assert.equal(status, 503);
  for (const pattern of broken) assert.match(body, pattern);
  assert.equal(body.trimEnd().split("\n").length, broken.length);
  const probe = await run([EXECUTABLE, "probe", String(port)], { environment: {}, directory: "/" });
  assert.deepEqual([probe.exit, probe.stdout], [1, body]);
  init.write("app.conf", "start on startup\nexec sleep 600\n");
  init.remove("module.ts");
  init.remove("web.override");
  await until("all is in order", async () => (await ask(port, "/readyz")).status === 200);
  assert.match((await ask(port, "/readyz")).body, /^ready\nlater waits: .*`emits deploy-done'.*\n$/);
  // What breaks later takes nothing away.
  init.write("app.conf", "nonsense\n");
  init.write("new.conf", "nonsense\n");
  await until("both are told of", async () => {
    const { status, body } = await ask(port, "/readyz");
    return status === 200 && /app\.conf:1: /.test(body) && /new\.conf:1: /.test(body);
  });
});

Deno.test("a configuration directory that is not there is told and missed until it is made", async () => {
  const { init, port } = await start({
    startupEvent: true,
    jobs: {
      "shared.ts": 'throw new Error("no");',
      "a.ts": 'import "./shared.ts";',
      "b.ts": 'import "./shared.ts";',
    },
    arguments: ["--append-confdir", "@DIR@/later", "--append-confdir", "@DIR@/init.log"],
  });
  await using _ = init;
  const told = ["later: Configuration directory cannot be read: No such file or directory"];
  told.push("init.log: Configuration directory cannot be read: Not a directory");
  const { status, body } = await until("all has been read", async () => {
    const reply = await ask(port, "/readyz");
    return /throws/.test(reply.body) && reply;
  });
  assert.equal(status, 503);
  for (const line of told) {
    assert.match(init.messages(), new RegExp(`^init:${init.path(line)}$`, "m"));
    assert.ok(body.includes(`${init.path(line)}\n`), body);
  }
  // An error that several files import is one.
  assert.equal(body.match(/throws Error: no/g)?.length, 1, body);
  await init.shell("mkdir later; printf 'exec sleep 600\\n' > later/new.conf");
  await init.until(["status", "new"], "new stop/waiting\n");
  assert.ok(!(await ask(port, "/readyz")).body.includes(init.path("later")));
});

Deno.test("/readyz says no while init leaves", async () => {
  const { init, port } = await start({
    jobs: {
      "slow.conf":
        "kill timeout 30\nscript\n  trap '' TERM\n  echo trapped\n  while :; do sleep 0.1; done\nend script\n",
    },
  });
  await using _ = init;
  await init.ask("start", "slow");
  await init.untilLines("log/slow.log", 1);
  init.signal("SIGTERM");
  await until("init leaves", async () => (await ask(port, "/readyz")).body === "init is leaving\n");
  assert.equal((await ask(port, "/healthz")).status, 200);
});

Deno.test("/metrics counts starts, respawns, exits and events, and measures jobs", async () => {
  const { init, port } = await start({
    jobs: {
      "web.conf": "exec sleep 600\n",
      "often.conf": "respawn\nrespawn limit 3 60\nexec sh -c 'exit 7'\n",
      "busy.conf":
        "script\n  i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done\n  echo done\n  sleep 600\nend script\n",
      "killed.conf": "task\nexec sh -c 'kill -9 $$'\n",
      // Its main process ends while its post-start runs.
      "hooked.conf": "respawn\nrespawn limit 3 60\nscript\n" +
        "  until [ -e @DIR@/hook ]; do sleep 0.01; done\n  rm @DIR@/hook\n  exit 8\nend script\n" +
        "post-start script\n  touch @DIR@/hook\n  while [ -e @DIR@/hook ]; do sleep 0.01; done\n" +
        "  sleep 0.2\nend script\n",
      "daemon.conf": "expect fork\nscript\n  sleep 600 &\n  exit 3\nend script\n",
    },
  });
  await using _ = init;
  await init.initctl("start", "hooked");
  await init.initctl("start", "daemon");
  await init.ask("start", "web");
  await init.ask("start", "busy");
  await init.initctl("start", "often");
  await init.initctl("start", "killed");
  await init.ask("emit", "hello");
  await init.ask("emit", "hello");
  await init.untilLines("log/busy.log", 1);
  await init.until(["status", "often"], "often stop/waiting\n");
  await init.until(["status", "hooked"], "hooked stop/waiting\n");
  const { body, status, type } = await until("the text is fresh", async () => {
    const reply = await ask(port, "/metrics");
    return figure(reply.body, 'rouse_job_failures_total{job="often"}') === 1 &&
        figure(reply.body, 'rouse_job_running{job="busy"}') === 1 &&
        // It has become two a moment after its line.
        figure(reply.body, 'rouse_job_processes{job="busy"}') === 2
      ? reply
      : undefined;
  });
  assert.equal(status, 200);
  assert.equal(type, "text/plain; version=0.0.4; charset=utf-8");
  const figures: Record<string, number | undefined> = {
    "rouse_jobs": 6,
    'rouse_job_running{job="web"}': 1,
    'rouse_job_running{job="often"}': 0,
    'rouse_job_state{job="web",instance="",goal="start",state="running"}': 1,
    'rouse_job_starts_total{job="web"}': 1,
    'rouse_job_starts_total{job="often"}': 4,
    'rouse_job_respawns_total{job="often"}': 3,
    'rouse_job_respawns_total{job="web"}': 0,
    'rouse_job_starts_total{job="hooked"}': 4,
    'rouse_job_respawns_total{job="hooked"}': 3,
    'rouse_job_failures_total{job="daemon"}': 1,
    'rouse_job_exits_total{job="daemon",process="main",status="3",signal=""}': 1,
    'rouse_job_exits_total{job="often",process="main",status="7",signal=""}': 4,
    'rouse_job_exits_total{job="killed",process="main",status="",signal="KILL"}': 1,
    'rouse_job_exits_total{job="web",process="main",status="0",signal=""}': undefined,
    'rouse_events_total{event="hello"}': 2,
    'rouse_job_processes{job="web"}': 1,
    'rouse_job_processes{job="busy"}': 2,
    'rouse_job_processes{job="often"}': 0,
    'rouse_job_resident_memory_bytes{job="often"}': undefined,
  };
  for (const [name, value] of Object.entries(figures)) assert.equal(figure(body, name), value, name);
  assert.ok(figure(body, 'rouse_job_resident_memory_bytes{job="web"}')! > 100_000);
  assert.ok(figure(body, 'rouse_job_cpu_seconds_total{job="busy"}')! > 0);
  assert.ok(figure(body, "process_resident_memory_bytes")! > 1_000_000);
  assert.ok(figure(body, "rouse_loop_delay_seconds_count") !== undefined);
  for (const line of body.split("\n")) {
    assert.match(line, /^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"\n]*",?)*\})? [\d.e+-]+|)$/);
  }
});

Deno.test({
  name: "/metrics counts what left the job's session when the job has a control group of its own",
  ignore: !CGROUPS_POSSIBLE,
  async fn() {
    const script = "script\n  setsid sleep 600 &\n  echo $!\n  exec sleep 600\nend script\n";
    const { init, port } = await start({
      jobs: { "grouped.conf": `cgroup cpu\n${script}`, "plain.conf": script },
    });
    await using _ = init;
    for (const job of ["grouped", "plain"]) {
      await init.ask("start", job);
      await init.untilLines(`log/${job}.log`, 1);
    }
    await until("both are counted", async () => {
      const { body } = await ask(port, "/metrics");
      return figure(body, 'rouse_job_processes{job="grouped"}') === 2 &&
        figure(body, 'rouse_job_processes{job="plain"}') === 1 &&
        figure(body, 'rouse_job_cpu_seconds_total{job="grouped"}')! > 0;
    });
    // So that the group can go.
    const [pid = ""] = await init.untilLines("log/grouped.log", 1);
    sendSignal(Number(pid), "SIGTERM");
    await init.ask("stop", "grouped");
  },
});

Deno.test("event names without end do not make figures without end", async () => {
  const { init, port } = await start({});
  await using _ = init;
  const client = await connectBeside(init.environment["UPSTART_SESSION"]!);
  for (let number = 0; number < 230; number++) {
    await client.call(MANAGER_PATH, MANAGER_INTERFACE, "EmitEvent", "sasb", [`made-up-${number}`, [], false]);
  }
  client.close();
  const { body } = await until("the rest is counted together", async () => {
    const reply = await ask(port, "/metrics");
    return figure(reply.body, 'rouse_events_total{event="other"}') === 30 ? reply : undefined;
  });
  assert.equal(body.match(/^rouse_events_total\{/gm)!.length, 201);
});

/** A client of bare TCP. Resolves, once the connection has ended, with what came. */
function talk(port: number, bytes: string): { socket: Socket; ended: Promise<string> } {
  const socket = connect(port, "127.0.0.1");
  let received = "";
  const ended = new Promise<string>((resolve) => {
    socket.on("data", (chunk) => received += chunk.toString("latin1"));
    socket.on("error", () => {});
    socket.on("close", () => resolve(received));
  });
  socket.write(bytes, "latin1");
  return { socket, ended };
}

Deno.test("garbage, half requests and hundreds of connections keep nobody from an answer", async () => {
  const { init, port } = await start({ jobs: { "web.conf": "exec sleep 600\n" } });
  await using _ = init;
  for (
    const bytes of [
      "\0\x01\x02 garbage\r\n\r\n",
      "GET /healthz HTTP/9.9\r\n\r\n",
      `GET /healthz HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(100_000)}\r\n\r\n`,
      `${"G".repeat(200_000)}\r\n`,
      "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
    ]
  ) {
    const { ended } = talk(port, bytes);
    assert.doesNotMatch(await within("the connection's end", ended), /200 OK/);
  }
  const silent = Array.from({ length: 300 }, () => talk(port, "GET /healthz HT"));
  await Promise.all(silent.map(({ socket }) => new Promise((resolve) => socket.once("connect", resolve))));
  for (let time = 0; time < 10; time++) assert.equal((await ask(port, "/healthz")).status, 200);
  await init.ask("start", "web");
  assert.match(await init.ask("status", "web"), /start\/running/);
  await within("all silent connections' end", Promise.all(silent.map(({ ended }) => ended)), 30_000);
  assert.equal((await ask(port, "/healthz")).status, 200);
  assert.doesNotMatch(init.messages(), /[Ee]rror/);
});

Deno.test("rouse probe exits by what is answered", async () => {
  const { init, port } = await start({ jobs: { "web.conf": "pre-start exec sleep 600\nexec sleep 600\n" } });
  await using _ = init;
  const probe = async (...words: string[]) => {
    const { exit, stdout } = await init.run([EXECUTABLE, "probe", ...words]);
    return [exit, stdout];
  };
  assert.deepEqual(await probe(String(port)), [0, "ready\n"]);
  await init.ask("start", "--no-wait", "web");
  await init.until(["status", "web"], /pre-start/);
  assert.deepEqual(await probe(`127.0.0.1:${port}`), [1, "web start/pre-start\n"]);
  assert.deepEqual(await probe(String(port), "/healthz"), [0, "ok\n"]);
  assert.deepEqual(await probe(`http://localhost:${port}/healthz`), [0, "ok\n"]);
  assert.deepEqual(await probe(`127.0.0.1:${port}/healthz`), [0, "ok\n"]);
  assert.deepEqual(await probe(`http://127.0.0.1:${port}`), [1, "web start/pre-start\n"]);
  assert.equal((await probe(String(port), "/nothing"))[0], 1);
  assert.deepEqual(await probe("1"), [1, ""]);
  for (
    const words of [[], ["nowhere"], [String(port), "/healthz", "more"], [
      `http://127.0.0.1:${port}/healthz`,
      "/more",
    ], [`https://127.0.0.1:${port}`]]
  ) {
    assert.deepEqual(await probe(...words), [2, ""]);
  }
});

Deno.test("an address that is taken is told, and init goes on without", async () => {
  const { init, port } = await start({});
  await using _ = init;
  await using second = await RunningInit.start({ arguments: ["--http", `127.0.0.1:${port}`] });
  await second.untilMessage(
    new RegExp(`^init: Failed to listen on http://127\\.0\\.0\\.1:${port}: .+$`, "m"),
  );
  await second.ask("version");
});

Deno.test("a wrong address is refused", async () => {
  const { exit, stderr } = await run([EXECUTABLE, "init", "--user", "--http", "example.org:80"], {
    environment: { PATH: "/bin" },
    directory: "/",
  });
  assert.equal(exit, 1);
  assert.match(stderr, /^init: invalid address for --http: example\.org:80;/);
});
