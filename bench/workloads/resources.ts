/** What the supervision itself uses: memory, wake-ups, room on the disk. */

import { execFileSync } from "node:child_process";
import process from "node:process";
import { pause } from "../../tests/support/deadline.ts";
import type { Peer } from "../peers/peer.ts";
import { Marks, PROBE } from "../probe.ts";
import { contextSwitches, memory } from "./proc.ts";
import { supervises, times, type Workload } from "./workload.ts";

/** When a supervisor has come to rest, in ms after its last service was started. */
const REST = 8000;
/** How long wake-ups are counted, in ms. */
const WATCHED = 10_000;
/** How long services come and go before memory is looked at, in s. */
const CHURN = Number(process.env["ROUSE_BENCH_CHURN"] ?? 30);

async function running(peer: Peer, marks: Marks, count: number, command: string[], respawn = false) {
  const services = times(count, (index) => ({ name: `job${index}`, command, respawn }));
  const supervision = await peer.prepare(services).start();
  await supervision.startAll();
  await marks.until(count);
  return supervision;
}

function memoryWith(count: number): Workload {
  const [own, share] = [`private-${count}`, `pss-${count}`];
  return {
    rounds: 1,
    figures: {
      [own]: { about: `private memory of the supervision of ${count} running services`, unit: "kB" },
      [share]: { about: `its share of memory (PSS)`, unit: "kB" },
    },
    suits: (peer) => supervises(peer) && !(peer.name === "pm2" && count > 100),
    async measure(peer) {
      using marks = new Marks();
      await using supervision = await running(peer, marks, count, [PROBE, "stay", marks.path]);
      await pause(REST);
      const used = memory(supervision.processes());
      return { [own]: used.private, [share]: used.pss };
    },
  };
}

/** Workloads about resources, by name. */
export const RESOURCES: Record<string, Workload> = {
  "memory-10": memoryWith(10),
  "memory-100": memoryWith(100),
  "memory-1000": memoryWith(1000),
  "churn": {
    rounds: 1,
    together: true,
    figures: {
      "churn": {
        about: `private memory after ${CHURN} s in which 100 services ended and began every second`,
        unit: "kB",
      },
    },
    suits: supervises,
    async measure(peer) {
      using marks = new Marks();
      await using supervision = await running(peer, marks, 100, [PROBE, "nap", marks.path, "1000"], true);
      await pause(CHURN * 1000);
      await supervision.stopAll();
      await pause(REST);
      return { churn: memory(supervision.processes()).private };
    },
  },
  "wake-ups": {
    rounds: 3,
    figures: { "wake-ups": { about: "wake-ups a second with 10 services, nothing happening", unit: "/s" } },
    suits: supervises,
    async measure(peer) {
      using marks = new Marks();
      await using supervision = await running(peer, marks, 10, [PROBE, "stay", marks.path]);
      await pause(REST);
      const processes = supervision.processes();
      const before = contextSwitches(processes);
      await pause(WATCHED);
      let count = 0;
      for (const [thread, switches] of contextSwitches(processes)) {
        count += switches - (before.get(thread) ?? 0);
      }
      return { "wake-ups": count / WATCHED * 1000 };
    },
  },
  "size": {
    rounds: 1,
    figures: {
      "size": { about: "size of the program, without what it needs of the system", unit: "kB" },
      "compressed": { about: "its size in an archive (gzip)", unit: "kB" },
    },
    suits: () => true,
    measure({ files }) {
      const archive = (options: string) => {
        const command = `tar -c${options}h -C / "$@" | wc -c`;
        const paths = files.map((file) => file.slice(1));
        return Number(execFileSync("sh", ["-c", command, "sh", ...paths], { encoding: "utf8" })) / 1024;
      };
      return Promise.resolve({ size: archive(""), compressed: archive("z") });
    },
  },
};
