/** Restarts of init in place, as seen from outside: nothing of what runs, waits or was said is lost. */

import assert from "node:assert/strict";
import { chmodSync, copyFileSync, readlinkSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createConnection } from "node:net";
import { clientHello } from "../../lib/dbus/handshake.ts";
import { MANAGER_INTERFACE, MANAGER_PATH, ROUSE_INTERFACE, socketPath } from "../../lib/control/names.ts";
import { connectBeside } from "../../lib/control/testing/socket_client.ts";
import { until } from "../support/deadline.ts";
import { sendSignal } from "../support/processes.ts";
import { RunningInit } from "../support/init.ts";
import { NamespaceInit, NAMESPACES_POSSIBLE } from "../support/namespace.ts";
import { EXECUTABLE, installed } from "../support/programs.ts";
import { storm } from "./storm.ts";

Deno.test("restarts while 300 services, logs, events and clients are busy lose and double nothing", async () => {
  const report = await storm(10);
  assert.equal(report.restarts, 10);
  assert(report.events > 10 && report.starts > 10 && report.lines > 1000, JSON.stringify(report));
});

Deno.test("the successor is the same process, prints its version, and has the jobs with their processes", async () => {
  await using init = await RunningInit.start({
    jobs: { "web.conf": "exec sleep 1000", "many.conf": "instance $N\nexec sleep 1000" },
  });
  const before = [await init.ask("start", "web"), await init.ask("start", "many", "N=a b")];
  assert.match(await init.ask("restart-init"), /^init \(upstart 1\.13\.2\) rouse /);
  assert.deepEqual([await init.ask("status", "web"), await init.ask("status", "many", "N=a b")], before);
  await init.ask("stop", "many", "N=a b");
  await init.ask("restart-init");
  assert.equal(await init.ask("list"), "many stop/waiting\n" + before[0]);
  const { stdout } = await init.shell(`tr '\\0' '\\n' < /proc/${init.pid}/environ | grep -c ROUSE_STATE`);
  assert.equal(stdout, "1\n");
  // No job has the variable.
  await init.ask("restart", "web");
  for (const pid of init.processesOf("web")) {
    assert.equal((await init.shell(`grep -c ROUSE_STATE /proc/${pid}/environ`)).stdout, "0\n");
  }
});

Deno.test("a restart is told in the log and the journal, and of files that are as they were nothing is told", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": "exec sleep 1000",
      "idle.conf": "start on never\nneeds web\nexec sleep 1000",
      "typed.ts": `import { job } from "rouse";\nexport default job({ exec: ["sleep", "1000"] });`,
    },
  });
  await init.ask("start", "web");
  const definitions = () => init.ask("events", "--kind=definition");
  const before = await definitions();
  assert.match(before, /idle was added/);
  await init.ask("restart-init");
  await init.untilMessage(/^init: Restarted in place, as rouse \d/m);
  assert.match(await init.ask("events", "--kind=request"), / restart-init, by .*\(initctl, pid \d+/);
  assert.match(await init.ask("events", "--kind=message"), /Restarted in place, as rouse \d/);
  // What is read last is read behind all that was there.
  init.write("late.conf", "exec sleep 1000");
  await init.until(["status", "late"], "late stop/waiting\n");
  const after = await definitions();
  assert.match(after.slice(before.length), /^.* late was added\n$/, after);
  init.write("idle.conf", "start on never\nexec sleep 1001");
  await until("a change is told", async () => /idle was changed/.test(await definitions()));
});

Deno.test("a start, a stop and an event that are waited for are answered by the successor", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "slow.conf":
        "pre-start script\nuntil [ -e @DIR@/go ]; do sleep 0.01; done\nend script\nexec sleep 1000",
      "bad.conf":
        "pre-start script\nuntil [ -e @DIR@/go ]; do sleep 0.01; done\nexit 7\nend script\nexec sleep 1000",
      "work.conf": "start on work\ntask\nscript\nuntil [ -e @DIR@/go ]; do sleep 0.01; done\nend script",
      "stubborn.conf":
        "exec sleep 1000\npre-stop script\nuntil [ -e @DIR@/go ]; do sleep 0.01; done\nend script",
    },
  });
  await init.ask("start", "stubborn");
  const waiting = [
    init.initctl("start", "slow"),
    init.initctl("start", "bad"),
    init.initctl("emit", "work"),
    init.initctl("stop", "stubborn"),
  ];
  await init.until(
    ["list"],
    /bad start\/pre-start.*\n(?:.*\n)?slow start\/pre-start.*\nstubborn stop\/pre-stop.*\n.*\nwork start\/running/,
  );
  for (let count = 0; count < 3; count++) await init.ask("restart-init");
  writeFileSync(init.path("go"), "");
  const [slow, bad, work, stubborn] = await Promise.all(waiting);
  assert.match(slow!.stdout, /^slow start\/running, process \d+\n$/);
  assert.equal(bad!.exit, 1);
  assert.match(bad!.stderr, /Job failed to start/);
  assert.deepEqual([work!.exit, work!.stderr], [0, ""]);
  assert.equal(stubborn!.stdout, "stubborn stop/waiting\n");
});

