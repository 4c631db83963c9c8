/**
 * The ways in which a job can fail, and what is read of each: by `start` on a terminal, by `status --long` and by `why`.
 * The table in docs/troubleshooting.md tells people of the same.
 */

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmdirSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { cgroupTree } from "../lib/sys/machine/cgroups.ts";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { sendSignal } from "./support/processes.ts";
import { installed } from "./support/programs.ts";
import { onTerminal } from "./support/terminal.ts";
import { sentence, transcripts } from "./support/transcript.ts";

/** A job that fails. Its name is `web`. */
interface Failure {
  /** The row of the table in the documentation. */
  row: string;
  /** Files in the configuration directory, by name. `@DIR@` stands for the test's directory. */
  jobs: Record<string, string>;
  /** A line of shell that is run before, in the test's directory. */
  prepare?: string;
  /** The options and variables of `start`; absent: it is not asked for. */
  start?: string;
  /** Makes it fail, where that takes more than a start. */
  fail?(init: RunningInit): Promise<unknown> | unknown;
  /** What `status` has to print before it is looked at; absent: that it is down. */
  until?: RegExp;
  /** What is read: sentences, with words for what is another each time. */
  reads: { start?: string[]; status: string[]; why: string[] };
  /** It is about a control group that counts memory. */
  needsGroup?: true;
}

/** A job module with these fields. */
function module(fields: string): string {
  return `import { file, job, on, tcp } from "rouse";\nexport default job({ ${fields} });\n`;
}

/** A shell's words as a module has them. */
function shellWords(line: string): string {
  return JSON.stringify(["sh", "-c", line]);
}

/** A line of shell that waits for the file `go` in the test's directory, so that what follows is no race with the start. */
function whenTold(line: string): string {
  return `until [ -e @DIR@/go ]; do sleep 0.01; done; ${line}`;
}

const tell = (init: RunningInit) => init.shell("touch go");

async function killMain(init: RunningInit): Promise<void> {
  sendSignal(Number(/process (\d+)/.exec(await init.ask("status", "web"))?.[1]), "SIGKILL");
}

/** Where control groups that count memory can be made, and the file with the bound of one; undefined: nowhere. */
const MEMORY = [
  { root: "/sys/fs/cgroup/memory", bound: "memory.limit_in_bytes" },
  { root: cgroupTree()?.point ?? "/sys/fs/cgroup", bound: "memory.max" },
].find(({ root, bound }) => Deno.uid() === 0 && canBound(root, bound));
const GROUP = `${MEMORY?.root}/rouse-failures-${process.pid}`;

/** True in version 2, where init asks its own group what the kernel has killed in it. Elsewhere it asks the whole machine. */
const IS_UNIFIED = MEMORY?.bound === "memory.max";

/** True where groups can be made that have a bound of memory. */
function canBound(root: string, bound: string): boolean {
  const probe = `${root}/rouse-probe-${process.pid}`;
  try {
    mkdirSync(probe);
    try {
      return existsSync(`${probe}/${bound}`);
    } finally {
      rmdirSync(probe);
    }
  } catch {
    return false;
  }
}

/** A control group for a test. The kernel lets it go when its processes are gone. */
class MemoryGroup implements AsyncDisposable {
  constructor() {
    mkdirSync(GROUP);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await until("the group is gone", () => {
      try {
        rmdirSync(GROUP);
        return true;
      } catch {
        return false;
      }
    });
  }
}

/** A job that takes all memory that there is in its group; init has room enough there where it is in it. */
const HUNGRY = whenTold(
  IS_UNIFIED
    ? `echo 0 > ${GROUP}/memory.swap.max; echo 500M > ${GROUP}/memory.max; exec tail /dev/zero`
    : `echo 20M > ${GROUP}/${MEMORY?.bound}; echo 0 > ${GROUP}/cgroup.procs; exec tail /dev/zero`,
);

const NO_FILE = "unable to execute /usr/bin/nosuch: No such file or directory";
const NO_INTERPRETER =
  "unable to execute @DIR@/tool: No such file or directory (its interpreter /usr/bin/pythn is not there)";
