/**
 * The recovery of process 1 from internal errors, as seen from outside. The executable is the product with faults in it, see
 * faulty/main.ts.
 */

import assert from "node:assert/strict";
import { MANAGER_PATH, ROUSE_INTERFACE } from "../../lib/control/names.ts";
import { until } from "../support/deadline.ts";
import { NamespaceInit, NAMESPACES_POSSIBLE } from "../support/namespace.ts";
import { faultyPrograms } from "./faulty/faulty.ts";

/** How many services there are; in the first cases, and in the others, so that they do not take long. */
const MANY = 300, FEW = 30;

const folder = NAMESPACES_POSSIBLE ? faultyPrograms() : "";

/** Jobs of which each is in another situation when init comes to an error. */
const JOBS: Record<string, string> = {
  "slow.conf": "pre-start script\nuntil [ -e /run/go ]; do sleep 0.01; done\nend script\nexec sleep 1000",
  "work.conf": "start on work\ntask\nscript\nuntil [ -e /run/go ]; do sleep 0.01; done\nend script",
  "respawned.conf": "start on startup\nrespawn\nexec sleep 1000",
  "both.conf": "start on one and two\nexec sleep 1000",
  "writer.conf":
    "start on startup\nscript\ni=0\nwhile [ $i -lt 150 ]; do i=$((i+1)); echo line $i; sleep 0.01; done\nexec sleep 1000\nend script",
};

function start(services: number, jobs: Record<string, string> = JOBS): Promise<NamespaceInit> {
  const all = { ...jobs };
  for (let number = 0; number < services; number++) {
    all[`service${number}.conf`] = "start on startup\nexec sleep 1000";
  }
  return NamespaceInit.startWithin(`PATH=${folder}:$PATH`, all);
}

/** The main processes of the services, by job. */
async function services(init: NamespaceInit): Promise<Map<string, string>> {
  const matches = (await init.ask("list")).matchAll(/^(service\d+) start\/running, process (\d+)$/gm);
  return new Map(Array.from(matches, ([, job, pid]) => [job!, pid!]));
}

async function running(init: NamespaceInit, count: number): Promise<Map<string, string>> {
  return await until("all services run", async () => {
    const found = await services(init);
    return found.size === count ? found : undefined;
  });
}

/** A property of init's own interface. */
async function figure(init: NamespaceInit, name: string): Promise<number> {
  const { stdout, stderr } = await init.run(
    "dbus-send",
    "--peer=unix:path=/run/rouse/control",
    "--print-reply=literal",
    MANAGER_PATH,
    "org.freedesktop.DBus.Properties.Get",
    `string:${ROUSE_INTERFACE}`,
    `string:${name}`,
  );
  assert.equal(stderr, "");
  return Number(/\d+\s*$/.exec(stdout)![0]);
}

/** Waits until init has been restarted so often for an error. */
function crashes(init: NamespaceInit, count: number): Promise<boolean> {
  return until(`init has been restarted ${count} times`, async () => await figure(init, "crashes") === count);
}

const RESTARTED = /init: Init was restarted in place for an internal error in (.*)/g;

const FAULTS: Array<[event: string, where: string, services: number]> = [
  ["fault-callback", "a callback", MANY],
  ["fault-rejection", "a callback", FEW],
  ["fault-engine", "the engine's input request", MANY],
  ["fault-engine-save", "a callback", FEW],
];

for (const [event, where, count] of FAULTS) {
  Deno.test({
    name: `process 1 with ${count} services comes to an error (${event}): nothing is lost`,
    ignore: !NAMESPACES_POSSIBLE,
    async fn() {
      await using init = await start(count);
      const before = await running(init, count);
      await init.ask("emit", "--no-wait", "one");
      const waiting = [init.run("initctl", "start", "slow"), init.run("initctl", "emit", "work")];
      await until("both are under way", async () => {
        const list = await init.ask("list");
        return /^slow start\/pre-start/m.test(list) && /^work start\/running/m.test(list);
      });
      const emitted = await init.run("initctl", "emit", event);
      // The client whose request the engine has failed at is told so.
      assert.equal(emitted.exit, event === "fault-engine" ? 1 : 0, emitted.stderr);
      await crashes(init, 1);
      assert.deepEqual(Array.from(init.messages().matchAll(RESTARTED), ([, where]) => where), [where]);
      assert.deepEqual(await services(init), before);
      assert.match(await init.ask("events", "--kind=message"), /restarted in place for an internal error/);
      const { stdout: doctor } = await init.run("rouse", "doctor");
      assert.match(doctor, /^warning +init +Init was restarted in place once for an internal error$/m);
      // What was waited for is answered, conditions that were met in part are, exits are seen, output is read on.
      await init.shell("touch /run/go");
      const [slow, work] = await Promise.all(waiting);
      assert.match(slow!.stdout, /^slow start\/running, process \d+\n$/);
      assert.deepEqual([work!.exit, work!.stderr], [0, ""]);
      await init.ask("emit", "two");
      assert.match(await init.ask("status", "both"), /start\/running/);
      const respawned = await init.ask("status", "respawned");
      await init.shell(`kill -9 ${/\d+$/m.exec(respawned)![0]}`);
      await until("it respawns", async () => {
        const now = await init.ask("status", "respawned");
        return now !== respawned && /process \d+/.test(now);
      });
      const lines = await until("all lines are logged", () => {
        const numbers = init.read("log/writer.log").match(/(?<=line )\d+/g) ?? [];
        return numbers.length >= 150 ? numbers : undefined;
      });
      assert.deepEqual(lines.map(Number), Array.from({ length: 150 }, (_, index) => index + 1));
      assert.equal(init.zombies().length, 0);
    },
  });
}

