/** Chaos on the real executable: what can go wrong around an init does so, all the time; nothing may be lost or doubled by it. */

import { pause } from "../support/deadline.ts";
import { type Beat, Pulse, summary, type Waits } from "../support/pulse.ts";
import { type Sample, sample, slope } from "../support/resources.ts";
import { emit, perform } from "./actions.ts";
import { judge, settleAll, TASK } from "./aftermath.ts";
import { type Action, makePlan } from "./plan.ts";
import { definitionOf, fileOf, makeServices } from "./services.ts";
import { ChaosState } from "./state.ts";
import { World } from "./world.ts";

/** What a run is made of. `time` is in ms. */
interface ChaosOptions {
  seed: number;
  services: number;
  time: number;
}

/** What was seen of a run that went well. */
export interface ChaosReport {
  /** How often each thing was done. */
  counts: ReadonlyMap<string, number>;
  lines: number;
  /** How long a client waited for its answer, while init was itself; and while it was replaced, at most, in ms. */
  waits: Waits;
  longestRestart: number;
  /** Init's private memory at the beginning and at the end, at rest, in MB, and its slope in MB a minute. */
  memory: { first: number; last: number; slope: number };
  descriptors: { first: number; last: number };
}

/** How often an action is begun, and init's memory looked at, in ms. */
const ACT_EVERY = 50, SAMPLE_EVERY = 1000;

/** So many of the last actions, and of init's last messages, are told when something is wrong. */
const LAST_ACTIONS = 40, LAST_MESSAGES = 60;

/** How much longer than init was halted a client may wait, in ms: what has come meanwhile is done first. */
const AFTER_PAUSE = 500;

/**
 * Runs it.
 *
 * @param tell Told of the progress, a line at a time.
 * @throws {Error} with the seed and the last actions, when something is not as it has to be.
 */
export async function chaos(
  { seed, services: count, time }: ChaosOptions,
  tell: (text: string) => void = () => {},
): Promise<ChaosReport> {
  const services = makeServices(count);
  const files = services.map((service) => [fileOf(service), definitionOf(service, 1)]);
  await using world = await World.start({ ...Object.fromEntries(files), "task.conf": TASK });
  const state = new ChaosState(world, services), begun: string[] = [];
  try {
    return await run(state, makePlan(seed, Math.ceil(time / ACT_EVERY)), begun, tell);
  } catch (error) {
    throw new Error(accountOf(error as Error, { seed, services: count, time }, begun, state), {
      cause: error,
    });
  }
}

/** What somebody needs who looks into it: the seed, the last actions, and what init has said of those concerned, and last. */
function accountOf(
  { message }: Error,
  { seed, services }: ChaosOptions,
  begun: readonly string[],
  state: ChaosState,
): string {
  const messages = state.world.messages().trimEnd().split("\n");
  const names = state.services.map(({ name }) => name).filter((name) => message.split(/\W/).includes(name));
  const concerned = messages.filter((line) => names.some((name) => line.split(/\W/).includes(name)));
  return [
    `Chaos with the seed ${seed} and ${services} services after ${begun.length} actions: ${message}`,
    `The last actions:\n${begun.slice(-LAST_ACTIONS).join("\n")}`,
    `Init's messages of those services:\n${concerned.slice(-LAST_MESSAGES).join("\n")}`,
    `Init's last messages:\n${messages.slice(-LAST_MESSAGES).join("\n")}`,
  ].join("\n\n");
}

async function run(
  state: ChaosState,
  plan: readonly Action[],
  begun: string[],
  tell: (text: string) => void,
): Promise<ChaosReport> {
  const { world, services } = state;
  await emit(world.controller, "boot", [], true);
  for (const service of services) state.groupOf(service).asks.push({ what: "start", name: service.name });
  await settleAll(state);
  using pulse = await Pulse.start(world.address);
  const first = sample(world.pid, 0),
    opened = world.opened(),
    samples: Sample[] = [],
    began = performance.now();
  const wrong = Promise.withResolvers<never>(), underWay = new Set<Promise<void>>();
  wrong.promise.catch(() => {});
  for (const [index, action] of plan.entries()) {
    await Promise.race([wrong.promise, pause(Math.max(0, began + index * ACT_EVERY - performance.now()))]);
    begun.push(`${index}: ${JSON.stringify(action)}`);
    const work = perform(state, action).catch(wrong.reject).finally(() => underWay.delete(work));
    underWay.add(work);
    if (samples.length > (performance.now() - began) / SAMPLE_EVERY) continue;
    samples.push(sample(world.pid, (performance.now() - began) / 60_000));
    if (samples.length % 60 === 0) tell(describe(samples, begun.length));
  }
  await Promise.race([wrong.promise, Promise.all(underWay)]);
  const beats = await pulse.beats();
  const { lines } = await judge(state, opened);
  const last = sample(world.pid, 0), warm = samples.slice(Math.floor(samples.length / 5));
  return {
    counts: state.counts,
    lines,
    ...pauses(state, beats),
    memory: { first: first.memory, last: last.memory, slope: slope(warm, "memory") },
    descriptors: { first: first.descriptors, last: last.descriptors },
  };
}

function describe(samples: readonly Sample[], actions: number): string {
  const { after, memory, descriptors } = samples.at(-1)!;
  return `${after.toFixed(0)} minutes: ${actions} actions, ${
    memory.toFixed(1)
  } MB private, ${descriptors} descriptors`;
}

/** What a client has waited while init was neither halted nor replaced, and for its replacement at most. */
function pauses({ pauses }: ChaosState, beats: readonly Beat[]) {
  const overlapping = ({ at, waited }: Beat) =>
    pauses.find(({ from, until }) => at < until + AFTER_PAUSE && at + waited > from);
  const restarts = beats.filter((beat) => overlapping(beat)?.isRestart);
  return {
    waits: summary(beats.filter((beat) => !overlapping(beat))),
    longestRestart: Math.max(0, ...restarts.map(({ waited }) => waited)),
  };
}
