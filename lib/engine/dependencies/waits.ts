/** What an instance waits for by its dependencies: in `starting` until it may start, in `stopping` until it may stop. */

import type { EngineState } from "../engine_state.ts";
import type { Instance } from "../instance.ts";
import type { LoadedJob } from "../loaded_job.ts";
import { isScript } from "../services/init_script.ts";
import { DependencyGraph, type Edge } from "./graph.ts";
import {
  isAboutCompletion,
  isComing,
  isGone,
  isHeld,
  isHeldInStart,
  isHeldInStop,
  isMet,
  isMetStill,
  isUpBeside,
  targetOf,
} from "./phases.ts";

/** The graph of the jobs' present definitions. When they have changed, names may have another meaning now. */
export function graphOf(engine: EngineState): DependencyGraph {
  return engine.dependencies.graph ?? renewGraph(engine);
}

function renewGraph(engine: EngineState): DependencyGraph {
  const { pending, levels, heldStops } = engine.dependencies;
  for (const instance of heldStops) engine.stopQueue?.add(instance);
  heldStops.clear();
  for (const job of engine.jobs.values()) {
    if (job.startOn?.hasLevels) levels.add(job);
    for (const instance of job.instances.values()) {
      instance.stall = undefined;
      if (isHeld(instance)) pending.add(instance);
    }
  }
  return makeGraph(engine);
}

/** Makes the graph of the jobs' present definitions. */
export function makeGraph(engine: EngineState): DependencyGraph {
  const definitions = Array.from(engine.jobs.values(), ({ definition }) => definition);
  forgetSettled(engine);
  return engine.dependencies.graph = new DependencyGraph(definitions);
}

/** Something that an instance waits for before it starts. Without an edge: a job that it conflicts with. */
export interface StartWait {
  edge: Edge | undefined;
  target: LoadedJob | undefined;
}

/** What an instance waits for before it starts: what it names itself, else what is behind that. */
export function* startWaits(engine: EngineState, instance: Instance): Iterable<StartWait> {
  const graph = graphOf(engine), { job } = instance;
  let isFree = true;
  for (const edge of graph.edgesOf(job.name)) {
    const target = targetOf(engine, edge);
    if (!holds(edge, target)) continue;
    isFree = false;
    yield { edge, target };
  }
  const before = isFree ? comingBefore(engine, graph, instance) : undefined;
  if (before) yield before;
  for (const name of graph.conflictsOf(job.name)) {
    const target = engine.jobs.get(name);
    if (target && target.instances.size > 0) yield { edge: undefined, target };
  }
}

function holds(edge: Edge, target: LoadedJob | undefined): boolean {
  if (!target) return edge.kind === "needs";
  if (isMet(edge, target)) return false;
  return edge.kind === "needs" || !edge.givesWay && isComing(edge, target, false);
}

/**
 * False when nothing is known that an instance waits for before it starts, so that it has to be looked at. As others come
 * up one by one, it remembers how far it is: of thousands of needs it does not look at each whenever another one is up.
 */
export function stillWaits(engine: EngineState, instance: Instance): boolean {
  const edges = graphOf(engine).edgesOf(instance.job.name);
  for (; instance.edgesMet < edges.length; instance.edgesMet++) {
    const edge = edges[instance.edgesMet]!;
    if (holds(edge, targetOf(engine, edge))) return true;
  }
  instance.edgesMet = 0;
  return false;
}

/** Something that an instance waits for before it stops: another one that has to be gone. */
interface StopWait {
  instance: Instance;
  /** True when that one cannot be up without it. */
  isNeeded: boolean;
}

/** The instances that have to be gone before this one may stop: those that need it, and others that stop, too. */
export function* stopWaits(engine: EngineState, stopped: Instance): Iterable<StopWait> {
  const isStopping = ({ goal }: Instance) => goal === "stop";
  let isFree = true;
  for (const { instance, isNeeded } of dependants(engine, stopped)) {
    if (!isNeeded && !isStopping(instance)) continue;
    isFree = false;
    yield { instance, isNeeded };
  }
  const before = isFree ? goingBefore(engine, graphOf(engine), stopped) : undefined;
  if (before) yield { instance: before, isNeeded: false };
}

/** True when an instance is not gone yet that comes before this one where all stop. */
export function hasDependants(engine: EngineState, instance: Instance): boolean {
  for (const _ of dependants(engine, instance)) return true;
  return goingBefore(engine, graphOf(engine), instance) !== undefined;
}

