/** `initctl logs` and `initctl events` from outside. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, readFileSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { until, within } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { OWN_NAME } from "./support/programs.ts";

/** A job that prints what it is told to, and goes on. */
const printing = (...lines: string[]) =>
  `script\nprintf '%b' '${lines.map((line) => `${line}\\n`).join("")}'\nexec sleep 600\nend script\n`;

/** Starts a job, and waits until init keeps what it has printed. */
async function started(init: RunningInit, job: string, last: string): Promise<void> {
  await init.ask("start", job);
  await init.until(["logs", job], new RegExp(`^.*${last}$`, "m"));
}

Deno.test("logs shows what jobs have printed, once, be it in files or in memory", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": printing("one", "two"),
      "db.conf": printing("ready"),
      "bad.conf": "pre-start exec sh -c 'echo cannot bind; exit 1'\nexec sleep 600\n",
      "tty.conf": `instance $L\n${printing("here")}`,
    },
  });
  await started(init, "web", "two");
  await started(init, "db", "ready");
  assert.equal(await init.ask("logs", "web"), "one\ntwo\n");
  assert.equal(await init.ask("logs", "web", "-n", "1"), "two\n");
  assert.equal(await init.ask("logs", "web", "-n", "0"), "");
  assert.equal(await init.ask("logs"), "web | one\nweb | two\ndb | ready\n");
  assert.equal(await init.ask("logs", "w*", "db", "--grep", "^(one|re.*)$"), "web | one\ndb | ready\n");
  // Of a second run, and of a start that has failed.
  await init.ask("restart", "web");
  await init.until(["logs", "web"], "one\ntwo\none\ntwo\n");
  assert.equal((await init.initctl("start", "bad")).exit, 1);
  assert.equal(await init.ask("logs", "bad"), "cannot bind\n");
  await init.ask("start", "tty", "L=a");
  await init.until(["logs", "tty"], "tty (a) | here\n");
  const { exit, stderr } = await init.initctl("logs", "wbe", "nothing*");
  assert.deepEqual([exit, stderr], [
    1,
    "initctl: Unknown job: wbe (is web meant?); No job matches nothing*\n",
  ]);
});

Deno.test("files that were rotated away come first, whoever has done it, and compressed ones too", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": printing("new", "newer") } });
  const log = init.path("log/web.log");
  writeFileSync(`${log}.2.gz`, gzipSync("a\nb\n"));
  writeFileSync(`${log}.1`, "c\n");
  writeFileSync(`${log}.20261129T235959.999Z.zst`, zstdCompressSync("d\ne\n"));
  writeFileSync(`${log}.20261130T041530.123Z.gz`, gzipSync("f\n"));
  writeFileSync(`${log}.20261130T041530.123Z.gz.part`, "half of it");
  writeFileSync(log, "g\n");
  await started(init, "web", "newer");
  const all = ["a", "b", "c", "d", "e", "f", "g", "new", "newer"];
  const last = (count: number) => all.slice(-count).map((line) => `${line}\n`).join("");
  assert.equal(await init.ask("logs", "web"), last(all.length));
  for (const count of [1, 2, 3, 4, 6, 8]) {
    assert.equal(await init.ask("logs", "web", "-n", String(count)), last(count));
  }
  // What stands in memory alone, for the file has gone.
  renameSync(log, `${log}.gone`);
  assert.equal((await init.ask("logs", "web")).replace("f\n", "f\ng\n"), last(all.length));
  writeFileSync(`${log}.1`, gzipSync("x\n"));
  renameSync(`${log}.1`, `${log}.1.gz`);
  writeFileSync(`${log}.2.gz`, "no gzip");
  const { exit, stdout, stderr } = await init.initctl("logs", "web");
  assert.deepEqual([exit, stdout.split("\n")[0]], [0, "x"]);
  assert.match(stderr, /^initctl: Unable to read .*\/web\.log\.2\.gz: incorrect header check$/m);
});

Deno.test("a log file that cannot even be looked at is told, and the others are shown", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": printing("one") } });
  await started(init, "web", "one");
  symlinkSync("web.log.1", init.path("log/web.log.1"));
  const { exit, stdout, stderr } = await init.initctl("logs", "web");
  assert.deepEqual([exit, stdout], [0, "one\n"]);
  assert.match(stderr, /^initctl: Unable to read \S+\/web\.log\.1: .*[Ll]ink/);
});

Deno.test("--since goes by the times that lines have, and it is said which have none", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": printing("new") } });
  const log = init.path("log/web.log");
  const old = "2026-01-01T00:00:00.000Z", recent = new Date(Date.now() - 60_000).toISOString();
  writeFileSync(log, `without\n${old} long ago\n${recent} of late\n`);
  await started(init, "web", "new");
  const { stdout, stderr } = await init.initctl("logs", "web", "--since", "1h");
  assert.equal(stdout, "of late\nnew\n");
  assert.equal(
    stderr,
    `initctl: ${log}: its lines have no times, so --since leaves out those that init does not keep any more\n`,
  );
  assert.equal(await init.ask("logs", "web"), "without\nlong ago\nof late\nnew\n");
  for (const option of [["--since", "soon"], ["-n", "some"], ["--grep", "("], ["--color", "red"]]) {
    const { exit, stdout, stderr } = await init.initctl("logs", ...option);
    assert.deepEqual([exit, stdout], [1, ""]);
    assert.ok(stderr.includes(option[1]!), stderr);
  }
});

