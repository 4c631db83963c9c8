/** A long life: very many cycles of jobs, and events, through one init. What it holds on to shows in its memory. */

import assert from "node:assert/strict";
import type { Client } from "../../lib/control/client/client.ts";
import { MANAGER_INTERFACE, MANAGER_PATH } from "../../lib/control/names.ts";
import { connectBeside } from "../../lib/control/testing/socket_client.ts";
import { until } from "../support/deadline.ts";
import { RunningInit } from "../support/init.ts";
import { Pulse, summary, type Waits } from "../support/pulse.ts";
import { type Sample, sample, slope } from "../support/resources.ts";

/** What was seen of one part of the life. */
export interface SoakReport {
  what: "cycles" | "events";
  /** How many cycles or events, and in how many seconds. */
  count: number;
  seconds: number;
  /** The slope of init's private memory after the warm-up, in MB per 100,000, and the memory at the end, in MB. */
  slope: number;
  memory: number;
  /** The fewest descriptors among the first samples, and among the last: some are open for a moment. */
  descriptors: { first: number; last: number };
  waits: Waits;
}

/** How many events a client has under way at a time: more would fill the sockets, not init's time. */
const WINDOW = 500;

/** So many samples are taken of each part; the first ones are the warm-up. */
const SAMPLES = 200, WARM_UP = 0.1;

/** Jobs that each event `cycle` starts, by kind: so many have a file each. All are over when the event is. */
const KINDS: Record<string, { count: number; text: string }> = {
  plain: { count: 24, text: "exec true" },
  // Each instance has a name that no other has had.
  instance: { count: 8, text: "instance $N\nexec true" },
  talking: { count: 4, text: "exec echo $N" },
  hooked: { count: 4, text: "pre-start exec true\nexec true\npost-stop exec true" },
};

/** So many jobs ask for each kind of the events, and so many are up in the end. */
const KEPT = 20;

const CYCLES_AT_ONCE = Object.values(KINDS).reduce((sum, { count }) => sum + count, 0);

/** Events that other jobs ask for: what starts one, what does so for some values only, and what none knows. */
const EVENTS: readonly [event: string, environment: (number: number) => string[]][] = [
  ["unknown", (number) => [`N=${number}`]],
  ["half", (number) => [`N=${number}`]],
  ["wanted", (number) => [`KIND=k${number % 100}x`]],
  ["up", () => []],
];

function jobs(): Record<string, string> {
  const files: Record<string, string> = {};
  for (const [kind, { count, text }] of Object.entries(KINDS)) {
    for (let number = 0; number < count; number++) {
      files[`${kind}${number}.conf`] = `task\nstart on cycle\n${text}\n`;
    }
  }
  for (let number = 0; number < KEPT; number++) {
    // Half of the condition is met again and again, the value is never the wanted one, and what is to be up is up.
    files[`half${number}.conf`] = "start on half and never\nexec sleep 100000\n";
    files[`wanted${number}.conf`] = `start on wanted KIND=k${number}\nexec sleep 100000\n`;
    files[`up${number}.conf`] = "start on up\nexec sleep 100000\n";
  }
  return files;
}

/** Measures a part of the life, a step after the other. @param step Does some of it; gives how much it has done. */
async function measure(
  init: RunningInit,
  what: SoakReport["what"],
  count: number,
  tell: (text: string) => void,
  step: (done: number) => Promise<number>,
): Promise<SoakReport> {
  const samples: Sample[] = [];
  using pulse = await Pulse.start(init.environment["UPSTART_SESSION"]!);
  const began = performance.now();
  let done = 0;
  while (done < count) {
    done += await step(done);
    if (done < (samples.length + 1) * count / SAMPLES) continue;
    samples.push(sample(init.pid, done));
    const { memory, descriptors } = samples.at(-1)!;
    if (samples.length % (SAMPLES / 20) === 0) {
      const rate = Math.round(done / (performance.now() - began) * 1000);
      tell(`${what} ${done}: ${rate} a second, ${memory.toFixed(1)} MB private, ${descriptors} descriptors`);
    }
  }
  const seconds = (performance.now() - began) / 1000;
  const tenth = Math.floor(samples.length * WARM_UP), warm = samples.slice(tenth);
  const fewest = (some: Sample[]) => Math.min(...some.map(({ descriptors }) => descriptors));
  return {
    what,
    count: done,
    seconds,
    slope: slope(warm, "memory") * 100_000,
    memory: samples.at(-1)!.memory,
    descriptors: { first: fewest(samples.slice(0, tenth)), last: fewest(samples.slice(-tenth)) },
    waits: summary(await pulse.beats()),
  };
}

function emit(client: Client, event: string, environment: string[], wait: boolean): Promise<unknown> {
  return client.call(MANAGER_PATH, MANAGER_INTERFACE, "EmitEvent", "sasb", [event, environment, wait]);
}

/** The sum of a counter of all jobs or events, as init's metrics have it. */
async function counted(port: number, name: string, label = ""): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const rows = text.split("\n").filter((line) => line.startsWith(`${name}{`) && line.includes(label));
  return rows.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);
}

/**
 * Lives it: first so many cycles of jobs, then so many events. Gives a report on each.
 *
 * @param tell Told of the progress, a line at a time.
 * @throws {Error} when a job did not run as often as it was asked to, or an event was lost.
 */
export async function* soak(
  { cycles, events }: { cycles: number; events: number },
  tell: (text: string) => void = () => {},
): AsyncGenerator<SoakReport, void> {
  await using init = await RunningInit.start({ jobs: jobs(), arguments: ["--http", "0", "--verbose"] });
  const port = Number((await init.untilMessage(/Listening on http:\/\/127\.0\.0\.1:(\d+)$/m))[1]);
  const client = await connectBeside(init.environment["UPSTART_SESSION"]!);
  await client.set(MANAGER_PATH, MANAGER_INTERFACE, "log_priority", "message");
  await emit(client, "up", [], true);
  /** Waits until a counter is at what it has to be: the text of all metrics may be a second old. */
  const isCounted = async (what: string, count: number, name: string, label?: string) => {
    let last = 0;
    await until(what, async () => (last = await counted(port, name, label)) >= count);
    assert.equal(last, count, what);
  };
  await isCounted("what is up is up", KEPT, "rouse_job_starts_total");

  const ofCycles = await measure(init, "cycles", cycles, tell, async (done) => {
    await emit(client, "cycle", [`N=${done}`], true);
    return CYCLES_AT_ONCE;
  });
  const starts = KEPT + ofCycles.count, isMain = 'process="main",status="0"';
  await isCounted("each cycle has begun", starts, "rouse_job_starts_total");
  await isCounted("each cycle has ended well", ofCycles.count, "rouse_job_exits_total", isMain);
  yield ofCycles;

  // The first one is held, and not over, for jobs wait for the other half of their condition.
  await emit(client, "half", [], false);
  const emitted = await counted(port, "rouse_events_total");
  const ofEvents = await measure(init, "events", events, tell, async (done) => {
    await Promise.all(Array.from({ length: WINDOW }, (_, index) => {
      const number = done + index, [event, environment] = EVENTS[number % EVENTS.length]!;
      return emit(client, event, environment(number), false);
    }));
    return WINDOW;
  });
  await isCounted("each event is over", emitted + ofEvents.count, "rouse_events_total");
  await isCounted("no event was taken for another", starts, "rouse_job_starts_total");
  yield ofEvents;
  client.close();
}
