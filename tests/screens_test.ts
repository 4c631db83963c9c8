/** What status, list and ps show on a terminal and by their options, and changes of several jobs at once. */

import assert from "node:assert/strict";
import { columnsOf } from "../lib/insight/screen/width.ts";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { Relay } from "./support/relay.ts";
import { procFile } from "./support/processes.ts";
import { onTerminal, Terminal } from "./support/terminal.ts";
import { installed, OWN_NAME } from "./support/programs.ts";

const NO_SCRIPT = !installed("script");

const JOBS = {
  "api.conf": `description "the shop's API"\nexec sh -c 'echo one; echo two; sleep 600 & wait'\n`,
  "db.conf": "exec sleep 600\n",
  "crash.conf": `respawn\nrespawn limit 2 100\nexec sh -c 'echo cannot bind; exit 44'\n`,
  "missing.conf": "exec /usr/bin/nosuch\n",
  "hook.conf": "pre-start exec false\nexec sleep 600\n",
  "tty.conf": "instance $N\nexec sleep 600\n",
  "typo.conf": "exce sleep 600\n",
};

/** An init in which jobs run and have failed. */
async function startInit(): Promise<RunningInit> {
  const init = await RunningInit.start({ jobs: JOBS });
  try {
    await init.shell("start api; start db; start tty N=1; start crash; start missing; start hook");
    await init.until(["list"], /^crash stop\/waiting$/m);
    await init.untilLines("log/api.log", 2);
    const sleeps = () => init.processesOf("api").some((pid) => procFile(pid, "comm") === "sleep\n");
    await until("the child of api runs its program", sleeps);
  } catch (error) {
    await init[Symbol.asyncDispose]();
    throw error;
  }
  return init;
}

/** What an initctl command prints, with figures that differ from run to run as `#`. */
function stable(text: string): string {
  return text.replace(/\b\d+ (?:ms|s|min)\b/g, "# s").replace(/\d{4}-\d\d-\d\d [\d:]{8}/g, "<time>")
    .replace(/\b\d+(?:\.\d)? [KM]B\b/g, "# MB").replace(/\bpid \d+\b/g, "pid #");
}

