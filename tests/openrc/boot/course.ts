/** What a machine with sixty services does from its boot to its end, and how each step shows that it went well. */

import assert from "node:assert/strict";
import { SIGINT } from "../../../lib/model/signals.ts";
import { until } from "../../support/deadline.ts";
import type { RootMachine } from "../../support/root_machine.ts";
import { followCourse, type Step, takeSteps, type Times } from "../../support/root_task.ts";
import { inOrder, startedAt, untilReallyUp } from "./checks.ts";
import { type InitName, startMachine } from "./machine.ts";
import { evidence, SERVICES } from "./services.ts";

/** How long a change of the runlevel may take, in ms. Busy machines take minutes. */
const PATIENCE = 300_000;

/** The output of a line of shell that has to succeed. */
async function ask(machine: RootMachine, line: string): Promise<string> {
  const { exit, stdout, stderr } = await machine.shell(line, PATIENCE);
  assert.equal(exit, 0, `${line}: ${stdout}${stderr}`);
  return stdout.trimEnd();
}

/** Waits until all services are up; gives the milliseconds that each took from the execution of process 1 on. */
async function untilAllAreUp(machine: RootMachine): Promise<Times> {
  const names = [...SERVICES.keys()];
  // It is looked for the last ones alone: a look that takes long would be part of what is measured.
  await until("all services are up", () => {
    const missing = names.findLast((name) => startedAt(machine, name) === undefined);
    return missing === undefined;
  }, PATIENCE);
  return Object.fromEntries(names.map((name) => [name, startedAt(machine, name)! - machine.began()]));
}

/** The longest of the times of each runlevel. */
function lastOfLevels(times: Times): Times {
  const lasts: Times = {};
  for (const [name, { level }] of SERVICES) {
    const row = `the last of ${level}`;
    lasts[row] = Math.max(lasts[row] ?? 0, times[name]!);
  }
  return lasts;
}

/** Steps that any init has to go through. */
const COMMON: Readonly<Record<string, Step<RootMachine>>> = {
  "every service is up": async (machine) => {
    const times = await untilAllAreUp(machine);
    for (const name of SERVICES.keys()) await untilReallyUp(machine, name);
    return JSON.stringify(lastOfLevels(times));
  },
  "the runlevel is default": async (machine) => {
    assert.equal(await ask(machine, "rc-status -r"), "default");
    await until("it is entered", async () => await ask(machine, "runlevel") === "N 3", PATIENCE);
  },
  "rc-status has them started, each in its runlevel": async (machine) => {
    const expected = new Map<string, string[]>();
    for (const [name, { level }] of SERVICES) expected.set(level, [...expected.get(level) ?? [], name]);
    for (const [level, names] of expected) {
      const told = await ask(machine, `rc-status --nocolor ${level}`);
      const started = told.split("\n").flatMap((line) =>
        /^ (\S+) .*\[ +started +\]$/.exec(line.trimEnd())?.[1] ?? []
      );
      assert.deepEqual(started.sort(), names.toSorted(), told);
    }
    assert.equal((await machine.shell("rc-status --nocolor --crashed")).stdout.trim(), "");
  },
  "each began behind what it needs": (machine) => {
    inOrder(machine);
    return Promise.resolve();
  },
  "shutdown -h now ends all": async (machine) => {
    await ask(machine, "shutdown -h now");
    // What reboot(2) does to the process 1 of a namespace.
    assert.equal(await machine.ended(PATIENCE), -SIGINT);
    const console = machine.console();
    for (const name of SERVICES.keys()) assert.match(console, new RegExp(`Stopping ${name}`));
    assert.doesNotMatch(console, /\[ !! \]|ERROR/);
    assert.deepEqual(machine.processes(), []);
  },
};

/** A step that Debian's OpenRC cannot go through: it has dpkg's start-stop-daemon, which notes no daemons. */
const FURTHER: Readonly<Record<string, Step<RootMachine>>> = {
  "a killed daemon has crashed, and can be started": async (machine) => {
    const status = () => machine.shell("rc-service cron-table status");
    await ask(machine, `kill -KILL $(cat ${evidence("cron-table")})`);
    await until("its status says so", async () => (await status()).exit === 32);
    await ask(machine, "rc-service cron-table zap && rc-service cron-table start");
    assert.equal((await status()).exit, 0);
    await untilReallyUp(machine, "cron-table");
  },
};

await followCourse({
  async course(root, init) {
    await using machine = await startMachine(root, init as InitName);
    const steps = Object.entries(COMMON);
    if (init === "rouse") steps.splice(-1, 0, ...Object.entries(FURTHER));
    return await takeSteps(machine, steps);
  },
  async time(root, init) {
    await using machine = await startMachine(root, init as InitName);
    const times = await untilAllAreUp(machine);
    const runlevel = async () => (await machine.shell("runlevel")).stdout.trim() === "N 3";
    await until("the runlevel is entered", runlevel, PATIENCE);
    const began = Date.now();
    await machine.shell("shutdown -h now");
    await machine.ended(PATIENCE);
    return { ...lastOfLevels(times), "the end, from shutdown on": Date.now() - began };
  },
});
