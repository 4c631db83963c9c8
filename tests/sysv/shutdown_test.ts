/** SysV's shutdown, halt, poweroff, reboot and wall: as recorded, and where nobody has recorded. */

import assert from "node:assert/strict";
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { constants as os } from "node:os";
import { join } from "node:path";
import type { ControlRequest } from "../../lib/model/sysv/control_request.ts";
import { write } from "../../lib/sys/io/descriptors.ts";
import { RECORD_SIZE } from "../../lib/sys/utmp/records.ts";
import type { Outcome } from "../support/command.ts";
import { until } from "../support/deadline.ts";
import { MINIMAL_ROOT_POSSIBLE } from "../support/minimal_root.ts";
import { NamespaceInit } from "../support/namespace.ts";
import { procFile, sendSignal } from "../support/processes.ts";
import { EXECUTABLE } from "../support/programs.ts";
import { Machine } from "./shutdown/machine.ts";

/** What is done, or looked at. */
type Step =
  | { run: string[] } & Outcome
  /** A shutdown that waits for its time. */
  | { start: string[]; as: string }
  | { ended: string } & Outcome
  /** What the terminal has shown since it was last looked at. */
  | { told: string }
  | { requests: ControlRequest[] }
  /** Which of some files are there. */
  | { there: string[]; among: string[] }
  | { noLogin: string }
  | { write: string; text: string }
  /** The records of halts. */
  | { wtmp: unknown[] }
  /** What ends process 1, and how. */
  | { ends: string[]; signal: "SIGINT" | "SIGHUP"; env?: Record<string, string> };

interface RecordedCase {
  id: string;
  about: string;
  steps: Step[];
}

const CASES: RecordedCase[] = JSON.parse(
  readFileSync(join(import.meta.dirname!, "shutdown/cases.json"), "utf8"),
);

function test(name: string, fn: (machine: Machine) => Promise<void>): void {
  Deno.test({
    name,
    ignore: !MINIMAL_ROOT_POSSIBLE,
    fn: async () => {
      await using machine = await Machine.start();
      await fn(machine);
    },
  });
}

Deno.test("every recorded shutdown is there", () => assert.equal(CASES.length, 32));

for (const { id, about, steps } of CASES.filter(({ id }) => !id.startsWith("warn-"))) {
  test(`recorded, ${id}: ${about}`, (machine) => playAll(machine, steps));
}

test("recorded: which times are told of at once", async (machine) => {
  for (const { steps } of CASES.filter(({ id }) => id.startsWith("warn-"))) await playAll(machine, steps);
});

async function playAll(machine: Machine, steps: readonly Step[]): Promise<void> {
  const waiting = new Map<string, Promise<Outcome>>();
  for (const step of steps) await play(machine, step, waiting);
}

async function play(machine: Machine, step: Step, waiting: Map<string, Promise<Outcome>>): Promise<void> {
  if ("run" in step) {
    const { run, ...outcome } = step;
    assert.deepEqual(await machine.run(run), outcome, run.join(" "));
  } else if ("start" in step) {
    const [outcome] = await machine.startWaiting(step.start);
    waiting.set(step.as, outcome!);
  } else if ("ended" in step) {
    const { ended, ...outcome } = step;
    assert.deepEqual(await waiting.get(ended), outcome);
  } else if ("told" in step) {
    await machine.terminal.expect(step.told);
  } else if ("requests" in step) {
    assert.deepEqual(await machine.requests(step.requests.length), step.requests);
  } else if ("there" in step) {
    const found = () => step.among.filter((path) => existsSync(machine.path(path)));
    await until(`there is ${step.there}`, () => step.there.every((path) => found().includes(path)));
    assert.deepEqual(found(), step.there);
  } else if ("noLogin" in step) {
    const text = machine.read("run/nologin").replaceAll("\r", "").replace(/on .*/, "on DATE");
    assert.equal(text, step.noLogin);
  } else if ("write" in step) writeFileSync(machine.path(step.write), step.text);
  else if ("wtmp" in step) {
    const { size } = statSync(machine.path("var/log/wtmp"));
    assert.equal(size, step.wtmp.length * RECORD_SIZE);
    const fields = machine.read("var/log/wtmp").split(/\0+/).slice(0, 4);
    assert.deepEqual(fields, ["\x01", "~~", "~~", "shutdown"]);
  } else {
    // The kernel kills the caller with all others.
    machine.run(step.ends, step.env).catch(() => {});
    assert.equal(await machine.root.ended(), -os.signals[step.signal]);
  }
}

const CANCELLED: Outcome = { exit: 0, stdout: "\r\nShutdown cancelled.\r\n", stderr: "" };

test("a time of the clock is waited for", async (machine) => {
  const inHours = new Date(Date.now() + 6 * 3600_000);
  const time = `${inHours.getUTCHours()}:${String(inHours.getUTCMinutes()).padStart(2, "0")}`;
  const [waiting] = await machine.startWaiting(["shutdown", "-h", time]);
  assert.equal((await machine.run(["shutdown", "-c"])).exit, 0);
  assert.deepEqual(await waiting, CANCELLED);
});

