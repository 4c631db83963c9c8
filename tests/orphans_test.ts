/** What becomes process 1's child when its parent is gone. */

import assert from "node:assert/strict";
import { Container, CONTAINERS_POSSIBLE } from "./support/container.ts";
import { until } from "./support/deadline.ts";
import { childrenOf } from "./support/processes.ts";

const ORPHANS = 10_000, TASKS = 200;

Deno.test({
  name: `${ORPHANS} orphans are reaped, and no end of a job's process is missed among them`,
  ignore: !CONTAINERS_POSSIBLE,
  async fn() {
    const jobs = {
      "task.conf": "instance $N\ntask\nexec true\npost-stop exec echo ended\n",
      // The subshell ends without waiting for its child.
      "orphans.conf": "start on startup\ntask\nscript\n  i=0\n" +
        `  while [ $i -lt ${ORPHANS} ]; do i=$((i + 1)); ( : & ); done\n  echo all orphans\nend script\n`,
      "tasks.conf": "start on startup\ntask\nscript\n  i=0\n" +
        `  while [ $i -lt ${TASKS} ]; do\n    i=$((i + 1))\n    /proc/1/exe initctl start task N=$i\n  done\n` +
        "  echo all tasks\nend script\n",
    };
    const files = Object.entries(jobs).map(([name, text]) =>
      `cat > /run/jobs/${name} <<'END OF FILE'\n${text}END OF FILE\n`
    );
    using container = new Container(["init", "--confdir", "/run/jobs"], {
      prepare: `mkdir /run/jobs\n${files.join("")}`,
    });
    // `start` comes back when a task is over: none of these ends could have been missed. There are machines on which a fork
    // takes ten milliseconds.
    await until(
      "all are over",
      () => /all orphans/.test(container.stdout) && /all tasks/.test(container.stdout),
      400_000,
    );
    assert.equal(container.stdout.match(/^ended$/mg)?.length, TASKS);
    assert.equal(container.stdout.match(/^task stop\/waiting$/mg)?.length, TASKS);
    const pid = await container.pid();
    // Zombies are children, too.
    await until("all orphans are reaped", () => childrenOf(pid).length === 0);
    const { stdout } = await container.run("/bin/sh", "-c", "exec /proc/1/exe initctl list | sort");
    assert.equal(stdout, "orphans stop/waiting\ntask stop/waiting\ntasks stop/waiting\n");
  },
});
