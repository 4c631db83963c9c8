/** Real daemons under `expect fork` and `expect daemon`, right and wrong ones: each ends up followed, and none stuck. */

import assert from "node:assert/strict";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { procFile } from "./support/processes.ts";
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
      // One that forks too seldom is waited for so long; one that forks too often may take so long for it.
      const text = `expect ${expect}\nkill timeout ${forks < expected ? 5 : 600}\n` +
        `exec python3 @DIR@/conf/daemon.py @DIR@ ${forks} ${numbers.join(" ")}\n`;
      return { name, style, expect, expected, forks, hasSession: numbers[2] === 1, text };
    })
  )
);

/**
 * What status may say of the forks that were seen. Of quick ones some may go unseen, but not the first; and where a
 * daemon makes a session, as daemons do, none up to those that are expected, and of more no more than one.
 */
function possibleNotes(
  { expect, expected, forks, hasSession }: Omit<typeof CASES[number], "name" | "style" | "text">,
): string[] {
  const least = hasSession ? Math.min(forks, Math.max(expected, forks - 1)) : Math.min(forks, 1);
  return Array.from({ length: forks - least + 1 }, (_, index) => {
    const seen = least + index;
    const words = `${expected} fork${expected === 1 ? "" : "s"} expected, ${seen || "none"} seen`;
    return seen === expected ? "" : `\texpect ${expect}: ${words}`;
  });
}

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
          assert(possibleNotes({ expect, expected, forks, hasSession }).includes(note), note);
          const stop = await init.initctl("stop", name);
          assert.deepEqual([stop.exit, stop.stdout], [0, `${name} stop/waiting\n`]);
          assert.equal((await init.shell(`kill -0 ${pid}`)).exit, 1, "nothing of the daemon is left");
        },
      });
    }));
  },
});

/** Programs that leave a process behind in a way that tells at once that it is the last: no time limit ends the wait. */
const SHAPES: Record<string, string> = {
  "a shell's background process": "sleep 600 &",
  "one below a shell of its own": "(sleep 600 &)",
  "one in two shells": "(sh -c 'sleep 600 & exit' &)\nsleep 0.1",
  "one with a session": "setsid sleep 600 &",
  "one with a session, below a shell": "(setsid sleep 600 &)",
  "one that hangs up": "nohup sleep 600 >/dev/null 2>&1 &",
};

for (const expect of ["fork", "daemon"] as const) {
  Deno.test(`expect ${expect}: a process that runs a program of its own is the service, whoever forked it`, async () => {
    const name = (index: number) => `shape-${index}`;
    const jobs = Object.values(SHAPES).map((script, index) => [
      `${name(index)}.conf`,
      `expect ${expect}\nkill timeout 1000\nscript\n${script}\nend script\n`,
    ]);
    await using init = await RunningInit.start({ jobs: Object.fromEntries(jobs) });
    for (const [index, shape] of Object.keys(SHAPES).entries()) {
      await init.until(["status", name(index)], `${name(index)} stop/waiting\n`);
      const { exit, stdout } = await init.initctl("start", name(index));
      assert.equal(exit, 0, shape);
      const pid = /^shape-\d start\/running, process (\d+)\n$/.exec(stdout)?.[1];
      assert(pid, `${shape}: ${stdout}`);
      await until(
        `${shape}: it is the service`,
        () => procFile(Number(pid), "cmdline").endsWith("sleep\x00600\x00"),
      );
      assert.deepEqual(init.processesOf(name(index)), [Number(pid)], `${shape}: nothing else is left`);
      assert.equal((await init.initctl("stop", name(index))).exit, 0);
    }
    assert.doesNotMatch(init.messages(), /not seen|forked again/);
  });
}

Deno.test({
  name: "expect daemon: one that makes no session is taken for the service soon, and what was seen is told",
  ignore: !installed("python3"),
  async fn() {
    const text = "expect daemon\nkill timeout 1000\nexec python3 @DIR@/conf/daemon.py @DIR@ 2 0 0 0\n";
    await using init = await RunningInit.start({ jobs: { "plain.conf": text, "daemon.py": DAEMON } });
    await init.until(["status", "plain"], "plain stop/waiting\n");
    assert.equal((await init.initctl("start", "plain")).exit, 0);
    const [pid] = await init.untilLines("pid.plain", 1);
    const note = "\texpect daemon: 2 forks expected, 1 seen\n";
    await init.until(["status", "plain"], new RegExp(`^plain start/running, process ${pid}\n(${note})?$`));
    await init.initctl("stop", "plain");
  },
});