test("TERM cancels as INT does and takes back what was done; the end of a session does not", async (machine) => {
  const [waiting] = await machine.startWaiting(["shutdown", "-F", "-k", "+4"]);
  const kill = (signal: string) => machine.shell(`kill -s ${signal} $(cat /run/shutdown.pid)`);
  await until("logins are forbidden", () => existsSync(machine.path("run/nologin")));
  for (const signal of ["HUP", "QUIT", "TSTP", "TTIN", "TTOU"]) assert.equal((await kill(signal)).exit, 0);
  assert.equal((await kill("TERM")).exit, 0);
  assert.deepEqual(await waiting, CANCELLED);
  for (const file of ["run/nologin", "run/shutdown.pid", "forcefsck"]) {
    assert.ok(!existsSync(machine.path(file)), file);
  }
});

test("what was there before stays when a shutdown is cancelled", async (machine) => {
  writeFileSync(machine.path("forcefsck"), "");
  assert.deepEqual(await machine.run(["shutdown", "-F", "-k", "now"]), CANCELLED);
  assert.ok(existsSync(machine.path("forcefsck")));
});

test("of two at once, one waits", async (machine) => {
  const both = [7, 8].map((minutes) => machine.run(["shutdown", "-h", `+${minutes}`]));
  const refused = await Promise.race(both);
  assert.deepEqual(refused, { exit: 1, stdout: "", stderr: "\rshutdown: already running.\r\n" });
  await until("the other waits", async () => (await machine.run(["shutdown", "-c"])).exit === 0);
  assert.deepEqual((await Promise.all(both)).map(({ exit }) => exit).sort(), [0, 1]);
});

test("a number that another process has by now is no shutdown", async (machine) => {
  machine.run(["/bin/sleep", "600"]).catch(() => {});
  const find = "for p in /proc/[0-9]*; do read -r n < $p/comm; [ $n = sleep ] && echo ${p#/proc/}; done";
  const pid = await until("it sleeps", async () => (await machine.shell(find)).stdout.trim() || undefined);
  writeFileSync(machine.path("run/shutdown.pid"), `${pid}\n`);
  const refused = { exit: 1, stdout: "", stderr: "shutdown: not running.\n" };
  assert.deepEqual(await machine.run(["shutdown", "-c"]), refused);
  const stderr = "shutdown: +1:2:3: not a time, such as now, +5 (minutes), +1:30 or 23:00\n";
  assert.deepEqual(await machine.run(["shutdown", "-k", "+1:2:3"]), { exit: 1, stdout: "", stderr });
  assert.equal((await machine.shell(`kill -s 0 ${pid}`)).exit, 0);
  assert.deepEqual(await machine.run(["shutdown", "-k", "now"]), CANCELLED);
});

test("a terminal that is stopped holds nothing up", async (machine) => {
  machine.terminal.stop();
  assert.equal((await machine.run(["shutdown", "-h", "now"])).exit, 0);
  await machine.requests(2);
});

test("words of users reach terminals without control characters", async (machine) => {
  await machine.run(["shutdown", "-k", "now", "a\x1b[31mb", "\x9b2J", "grüße", "x".repeat(300)]);
  await machine.terminal.expect(
    `\r\nBroadcast message from root@box (DATE):\r\n\r\na^[[31mb ?2J grüße ${"x".repeat(300)} \r\n` +
      "\rThe system is going down to maintenance mode NOW!\r\n",
  );
});

test("-a asks for a user of shutdown.allow at a console; a list that others can write counts for nothing", async (machine) => {
  const ask = async () => (await machine.run(["shutdown", "-a", "-k", "now"])).exit;
  assert.equal(await ask(), 0);
  writeFileSync(machine.path("etc/shutdown.allow"), "# users\n\nbob\n");
  assert.equal(await ask(), 1);
  machine.logIn("bob", "pts/77");
  assert.equal(await ask(), 1, "that is no console");
  assert.equal((await machine.shell("mknod /dev/tty3 c 4 3")).exit, 0);
  machine.logIn("bob", "tty3");
  assert.equal(await ask(), 0);
  assert.equal((await machine.shell("chmod 666 /etc/shutdown.allow")).exit, 0);
  assert.equal(await ask(), 1);
  machine.logIn("root", "tty3");
  assert.equal(await ask(), 0);
});

test("other users are refused, by each program", async (machine) => {
  const asUser = (line: string) => machine.shell(`setpriv --reuid 12345 --clear-groups rouse sysv ${line}`);
  assert.deepEqual(await asUser("shutdown now"), {
    exit: 1,
    stdout: "",
    stderr: "shutdown: you must be root to do that!\nUSAGE\n",
  });
  for (const name of ["halt", "reboot", "poweroff"]) {
    assert.deepEqual(await asUser(`${name} -w`), {
      exit: 1,
      stdout: "",
      stderr: `${name}: must be superuser.\n`,
    });
  }
});

