import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { SIGCONT, SIGSTOP } from "../../model/signals.ts";
import { close, memfd, O_RDWR, open, openPty, pipe } from "../io/descriptors.ts";
import { call, required } from "../call/kernel.ts";
import { kill } from "../process/processes.ts";
import { processStatus } from "../process/procfs.ts";
import { spawn, type SpawnDescription, type SpawnStep } from "./spawn.ts";
import { readToEnd, run, shell, waitForEnd, waitForStop } from "../testing/children.ts";
import { inDirectory } from "../testing/directory.ts";

const isRoot = process.getuid?.() === 0;

Deno.test("a child gets its arguments and its environment, and nothing else", async () => {
  const { output, exit } = await run({
    argv: ["/bin/sh", "-c", 'printf "%s|" "$0" "$@"; exec /usr/bin/env', "a b", "", "ü"],
    environment: ["A=1", "B=two words"],
    descriptors: {},
  });
  assert.deepEqual(exit, { status: 0 });
  const [words, variables] = [output.slice(0, output.indexOf("A=")), output.slice(output.indexOf("A="))];
  assert.equal(words, "a b||ü|");
  assert.deepEqual(variables.split("\n").filter((line) => !/^(PWD|_|)(=|$)/.test(line)), [
    "A=1",
    "B=two words",
  ]);
});

Deno.test("bytes that are no UTF-8 reach a child as they are", async () => {
  const { output } = await run({
    argv: ["/bin/sh", "-c", 'printf %s "$0$A" | od -An -tx1', "ü\udcff\udc80"],
    environment: ["A=\udcc3", "PATH=/usr/bin:/bin"],
    descriptors: {},
  });
  assert.equal(output, " c3 bc ff 80 c3\n");
});

Deno.test("a child sees the descriptors meant for it alone", async () => {
  const nothing = open("/dev/null", O_RDWR);
  const F_DUPFD = 0;
  const leaked = required("leak a descriptor", call("fcntl", nothing, F_DUPFD, 10));
  const { output } = await run(shell("exec ls /proc/self/fd", { descriptors: { 9: nothing } }));
  close(leaked);
  close(nothing);
  // 3 is the directory that ls reads.
  assert.deepEqual(output.trim().split("\n"), ["0", "1", "2", "3", "9"]);
});

Deno.test("descriptors can change places and stay where they are", async () => {
  const [one, two, three] = ["one", "two", "three"].map((text) =>
    memfd(text, new TextEncoder().encode(text))
  );
  const descriptors = { [one!]: two!, [two!]: one!, [three!]: three! };
  const files = [one, two, three].map((fd) => `/proc/self/fd/${fd}`);
  const { output } = await run(shell(`exec cat ${files.join(" ")}`, { descriptors }));
  [one, two, three].forEach((fd) => close(fd!));
  assert.equal(output, "twoonethree");
});

Deno.test("a child can read a script from a file in memory", async () => {
  const script = memfd("script", new TextEncoder().encode("echo $1 from memory\n"));
  const { output } = await run({
    argv: ["/bin/sh", "-e", "/proc/self/fd/9", "hello"],
    environment: [],
    descriptors: { 9: script },
  });
  close(script);
  assert.equal(output, "hello from memory\n");
});

Deno.test("signals are the default ones and unblocked, though this runtime ignores some", async () => {
  const { output } = await run(shell("exec cat /proc/self/status"));
  assert.match(output, /^SigBlk:\t0+$/m);
  assert.match(output, /^SigIgn:\t0+$/m);
});

Deno.test("what is asked for is set", async () => {
  const { output, pid } = await run(shell(
    "umask; pwd; ulimit -Sn; ulimit -Hn; nice; cat /proc/self/oom_score_adj; echo $(cut -d' ' -f6 /proc/$$/stat)",
    {
      newSession: true,
      umask: 0o27,
      chdir: "/usr",
      limit: { nofile: { soft: 40, hard: 50 }, core: { soft: 0, hard: "unlimited" } },
      nice: 5,
      oomScore: 700,
    },
  ));
  assert.deepEqual(output.trim().split("\n"), [
    "0027",
    "/usr",
    "40",
    "50",
    "5",
    "700",
    `${pid}`,
  ]);
});

Deno.test({
  name: "a child can be another user with other groups",
  ignore: !isRoot,
  async fn() {
    const { output } = await run(
      shell("id -u; id -g; id -G", { uid: 65534, gid: 1234, groups: [1234, 5, 6] }),
    );
    assert.deepEqual(output.trim().split("\n"), ["65534", "1234", "1234 5 6"]);
  },
});

Deno.test({
  name: "the directory is looked up within the new root",
  ignore: !isRoot,
  fn: inDirectory((directory) => {
    mkdirSync(`${directory}/inside`);
    const description = shell("", { chroot: directory, chdir: "/inside" });
    // Past both steps, for there is no shell in there.
    assertFailure(description, "execute", "ENOENT");
    assertFailure({ ...description, chdir: "/outside" }, "change working directory", "ENOENT");
  }),
});

Deno.test(
  "a child enters its control group",
  inDirectory(async (directory) => {
    // Any file will do: what the kernel makes of it is not ours to test.
    writeFileSync(`${directory}/cgroup.procs`, "");
    await run(shell("", { cgroups: [`${directory}/cgroup.procs`] }));
    assert.equal(readFileSync(`${directory}/cgroup.procs`, "utf8"), "0");
  }),
);