/** Finds anew, after a restart of init, who looks again with whom by way of scripts in between. */
export function renewBehind(engine: EngineState): void {
  for (const job of engine.jobs.values()) {
    for (const instance of job.instances.values()) {
      if (isHeldInStop(instance)) Array.from(stopWaits(engine, instance));
      else if (isHeldInStart(instance) && instance.goal !== "stop") Array.from(startWaits(engine, instance));
    }
  }
  for (const instance of engine.dependencies.heldStops) hasDependants(engine, instance);
}

/** The instances that depend on this one, and are not gone. Tasks have none: what counts is that they are done. */
function* dependants(engine: EngineState, instance: Instance): Iterable<StopWait> {
  const { job } = instance;
  for (const edge of graphOf(engine).edgesTo(job.name)) {
    if (edge.givesWay || isAboutCompletion(edge, job)) continue;
    let isNeeded: boolean | undefined;
    for (const other of engine.jobs.get(edge.dependant)?.instances.values() ?? []) {
      if (other === instance || isGone(other)) continue;
      isNeeded ??= edge.kind === "needs" && !isMetByAnother(engine, edge, instance);
      yield { instance: other, isNeeded };
    }
  }
}

function isMetByAnother(engine: EngineState, edge: Edge, instance: Instance): boolean {
  return edge.targets.some((name) => {
    const target = engine.jobs.get(name);
    if (!target) return false;
    return target === instance.job ? isUpBeside(target, instance) : isMetStill(edge, target);
  });
}

/*
 * The order with init scripts in between: rc runs the scripts of a level by numbers. One that is down, or stays as it is, has
 * a number like the others, and leaves no gap: whoever comes after it comes after all that this one comes after.
 */

/** A job that is on its way up before another one, and the edge to it. */
interface Predecessor {
  edge: Edge;
  target: LoadedJob;
}

/** A job on its way up that an instance comes after by way of scripts that are not. The instance looks again with it. */
function comingBefore(
  engine: EngineState,
  graph: DependencyGraph,
  instance: Instance,
): Predecessor | undefined {
  const { settledUp } = engine.dependencies, passed = new Set([instance.job]);
  for (const { name } of passed) {
    for (const edge of graph.edgesOf(name)) {
      const target = edge.givesWay ? undefined : targetOf(engine, edge);
      if (!target || passed.has(target)) continue;
      // What is needed for good by one in between is no matter of the order: a service may never be done.
      const plain = { ...edge, completed: false };
      if (!isMet(plain, target) && isComing(plain, target, false)) {
        lookAgainWith(engine, instance, target);
        return { edge: plain, target };
      }
      if (isScript({ job: target }) && !settledUp.has(target)) passed.add(target);
    }
  }
  for (const job of passed) settledUp.add(job);
  return undefined;
}

/** An instance that is to stop before this one by way of scripts that are not. This one looks again with it. */
function goingBefore(
  engine: EngineState,
  graph: DependencyGraph,
  instance: Instance,
): Instance | undefined {
  const { settledDown } = engine.dependencies, passed = new Set([instance.job]);
  for (const { name } of passed) {
    for (const { givesWay, dependant } of graph.edgesTo(name)) {
      const job = givesWay ? undefined : engine.jobs.get(dependant);
      if (!job || passed.has(job)) continue;
      for (const other of job.instances.values()) {
        if (isGone(other) || !isToStop(engine, other)) continue;
        lookAgainWith(engine, instance, job);
        return other;
      }
      if (isScript({ job }) && !settledDown.has(job)) passed.add(job);
    }
  }
  for (const job of passed) settledDown.add(job);
  return undefined;
}

/** While all stop in order, some have not been told to yet. */
function isToStop(engine: EngineState, { goal }: Instance): boolean {
  return goal === "stop" || engine.stopQueue !== undefined;
}

function lookAgainWith(engine: EngineState, instance: Instance, job: LoadedJob): void {
  const { behind } = engine.dependencies, waiting = behind.get(job);
  if (waiting) waiting.add(instance);
  else behind.set(job, new Set([instance]));
}

/** Forgets which jobs nothing is on its way before: something may be from now on. */
export function forgetSettled({ dependencies }: EngineState): void {
  dependencies.settledUp.clear();
  dependencies.settledDown.clear();
}