Deno.test({
  name: "the end of a process that the engine fails at is followed up after the restart",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    await using init = await start(FEW, { "web.conf": "respawn\nexec sleep 1000" });
    await running(init, FEW);
    const before = await init.ask("start", "web");
    await init.ask("emit", "fault-exit");
    await init.shell(`kill -9 ${/\d+$/m.exec(before)![0]}`);
    await crashes(init, 1);
    await until("it respawns", async () => {
      const now = await init.ask("status", "web");
      return now !== before && /process \d+/.test(now);
    });
  },
});

Deno.test({
  name: "what the engine fails at twice is passed over and told, and all else goes on",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    await using init = await start(FEW, { "web.conf": "exec sleep 1000" });
    const before = await running(init, FEW);
    const web = await init.ask("start", "web");
    await init.shell("touch /run/failing-exits");
    const pid = /\d+$/m.exec(web)![0];
    await init.shell(`kill -9 ${pid}`);
    await crashes(init, 1);
    await until(
      "it is told",
      () =>
        init.messages().includes(
          `goes on without what it has failed at twice: {"kind":"exited","pid":${pid}`,
        ),
    );
    await init.shell("rm /run/failing-exits");
    assert.deepEqual(await services(init), before);
    await init.ask("stop", "service0");
    assert.equal(await figure(init, "crashes"), 1);
  },
});

Deno.test({
  name: "parts that cannot be saved begin anew, and all others go on",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    await using init = await start(FEW);
    const before = await running(init, FEW);
    await init.ask("emit", "fault-part-save");
    await crashes(init, 1);
    assert.match(init.messages(), /its timers cannot be saved: TypeError: a fault in the save of the timers/);
    assert.match(init.messages(), /its requests cannot be saved/);
    assert.deepEqual(await services(init), before);
    await init.ask("stop", "service0");
  },
});

Deno.test({
  name: "where nothing of the engine can be saved, what runs is adopted",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    await using init = await start(FEW);
    const before = await running(init, FEW);
    const waiting = init.run("initctl", "start", "slow");
    await until("it is under way", async () => /pre-start/.test(await init.ask("status", "slow")));
    await init.ask("emit", "fault-every-save");
    await crashes(init, 1);
    assert.deepEqual(await running(init, FEW), before);
    assert(init.messages().includes(`Init goes on with ${FEW + 2} processes that run`));
    assert.match((await waiting).stderr, /Unable to tell what has become of this/);
    await init.ask("stop", "service0");
  },
});

Deno.test({
  name: "with one error after the other init is restarted three times, then goes on as it is",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    await using init = await start(FEW);
    const before = await running(init, FEW);
    for (let count = 1; count <= 3; count++) {
      await init.ask("emit", "fault-callback");
      await crashes(init, count);
    }
    for (let count = 0; count < 20; count++) {
      await init.ask("emit", "fault-callback");
      await init.run("initctl", "emit", "fault-engine");
    }
    await until(
      "it is told",
      () => /goes on without a restart in place: there were 3 within 60 s/.test(init.messages()),
    );
    assert.equal(await figure(init, "crashes"), 3);
    assert.equal(init.messages().match(/goes on without a restart/g)!.length, 1);
    assert.deepEqual(await services(init), before);
    await init.ask("stop", "service0");
    // Who asks for a restart gets one.
    await init.ask("restart-init");
    assert.equal(await figure(init, "restarts"), 4);
  },
});
