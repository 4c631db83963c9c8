/** Log files: their rotation, their limits, what gets into them, and what is told of those that cannot be written. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { type Compression, type RotatedLog, rotatedLogs } from "../lib/model/logs/log_names.ts";
import { TemporaryDirectory } from "../lib/sys/testing/directory.ts";
import { run } from "./support/command.ts";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { NamespaceInit, NAMESPACES_POSSIBLE } from "./support/namespace.ts";
import { EXECUTABLE } from "./support/programs.ts";

const READERS: Record<Compression, (bytes: Uint8Array) => Uint8Array> = {
  none: (bytes) => bytes,
  gzip: gunzipSync,
  zstd: zstdDecompressSync,
};

/** A module with these fields. */
function module(fields: string): string {
  return `import { job } from "rouse";\nexport default job({ ${fields} });\n`;
}

/** What a log was rotated to, once a child has compressed all of it. */
function untilTidied(init: RunningInit, log: string, compression: Compression): Promise<RotatedLog[]> {
  return until(`what ${log} was rotated to is tidied`, () => {
    const names = readdirSync(init.logdir), rotated = rotatedLogs(log, names);
    const isDone = rotated.length > 0 && rotated.every((each) => each.compression === compression);
    return isDone && !names.some((name) => name.endsWith(".part")) ? rotated : undefined;
  });
}

/** All that was ever written to a log, from the oldest file on. */
function everything(init: RunningInit, log: string, rotated: RotatedLog[]): string {
  const pieces = rotated.map(({ name, compression }) =>
    READERS[compression](readFileSync(join(init.logdir, name)))
  );
  return Buffer.concat([...pieces, readFileSync(join(init.logdir, log))]).toString();
}

/** The numbers up to that, a line each. */
function numbers(last: number, ending = "\n"): string {
  return Array.from({ length: last }, (_, index) => `${index + 1}${ending}`).join("");
}

/** Starts a job that does its work, and waits for that. */
async function runTask(init: RunningInit, name: string): Promise<void> {
  await init.until(["status", name], `${name} stop/waiting\n`);
  assert.equal(await init.ask("start", name), `${name} stop/waiting\n`);
}

Deno.test("a fast writer's log is rotated at line ends, and every byte is in one of its files", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "gzip.ts": module('task: true, exec: "seq 1 200000", logRotate: { size: "50KB", keep: 1000 }'),
      "zstd.conf": "task\nlog rotate size 50KB keep 1000 compress zstd\nexec seq 1 200000\n",
      "none.conf": "task\nconsole pipe\nlog rotate size 50KB keep 1000 compress none\nexec seq 1 200000\n",
    },
  });
  const jobs = [["gzip", "\n"], ["zstd", "\r\n"], ["none", "\n"]] as const;
  for (const [name] of jobs) await runTask(init, name);
  for (const [name, ending] of jobs) {
    const log = `${name}.log`, rotated = await untilTidied(init, log, name);
    assert(rotated.length >= 5, `${rotated.length} files`);
    assert.equal(everything(init, log, rotated), numbers(200000, ending));
    for (const { name: file, compression } of rotated) {
      const text = READERS[compression](readFileSync(join(init.logdir, file)));
      assert.equal(text.at(-1), 10, `${file} ends with a line`);
      assert(text.length >= 50 << 10);
      assert.equal(statSync(join(init.logdir, file)).mode & 0o7777, 0o640, file);
    }
  }
  assert.equal(init.messages(), "");
});

Deno.test("so many rotated logs are kept; what a killed child has left is put in order", async () => {
  await using init = await RunningInit.start({
    jobs: { "some.conf": "task\nlog rotate size 20KB keep 2\nexec seq 1 60000\n" },
  });
  const left = {
    "some.log.20010101T000000.000Z": "the oldest",
    "some.log.20010102T000000.000Z.gz.part": "half of one",
    "other.log.20010101T000000.000Z": "another job's",
    "some.log.1": "somebody's",
  };
  for (const [name, text] of Object.entries(left)) writeFileSync(join(init.logdir, name), text);
  await runTask(init, "some");
  const rotated = await until("two are kept", async () => {
    const found = await untilTidied(init, "some.log", "gzip");
    return found.length === 2 && !found[0]!.stamp.startsWith("2001") ? found : undefined;
  });
  assert(numbers(60000, "\r\n").endsWith(everything(init, "some.log", rotated)));
  const others = readdirSync(init.logdir).filter((name) => name.includes(".2001") || name === "some.log.1");
  assert.deepEqual(others.sort(), ["other.log.20010101T000000.000Z", "some.log.1"]);
});

