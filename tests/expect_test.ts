/** Real daemons under `expect fork` and `expect daemon`, right and wrong ones: each ends up followed, and none stuck. */

import assert from "node:assert/strict";
import { RunningInit } from "./support/init.ts";
import { installed } from "./support/programs.ts";

/** A daemon: DIR FORKS DELAY LINGER SETSID. Each parent lingers before it ends; the last process writes its number. */
const DAEMON = `
import os, sys, time
directory, forks, delay, linger, setsid = sys.argv[1], *map(float, sys.argv[2:])
for count in range(int(forks)):
    time.sleep(delay)
    if os.fork():
        time.sleep(linger)
        os._exit(0)
    if count == 0 and setsid:
        os.setsid()
with open(directory + "/pid." + os.environ["UPSTART_JOB"], "w") as file:
    file.write("%d\\n" % os.getpid())
time.sleep(600)
`;

const STYLES: Record<string, [delay: number, linger: number, setsid: number]> = {
  plain: [0, 0, 0],
  session: [0, 0, 1],
  "parents outlive children": [0, 0.2, 1],
  slow: [0.2, 0, 1],
};

const EXPECTED = { fork: 1, daemon: 2 } as const;

/** A job for each way of forking, with the wrong numbers too. */
const CASES = Object.entries(EXPECTED).flatMap(([expect, expected]) =>
  [0, 1, 2, 3].flatMap((forks) =>
    Object.entries(STYLES).map(([style, numbers], index) => {
      const name = `${expect}-${forks}-${index}`;
      const text = `expect ${expect}\nkill timeout 2\n` +
        `exec python3 @DIR@/conf/daemon.py @DIR@ ${forks} ${numbers.join(" ")}\n`;
      return { name, style, expect, expected, forks, hasSession: numbers[2] === 1, text };
    })
  )
);

Deno.test({
  name: "daemons that fork 0 to 3 times, quickly and slowly, are all followed and stopped",
  ignore: !installed("python3"),
  async fn(test) {
    const jobs = Object.fromEntries(CASES.map(({ name, text }) => [`${name}.conf`, text]));
    await using init = await RunningInit.start({ jobs: { ...jobs, "daemon.py": DAEMON } });
    await Promise.all(CASES.map(async ({ name, expect, expected, forks, hasSession, style }) => {
      await test.step({
        name: `expect ${expect}: ${forks} forks, ${style}`,
        sanitizeOps: false,
        sanitizeResources: false,
        sanitizeExit: false,
        async fn() {
          assert.equal((await init.initctl("start", name)).exit, 0);
          const [pid] = await init.untilLines(`pid.${name}`, 1);
          // One fork too many may come after the job has been taken for started.
          const status = await init.until(
            ["status", name],
            new RegExp(`^${name} start/running, process ${pid}\\n`),
          );
          const [, note = ""] = status.split("\n");
          // Of two quick forks one may go unseen, unless the daemon makes a session in between, as daemons do.
          if (forks === expected) assert(note === "" || (!hasSession && forks === 2), note);
          else if (forks < expected) {
            const words = `${expected} fork${expected === 1 ? "" : "s"} expected, ${forks || "none"} seen`;
            assert.equal(note, `\texpect ${expect}: ${words}`);
          }
          const stop = await init.initctl("stop", name);
          assert.deepEqual([stop.exit, stop.stdout], [0, `${name} stop/waiting\n`]);
          assert.equal((await init.shell(`kill -0 ${pid}`)).exit, 1, "nothing of the daemon is left");
        },
      });
    }));
  },
});
