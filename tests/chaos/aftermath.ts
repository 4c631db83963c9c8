/** What has to be true after chaos, once all that was short is back. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../support/deadline.ts";
import { emit, restart } from "./actions.ts";
import { placesOf } from "./expectation.ts";
import type { Service } from "./services.ts";
import type { ChaosState } from "./state.ts";
import type { World } from "./world.ts";

/** The job of the tasks, and the file in which each tells that it has run. */
export const TASK = 'task\ninstance $N\nstart on work\nscript\n  echo $N >> "@DIR@/done"\nend script\n';

/** What the shell of a writer says when it ends for want of processes. */
const NO_FORK = /Cannot fork$/;

/**
 * Has init at rest, and looks at all.
 *
 * @param opened What init's descriptors led to at first, when all services were up.
 * @throws {Error} for what is not as it has to be.
 */
export async function judge(state: ChaosState, opened: readonly string[]): Promise<{ lines: number }> {
  const { world } = state;
  await world.mend();
  for (const service of state.broken) state.edit(service);
  await settleAll(state);
  await isMarked(state);
  await isAllNew(state);
  // A successor has none of what its predecessor has opened for itself, so both are looked at.
  await isClosed(world, opened);
  await restart(state);
  await settleAll(state);
  await isMarked(state);
  await isClosed(world, opened);
  await until("no process is left that was not waited for", () => world.zombies().length === 0);
  isDone(state);
  const lines = state.services.filter(({ kind }) => kind === "writer")
    .reduce((sum, service) => sum + linesOf(state, service), 0);
  const faults = world.messages().split("\n").filter((line) => /internal error/i.test(line));
  assert.deepEqual(faults, [], "init has had a fault");
  return { lines };
}

export async function settleAll(state: ChaosState): Promise<void> {
  await Promise.all(Array.from(state.groups, (group) => state.settle(group)));
}

/** No process of a service is lost, none is doubled, and none is left of what is down. */
async function isMarked({ world, groups }: ChaosState): Promise<void> {
  let wrong: string[] = [];
  const isSame = async () => {
    const look = await world.look(), found = world.marked(), wanted = new Map<string, number[]>();
    for (const { services, asks } of groups) {
      for (const [name, place] of placesOf(services, asks)) {
        if (place === "running") wanted.set(name, [look.get(name)?.main ?? 0]);
      }
    }
    wrong = [...new Set([...found.keys(), ...wanted.keys()])]
      .filter((name) => String(found.get(name)) !== String(wanted.get(name)))
      .map((name) =>
        `${name} has the processes ${found.get(name) ?? "none"}, and not ${wanted.get(name) ?? "none"}`
      );
    return wrong.length === 0;
  };
  await until("each service that is up has its one process", isSame).catch(() => {
    assert.fail(`a process was lost or doubled: ${wrong.join("; ")}`);
  });
}

/** The definition that is in force of each service is the one that its file has: it shows when all are started anew. */
async function isAllNew(state: ChaosState): Promise<void> {
  const { world, services } = state;
  await Promise.all(services.map((service) => ask(state, "stop", service)));
  await settleAll(state);
  await isMarked(state);
  await emit(world.controller, "boot", [], true);
  for (const service of services) state.groupOf(service).asks.push({ what: "start", name: service.name });
  await settleAll(state);
  await isMarked(state);
  const look = await world.look();
  for (const service of services) {
    const version = world.variable(look.get(service.name)!.main!, "VERSION");
    assert.equal(version, String(state.versionOf(service)), `${service.name} has not its latest definition`);
  }
}

async function ask(state: ChaosState, what: "start" | "stop", service: Service): Promise<void> {
  await emit(state.world.controller, what === "start" ? "raise" : "lower", [`JOB=${service.name}`], true);
  state.groupOf(service).asks.push({ what, name: service.name });
}

/** Init has opened nothing that it does not close; logs are opened when there is something to be written. */
async function isClosed(world: World, opened: readonly string[]): Promise<void> {
  const others = (paths: readonly string[]) => paths.filter((path) => !path.endsWith(".log"));
  const isSame = () => others(world.opened()).length <= others(opened).length;
  await until("init has closed what it has opened", isSame).catch(() => {
    assert.deepEqual(others(world.opened()), others(opened), "init holds on to descriptors");
  });
}

/** Each task has run once, those of clients that vanished at most once. */
function isDone({ world, tasks, vanished }: ChaosState): void {
  const path = join(world.directory, "done");
  const done = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n").map(Number) : [];
  const once = new Set(done), lost = tasks.filter((number) => !once.has(number));
  assert.deepEqual(lost, [], "a task has not run");
  const twice = done.filter((number, index) => done.indexOf(number) < index);
  assert.deepEqual(
    twice,
    [],
    `a task has run twice, in ${done}; those of clients that vanished are ${vanished}`,
  );
  const known = new Set([...tasks, ...vanished]);
  assert.deepEqual(done.filter((number) => !known.has(number)), [], "a task has run that nobody asked for");
}

/** A writer's log has all lines of each of its lives in order; of a life's last line, a part may be there. Gives how many. */
function linesOf({ world }: ChaosState, { name }: Service): number {
  const lines = readFileSync(world.log(name), "utf8").trimEnd().split("\n");
  let last = 0;
  lines.forEach((line, index) => {
    const next = `line ${last + 1}`, first = "line 1";
    if (line === next) last++;
    else if (NO_FORK.test(line)) last = 0;
    // The first line of a life, behind what there is of the last line of the one before.
    else if (line.endsWith(first) && next.startsWith(line.slice(0, -first.length))) last = 1;
    else assert.fail(`${name}, line ${index + 1}: ${line} after ${last}`);
  });
  return lines.length;
}