/** Random numbers do not become smaller. */
const RANDOM = randomBytes(100_000);

Deno.test("what is named like a rotated log and is no file is left alone, and holds nothing up", async () => {
  using directory = new TemporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  const stamp = (day: number) => `20260101T00000${day}.000Z`;
  execFileSync("mkfifo", [at(`web.log.${stamp(1)}`)]);
  mkdirSync(at(`web.log.${stamp(2)}`));
  mkdirSync(at(`web.log.${stamp(3)}.gz.part`));
  writeFileSync(at("secret"), "secret");
  symlinkSync(at("secret"), at(`web.log.${stamp(4)}`));
  symlinkSync(at("secret"), at(`web.log.${stamp(5)}.gz`));
  const strange = readdirSync(directory.path).sort();
  for (const day of [6, 7, 8]) writeFileSync(at(`web.log.${stamp(day)}`), `day ${day}\n`);
  const words = [EXECUTABLE, "tidy-logs", at("web.log"), "2", "gzip"];
  const { exit, stderr } = await run(words, { environment: {}, directory: "/" });
  assert.deepEqual([exit, stderr], [0, ""]);
  const left = readdirSync(directory.path).filter((name) => !strange.includes(name)).sort();
  assert.deepEqual(left, [`web.log.${stamp(7)}.gz`, `web.log.${stamp(8)}.gz`]);
  for (const name of strange) assert(lstatSync(at(name)), name);
  assert.equal(readFileSync(at("secret"), "utf8"), "secret");
});

Deno.test("a rotated log that cannot be compressed is told with the reason; the others are looked after", async () => {
  using directory = new TemporaryDirectory();
  const at = (name: string) => join(directory.path, name);
  const [large, small] = ["web.log.20260101T000000.000Z", "web.log.20260102T000000.000Z"];
  writeFileSync(at(large!), RANDOM);
  writeFileSync(at(small!), "small\n");
  // As on a full disk, a write fails in the middle.
  const script = 'trap "" XFSZ; ulimit -f 16; exec "$0" tidy-logs "$1" 5 gzip';
  const words = ["/bin/sh", "-c", script, EXECUTABLE, at("web.log")];
  const { exit, stderr } = await run(words, { environment: {}, directory: "/" });
  assert.deepEqual([exit, stderr], [1, "tidy-logs: File too large\n"]);
  assert.deepEqual(readdirSync(directory.path).sort(), [large, `${small}.gz`]);
  assert.deepEqual(readFileSync(at(large!)), RANDOM);
});

Deno.test("what keeps a log from being tidied is told once, whatever becomes of other logs", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "bad.conf": "task\nconsole pipe\nlog rotate size 20KB keep 1000\nexec seq 1 40000\n",
      "good.conf": "task\nconsole pipe\nlog rotate size 20KB keep 1000\nexec seq 1 40000\n",
    },
  });
  const old = join(init.logdir, "bad.log.20010101T000000.000Z");
  writeFileSync(old, "old\n");
  mkdirSync(`${old}.gz.part`);
  // Each child ends before the next one begins.
  for (let round = 1; round <= 3; round++) {
    for (const name of ["bad", "good"]) {
      const before = rotatedLogs(`${name}.log`, readdirSync(init.logdir)).length;
      await runTask(init, name);
      await until(`${name} is tidied`, () => {
        const names = readdirSync(init.logdir), rotated = rotatedLogs(`${name}.log`, names);
        const isOpen = (one: RotatedLog) => one.compression === "none" && !one.stamp.startsWith("2001");
        return rotated.length > before && !rotated.some(isOpen);
      });
    }
  }
  const told = /bad\.log: unable to tidy up what was rotated: File exists/g;
  assert.equal(init.messages().match(told)?.length, 1, init.messages());
});