test("halt, reboot and poweroff take no arguments; -d and -n write no record", async (machine) => {
  for (const words of [["halt", "now"], ["reboot", "--help"], ["poweroff", "-x"]]) {
    const { exit, stdout, stderr } = await machine.run(words);
    assert.deepEqual([exit, stdout], [1, ""]);
    assert.match(stderr, /USAGE\n$/);
  }
  for (const words of [["halt", "-w", "-d"], ["reboot", "-wn"], ["poweroff", "-h", "-i", "-p", "-w", "-d"]]) {
    assert.deepEqual(await machine.run(words), { exit: 0, stdout: "", stderr: "" });
  }
  assert.equal(machine.read("var/log/wtmp"), "");
  // A variable alone does not make a runlevel.
  assert.equal((await machine.run(["halt", "-p"], { RUNLEVEL: "0" })).exit, 0);
  assert.equal((await machine.requests(2))[0]!.command, "environment");
});

for (const [words, signal] of [[["-r"], "SIGHUP"], [["-h"], "SIGINT"], [["-h", "-P"], "SIGINT"]] as const) {
  test(`shutdown -n ${words.join(" ")} ends the machine without init`, async (machine) => {
    assert.match((await machine.run(["shutdown", "-n", "now"])).stderr, /for halt or reboot only/);
    machine.run(["shutdown", "-n", "-t0", ...words, "now"]).catch(() => {});
    assert.equal(await machine.root.ended(), -os.signals[signal]);
    assert.equal(statSync(machine.path("var/log/wtmp")).size, RECORD_SIZE);
  });
}

test("without an init that answers, and with one that does not read, shutdown says so", async (machine) => {
  const channel = openSync(machine.path("run/initctl"), constants.O_WRONLY | constants.O_NONBLOCK);
  sendSignal(machine.root.pid, "SIGSTOP");
  await until("process 1 is stopped", () => /^State:\s+T/m.test(procFile(machine.root.pid, "status")));
  while ((write(channel, new Uint8Array(4096)) > 0));
  assert.deepEqual(await machine.run(["shutdown", "-h", "now"]), {
    exit: 1,
    stdout: "",
    stderr: "shutdown: Unable to ask init: it does not read /run/initctl, which is full\n",
  });
  closeSync(channel);
  rmSync(machine.path("run/initctl"));
  const { exit, stderr } = await machine.run(["shutdown", "-h", "now"]);
  assert.equal(exit, 1);
  assert.match(stderr, /^shutdown: .*onnect.*\n$/);
});

test("wall writes words, a file or its input", async (machine) => {
  const banner = "\r\nBroadcast message from root@box (DATE):\r\n\r\n";
  const line = (text: string) => `${text.padEnd(79)}\r\n`;
  writeFileSync(machine.path("note"), "one\n\x1btwo\n");
  for (
    const [command, text] of [
      ["rouse sysv wall back at ten", banner + line("back at ten")],
      ["rouse sysv wall /note", banner + line("one") + line("^[two")],
      ["cat /note | rouse sysv wall", banner + line("one") + line("^[two")],
      [`rouse sysv wall ${"x".repeat(100)}`, banner + line("x".repeat(79)) + line("x".repeat(21))],
      ["rouse sysv wall -n bare", `\r\n${line("bare")}`],
      ["rouse sysv wall -g staff -t 3 to staff", banner + line("to staff")],
    ] as const
  ) {
    assert.deepEqual(await machine.shell(command), { exit: 0, stdout: "", stderr: "" }, command);
    await machine.terminal.expect(text);
  }
  assert.equal((await machine.shell("rouse sysv wall -g root to root")).exit, 0);
  assert.equal(machine.terminal.shown(), "");
  for (const wrong of ["-g nobody x", "-t 0 x", "-x", "/dev"]) {
    assert.equal((await machine.shell(`rouse sysv wall ${wrong}`)).exit, 1, wrong);
  }
});

Deno.test({
  name: "an init without a FIFO gets the event",
  ignore: !MINIMAL_ROOT_POSSIBLE,
  fn: async () => {
    const recorder = "start on runlevel\ntask\n" +
      'script\n  echo "$RUNLEVEL ${INIT_HALT:-}" >> @DIR@/events\nend script\n';
    await using init = await NamespaceInit.start({ "recorder.conf": recorder });
    const { exit, stderr } = await init.shell(`${EXECUTABLE} sysv shutdown -h -P now`);
    // Init may be gone, and the kernel have killed the program with all others, before it has ended by itself.
    assert.ok(exit === 0 || exit === -9, stderr);
    assert.equal(await init.ended(), 0);
    assert.equal(init.read("events"), "0 POWEROFF\n");
  },
});
