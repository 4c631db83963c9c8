/** No job wedges: hooks, starts, leftovers and respawns have bounds, seen from outside. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { until } from "./support/deadline.ts";
import { contain, Container, CONTAINERS_POSSIBLE } from "./support/container.ts";
import { RunningInit } from "./support/init.ts";
import { sendSignal } from "./support/processes.ts";

/** A job module with these fields. */
function module(fields: string): string {
  return `import { job } from "rouse";\nexport default job({ ${fields} });\n`;
}

const POLLS = "async postStart() { for (;;) await new Promise((resolve) => setTimeout(resolve, 20)); }";

Deno.test("main fails while a post-start polls for its answer: start and stop return", async () => {
  const fields = `exec: "sh -c 'exit 7'", respawn: { delay: "1h" }, ${POLLS}`;
  await using init = await RunningInit.start({ jobs: { "web.ts": module(fields) } });
  await init.until(["status", "web"], "web stop/waiting\n");
  const start = await init.initctl("start", "web");
  assert.equal(start.exit, 1);
  assert.match(
    start.stderr,
    /^initctl: Job failed to start\nweb main process \(\d+\) terminated with status 7; it is tried again in \d+ s\n$/,
  );
  await init.until(
    ["status", "web"],
    /^web start\/post-stop\n\trespawns in 3\d\d\d s, after 1 failure: its main process ended with status 7\n$/,
  );
  assert.deepEqual(init.processesOf("web"), []);
  // The delay goes by at once when the failures are forgotten, and again there is one.
  await init.ask("reset", "web");
  await until("it has failed twice", () => init.messages().match(/terminated with status 7/g)?.length === 2);
  await init.until(["status", "web"], /after 1 failure: its main process ended with status 7\n$/);
  assert.equal(await init.ask("stop", "web"), "web stop/waiting\n");
});

Deno.test("main ends while its pre-stop holds out, and a start comes: the job runs again, with a process", async () => {
  const job = `semantics rouse\nkill timeout 600\nexec sleep 600\npre-stop script\n` +
    `trap '' TERM\necho >> @DIR@/begun\nwhile [ ! -e @DIR@/go ]; do sleep 0.02; done\nend script\n`;
  await using init = await RunningInit.start({ jobs: { "web.conf": job } });
  const first = await init.ask("start", "web");
  await init.ask("stop", "--no-wait", "web");
  await init.untilLines("begun", 1);
  sendSignal(Number(/process (\d+)/.exec(first)![1]), "SIGKILL");
  await init.until(["status", "web"], /^web stop\/pre-stop, \(pre-stop\) process \d+\n/);
  const start = init.ask("start", "web");
  await init.until(["status", "web"], /^web start\/pre-stop/);
  writeFileSync(init.path("go"), "");
  const second = await start;
  assert.match(second, /^web start\/running, process \d+\n$/);
  assert.notEqual(second, first);
});

Deno.test({
  name: "in a container, a job that fails again and again ends init with its status",
  ignore: !CONTAINERS_POSSIBLE,
  async fn() {
    const respawn = `respawn: { limit: 2, within: "1min", delay: "10ms" }`;
    const text = `import { job, on } from "rouse"; export default job({ startOn: on("startup"), ` +
      `exec: "sh -c 'exit 7'", ${respawn}, ${POLLS}, `;
    for (const [last, options] of [["", ["--exit-with", "web"]], [`onGiveUp: "exit"`, []]] as const) {
      const { exit, stderr } = await contain(["init", "--confdir", "/run/jobs", ...options], {
        prepare: "mkdir /run/jobs; cat > /run/jobs/web.ts <<'END'\n" + text + last + "});\nEND\n",
      });
      assert.equal(exit, 7);
      assert.equal(stderr.match(/main process \(\d+\) terminated with status 7/g)?.length, 3);
    }
  },
});

