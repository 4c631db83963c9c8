/** `rouse check` and init-checkconf: job files without a running init. */

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { TemporaryDirectory } from "../lib/sys/testing/directory.ts";
import { type Outcome, run } from "./support/command.ts";
import { EXECUTABLE, programs } from "./support/programs.ts";

const FILES: Record<string, string> = {
  "good/db.conf": "emits db-ready\nstart on startup\nexec sleep 600\n",
  "good/web.conf": "start on started db or db-ready\nscript\n  echo hello\nend script\n",
  "good/web.override": "manual\n",
  "good/net/shop.ts": 'import { job } from "rouse";\nexport default job({ exec: ["true"] });\n',
  "bad/line.conf": "exec true\nfrob\n",
  "bad/web.override": "\n\nlimit nothing 1 2\n",
  "bad/module.ts": 'import { job } from "rouse";\nexport default job({ exec: ["true"], nice: 99 });\n',
  "bad/script.conf": "pre-start script\n  true\n  if true; then\nend script\nexec true\n",
  "bad/check.conf": "exec true\nready exec 'ls |'\nstart timeout 9\n",
  "bad/target.conf": "exec true\nready http foo\n",
  "needs/hen.conf": "exec true\nneeds egg\n",
  "needs/egg.conf": "exec true\nneeds hen\n",
  "needs/api.ts":
    'import { job } from "rouse";\nexport default job({ exec: "a", needs: ["redsi", "shop"] });\n',
  "needs/redis.conf": "exec true\nconflicts shop\nafter ege\n",
  "needs/shop.conf": "exec true\n",
  "needs/web.conf": "exec true\nneeds redis\nneeds shop\n",
  "no-effect/give-up.conf": "exec a\ngive up event\nrespawn delay 5\n",
  "no-effect/silent.conf": "exec a\nconsole none\nlog limit lines 5\n",
  "no-effect/elsewhere.conf": "exec a\nlog to syslog\nlog rotate keep 3\n",
  "no-effect/unlimited.conf": "exec a\nrespawn\nrespawn limit unlimited\ngive up exit\n",
  "no-effect/ready.conf": "env PORT=80\nready tcp $PRT\nexec a\n",
  "suspect/web.conf": "# comment\nstart on started bd\nstop on db-gone and stopping db\nexec true\n",
  "suspect/db.conf": "emits db-*\nexec true\n",
  "facts/a.conf":
    "start on filesystem and started b and started d\nstop on stop on runlevel [016]\nexec true\n",
  "facts/b.conf": "start on filesystem or startde a\nlimit nofile 20 10\nscript\r\n  true\r\nend script\r\n",
  "facts/b.override": "\nstart on filesystem or started e\n",
  "facts/c.conf": "start on b\nexec a \\\r\n  task\r\nlimit nofile 1024 unlimited\n",
  "facts/d.ts": `import { job, started } from "rouse";
const one = job({ name: "one", startOn: started("b"), exec: "true" });
export default [one, job({
  name: "d",
  startOn: started("nobody"),
  exec: "true",
})];
`,
  "no-effect/twice.conf":
    "env A=1\nlimit nofile 9 9\nenv B=1\nenv A=2\nexec sleep 1\nlimit core 1 1\nlimit nofile 8 8\n" +
    "respawn\nrespawn limit 2 3\nrespawn limit 3 4\npre-start exec true\nexec sleep 2\nscript\n  sleep 3\nend script\n" +
    "pre-start script\n  true\nend script\nnormal exit 1\nnormal exit 2\nexport A\nexport B\nrespawn\n",
  "no-effect/manual.conf": "manual\nstart on startup\nexec sleep 1\n",
  "no-effect/limit.conf": "exec sleep 1\nrespawn limit 3 4\n",
  "no-effect/alive.conf": "exec sleep 1\nready tcp 80\nalive tcp 80\nexpect stop\n",
  "no-effect/never.ts":
    'import { job } from "rouse";\nexport default job({ respawn: { limit: 10, within: "5s" }, exec: "a" });\n',
  "no-effect/steady.conf": "exec a\nrespawn\nrespawn delay 5 factor 1 jitter 0\nrespawn limit 3 15\n",
  "no-effect/and.conf": "env A=b\nexec a && b\n",
  "no-effect/or.conf": "exec a 2>&1 || b\n",
  "no-effect/after.conf": "pre-start exec cd /srv; ls\nexec a\n",
  "no-effect/back.conf": "exec a >log 2>&1 &\n",
  "no-effect/module.ts": 'import { job } from "rouse";\nexport default job({ exec: "a && b" });\n',
  "meant/quoted.conf": 'start on startup\nmanual\nrespawn\nrespawn limit 3 4\nexec sh -c "a && b; c"\n',
  "meant/single.conf": "exec sh -c 'a && b \"' \\; c 'd & e' \"$(f; g && (h; i))\" `j; k`\n",
  "meant/override.conf": "manual\nexec a | b && c\n",
  "meant/override.override": "start on startup\n",
  "meant/limit.ts": `import { job } from "rouse";
export default [
  job({ name: "slow", respawn: { limit: 5, within: "1min" }, exec: "a" }),
  job({ name: "fast", respawn: { limit: 10, within: "5s", delay: 0 }, exec: "a" }),
  job({ name: "last", respawn: true, endsInit: true, exec: "a" }),
];
`,
  "meant/delay.conf": "exec a\nrespawn\nrespawn delay 5 factor 1 jitter 0\nrespawn limit 3 16\n",
  "meant/redirect.conf": "exec a >>log 2>&1 </dev/null &>x ${A:-;} $((1 & 2));\n",
  "words/equals.conf": "exec a\nsetuid=www-data\n",
  "words/variable.conf": "PORT=80\n",
  "defaults/api.ts": `import { job, runlevel } from "rouse";
export default job({
  startOn: runlevel("[2345]"),
  respawn: true,
  async preStart({ $ }) {
    await $\`true\`;
  },
  postStart: { exec: "true" },
  postStop: { exec: "true" },
  exec: "sleep 600",
});
`,
  "defaults/old.ts": `import { job, runlevel } from "rouse";
export default job({ semantics: "upstart", startOn: runlevel("[2345]"), respawn: true, exec: "sleep 600" });
`,
  "defaults/own.conf": "start on startup\nkill mode main\nrespawn\nrespawn limit 3 60\n" +
    "pre-stop exec true\nsemantics rouse\nexec a\n",
  "defaults/classic.conf": "start on runlevel 2\nrespawn\npost-start exec true\nexec a\n",
  "debian/shop.upstart": "exce true\n",
  "debian/db.upstart": "exec true\n",
  "words/import.conf": "import SHILL\n",
  "words/tmpfiles.conf": "tmpfiles /usr/lib/tmpfiles.d/x.conf\n",
  "words/timeout.conf": "exec true\nkill tiemout 5\n",
  "words/signal.conf": "exec true\nkill signal hup\n",
  "words/broken.conf": "exec a \\\r\n  b\r\n",
  "words/more.conf": "usage a b\n",
};

