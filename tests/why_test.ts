/** `initctl why` and `initctl what-if`, from outside: with a real init, jobs of all formats, and real processes. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { NamespaceInit, NAMESPACES_POSSIBLE } from "./support/namespace.ts";
import { installed } from "./support/programs.ts";
import { Relay } from "./support/relay.ts";
import { onTerminal } from "./support/terminal.ts";
import { plain, transcripts } from "./support/transcript.ts";

/** A job module with these fields. */
function module(fields: string): string {
  return `import { job, on } from "rouse";\nexport default job({ ${fields} });\n`;
}

/** What `why` says of a job, with words in place of processes and times. */
async function why(init: RunningInit, ...words: string[]): Promise<string> {
  return plain(await init.ask("why", ...words));
}

/** A text without the indentation of the source. */
function text(lines: string): string {
  const [, indent = ""] = /^\n( *)/.exec(lines) ?? [];
  return lines.trim().replaceAll(`\n${indent}`, "\n") + "\n";
}

Deno.test("a job that waits: what has come, what is missing, and why that does not come", async () => {
  await using init = await RunningInit.start({
    startupEvent: true,
    jobs: {
      "web.conf": "start on started db and disk-found NAME=sda\nstop on stopping db\nexec sleep 1000\n",
      "db.conf": "exec sleep 1000\n",
      "lost.conf": "start on started wbe\nexec sleep 1000\n",
      "finder.conf": "start on startup\ntask\nexec initctl emit disk-fuond\n",
      "one.conf": "start on started other\nexec sleep 1000\n",
      "other.conf": "start on started one\nexec sleep 1000\n",
      "bad.conf": "exec sleep 1000\nnonsense here\n",
    },
  });
  await init.ask("start", "db");
  await init.until(["why", "web"], /emits disk-fuond|did you mean/);
  assert.equal(
    await why(init, "web"),
    text(`
    web has not been started: it waits for disk-found NAME=sda, which nothing here emits
      [no] start on: all of these
        [yes] started db: it came AGO by the job db
        [no] disk-found NAME=sda: it has not come
          nothing here emits it; did you mean \`disk-fuond'?`),
  );
  assert.equal(
    await why(init, "lost"),
    text(`
    lost has not been started: it waits for started wbe, which never comes as things are
      [no] start on started wbe: it has not come
        no job wbe is known, so it never comes; did you mean \`web'?`),
  );
  assert.match(
    await why(init, "one"),
    /^one has not .*\n {2}(one and other|other and one) wait for each other\n/,
  );
  assert.match(
    await why(init, "bad"),
    /^bad is no job, as its file is wrong\n {2}.*bad\.conf:2: Unknown stanza/,
  );
  const unknown = await init.initctl("why", "wbe");
  assert.deepEqual(unknown, {
    exit: 1,
    stdout: "",
    stderr: "initctl: Unknown job: wbe; did you mean `web'?\n",
  });
  await init.ask("emit", "disk-found", "NAME=sda");
  assert.equal(
    await why(init, "web"),
    text(`
    web has been up for TIME
      it was started AGO by the event disk-found NAME=sda
      its main process PID: sleep 1000, for TIME
      it stops on stopping db`),
  );
  await init.ask("stop", "web");
  assert.match(await why(init, "web"), /^web is stopped: it was stopped AGO by SOMEBODY\n/);
});

Deno.test("a job that has failed, one that is tried again, and one whose need is down", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "fails.conf": "task\nexec sh -c 'exit 44'\n",
      "nosuch.ts": module(`exec: "/usr/bin/nosuch-program"`),
      "again.ts": module(`exec: "sh -c 'exit 3'", respawn: { delay: "1h" }`),
      "needy.ts": module(`needs: ["base"], exec: "sleep 1000"`),
      "base.ts": module(`exec: "sh -c 'exit 5'", respawn: false`),
    },
  });
  for (const job of ["fails", "nosuch", "again", "needy"]) await init.initctl("start", job);
  assert.match(
    await why(init, "fails"),
    /^fails is down: its last run failed: exited 44 after TIME, AGO\n[^]*`initctl logs fails' shows what it printed; `initctl start fails' tries again\n$/,
  );
  assert.match(
    (await why(init, "nosuch")).replaceAll("\n  ", " "),
    /^nosuch is down: its last run failed: unable to execute \/usr\/bin\/nosuch-program: No such +file or directory, AGO/,
  );
  assert.match(await why(init, "again"), /^again is started again in \d+ min, for it has failed: /);
  assert.match(await why(init, "needy"), /needs base/);
});

