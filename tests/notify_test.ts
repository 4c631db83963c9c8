/** Readiness that the process itself tells, and what else services tell of themselves, as seen from outside. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import process from "node:process";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { procFile } from "./support/processes.ts";
import { installed } from "./support/programs.ts";

const PYTHON = "/usr/bin/python3";
const hasPython = existsSync(PYTHON);
const isRoot = process.getuid?.() === 0;

/** A job whose main process is a program in Python, with a function that notifies. */
function python(stanzas: string, program: string): string {
  const prelude = `
import os, signal, socket, sys, time
def notify(text, descriptors=[]):
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    s.connect(os.environ["NOTIFY_SOCKET"])
    socket.send_fds(s, [text.encode() if isinstance(text, str) else text], descriptors)
def wait(name):
    while not os.path.exists("@DIR@/" + name): time.sleep(0.01)
`;
  return `${stanzas}\nscript\nexec ${PYTHON} -u - << 'END'\n${prelude}${program}\nEND\nend script\n`;
}

/** The socket that a job's processes are given, once there is one. */
function socketOf(init: RunningInit, job: string): Promise<string> {
  return until(`a process of ${job} has a socket`, () => {
    const environments = init.processesOf(job).map((pid) => procFile(pid, "environ"));
    return environments.map((text) => /(?:^|\0)NOTIFY_SOCKET=([^\0]+)/.exec(text)?.[1]).find(Boolean);
  });
}