/** Runs a program on the files above; what it wrote has their directory as `@`. */
async function check(words: string[]): Promise<Outcome> {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(join(directory, dirname(name)), { recursive: true });
    writeFileSync(join(directory, name), text);
  }
  const outcome = await run(words, { directory, environment: { PATH: programs() } });
  return { ...outcome, stderr: outcome.stderr.replaceAll(directory, "@") };
}

Deno.test("rouse check: good files, each alone and all together", async () => {
  assert.deepEqual(await check([EXECUTABLE, "check", "good"]), {
    exit: 0,
    stdout: "3 jobs, 0 errors, 0 warnings; 1 with Rouse's defaults (--defaults); " +
      "types not checked: neither deno nor tsc is in PATH\n",
    stderr: "",
  });
  const files = ["good/db.conf", "good/web.conf", "good/web.override", "good/net/shop.ts"];
  assert.deepEqual(await check([EXECUTABLE, "check", "-q", ...files]), { exit: 0, stdout: "", stderr: "" });
});

const ERRORS = {
  "bad/line.conf": /^bad\/line.conf:2: Unknown stanza `frob'\n$/,
  "bad/web.override":
    /^bad\/web.override:3: Unknown stanza `limit nothing'; behind `limit' may stand as, core, .*\n$/,
  "bad/module.ts": /bad\/module.ts:2:38: nice must be a whole number from -20 to 19, not 99\n$/,
  "bad/script.conf": /^bad\/script.conf:\d+: pre-start script: .*syntax error.*\n$/i,
  "bad/check.conf": /^bad\/check.conf:2: ready exec: .*syntax error.*\n$/i,
  "bad/target.conf":
    /^bad\/target.conf:2: Illegal URL, expected http:\/\/ or https:\/\/, and a host, not `foo'\n$/,
  "bad/none.conf": /^bad\/none.conf: No such file or directory\n$/,
  "debian": /^debian\/shop\.upstart:1: Unknown stanza `exce'; did you mean `exec'\?\n$/,
  "debian/shop.upstart": /^debian\/shop\.upstart:1: Unknown stanza `exce'/,
  "words/import.conf": /^words\/import.conf:1: Unknown stanza `import': `import' is ChromeOS's own: /,
  "words/tmpfiles.conf": /^words\/tmpfiles.conf:1: Unknown stanza `tmpfiles': `tmpfiles' is ChromeOS's own: /,
  "words/timeout.conf":
    /^words\/timeout.conf:2: Unknown stanza `kill tiemout'; did you mean `kill timeout'\?\n$/,
  "words/signal.conf": /expected integer, not `hup' on line 2; did you mean `kill signal HUP'\?\n$/,
  "words/broken.conf":
    /^words\/broken.conf:2: Unknown stanza `b': the line before ends in a backslash and CR LF/,
  "words/equals.conf": /:2: Unknown stanza `setuid=www-data': .*; write `setuid www-data'\n$/,
  "words/variable.conf": /:1: Unknown stanza `PORT=80'; did you mean `env PORT=80'\?\n$/,
  "words/more.conf": /^words\/more.conf:1: Unexpected token `b' behind `usage a'\n$/,
  "bad": /line\.conf:2: [^]*override:3: [^]*module\.ts:2:38: [^]*script\.conf:\d+: /,
};