Deno.test("a start that hangs: the chain from the job to the process that holds it", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": "exec sleep 1000\n",
      "after.conf": "start on started web\nexec sleep 1000\n",
      "hook.conf": "start on starting web\ntask\npre-start exec sleep 1234\nexec true\n",
    },
  });
  await init.ask("start", "--no-wait", "web");
  await init.until(["why", "web"], /sleep 1234/);
  assert.equal(
    await why(init, "web"),
    text(`
    web is starting: it waits until its event starting is over
      starting JOB=web is held by hook, which is starting: its pre-start process (PID) still runs
        its pre-start process PID: sleep 1234, for TIME
      it was started AGO by SOMEBODY`),
  );
  assert.match(await why(init, "after"), /its pre-start process PID: sleep 1234, for TIME\n$/);
  const trial = await init.ask("what-if", "stop", "web");
  assert.match(trial, /^If web were stopped now:\n {2}1\. web stops\n/);
  // The trial was none.
  assert.equal(await init.ask("status", "web"), "web start/starting\n");
  await init.ask("stop", "--force", "hook");
  await init.until(["status", "web"], /^web start\/running/);
});

Deno.test("a trial tells in order what a real request then does, and changes nothing", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "db.ts": module(`exec: "sleep 1000"`),
      "web.ts": module(`needs: ["db"], exec: "sleep 1000"`),
      "migrate.conf": "start on starting web\ntask\nexec true\n",
      "cron.conf": "start on go\nstop on stopping db\nexec sleep 1000\n",
    },
  });
  assert.match(
    await init.ask("what-if", "start", "web"),
    new RegExp(
      "^If web were started now:\n" +
        ["web starts", "migrate starts, by starting web", "migrate is at work", "migrate is done"]
          .map((step) => ` {2}\\d\\. ${step}\n[^]*`).join("") +
        " {2}\\d\\. web is up\nNothing would be blocked\\.\n",
    ),
  );
  assert.equal(await init.ask("status", "db"), "db stop/waiting\n");
  await init.ask("start", "web");
  await init.ask("emit", "go");
  const stop = JSON.parse(await init.ask("what-if", "stop", "db", "--json"));
  assert.deepEqual(
    stop.steps.flatMap(({ kind, job }: { kind: string; job: string }) => kind === "stops" ? [job] : [])
      .sort(),
    ["cron", "db", "web"],
  );
  const shutdown = JSON.parse(await init.ask("what-if", "--json", "shutdown"));
  assert.deepEqual(shutdown.blocked, []);
  assert.deepEqual(
    shutdown.steps.flatMap(({ kind, job }: { kind: string; job: string }) => kind === "down" ? [job] : [])
      .sort(),
    ["cron", "db", "web"],
  );
  for (const job of ["db", "web", "cron"]) {
    assert.match(await init.ask("status", job), new RegExp(`^${job} start/running`));
  }
  const refused = await init.initctl("what-if", "start", "wbe");
  assert.deepEqual([refused.exit, refused.stderr], [1, "initctl: Unknown job: wbe; did you mean `web'?\n"]);
  const wrong = await init.initctl("what-if", "frobnicate");
  assert.deepEqual([wrong.exit, wrong.stderr.split("\n")[0]], [
    1,
    "initctl: unable to try frobnicate: it is none of emit, start, stop, restart and shutdown",
  ]);
});

Deno.test("the answers as JSON tell the same, as data", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": "start on disk\nexec sleep 1000\n" } });
  const { job, explanations: [first] } = JSON.parse(await init.ask("why", "web", "--json"));
  assert.equal(job, "web");
  assert.deepEqual(first, {
    job: "web",
    instance: null,
    verdict: "waiting",
    isStuck: true,
    summary: "web has not been started: it waits for disk, which nothing here emits",
    reasons: [{
      kind: "start-on",
      text: "start on disk: it has not come",
      isMet: false,
      event: "disk",
      isHopeless: true,
      reasons: [{ kind: "source", text: "nothing here emits it", reasons: [] }],
    }],
  });
  const unknown = await init.initctl("why", "nosuch", "--json");
  assert.equal(unknown.exit, 1);
  assert.match(JSON.parse(unknown.stdout).error.message, /^Unknown job: nosuch/);
});

