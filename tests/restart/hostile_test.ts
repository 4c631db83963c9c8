/** Restarts of init in place where something is wrong: executables, options, variables, moments. */

import assert from "node:assert/strict";
import { chmodSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { MANAGER_INTERFACE, MANAGER_PATH } from "../../lib/control/names.ts";
import { connectBeside } from "../../lib/control/testing/socket_client.ts";
import { until, within } from "../support/deadline.ts";
import { RunningInit } from "../support/init.ts";
import { NamespaceInit, NAMESPACES_POSSIBLE } from "../support/namespace.ts";
import { childrenOf, sendSignal } from "../support/processes.ts";
import { EXECUTABLE } from "../support/programs.ts";

/** A program that is a rouse in the trial, and then does what this shell script says. */
function successor(init: { directory: string }, script: string): string {
  const path = `${init.directory}/successor`;
  writeFileSync(
    path,
    `#!/bin/bash\nif [ "$2" = check-state ]; then exec ${EXECUTABLE} "$@"; fi\n${script}\n`,
  );
  chmodSync(path, 0o755);
  return path;
}

/** One that is gone after the trial. */
function vanishing(init: RunningInit): string {
  const path = init.path("vanishing");
  writeFileSync(path, `#!/bin/sh\nrm $0\nexec ${EXECUTABLE} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

const WRONG_OPTIONS = "--no-such-option --log-format=nonsense --quiet=much --shutdown-timeout";

Deno.test("options that the successor does not take are passed over", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": "exec sleep 1000" } });
  const running = await init.ask("start", "web");
  const { exit, stderr } = await init.run(
    [EXECUTABLE, "upgrade", successor(init, `exec -a init ${EXECUTABLE} "$@" ${WRONG_OPTIONS}`)],
  );
  assert.equal(exit, 0, stderr + init.messages());
  assert.equal(await init.ask("status", "web"), running);
  assert.deepEqual(init.messages().match(/Ignoring an option of init: .*/g), [
    "Ignoring an option of init: invalid option: --no-such-option",
    "Ignoring an option of init: unexpected argument: --quiet=much",
    "Ignoring an option of init: missing argument: --shutdown-timeout",
    "Ignoring an option of init: invalid log format: nonsense; it is one of plain, prefix, time, json",
  ]);
  // The others count: new jobs are found where they were.
  init.write("new.conf", "exec sleep 1000");
  await init.until(["status", "new"], "new stop/waiting\n");
});

Deno.test({
  name: "process 1 does not end by options that its successor does not take",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    await using init = await NamespaceInit.start({ "web.conf": "exec sleep 1000" });
    const running = await init.ask("start", "web");
    const path = successor(init, `exec -a init ${EXECUTABLE} "$@" ${WRONG_OPTIONS}`);
    const { exit, stderr } = await init.run("initctl", "restart-init", path);
    assert.equal(exit, 0, stderr + init.messages());
    assert.equal(await init.ask("status", "web"), running);
  },
});

Deno.test("an executable that is gone after the trial: the client is told, and init goes on", async () => {
  await using init = await RunningInit.start({
    jobs: { "web.conf": "exec sleep 1000", "respawned.conf": "respawn\nexec sleep 1000" },
  });
  const running = await init.ask("start", "web");
  await init.ask("start", "respawned");
  const descriptors = () => readdirSync(`/proc/${init.pid}/fd`).length;
  const upgrade = async () => {
    const { exit, stderr } = await init.run([EXECUTABLE, "upgrade", vanishing(init)]);
    assert.equal(exit, 1);
    assert.equal(stderr, "rouse upgrade: Init has not been restarted: its log says why\n");
  };
  await upgrade();
  const before = descriptors();
  for (let count = 0; count < 5; count++) await upgrade();
  await init.untilMessage(/Unable to restart init as .*vanishing: .*No such file or directory/);
  assert(descriptors() <= before + 1, `${descriptors()} descriptors, ${before} before`);
  assert.equal(await init.ask("status", "web"), running);
  sendSignal(init.processesOf("respawned")[0]!, "SIGKILL");
  await init.until(["status", "respawned"], /start\/running, process \d+/);
  // What may be done then: the restart with an executable that is there.
  await init.ask("restart-init");
  assert.equal(await init.ask("status", "web"), running);
});

Deno.test("a signal that comes while a restart fails is acted on", async () => {
  for (let delay = 0; delay < 40; delay += 5) {
    await using init = await RunningInit.start();
    const ended = init.ended();
    const client = init.run([EXECUTABLE, "upgrade", vanishing(init)]);
    await init.untilMessage(/^/);
    await new Promise((resolve) => setTimeout(resolve, delay));
    init.signal("SIGTERM");
    assert.equal(await ended, 0, `after ${delay} ms`);
    await client;
  }
});

Deno.test("a restart as another executable is refused while one is under way", async () => {
  await using init = await RunningInit.start();
  const held = init.path("held"), wait = `until [ -e ${init.path("go")} ]; do sleep 0.01; done`;
  writeFileSync(
    held,
    `#!/bin/bash\necho > ${init.path("tried")}\n${wait}\nexec -a init ${EXECUTABLE} "$@"\n`,
  );
  chmodSync(held, 0o755);
  const first = init.run([EXECUTABLE, "upgrade", held]);
  await init.untilLines("tried", 1);
  const { exit, stderr } = await init.run([EXECUTABLE, "upgrade", EXECUTABLE]);
  assert.equal(exit, 1);
  assert.match(stderr, /another restart is under way$/m);
  writeFileSync(init.path("go"), "");
  assert.equal((await first).exit, 0);
});