for (const [path, pattern] of Object.entries(ERRORS)) {
  Deno.test(`rouse check: what is wrong with ${path} is told with its place, and fails`, async () => {
    const { exit, stderr } = await check([EXECUTABLE, "check", path]);
    assert.match(stderr, pattern);
    assert.equal(exit, 1);
  });
}

Deno.test("rouse check: a job that cannot start because of what it needs is an error", async () => {
  const { exit, stdout, stderr } = await check([EXECUTABLE, "check", "--notypes", "needs"]);
  assert.equal(exit, 1);
  assert.match(stdout, /^6 jobs, 3 errors, 1 warning;/);
  assert.deepEqual(stderr.replaceAll("@/", "").trim().split("\n").sort(), [
    "needs/api.ts:2: needs: no job is called `redsi' or provides it, so the job cannot start; did you mean `redis'?",
    "needs/egg.conf:2: needs: egg needs hen, hen needs egg, so none of them can start",
    "needs/redis.conf:3: warning: after: no job is called `ege' or provides it; did you mean `egg'?",
    "needs/web.conf:3: needs: redis and shop conflict, so the job cannot start",
  ]);
  // A single file is not all that there is.
  assert.equal((await check([EXECUTABLE, "check", "--notypes", "needs/web.conf"])).exit, 0);
});

