/** Output of services on its way to their log files. */

import { closeSync, openSync, readSync, statSync } from "node:fs";
import { pause, until } from "../../tests/support/deadline.ts";
import type { Peer, Service, Supervision } from "../peers/peer.ts";
import { Marks, now, PROBE } from "../probe.ts";
import { processorTime } from "./proc.ts";
import { logs, supervisesMany, times, type Workload } from "./workload.ts";

/** A line of the probe, in bytes. */
const LINE_SIZE = 99;
const LINES = 300_000, WRITERS = 200, RATE = 1000, SECONDS = 5;

/** True when a log's last line is END. */
function isWhole(path: string): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size < 100) return false;
  const descriptor = openSync(path, "r");
  try {
    const bytes = new Uint8Array(8);
    readSync(descriptor, bytes, 0, 8, size - 8);
    return new TextDecoder().decode(bytes).trimEnd().endsWith("END");
  } finally {
    closeSync(descriptor);
  }
}

function writer(marks: Marks, name: string, count: number, rate: number): Service {
  const command = [PROBE, "lines", marks.path, String(count), String(rate)];
  return { name, command, logged: true };
}

async function untilWhole(supervision: Supervision, name: string): Promise<void> {
  await until(`the log of ${name} is whole`, () => isWhole(supervision.log(name)), 120_000);
}

/** How fast one service's lines get into its log, in MB/s. */
async function speed(peer: Peer, logged: boolean | "pipe", lines: number): Promise<number> {
  using marks = new Marks();
  const service = { ...writer(marks, "job0", lines, 0), logged };
  await using supervision = await peer.prepare([service]).start();
  await supervision.startAll();
  const [begun] = await marks.until(1);
  await untilWhole(supervision, "job0");
  return lines * LINE_SIZE / 1000 / (now() - begun!.time);
}

/** What share of a processor the supervision of many services takes while they print, in percent. */
async function share(peer: Peer, stamped: boolean): Promise<number> {
  using marks = new Marks();
  const writers = times(WRITERS, (index) => ({
    ...writer(marks, `job${index}`, RATE * SECONDS, RATE),
    stamped,
  }));
  await using supervision = await peer.prepare(writers).start();
  await supervision.startAll();
  await marks.until(WRITERS);
  const processes = supervision.processes();
  const before = processorTime(processes);
  const began = now();
  await pause(SECONDS * 600);
  const used = processorTime(processes) - before;
  const time = now() - began;
  for (const { name } of writers) await untilWhole(supervision, name);
  return 100 * used / time;
}

/** Workloads about output, by name. */
export const OUTPUT: Record<string, Workload> = {
  "log-speed": {
    rounds: 5,
    figures: {
      "log-speed": {
        about: "output of one service at full speed, until it is in its log",
        unit: "MB/s",
        larger: true,
      },
    },
    suits: logs,
    measure: async (peer) => ({ "log-speed": await speed(peer, true, LINES) }),
  },
  "log-pipe": {
    rounds: 5,
    figures: {
      "log-pipe": {
        about: "the same of a service that has a pipe for its output, not a terminal",
        unit: "MB/s",
        larger: true,
      },
    },
    suits: (peer) => logs(peer) && peer.name !== "upstart",
    measure: async (peer) => ({ "log-pipe": await speed(peer, "pipe", 3 * LINES) }),
  },
  "log-many": {
    rounds: 3,
    figures: {
      "log-many": {
        about:
          `processor time of the supervision while ${WRITERS} services print ${RATE} lines a second each`,
        unit: "%",
      },
    },
    suits: (peer) => supervisesMany(peer) && logs(peer),
    measure: async (peer) => ({ "log-many": await share(peer, false) }),
  },
  "log-stamped": {
    rounds: 3,
    figures: {
      "log-stamped": {
        about: "the same with the time in front of each line",
        unit: "%",
      },
    },
    suits: (peer) => supervisesMany(peer) && Boolean(peer.stamps),
    measure: async (peer) => ({ "log-stamped": await share(peer, true) }),
  },
};