Deno.test("clients keep their connections: those in the middle of a message, of the handshake, and listeners", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": "exec sleep 1000" } });
  const address = init.environment["UPSTART_SESSION"]!;
  const listener = createConnection(socketPath(address)), heard: string[] = [];
  await once(listener, "connect");
  listener.on("data", (bytes) => heard.push(bytes.toString("latin1")));
  listener.write(clientHello(Deno.uid() ?? 0), "latin1");
  const late = createConnection(socketPath(address));
  await once(late, "connect");
  const hello = clientHello(Deno.uid() ?? 0), answers: string[] = [];
  late.on("data", (bytes) => answers.push(bytes.toString("latin1")));
  late.write(hello.slice(0, 10), "latin1");
  await until("the listener is greeted", () => heard.join("").includes("OK "));
  await init.ask("restart-init");
  late.write(hello.slice(10), "latin1");
  await until("the handshake goes on", () => answers.join("").startsWith("OK "));
  await until("the listener is told of the restart", () => heard.join("").includes("Restarted"));
  await init.ask("start", "web");
  await until("the listener is told of the job", () => heard.join("").includes("StateChanged"));
  listener.destroy();
  late.destroy();
});

Deno.test("events, conditions half met, respawns, timers and stored variables go on", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "both.conf": "start on one and two\nexec sleep 1000",
      "flaky.conf": "respawn\nrespawn limit 3 1000\nscript\necho x >> @DIR@/runs\nexit 1\nend script",
      "slow.ts": `import { job } from "rouse";
export default job({ exec: ["sleep", "1000"], respawn: { delay: "200ms" } });`,
      "next.conf": "exec sh -c 'echo $GREETING > @DIR@/greeting; exec sleep 1000'",
    },
  });
  await init.ask("emit", "--no-wait", "one");
  await init.ask("set-env", "GREETING=hello there");
  await init.until(["status", "slow"], /stop/);
  await init.ask("start", "slow");
  const [pid] = init.processesOf("slow");
  sendSignal(pid!, "SIGKILL");
  await init.ask("restart-init");
  await init.ask("emit", "two");
  await init.until(["status", "both"], /start\/running/);
  await init.until(["status", "slow"], /start\/running, process (?!0)/);
  await init.ask("start", "next");
  assert.equal((await init.untilLines("greeting", 1))[0], "hello there");
  await init.initctl("start", "flaky");
  await init.ask("restart-init");
  await init.until(["status", "flaky"], "flaky stop/waiting\n");
  assert.equal(init.read("runs"), "x\n".repeat(4));
});

Deno.test("output is logged on: in the middle of a line, of a pipe, and of what has exited meanwhile", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "half.conf":
        "script\nprintf 'half of '\nuntil [ -e @DIR@/go ]; do sleep 0.01; done\necho 'a line'\nend script",
      "pipe.conf":
        "console pipe\nscript\necho one\nuntil [ -e @DIR@/go ]; do sleep 0.01; done\necho two\nend script",
    },
  });
  await init.ask("start", "half");
  await init.ask("start", "pipe");
  assert.deepEqual(await init.untilLines("log/pipe.log", 1), ["one"]);
  await until("half a line is logged", () => init.read("log/half.log") === "half of ");
  await init.ask("restart-init");
  writeFileSync(init.path("go"), "");
  assert.deepEqual(await init.untilLines("log/half.log", 1), ["half of a line"]);
  assert.deepEqual(await init.untilLines("log/pipe.log", 2), ["one", "two"]);
});