const NO_PERMISSION = "unable to execute @DIR@/tool: Permission denied (it is not executable)";
const FAILED = "initctl: Job failed to start";
const STATE = "State failed (stop/waiting), since TIME (DATE)";
const MORE = "For more: initctl status web, initctl logs web";
const MORE_OF_NOTHING = "For more: initctl status web, initctl why web";
const AGAIN = "`initctl logs web' shows what it printed; `initctl start web' tries again";
const AGAIN_WHEN_MENDED = "once that is mended, `initctl start web' tries again";
const RUNS = "web start/running, process PID";
const GAVE_UP: Failure["reads"] = {
  start: [RUNS],
  status: [STATE, "Last result exited 1 after TIME, AGO, 4th time in TIME, gave up", "cannot connect"],
  why: ["its last run failed: exited 1 after TIME, AGO, 4th time in TIME, gave up", AGAIN],
};

/** What is read of a job whose main process cannot be run. `isTold`: init has told the reason itself. */
function notRun(reason: string, isTold: boolean): Failure["reads"] {
  return {
    start: [FAILED, `${isTold ? "Failed to spawn web main process" : "web"}: ${reason}`, MORE_OF_NOTHING],
    status: [STATE, `Last result ${reason}, AGO`],
    why: [`web is down: its last run failed: ${reason}, AGO`, AGAIN_WHEN_MENDED],
  };
}

/** What is read of a job that was up, and whose main process has ended like that. */
function hasEnded(how: string, ...printed: string[]): Failure["reads"] {
  return {
    start: [RUNS],
    status: [STATE, `Last result ${how}, AGO`, "Stopped by the end of its main process, AGO", ...printed],
    why: [`web is down: its last run failed: ${how}, AGO`, AGAIN],
  };
}

