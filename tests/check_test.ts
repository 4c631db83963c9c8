/** `rouse check` and init-checkconf: job files without a running init. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
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
  "doubtful/web.conf": "# comment\nstart on started bd\nstop on db-gone and stopping db\nexec true\n",
  "doubtful/db.conf": "emits db-*\nexec true\n",
};

/** Runs a program on the files above; what it wrote has their directory as `@`. */
async function check(words: string[]): Promise<Outcome> {
  const directory = mkdtempSync(join(tmpdir(), "rouse-check."));
  try {
    for (const [name, text] of Object.entries(FILES)) {
      mkdirSync(join(directory, dirname(name)), { recursive: true });
      writeFileSync(join(directory, name), text);
    }
    const outcome = await run(words, { directory, environment: { PATH: programs() } });
    return { ...outcome, stderr: outcome.stderr.replaceAll(directory, "@") };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

Deno.test("rouse check: good files, each alone and all together", async () => {
  assert.deepEqual(await check([EXECUTABLE, "check", "good"]), {
    exit: 0,
    stdout: "3 jobs, 0 errors, 0 warnings; types not checked: neither deno nor tsc is in PATH\n",
    stderr: "",
  });
  const files = ["good/db.conf", "good/web.conf", "good/web.override", "good/net/shop.ts"];
  assert.deepEqual(await check([EXECUTABLE, "check", "-q", ...files]), { exit: 0, stdout: "", stderr: "" });
});

const ERRORS = {
  "bad/line.conf": /^bad\/line.conf:2: Unknown stanza\n$/,
  "bad/web.override": /^bad\/web.override:3: Unknown stanza\n$/,
  "bad/module.ts": /bad\/module.ts:2:38: nice must be a whole number from -20 to 19, not 99\n$/,
  "bad/script.conf": /^bad\/script.conf:\d+: pre-start script: .*syntax error.*\n$/i,
  "bad/none.conf": /^bad\/none.conf: No such file or directory\n$/,
  "bad": /line\.conf:2: [^]*override:3: [^]*module\.ts:2:38: [^]*script\.conf:\d+: /,
};

for (const [path, pattern] of Object.entries(ERRORS)) {
  Deno.test(`rouse check: what is wrong with ${path} is told with its place, and fails`, async () => {
    const { exit, stderr } = await check([EXECUTABLE, "check", path]);
    assert.match(stderr, pattern);
    assert.equal(exit, 1);
  });
}

Deno.test("rouse check: doubts about conditions are warnings, and errors with --strict", async () => {
  const told = [
    "start on: no job `bd' is known, so `started bd' never comes",
    "stop on: `stopping db' within an `and' holds `db' up until the other half has been met, too",
  ];
  assert.deepEqual(await check([EXECUTABLE, "check", "doubtful"]), {
    exit: 0,
    stdout: "2 jobs, 0 errors, 2 warnings\n",
    stderr: `doubtful/web.conf:2: warning: ${told[0]}\ndoubtful/web.conf:3: warning: ${told[1]}\n`,
  });
  const strict = await check([EXECUTABLE, "check", "--strict", "doubtful"]);
  assert.deepEqual([strict.exit, strict.stderr], [
    1,
    `doubtful/web.conf:2: ${told[0]}\ndoubtful/web.conf:3: ${told[1]}\n`,
  ]);
  // A file alone does not tell which other jobs there are.
  assert.doesNotMatch((await check([EXECUTABLE, "check", "doubtful/web.conf"])).stderr, /known/);
});

Deno.test("rouse check: --noscript, --help and wrong arguments", async () => {
  assert.equal((await check([EXECUTABLE, "check", "-s", "bad/script.conf"])).exit, 0);
  const help = await check([EXECUTABLE, "check", "--help"]);
  assert.match(help.stdout, /^Usage: rouse check [^]*Exit status:/);
  assert.equal(help.exit, 0);
  for (const words of [[], ["--frob", "good"]]) {
    const { exit, stderr } = await check([EXECUTABLE, "check", ...words]);
    assert.match(stderr, /^rouse: [^]*Try `rouse check --help'/);
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
  for (const words of [[], ["nowhere.conf"], ["good"]]) {
    const { exit, stderr } = await check(["init-checkconf", ...words]);
    assert.match(stderr, /^ERROR: (Must specify configuration file|File \S+ does not exist)\n$/);
    assert.equal(exit, 1);
  }
});
