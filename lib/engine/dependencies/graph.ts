/**
 * The graph of dependencies: who needs, wants, uses and follows whom, by the jobs' names. It derives from the definitions
 * alone, and is an index, too: the jobs that depend on one, and those that it conflicts with.
 *
 * Edges in a circle give way, one kind after the other: first those of `after *`, then of `after` and `before`, then `uses`,
 * then `wants`. A circle of needs is a fault.
 */

import { eventsOf, type JobCondition, levelOf } from "../../model/condition.ts";
import type { JobDefinition } from "../../model/job.ts";
import { parseReference } from "../../model/text/references.ts";
import { componentsOf } from "./components.ts";

/** The kinds of edges that are fields of a definition, the strongest first. `before` makes an edge `after` of the other job. */
const EDGE_FIELDS = ["needs", "wants", "uses", "after"] as const;

/** All kinds. `last` is that of a job that comes after all others (`after *`). */
const EDGE_KINDS = [...EDGE_FIELDS, "last"] as const;
export type EdgeKind = (typeof EDGE_KINDS)[number];

/** The word for all other jobs, in `after`. */
const ALL = "*";

/** So many edges of `after *` are made at most. Jobs beyond that, which must be many hundreds, come after no others. */
const MOST_LAST_EDGES = 50_000;

/** That one job depends on another. */
export interface Edge {
  readonly kind: EdgeKind;
  /** The job that depends. */
  readonly dependant: string;
  /** The other job: its name, or one that it provides. */
  readonly name: string;
  /** True for `completed(NAME)`. */
  readonly completed: boolean;
  /** The jobs that the name may mean: the one that is called so, or else those that provide it, by name. */
  readonly targets: string[];
  /** True for an edge in a circle: nothing waits because of it. */
  givesWay: boolean;
}

const NONE: ReadonlySet<never> = new Set<never>();
const NO_EDGES: readonly Edge[] = [];

/** The graph of a set of jobs. */
export class DependencyGraph {
  readonly #edges = new Map<string, Edge[]>();
  readonly #dependants = new Map<string, Set<Edge>>();
  readonly #conflicts = new Map<string, Set<string>>();
  readonly #levels = new Map<string, Set<string>>();
  /** The jobs that provide a name. */
  readonly #providers = new Map<string, string[]>();
  readonly #names: Set<string>;
  /** The jobs with a need in a circle. */
  readonly #circular = new Set<string>();
  /** The jobs in circles in which edges give way. */
  readonly #inCircles = new Set<string>();
  /** The jobs that may need two of those that conflict with others. */
  readonly #torn = new Set<string>();
  /** True when no job depends on another, and none waits for a level. */
  readonly isEmpty: boolean;