const FAILURES: Failure[] = [
  {
    row: "missing binary",
    jobs: { "web.ts": module(`exec: "/usr/bin/nosuch --port 80"`) },
    start: "",
    reads: notRun(NO_FILE, true),
  },
  {
    row: "missing binary",
    jobs: { "web.conf": "exec /usr/bin/nosuch --port 80\n" },
    start: "",
    reads: notRun(NO_FILE, false),
  },
  {
    row: "missing interpreter",
    jobs: { "web.ts": module(`exec: "@DIR@/tool"`) },
    prepare: "printf '#!/usr/bin/pythn\\n' > tool; chmod 755 tool",
    start: "",
    reads: notRun(NO_INTERPRETER, true),
  },
  {
    row: "no permission",
    jobs: { "web.conf": "exec @DIR@/tool\n" },
    prepare: "printf '#!/bin/sh\\n' > tool",
    start: "",
    reads: notRun(NO_PERMISSION, true),
  },
  {
    row: "exit 44",
    jobs: { "web.ts": module(`exec: ${shellWords(whenTold("echo no configuration; exit 44"))}`) },
    start: "",
    fail: tell,
    reads: hasEnded("exited 44 after TIME", "no configuration"),
  },
  {
    row: "exit 44",
    jobs: { "web.conf": "task\nexec sh -c 'echo no configuration; exit 44'\n" },
    start: "",
    reads: {
      ...hasEnded("exited 44 after TIME", "no configuration"),
      start: [FAILED, "web: exited 44 after TIME", " | no configuration", MORE],
    },
  },
  {
    row: "SIGSEGV",
    jobs: { "web.conf": `exec sh -c '${whenTold("kill -SEGV $$")}'\n` },
    start: "",
    fail: tell,
    reads: hasEnded("killed by SIGSEGV after TIME"),
  },
  {
    row: "out of memory",
    jobs: { "web.ts": module(`exec: ${shellWords(HUNGRY)}`) },
    needsGroup: true,
    start: "",
    fail: tell,
    reads: hasEnded("killed by SIGKILL for lack of memory after TIME"),
  },
  {
    row: "hook failed",
    jobs: {
      "web.ts": module(`preStart: { exec: ${shellWords("echo no directory; exit 3")} }, exec: "sleep 1000"`),
    },
    start: "",
    reads: {
      start: [
        FAILED,
        "web pre-start process (PID) terminated with status 3",
        "web: pre-start failed: exit status 3 after TIME",
        " | no directory",
        MORE,
      ],
      status: [STATE, "Last result pre-start failed: exit status 3 after TIME, AGO", "no directory"],
      why: ["web is down: its last run failed: pre-start failed: exit status 3 after TIME, AGO", AGAIN],
    },
  },
  {
    row: "hook hangs",
    jobs: { "web.conf": "pre-start exec sleep 1000\nexec sleep 2000\n" },
    start: "--no-wait",
    until: /process \d+/,
    reads: {
      start: ["web start/pre-start, process PID"],
      status: [
        "State starting (start/pre-start), since TIME (DATE)",
        "Waits for its pre-start process (PID) still runs",
        "pre-start: sleep 1000",
      ],
      why: [
        "web is starting: its pre-start process (PID) still runs",
        "its pre-start process PID: sleep 1000, for TIME",
      ],
    },
  },
  {
    row: "hook hangs",
    jobs: { "web.ts": module(`preStart: { exec: "sleep 1000" }, exec: "sleep 2000", startTimeout: "3s"`) },
    start: "",
    reads: {
      start: [
        FAILED,
        "web is not up TIME after its start began: its pre-start process (PID) still runs",
        MORE_OF_NOTHING,
      ],
      status: [
        STATE,
        "Last result web is not up TIME after its start began: its pre-start process (PID) still runs, AGO",
      ],
      why: ["its last run failed: web is not up TIME after its start began: its pre-start process (PID)"],
    },
  },
  {
    row: "readiness never comes",
    jobs: { "web.ts": module(`exec: "sleep 1000", ready: file("@DIR@/ready"), startTimeout: "3s"`) },
    start: "",
    reads: {
      start: [FAILED, "web is not ready after TIME: there is no @DIR@/ready", MORE],
      status: [STATE, "Last result web is not ready after TIME: there is no @DIR@/ready, AGO"],
      why: ["its last run failed: web is not ready after TIME: there is no @DIR@/ready, AGO", AGAIN],
    },
  },
  {
    row: "need failed",
    jobs: {
      "web.ts": module(`exec: "sleep 1000", needs: "base"`),
      "base.ts": module(`exec: "/usr/bin/nosuch"`),
    },
    start: "",
    reads: {
      start: [
        FAILED,
        `web needs base, which failed: its main process could not be run: ${NO_FILE}`,
        MORE_OF_NOTHING,
      ],
      status: [
        STATE,
        `Last result web needs base, which failed: its main process could not be run: ${NO_FILE}, AGO`,
      ],
      why: [
        "web is down: its last run failed: web needs base, which failed",
        `[no] it needs base, which is not up base has failed its last run failed: ${NO_FILE}, AGO`,
      ],
    },
  },
  ...["web.ts", "web.conf"].map((name): Failure => ({
    row: "event never comes",
    jobs: {
      [name]: name === "web.ts"
        ? module(`exec: "sleep 1000", startOn: on("disk-fuond")`)
        : "start on disk-fuond\nexec sleep 1000\n",
      "finder.conf": "emits disk-found\nexec sleep 1000\n",
    },
    reads: {
      status: [
        "State stopped (stop/waiting), never started",
        "Why web has not been started: it waits for disk-fuond, which nothing here emits",
      ],
      why: [
        "web has not been started: it waits for disk-fuond, which nothing here emits",
        "nothing here emits it; did you mean `disk-found'?",
      ],
    },
  })),
  {
    row: "limit of respawns",
    jobs: {
      "web.ts": module(
        `exec: ${shellWords(whenTold("echo cannot connect; exit 1"))}, ` +
          `respawn: { limit: 3, within: "1h", delay: "10ms" }`,
      ),
    },
    start: "",
    fail: tell,
    reads: GAVE_UP,
  },
  {
    row: "limit of respawns",
    jobs: {
      "web.conf": `respawn\nrespawn limit 3 3600\nexec sh -c '${whenTold("echo cannot connect; exit 1")}'\n`,
    },
    start: "",
    fail: tell,
    reads: GAVE_UP,
  },
  {
    row: "file broken",
    jobs: { "web.conf": "exec sleep 1000\nkill tiemout 5\n" },
    start: "",
    reads: brokenFile("@DIR@/conf/web.conf:2: Unknown stanza `kill tiemout'; did you mean `kill timeout'?"),
  },
  {
    row: "file broken",
    jobs: { "web.ts": module(`exec: "sleep 1000", usr: "www"`) },
    start: "",
    reads: brokenFile("@DIR@/conf/web.ts:2:42: a job has no field usr; did you mean user?"),
  },
  {
    row: "user unknown",
    jobs: { "web.ts": module(`exec: "sleep 1000", user: "nobody-here"`) },
    start: "",
    reads: notRun("unable to find setuid user nobody-here", true),
  },
  {
    row: "directory missing",
    jobs: { "web.ts": module(`exec: "sleep 1000", chdir: "/srv/nowhere"`) },
    start: "",
    reads: notRun("unable to change working directory to /srv/nowhere: No such file or directory", true),
  },
  {
    row: "directory missing",
    jobs: { "web.conf": "chdir /srv/nowhere\nexec sleep 1000\n" },
    start: "",
    // The sentence is Upstart's.
    reads: notRun("unable to change working directory: No such file or directory", false),
  },
  {
    row: "port in use",
    jobs: {
      "web.ts": `import { createServer } from "node:net";\nimport { job } from "rouse";\n` +
        `export default job({ main() { createServer().listen("@DIR@/socket"); } });\n`,
    },
    prepare: "mkdir socket",
    start: "",
    reads: {
      status: [STATE, "Last result exited 1 after TIME, AGO", "address already in use @DIR@/socket"],
      why: ["web is down: its last run failed: exited 1 after TIME, AGO", AGAIN],
    },
  },
  {
    row: "disk full",
    jobs: { "web.ts": module(`exec: ${shellWords(whenTold("echo data | tee /dev/full > /dev/null"))}`) },
    start: "",
    fail: tell,
    reads: hasEnded("exited 1 after TIME", "tee: /dev/full: No space left on device"),
  },
  ...["web.ts", "web.conf"].map((name): Failure => ({
    row: "log unwritable",
    jobs: {
      [name]: name === "web.ts"
        ? module(`exec: ${shellWords("echo hello; exec sleep 1000")}`)
        : "exec sh -c 'echo hello; exec sleep 1000'\n",
    },
    prepare: "mkdir log/web.log",
    start: "",
    fail: (init) => init.untilMessage(/web\.log: unable to write: Is a directory/),
    until: /start\/running/,
    reads: {
      start: [RUNS],
      status: [
        "State running (start/running)",
        "Log fails unable to write @DIR@/log/web.log: Is a directory",
        "hello",
      ],
      why: ["its log fails: unable to write @DIR@/log/web.log: Is a directory"],
    },
  })),
  {
    row: "killed by hand",
    jobs: { "web.ts": module(`exec: "sleep 1000"`) },
    start: "",
    fail: killMain,
    reads: hasEnded("killed by SIGKILL after TIME, by someone else"),
  },
  {
    row: "stopped by shutdown",
    jobs: {
      "web.conf": "kill timeout 1000\n" +
        `exec sh -c 'trap "" TERM; touch @DIR@/up; while :; do sleep 1; done'\n`,
    },
    start: "",
    async fail(init) {
      await init.untilLines("up", 0);
      init.signal("SIGTERM");
    },
    until: /stop\/killed|start\/killed/,
    reads: {
      start: [RUNS],
      status: ["State stopping (", "Stopped by the shutdown, AGO", "its main process gets SIGKILL"],
      why: ["web is stopping: its main process (PID) still runs", "it was stopped AGO by the shutdown"],
    },
  },
];