Deno.test("rouse check: conditions that can hardly be meant are warnings, and errors with --strict", async () => {
  const told = [
    "start on: no job `bd' is known, so `started bd' never comes; did you mean `db'?",
    "stop on: `stopping db' within an `and' holds `db' up until the other half has been met, too",
  ];
  assert.deepEqual(await check([EXECUTABLE, "check", "suspect"]), {
    exit: 0,
    stdout: "2 jobs, 0 errors, 2 warnings\n",
    stderr: `suspect/web.conf:2: warning: ${told[0]}\nsuspect/web.conf:3: warning: ${told[1]}\n`,
  });
  const strict = await check([EXECUTABLE, "check", "--strict", "suspect"]);
  assert.deepEqual([strict.exit, strict.stderr], [
    1,
    `suspect/web.conf:2: ${told[0]}\nsuspect/web.conf:3: ${told[1]}\n`,
  ]);
  // A file alone does not tell which other jobs there are.
  assert.doesNotMatch((await check([EXECUTABLE, "check", "suspect/web.conf"])).stderr, /known/);
});

Deno.test("rouse check: each fact is one warning, with its line, whoever waits for it", async () => {
  const { stderr } = await check([EXECUTABLE, "check", "--notypes", "facts"]);
  const keeps =
    "`started b' and `started d' within an `and' stay met, each also when its job is stopped or started";
  const cure = (name: string) => `; sed -i 's/\\r$//' facts/${name}`;
  const told = stderr.trimEnd().split("\n").map((line) => line.replace("warning: ", ""));
  assert.deepEqual(told.filter((line) => !line.includes("fs.nr_open")), [
    "facts/a.conf:1: start on: no job says that it `emits filesystem', and init does not emit it either " +
    "(on Ubuntu, mountall(8) did); b waits for it, too",
    `facts/a.conf:1: start on: ${keeps} again in the meantime`,
    "facts/a.conf:2: stop on: the words `stop on' are taken for an event `stop'; did you mean `stop on runlevel [016]'?",
    "facts/b.override:2: start on: no job `e' is known, so `started e' never comes",
    "facts/c.conf:1: start on: no job says that it `emits b', and init does not emit it either; did you mean `started b'?",
    "@/facts/d.ts:5: start on: no job `nobody' is known, so `started nobody' never comes",
    `facts/b.conf:3: script: its lines end in CR LF, and the CR becomes a part of each line's last word${
      cure("b.conf")
    }`,
    `facts/c.conf:2: a backslash before CR LF does not join the line with the next one${cure("c.conf")}`,
    "facts/b.conf:2: limit nofile: the soft limit 20 is above the hard one, 10, so the job fails to start",
  ]);
  // The kernel has a most for files that are open.
  assert.match(stderr, /^facts\/c\.conf:4: warning: limit nofile: unlimited is above \d+, the most that /m);
});

Deno.test("rouse check and convert pass over links that lead in circles, devices and pipes", async () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  for (const name of ["self.conf", "self.upstart", "self.ts", "self"]) {
    symlinkSync(name, join(directory, name));
  }
  symlinkSync("/dev/zero", join(directory, "zero.upstart"));
  symlinkSync(".", join(directory, "here"));
  writeFileSync(join(directory, "web.conf"), "exec true\n");
  const options = { directory, environment: { PATH: programs() } };
  const checked = await run([EXECUTABLE, "check", "--notypes", "."], options);
  assert.match(checked.stdout, /^1 job, /);
  assert.match(checked.stderr, /zero\.upstart: Not a regular file/);
  assert.doesNotMatch(checked.stderr, / at /);
  const converted = await run([EXECUTABLE, "convert", ".", "-o", "new"], options);
  assert.deepEqual(converted, { exit: 0, stdout: "", stderr: "" });
  assert.deepEqual(readdirSync(join(directory, "new")), ["web.ts"]);
  const each = await run([EXECUTABLE, "convert", "self.conf", "web.conf", "-o", "new/again.ts"], options);
  assert.deepEqual(each, {
    exit: 1,
    stdout: "",
    stderr: "rouse: self.conf: Too many levels of symbolic links\n",
  });
  assert.deepEqual(readdirSync(join(directory, "new")), ["again.ts", "web.ts"]);
  assert.deepEqual(await run(["init-checkconf", "self.conf"], options), {
    exit: 1,
    stdout: "",
    stderr: "ERROR: Unable to read self.conf: Too many levels of symbolic links\n",
  });
});

