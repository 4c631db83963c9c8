/** Targets: what the kernel shows in /proc, records of logins, accounts, mount tables, pid files. */

import fc from "fast-check";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { parseNote } from "../../../lib/config/openrc/daemons/notes.ts";
import { readPidFile } from "../../../lib/config/openrc/daemons/pid_file.ts";
import { readTable } from "../../../lib/cli/openrc/helpers/mount_table.ts";
import { lookupGroup, lookupUser, supplementaryGroups } from "../../../lib/sys/access/users.ts";
import { close, memfd } from "../../../lib/sys/io/descriptors.ts";
import { cgroupDirectory, isWithinCgroup } from "../../../lib/sys/machine/cgroups.ts";
import { parseMounts } from "../../../lib/sys/machine/mounts.ts";
import { parseMappings } from "../../../lib/sys/process/memory.ts";
import { parseStat } from "../../../lib/sys/process/procfs.ts";
import { parseTable, TABLES } from "../../../lib/sys/process/sockets.ts";
import {
  firstRunlevel,
  logins,
  RECORD_SIZE,
  recordedRunlevel,
  terminalsInUse,
} from "../../../lib/sys/utmp/records.ts";
import { ofText, type Target } from "../target.ts";

/** A reader of files as one of bytes: the file is in memory alone. */
function ofFile(read: (path: string) => void): Target["read"] {
  return (bytes) => {
    const file = memfd("fuzz", bytes);
    try {
      read(`/proc/self/fd/${file}`);
    } finally {
      close(file);
    }
  };
}

/** The kernel writes numbers; the command between the brackets is anybody's. */
function readStat(text: string): void {
  const command = text.replaceAll("\0", "").slice(0, 15);
  const status = parseStat(
    7,
    `7 (${command}) S 1 2 3 0 -1 4194560 5 6 7 8 100 200 300 400 20 0 1 0 4242 1000 77 0`,
  );
  assert.deepEqual(status, {
    pid: 7,
    command,
    state: "S",
    parent: 1,
    processGroup: 2,
    session: 3,
    hasExecuted: true,
    cpuTime: 10,
    startTime: 4242,
    residentPages: 77,
  });
  parseStat(7, text);
}

function readMounts(text: string): void {
  for (const { point, top, type, options } of parseMounts(text)) {
    assert.ok(Array.isArray(options) && typeof type === "string");
    const directory = cgroupDirectory({ point, top }, "/a/b");
    assert.ok(directory.startsWith(point.replace(/\/+$/, "")) && isWithinCgroup("/a/b", "/a"));
  }
}

function readSockets(text: string): void {
  for (const table of TABLES) {
    for (const [inode, place] of parseTable(table, text)) {
      assert.ok(!/\s/.test(inode) && /^(?:tcp|udp|unix) /.test(place));
    }
  }
}

/** No terminal is a file elsewhere. */
function readLogins(path: string): void {
  for (const { terminal } of logins(path)) assert.match(terminal, /^\/dev\/(?:pts\/\d+|\w+)$/);
  assert.equal(new Set(terminalsInUse(path)).size, terminalsInUse(path).length);
  for (const levels of [recordedRunlevel(path), firstRunlevel(path)]) {
    if (levels) assert.ok(levels.runlevel.length === 1 && levels.previous.length === 1);
  }
}

const isId = (number: number) => Number.isInteger(number) && number >= 0 && number < 2 ** 32 - 1;

/** An account has a number, or it is none: a line that is not as it should be makes nobody root. */
function readAccounts(path: string): void {
  const lines = readFileSync(path, "utf8").split("\n").map((line) => line.split(":"));
  for (const [name = "", , id = ""] of lines.slice(0, 20)) {
    for (const word of [name, id, "0", "www"]) {
      const user = lookupUser(word, path), group = lookupGroup(word, path);
      if (user) assert.ok(isId(user.uid) && isId(user.gid), `${user.uid} ${user.gid}`);
      if (user?.uid === 0) {
        assert.ok(lines.some(([one, , uid]) => one === user.name && /^0+$/.test(uid ?? "")));
      }
      if (group) assert.ok(isId(group.gid), `${group.gid}`);
    }
  }
  assert.ok(supplementaryGroups("www", 7, path).every(isId));
}