Deno.test({
  name:
    "of several jobs that init is to end with, the first counts; one with endsInit may have to fail for that",
  ignore: !CONTAINERS_POSSIBLE,
  async fn() {
    const jobs = (files: Record<string, string>) => ({
      prepare: ["mkdir /run/jobs"].concat(
        Object.entries(files).map(([name, text]) => `cat > /run/jobs/${name} <<'END'\n${text}END`),
      ).join("\n") + "\n",
    });
    const first = await contain(
      ["init", "--confdir", "/run/jobs", "--exit-with", "stays", "--exit-with", "ends"],
      jobs({
        "stays.conf": "start on startup\nexec sleep 1000\n",
        "ends.conf": "start on started stays\nexec sh -c 'exit 5'\n",
      }),
    );
    assert.equal(first.exit, 5);
    const text = (condition: string, status: number) =>
      `import { job, on } from "rouse"; export default job({ startOn: on(${condition}), task: true, ` +
      `endsInit: "failure", exec: "sh -c 'exit ${status}'" });\n`;
    const failure = await contain(
      ["init", "--confdir", "/run/jobs"],
      jobs({ "one.ts": text(`"startup"`, 0), "two.ts": text(`"stopped", "one"`, 6) }),
    );
    assert.equal(failure.exit, 6);
    const { prepare } = jobs({ "one.ts": text(`"startup"`, 0) });
    using none = new Container(["init", "--confdir", "/run/jobs", "--verbose"], {
      prepare: `${prepare}exec 2>&1`,
    });
    await none.printed(/one state changed from post-stop to waiting/);
    await none.signal("SIGTERM");
    assert.equal(await none.ended(), 0);
  },
});

/** A service that holds a lock as others hold a port: a worker has it, too, and lives on when main is killed. */
function holder(shell: string): string {
  return `exec 9> @DIR@/lock\nflock -n 9 || exit 9\n${shell}\nsleep 1000 &\necho $! >> @DIR@/workers\nwait`;
}

for (const [where, shell] of [["the process group", ""], ["the session", "set -m"]] as const) {
  Deno.test(`a worker of ${where} that holds what main needs does not make the respawn fail`, async () => {
    // However slow the respawns are, the classic job is given up after some.
    const script = `respawn\nrespawn limit 3 600\nscript\n${holder(shell)}\nend script\n`;
    await using init = await RunningInit.start({
      jobs: {
        "web.conf": `kill mode group\n${script}`,
        "old.conf": script.replaceAll("@DIR@/", "@DIR@/old-"),
      },
    });
    await init.ask("start", "web");
    const [first] = await init.untilLines("workers", 1);
    const pid = (await init.ask("status", "web")).match(/process (\d+)/)![1];
    sendSignal(Number(pid), "SIGKILL");
    const [, second] = await init.untilLines("workers", 2);
    assert.notEqual(first, second);
    await init.until(["status", "web"], /^web start\/running, process/);
    await init.ask("stop", "web");
    assert.deepEqual(init.processesOf("web"), []);
    // A classic job leaves it, and fails.
    await init.ask("start", "old");
    await init.untilLines("old-workers", 1);
    sendSignal(Number((await init.ask("status", "old")).match(/process (\d+)/)![1]), "SIGKILL");
    await init.until(["status", "old"], "old stop/waiting\n");
  });
}

Deno.test("what ignores SIGTERM is killed before stop returns", async () => {
  const script = `kill mode group\nkill timeout 1\nscript\n(trap '' TERM; echo > @DIR@/ready; ` +
    "while :; do sleep 1000; done) &\nwait\nend script\n";
  await using init = await RunningInit.start({ jobs: { "web.conf": script } });
  await init.ask("start", "web");
  await init.untilLines("ready", 1);
  await init.ask("stop", "web");
  assert.deepEqual(init.processesOf("web"), []);
});

Deno.test("what forks again and again does not escape", async () => {
  const bomb = "#!/bin/sh\ntrap '' TERM\n: > @DIR@/ready\nsleep 0.01\n@DIR@/bomb &\n";
  const script = "kill mode group\nkill timeout 0\nscript\n@DIR@/bomb &\nwait\nexec sleep 1000\nend script\n";
  await using init = await RunningInit.start({ jobs: { "web.conf": script } });
  writeFileSync(init.path("bomb"), init.expand(bomb), { mode: 0o755 });
  await init.ask("start", "web");
  await until("the bomb works", () => init.read("ready") !== undefined);
  await init.ask("stop", "web");
  assert.deepEqual(init.processesOf("web"), []);
});