Deno.test("rouse check: what has no effect is warned of, with its place, and what only looks so is not", async () => {
  const { exit, stderr } = await check([EXECUTABLE, "check", "--notypes", "no-effect"]);
  assert.equal(exit, 0);
  const shell = (operator: string) =>
    `what follows \`${operator}' never runs: the shell becomes the first command; write a script`;
  const never = (seconds: number) =>
    `it is never reached: so many respawns are delayed by ${seconds} seconds at least; give more time, or no delay`;
  assert.deepEqual(
    stderr.replaceAll("@/", "").trim().split("\n").sort(),
    [
      `no-effect/after.conf:1: warning: pre-start exec: ${shell(";")}`,
      "no-effect/alive.conf:2: warning: ready: with `expect stop' the job waits for both; one of them is enough",
      "no-effect/alive.conf:2: warning: ready: it is waited for without end; add a `start timeout', " +
      "or `semantics rouse'",
      "no-effect/give-up.conf:2: warning: give up: it has no effect without `respawn'; add that",
      "no-effect/give-up.conf:3: warning: respawn delay: it has no effect without `respawn'; add that",
      "no-effect/unlimited.conf:4: warning: give up: it has no effect where respawns have no limit; " +
      "add `respawn limit'",
      "no-effect/silent.conf:3: warning: log limit: it has no effect with `console none', " +
      "whose output init does not read",
      "no-effect/elsewhere.conf:3: warning: log rotate: there is no file to rotate; add `file' to `log to'",
      "no-effect/ready.conf:2: warning: ready: it is waited for without end; add a `start timeout', " +
      "or `semantics rouse'",
      "no-effect/ready.conf:2: warning: ready: the job has no variable `PRT'; did you mean `PORT'?",
      "no-effect/alive.conf:3: warning: alive: without `respawn' an unhealthy job is not started again but stopped; " +
      "add that, or `then stop'",
      `no-effect/and.conf:2: warning: exec: ${shell("&&")}`,
      "no-effect/back.conf:1: warning: exec: `&' has the command run in the background, " +
      "and the process that init follows ends at once; write a script",
      "no-effect/limit.conf:2: warning: respawn limit: it has no effect without `respawn'; add that",
      `no-effect/steady.conf:4: warning: respawn limit: ${never(15)}`,
      `no-effect/never.ts:2: warning: respawn limit: ${never(72)}`,
      "no-effect/twice.conf:1: warning: env A: it has no effect: that of line 4 counts",
      "no-effect/twice.conf:11: warning: pre-start exec: it has no effect: `pre-start script' of line 16 counts",
      "no-effect/twice.conf:12: warning: exec: it has no effect: `script' of line 13 counts",
      "no-effect/twice.conf:2: warning: limit nofile: it has no effect: that of line 7 counts",
      "no-effect/twice.conf:5: warning: exec: it has no effect: that of line 12 counts",
      "no-effect/twice.conf:9: warning: respawn limit: it has no effect: that of line 10 counts",
      "no-effect/manual.conf:1: warning: manual: it has no effect before a `start on'; write it behind that",
      `no-effect/module.ts: warning: exec: ${shell("&&")}`,
      `no-effect/or.conf:1: warning: exec: ${shell("||")}`,
    ].sort(),
  );
  assert.equal((await check([EXECUTABLE, "check", "--notypes", "meant"])).stderr, "");
});

