/** The programs that deal with the system as a whole. They act on namespaces alone: none runs outside of one. */

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readdirSync, readlinkSync, writeFileSync } from "node:fs";
import process from "node:process";
import { join } from "node:path";
import { close, openPty, read as readDescriptor, setNonBlocking } from "../lib/sys/io/descriptors.ts";
import { RECORD_SIZE } from "../lib/sys/utmp/records.ts";
import { until } from "./support/deadline.ts";
import { NamespaceInit, NAMESPACES_POSSIBLE } from "./support/namespace.ts";

/** Writes what the event brought. */
const RECORDER = "start on runlevel\ntask\n" +
  'script\n  echo "$RUNLEVEL $PREVLEVEL ${INIT_HALT:-} ${EXTRA:-}" >> @DIR@/events\nend script\n';

/** Waits until the recorder has run so many times and has ended: an event does not start a job that still runs. */
async function recorded(init: NamespaceInit, times: number): Promise<void> {
  await until(`the job has run ${times} times`, async () => {
    const lines = init.read("events").split("\n").length - 1;
    return lines === times && await init.ask("status", "recorder") === "recorder stop/waiting\n";
  });
}

const SERVICE = "start on startup\nexec sleep 600\n";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, ignore: !NAMESPACES_POSSIBLE, fn });
}

test("telinit emits runlevel with the runlevel, the one before and what -e adds", async () => {
  await using init = await NamespaceInit.start({ "recorder.conf": RECORDER });
  assert.deepEqual(await init.shell("telinit 3"), { exit: 0, stdout: "", stderr: "" });
  await recorded(init, 1);
  await init.shell("telinit -e EXTRA=more s");
  await recorded(init, 2);
  await init.shell("RUNLEVEL=S telinit -t 5 2");
  await recorded(init, 3);
  assert.equal(init.read("events"), "3 N  \nS N  more\n2 S  \n");
  assert.match(await init.ask("version"), /init/, "init goes on");
});

test("where there are files for it, the runlevels are on record, and the next change knows the last", async () => {
  await using init = await NamespaceInit.start({ "recorder.conf": RECORDER });
  await init.shell("touch /run/utmp /var/log/wtmp; telinit 2");
  await recorded(init, 1);
  assert.deepEqual(await init.shell("runlevel"), { exit: 0, stdout: "N 2\n", stderr: "" });
  await init.shell("telinit 3");
  await recorded(init, 2);
  assert.equal(init.read("events"), "2 N  \n3 2  \n");
  const { stdout } = await init.shell("runlevel; reboot -w; who -b | wc -l; stat -c %s /var/log/wtmp");
  assert.equal(stdout, `2 3\n1\n${4 * RECORD_SIZE}\n`, "start, two runlevels, and the end");
});

test("telinit Q reads the configuration again", async () => {
  await using init = await NamespaceInit.start({});
  const { exit } = await init.shell("echo 'exec sleep 600' > @DIR@/conf/new.conf && telinit q && status new");
  assert.equal(exit, 0);
});

for (
  const [line, events] of [
    ["shutdown -h now", "0 N  \n"],
    ["shutdown -P now", "0 N POWEROFF \n"],
    ["shutdown -h -H now", "0 N HALT \n"],
    ["shutdown -H -r -g now for good", "6 N  \n"],
    ["poweroff", "0 N POWEROFF \n"],
    ["halt", "0 N HALT \n"],
    ["halt -p", "0 N POWEROFF \n"],
    ["reboot", "6 N  \n"],
    ["telinit 0", "0 N  \n"],
    ["initctl emit --no-wait runlevel RUNLEVEL=6 PREVLEVEL=2", "6 2  \n"],
  ] as const
) {
  test(`\`${line}' ends a container's init with status 0 once the jobs on runlevel are done`, async () => {
    await using init = await NamespaceInit.start({ "recorder.conf": RECORDER, "service.conf": SERVICE });
    // Init answers before it knows its jobs.
    const isRunning = async () => (await init.run("status", "service")).stdout.includes("running");
    await until("the service runs", isRunning);
    const { exit, stderr } = await init.shell(line);
    // Init may be gone, and the kernel have killed the program with all others, before it has ended by itself.
    assert.ok(exit === 0 || exit === -9, `${exit} ${stderr}`);
    assert.equal(stderr, "");
    assert.equal(await init.ended(), 0);
    assert.equal(init.read("events"), events);
  });
}