Deno.test("a variable that was copied from another init's environment is not taken for a state", async () => {
  for (const value of ["99,98", "0,1", "1", "x"]) {
    await using init = await RunningInit.start({
      environment: { ROUSE_STATE: value },
      startupEvent: true,
      jobs: { "web.conf": "start on startup\nexec sleep 1000" },
    });
    await init.until(["status", "web"], /start\/running, process \d+/);
    assert.equal(init.messages(), "");
    const [pid] = init.processesOf("web");
    assert(!readFileSync(`/proc/${pid}/environ`, "utf8").includes("ROUSE_STATE"));
  }
});

Deno.test("no descriptor and no variable is left behind: in init, in jobs, in hooks", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": "exec sleep 1000",
      "pipe.conf": "console pipe\nexec sleep 1000",
      "hook.ts": `import { job } from "rouse";
export default job({ exec: ["sleep", "1000"], preStart: () => console.log("state: " + process.env.ROUSE_STATE) });`,
    },
  });
  for (const job of ["web", "pipe"]) await init.ask("start", job);
  await init.ask("restart-init");
  const descriptors = () => readdirSync(`/proc/${init.pid}/fd`).length;
  const variables = () => readFileSync(`/proc/${init.pid}/environ`, "utf8").split("\0").length;
  const before = [descriptors(), variables()] as const;
  for (let count = 0; count < 20; count++) await init.ask("restart-init");
  // The client's connection, and a child of init's own, may come and go.
  assert(descriptors() <= before[0] + 4, `${descriptors()} descriptors, ${before[0]} before`);
  assert.equal(variables(), before[1]);
  await init.ask("start", "hook");
  assert.deepEqual(await init.untilLines("log/hook.log", 1), ["state: undefined"]);
  await init.ask("restart", "web");
  for (const job of ["web", "pipe", "hook"]) {
    const [pid] = init.processesOf(job);
    assert.deepEqual(readdirSync(`/proc/${pid}/fd`), ["0", "1", "2"]);
  }
  for (const pid of childrenOf(init.pid)) {
    assert(!readFileSync(`/proc/${pid}/environ`, "utf8").includes("ROUSE_STATE="));
    assert.doesNotMatch(readFileSync(`/proc/${pid}/status`, "utf8"), /^State:\s+Z/m);
  }
});

Deno.test("clients that ask for a restart again and again keep no others from being answered", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": "exec sleep 1000" } });
  const client = await connectBeside(init.environment["UPSTART_SESSION"]!);
  let isOver = false;
  const loop = async () => {
    while (!isOver) await client.call(MANAGER_PATH, MANAGER_INTERFACE, "Restart");
  };
  const loops = [loop(), loop(), loop()];
  for (let count = 0; count < 10; count++) {
    await init.ask("start", "web");
    await init.ask("stop", "web");
  }
  isOver = true;
  await Promise.all(loops);
  client.close();
});

/** SIGRTMIN+3, by which systemd-nspawn stops a container. */
const HALT = 37;

Deno.test({
  name: "a signal of the host's that comes during a restart is acted on",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    for (let delay = 0; delay < 60; delay += 6) {
      await using init = await NamespaceInit.start({ "web.conf": "exec sleep 1000" });
      const client = init.run("initctl", "restart-init");
      await new Promise((resolve) => setTimeout(resolve, delay));
      await init.run("/bin/kill", `-${HALT}`, "1");
      await within(`init's end after ${delay} ms`, init.ended());
      await client;
    }
  },
});