Deno.test({
  name: "others than root and init's own user are told that they may not ask",
  ignore: !NAMESPACES_POSSIBLE || !installed("setpriv"),
  async fn() {
    await using init = await NamespaceInit.start({ "web.conf": "exec sleep 600\n" });
    await until("the job is there", async () => (await init.run("initctl", "status", "web")).exit === 0);
    const nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"];
    for (const words of [["why", "web"], ["what-if", "shutdown"]]) {
      assert.deepEqual(await init.run(...nobody, "initctl", ...words), {
        exit: 1,
        stdout: "",
        stderr: "initctl: Unable to look into init: only root, and the user that it runs as, may do so\n",
      });
    }
    assert.match(await init.ask("why", "web"), /^web has not been started: a request starts it/);
  },
});

Deno.test({
  name: "on a terminal there are colours, and lines fit into a narrow one",
  ignore: !installed("script"),
  async fn() {
    await using init = await RunningInit.start({
      jobs: { "web.conf": "start on started nowhere-to-be-found and disk-found NAME=sda\nexec sleep 600\n" },
    });
    const { environment } = init;
    const narrow = await onTerminal("initctl why web", { environment, columns: 50 });
    assert.equal(narrow.exit, 0);
    assert.ok(narrow.shown.includes("\x1b[31m[no]"), narrow.shown);
    for (const line of narrow.lines) assert.ok(line.length <= 50, line);
    const plain = await onTerminal("NO_COLOR=1 initctl why web", { environment });
    assert.ok(!plain.shown.includes("\x1b[31m"), plain.shown);
  },
});

const GUIDE = readFileSync(resolve(import.meta.dirname!, "../docs/troubleshooting.md"), "utf8");

Deno.test("docs/troubleshooting.md: why and what-if say what it shows", async () => {
  const section = GUIDE.slice(GUIDE.indexOf("## Why is it not running"));
  const jobs = Object.fromEntries(
    Array.from(section.matchAll(/^```conf (\S+)\n([^]*?)^```$/gm), ([, name, text]) => [name!, text!]),
  );
  await using init = await RunningInit.start({ jobs });
  for (const { command, told } of transcripts(section)) {
    if (command === "initctl why web") await init.until(["why", "web"], /sleep 1000/);
    const { stdout, stderr } = await init.shell(command);
    assert.equal(plain(stdout + stderr), plain(told), command);
  }
});

Deno.test("of many instances the first are explained, and the others named", async () => {
  await using init = await RunningInit.start({ jobs: { "tty.conf": "instance $N\nexec sleep 1000\n" } });
  await init.shell("for n in 1 2 3 4 5 6 7 8 9 10; do start tty N=$n; done");
  const lines = (await init.ask("why", "tty")).split("\n");
  assert.equal(lines.filter((line) => /^tty \(\d+\) /.test(line)).length, 8);
  assert.equal(
    lines.at(-2),
    "2 more instances (9, 10): KEY=VALUE behind the job's name says which to explain",
  );
  const { explanations, more } = JSON.parse(await init.ask("--json", "why", "tty"));
  assert.deepEqual([explanations.length, more], [8, ["9", "10"]]);
  assert.match(await init.ask("why", "tty", "N=10"), /^tty \(10\) /);
});

Deno.test("a connection that breaks while init is asked is told in a line", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": "exec sleep 1000\n" } });
  await using relay = await Relay.start(init);
  relay.breakAt("Describe");
  assert.deepEqual(await init.shell(`UPSTART_SESSION=${relay.session} initctl why web`), {
    exit: 1,
    stdout: "",
    stderr: "initctl: Connection was disconnected before a reply was received\n",
  });
});

Deno.test("what another init does not tell is said with a way out", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": "exec sleep 1000\n" } });
  await using relay = await Relay.start(init);
  const said = async (line: string) =>
    (await init.shell(`UPSTART_SESSION=${relay.session} initctl ${line}`)).stderr;
  relay.replace("org.rouse.Insight1", "org.rouse.Insight0");
  const other = "this init is Upstart, or an older rouse \\(see initctl version\\), and does not tell enough";
  assert.match(await said("why web"), new RegExp(`^initctl: Unable to look into init: ${other}\n$`));
  assert.match(await said("ps"), new RegExp(`^initctl: Unable to list processes: ${other}; list tells`));
  for (const command of ["list", "status"]) {
    assert.match(
      await said(`--json ${command} web`),
      new RegExp(`${other}; ${command} without --json works`),
    );
  }
  assert.match(await said("status --jobs 'w*'"), new RegExp(`${other}; name one, without --jobs\n$`));
  relay.replace('"version":', '"vorsion":');
  assert.match(
    await said("why web"),
    /^initctl: Unable to look into init: it is of another version .*; ask by its own one, \/proc\/\d+\/exe initctl, or/,
  );
});