Deno.test("a session leader can take its terminal", async () => {
  const { master, slave } = openPty();
  const output = readToEnd(master);
  const { pid } = spawn(shell("echo to the terminal >/dev/tty", {
    descriptors: { 0: slave, 1: slave, 2: slave },
    newSession: true,
    controllingTerminal: true,
  }));
  close(slave);
  assert.equal(await output, "to the terminal\r\n");
  assert.deepEqual(waitForEnd(pid!), { status: 0 });
});

Deno.test("a child can be stopped before it executes its program", async () => {
  const { reader, writer } = pipe();
  const { pid } = spawn(shell("echo on we go", { descriptors: { 1: writer }, stopped: true }));
  close(writer);
  assert.equal(waitForStop(pid!), SIGSTOP);
  assert.notEqual(processStatus(pid!)!.command, "sh");
  kill(pid!, SIGCONT);
  assert.equal(await readToEnd(reader), "on we go\n");
  assert.deepEqual(waitForEnd(pid!), { status: 0 });
});

Deno.test(
  "a program without a slash is looked up in its own PATH",
  inDirectory(async (directory) => {
    mkdirSync(`${directory}/bin`);
    writeFileSync(`${directory}/bin/greet`, "#!/bin/sh\necho hello\n", { mode: 0o755 });
    const find = (path: string) => ({ argv: ["greet"], environment: [`PATH=${path}`], descriptors: {} });
    const { output } = await run(find(`/nonexistent:/dev/null:${directory}/bin`));
    assert.equal(output, "hello\n");
    assert.equal((await run({ ...find("/nonexistent:"), chdir: `${directory}/bin` })).output, "hello\n");

    assertFailure(find("/nonexistent"), "execute", "ENOENT");
    // A file that must not be executed counts more than one that is not there, but does not end the search.
    mkdirSync(`${directory}/forbidden`);
    writeFileSync(`${directory}/forbidden/greet`, "", { mode: 0o644 });
    assertFailure(find(`${directory}/forbidden:/nonexistent`), "execute", "EACCES");
    assert.equal((await run(find(`${directory}/forbidden:${directory}/bin`))).output, "hello\n");
  }),
);

Deno.test(
  "a file of no known format is run by the shell",
  inDirectory(async (directory) => {
    const script = `${directory}/script`;
    writeFileSync(script, 'echo "$0" "$@"\n', { mode: 0o755 });
    const { output } = await run({ argv: [script, "a b", "c"], environment: [], descriptors: {} });
    assert.equal(output, `${script} a b c\n`);
    chmodSync(script, 0o644);
    assertFailure({ argv: [script], environment: [], descriptors: {} }, "execute", "EACCES");
  }),
);

/** Checks that a description fails at a step, and that the message says so. */
function assertFailure(description: SpawnDescription, step: SpawnStep, code: string): void {
  const { failed } = spawn(description);
  assert.ok(failed, `${step} did not fail`);
  assert.equal(failed.step, step);
  assert.equal(failed.code, code);
  assert.ok(failed.message.startsWith(`unable to ${step}: `), failed.message);
}

Deno.test("a failure names its step and its error", () => {
  const { failed } = spawn(shell("", { chdir: "/nonexistent" }));
  assert.deepEqual(failed, {
    step: "change working directory",
    errno: 2,
    code: "ENOENT",
    message: "unable to change working directory: No such file or directory",
    subject: " to /nonexistent",
  });
});

const FAILURES: [SpawnStep, string, Partial<SpawnDescription>][] = [
  ["join control group", "ENOENT", { cgroups: ["/nonexistent/cgroup.procs"] }],
  ["set oom adjustment", "EINVAL", { oomScore: 5000 }],
  ["place descriptors", "EBADF", { descriptors: { 5: 999 } }],
  ["set controlling terminal", "ENOTTY", { newSession: true, controllingTerminal: true }],
  ['set "core" resource limit', "EINVAL", { limit: { core: { soft: 2, hard: 1 } } }],
  ["change root directory", "ENOENT", { chroot: "/nonexistent" }],
  ["change working directory", "ENOTDIR", { chdir: "/dev/null" }],
  ["setuid", isRoot ? "EINVAL" : "EPERM", { uid: isRoot ? -1 : 0 }],
  ["setgid", isRoot ? "EINVAL" : "EPERM", { gid: isRoot ? -1 : 0 }],
  ["execute", "ENOENT", { argv: [] }],
  ["execute", "EACCES", { argv: ["/usr"] }],
  ["execute", "E2BIG", { argv: ["/bin/true", "x".repeat(200_000)] }],
  ["execute", "E2BIG", { environment: Array(100).fill(`A=${"x".repeat(100_000)}`) }],
];

for (const [step, code, part] of FAILURES) {
  Deno.test(`a failure to ${step} is told: ${code}`, () => {
    const nothing = open("/dev/null", O_RDWR);
    assertFailure(shell("exit 3", { descriptors: { 0: nothing }, ...part }), step, code);
    close(nothing);
  });
}

Deno.test("after failures the next child is fine", async () => {
  for (let i = 0; i < 100; i++) {
    assertFailure(shell("", { chdir: "/nonexistent" }), "change working directory", "ENOENT");
  }
  assert.deepEqual((await run(shell("exit 7"))).exit, { status: 7 });
});