Deno.test({
  name: "a job with `ready notify` is up when systemd-notify says so, and its status is shown",
  ignore: !installed("systemd-notify"),
  async fn() {
    await using init = await RunningInit.start({
      jobs: {
        "web.conf": `ready notify
script
systemd-notify --status="Loading the index"
until [ -e @DIR@/go ]; do sleep 0.01; done
systemd-notify --ready --status="Serving $(printf '\\033')[2J 3 shops"
echo told > @DIR@/told
exec sleep 1000
end script
`,
        "after.conf": "start on started web\ntask\nscript\necho up > @DIR@/after\nend script\n",
      },
    });
    const start = init.initctl("start", "web");
    await init.until(
      ["status", "web"],
      /^web start\/spawned.*\n\tnot ready: it has not sent READY=1; Loading the index\n$/,
    );
    assert.equal(init.read("after"), undefined);
    await init.shell("touch go");
    assert.equal((await start).exit, 0);
    await init.until(["status", "web"], /^web start\/running, process \d+\n\tServing \S+\[2J 3 shops\n$/);
    assert.deepEqual(await init.untilLines("after", 1), ["up"]);
    // It waits until its message has been dealt with (BARRIER=1), and goes on.
    await init.untilLines("told", 1);
  },
});

Deno.test({
  name: "redis-server tells that it is up, in both formats",
  ignore: !installed("redis-server"),
  async fn() {
    const command =
      "redis-server --port 0 --unixsocket @DIR@/redis.sock --supervised systemd --daemonize no --dir @DIR@";
    await using init = await RunningInit.start({
      jobs: {
        "redis.conf": `ready notify\nexec ${command}\n`,
        "shop.ts": `import { job, notify } from "rouse";
export default job({ ready: notify, exec: ${
          JSON.stringify(command.replace("redis.sock", "shop.sock").split(" "))
        } });
`,
      },
    });
    for (const [name, socket] of [["redis", "redis.sock"], ["shop", "shop.sock"]]) {
      await init.until(["status", name!], `${name} stop/waiting\n`);
      assert.equal((await init.initctl("start", name!)).exit, 0, init.messages());
      assert.match(
        await init.ask("status", name!),
        /start\/running, process \d+\n\tReady to accept connections/,
      );
      assert.match((await init.shell(`redis-cli -s @DIR@/${socket} ping`)).stdout, /PONG/);
      await init.ask("stop", name!);
    }
  },
});

Deno.test({
  name: "what strangers say does not count, and is told of once",
  ignore: !hasPython,
  async fn() {
    const say = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(sys.argv[1])
for count in range(100): s.send(b"READY=1\\nMAINPID=1\\nSTATUS=mine")`;
    await using init = await RunningInit.start({
      jobs: {
        "web.conf": python("ready notify", "wait('go')\nnotify('READY=1')\ntime.sleep(1000)"),
        "quiet.conf": `script\nexec ${PYTHON} -c '${say}' $(cat @DIR@/socket)\nend script\ntask\n`,
      },
    });
    const start = init.initctl("start", "web");
    const path = await socketOf(init, "web");
    await init.run([PYTHON, "-c", say, path]);
    const words = /Refused a notification of process \d+ of user \S+, which is no process of a job with/;
    await init.untilMessage(words);
    // A process of another job is a stranger, too.
    await init.shell(`echo ${path} > socket`);
    await init.ask("start", "quiet");
    assert.match(await init.ask("status", "web"), /spawned.*\n\tnot ready: it has not sent READY=1\n$/);
    assert.equal(init.messages().match(/Refused/g)!.length, 1);
    await init.shell("touch go");
    assert.equal((await start).exit, 0);
  },
});

Deno.test({
  name: "a stranger who floods the socket keeps neither clients nor jobs from being answered",
  ignore: !hasPython,
  async fn() {
    const flood = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.connect(sys.argv[1])
print("begun", flush=True)
while True: s.send(b"STATUS=" + b"x" * 4000)`;
    await using init = await RunningInit.start({
      jobs: {
        "first.conf": python("ready notify", "notify('READY=1')\ntime.sleep(1000)"),
        "second.conf": python("ready notify", "notify('READY=1')\ntime.sleep(1000)"),
      },
    });
    await init.ask("start", "first");
    await init.shell(`${PYTHON} -c '${flood}' ${await socketOf(init, "first")} > begun 2>&1 &`);
    await init.untilLines("begun", 1);
    for (let count = 0; count < 5; count++) await init.ask("version");
    await init.ask("start", "second");
    await init.ask("stop", "second");
  },
});

Deno.test({
  name: "garbage in notifications changes nothing, and what is understood counts",
  ignore: !hasPython,
  async fn() {
    await using init = await RunningInit.start({
      jobs: {
        "web.conf": python(
          "ready notify",
          `for text in [b"", b"\\0" * 4000, os.urandom(1000), b"READY", b"READY=2", b"=1", b"STATUS=x" * 2000, b"MAINPID=-1",
             b"MAINPID=1", b"MAINPID=99999999999999999999", b"WATCHDOG_USEC=abc", b"__proto__=1\\nconstructor=1", b"ERRNO=5"]:
    notify(text)
notify("FDNAME=" + "x" * 300 + "\\nSTOPPING=0\\nX=1\\nSTATUS=" + "y" * 500)
wait("go")
notify("STATUS=\\xe9\\nREADY=1\\n")
notify("RELOADING=1")
time.sleep(1000)`,
        ),
      },
    });
    const start = init.initctl("start", "web");
    await init.until(["status", "web"], /spawned.*\n\tnot ready: it has not sent READY=1; y{200}\n$/);
    await init.untilMessage(/web has sent a notification that is too long/);
    await init.untilMessage(/web says that its main process is another one, which is none of its processes/);
    await init.shell("touch go");
    assert.equal((await start).exit, 0);
    await init.until(["status", "web"], /running.*\n\treloading: é\n$/);
    assert.doesNotMatch(init.messages(), /fault|internal/i);
  },
});

Deno.test({
  name:
    "the main process may name another of the instance, whose end is noticed though it is no child of init's",
  ignore: !hasPython,
  async fn() {
    await using init = await RunningInit.start({
      jobs: {
        "web.conf": python(
          "ready notify",
          `pid = os.fork()
if pid == 0:
    os.setsid()
    time.sleep(1000)
notify(f"MAINPID={pid}\\nREADY=1")
signal.signal(signal.SIGTERM, signal.SIG_IGN)
# It never reaps its child.
time.sleep(1000)`,
        ),
      },
    });
    await init.ask("start", "web");
    const [, pid] = /process (\d+)/.exec(await init.ask("status", "web"))!;
    const [parent] = (await init.shell(`sed -n 's/^PPid:\\t//p' /proc/${pid}/status`)).stdout.trim().split(
      "\n",
    );
    assert.notEqual(Number(parent), init.pid);
    await init.shell(`kill -KILL ${pid}`);
    await init.until(["status", "web"], "web stop/waiting\n");
  },
});

Deno.test({
  name: "a service without signs of life gets SIGABRT, and is started again",
  ignore: !hasPython,
  async fn() {
    await using init = await RunningInit.start({
      jobs: {
        "web.conf": python(
          "respawn\nwatchdog 1\nkill timeout 1",
          `open("@DIR@/runs", "a").write(os.environ["WATCHDOG_USEC"] + "\\n")
def last(*_):
    open("@DIR@/signals", "a").write("ABRT\\n")
    if os.path.exists("@DIR@/deaf"): return
    os._exit(3)
signal.signal(signal.SIGABRT, last)
for count in range(3): notify("WATCHDOG=1"); time.sleep(0.01)
while True: time.sleep(1000)`,
        ),
        "sick.conf":
          'start on unhealthy JOB=web\ntask\nscript\necho "$REASON" >> @DIR@/reasons\nend script\n',
      },
    });
    await init.ask("start", "web");
    assert.deepEqual((await init.untilLines("runs", 2)).slice(0, 1), ["1000000"]);
    assert.deepEqual((await init.untilLines("signals", 1))[0], "ABRT");
    assert.equal((await init.untilLines("reasons", 1))[0], "no sign of life for 1 s");
    await init.untilMessage(/Sending ABRT signal to web main process \(\d+\)/);
    // One that survives it gets SIGKILL.
    await init.shell("touch deaf");
    await init.untilMessage(/Sending KILL signal to web main process \(\d+\)/);
    await init.untilMessage(/web main process \(\d+\) killed by KILL signal/);
  },
});

Deno.test({
  name: "descriptors that a service leaves are passed to its next main process, and closed at its end",
  ignore: !hasPython,
  async fn() {
    await using init = await RunningInit.start({
      jobs: {
        "web.conf": python(
          "respawn\nready notify",
          `if "LISTEN_FDS" in os.environ:
    names = os.environ["LISTEN_FDNAMES"], os.environ["LISTEN_FDS"], os.environ["LISTEN_PID"] == str(os.getpid())
    open("@DIR@/told", "a").write(f"{names} {os.read(3, 100)} {os.read(4, 100)}\\n")
    notify("FDSTOREREMOVE=1\\nFDNAME=second")
else:
    for name in "first", "second":
        r, w = os.pipe()
        os.write(w, name.encode())
        os.close(w)
        open("@DIR@/pipes", "a").write(f"pipe:[{os.fstat(r).st_ino}]\\n")
        notify(f"FDSTORE=1\\nFDNAME={name}", [r])
notify("READY=1")
time.sleep(1000)`,
        ),
      },
    });
    const kept = async () => {
      const { stdout } = await init.shell(`readlink /proc/${init.pid}/fd/*`), open = stdout.split("\n");
      return (await init.untilLines("pipes", 2)).map((pipe) => open.includes(pipe));
    };
    await init.ask("start", "web");
    const [, pid] = /process (\d+)/.exec(await init.ask("status", "web"))!;
    assert.deepEqual(await kept(), [true, true]);
    await init.shell(`kill -KILL ${pid}`);
    const told = await init.untilLines("told", 1);
    assert.deepEqual(told, ["('first:second', '2', True) b'first' b'second'"]);
    await init.until(["status", "web"], /running/);
    assert.deepEqual(await kept(), [true, false]);
    await init.ask("stop", "web");
    await init.until(["status", "web"], "web stop/waiting\n");
    assert.deepEqual(await kept(), [false, false]);
  },
});

Deno.test("a job with `ready fd` is up when it has written a line to the descriptor, in both formats", async () => {
  const script =
    "until [ -e @DIR@/go ]; do sleep 0.01; done; echo half >/dev/null; printf 'up\\n' >&3; exec sleep 1000";
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": `ready fd 3\nscript\n${script}\nend script\n`,
      "shop.ts": `import { fd, job } from "rouse";
export default job({ ready: fd(3), script: ${JSON.stringify(script)} });
`,
      "nine.conf": "ready fd 9\nscript\necho one\necho two\nend script\n",
    },
  });
  await init.until(["status", "shop"], "shop stop/waiting\n");
  const starts = ["web", "shop"].map((job) => init.initctl("start", job));
  for (const job of ["web", "shop"]) {
    await init.until(["status", job], /spawned.*\n\tnot ready: it has written nothing to descriptor 3\n$/);
  }
  await init.shell("touch go");
  for (const start of starts) assert.equal((await start).exit, 0);
  const { exit, stderr } = await init.initctl("start", "nine");
  assert.equal(exit, 1);
  assert.match(stderr, /its script is read from descriptor 9, which it cannot write to/);
});

