/** What a machine does from its boot to its end, and how each step shows that it went well. */

import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { SIGHUP, SIGINT } from "../../../lib/model/signals.ts";
import { recordedRunlevel } from "../../../lib/sys/utmp/records.ts";
import { until } from "../../support/deadline.ts";
import type { RootMachine } from "../../support/root_machine.ts";
import { followCourse, inWords, type Step, takeSteps } from "../../support/root_task.ts";
import { type InitName, startMachine } from "./machine.ts";
import { serves, SERVICES, untilAllServe } from "./services.ts";

/** How long a change of the runlevel may take, in ms. Busy machines take minutes. */
const PATIENCE = 300_000;

const ALL = Object.keys(SERVICES);
/** The one that is killed. */
const VICTIM = "redis-server";

/** The output of a line of shell that has to succeed. */
async function ask(machine: RootMachine, line: string): Promise<string> {
  const { exit, stdout, stderr } = await machine.shell(line, PATIENCE);
  assert.equal(exit, 0, `${line}: ${stdout}${stderr}`);
  return stdout.trimEnd();
}

/**
 * Waits until this runlevel is on record, behind that one. No program is run for it: scripts of runlevel 1 stop and end
 * all processes.
 */
async function reaches(machine: RootMachine, previous: string, runlevel: string): Promise<void> {
  const isReached = () =>
    isDeepStrictEqual(recordedRunlevel(machine.path("/run/utmp")), { previous, runlevel });
  await until(`the runlevel is ${runlevel}`, isReached, PATIENCE);
}

/** Steps that any init has to go through. */
const COMMON: Readonly<Record<string, Step<RootMachine>>> = {
  "every service serves": async (machine) => inWords(await untilAllServe(machine, machine.began(), PATIENCE)),
  "the runlevel is 2": async (machine) => {
    await reaches(machine, "N", "2");
    assert.equal(await ask(machine, "runlevel"), "N 2");
    assert.match(await ask(machine, "who -r"), /run-level 2 .*last=S$/);
  },
  "services answer their clients": async (machine) => {
    assert.match(await ask(machine, "curl -sS -o /dev/null -w '%{http_code}' http://127.0.0.1/"), /^200$/);
    assert.equal(await ask(machine, "redis-cli ping"), "PONG");
    assert.equal(await ask(machine, "su postgres -c 'psql -Atc \"select 6 * 7\"'"), "42");
    await ask(machine, "logger -t course of the test");
    await until(
      "the line is in the log",
      () => machine.written("var/log/syslog").includes("course: of the test"),
    );
  },
  "service --status-all knows them": async (machine) => {
    const list = await ask(machine, "service --status-all 2>&1");
    for (const name of ALL) assert.match(list, new RegExp(`^ \\[ \\+ \\]  ${name}$`, "m"), list);
  },
  "a killed daemon is dead, and can be started": async (machine) => {
    await ask(machine, `kill -KILL $(cat /run/redis/redis-server.pid)`);
    await until(`${VICTIM} is gone`, async () => !await serves(machine, VICTIM));
    await until(
      "its script says so",
      async () => (await machine.shell(`service ${VICTIM} status`)).exit !== 0,
    );
    await ask(machine, `service ${VICTIM} start`);
    await untilAllServe(machine, machine.began(), PATIENCE, [VICTIM]);
  },
  "telinit 1 ends them": async (machine) => {
    await ask(machine, "telinit 1");
    // The script `single` of that runlevel has init go on to S.
    await reaches(machine, "1", "S");
    for (const name of ALL) {
      await until(`${name} is down`, async () => !await serves(machine, name), PATIENCE);
    }
  },
  "telinit 2 brings them back": async (machine) => {
    await ask(machine, "telinit 2");
    await reaches(machine, "S", "2");
    await untilAllServe(machine, machine.began(), PATIENCE);
  },
  "shutdown -h now ends all in order": async (machine) => {
    await ask(machine, "shutdown -h now");
    // What reboot(2) does to the process 1 of a namespace.
    assert.equal(await machine.ended(PATIENCE), -SIGINT);
    const log = (file: string) => machine.written(`var/log/${file}`);
    assert.match(log("postgresql/postgresql-15-main.log").trim(), /database system is shut down$/);
    assert.match(log("redis/redis-server.log").trim(), /bye bye\.\.\.$/);
    assert.match(log("exim4/mainlog"), /exim .* daemon started/);
  },
};

/** A shorter life, which ends otherwise. */
const REBOOT: Readonly<Record<string, Step<RootMachine>>> = {
  "every service serves": async (machine) => inWords(await untilAllServe(machine, machine.began(), PATIENCE)),
  "shutdown -r now reboots": async (machine) => {
    await ask(machine, "shutdown -r now");
    assert.equal(await machine.ended(PATIENCE), -SIGHUP);
    assert.match(machine.console(), /switching to runlevel: 6/i);
  },
};