Deno.test("a classic hook that hangs is ended by stop --force, and whoever waits is answered", async () => {
  const conf = "pre-start exec sh -c 'trap \"\" TERM; echo > @DIR@/ready; while :; do sleep 1000; done'\n" +
    "exec sleep 1000\n";
  await using init = await RunningInit.start({ jobs: { "web.conf": conf } });
  const start = init.initctl("start", "web");
  await init.untilLines("ready", 1);
  const stop = init.initctl("stop", "web");
  await init.until(["status", "web"], /^web stop\/pre-start/);
  assert.equal(await init.ask("stop", "--force", "web"), "web stop/waiting\n");
  assert.deepEqual([(await start).exit, (await stop).exit], [0, 0]);
  assert.deepEqual(init.processesOf("web"), []);
  const again = await init.initctl("stop", "--force", "web");
  assert.deepEqual([again.exit, again.stderr], [1, "initctl: Unknown instance: \n"]);
});

Deno.test("a start that takes too long fails, and says what it waits for", async () => {
  // Long enough for a busy machine to come to the post-start.
  const conf = "start timeout 4\npost-start exec sleep 1000\nexec sleep 1000\n";
  await using init = await RunningInit.start({ jobs: { "web.conf": conf } });
  const { exit, stderr } = await init.initctl("start", "web");
  assert.equal(exit, 1);
  assert.match(
    stderr,
    /^initctl: Job failed to start\nweb is not up 4 s after its start began: its post-start process \(\d+\) still runs\n$/,
  );
  await init.until(["status", "web"], "web stop/waiting\n");
  assert.deepEqual(init.processesOf("web"), []);
});

Deno.test("without a limit, respawns go on ten times a second, which is said once", async () => {
  // With so few runs it could be said again only if it was said when it should not be.
  const conf = "instance $N\nrespawn\nrespawn limit unlimited\nscript\n  echo >> @DIR@/runs-$N\n" +
    "  [ $(wc -l < @DIR@/runs-$N) -lt 12 ] || exec sleep 600\nend script\n";
  await using init = await RunningInit.start({ jobs: { "web.conf": conf } });
  let count = 0;
  // A run that takes a busy machine longer than a fifth of a second is not one that is respawned too fast.
  await until("an instance is respawned too fast", async () => {
    const number = `${++count}`;
    await init.ask("start", "web", `N=${number}`);
    await init.untilLines(`runs-${number}`, 12);
    const said = init.messages().match(/respawning too fast, ten times a second from now on/g) ?? [];
    assert(said.length <= 1, init.messages());
    assert.equal(await init.ask("stop", "web", `N=${number}`), "web stop/waiting\n");
    return said.length === 1;
  });
});

Deno.test("a postStart that throws fails the start; preStart is aborted by its signal", async () => {
  const aborted = "exec: 'sleep 1000', async preStart({ signal, env }) { " +
    "const { writeFileSync } = await import('node:fs'); writeFileSync(env.READY, 'x\\n'); " +
    "await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true })); " +
    "writeFileSync(env.ABORTED, 'x\\n'); }, env: { READY: '@DIR@/ready', ABORTED: '@DIR@/aborted' }";
  await using init = await RunningInit.start({
    jobs: {
      "throws.ts": module("exec: 'sleep 1000', postStart() { throw new Error('no answer'); }"),
      "aborted.ts": module(aborted),
    },
  });
  for (const name of ["throws", "aborted"]) await init.until(["status", name], `${name} stop/waiting\n`);
  const throws = await init.initctl("start", "throws");
  assert.equal(throws.exit, 1);
  assert.match(throws.stderr, /throws post-start process \(\d+\) terminated with status 1\n$/);
  const start = init.initctl("start", "aborted");
  await init.untilLines("ready", 1);
  await init.ask("stop", "aborted");
  assert.equal((await start).exit, 0);
  await init.untilLines("aborted", 1);
});
