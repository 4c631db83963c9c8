/** The life of an init in user mode: its session file, its end, and what it leaves. */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { descendantsOf, describe, isAlive, processesNaming, sendSignal } from "./support/processes.ts";
import { installed } from "./support/programs.ts";
import { onTerminal } from "./support/terminal.ts";

/** Waits until no process names a directory: the kernel may still be ending what init has killed when init is over. */
async function nothingLeft(directory: string): Promise<void> {
  const left = () => describe(processesNaming(directory));
  await until("nothing is left", () => left() === "").catch((error) =>
    assert.fail(`${error.message}: ${left()}`)
  );
}

Deno.test("the session file tells the address while init runs", async () => {
  await using init = await RunningInit.start();
  const file = `rt/upstart/sessions/${init.pid}.session`;
  const uid = Deno.uid();
  assert.equal(
    init.read(file),
    `UPSTART_SESSION=unix:abstract=/com/ubuntu/upstart-session/${uid}/${init.pid}\n`,
  );
  init.signal("SIGTERM");
  await init.ended();
  assert.equal(init.read(file), undefined);
});

Deno.test("SIGTERM stops all jobs in their own way, and init leaves no process", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "polite.conf": "exec sleep 600\npost-stop exec echo post-stop > @DIR@/polite\n",
      "deaf.conf": "kill timeout 1\nscript\n  trap '' TERM\n  while :; do sleep 0.1; done\nend script\n",
      "clone.conf": "instance $N\nexec sleep 600\n",
      "farewell.conf": "start on session-end\ntask\nexec echo farewell > @DIR@/farewell\n",
    },
  });
  await init.until(["status", "polite"], "polite stop/waiting\n");
  for (const words of [["polite"], ["deaf"], ["clone", "N=1"], ["clone", "N=2"]]) {
    await init.ask("start", ...words);
  }
  init.signal("SIGTERM");
  assert.equal(await init.ended(), 0);
  await nothingLeft(init.directory);
  assert.equal(init.read("polite"), "post-stop\n");
  assert.equal(init.read("farewell"), "farewell\n");
});

Deno.test("init takes the modules along that it evaluates, and what they have started", async () => {
  await using init = await RunningInit.start();
  // It has let go of what the kernel would end it by.
  const lines = [
    'import { spawn } from "node:child_process";',
    'import { closeSync, writeFileSync } from "node:fs";',
    "closeSync(4);",
    'const { pid } = spawn("sleep", ["600"]);',
    `writeFileSync("${init.path("endless.pids")}", \`\${process.pid} \${pid}\\n\`);`,
    "for (;;);",
  ];
  init.write("endless.ts", lines.join("\n"));
  const [line = ""] = await init.untilLines("endless.pids", 1);
  init.signal("SIGTERM");
  assert.equal(await init.ended(), 0);
  const pids = line.split(" ").map(Number);
  try {
    await until("the module and its child have ended", () => !pids.some(isAlive));
  } finally {
    for (const pid of pids) sendSignal(pid, "SIGKILL");
  }
});

Deno.test("the end of a session starts no service but those on session-end", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "migrate.conf": "start on go\ntask\nexec sleep 600\n",
      "app.conf":
        "start on stopped migrate RESULT=ok\nscript\n  touch @DIR@/app\n  exec sleep 600\nend script\n",
      "next.conf": "start on stopped migrate\ntask\nexec touch @DIR@/next\n",
      "saver.conf": "start on session-end\nexec touch @DIR@/saver\n",
    },
  });
  await init.until(["status", "saver"], "saver stop/waiting\n");
  await init.ask("emit", "--no-wait", "go");
  await init.until(["status", "migrate"], /^migrate start\/running/);
  init.signal("SIGTERM");
  assert.equal(await init.ended(), 0);
  assert.deepEqual(["app", "next", "saver"].map((name) => init.read(name)), [undefined, "", ""]);
});

