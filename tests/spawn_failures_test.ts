/** Processes that cannot be started: which file and why is told, to who reads init's messages and to who called start. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { contain, CONTAINERS_POSSIBLE } from "./support/container.ts";
import { RunningInit } from "./support/init.ts";
import { installed } from "./support/programs.ts";
import { untilStill } from "./support/threads.ts";

Deno.test("who called start is told why, below the sentence that scripts know", async () => {
  await using init = await RunningInit.start({
    jobs: { "tool.conf": "exec @DIR@/tool --port 80\n", "task.conf": "task\nstart on go\nexec @DIR@/tool\n" },
  });
  await init.until(["status", "tool"], "tool stop/waiting\n");
  await init.shell("printf '#!/bin/sh\\n' > tool");
  const tool = `${init.directory}/tool`;
  const reason =
    `Failed to spawn tool main process: unable to execute ${tool}: Permission denied (it is not executable)\n`;
  const failed = (message: string) => ({ exit: 1, stdout: "", stderr: message });
  assert.deepEqual(await init.initctl("start", "tool"), failed(`initctl: Job failed to start\n${reason}`));
  assert(init.messages().endsWith(`init: ${reason}`));
  await init.shell("printf '#!/no/such/python\\n' > tool; chmod 755 tool");
  const { stderr } = await init.initctl("start", "tool");
  assert.match(
    stderr,
    /tool: No such file or directory \(its interpreter \/no\/such\/python is not there\)\n$/,
  );
  assert.equal((await init.initctl("emit", "go")).stderr, "initctl: Event failed\n");
  await init.shell("printf '#!/bin/sh\\nexec sleep 600\\n' > tool");
  assert.equal((await init.initctl("start", "tool")).exit, 0);
  await init.shell("printf '#!/no/such/python\\n' > tool");
  assert.match(
    (await init.initctl("restart", "tool")).stderr,
    /^initctl: Job failed to restart\nFailed to spawn tool/,
  );
});

Deno.test("for a TypeScript job every step names what it is about; a classic file's has Upstart's words", async () => {
  const typescript = (fields: string) =>
    `import { job } from "rouse";\nexport default job({ ${fields}, exec: "true" });\n`;
  const jobs = {
    "chdir.ts": typescript('chdir: "/nowhere"'),
    "chroot.ts": typescript('chroot: "/nowhere"'),
    "limit.ts": typescript("limit: { core: [2, 1] }"),
    "user.ts": typescript('user: "nobody-here"'),
    "group.ts": typescript('group: "nobody-here"'),
    "classic.conf": "chdir /nowhere\nexec true\n",
    "dollar.ts": typescript('env: { A: "1" }').replace('"true"', '["sh", "-c", "echo $A $NAME"]'),
    "plain.ts": `import { job } from "rouse";\n` +
      'export default job({ task: true, exec: ["sh", "-c", "for i in 1; do test ${}i = 1; done"] });\n',
  };
  const reasons = {
    chdir: "unable to change working directory to /nowhere: No such file or directory",
    chroot: "unable to change root directory to /nowhere: No such file or directory",
    limit:
      'unable to set "core" resource limit to soft 2, hard 1: Invalid argument (the soft limit is above the hard one)',
    user: "unable to find setuid user nobody-here",
    group: "unable to find setgid group nobody-here",
    dollar:
      "Unknown parameter: NAME in the argument `echo $A $NAME'; for a dollar sign that the program itself is to " +
      "see, write ${}",
  };
  await using init = await RunningInit.start({ jobs });
  for (const [name, reason] of Object.entries(reasons)) {
    await init.until(["status", name], `${name} stop/waiting\n`);
    const sentence = `Failed to spawn ${name} main process: ${reason}\n`;
    assert.equal((await init.initctl("start", name)).stderr, `initctl: Job failed to start\n${sentence}`);
    assert(init.messages().endsWith(`init: ${sentence}`), init.messages());
  }
  assert.equal((await init.initctl("start", "plain")).exit, 0);
  assert.equal((await init.initctl("start", "classic")).stderr, "initctl: Job failed to start\n");
  assert(init.messages().endsWith("unable to change working directory: No such file or directory\n"));
});

Deno.test({
  name: "a file system that is mounted noexec is told",
  ignore: !CONTAINERS_POSSIBLE,
  async fn() {
    const { exit, stderr } = await contain(["run", "--", "/mnt/tool"], {
      prepare: "mount -t tmpfs -o noexec none /mnt; printf '#!/bin/sh\\n' > /mnt/tool; chmod 755 /mnt/tool",
    });
    assert.equal(exit, 126);
    assert.match(
      stderr,
      /unable to execute \/mnt\/tool: Permission denied \(it is on a file system that is mounted noexec\)\n/,
    );
  },
});

/** Runs something while init can open no descriptor. */
async function withoutDescriptors(init: RunningInit, act: () => Promise<unknown>): Promise<void> {
  const limit = (descriptors: number) => init.shell(`prlimit --pid ${init.pid} --nofile=${descriptors}:`);
  // The client that was answered last has its descriptor still.
  await untilStill(() => [init.pid]);
  let free = 0;
  while (existsSync(`/proc/${init.pid}/fd/${free}`)) free++;
  await limit(free);
  await act();
  await limit(1024);
}

Deno.test({
  name: "a service that dies while init is short of descriptors is respawned when there are some",
  ignore: !installed("prlimit"),
  async fn() {
    await using init = await RunningInit.start({
      jobs: { "web.conf": "respawn\nrespawn limit unlimited\nexec sleep 600\n" },
    });
    await init.until(["status", "web"], "web stop/waiting\n");
    const pid = /process (\d+)/.exec(await init.ask("start", "web"))![1]!;
    await withoutDescriptors(init, async () => {
      await init.shell(`kill -9 ${pid}`);
      await init.untilMessage(/Failed to spawn web main process for now, trying again/);
    });
    const again = await init.until(["status", "web"], /^web start\/running/);
    assert.notEqual(/process (\d+)/.exec(again)![1], pid);
    assert.equal((await init.initctl("stop", "web")).exit, 0);
    assert.doesNotMatch(init.messages(), /Internal error|Failed to do/);
  },
});

Deno.test({
  name: "no process is started without its terminal or its log while init is short of descriptors",
  ignore: !installed("prlimit"),
  async fn() {
    // A script would be put into a file in memory first, for which there is no descriptor either.
    const script = "exec sh -c '[ ! -t 1 ] || echo to a terminal; echo said; exec sleep 600'\n";
    const respawn = "respawn\nrespawn limit unlimited\n";
    await using init = await RunningInit.start({
      jobs: { "web.conf": respawn + script, "piped.conf": `${respawn}console pipe\n${script}` },
    });
    for (const job of ["web", "piped"]) {
      await init.until(["status", job], `${job} stop/waiting\n`);
      const pid = /process (\d+)/.exec(await init.ask("start", job))![1]!;
      await withoutDescriptors(init, async () => {
        await init.shell(`kill -9 ${pid}`);
        await init.untilMessage(new RegExp(`Failed to spawn ${job} main process for now, trying again: .+`));
      });
    }
    const lines = ["to a terminal", "said"];
    assert.deepEqual(await init.untilLines("log/web.log", 4), [...lines, ...lines]);
    assert.deepEqual(await init.untilLines("log/piped.log", 2), ["said", "said"]);
    assert.doesNotMatch(init.messages(), /output is lost|through pipes/);
  },
});