  constructor(definitions: Iterable<JobDefinition>) {
    const all = Array.from(definitions);
    this.#names = new Set(all.map(({ name }) => name));
    for (const { name, provides } of all) {
      for (const word of provides) {
        const providers = getOrAdd(this.#providers, word, () => []);
        if (!providers.includes(name)) providers.push(name);
      }
    }
    for (const providers of this.#providers.values()) providers.sort();
    for (const definition of all) this.#addJob(definition);
    this.#addLast(all);
    this.#giveWay();
    this.#findTorn();
    this.isEmpty = this.#edges.size + this.#dependants.size + this.#conflicts.size + this.#levels.size === 0;
  }

  /** What a job depends on, in the order in which it says so. */
  edgesOf(job: string): readonly Edge[] {
    return this.#edges.get(job) ?? NO_EDGES;
  }

  /** The edges to a job, also by the names that it provides. */
  edgesTo(job: string): ReadonlySet<Edge> {
    return this.#dependants.get(job) ?? NONE;
  }

  /** The jobs that cannot run at the same time as this one. */
  conflictsOf(job: string): ReadonlySet<string> {
    return this.#conflicts.get(job) ?? NONE;
  }

  /** False when a job and all that it needs cannot conflict with each other, whatever the names mean. */
  mayNeedConflicting(job: string): boolean {
    return this.#torn.has(job);
  }

  /** The jobs whose `start on` says that this one is up. */
  levelsOn(job: string): ReadonlySet<string> {
    return this.#levels.get(job) ?? NONE;
  }

  /** The jobs that a name may mean: the one that is called so, or else those that provide it, by name. */
  targetsOf(name: string): readonly string[] {
    return this.#names.has(name) ? [name] : this.#providers.get(name) ?? [];
  }

  /** All names that can be referred to. */
  get names(): Iterable<string> {
    return [...this.#names, ...this.#providers.keys()];
  }

  /** The circles of needs, each with its members in their order, so that each needs the next, and the last the first. */
  circles(): string[][] {
    const circles: string[][] = [];
    const seen = new Set<string>();
    for (const job of this.#edges.keys()) {
      if (seen.has(job) || !this.mayBeCircular(job)) continue;
      const circle = this.circleOf(job, ({ targets }) => targets) ?? [];
      if (circle.some((member) => seen.has(member))) continue;
      for (const member of circle) seen.add(member);
      circles.push(circle);
    }
    return circles;
  }

  /** True when a job can be in a circle of needs, if the names that several jobs provide mean certain ones. */
  mayBeCircular(job: string): boolean {
    return this.#circular.has(job);
  }

  /** The shortest circle of needs that a job is in. `targets`: the jobs that an edge means at present. */
  circleOf(job: string, targets: (edge: Edge) => Iterable<string>): string[] | undefined {
    const before = new Map<string, string>();
    const pending = [job];
    for (const next of pending) {
      for (const edge of this.edgesOf(next)) {
        if (edge.kind !== "needs" || !edge.givesWay) continue;
        for (const target of targets(edge)) {
          if (target === job) return pathTo(next, job, before);
          if (before.has(target)) continue;
          before.set(target, next);
          pending.push(target);
        }
      }
    }
    return undefined;
  }

  /** Removes a job. False when that may change the meaning of a name or of an edge, and the graph has to be made anew. */
  remove(job: string): boolean {
    const dependants = Array.from(this.edgesTo(job));
    const isMeantByAnotherName = this.#providers.has(job) || dependants.some(({ name }) => name !== job);
    if (isMeantByAnotherName || this.#inCircles.has(job)) return false;
    for (const edge of this.edgesTo(job)) edge.targets.splice(edge.targets.indexOf(job), 1);
    for (const edge of this.edgesOf(job)) {
      for (const target of edge.targets) this.#dependants.get(target)?.delete(edge);
    }
    for (const other of this.conflictsOf(job)) this.#conflicts.get(other)?.delete(job);
    for (const waiting of this.#levels.values()) waiting.delete(job);
    for (const table of [this.#edges, this.#dependants, this.#conflicts]) table.delete(job);
    for (const [name, providers] of this.#providers) {
      const others = providers.filter((other) => other !== job);
      if (others.length === 0) this.#providers.delete(name);
      else this.#providers.set(name, others);
    }
    return this.#names.delete(job);
  }

  #addJob(definition: JobDefinition): void {
    const { name, before, conflicts, startOn } = definition;
    for (const kind of EDGE_FIELDS) {
      for (const word of definition[kind]) {
        if (word !== ALL) this.#addEdge(kind, name, word, this.#targets(word, name));
      }
    }
    for (const word of before) {
      for (const other of this.#targets(word, name)) this.#addEdge("after", other, name, [name]);
    }
    for (const word of conflicts) {
      for (const other of this.#targets(word, name)) {
        if (other === name) continue;
        getOrAdd(this.#conflicts, name, newSet).add(other);
        getOrAdd(this.#conflicts, other, newSet).add(name);
      }
    }
    for (const event of eventsOf(startOn)) {
      const level = levelOf(event);
      if (level === undefined) continue;
      for (const target of this.targetsOf(level)) getOrAdd(this.#levels, target, newSet).add(name);
    }
  }

  /** Has jobs with `after *` come after all without that the same events may start. */
  #addLast(all: readonly JobDefinition[]): void {
    const last = all.filter(({ after }) => after.includes(ALL));
    if (last.length === 0) return;
    const byEvent = new Map<string, string[]>();
    for (const { name, after, startOn } of all) {
      if (after.includes(ALL)) continue;
      for (const event of triggersOf(startOn)) getOrAdd(byEvent, event, (): string[] => []).push(name);
    }
    let left = MOST_LAST_EDGES;
    for (const { name, startOn } of last) {
      const others = new Set(Array.from(triggersOf(startOn)).flatMap((event) => byEvent.get(event) ?? []));
      left -= others.size;
      if (left < 0) return;
      for (const other of others) this.#addEdge("last", name, other, [other]);
    }
  }

  /** The jobs that a word means for a job, which may provide the name itself: then others are meant. */
  #targets(word: string, job: string): string[] {
    const { name } = parseReference(word);
    return this.#names.has(name) ? [name] : this.targetsOf(name).filter((other) => other !== job);
  }

  #addEdge(kind: EdgeKind, dependant: string, word: string, targets: string[]): void {
    const { name, completed } = parseReference(word);
    // A name that a job provides by itself alone is there as soon as it is.
    if (targets.length === 0 && this.targetsOf(name).includes(dependant)) return;
    const edge: Edge = { kind, dependant, name, completed, targets, givesWay: false };
    getOrAdd(this.#edges, dependant, (): Edge[] => []).push(edge);
    for (const target of targets) getOrAdd(this.#dependants, target, newSet<Edge>).add(edge);
  }

  /**
   * Finds the edges in circles, kind by kind: each kind gives way to the stronger ones. Needs hold also in circles: a name
   * may mean another job than the one in the circle.
   */
  #giveWay(): void {
    const kept = new Set<EdgeKind>(), edges = Array.from(this.#edges.values()).flat();
    for (const kind of EDGE_KINDS) {
      kept.add(kind);
      if (!edges.some((edge) => edge.kind === kind)) continue;
      const counts = (edge: Edge) => kept.has(edge.kind) && (edge.kind === "needs" || !edge.givesWay);
      const components = componentsOf(
        this.#edges.keys(),
        (job) => this.edgesOf(job).filter(counts).flatMap(({ targets }) => targets),
      );
      const circles = new Set<number>();
      for (const edge of edges) {
        if (edge.kind !== kind) continue;
        const own = components.get(edge.dependant)!;
        edge.givesWay = edge.targets.some((target) => components.get(target) === own);
        if (!edge.givesWay) continue;
        circles.add(own);
        if (kind === "needs") this.#circular.add(edge.dependant);
      }
      for (const [job, component] of components) if (circles.has(component)) this.#inCircles.add(job);
    }
  }

  /** Finds the jobs that may need two of those that conflict with others: most need none of them, or the same one. */
  #findTorn(): void {
    const needed = new Map(Array.from(this.#conflicts.keys(), (job) => [job, job]));
    const pending = Array.from(needed.keys());
    for (const job of pending) {
      const conflicting = needed.get(job)!;
      for (const { kind, dependant } of this.edgesTo(job)) {
        if (kind !== "needs" || this.#torn.has(dependant)) continue;
        const isTorn = this.#torn.has(job) || (needed.get(dependant) ?? conflicting) !== conflicting;
        if (!isTorn && needed.has(dependant)) continue;
        if (isTorn) this.#torn.add(dependant);
        if (!needed.has(dependant)) needed.set(dependant, conflicting);
        pending.push(dependant);
      }
    }
  }
}

/** The events and levels that a condition speaks of, by their names. */
function triggersOf(condition: JobCondition | undefined): Set<string> {
  return new Set(Array.from(eventsOf(condition), (event) => levelOf(event) ?? event.name));
}

/** A circle of needs in words: `a needs b, b needs a`. */
export function describeCircle(circle: readonly string[]): string {
  return circle.map((job, index) => `${job} needs ${circle[(index + 1) % circle.length]}`).join(", ");
}

/** The way to a job, from its beginning. */
function pathTo(last: string, first: string, before: ReadonlyMap<string, string>): string[] {
  const path = [last];
  while (path[0] !== first) path.unshift(before.get(path[0]!)!);
  return path;
}

function newSet<Item>(): Set<Item> {
  return new Set();
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, value = make());
  return value;
}