Deno.test("a storm of kills: every respawning service is back in the end", async () => {
  const count = 20;
  const jobs: Record<string, string> = {};
  for (let index = 0; index < count; index++) {
    jobs[`service${index}.conf`] = "start on go\nrespawn\nrespawn limit unlimited\nexec sleep 600\n";
  }
  await using init = await RunningInit.start({ jobs });
  await init.until(["status", `service${count - 1}`], `service${count - 1} stop/waiting\n`);
  await init.ask("emit", "go");
  const killed = new Set<number>();
  while (killed.size < 500) {
    const running = descendantsOf(init.pid);
    for (const pid of running) {
      killed.add(pid);
      sendSignal(pid, "SIGKILL");
    }
    await init.initctl("version");
  }
  const list = await init.until(["list"], new RegExp(`^(?:.* start/running, process \\d+\n){${count}}$`));
  const processes = [...list.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
  assert.deepEqual(processes.sort(), descendantsOf(init.pid).sort());
  assert.equal(new Set(processes).size, count);
});

Deno.test("two inits of one user do not disturb each other", async () => {
  await using one = await RunningInit.start({ jobs: { "web.conf": "exec sleep 600\n" } });
  await using other = await RunningInit.start({ jobs: { "web.conf": "exec sleep 600\n" } });
  await one.until(["status", "web"], "web stop/waiting\n");
  await other.until(["status", "web"], "web stop/waiting\n");
  await one.ask("start", "web");
  assert.equal(await other.ask("status", "web"), "web stop/waiting\n");
});

Deno.test(
  "on a terminal, who reaches no init is told of those that run",
  { ignore: !installed("script") },
  async () => {
    await using init = await RunningInit.start();
    const { UPSTART_SESSION: address, ...others } = init.environment;
    const told = async (line: string, environment: Record<string, string>) => {
      const { exit, lines } = await onTerminal(line, { environment, columns: 200 });
      assert.equal(exit, 1);
      return lines.slice(0, 2);
    };
    const found = `An init of yours runs as process ${init.pid}: export UPSTART_SESSION=${address}`;
    for (const line of ["initctl --user list", "UPSTART_SESSION=unix:abstract=/nowhere start web"]) {
      assert.deepEqual((await told(line, others)).slice(1), [found], line);
    }
    const alone = { ...others, XDG_RUNTIME_DIR: init.path("nosuch") };
    assert.deepEqual((await told("initctl --user list", alone)).slice(1), [
      'One of your own is started by: eval "$(init --user --daemon)"',
    ]);
    assert.deepEqual(await told("UPSTART_SESSION=unix:abstract=/nowhere initctl list", alone), [
      "initctl: Unable to connect to Upstart: Failed to connect to socket /nowhere: Connection refused",
      "UPSTART_SESSION names it; without that, the system's is asked",
    ]);
  },
);

/** The words that start an init in the background, below the directory of another. */
const DAEMON = "init --user --daemon --no-startup-event --confdir @DIR@/other --logdir @DIR@/log/other";

Deno.test("init starts in the background, and is ready when the shell goes on", async () => {
  await using init = await RunningInit.start();
  await init.shell("mkdir other; printf 'exec sleep 600\\n' > other/nap.conf");
  await init.shell(
    `printf 'import { job } from "rouse";\\nexport default job({ exec: ["sleep", "600"] });\\n' > other/doze.ts`,
  );
  const { exit, stdout, stderr } = await init.shell(
    `exec 9> kept; eval "$(${DAEMON})" && echo $UPSTART_SESSION && initctl start nap && initctl start doze`,
  );
  assert.equal(exit, 0, stderr);
  const [address = "", ...started] = stdout.trimEnd().split("\n");
  assert.match(address, /^unix:abstract=\/com\/ubuntu\/upstart-session\/\d+\/\d+$/);
  assert.deepEqual(started.map((line) => line.replace(/\d+$/, "PID")), [
    "nap start/running, process PID",
    "doze start/running, process PID",
  ]);
  const pid = Number(address.slice(address.lastIndexOf("/") + 1));
  assert.match(await init.ask("list-sessions"), new RegExp(`^${pid} ${address}$`, "m"));

  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const [, , group, session, terminal] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").map(Number);
  assert.deepEqual(
    [group, session, terminal],
    [pid, pid, 0],
    "it has a session of its own, without a terminal",
  );
  const files = readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  assert.ok(!files.includes(init.path("kept")), "it keeps nothing open of its caller's");
  const standard = [0, 1, 2].map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  assert.deepEqual(standard, ["/dev/null", ...Array(2).fill(init.path("log/other/init.log"))]);

  sendSignal(pid, "SIGTERM");
  await until("it has ended", () => !existsSync(`/proc/${pid}`));
  assert.match(init.read("log/other/init.log")!, /nap main process \(\d+\) killed by TERM signal/);
});

for (
  const [what, words, reason] of [
    ["wrong words", "--bogus", /^init: invalid option: --bogus$/m],
    ["a word too many", "more", /^init: unexpected argument: more$/m],
    [
      "no place for messages",
      "--logdir /dev/null/x",
      /^init: Unable to start in the background: .*\/dev\/null/m,
    ],
    [
      "an end at once",
      "--exit-with nobody",
      /^init: Unable to start in the background: init ended with status 1; it said:\ninit: Unable to exit with nobody/m,
    ],
  ] as const
) {
  Deno.test(`a start in the background that fails is told, and eval fails: ${what}`, async () => {
    await using init = await RunningInit.start();
    const line = `set -e; eval "$(${DAEMON} ${words})"; echo went on`;
    const { exit, stdout, stderr } = await init.shell(`mkdir other; ${line}`);
    assert.deepEqual([exit, stdout], [1, ""]);
    assert.match(stderr, reason);
    const { exit: status } = await init.shell(`${DAEMON} ${words}`);
    assert.equal(status, 1);
    await nothingLeft(init.path("other"));
  });
}

Deno.test("a start in the background tells of a configuration directory that is not there", async () => {
  await using init = await RunningInit.start();
  const { exit, stdout, stderr } = await init.shell(`mkdir other; ${DAEMON} --append-confdir typo`);
  assert.equal(exit, 0);
  sendSignal(Number(/(\d+)'/.exec(stdout)![1]), "SIGTERM");
  const typo = init.path("typo");
  assert.equal(stderr, `init: ${typo}: Configuration directory cannot be read: No such file or directory\n`);
});

Deno.test("a runtime directory that is not there is not made", async () => {
  await using init = await RunningInit.start();
  await init.shell("mkdir other");
  const { stdout } = await init.shell(`XDG_RUNTIME_DIR=$PWD/nowhere/run ${DAEMON}`);
  sendSignal(Number(/(\d+)'/.exec(stdout)![1]), "SIGTERM");
  assert.ok(!existsSync(init.path("nowhere")));
  const message = `XDG_RUNTIME_DIR, ${init.path("nowhere/run")}: No such file or directory`;
  assert.ok(init.read("log/other/init.log")!.includes(message));
});

Deno.test("the messages of a start in the background go to no link and no pipe", async () => {
  for (const make of ["ln -s @DIR@/elsewhere", "mkfifo", "mkdir"]) {
    await using init = await RunningInit.start();
    const { exit, stdout, stderr } = await init.shell(
      `mkdir -p other log/other; ${make} log/other/init.log; ${DAEMON}`,
    );
    assert.deepEqual([exit, stdout], [1, "false\n"]);
    assert.match(stderr, /^init: Unable to start in the background: Unable to write .*\/init\.log: /);
    assert.equal(existsSync(init.path("elsewhere")), false);
  }
});

for (const signal of ["INT", "TERM", "HUP"] as const) {
  Deno.test(`a start in the background that ${signal} ends leaves no init`, async () => {
    await using init = await RunningInit.start();
    // It is not ready before this module has been evaluated.
    mkdirSync(init.path("other"));
    const module = `import { writeFileSync } from "node:fs";\nwriteFileSync("${
      init.path("begun")
    }", "");\nfor (;;);`;
    writeFileSync(init.path("other/endless.ts"), module);
    const { exit, stdout } = await init.shell(
      `${DAEMON} & until test -e @DIR@/begun; do sleep 0.01; done; kill -${signal} $!; wait $!`,
    );
    assert.deepEqual([exit, stdout], [128 + constants.signals[`SIG${signal}`], "false\n"]);
    await nothingLeft(init.path("other"));
  });
}

Deno.test("an init in the background whose address cannot be told is ended", async () => {
  await using init = await RunningInit.start();
  const { exit, stderr } = await init.shell(`mkdir other; ${DAEMON} > /dev/full`);
  assert.equal(exit, 1);
  assert.equal(
    stderr,
    "init: Unable to start in the background: Unable to write: No space left on device\n",
  );
  await nothingLeft(init.path("other"));
});

Deno.test("--daemon is for a user's init", async () => {
  await using init = await RunningInit.start();
  const { exit, stderr } = await init.shell("init --daemon");
  assert.equal(exit, 1);
  assert.match(stderr, /^init: --daemon given without --user$/m);
});