test("shutdown without an option goes to runlevel 1, and init goes on", async () => {
  await using init = await NamespaceInit.start({ "recorder.conf": RECORDER });
  assert.equal((await init.shell("shutdown now")).exit, 0);
  await recorded(init, 1);
  assert.equal(init.read("events"), "1 N  \n");
  await init.ask("version");
});

for (
  const [line, signal] of [
    ["halt -f", "SIGINT"],
    ["poweroff --force --no-sync", "SIGINT"],
    ["reboot -f", "SIGHUP"],
    ["RUNLEVEL=6 reboot", "SIGHUP"],
    ["RUNLEVEL=0 halt", "SIGINT"],
  ] as const
) {
  test(`\`${line}' ends the container at once, by ${signal}`, async () => {
    await using init = await NamespaceInit.start({ "service.conf": SERVICE });
    // The kernel kills the caller with all others.
    init.shell(line).catch(() => {});
    const number = { SIGINT: 2, SIGHUP: 1 }[signal];
    assert.equal(await init.ended(), -number);
  });
}

test("reboot -f without the right to says so, and nothing happens", async () => {
  await using init = await NamespaceInit.start({});
  const { exit, stderr } = await init.run("setpriv", "--bounding-set=-sys_boot", "reboot", "-f");
  assert.deepEqual({ exit, stderr }, {
    exit: 1,
    stderr: "reboot: unable to restart: Operation not permitted\n",
  });
  assert.equal((await init.run("halt", "-w")).exit, 0);
  await init.ask("version");
});

test("a shutdown that waits can be cancelled, and there is only one", async () => {
  await using init = await NamespaceInit.start({ "recorder.conf": RECORDER });
  await init.shell("mount -t tmpfs tmpfs /run");
  assert.deepEqual(await init.shell("shutdown -c"), {
    exit: 1,
    stdout: "",
    stderr: "shutdown: Cannot find pid of running shutdown\n",
  });
  const waiting = init.shell("shutdown -h +5 maintenance");
  await until("shutdown waits", async () => (await init.shell("test -s /var/run/shutdown.pid")).exit === 0);
  assert.deepEqual(await init.shell("shutdown -r now"), {
    exit: 1,
    stdout: "",
    stderr: "shutdown: Another shutdown is already running\n",
  });
  assert.equal((await init.shell("shutdown -k now")).exit, 1);
  assert.equal((await init.shell("shutdown -c never mind")).exit, 0);
  assert.deepEqual(await waiting, { exit: 0, stdout: "", stderr: "shutdown: Shutdown cancelled\n" });
  assert.equal((await init.shell("test -e /var/run/shutdown.pid")).exit, 1);
  assert.equal((await init.shell("shutdown -k now")).exit, 0);
  await init.ask("version");
  assert.ok(!readdirSync(init.directory).includes("events"));
});

test("those who are logged in are told", async () => {
  await using init = await NamespaceInit.start({});
  const terminal = openTerminal();
  try {
    writeFileSync(join(init.directory, "utmp"), record(7, 4711, terminal.path.replace("/dev/", ""), "ann"));
    const line = "mount -t tmpfs tmpfs /run && cp @DIR@/utmp /var/run/utmp && shutdown -k +15 back at ten";
    assert.deepEqual(await init.shell(line), { exit: 0, stdout: "", stderr: "" });
    // The terminal itself adds carriage returns.
    await until(
      "the terminal shows it",
      () => /in 15 minutes!\r+\nback at ten\r+\n/.test(terminal.read()),
    );
    assert.match(terminal.read(), /^The system is going down for maintenance in 15 minutes!\r/m);
    assert.match(terminal.read(), /Broadcast message from root@/);
  } finally {
    terminal.close();
  }
});