Deno.test("readiness, stored descriptors and the notification socket go on", {
  ignore: !installed("systemd-notify"),
}, async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": `ready notify
script
until [ -e @DIR@/go ]; do sleep 0.01; done
systemd-notify --ready --status="Serving"
exec sleep 1000
end script`,
      "line.ts": `import { fd, job } from "rouse";
export default job({ ready: fd(), script: "until [ -e @DIR@/go ]; do sleep 0.01; done; echo >&$ROUSE_READY_FD; exec sleep 1000" });`,
    },
  });
  const starts = [init.initctl("start", "web")];
  await init.until(["status", "web"], /start\/(?!waiting)/);
  await init.ask("restart-init");
  writeFileSync(init.path("go"), "");
  for (const { stdout } of await Promise.all(starts)) assert.match(stdout, /start\/running, process \d+/);
  await init.until(["status", "--verbose", "web"], /Serving/);
});

Deno.test("another executable takes init's place; what is none is refused, and init goes on", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": "exec sleep 1000" } });
  const running = await init.ask("start", "web");
  const script = (name: string, text: string) => {
    writeFileSync(init.path(name), text);
    chmodSync(init.path(name), 0o755);
    return init.path(name);
  };
  const cases: Array<[path: string, reason: RegExp]> = [
    ["/nonexistent", /unable to execute \/nonexistent: No such file or directory/],
    ["/bin/true", /it is no rouse, or an older one/],
    [script("failing", "#!/bin/sh\necho broken >&2\nexit 1\n"), /: broken$/m],
    [script("killed", "#!/bin/sh\nkill -9 $$\n"), /it is no rouse, or an older one/],
    [script("endless", "#!/bin/sh\nwhile :; do echo endless; done\n"), /it is no rouse, or an older one/],
    [init.confdir, /unable to execute/],
  ];
  for (const [path, reason] of cases) {
    const { exit, stderr } = await init.run([EXECUTABLE, "upgrade", path]);
    assert.equal(exit, 1, path);
    assert.match(stderr, /^rouse upgrade: Unable to restart init as /);
    assert.match(stderr, reason);
    assert.equal(await init.ask("status", "web"), running);
  }
  const { exit: none, stderr: missing } = await init.run([EXECUTABLE, "upgrade", ""]);
  assert.deepEqual([none, missing.split("\n")[0]], [2, "rouse upgrade: missing executable"]);
  const { exit: wrong, stderr: said } = await init.initctl("restart-init", "/bin/true", "more");
  assert.deepEqual([wrong, said.split("\n")[0]], [1, "initctl: unexpected argument: more"]);
  copyFileSync(EXECUTABLE, init.path("newer"));
  const { exit, stderr } = await init.run([EXECUTABLE, "upgrade", "newer"]);
  assert.equal(exit, 0, stderr);
  assert.equal(readlinkSync(`/proc/${init.pid}/exe`), init.path("newer"));
  assert.equal(await init.ask("status", "web"), running);
  // Children of init's own, such as the one that evaluates modules, come from the new file.
  init.write("late.ts", `import { job } from "rouse";\nexport default job({ exec: ["sleep", "1000"] });\n`);
  await init.until(["status", "late"], "late stop/waiting\n");
});

Deno.test("files that changed while init restarted count; jobs whose files are gone end with their instances", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "gone.conf": "exec sleep 1000",
      "kept.conf": "exec sleep 1000",
      "broken.conf": "exec sleep 1000",
    },
  });
  await init.ask("start", "kept");
  init.write("broken.conf", "nonsense\n");
  await init.untilMessage(/broken\.conf:1/);
  init.signal("SIGSTOP");
  const client = init.initctl("restart-init");
  init.remove("gone.conf");
  init.remove("kept.conf");
  init.write("new.conf", "exec sleep 1000");
  init.signal("SIGCONT");
  assert.equal((await client).exit, 0);
  await init.until(["list"], /^broken stop\/waiting\nkept start\/running, process \d+\nnew stop\/waiting\n$/);
  // It has its definition still, and so is listed once, with the error of its file.
  await init.until(["status", "--long", "broken"], /Unknown stanza `nonsense'/);
  assert.equal((await init.initctl("status", "--long", "broken")).stderr, "");
  assert.equal((await init.ask("list", "--long")).match(/^broken /gm)!.length, 1);
  await init.initctl("stop", "kept");
  await init.until(["list"], "broken stop/waiting\nnew stop/waiting\n");
});

/** A program that damages the state before it executes init, by a line of shell on the descriptor in `$state`. */
function damaging(init: RunningInit, line: string): string {
  const path = init.path("damaging");
  writeFileSync(
    path,
    `#!/bin/bash
[ "$2" = check-state ] && exec ${EXECUTABLE} "$@"
state=/proc/self/fd/\${ROUSE_STATE%%,*}
${line}
exec -a init ${EXECUTABLE} "$@"
`,
  );
  chmodSync(path, 0o755);
  return path;
}