Deno.test("a job with `ready log` is up when it prints a line that matches, whatever its console", async () => {
  const script = (more: string) =>
    `echo booting; until [ -e @DIR@/go ]; do sleep 0.01; done; ${more}; exec sleep 1000`;
  const print = "printf 'listening on '; sleep 0.01; echo port 8080";
  const conf = (console: string, pattern = "^listening on port \\\\d+$") =>
    `console ${console}\nready log "${pattern}"\nscript\n${script(print)}\nend script\n`;
  await using init = await RunningInit.start({
    jobs: {
      "log.conf": conf("log"),
      "pipe.conf": conf("pipe"),
      "none.conf": conf("none"),
      "module.ts": `import { job, log } from "rouse";
export default job({ ready: log(/^listening on port \\d+$/), script: ${JSON.stringify(script(print))} });
`,
      "owner.conf": conf("owner"),
      "slow.conf": conf("log", "(a)\\\\1"),
    },
  });
  const jobs = ["log", "pipe", "none", "module"];
  await init.until(["status", "module"], "module stop/waiting\n");
  const starts = jobs.map((job) => init.initctl("start", job));
  for (const job of jobs) {
    await init.until(["status", job], /spawned.*\n\tnot ready: it has printed no line that matches/);
  }
  await init.shell("touch go");
  for (const start of starts) assert.equal((await start).exit, 0);
  assert.equal(init.read("log/none.log"), undefined);
  assert.match(init.read("log/log.log")!, /listening on port 8080/);
  assert.equal((await init.initctl("start", "owner")).exit, 1);
  await init.untilMessage(/Failed to spawn owner main process: unable to/);
  await init.untilMessage(/slow\.conf:2: Illegal pattern: it refers back to a group, which is not supported/);
});