Deno.test("bytes go as they are to a pipe, and hostile expressions are no harm", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": printing("end") } });
  writeFileSync(init.path("log/web.log"), Uint8Array.of(0xff, 0x1b, 0x5d, 0x30, 10));
  appendFileSync(init.path("log/web.log"), `${"a".repeat(5000)}\n`);
  await started(init, "web", "end");
  const { stdout } = await init.shell("initctl logs web | head -1 | od -An -tx1");
  assert.equal(stdout, " ff 1b 5d 30 0a\n");
  assert.equal(await init.ask("logs", "web", "--grep", "(a+)+b"), "");
  // Nobody reads on, and the command ends.
  assert.equal((await init.shell("initctl logs web | head -1 >/dev/null; echo over")).stdout, "over\n");
});

/** A command that goes on, and what it has printed so far. */
function following(init: RunningInit, ...words: string[]) {
  const child = spawn("initctl", words, { env: init.environment, stdio: ["ignore", "pipe", "pipe"] });
  let text = "", stderr = "";
  child.stdout.on("data", (chunk) => text += chunk);
  child.stderr.on("data", (chunk) => stderr += chunk);
  const closed = once(child, "close");
  return {
    shows: (wanted: string) =>
      until(`${words.join(" ")} shows ${wanted}`, () => text.includes(wanted)).catch(
        (error) => {
          throw new Error(`${error.message}; it is: ${text}${stderr}`);
        },
      ),
    get text() {
      return text;
    },
    async ended() {
      const [exit] = await within(`the end of ${words.join(" ")}`, closed);
      return { exit, stderr };
    },
    async [Symbol.asyncDispose]() {
      child.kill();
      await within("its end", closed);
    },
  };
}

Deno.test("logs -f goes on across restarts and rotation, with new instances, and new jobs", async () => {
  await using init = await RunningInit.start({
    jobs: { "web.conf": printing("one"), "tty.conf": `instance $L\n${printing("here")}` },
  });
  await started(init, "web", "one");
  await using logs = following(init, "logs", "-f");
  await using own = following(init, "logs", "-f", "web", "--json");
  await logs.shows("web | one\n");
  await own.shows('"text":"one"');
  renameSync(init.path("log/web.log"), init.path("log/web.log.1"));
  await init.ask("restart", "web");
  await logs.shows("web | one\nweb | one\n");
  await init.ask("start", "tty", "L=a");
  await logs.shows("tty (a) | here\n");
  init.write("late.conf", printing("at last"));
  await init.until(["list"], /^late /m);
  await init.ask("start", "late");
  await logs.shows("late | at last\n");
  await until("the new run is shown", () => own.text.split("\n").length === 3);
});

Deno.test("what follows ends when nobody reads it any more, before there is anything to be written", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": printing("one") } });
  await started(init, "web", "one");
  for (const command of ["logs -f web", "events -f web", "logs -f --json"]) {
    assert.equal((await init.shell(`initctl ${command} | head -1 > first; echo over`)).stdout, "over\n");
    assert.match(init.read("first")!, /one|web/);
  }
});

Deno.test("what follows shows the end of jobs and of init, and says that there is no more", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": "exec sh -c 'trap \"echo bye; exit\" TERM; echo one; while :; do sleep 0.1; done'\n",
    },
  });
  await started(init, "web", "one");
  await using logs = following(init, "logs", "-f");
  await using events = following(init, "events", "-f", "-n", "all");
  await using json = following(init, "logs", "-f", "--json");
  await logs.shows("one\n");
  await events.shows("web is running");
  await json.shows("one");
  init.signal("SIGTERM");
  const stderr = "initctl: Init has ended, or has closed the connection: nothing more will come\n";
  for (const one of [logs, events, json]) assert.deepEqual(await one.ended(), { exit: 1, stderr });
  assert.match(logs.text, /^one\n(?:Terminated\n)?bye\n$/);
  assert.match(json.text, /"text":"bye"[^]*"org\.rouse\.Error\.NoConnection"/);
});

Deno.test("events shows what has happened, and who has asked", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": "start on hello\nexec sleep 600\n",
      "bad.conf": "exec sh -c 'exit 44'\nnormal exit 0\n",
    },
  });
  await using events = following(init, "events", "-f", "-n", "all", "--kind", "failed,event", "bad");
  await using all = following(init, "events", "-f", "-n", "all");
  await init.ask("emit", "hello", "A=b");
  await init.ask("start", "bad");
  await init.until(["status", "bad"], "bad stop/waiting\n");
  await events.shows("bad: exited 44");
  await all.shows(`event        hello A=b, by ${OWN_NAME}`);
  await all.shows("web is to start, by the event hello A=b");
  assert(!events.text.includes("web"), events.text);
  const shown = await init.ask("events", "web");
  assert.match(shown, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d goal +web is to start, by the event hello A=b$/m);
  assert.match(shown, /^.* spawned +web main process \d+$/m);
  assert(!shown.includes("bad"), shown);
  assert.equal((await init.ask("events", "-n", "2")).split("\n").length, 3);
  assert.equal((await init.ask("events", "--since", "2020-01-01")).includes("hello A=b"), true);
  const { exit, stderr } = await init.initctl("events", "--kind", "frob");
  assert.equal(exit, 1);
  assert.match(stderr, /^initctl: invalid value for --kind: frob; it is one of event, /);
});

Deno.test("a list of all kinds of records is what the page tells of", () => {
  const page = readFileSync(new URL("../docs/initctl.md", import.meta.url), "utf8");
  const schema = JSON.parse(readFileSync(new URL("../docs/schema/record.json", import.meta.url), "utf8"));
  for (const { properties: { kind } } of schema.oneOf) {
    assert.ok(page.includes(`\`${kind.const}\``), kind.const);
  }
});