/** What is read of a file that never was right. */
function brokenFile(error: string): Failure["reads"] {
  return {
    start: ["initctl: Unknown job: web", `Its file has an error: ${error}`],
    status: [`initctl: web is not defined, as its file has an error: ${error}`],
    why: [`web is no job, as its file is wrong ${error}`],
  };
}

/** What was said, in one line. */
function inOneLine(init: RunningInit, said: string): string {
  return sentence(said.replace(/\s+/g, " "), { "@DIR@": init.directory });
}

async function hasFailed(init: RunningInit, pattern: RegExp): Promise<void> {
  await init.until(["status", "web"], pattern);
}

/** Starts the job on a terminal; the lines that are there in the end. */
async function startedOnTerminal(init: RunningInit, options: string): Promise<string[]> {
  const { shown } = await onTerminal(`initctl start ${options} web`, {
    environment: init.environment,
    columns: 500,
  });
  // What was told while it took long has been wiped away.
  const lines = shown.split(/\r?\n/).map((line) =>
    line.slice(line.lastIndexOf("\x1b[K") + 1).replace("[K", "")
  );
  return sentence(lines.join("\n"), { "@DIR@": init.directory }).trimEnd().split("\n");
}

for (const { row, jobs, prepare, start, fail, until: untilStatus, reads, needsGroup = false } of FAILURES) {
  Deno.test({
    name: `${row}: ${Object.keys(jobs)[0]}`,
    ignore: needsGroup && MEMORY === undefined || !installed("script"),
    async fn() {
      await using _group = needsGroup ? new MemoryGroup() : undefined;
      await using init = await RunningInit.start(needsGroup && IS_UNIFIED ? { group: GROUP } : {});
      await init.shell(prepare ?? "true");
      for (const [name, text] of Object.entries(jobs).reverse()) init.write(name, text);
      await init.ask("reload-configuration");
      if (start !== undefined) {
        const lines = await startedOnTerminal(init, start);
        if (reads.start) assert.deepEqual(lines, reads.start);
      }
      await fail?.(init);
      if (row !== "file broken") await hasFailed(init, untilStatus ?? /stop\/waiting/);
      for (const [command, ...words] of [["status", "--long", "web"], ["why", "web"]] as const) {
        const { stdout, stderr } = await init.initctl(command, ...words);
        const said = inOneLine(init, stdout + stderr);
        for (const wanted of reads[command]) assert(said.includes(wanted), `${wanted}\nis not in\n${said}`);
      }
    },
  });
}

