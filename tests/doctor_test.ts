/** rouse doctor, by the compiled executable, where things are well and where they are not. */

import assert from "node:assert/strict";
import { linkSync, rmSync } from "node:fs";
import { environmentWith, Files } from "./support/author.ts";
import { type Outcome, run } from "./support/command.ts";
import { RunningInit } from "./support/init.ts";
import { NAMESPACES_POSSIBLE } from "./support/namespace.ts";
import { EXECUTABLE } from "./support/programs.ts";
import { Terminal } from "./support/terminal.ts";

interface Finding {
  subject: string;
  level: string;
  what: string;
  advice?: string;
}

interface Answer {
  isHealthy: boolean;
  findings: Finding[];
}

/** Runs the doctor as the last words of a command, on the jobs of a directory. */
function examine(files: Files, before: string[], variables: Record<string, string> = {}): Promise<Outcome> {
  return run([...before, EXECUTABLE, "doctor", "--json", files.directory], {
    directory: "/",
    environment: environmentWith(variables),
  });
}

function answerOf({ exit, stdout, stderr }: Outcome): Answer {
  assert.equal(stderr, "");
  const answer: Answer = JSON.parse(stdout);
  assert.equal(exit, answer.isHealthy ? 0 : 1);
  assert.equal(answer.isHealthy, answer.findings.every(({ level }) => level !== "problem"));
  for (const { level, what, advice } of answer.findings) {
    assert.equal(advice === undefined, level === "ok", what);
  }
  return answer;
}

function about({ findings }: Answer, subject: string): Finding[] {
  return findings.filter((finding) => finding.subject === subject);
}

const GOOD = { "web.conf": "exec sleep 600\n" };

Deno.test("rouse doctor tells of jobs as rouse check does, and how many are well", async () => {
  using good = new Files(GOOD);
  const fine = answerOf(await examine(good, []));
  assert.deepEqual(about(fine, "jobs"), [
    { subject: "jobs", level: "ok", what: `1 job in ${good.directory}` },
  ]);
  using bad = new Files({
    ...GOOD,
    "api.conf": "frobnicate\n",
    "odd.conf": "start on started nosuch\nexec true\n",
  });
  const answer = answerOf(await examine(bad, []));
  assert.equal(answer.isHealthy, false);
  const [error, warning, ...more] = about(answer, "jobs");
  assert.deepEqual([error!.level, warning!.level, more], ["problem", "warning", []]);
  assert(error!.what.startsWith(`${bad.path("api.conf")}:1: Unknown stanza`), error!.what);
  assert(warning!.what.startsWith(`${bad.path("odd.conf")}:1: start on: no job \`nosuch'`), warning!.what);
});

Deno.test("rouse doctor tells of many mistakes in a line", async () => {
  using files = new Files(Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`j${n}.conf`, "frobnicate\n"])));
  const jobs = about(answerOf(await examine(files, [])), "jobs");
  assert.equal(jobs.length, 6);
  assert.equal(jobs[5]!.what, "There is more: 6 errors and 0 warnings in all");
  assert.equal(jobs[5]!.advice, `see \`rouse check ${files.directory}'`);
});

Deno.test("rouse doctor names a directory that is not there", async () => {
  using files = new Files({});
  const { exit, stdout } = await run([EXECUTABLE, "doctor", "-q", files.path("nosuch")], {
    directory: "/",
    environment: environmentWith(),
  });
  assert.equal(exit, 1);
  assert.match(
    stdout,
    /^problem +jobs +\S*\/nosuch is no directory, or is not there\n +What to do: make it/m,
  );
  assert.doesNotMatch(stdout, /^ok/m);
});

Deno.test("rouse doctor tells of low limits", async () => {
  using files = new Files(GOOD);
  const limited = ["/bin/sh", "-c", 'ulimit -Hn 300 2>/dev/null || ulimit -n 300; exec "$@"', "sh"];
  const [finding] = about(answerOf(await examine(files, limited)), "descriptors");
  assert.equal(finding!.level, "warning");
  assert.match(finding!.what, /^Init may open 300 files alone/);
});

