import assert from "node:assert/strict";
import { EXAMINATIONS, type Severity } from "./examinations.ts";
import type { MachineFacts } from "./facts.ts";

const NOW = Date.UTC(2030, 0);

/** A machine on which all is well. */
const HEALTHY: MachineFacts = {
  pid: 1,
  uid: 0,
  first: "init",
  hasProc: true,
  hidepid: undefined,
  cgroup: {
    directory: "/sys/fs/cgroup",
    controllers: ["cpu", "io", "memory", "pids"],
    hasMemoryEvents: true,
  },
  pty: undefined,
  subreaper: undefined,
  calls: { clone3: undefined },
  capabilities: (1n << 41n) - 1n,
  noNewPrivileges: false,
  directories: { "/": undefined, "/run": undefined, "/tmp": undefined, "/var/log": undefined },
  devices: { "/dev/null": undefined, "/dev/console": undefined },
  hasSyslog: true,
  runtimeDirectory: undefined,
  descriptors: 4096,
  processes: { most: 1000, present: 10 },
  memory: { most: Infinity, present: 0 },
  now: NOW,
  built: NOW - 1000,
  zombies: [],
  variables: ["UPSTART_SESSION"],
};

const READ_ONLY = "Read-only file system";
const DENIED = "Permission denied";

/** What is otherwise, the examination that tells of it, how bad it is, and what it says. */
const CASES: Array<[change: Partial<MachineFacts>, subject: string, level: Severity, what: RegExp]> = [
  [{ hasProc: false }, "proc", "problem", /^\/proc is not mounted/],
  [{ hidepid: "2", uid: 1000 }, "proc", "warning", /hides .*\(hidepid=2\)$/],
  [{ hidepid: "invisible" }, "proc", "ok", /all users$/],
  [{ hidepid: "0", uid: 1000 }, "proc", "ok", /all users$/],
  [
    { first: "app", zombies: [{ command: "sh", parent: 1 }, { command: "cat", parent: 1 }] },
    "process 1",
    "warning",
    /^Process 1 \(app\) leaves 2 dead processes of others unreaped, such as sh$/,
  ],
  [{ zombies: [{ command: "sh", parent: 7 }] }, "process 1", "ok", /^Process 1 is init$/],
  [
    { variables: ["ROUSE_CONFDIR", "UPSTART_JOB", "UPSTART_LOG"] },
    "environment",
    "warning",
    /^Nothing reads ROUSE_CONFDIR, UPSTART_LOG$/,
  ],
  [{ subreaper: DENIED, pid: 7 }, "orphans", "problem", /: Permission denied$/],
  [{ subreaper: DENIED }, "orphans", "ok", /^Init can/],
  [{ calls: { clone3: DENIED, pidfd_open: undefined } }, "system calls", "warning", /refuses clone3 \(Perm/],
  [{ uid: 1000 }, "users", "warning", /run as user 1000/],
  [{ capabilities: 1n << 5n }, "users", "warning", /\(CAP_SETGID, CAP_SETUID\)$/],
  [{ noNewPrivileges: true }, "users", "warning", /no_new_privs/],
  [{ cgroup: undefined }, "control groups", "warning", /^No tree/],
  [{ cgroup: { ...HEALTHY.cgroup!, problem: READ_ONLY } }, "control groups", "warning", /: Read-only/],
  [{ cgroup: { ...HEALTHY.cgroup!, controllers: ["cpu"] } }, "control groups", "warning", /memory, pids:/],
  [{ pty: "No such file or directory" }, "terminals", "warning", /through pipes/],
  [{ devices: { "/dev/null": "It is no device" } }, "devices", "problem", /null is of no use: It is no/],
  [{ devices: { "/dev/console": DENIED } }, "devices", "warning", /console is of no use/],
  [{ directories: { "/run": READ_ONLY, "/tmp": READ_ONLY } }, "files", "problem", /^Neither/],
  [
    {
      directories: { "/run": READ_ONLY, "/tmp": READ_ONLY },
      runtimeDirectory: { path: "/r", problem: undefined },
    },
    "files",
    "warning",
    /^\/run cannot be written: Read-only file system$/,
  ],
  [{ directories: { "/var/log": DENIED }, uid: 1000 }, "files", "warning", /^\/var\/log cannot/],
  [{ directories: { "/": READ_ONLY } }, "root", "ok", /is read-only/],
  [
    { runtimeDirectory: { path: "/r", problem: DENIED } },
    "sockets",
    "warning",
    /^\$XDG_RUNTIME_DIR, \/r, is/,
  ],
  [{ uid: 1000 }, "sockets", "warning", /^XDG_RUNTIME_DIR is not set/],
  [{ hasSyslog: false }, "syslog", "ok", /is not there/],
  [{ descriptors: 256 }, "descriptors", "warning", /open 256 files alone/],
  [{ descriptors: Infinity }, "descriptors", "ok", /any number of files$/],
  [{ processes: { most: 100, present: 90 } }, "processes", "warning", /be 100 processes, and there are 90:/],
  [{ memory: { most: 64 << 20, present: 60 << 20 } }, "memory", "warning", /^Of 64 MiB of memory 4 MiB are/],
  [{ memory: { most: 64 << 20, present: 0 } }, "memory", "ok", /be 64 MiB of/],
  [{ now: 0, built: 0 }, "time", "warning", /^The clock says 1970-01-01 00:00 \(UTC\): it has not been set$/],
  [{ now: NOW - 60_000 }, "time", "warning", /before this executable was written/],
];

Deno.test("the doctor finds nothing on a machine where all is well", () => {
  const verdicts = EXAMINATIONS.map(({ judge }) => judge(HEALTHY)?.level ?? "ok");
  assert.deepEqual(verdicts, EXAMINATIONS.map(() => "ok"));
});

for (const [change, subject, level, what] of CASES) {
  Deno.test(`the doctor on ${subject}: ${level}, ${what.source}`, () => {
    const verdict = EXAMINATIONS.find((one) => one.subject === subject)!.judge({ ...HEALTHY, ...change })!;
    assert.equal(verdict.level, level);
    assert.match(verdict.what, what);
    assert.equal(verdict.advice !== undefined, level !== "ok");
  });
}
