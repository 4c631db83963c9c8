/**
 * Restarts of init in place while it has much to do: 300 services, logs at full speed, events, clients that wait. Nothing may
 * be lost, doubled or left unanswered.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { performance } from "node:perf_hooks";
import type { Client } from "../../lib/control/client/client.ts";
import {
  INSTANCE_INTERFACE,
  instancePath,
  JOB_INTERFACE,
  jobPath,
  MANAGER_INTERFACE,
  MANAGER_PATH,
  PEER,
  ROUSE_INTERFACE,
} from "../../lib/control/names.ts";
import { connectBeside } from "../../lib/control/testing/socket_client.ts";
import { until } from "../support/deadline.ts";
import { RunningInit } from "../support/init.ts";

/** What was seen. Times are in ms. */
interface StormReport {
  restarts: number;
  /** How long a client that asks again and again has waited at most, and in the median of the longest wait of each restart. */
  longestPause: number;
  medianPause: number;
  events: number;
  starts: number;
  lines: number;
}

const SERVICES = 300, WRITERS = 4, EMITTERS = 4, STARTERS = 4;

function jobs(): Record<string, string> {
  const files: Record<string, string> = {
    "task.conf":
      "task\ninstance $N\nstart on work\nscript\n  sleep 0.0$((N % 10))\n  echo $N >> @DIR@/done\nend script\n",
  };
  for (let number = 0; number < SERVICES; number++) {
    files[`service${number}.conf`] = "start on begin\nexec sleep 100000\n";
  }
  for (let number = 0; number < WRITERS; number++) {
    files[`writer${number}.conf`] = "start on begin\n" +
      "exec sh -c 'n=0; while n=$((n + 1)); do echo line $n; [ $((n % 50)) = 0 ] && sleep 0.01; done'\n";
  }
  for (let number = 0; number < STARTERS; number++) {
    files[`hooked${number}.conf`] =
      "pre-start exec sleep 0.1\nexec sleep 100000\npost-stop exec sleep 0.05\n";
  }
  return files;
}

/** Runs it. @param tell Told of each restart. */
export async function storm(times: number, tell: (number: number) => void = () => {}): Promise<StormReport> {
  await using init = await RunningInit.start({ jobs: jobs() });
  await init.ask("emit", "begin");
  const before = await pids(init);
  assert.equal(before.size, SERVICES + WRITERS);
  const address = init.environment["UPSTART_SESSION"]!;
  const clients: Client[] = [];
  const connect = async () => {
    const client = await connectBeside(address);
    clients.push(client);
    return client;
  };
  let isOver = false, events = 0, starts = 0;
  const emit = async (client: Client, first: number) => {
    for (let number = first; !isOver; number += EMITTERS) {
      await client.call(MANAGER_PATH, MANAGER_INTERFACE, "EmitEvent", "sasb", [
        "work",
        [`N=${number}`],
        true,
      ]);
      events++;
    }
  };
  const start = async (client: Client, number: number) => {
    while (!isOver) {
      const path = jobPath(`hooked${number}`);
      await client.call(path, JOB_INTERFACE, "Start", "asb", [[], true]);
      starts++;
      await client.call(instancePath(`hooked${number}`, ""), INSTANCE_INTERFACE, "Stop", "b", [true]);
    }
  };
  let longest = 0;
  const ask = async (client: Client) => {
    while (!isOver) {
      const began = performance.now();
      await client.call(MANAGER_PATH, PEER, "Ping");
      longest = Math.max(longest, performance.now() - began);
    }
  };
  const work = [ask(await connect())];
  for (let number = 0; number < EMITTERS; number++) work.push(emit(await connect(), number));
  for (let number = 0; number < STARTERS; number++) work.push(start(await connect(), number));
  const all = Promise.all(work);
  all.catch(() => {});
  const pauses: number[] = [];
  const controller = await connect();
  for (let number = 1; number <= times; number++) {
    longest = 0;
    await controller.call(MANAGER_PATH, MANAGER_INTERFACE, "Restart");
    await Promise.race([
      all,
      until(
        `restart ${number} is over`,
        async () => await controller.get(MANAGER_PATH, ROUSE_INTERFACE, "restarts") === number,
      ),
    ]);
    pauses.push(longest);
    tell(number);
  }
  isOver = true;
  await all;
  assert.deepEqual(await pids(init), before, "a service was lost or doubled");
  const done = init.read("done")!.trim().split("\n").map(Number).sort((one, other) => one - other);
  assert.deepEqual(new Set(done).size, done.length, "a task ran twice");
  assert.equal(done.length, events, "a task did not run");
  let lines = 0;
  for (let number = 0; number < WRITERS; number++) {
    await init.ask("stop", `writer${number}`);
    const log = readFileSync(init.path(`log/writer${number}.log`), "utf8").trimEnd().split(/\r?\n/);
    log.forEach((line, index) => assert.equal(line, `line ${index + 1}`, `writer${number}`));
    lines += log.length;
  }
  clients.forEach((client) => client.close());
  pauses.sort((one, other) => one - other);
  return {
    restarts: times,
    longestPause: pauses.at(-1)!,
    medianPause: pauses[pauses.length >> 1]!,
    events,
    starts,
    lines,
  };
}

/** The main processes of the services and writers, by job. */
async function pids(init: RunningInit): Promise<Map<string, string>> {
  const list = await init.ask("list");
  const matches = list.matchAll(/^((?:service|writer)\d+) start\/running, process (\d+)$/gm);
  return new Map(Array.from(matches, ([, job, pid]) => [job!, pid!]));
}