Deno.test("status --long tells what has become of a job, and its last lines", async () => {
  await using init = await startInit();
  const page = async (job: string) => stable(await init.ask("status", "--long", job));
  const api = await page("api");
  assert.match(api, /^api - the shop's API\n +State running \(start\/running\), since # s \(<time>\)\n/);
  assert.match(
    api,
    new RegExp(`^ +Started by ${OWN_NAME} \\(start, pid #, by sh, pid #\\), (?:# s ago|just now)$`, "m"),
  );
  assert.match(api, /^ +Defined in \S+\/conf\/api\.conf$/m);
  assert.match(api, /^ +Log \S+\/log\/api\.log$/m);
  assert.match(
    api,
    /^ +PID +CPU +MEMORY +PROCESS\n +\d+ +# s +# MB +main: sh -c .*\n +\d+ +# s +# MB {4}sleep 600$/m,
  );
  assert.match(api, /\n\none\ntwo\n$/);
  const crash = await page("crash");
  assert.match(crash, /^ +State failed \(stop\/waiting\), since/m);
  assert.match(crash, /^ +Last result exited 44 after # s, (?:# s ago|just now), 3rd time in # s, gave up$/m);
  assert.match(crash, /\n\ncannot bind\ncannot bind\ncannot bind\n$/);
  assert.match(
    await page("missing"),
    /^ +Last result unable to execute \/usr\/bin\/nosuch: No such file or directory, /m,
  );
  assert.match(await page("hook"), /^ +Last result pre-start failed: exit status 1 after # s, /m);
  const tty = await page("tty");
  assert.match(tty, /^ +Instance 1$/m);
});

Deno.test("of an unknown job the nearest is named, and of a file that never was right its error", async () => {
  await using init = await startInit();
  assert.deepEqual(await init.initctl("status", "--long", "dbb"), {
    exit: 1,
    stdout: "",
    stderr: "initctl: Unknown job: dbb (is db meant?)\n",
  });
  const { exit, stderr } = await init.initctl("status", "--long", "typo");
  assert.equal(exit, 1);
  assert.match(
    stderr,
    /^initctl: typo is not defined, as its file has an error: \S+typo\.conf:1: Unknown stanza `exce'/,
  );
});

Deno.test("without a terminal, status and list print what they always did", async () => {
  await using init = await startInit();
  assert.match(await init.ask("status", "db"), /^db start\/running, process \d+\n$/);
  assert.match(await init.ask("status", "crash"), /^crash stop\/waiting\n$/);
  assert.match(
    await init.ask("list", "api", "more", "words"),
    /^api start\/running, process \d+\ncrash stop\/waiting\ndb .*\nhook .*\nmissing .*\ntty \(1\) .*\n$/,
  );
});

Deno.test("a list is chosen by state and by patterns, in the classic form", async () => {
  await using init = await startInit();
  assert.equal(
    await init.ask("list", "--failed"),
    "crash stop/waiting\nhook stop/waiting\nmissing stop/waiting\ntypo stop/waiting\n",
  );
  const names = async (...options: string[]) =>
    (await init.ask("list", ...options)).replace(/ .*$/gm, "").trim().split("\n").join(" ");
  assert.equal(await names("--state", "running"), "api db tty");
  assert.equal(await names("--state=stop/waiting", "--jobs", "[a-h]*"), "crash hook");
  assert.equal(await names("--jobs", "db", "api"), "api db");
  assert.equal(await names("--sort", "state", "--jobs", "api", "hook"), "hook api");
  assert.deepEqual(await init.initctl("list", "--jobs", "nosuch*", "db"), {
    exit: 1,
    stdout: await init.ask("list", "--jobs", "db"),
    stderr: "initctl: No job matches nosuch*\n",
  });
  const wrong = await init.initctl("list", "--state", "bogus");
  assert.equal(wrong.exit, 1);
  assert.match(
    wrong.stderr,
    /--state: bogus; it is one of unhealthy, running, .*, broken, or as in start\/running\n$/,
  );
  assert.match((await init.initctl("list", "--sort", "age")).stderr, /--sort: age; it is one of name, state/);
});

Deno.test("ps shows what runs", async () => {
  await using init = await startInit();
  const lines = stable(await init.ask("ps")).trimEnd().split("\n");
  assert.match(lines[0]!, /^JOB +STATE +SINCE +PID +CPU +MEMORY +DESCRIPTION$/);
  assert.deepEqual(lines.slice(1).map((line) => /^(.*?) {2,}/.exec(line)?.[1]), ["api", "db", "tty (1)"]);
  assert.equal((await init.ask("ps", "d*")).match(/\n/g)?.length, 2);
});

Deno.test("with --json, status and list tell all that init does, and what is seen of processes", async () => {
  await using init = await startInit();
  const all = JSON.parse(await init.ask("list", "--json"));
  assert.deepEqual(all.jobs.map(({ name }: { name: string }) => name), [
    "api",
    "crash",
    "db",
    "hook",
    "missing",
    "tty",
  ]);
  assert.equal(all.broken[0].job, "typo");
  const one = JSON.parse(await init.ask("status", "--json", "api"));
  assert.equal(one.jobs[0].instances[0].state, "running");
  const [seen] = one.observed;
  assert.deepEqual([seen.job, seen.instance, seen.processes.length], ["api", "", 2]);
  assert.equal(seen.processes[0].pid, one.jobs[0].instances[0].processes[0].pid);
  assert.deepEqual(seen.sockets, []);
});

Deno.test("the exit status of status --exit-code is systemctl's", async () => {
  await using init = await startInit();
  const codes = async (...words: string[]) => (await init.initctl("status", "--exit-code", ...words)).exit;
  assert.deepEqual(await Promise.all(["api", "crash", "nosuch"].map((name) => codes(name))), [0, 3, 4]);
  assert.deepEqual(await Promise.all(["api", "crash", "nosuch"].map((name) => codes("--long", name))), [
    0,
    3,
    4,
  ]);
  assert.equal(await codes("tty", "N=1"), 0);
  assert.equal(await codes("tty", "N=2"), 3);
  assert.equal(await codes("--jobs", "api", "db"), 0);
  assert.equal(await codes("--jobs", "[a-h]*"), 3);
  assert.equal(await codes("--jobs", "api", "nosuch"), 4);
});

Deno.test("several jobs are stopped, started and restarted by one command", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web-1.conf": "exec sleep 600\n",
      "web-2.conf": "exec sleep 600\n",
      "db.conf": "exec sleep 600\n",
      "tty.conf": "instance $N\nexec sleep 600\n",
      "bad.conf": "pre-start exec false\nexec sleep 600\n",
    },
  });
  const started = await init.ask("start", "--jobs", "web-*", "db");
  assert.match(
    started,
    /^db start\/running, process \d+\nweb-1 start\/running, process \d+\nweb-2 start\/running, process \d+\n$/,
  );
  // What runs goes on.
  assert.equal(await init.ask("start", "--jobs", "web-*", "db"), started);
  await init.shell("start tty N=1; start tty N=2");
  const restarted = await init.ask("restart", "--jobs", "web-*");
  assert.match(restarted, /^web-1 start\/running, process \d+\nweb-2 start\/running, process \d+\n$/);
  assert(!started.includes(restarted));
  assert.equal(
    await init.ask("stop", "--jobs", "web-*", "tty"),
    "tty stop/waiting\nweb-1 stop/waiting\nweb-2 stop/waiting\n",
  );
  const { exit, stdout, stderr } = await init.initctl("start", "--jobs", "bad", "web-1", "nothing");
  assert.equal(exit, 1);
  assert.match(stdout, /^bad stop\/waiting\nweb-1 start\/running, process \d+\n$/);
  assert.equal(stderr, "initctl: Unknown job: nothing\ninitctl: bad: Job failed to start\n");
});

Deno.test("limits that are nearly reached are told", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "full.conf": `limit nofile 10 10\nexec sh -c 'exec 5<&0 6<&0 7<&0 8<&0 9<&0; exec sleep 600'\n`,
    },
  });
  await init.ask("start", "full");
  await init.until(["status", "--long", "full"], /^ +Near limit open files: [89] of 10 \(pid \d+\)$/m);
});

Deno.test("on a terminal a list has colours and fits", { ignore: NO_SCRIPT }, async () => {
  await using init = await startInit();
  const { environment } = init;
  for (const columns of [60, 80, 140]) {
    const { exit, shown, lines } = await onTerminal("initctl list", { environment, columns });
    assert.equal(exit, 0);
    assert.match(lines[0]!, /^JOB +STATE +SINCE +PID /);
    assert(shown.includes("\x1b[32mrunning"));
    assert(shown.includes("\x1b[31mfailed"));
    for (const line of lines) assert(columnsOf(line) <= columns, line);
    assert(lines.some((line) => /^missing +failed .*unable to exec/.test(line)), shown);
    assert(lines.some((line) => /^typo +broken /.test(line)));
    const plain = await onTerminal("initctl list --color=never", { environment, columns });
    assert(!plain.shown.includes("\x1b"), plain.shown);
  }
  const { shown } = await onTerminal("initctl list", { environment: { ...environment, NO_COLOR: "1" } });
  assert(!shown.includes("\x1b"), shown);
  assert((await init.ask("list", "--long", "--color=always")).includes("\x1b[32mrunning"));
});

Deno.test(
  "on a terminal status shows the page, and hints at the nearest name",
  { ignore: NO_SCRIPT },
  async () => {
    await using init = await startInit();
    const { environment } = init;
    const page = await onTerminal("status crash", { environment, columns: 60 });
    assert.equal(page.exit, 0);
    assert.deepEqual(page.lines.slice(-4), ["cannot bind", "cannot bind", "cannot bind", ""]);
    for (const line of page.lines) assert(columnsOf(line) <= 60, line);
    const unknown = await onTerminal("status dbb", { environment });
    assert.deepEqual([unknown.exit, unknown.lines[0]], [1, "status: Unknown job: dbb (is db meant?)"]);
  },
);

Deno.test("names and output that would control the terminal do not", { ignore: NO_SCRIPT }, async () => {
  await using init = await RunningInit.start({
    jobs: { "red.conf": `instance $N\nexec sh -c 'printf "\\033]0;title\\007\\n"; exec sleep 600'\n` },
  });
  await init.ask("start", "red", "N=\x1b[41m");
  await init.until(["status", "--long", "red"], /title/);
  for (const line of ["initctl list", "status red"]) {
    const { shown } = await onTerminal(line, { environment: init.environment });
    assert(shown.includes("\\e[41m"), shown);
    assert(!shown.includes("\x1b[41m") && !shown.includes("\x1b]"), JSON.stringify(shown));
  }
});

Deno.test("colours of a job's output are left out, as logs does", async () => {
  await using init = await RunningInit.start({
    jobs: { "red.conf": `exec sh -c 'printf "\\033[1;31mred\\033[0m \\033[2J\\n"; exec sleep 600'\n` },
  });
  await init.ask("start", "red");
  await init.until(["status", "--long", "red"], /\n\nred \\e\[2J\n$/);
});

Deno.test("status of many jobs looks into init once", async () => {
  const jobs = Object.fromEntries(
    Array.from({ length: 5 }, (_, index) => [`job${index}.conf`, "start on never\nexec sleep 600\n"]),
  );
  await using init = await RunningInit.start({ jobs });
  await using relay = await Relay.start(init);
  const { exit, stdout } = await init.shell(`UPSTART_SESSION=${relay.session} status --long --jobs 'job*'`);
  assert.equal(exit, 0);
  assert.equal(stdout.match(/^ +Why job\d has not been started: /gm)?.length, 5, stdout);
  assert.equal(relay.calls("Snapshot"), 1);
});

/** The other screen, without a cursor; and back. */
const ENTERED = "\x1b[?1049h\x1b[?25l", LEFT = "\x1b[?25h\x1b[?1049l";

/** A line that tells how a command on the terminal has ended, and whether it left that as it was. */
function watching(command: string): string {
  return `before=$(stty -g); ${command}; echo "exit $?"; [ "$before" = "$(stty -g)" ] && echo restored`;
}

for (
  const [what, end] of [
    ["q", (terminal: Terminal) => terminal.type("q")],
    ["^C", (terminal: Terminal) => terminal.type("\x03")],
  ] as const
) {
  Deno.test(
    `list --watch draws anew until ${what}, and puts the terminal back`,
    { ignore: NO_SCRIPT },
    async () => {
      await using init = await startInit();
      await using terminal = new Terminal(watching("initctl list --watch"), {
        environment: init.environment,
        columns: 80,
      });
      await terminal.until(/JOB.*STATE[^]*db[^]*running/);
      assert(terminal.shown.startsWith(ENTERED));
      await init.ask("stop", "db");
      await terminal.until(/\[2Kdb [^\n]*stopped/);
      await terminal.resize(40, 4);
      await terminal.until(/\d more rows/);
      end(terminal);
      assert.equal(await terminal.ended(), 0);
      assert(terminal.shown.endsWith(`${LEFT}exit 0\r\nrestored\r\n`), terminal.shown);
    },
  );
}

Deno.test(
  "list --watch puts the terminal back when it is ended by a signal",
  { ignore: NO_SCRIPT },
  async () => {
    await using init = await startInit();
    const command = init.expand("sh -c 'echo $$ > @DIR@/pid; exec initctl list --watch'");
    await using terminal = new Terminal(watching(command), { environment: init.environment });
    await terminal.until(/JOB/);
    await init.shell("kill $(cat @DIR@/pid)");
    await terminal.ended();
    assert(terminal.shown.endsWith(`${LEFT}exit 1\r\nrestored\r\n`), terminal.shown);
  },
);

Deno.test("list --watch of an init that does not answer can be ended", { ignore: NO_SCRIPT }, async () => {
  await using init = await RunningInit.start({ jobs: { "db.conf": "exec sleep 600\n" } });
  for (const key of ["q", "\x03"]) {
    await using terminal = new Terminal(watching("initctl list --watch"), { environment: init.environment });
    await terminal.until(/db/);
    init.signal("SIGSTOP");
    await terminal.until(/init does not answer; q ends this/);
    terminal.type(key);
    assert.equal(await terminal.ended(), 0);
    assert(terminal.shown.endsWith(`${LEFT}exit 0\r\nrestored\r\n`), terminal.shown);
    init.signal("SIGCONT");
  }
  await using late = new Terminal(watching("initctl list --watch"), { environment: init.environment });
  await late.until(/db/);
  init.signal("SIGSTOP");
  await late.until(/init does not answer/);
  init.signal("SIGCONT");
  await init.ask("start", "db");
  await late.until(/\[2Kdb [^\n]*running/);
});

Deno.test("without a terminal there is nothing to watch", async () => {
  await using init = await RunningInit.start();
  assert.deepEqual(await init.initctl("list", "--watch"), {
    exit: 1,
    stdout: "",
    stderr: "initctl: Unable to watch: standard input and output have to be a terminal\n",
  });
});