test("wrong command lines are told, and change nothing", async () => {
  await using init = await NamespaceInit.start({ "recorder.conf": RECORDER });
  for (
    const [line, message] of [
      ["telinit", "missing runlevel"],
      ["telinit 7", "illegal runlevel: 7"],
      ["telinit 33", "illegal runlevel: 33"],
      ["telinit -x 3", "invalid option: -x"],
      ["shutdown", "time expected"],
      ["shutdown -h", "time expected"],
      ["shutdown soon", "illegal time value"],
      ["shutdown -- -5", "illegal time value"],
      ["shutdown 24:00", "illegal hour value"],
      ["shutdown 12:60", "illegal minute value"],
      ["shutdown 12:", "illegal minute value"],
      ["reboot --frobnicate", "invalid option: --frobnicate"],
      ["halt --force=yes", "unexpected argument: --force=yes"],
    ]
  ) {
    const program = line!.split(" ")[0]!;
    assert.deepEqual(await init.shell(line!), {
      exit: 1,
      stdout: "",
      stderr: `${program}: ${message}\nTry \`${program} --help' for more information.\n`,
    });
  }
  for (const program of ["telinit", "shutdown", "reboot", "halt", "poweroff", "runlevel"]) {
    const help = await init.shell(`${program} --help`);
    assert.equal(help.exit, 0);
    assert.match(help.stdout, new RegExp(`^Usage: ${program} \\[OPTION\\]`));
    assert.match((await init.shell(`${program} --version`)).stdout, new RegExp(`^${program} `));
  }
  await init.ask("version");
  assert.ok(!readdirSync(init.directory).includes("events"));
});

test("only root, or who init belongs to, may ask", async () => {
  await using init = await NamespaceInit.start({});
  for (const line of ["telinit 3", "shutdown now", "reboot", "halt -f", "poweroff -w"]) {
    const { exit, stderr } = await init.shell(`setpriv --reuid 12345 --clear-groups -- ${line}`);
    assert.deepEqual({ exit, stderr }, { exit: 1, stderr: `${line.split(" ")[0]}: Need to be root\n` });
  }
  await init.ask("version");
});

/** A record of utmp(5). */
function record(type: number, pid: number, line = "", user = ""): Buffer {
  const bytes = Buffer.alloc(process.arch === "arm64" ? 400 : 384);
  bytes.writeInt16LE(type, 0);
  bytes.writeInt32LE(pid, 4);
  bytes.write(line, 8);
  bytes.write(user, 44);
  return bytes;
}

/** A terminal as somebody who is logged in has it. */
function openTerminal() {
  const { master, slave } = openPty();
  let shown = "";
  return {
    path: readlinkSync(`/proc/self/fd/${slave}`),
    /** All that it has shown so far. Something must be there. */
    read(): string {
      setNonBlocking(master);
      for (let bytes; typeof (bytes = readDescriptor(master)) !== "number" && bytes.length > 0;) {
        shown += Buffer.from(bytes).toString("latin1");
      }
      return shown;
    },
    close() {
      close(master);
      close(slave);
    },
  };
}

test("runlevel reads the environment, or the records of a file", async () => {
  await using init = await NamespaceInit.start({});
  const file = join(init.directory, "utmp");
  const [code2, codeS] = ["2".charCodeAt(0), "S".charCodeAt(0)];
  writeFileSync(
    file,
    Buffer.concat([record(2, 0), record(1, codeS), record(7, 4711), record(1, code2 + codeS * 256)]),
  );
  const ask = async (line: string) => {
    const { exit, stdout, stderr } = await init.shell(line);
    return [exit, stdout + stderr];
  };
  assert.deepEqual(await ask("runlevel @DIR@/utmp"), [0, "S 2\n"]);
  writeFileSync(file, record(1, code2));
  assert.deepEqual(await ask("runlevel @DIR@/utmp"), [0, "N 2\n"]);
  assert.deepEqual(await ask("runlevel --quiet @DIR@/utmp"), [0, ""]);
  writeFileSync(file, record(2, 0));
  assert.deepEqual(await ask("runlevel @DIR@/utmp"), [1, "unknown\n"]);
  assert.deepEqual(await ask("runlevel --quiet @DIR@/utmp"), [1, ""]);
  assert.deepEqual(await ask("RUNLEVEL=5 runlevel"), [0, "N 5\n"]);
  assert.deepEqual(await ask("RUNLEVEL=5 PREVLEVEL=S runlevel"), [0, "S 5\n"]);
  assert.deepEqual(await ask("runlevel @DIR@/none"), [
    1,
    `runlevel: ${init.directory}/none: No such file or directory\n`,
  ]);
});