Deno.test("rouse check: --defaults names the jobs with Rouse's defaults, and what is otherwise with Upstart's", async () => {
  const { exit, stdout } = await check([EXECUTABLE, "check", "--notypes", "--defaults", "defaults"]);
  assert.equal(exit, 0);
  const told = stdout.replaceAll(/^.*\/(?=defaults)/gm, "").split("\n");
  const abort = "a stop, or the end of the main process, aborts it";
  assert.deepEqual(
    told.sort(),
    [
      "",
      "4 jobs, 0 errors, 1 warning",
      `defaults/api.ts: api has Rouse's defaults; \`semantics: "upstart"' gives it Upstart's`,
      "defaults/api.ts: kill mode: what the main process leaves behind goes with it (Upstart's: stays)",
      "defaults/api.ts: start timeout: a start fails that takes more than 90 seconds (Upstart's: may take for ever)",
      "defaults/api.ts:4: respawn delay: a respawn waits for 100 ms, the next ones up to 30 seconds (Upstart's: comes at once)",
      "defaults/api.ts:4: respawn limit: there is none (Upstart's: 10 respawns in 5 seconds)",
      "defaults/api.ts:5: pre-start: a stop aborts it, and when it fails the job is respawned " +
      "(Upstart's: a stop waits for it, and when it fails the job is stopped)",
      `defaults/api.ts:8: post-start: ${abort}, and when it fails the start fails ` +
      "(Upstart's: both wait for it, and how it ends does not matter)",
      "defaults/api.ts:9: post-stop: the time limit of a start aborts it, and fails the stop (Upstart's: is waited for)",
      "defaults/own.conf: own has Rouse's defaults; `semantics upstart' gives it Upstart's",
      "defaults/own.conf: respawn delay: a respawn waits for 100 ms, the next ones up to 30 seconds (Upstart's: comes at once)",
      "defaults/own.conf:5: pre-stop: the end of the main process aborts it, and the time limit of a start (Upstart's: is waited for)",
    ].sort(),
  );
  assert.equal(
    (await check([EXECUTABLE, "check", "-s", "--defaults", "good/web.conf"])).stdout,
    "1 job, 0 errors, 0 warnings\n",
  );
});

Deno.test("rouse check: a module that waits for a runlevel, where no job sets one", async () => {
  const outcome = await check([EXECUTABLE, "check", "--notypes", "defaults"]);
  assert.deepEqual([outcome.stdout, outcome.stderr], [
    "4 jobs, 0 errors, 1 warning; 2 with Rouse's defaults (--defaults)\n",
    "@/defaults/api.ts:3: warning: start on: in a container, and for a user, nobody sets a runlevel, " +
    "so `runlevel' never comes by itself; wait for `startup' there\n",
  ]);
});

Deno.test("rouse check: --noscript, --help and wrong arguments", async () => {
  assert.equal((await check([EXECUTABLE, "check", "-s", "bad/script.conf"])).exit, 0);
  const help = await check([EXECUTABLE, "check", "--help"]);
  assert.match(help.stdout, /^Usage: rouse check [^]*Exit status:/);
  assert.equal(help.exit, 0);
  for (const words of [[], ["--frob", "good"]]) {
    const { exit, stderr } = await check([EXECUTABLE, "check", ...words]);
    assert.match(stderr, /^rouse check: [^]*Try `rouse check --help'/);
    assert.equal(exit, 2);
  }
});

Deno.test("init-checkconf takes the options and gives the answers of Upstart's", async () => {
  const good = { exit: 0, stdout: "File good/db.conf: syntax ok\n", stderr: "" };
  for (
    const words of [["good/db.conf"], ["-f", "good/db.conf"], [
      "-d",
      "-x",
      "/x",
      "--initctl-path=/y",
      "--file=good/db.conf",
    ]]
  ) {
    assert.deepEqual(await check(["init-checkconf", ...words]), good);
  }
  assert.deepEqual(await check(["init-checkconf", "bad/line.conf"]), {
    exit: 1,
    stdout: "",
    stderr: "ERROR: File bad/line.conf: syntax invalid:\nline.conf:2: Unknown stanza\n",
  });
  for (const words of [["good/db.conf", "bad/line.conf"], ["-f", "good/db.conf", "bad/line.conf"]]) {
    assert.deepEqual(await check(["init-checkconf", ...words]), {
      exit: 1,
      stdout: "",
      stderr: "ERROR: One file only, not bad/line.conf as well; rouse check takes several\n",
    });
  }
  for (const words of [[], ["nowhere.conf"], ["good"]]) {
    const { exit, stderr } = await check(["init-checkconf", ...words]);
    assert.match(stderr, /^ERROR: (Must specify configuration file|File \S+ does not exist)\n$/);
    assert.equal(exit, 1);
  }
});