const DAMAGES: Array<[what: string, line: string, told: RegExp, isForgotten?: true]> = [
  [
    "of another engine",
    `sed 's/"pendingEvents"/"pending"/' $state > $0.state; cat $0.state > $state`,
    /what is known of its engine is lost/,
  ],
  ["cut off", `truncate -s -100 $state`, /its state is lost/],
  ["empty", `truncate -s 0 $state`, /its state is lost/, true],
  ["of nothing but a pair of braces", `echo '{}' > $state`, /its state is lost/, true],
];

for (const [what, line, told, isForgotten] of DAMAGES) {
  Deno.test(`a state that is ${what} when it is too late for a refusal: what runs is adopted`, async () => {
    await using init = await RunningInit.start({
      jobs: {
        "web.conf": "env A=1\nexec sleep 1000\npost-stop exec sh -c 'echo $A $B >> @DIR@/ended'",
        "after.conf": "start on started web\ntask\nexec sh -c 'echo x >> @DIR@/after'",
        "respawned.conf": "respawn\nexec sleep 1000",
      },
    });
    const running = await init.ask("start", "web", "B=2");
    const [pid] = init.processesOf("web");
    await init.ask("start", "respawned");
    await init.untilLines("after", 1);
    const { stderr } = await init.run([EXECUTABLE, "upgrade", damaging(init, line)]);
    assert.match(stderr, /^$|disconnected/);
    await init.untilMessage(told);
    await init.until(["status", "web"], isForgotten ? "web stop/waiting\n" : running);
    if (isForgotten) return;
    await init.untilMessage(/Init goes on with 2 processes that run\n/);
    // What had followed from its start does not follow again; its end is seen.
    sendSignal(init.processesOf("respawned")[0]!, "SIGKILL");
    await init.until(["status", "respawned"], /start\/running, process \d+/);
    await init.ask("stop", "web");
    assert.deepEqual(await init.untilLines("ended", 1), ["1 2"]);
    assert(!init.leftovers().includes(pid!));
    assert.equal(init.read("after"), "x\n");
  });
}

Deno.test("a signal that comes during a restart is acted on", async () => {
  for (let delay = 0; delay < 60; delay += 6) {
    await using init = await RunningInit.start({ jobs: { "web.conf": "exec sleep 1000" } });
    await init.ask("start", "web");
    const client = await connectBeside(init.environment["UPSTART_SESSION"]!);
    await client.call(MANAGER_PATH, MANAGER_INTERFACE, "Restart");
    await new Promise((resolve) => setTimeout(resolve, delay));
    init.signal("SIGTERM");
    assert.equal(await init.ended(), 0, `after ${delay} ms`);
    client.close();
  }
});

Deno.test("whoever may not ask for a restart is refused; two at a time are one", async () => {
  await using init = await RunningInit.start();
  const client = await connectBeside(init.environment["UPSTART_SESSION"]!);
  await Promise.all([1, 2, 3].map(() => client.call(MANAGER_PATH, MANAGER_INTERFACE, "Restart")));
  await until(
    "init has restarted",
    async () => await client.get(MANAGER_PATH, ROUSE_INTERFACE, "restarts") === 1,
  );
  await init.ask("restart-init");
  assert.equal(await client.get(MANAGER_PATH, ROUSE_INTERFACE, "restarts"), 2);
  client.close();
});

Deno.test({
  name: "process 1 restarts in place by `telinit u`, goes on reaping orphans, and ends as before",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    await using init = await NamespaceInit.start({
      "web.conf": "exec sleep 1000",
      "daemon.conf": "expect daemon\nexec sh -c 'sh -c \"sleep 1000 & echo\" & wait'",
    });
    const running = await init.ask("start", "web");
    for (let count = 0; count < 3; count++) {
      assert.equal((await init.run("telinit", "u")).exit, 0);
    }
    await until("init has restarted", async () => (await init.run("initctl", "restart-init")).exit === 0);
    assert.equal(await init.ask("status", "web"), running);
    await init.shell("sh -c 'sleep 0.1 & exit' & wait");
    await until("orphans are reaped", () => init.zombies().length === 0);
    await init.shell("kill $(initctl status web | grep -o '[0-9]*$')");
    await until("the end of a process is seen", async () => /stop/.test(await init.ask("status", "web")));
  },
});