Deno.test("a job with `ready stopped` is up when it has stopped itself, and goes on", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": `ready stopped
script
until [ -e @DIR@/go ]; do sleep 0.01; done
kill -STOP $$
echo on > @DIR@/on
exec sleep 1000
end script
`,
    },
  });
  const start = init.initctl("start", "web");
  await init.until(["status", "web"], /spawned.*\n\tnot ready: it has not stopped itself\n$/);
  await init.shell("touch go");
  assert.equal((await start).exit, 0);
  await init.untilLines("on", 1);
});

Deno.test({
  name: "a job of another user reaches the socket, which is gone when init is",
  ignore: !isRoot || !hasPython,
  async fn() {
    await using init = await RunningInit.start({
      environment: { XDG_RUNTIME_DIR: "@DIR@/rt" },
      jobs: {
        "web.conf": python("ready notify\nsetuid nobody", "notify('READY=1')\ntime.sleep(1000)"),
      },
    });
    await init.shell("chmod 755 rt");
    await init.ask("start", "web");
    const path = await socketOf(init, "web");
    assert.equal((await init.shell(`test -S ${path}`)).exit, 0);
    init.signal("SIGTERM");
    await init.ended();
    assert.equal((await init.shell(`test -e ${path}`)).exit, 1);
  },
});