Deno.test("a rotation that a crash has stopped half way is completed with the next one", async () => {
  await using init = await RunningInit.start({
    jobs: { "some.conf": "task\nconsole pipe\nlog rotate size 20KB keep 100\nexec seq 1 20000\n" },
  });
  const [one, two] = ["some.log.20010101T000000.000Z", "some.log.20010102T000000.000Z"];
  writeFileSync(join(init.logdir, one), "first\n");
  // Both are whole: it was compressed, and not removed yet.
  writeFileSync(join(init.logdir, two), "second\n");
  writeFileSync(join(init.logdir, `${two}.gz`), execFileSync("gzip", ["-c"], { input: "second\n" }));
  await runTask(init, "some");
  const rotated = await untilTidied(init, "some.log", "gzip");
  assert.equal(everything(init, "some.log", rotated), `first\nsecond\n${numbers(20000)}`);
});

Deno.test("--log-rotate is for the logs of jobs that do not say how; without it, .conf files' grow", async () => {
  const jobs = {
    "plain.conf": "task\nexec seq 1 20000\n",
    "own.conf": "task\nlog rotate none\nexec seq 1 20000\n",
  };
  const rotatedOf = (init: RunningInit, log: string) => rotatedLogs(log, readdirSync(init.logdir)).length;
  {
    await using init = await RunningInit.start({
      jobs,
      arguments: ["--log-rotate", "size 20KB compress none"],
    });
    for (const name of ["plain", "own"]) await runTask(init, name);
    const rotated = await untilTidied(init, "plain.log", "none");
    assert.equal(everything(init, "plain.log", rotated), numbers(20000, "\r\n"));
    assert.equal(rotatedOf(init, "own.log"), 0);
  }
  await using init = await RunningInit.start({ jobs });
  await runTask(init, "plain");
  assert.equal(init.read("log/plain.log"), numbers(20000, "\r\n"));
  assert.equal(rotatedOf(init, "plain.log"), 0);
  const { exit, stderr } = await init.run(["init", "--log-rotate", "size 20XB"]);
  assert.deepEqual([exit, stderr], [
    1,
    "init: invalid log rotation: size must be bytes, or a number with KB, MB or GB, not 20XB\n",
  ]);
});

Deno.test("what is beyond a job's limit is left out; its log and the metrics say how much", async () => {
  await using init = await RunningInit.start({
    arguments: ["--http", "0", "--verbose"],
    jobs: { "loud.conf": "task\nconsole pipe\nlog limit lines 10 per 3600\nexec seq 1 1000\n" },
  });
  await runTask(init, "loud");
  const note = `[990 lines (${
    numbers(1000).length - numbers(10).length
  } bytes) were left out: more than 10 lines in 3600 s]\n`;
  await until("the note is there", () => init.read("log/loud.log") === numbers(10) + note);
  const [, url] = await init.untilMessage(/Listening on (http:\S+)/);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  assert.match(metrics, /^rouse_job_log_dropped_lines_total\{job="loud"\} 990$/m);
});

Deno.test("a module's job has a terminal, and its log none of a terminal's codes; a .conf file's has all", async () => {
  const script = "[ -t 1 ] && printf '\\\\033[31mred\\\\033[0m\\\\n10%%\\\\r20%%\\\\r\\\\n'";
  await using init = await RunningInit.start({
    jobs: {
      "module.ts": module(`task: true, script: "${script}"`),
      "classic.conf": `task\nscript\n${script.replaceAll("\\\\", "\\")}\nend script\n`,
    },
  });
  for (const name of ["module", "classic"]) await runTask(init, name);
  assert.equal(init.read("log/module.log"), "red\n10%\n20%\n");
  assert.equal(init.read("log/classic.log"), "\x1b[31mred\x1b[0m\r\n10%\r20%\r\r\n");
});

