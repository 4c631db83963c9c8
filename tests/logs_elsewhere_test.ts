/** `initctl logs` and `events` in a container, and of an init without root's rights: what is kept, and who may read it. */

import assert from "node:assert/strict";
import { until } from "./support/deadline.ts";
import { Container, CONTAINERS_POSSIBLE } from "./support/container.ts";
import { RunningInit } from "./support/init.ts";
import { installed, programs, unprivilegedPrograms } from "./support/programs.ts";

const JOBS = {
  "web.conf": "start on started main\nscript\necho hello\nexec sleep 600\nend script\n",
  "bad.conf": 'pre-start exec sh -c "echo cannot bind; exit 1"\nexec sleep 600\n',
  "log.conf": 'console log\ntask\nexec sh -c "echo into a file"\n',
};

/** Shell that writes job files. */
const PREPARED = "mkdir /run/jobs\n" +
  Object.entries(JOBS).map(([name, text]) => `printf '${text}' > /run/jobs/${name}\n`).join("");

Deno.test({
  name:
    "in a container logs has the lines of all jobs, of failed starts and of what has been stopped, without a file",
  ignore: !CONTAINERS_POSSIBLE,
  async fn() {
    const command = [
      "run",
      "--confdir",
      "/run/jobs",
      "--logdir",
      "/run/log",
      "--default-console",
      "output",
      "--",
    ];
    using container = new Container([
      ...command,
      "/bin/sh",
      "-c",
      "echo the entrypoint speaks; exec sleep 600",
    ], {
      prepare: PREPARED,
    });
    await container.printed(/hello/);
    await container.printed(/the entrypoint speaks/);
    const initctl = (...words: string[]) => container.run("/proc/1/exe", "initctl", ...words);
    const logs = async (...words: string[]) => (await initctl("logs", ...words)).stdout;
    assert.equal(await logs("main"), "the entrypoint speaks\n");
    assert.equal(await logs("web"), "hello\n");
    assert.equal((await initctl("start", "bad")).exit, 1);
    assert.equal(await logs("bad"), "cannot bind\n");
    await initctl("stop", "web");
    assert.equal(await logs("web"), "hello\n");
    await initctl("start", "log");
    await until("its line is there", async () => await logs("log") === "into a file\n");
    assert.deepEqual((await logs()).trimEnd().split("\n").sort(), [
      "bad | cannot bind",
      "log | into a file",
      "main | the entrypoint speaks",
      "web | hello",
    ]);
    assert.match(
      (await initctl("events", "bad", "--kind", "failed")).stdout,
      /bad: pre-start failed: exit status 1 after/,
    );
    assert.match((await initctl("status", "--long", "bad")).stdout, /\n\ncannot bind\n$/);
  },
});

Deno.test({
  name: "of an init without root's rights its own user reads all, and nobody else asks it",
  ignore: Deno.uid() !== 0 || !installed("setpriv"),
  async fn() {
    using folder = unprivilegedPrograms();
    await using init = await RunningInit.start({
      programs: folder.path,
      jobs: {
        "web.conf": "script\necho hello\nexec sleep 600\nend script\n",
        "bad.conf": JOBS["bad.conf"],
      },
    });
    await init.ask("start", "web");
    await init.until(["logs", "web"], "hello\n");
    assert.equal((await init.initctl("start", "bad")).exit, 1);
    assert.equal(await init.ask("logs", "bad"), "cannot bind\n");
    assert.match(await init.ask("events", "--kind", "failed"), /bad: pre-start failed: exit status 1 after/);
    const as = (user: string[], ...words: string[]) => init.run([...user, `${programs()}/initctl`, ...words]);
    const stranger = ["setpriv", "--reuid=23456", "--regid=23456", "--clear-groups"];
    // The user could have anything listen there, so not even root believes it.
    for (const user of [[], stranger]) {
      for (const command of ["logs", "events"]) {
        const refused = await as(user, command, "web");
        assert.deepEqual([refused.exit, refused.stdout], [1, ""]);
        assert.match(
          refused.stderr,
          /^initctl: .*process \d+ of user 12345 listens there, who is neither root nor you/,
        );
      }
    }
  },
});