Deno.test("rouse doctor tells of the init that answers, and of one that does not", async () => {
  await using init = await RunningInit.start();
  using files = new Files(GOOD);
  const session = `unix:abstract=/com/ubuntu/upstart-session/${Deno.uid()}/${init.pid}`;
  const [found] = about(answerOf(await examine(files, [], { UPSTART_SESSION: session })), "init");
  assert.match(found!.what, /^The init that answers is .*rouse .*, as this executable$/);
  assert.equal(found!.level, "ok");
  const gone = "unix:abstract=/nobody/listens/here";
  const [lost] = about(answerOf(await examine(files, [], { UPSTART_SESSION: gone })), "init");
  assert.deepEqual([lost!.level, lost!.what], [
    "warning",
    `No init answers at ${gone}, which UPSTART_SESSION names`,
  ]);
});

Deno.test("rouse doctor tells of an init whose file was replaced or removed, and how the new one takes its place", async () => {
  await using init = await RunningInit.start();
  using files = new Files(GOOD);
  const file = init.path("newer"), session = { UPSTART_SESSION: init.environment["UPSTART_SESSION"]! };
  linkSync(EXECUTABLE, file);
  assert.equal((await init.run([EXECUTABLE, "upgrade", file])).exit, 0);
  const ask = async () => about(answerOf(await examine(files, [], session)), "init")[0]!;
  assert.equal((await ask()).level, "ok");
  rmSync(file);
  const removed = await ask();
  assert.equal(removed.level, "warning");
  assert(removed.what.endsWith(`; its file ${file} was removed`), removed.what);
  assert.match(
    removed.advice!,
    /^have another one take its place, which stops nothing: `rouse upgrade \/.*'$/,
  );
  linkSync(EXECUTABLE, file);
  const replaced = await ask();
  assert(replaced.what.endsWith(`; its file ${file} was replaced`), replaced.what);
  assert.match(replaced.advice!, /: `initctl restart-init'$/);
  await init.ask("restart-init");
  assert.equal((await ask()).level, "ok");
});

Deno.test({
  name: "rouse doctor tells of what is read-only, and of what another user may not do",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    using files = new Files(GOOD);
    const within = (
      line: string,
    ) => ["unshare", "--mount", "/bin/sh", "-e", "-c", `${line}; exec "$@"`, "sh"];
    const closed = within("for folder in /run /var/log; do mount -t tmpfs -o ro none $folder; done");
    const [found] = about(answerOf(await examine(files, closed)), "files");
    assert.deepEqual([found!.level, found!.what], [
      "warning",
      "/run cannot be written: Read-only file system; /var/log cannot be written: Read-only file system",
    ]);
    const hidden = within("mount -t tmpfs none /dev");
    const bare = answerOf(await examine(files, hidden));
    assert.equal(bare.isHealthy, false);
    assert.match(about(bare, "devices")[0]!.what, /^\/dev\/null is of no use: No such file or directory/);
    assert.match(about(bare, "terminals")[0]!.what, /^No pseudo-terminal can be opened: No such file/);
    const locked = ["setpriv", "--no-new-privs", "--bounding-set=-setuid"];
    const [users] = about(answerOf(await examine(files, locked)), "users");
    assert.match(users!.what, /run jobs as other users \(CAP_SETUID\)$/);
  },
});

Deno.test("rouse doctor tells of an init that listens and does not answer", async () => {
  await using init = await RunningInit.start();
  using files = new Files(GOOD);
  init.signal("SIGSTOP");
  const { UPSTART_SESSION } = init.environment;
  const [found] = about(answerOf(await examine(files, [], { UPSTART_SESSION: UPSTART_SESSION! })), "init");
  assert.deepEqual(found, {
    subject: "init",
    level: "problem",
    what: "The init that was reached does not answer: not within 5 seconds",
    advice: "look at its messages, on its standard error or in the kernel's log",
  });
});

Deno.test("on a terminal rouse doctor breaks its lines between words", async () => {
  using files = new Files({ "odd.conf": "start on started nosuch\nexec true\n" });
  const columns = 60, environment = environmentWith({ TERM: "dumb" });
  await using terminal = new Terminal(`${EXECUTABLE} doctor ${files.directory}`, { environment, columns });
  await terminal.ended();
  const lines = terminal.lines.filter((line) => line !== "");
  assert.deepEqual(lines.filter((line) => line.length > columns), []);
  const whole = lines.map((line) => line.trim()).join(" ");
  assert.match(whole, /start on: no job `nosuch' is known, so `started nosuch' never comes/);
});