Deno.test("a log that cannot be written is told once with the reason, and a module's job shows it", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "module.ts": module('console: "pipe", script: "while read line; do echo $line; done < @DIR@/fifo"'),
      "classic.conf":
        "console pipe\nscript\nwhile read line; do echo $line; done < @DIR@/fifo2\nend script\n",
    },
  });
  execFileSync("mkfifo", [init.path("fifo"), init.path("fifo2")]);
  // In a process: to open a FIFO waits for its reader.
  const say = async (fifo: string, lines: string) =>
    assert.equal((await init.shell(`printf '${lines}' > @DIR@/${fifo}`)).exit, 0);
  for (const name of ["module", "classic"]) {
    mkdirSync(join(init.logdir, `${name}.log`));
    await init.ask("start", name);
  }
  await say("fifo", "one\\ntwo\\n");
  await say("fifo2", "one\\n");
  const told = (name: string) => `${join(init.logdir, name)}.log: unable to write: Is a directory`;
  for (const name of ["module", "classic"]) await init.untilMessage(new RegExp(told(name)));
  const reason = `unable to write ${join(init.logdir, "module.log")}: Is a directory`;
  await init.until(["status", "module"], new RegExp(reason));
  const status = await init.ask("status", "classic");
  assert(!status.includes("unable"), status);
  for (const name of ["module", "classic"]) {
    const path = join(init.logdir, `${name}.log`), reason = `unable to write ${path}: Is a directory`;
    const page = await init.ask("status", "--long", name);
    assert.match(page, new RegExp(`^ +Log fails ${reason}$`, "m"));
    assert.equal(page.split(reason).length, 2, page);
    const why = (await init.ask("why", name)).replace(/\n +/g, " ");
    assert.match(why, new RegExp(`its log fails: ${reason}`));
  }
  for (const name of ["module", "classic"]) rmdirSync(join(init.logdir, `${name}.log`));
  await init.ask("notify-disk-writeable");
  await init.untilMessage(/module\.log: written again/);
  assert.equal(init.read("log/module.log"), "one\ntwo\n");
  assert(!(await init.ask("status", "module")).includes("unable"));
  assert(!(await init.ask("status", "--long", "module")).includes("Log fails"));
  assert.equal(init.messages().split(told("module")).length, 2, "it is told once");
});

Deno.test({
  name: "a full disk and one that cannot be written are told, what is lost is counted, and nothing stops",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    const line = "x".repeat(999);
    await using init = await NamespaceInit.startWithin(
      'mount -t tmpfs -o size=64k none "$5"',
      {
        "full.ts": module(
          `console: "pipe", script: "for i in $(seq 1 1000); do echo ${line}; done; touch @DIR@/done; sleep 600"`,
        ),
        "ro.ts": module('console: "pipe", script: "echo one; sleep 600"'),
      },
    );
    await init.ask("start", "full");
    await until(
      "all is printed",
      () => init.read("done") === "" && readdirSync(init.directory).includes("done"),
    );
    await until(
      "it is told",
      () => /full\.log: unable to write: No space left on device/.test(init.messages()),
    );
    const log = join(init.directory, "log/full.log");
    assert.match(await init.ask("status", "full"), /unable to write \S+full\.log: No space left on device/);
    await init.shell(`mount -o remount,size=10m none ${join(init.directory, "log")}`);
    await init.ask("notify-disk-writeable");
    await until("it is written again", () => /full\.log: written again/.test(init.messages()));
    const note = /\[(\d+) bytes of output were lost while this log could not be written\]\n/;
    await until("what is in the log and what was lost are all that was printed", async () => {
      const { stdout: text } = await init.shell(`cat ${log}`);
      return text.replace(note, "").length + Number(note.exec(text)?.[1]) === 1_000_000;
    });
    const { stdout: text } = await init.shell(`cat ${log}`), [before = ""] = text.split("[");
    assert(`${line}\n`.repeat(1000).startsWith(before), "no byte is missing before those");
    assert(before.length >= (64 << 10) + (256 << 10), `${before.length}`);
    await init.shell(`mount -o remount,ro none ${join(init.directory, "log")}`);
    await init.ask("start", "ro");
    await until(
      "the status tells",
      async () => /ro\.log: Read-only file system/.test(await init.ask("status", "ro")),
    );
    await init.shell(`mount -o remount,rw none ${join(init.directory, "log")}`);
    await init.ask("notify-disk-writeable");
    assert.equal((await init.shell(`cat ${join(init.directory, "log/ro.log")}`)).stdout, "one\n");
  },
});
