/** Logs in a directory that somebody else may write: root writes to no file but its own, by no way that others have laid. */

import assert from "node:assert/strict";
import { NamespaceInit, NAMESPACES_POSSIBLE } from "../support/namespace.ts";
import { until } from "../support/deadline.ts";

const ignore = !NAMESPACES_POSSIBLE;

const AS_NOBODY = 'nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }\nset -e\n';

/** What a job prints, and nobody must get to read or have elsewhere. */
const SECRET = "the secret";

/** What somebody else does before the job prints, by the job's name. */
const ATTACKS: Record<string, string> = {
  link: "nobody ln -s @DIR@/victim @DIR@/theirs/log/link.log",
  dangling: "nobody ln -s @DIR@/made @DIR@/theirs/log/dangling.log",
  // Where the kernel does not protect hard links, anybody can do that.
  hard: "ln @DIR@/victim @DIR@/theirs/log/hard.log",
  theirs: "nobody sh -c 'echo mine > @DIR@/theirs/log/theirs.log; chmod 666 @DIR@/theirs/log/theirs.log'",
  fifo: "nobody mkfifo -m 666 @DIR@/theirs/log/fifo.log",
  device: "mknod @DIR@/theirs/log/device.log c 1 3",
};

/** An init with tasks that print it. The directory of its logs lies in one that is somebody else's, who attacks then. */
async function attacked(jobs: readonly string[], attack: string): Promise<NamespaceInit> {
  const init = await NamespaceInit.start(
    Object.fromEntries(jobs.map((name) => [`${name}.conf`, `task\nexec echo ${SECRET}\n`])),
  );
  await shell(
    init,
    `chmod 755 @DIR@; mkdir @DIR@/theirs; mv @DIR@/log @DIR@/theirs/log; ln -s theirs/log @DIR@/log
    echo untouched > @DIR@/victim; chmod 666 @DIR@/victim; chown -R nobody: @DIR@/theirs\n${attack}`,
  );
  return init;
}

async function shell(init: NamespaceInit, script: string): Promise<string> {
  const { exit, stdout, stderr } = await init.shell(AS_NOBODY + script);
  assert.equal(exit, 0, stderr);
  return stdout;
}

Deno.test({
  name: "logs are not written through others' links, hard links, files, pipes and devices",
  ignore,
  async fn() {
    const jobs = [...Object.keys(ATTACKS), "honest"];
    await using init = await attacked(jobs, Object.values(ATTACKS).join("\n"));
    for (const job of jobs) await init.ask("start", job);
    await until("an honest log is written", () => init.read("theirs/log/honest.log") === `${SECRET}\r\n`);
    for (const job of Object.keys(ATTACKS)) {
      await until(`the log of ${job} is told of:\n${init.messages()}`, () => {
        return new RegExp(`log/${job}\\.log`).test(init.messages()) || job === "link" || job === "dangling";
      });
    }
    assert.equal(init.read("victim"), "untouched\n");
    assert.equal(init.read("made"), "");
    assert.equal(init.read("theirs/log/theirs.log"), "mine\n");
    assert.match(
      init.messages(),
      /hard\.log: unable to write: others can write its directory, and could have made it; its lines are kept/,
    );
  },
});

Deno.test({
  name: "a log directory that somebody else has put a link in place of has nothing made where that leads",
  ignore,
  async fn() {
    await using init = await attacked(["before", "after"], "mkdir @DIR@/etc");
    await init.ask("start", "before");
    await until("the log is written", () => init.read("theirs/log/before.log") !== "");
    await shell(init, "nobody mv @DIR@/theirs/log @DIR@/theirs/old; nobody ln -s ../etc @DIR@/theirs/log");
    for (const job of ["before", "after"]) await init.ask("start", job);
    // What was kept is written once the directory is there again.
    await shell(init, "nobody rm @DIR@/theirs/log; nobody mv @DIR@/theirs/old @DIR@/theirs/log");
    for (const job of ["before", "after"]) await init.ask("start", job);
    await until(
      "all lines are there",
      () =>
        ["before", "after"].map((job) => init.read(`theirs/log/${job}.log`).split(SECRET).length - 1)
          .join() === "3,2",
    );
    assert.equal(await shell(init, "ls @DIR@/etc"), "");
  },
});