const INITTAB = `id:2:initdefault:
st:23:respawn:/bin/sleep 1000
fa:23:respawn:/bin/sh -c "sleep 0.05"
wa:3:wait:/bin/sh -c "until [ -e /run/go ]; do sleep 0.01; done; echo >> /run/waited"
af:3:once:/bin/sh -c "echo >> /run/after"
fo:4:respawn:/bin/sleep 1001
`;

Deno.test({
  name: "inittab's lines go on: one that waits, one that respawns without end, changes of the runlevel",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    const lines = INITTAB.replaceAll("\n", "\\n");
    await using init = await NamespaceInit.startWithin(
      `cp -a /etc/passwd /etc/group /run; mount -t tmpfs none /etc; mv /run/passwd /run/group /etc
printf '%b' '${lines}' > /etc/inittab`,
      {},
      "--sysv",
    );
    const restart = async () => {
      for (let count = 0; count < 3; count++) await init.ask("restart-init");
    };
    const is = (line: string, wanted: RegExp) =>
      until(`${line} is ${wanted}`, async () => wanted.test(await init.ask("status", `inittab/${line}`)));
    const sleeper = await init.ask("status", "inittab/st");
    await restart();
    await init.run(EXECUTABLE, "sysv", "telinit", "3");
    await is("wa", /running/);
    await restart();
    assert.equal((await init.shell("ls /run/after 2>&1 | grep -c 'No such'")).stdout, "1\n");
    await init.shell("touch /run/go");
    await until("the lines behind come", async () => (await init.shell("cat /run/after")).stdout === "\n");
    await restart();
    assert.equal((await init.shell("cat /run/waited")).stdout, "\n");
    assert.equal(await init.ask("status", "inittab/st"), sleeper);
    await init.run(EXECUTABLE, "sysv", "telinit", "4");
    await restart();
    await is("fo", /running/);
    await is("st", /stop/);
    assert.equal(init.messages().match(/No inittab\.d directory/g)?.length, 1);
  },
});

Deno.test("those who follow logs miss no line, and see none twice", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf":
        "script\ni=0\nwhile [ $i -lt 150 ]; do i=$((i+1)); echo line $i; sleep 0.01; done\nend script",
    },
  });
  const follower = init.shell("initctl logs -f -n 200 web | head -150");
  await init.ask("start", "web");
  for (let count = 0; count < 5; count++) await init.ask("restart-init");
  const { stdout } = await follower;
  const numbers = stdout.match(/(?<=line )\d+/g)?.map(Number);
  assert.deepEqual(numbers, Array.from({ length: 150 }, (_, index) => index + 1));
});

Deno.test("an executable that may not be executed where it is, is refused, and init goes on", {
  ignore: Deno.uid() !== 0,
}, async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": "exec sleep 1000" } });
  const running = await init.ask("start", "web");
  // Of a file system that is mounted so, and of a file without the permission, the kernel says the same.
  copyFileSync(EXECUTABLE, init.path("plain"));
  chmodSync(init.path("plain"), 0o644);
  const { exit, stderr } = await init.run([EXECUTABLE, "upgrade", init.path("plain")]);
  assert.equal(exit, 1);
  assert.match(stderr, /^rouse upgrade: Unable to restart init as .*plain: .*Permission denied/m);
  assert.equal(await init.ask("status", "web"), running);
});

Deno.test("what is asked for while init still reads its files is done when it has", async () => {
  await using init = await RunningInit.start({
    startupEvent: true,
    jobs: {
      "web.conf": "start on startup\nexec sleep 1000",
      // Its evaluation takes as long as the test says.
      "late.ts": `import { existsSync } from "node:fs";
import { job, on } from "rouse";
if (existsSync("@DIR@/held")) while (!existsSync("@DIR@/go")) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
export default job({ startOn: on("startup"), exec: ["sleep", "1000"] });`,
    },
  });
  await init.until(["status", "late"], /start\/running/);
  writeFileSync(init.path("held"), "");
  init.signal("SIGKILL");
  await init.ended();
  const ready = init.startAgain();
  const file = `rt/upstart/sessions/${init.pid}.session`;
  await until("init listens", () => init.read(file)?.endsWith("\n"));
  const client = await connectBeside(init.read(file)!.trim().slice("UPSTART_SESSION=".length));
  const asked = client.call(MANAGER_PATH, MANAGER_INTERFACE, "Restart");
  writeFileSync(init.path("go"), "");
  await asked;
  await ready;
  await init.untilMessage(/Restarted in place/);
  for (const job of ["web", "late"]) await init.until(["status", job], /start\/running, process \d+/);
  client.close();
});