function readPid(path: string): void {
  const found = readPidFile(path);
  if (found.state === "read") assert.ok(Number.isInteger(found.pid), String(found.pid));
}

function readMountTable(path: string): void {
  for (const { point, pass } of readTable(path)) assert.ok(point !== undefined && Number.isInteger(pass));
}

function readNotes(text: string): void {
  const { argv } = parseNote(text);
  assert.ok(argv.every((word) => !word.includes("\n")));
}

const record = fc.tuple(
  fc.constantFrom(0, 1, 2, 5, 7, 8),
  fc.constantFrom("tty1", "pts/3", "../sda", "/dev/null", ""),
  fc.constantFrom("root", ""),
)
  .map(([type, line, user]) => {
    const bytes = Buffer.alloc(RECORD_SIZE);
    bytes.writeInt16LE(type);
    bytes.write("53", 4);
    bytes.write(line, 8);
    bytes.write(user, 44);
    return bytes;
  });
const account = fc.tuple(
  fc.constantFrom("root", "www", "a"),
  fc.constantFrom("0", "33", "", "-1", "0x0", " 0", "4294967295", "1e1", "x"),
)
  .map(([name, id]) => `${name}:x:${id}:${id}:${name},www:/home:/bin/sh\n`);

export const SYSTEM: readonly Target[] = [
  {
    name: "proc-stat",
    from: "/proc/PID/stat, where a process names itself",
    read: ofText(readStat),
    words: [") ", "(", ")", "S 1 2 3", " Z "],
  },
  {
    name: "proc-mounts",
    from: "/proc/self/mountinfo",
    read: ofText(readMounts),
    words: ["36 35 98:0 / /mnt rw - ext4 /dev/a rw\n", " - ", "cgroup2", "\\040", "\\777", "shared:1"],
  },
  {
    name: "proc-smaps",
    from: "/proc/self/smaps: anything that is of another form is told by an error",
    read: ofText((text) => {
      try {
        for (const { start, end } of parseMappings(text)) assert.ok(start >= 0 && end >= 0);
      } catch (error) {
        assert.match((error as Error).message, /^not a mapping: /);
      }
    }),
    words: ["7f00-8f00 r-xp 00000000 08:01 12 /bin/x\n", "Anonymous:            0 kB\n", "f-f"],
  },
  {
    name: "proc-net",
    from: "tables of sockets, /proc/PID/net",
    read: ofText(readSockets),
    words: [
      "0100007F:1F90",
      "00000000:0000",
      " 0A ",
      "00010000",
      "@/x",
      "\n   0: ",
      "00000000000000000000000001000000:0050",
    ],
  },
  {
    name: "utmp",
    from: "records of logins, /run/utmp",
    read: ofFile(readLogins),
    shapes: fc.array(record, { maxLength: 6 }).map((all) => Buffer.concat(all)),
  },
  {
    name: "accounts",
    from: "/etc/passwd and /etc/group",
    read: ofFile(readAccounts),
    shapes: fc.array(account, { maxLength: 5 }).map((all) => all.join("")),
    words: [":", "::", "root:x:0:0:", "\n"],
    longest: 1 << 14,
  },
  {
    name: "pid-files",
    from: "pid files of daemons",
    read: ofFile(readPid),
    words: ["1234\n", " +", "-1", "\0"],
    longest: 256,
  },
  {
    name: "mount-tables",
    from: "/etc/fstab and /proc/mounts",
    read: ofFile(readMountTable),
    words: ["/dev/a / ext4 rw 0 1\n", "#", "\\040", "\t"],
  },
  {
    name: "daemon-notes",
    from: "start-stop-daemon's notes, /run/openrc/daemons",
    read: ofText(readNotes),
    words: ["exec=", "argv_0=", "argv_1=", "pidfile=", "\n", "="],
  },
];