const GUIDE = readFileSync(resolve(import.meta.dirname!, "../docs/troubleshooting.md"), "utf8");

/** A part of the guide, from its heading to the next one of the same height. */
function part(heading: string): string {
  const begin = GUIDE.indexOf(`\n${heading}\n`), height = heading.split(" ")[0]!;
  const end = GUIDE.indexOf(`\n${height} `, begin + heading.length);
  assert(begin >= 0, heading);
  return GUIDE.slice(begin, end < 0 ? undefined : end);
}

Deno.test("docs/troubleshooting.md: what its table says is read is what the tests above read", () => {
  const rows = Array.from(
    part("## Twenty ways to fail").matchAll(/^\| ([^|]+?) +\| `([^|]+)` +\| ([^|]+?) +\|$/gm),
    ([, row, read]) => [row!, read!] as const,
  );
  assert.equal(rows.length, 20);
  assert.deepEqual(rows.map(([row]) => row), [...new Set(FAILURES.map(({ row }) => row))]);
  for (const [row, read] of rows) {
    const wanted = sentence(read, { "@DIR@/ready": "/run/ready" });
    const all = FAILURES.filter((one) => one.row === row).flatMap(({ reads }) => [
      ...reads.status,
      ...reads.why,
    ]);
    assert(all.some((said) => said.includes(wanted)), `${row}: ${wanted}\nis in none of\n${all.join("\n")}`);
  }
});

/** A port at which nobody listens. The kernel gives those of this range to nobody who asks for any. */
function freePort(first: number): number {
  try {
    Deno.listen({ hostname: "127.0.0.1", port: first }).close();
    return first;
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    return freePort(first + 1);
  }
}

/** Ports of this test's own, in place of those of the documentation. */
const PORTS: Record<string, string> = {
  "5432": String(freePort(10_000 + process.pid % 10_000)),
  "5433": String(freePort(20_000 + process.pid % 10_000)),
};

/** A text without its line ends: where lines end depends on how long the paths of this run are. */
function flat(text: string): string {
  return text.replaceAll(/\s+/g, " ");
}

for (const [, heading] of part("## Three in the morning").matchAll(/^(### .*)$/gm)) {
  Deno.test(`docs/troubleshooting.md: ${heading!.slice(4)}`, async () => {
    const section = part(heading!);
    const jobs = Object.fromEntries(
      Array.from(section.matchAll(/^```(?:conf|ts) (\S+)\n([^]*?)^```$/gm), ([, name, text]) => [
        name!,
        Object.entries(PORTS).reduce((all, [port, own]) => all.replaceAll(port, own), text!),
      ]),
    );
    await using init = await RunningInit.start({ jobs, startupEvent: true });
    const places = { "/etc/init": init.confdir, "/var/log/upstart": init.logdir, ...PORTS };
    const said = transcripts(section);
    assert(said.length > 1);
    for (const { command, told } of said) {
      // The commands only read: they are asked until all has come as it is told of.
      let last = "";
      await until(`${command} tells what is shown`, async () => {
        const { stdout, stderr } = await init.shell(command);
        last = flat(sentence(stdout + stderr, places));
        return last === flat(sentence(told));
      }).catch(() => {});
      assert.equal(last, flat(sentence(told)), command);
    }
  });
}
