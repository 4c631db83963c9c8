/** Who depends on whom, worked out anew from all definitions whenever somebody asks. docs/dependencies.md. */

import { eventsOf, levelOf } from "../../../../lib/model/condition.ts";
import type { JobDefinition } from "../../../../lib/model/job.ts";
import { parseReference } from "../../../../lib/model/text/references.ts";
import { isUp } from "../table.ts";
import { type Instance, type Job, nameOf, type World } from "../world.ts";

const KINDS = ["needs", "wants", "uses", "after", "last"] as const;

/** That one job depends on another, by its name or one that it provides. */
export interface Edge {
  kind: (typeof KINDS)[number];
  dependant: string;
  name: string;
  completed: boolean;
  /** The jobs that the name may mean. */
  targets: string[];
  /** True for one that a circle makes void. */
  givesWay: boolean;
}

/** The jobs that a name means: the one of this name, or those that provide it. */
export function meantBy(world: World, name: string): string[] {
  if (world.job(name)) return [name];
  return world.jobs.filter(({ definition }) => definition.provides.includes(name)).map(nameOf).sort();
}

/** All names by which jobs can be meant. */
export function allNames(world: World): string[] {
  return [
    ...new Set([...world.jobs.map(nameOf), ...world.jobs.flatMap(({ definition }) => definition.provides)]),
  ];
}

/** The jobs that a word means for a job, which never means itself by a name that it provides. */
function meantFor(world: World, word: string, job: string): string[] {
  const { name } = parseReference(word), meant = meantBy(world, name);
  return meant[0] === name ? meant : meant.filter((other) => other !== job);
}

/** All edges, in the order in which the definitions say them. */
function allEdges(world: World): Edge[] {
  const definitions = world.jobs.map(({ definition }) => definition), edges: Edge[] = [];
  const add = (kind: Edge["kind"], dependant: string, word: string, targets: string[]) => {
    const { name, completed } = parseReference(word);
    const isOwnName = targets.length === 0 && meantBy(world, name).includes(dependant);
    if (!isOwnName) edges.push({ kind, dependant, name, completed, targets, givesWay: false });
  };
  for (const definition of definitions) {
    const { name, before } = definition;
    for (const kind of ["needs", "wants", "uses", "after"] as const) {
      for (const word of definition[kind]) {
        if (word !== "*") add(kind, name, word, meantFor(world, word, name));
      }
    }
    for (const word of before) {
      for (const other of meantFor(world, word, name)) add("after", other, name, [name]);
    }
  }
  for (const definition of definitions.filter(({ after }) => after.includes("*"))) {
    for (const other of besides(definition, definitions)) add("last", definition.name, other, [other]);
  }
  return edges.length === 0 ? edges : withCircles(edges);
}

/** The jobs without `after *` that something starts which also starts this one, in the order of what starts it. */
function besides(definition: JobDefinition, all: JobDefinition[]): Set<string> {
  const triggers = ({ startOn }: JobDefinition) =>
    eventsOf(startOn).map((event) => levelOf(event) ?? event.name);
  const others = all.filter(({ after }) => !after.includes("*"));
  return new Set(
    triggers(definition).flatMap((trigger) =>
      others.filter((other) => triggers(other).includes(trigger)).map(({ name }) => name)
    ),
  );
}

/** Marks the edges in circles. A kind gives way to those before it; needs in a circle stay, as a fault. */
function withCircles(edges: Edge[]): Edge[] {
  KINDS.forEach((kind, place) => {
    const kept = edges.filter((edge) =>
      KINDS.indexOf(edge.kind) <= place && (edge.kind === "needs" || !edge.givesWay)
    );
    const marked = edges.filter((edge) => edge.kind === kind && leadsTo(kept, edge.targets, edge.dependant));
    for (const edge of marked) edge.givesWay = true;
  });
  return edges;
}

/** True when one of some jobs is this one, or leads to it. */
function leadsTo(edges: Edge[], from: string[], job: string): boolean {
  const reached = new Set(from);
  for (const next of reached) {
    for (const { dependant, targets } of edges) {
      if (dependant === next) { for (const target of targets) reached.add(target); }
    }
  }
  return reached.has(job);
}

/** True when no job depends on another, conflicts with one, or waits for one to be up. */
export function isIndependent(world: World): boolean {
  return allEdges(world).length === 0 && world.jobs.every((job) => {
    const levels = eventsOf(job.definition.startOn).flatMap((event) => levelOf(event) ?? []);
    return conflictsOf(world, job).length === 0 && levels.every((name) => meantBy(world, name).length === 0);
  });
}

export function edgesOf(world: World, job: Job): Edge[] {
  return allEdges(world).filter(({ dependant }) => dependant === nameOf(job));
}

export function edgesTo(world: World, job: Job): Edge[] {
  return allEdges(world).filter(({ targets }) => targets.includes(nameOf(job)));
}

/** The jobs that cannot run beside this one, whoever says so. */
export function conflictsOf(world: World, job: Job): Job[] {
  const name = nameOf(job), found: string[] = [];
  for (const { definition } of world.jobs) {
    for (const word of definition.conflicts) {
      for (const other of meantFor(world, word, definition.name)) {
        if (definition.name === name && other !== name) found.push(other);
        if (other === name && definition.name !== name) found.push(definition.name);
      }
    }
  }
  return [...new Set(found)].map((other) => world.job(other)!);
}

/** True where it is the end of the work that counts. */
export function isOfWork(edge: { completed: boolean }, { definition }: Job): boolean {
  return edge.completed || definition.task;
}

/** True when a job is what an edge asks for, and is to stay so. */
export function isThere(edge: { completed: boolean }, job: Job): boolean {
  if (isOfWork(edge, job)) return job.completed;
  return job.instances.some(({ goal, state }) => goal === "start" && isUp(state));
}

/** The same, though it may be about to go. `but`: an instance that does not count. */
export function isStillThere(edge: { completed: boolean }, job: Job, but?: Instance): boolean {
  if (isOfWork(edge, job)) return job.completed;
  return job.instances.some((one) => one !== but && isUp(one.state));
}

/** True when a job is going to be what an edge asks for. Who does not insist does not count on one that has failed. */
export function isComing(edge: { completed: boolean }, job: Job, insists = true): boolean {
  return job.instances.some((one) => {
    if (one.stall !== undefined || !insists && one.setback?.isStart) return false;
    if (isOfWork(edge, job)) return one.goal !== "stop" || one.isDone;
    return one.goal === "respawn" || one.goal === "start" && !isUp(one.state);
  });
}

/** The job that an edge means now: one that is there, else one that comes, else the first. */
export function targetOf(world: World, edge: Edge): Job | undefined {
  const jobs = edge.targets.map((name) => world.job(name)!);
  return jobs.find((job) => isThere(edge, job)) ?? jobs.find((job) => isComing(edge, job)) ?? jobs[0];
}