/** Scripts without a link of kind K: Debian leaves the end of their daemons to sendsigs. */
const UNSTOPPED = ["ssh", "dbus", "cron"];

/** It logs what sendsigs does. */
const LAST = "rsyslog";

/** Scripts that stop one after the other: those of services, and those that end the machine. */
const STOPS: ReadonlyArray<readonly [before: string, after: string]> = [
  ...ALL.filter((name) => ![...UNSTOPPED, LAST].includes(name)).map((name) => [name, "sendsigs"] as const),
  ...["exim4", "nginx", "postgresql"].map((name) => [name, LAST] as const),
  ["sendsigs", LAST],
  [LAST, "umountfs"],
  ["umountfs", "umountroot"],
  ["umountroot", "halt"],
];

/** Checks by what init has told on the console that the stop of each script was over before that of the next began. */
function stopsInOrder(console: string): void {
  const lines = console.split(/\r?\n/);
  const line = (text: string) => lines.findLastIndex((one) => one.includes(`init: ${text}`));
  for (const [before, after] of STOPS) {
    const over = line(`${before} state changed from post-stop to waiting`);
    const begun = line(`${after} state changed from running to pre-stopping`);
    assert(over >= 0 && begun > over, `${before} (line ${over}) is to stop before ${after} (line ${begun})`);
  }
}

/** Further steps of the executable, each behind one of the others. */
const FURTHER: Readonly<Record<string, Readonly<Record<string, Step<RootMachine>>>>> = {
  "service --status-all knows them": {
    "initctl list knows them": async (machine) => {
      const list = await ask(machine, "initctl list");
      for (const name of ALL) assert.match(list, new RegExp(`^${name} start/running`, "m"), list);
    },
    "initctl status sees a killed daemon as dead": async (machine) => {
      await ask(machine, `kill -KILL $(cat /run/redis/redis-server.pid)`);
      await until(
        "initctl status says so",
        async () => !/start\/running/.test(await ask(machine, `initctl status ${VICTIM}`)),
      );
      const status = await ask(machine, `initctl status ${VICTIM}`);
      await ask(machine, `initctl start ${VICTIM}`);
      await untilAllServe(machine, machine.began(), PATIENCE, [VICTIM]);
      return status;
    },
  },
  "a killed daemon is dead, and can be started": {
    "service and invoke-rc.d go through init": async (machine) => {
      const status = () => ask(machine, "initctl status cron");
      assert.equal(await ask(machine, "service cron restart"), "cron: restarted");
      await until(
        "cron has its process",
        async () => /^cron start\/running, process \d+$/.test(await status()),
      );
      assert.match(await ask(machine, "service cron status"), /^cron: running, process \d+$/);
      assert.equal(await ask(machine, "invoke-rc.d cron stop"), "cron: stopped");
      assert.equal(await status(), "cron stop/waiting");
      assert.equal((await machine.shell("service cron status")).exit, 3);
      assert.equal(await ask(machine, "invoke-rc.d cron start"), "cron: started");
    },
    "init sees what update-rc.d changes": async (machine) => {
      const startsBy = async () => /start on .*\[2345\]/.test(await ask(machine, "initctl show-config cron"));
      assert(await startsBy());
      // A job that runs takes changes up when it has stopped.
      await ask(machine, "service cron stop");
      await ask(machine, "update-rc.d cron disable");
      await until("cron is not started any more", async () => !await startsBy());
      await ask(machine, "update-rc.d cron enable");
      await until("cron is started again", startsBy);
      await ask(machine, "service cron start");
    },
  },
  "telinit 2 brings them back": {
    "init is to tell all": async (machine) => void await ask(machine, "initctl log-priority info"),
  },
  "shutdown -h now ends all in order": {
    "each script has stopped in its turn": (machine) => Promise.resolve(stopsInOrder(machine.console())),
  },
};

/** Takes a machine through its life. Gives the number of steps that failed. */
async function live(
  root: string,
  init: string,
  steps: Iterable<readonly [string, Step<RootMachine>]>,
): Promise<number> {
  await using machine = await startMachine(root, init as InitName);
  return await takeSteps(machine, steps);
}

await followCourse({
  async course(root, init) {
    const steps = Object.entries(COMMON).flatMap(([name, step]) => [
      [name, step] as const,
      ...Object.entries(init === "rouse" ? FURTHER[name] ?? {} : {}),
    ]);
    return await live(root, init, steps) + await live(root, init, Object.entries(REBOOT));
  },
  async time(root, init) {
    await using machine = await startMachine(root, init as InitName);
    const times = await untilAllServe(machine, machine.began(), PATIENCE);
    return { ...times, "the last one": Math.max(...Object.values(times)) };
  },
});
