/** Output of services on its way to their log files. */

import { closeSync, openSync, readSync, statSync } from "node:fs";
import { pause, until } from "../../tests/support/deadline.ts";
import type { Supervision } from "../peers/peer.ts";
import { Marks, now, PROBE } from "../probe.ts";
import { processorTime } from "./proc.ts";
import { supervises, supervisesMany, times, type Workload } from "./workload.ts";

/** Lines have 100 bytes. */
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

function writer(marks: Marks, name: string, count: number, rate: number) {
  const command = [PROBE, "lines", marks.path, String(count), String(rate)];
  return { name, command, logged: true };
}

async function untilWhole(supervision: Supervision, name: string): Promise<void> {
  await until(`the log of ${name} is whole`, () => isWhole(supervision.log(name)), 120_000);
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
    suits: supervises,
    async measure(peer) {
      using marks = new Marks();
      await using supervision = await peer.prepare([writer(marks, "job0", LINES, 0)]).start();
      await supervision.startAll();
      const [begun] = await marks.until(1);
      await untilWhole(supervision, "job0");
      return { "log-speed": LINES * 100 / 1000 / (now() - begun!.time) };
    },
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
    suits: supervisesMany,
    async measure(peer) {
      using marks = new Marks();
      const writers = times(WRITERS, (index) => writer(marks, `job${index}`, RATE * SECONDS, RATE));
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
      return { "log-many": 100 * used / time };
    },
  },
};
