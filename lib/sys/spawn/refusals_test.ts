import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import process from "node:process";
import { explain, spawn, type SpawnDescription } from "./spawn.ts";
import { shell } from "../testing/children.ts";
import { TemporaryDirectory } from "../testing/directory.ts";

const isRoot = process.getuid?.() === 0;
/** Who may not do everything. */
const NOBODY = { uid: 65534, gid: 65534, groups: [65534] };

/** What is told of a child that cannot be started; `@` stands for the directory that the description is for. */
function told(describe: (directory: string) => Partial<SpawnDescription>): string {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  fs.chmodSync(directory, 0o755);
  const { failed } = spawn(shell("", describe(directory)));
  assert.ok(failed);
  return explain(failed).replaceAll(directory, "@");
}

/** The same for a program that is a file with these contents. */
function toldOf(text: string | Buffer, mode = 0o755, more: Partial<SpawnDescription> = {}): string {
  return told((directory) => {
    fs.writeFileSync(`${directory}/tool`, text, { mode });
    return { argv: [`${directory}/tool`], ...more };
  });
}

/** A program for x86-64 or another machine, with a loader. */
function program(machine: number, loader: string): Buffer {
  const bytes = Buffer.alloc(4096);
  bytes.write("\x7fELF\x02\x01\x01", "latin1");
  bytes.writeUInt16LE(2, 16); // ET_EXEC
  bytes.writeUInt16LE(machine, 18);
  bytes.writeUInt32LE(1, 20);
  bytes.writeBigUInt64LE(64n, 32);
  bytes.writeUInt16LE(64, 52);
  bytes.writeUInt16LE(56, 54);
  bytes.writeUInt16LE(1, 56);
  bytes.writeUInt32LE(3, 64); // PT_INTERP
  bytes.writeBigUInt64LE(512n, 64 + 8);
  bytes.writeBigUInt64LE(BigInt(loader.length + 1), 64 + 32);
  bytes.write(`${loader}\0`, 512);
  return bytes;
}

const OWN = process.arch === "x64" ? 62 : 183, FOREIGN = 8;

const CASES: Record<string, [() => string, string]> = {
  "a script without permission": [
    () => toldOf("#!/bin/sh\n", 0o644),
    "unable to execute @/tool: Permission denied (it is not executable)",
  ],
  "a link to nothing": [
    () =>
      told((directory) => {
        fs.symlinkSync("nowhere", `${directory}/tool`);
        return { argv: [`${directory}/tool`] };
      }),
    "unable to execute @/tool: No such file or directory (it is a symbolic link to nowhere, which is not there)",
  ],
  "a directory": [
    () => told((directory) => ({ argv: [directory] })),
    "unable to execute @: Permission denied (it is a directory)",
  ],
  "a device": [
    () => told(() => ({ argv: ["/dev/null"] })),
    "unable to execute /dev/null: Permission denied (it is no regular file)",
  ],
  "a file's name as a directory's": [
    () => told(() => ({ argv: ["/etc/passwd/x"] })),
    "unable to execute /etc/passwd/x: Not a directory (/etc/passwd is not a directory)",
  ],
  "a missing interpreter": [
    () => toldOf("#! /no/such/python -u\n"),
    "unable to execute @/tool: No such file or directory (its interpreter /no/such/python is not there)",
  ],
  "an interpreter with a carriage return": [
    () => toldOf("#!/bin/sh\r\necho\r\n"),
    "unable to execute @/tool: No such file or directory " +
    "(its interpreter /bin/sh\\r is not there: its first line ends in a carriage return)",
  ],
  "an interpreter that is not executable": [
    () => toldOf("#!/etc/passwd\n"),
    "unable to execute @/tool: Permission denied (its interpreter /etc/passwd is not executable)",
  ],
  "a missing loader": [
    () => toldOf(program(OWN, "/lib/ld-none.so.1")),
    "unable to execute @/tool: No such file or directory (its interpreter /lib/ld-none.so.1 is not there)",
  ],
  "a program of another machine, which the shell is not given": [
    () => toldOf(program(FOREIGN, "/lib/ld.so.1")),
    "unable to execute @/tool: Exec format error (it is made for another kind of machine)",
  ],
  "no file": [
    () => told(() => ({ argv: ["/no/tool"] })),
    "unable to execute /no/tool: No such file or directory",
  ],
  "a name that no directory of PATH has": [
    () => told(() => ({ argv: ["no-tool"], environment: ["PATH=/usr/bin:/bin"] })),
    "unable to execute no-tool: No such file or directory (it is in no directory of PATH, /usr/bin:/bin)",
  ],
  "a name that PATH has, and whose interpreter is missing": [
    () =>
      told((directory) => {
        fs.writeFileSync(`${directory}/tool`, "#!/no/python\n", { mode: 0o755 });
        return { argv: ["tool"], environment: [`PATH=${directory}:/bin`] };
      }),
    "unable to execute @/tool: No such file or directory (its interpreter /no/python is not there)",
  ],
  "a program below the working directory": [
    () =>
      told((directory) => {
        fs.writeFileSync(`${directory}/tool`, "", { mode: 0o644 });
        return { argv: ["./tool"], chdir: directory };
      }),
    "unable to execute ./tool: Permission denied (it is not executable)",
  ],
  "a directory to work in": [
    () => told(() => ({ chdir: "/nowhere" })),
    "unable to change working directory to /nowhere: No such file or directory",
  ],
  "a root directory": [
    () => told(() => ({ chroot: "/nowhere" })),
    "unable to change root directory to /nowhere: No such file or directory",
  ],
  "limits that cross": [
    () => told(() => ({ limit: { core: { soft: 2, hard: 1 } } })),
    'unable to set "core" resource limit to soft 2, hard 1: Invalid argument (the soft limit is above the hard one)',
  ],
  "a control group": [
    () => told(() => ({ cgroups: ["/nowhere/web/cgroup.procs"] })),
    "unable to join control group /nowhere/web: No such file or directory",
  ],
  "an oom score": [
    () => told(() => ({ oomScore: 5000 })),
    "unable to set oom adjustment to 5000: Invalid argument",
  ],
};

const CASES_OF_ROOT: typeof CASES = {
  "a file for others": [
    () => toldOf("#!/bin/sh\n", 0o700, NOBODY),
    "unable to execute @/tool: Permission denied (it is not executable by user 65534)",
  ],
  "a directory for others": [
    () =>
      told((directory) => {
        fs.mkdirSync(`${directory}/own`, { mode: 0o700 });
        fs.writeFileSync(`${directory}/own/tool`, "#!/bin/sh\n", { mode: 0o755 });
        return { argv: [`${directory}/own/tool`], ...NOBODY };
      }),
    "unable to execute @/own/tool: Permission denied (@/own may not be entered by user 65534)",
  ],
  "an interpreter within another root": [
    () =>
      told((directory) => {
        fs.mkdirSync(`${directory}/bin`);
        fs.writeFileSync(`${directory}/bin/tool`, "#!/bin/sh\n", { mode: 0o755 });
        return { argv: ["/bin/tool"], chroot: directory };
      }),
    "unable to execute /bin/tool: No such file or directory (its interpreter /bin/sh is not there)",
  ],
};

for (const [name, [tell, expected]] of Object.entries({ ...CASES, ...isRoot ? CASES_OF_ROOT : {} })) {
  Deno.test(`a failure names its object and its cause: ${name}`, () => assert.equal(tell(), expected));
}
