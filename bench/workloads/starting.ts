/** Starting and stopping: many at once, one after the other, again after a death, and the supervisor itself. */

import { pause, until } from "../../tests/support/deadline.ts";
import { isAlive, sendSignal } from "../../tests/support/processes.ts";
import { Marks, now, PROBE, timeCommands } from "../probe.ts";
import type { Service } from "../peers/peer.ts";
import { hasEvents, median, supervises, supervisesMany, times, type Workload } from "./workload.ts";

const JOBS = 500, CHAIN = 200, FILES = 2000, SPAWNS = 1000, DEATHS = 5;

/** s6 and runit wait until a process has been up for a second before they start it again. */
const UP_FOR_A_WHILE = 1200;

function jobs(marks: Marks, count: number, mode: "mark" | "stay", more: Partial<Service> = {}): Service[] {
  return times(count, (index) => ({ name: `job${index}`, command: [PROBE, mode, marks.path], ...more }));
}

/** From the command to the first instruction of the last of so many processes, in ms. */
async function untilLast(marks: Marks, count: number, command: () => Promise<void>): Promise<number> {
  const began = now();
  const done = command();
  const records = await marks.until(count);
  await done;
  return Math.max(...records.map(({ time }) => time)) - began;
}

/** Workloads about starting and stopping, by name. */
export const STARTING: Record<string, Workload> = {
  "one-shots": {
    rounds: 5,
    figures: {
      "one-shots": { about: `${JOBS} tasks started by one command, until the last runs`, unit: "ms" },
    },
    suits: supervisesMany,
    async measure(peer) {
      using marks = new Marks();
      await using supervision = await peer.prepare(jobs(marks, JOBS, "mark", { task: true })).start();
      return { "one-shots": await untilLast(marks, JOBS, () => supervision.startAll()) };
    },
  },
  "services": {
    rounds: 5,
    figures: {
      "services": { about: `${JOBS} services started by one command, until the last runs`, unit: "ms" },
      "stop": { about: "… and stopped by one command, until the last has gone", unit: "ms" },
    },
    suits: supervisesMany,
    async measure(peer) {
      using marks = new Marks();
      await using supervision = await peer.prepare(jobs(marks, JOBS, "stay")).start();
      const started = await untilLast(marks, JOBS, () => supervision.startAll());
      const left = marks.read().map(({ pid }) => pid);
      const began = now();
      const done = supervision.stopAll();
      while (left.length > 0) await until("a service ends", () => !isAlive(left.pop()!) || left.length === 0);
      const stopped = now() - began;
      await done;
      return { services: started, stop: stopped };
    },
  },
  "chain": {
    rounds: 5,
    figures: { "chain": { about: `${CHAIN} services, each started by the one before`, unit: "ms" } },
    suits: hasEvents,
    async measure(peer) {
      using marks = new Marks();
      const chain = jobs(marks, CHAIN, "stay").map((service, index) =>
        index === 0 ? service : { ...service, after: `job${index - 1}` }
      );
      await using supervision = await peer.prepare(chain).start();
      return { chain: await untilLast(marks, CHAIN, () => supervision.startAll()) };
    },
  },
  "start-up": {
    rounds: 9,
    figures: {
      "start-up": { about: "exec of the supervisor to the first job's first instruction", unit: "ms" },
    },
    suits: () => true,
    async measure(peer) {
      using marks = new Marks();
      await using supervision = peer.prepare(jobs(marks, 1, "stay", { automatic: true }));
      supervision.begin();
      if (peer.name === "pm2") await supervision.ready();
      const [first] = await marks.until(1);
      return { "start-up": first!.time - supervision.began };
    },
  },
  "load": {
    rounds: 5,
    figures: { "load": { about: `the same with ${FILES} job files to load`, unit: "ms" } },
    suits: hasEvents,
    async measure(peer) {
      using marks = new Marks();
      const [first, ...others] = jobs(marks, FILES, "stay");
      await using supervision = peer.prepare([{ ...first!, automatic: true }, ...others]);
      supervision.begin();
      const [mark] = await marks.until(1);
      return { load: mark!.time - supervision.began };
    },
  },
  "respawn": {
    rounds: 3,
    figures: { "respawn": { about: "kill -9 of a service to the next one's first instruction", unit: "ms" } },
    suits: supervises,
    async measure(peer) {
      using marks = new Marks();
      await using supervision = await peer.prepare(jobs(marks, 1, "stay", { respawn: true })).start();
      await supervision.startAll();
      const latencies: number[] = [];
      for (let count = 1; count <= DEATHS; count++) {
        const { pid } = (await marks.until(count)).at(-1)!;
        await pause(UP_FOR_A_WHILE);
        const killed = now();
        sendSignal(pid, "SIGKILL");
        latencies.push((await marks.until(count + 1)).at(-1)!.time - killed);
      }
      return { respawn: median(latencies) };
    },
  },
  "spawns": {
    rounds: 5,
    figures: {
      "spawns": { about: `tasks started a second, ${SPAWNS} by one event`, unit: "/s", larger: true },
      "spawn-loop": { about: "processes a second of a C program with posix_spawn", unit: "/s", larger: true },
    },
    suits: hasEvents,
    async measure(peer) {
      using marks = new Marks();
      await using supervision = await peer.prepare(jobs(marks, SPAWNS, "mark", { task: true })).start();
      const time = await untilLast(marks, SPAWNS, () => supervision.startAll());
      const [loop] = timeCommands([[PROBE, "mark", marks.path]], SPAWNS, supervision.environment);
      const total = loop!.reduce((sum, one) => sum + one, 0);
      return { "spawns": SPAWNS / time * 1000, "spawn-loop": SPAWNS / total * 1000 };
    },
  },
};
