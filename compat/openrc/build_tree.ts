/** The making of the tree from what all scripts' depend() say. */

import { circleInWords, type ServiceCircle } from "./circles.ts";
import {
  type DependLines,
  INVERSES,
  keywordsOf,
  ORDERING,
  type OwnRelation,
  type Relation,
} from "./relations.ts";
import { Tree, type TreeEntry } from "./tree.ts";

/** What has been made. */
export interface BuiltTree {
  tree: Tree;
  /** The files on which depend() depends, as its lines `config` name them. */
  config: string[];
  /** What is wrong, a sentence each. */
  problems: string[];
}

/** So few names are never taken for `*`. */
const FEWEST = 4;

/**
 * Makes the tree.
 * @param system The kind of container or machine that this is, such as `docker`; services that do not suit it are left out
 */
export function buildTree(gathered: readonly DependLines[], system?: string): BuiltTree {
  const entries = new Map<string, TreeEntry>(), config = new Set<string>(), problems: string[] = [];
  for (const { service, lines } of gathered) {
    const entry = entries.get(service) ?? new Map();
    entries.set(service, entry);
    for (const { kind, words } of lines) {
      for (const word of words) {
        if (kind === "config") config.add(word);
        else if (kind === "keyword") keywordsOf(word).forEach((one) => addWord(entry, kind, one));
        else if (kind !== "iprovide" || word !== service) addWord(entry, kind, word);
      }
    }
  }
  if (system !== undefined) leaveOut(entries, system.toLowerCase());
  const real = new Set(entries.keys());
  for (const virtual of [...entries.values()].flatMap((entry) => [...entry.get("iprovide") ?? []])) {
    if (!entries.has(virtual)) entries.set(virtual, new Map());
    else if (real.has(virtual)) problems.push(`Error: ${virtual} is the name of a real and virtual service.`);
  }
  const unspecific = new Set(
    [...entries].filter(([, entry]) => namesAll(entry, real.size)).map(([name]) => name),
  );
  addInverses(entries, problems);
  for (const [name, entry] of entries) {
    for (const circle of dropContradictions(entries, name, entry)) {
      // Whoever comes after `*` does not mean those that come after it.
      if (!circle.some(({ service }) => unspecific.has(service))) problems.push(circleInWords(circle));
    }
  }
  return { tree: new Tree(entries), config: [...config], problems: [...new Set(problems)] };
}

/** True for a service that says `*`, which has become most names: so it comes behind, or before, all others. */
function namesAll(entry: TreeEntry, count: number): boolean {
  const sizes = [entry.get("iafter")?.size ?? 0, entry.get("ibefore")?.size ?? 0];
  return sizes.some((size) => size >= FEWEST && size > count / 2);
}

function setOf(entry: TreeEntry, relation: Relation | "keyword"): Set<string> {
  const set = entry.get(relation) ?? new Set<string>();
  entry.set(relation, set);
  return set;
}

/** Adds a word, or takes it away where it begins with `!`. Of `before` and `after`, what is said last counts. */
function addWord(entry: TreeEntry, relation: OwnRelation | "keyword", word: string): void {
  // A file with this ending is no script of a service.
  if (word.length > 2 && word.endsWith(".sh")) return;
  const set = setOf(entry, relation);
  if (word.startsWith("!")) return void set.delete(word.slice(1));
  set.add(word);
  if (relation === "ibefore") entry.get("iafter")?.delete(word);
  if (ORDERING.includes(relation as Relation)) entry.get("ibefore")?.delete(word);
}

/** Leaves out the services that say they do not suit a system, with what they provide, as if nobody had named them. */
function leaveOut(entries: Map<string, TreeEntry>, system: string): void {
  for (const [name, entry] of [...entries]) {
    const keywords = entry.get("keyword");
    if (!keywords?.has(`-${system}`) && !keywords?.has(`no${system}`)) continue;
    entries.delete(name);
    for (const other of entries.values()) {
      for (const [relation, set] of other) {
        for (const gone of [name, ...entry.get("iprovide") ?? []]) set.delete(gone);
        if (set.size === 0) other.delete(relation);
      }
    }
  }
}

/** Notes with each service what others say of it. */
function addInverses(entries: Map<string, TreeEntry>, problems: string[]): void {
  for (const [name, entry] of entries) {
    for (const [relation, inverse] of Object.entries(INVERSES) as [OwnRelation, Relation][]) {
      for (const other of entry.get(relation) ?? []) {
        const target = entries.get(other);
        if (target) setOf(target, inverse).add(name);
        else if (relation === "ineed") {
          problems.push(`Service \`${name}' needs non existent service \`${other}'`);
          setOf(entry, "broken").add(other);
        }
      }
    }
  }
}

/**
 * A service does not come before what it needs, uses, wants or comes after: itself, for one.
 * @returns the circles of two services that are cut by that
 */
function dropContradictions(
  entries: Map<string, TreeEntry>,
  name: string,
  entry: TreeEntry,
): ServiceCircle[] {
  const before = entry.get("ibefore"), circles: ServiceCircle[] = [];
  if (!before) return circles;
  const first = new Set(ORDERING.flatMap((relation) => [...entry.get(relation) ?? []]));
  if (!entry.has("providedby")) first.add(name);
  const provided = new Set([...first].flatMap((other) => [...entries.get(other)?.get("iprovide") ?? []]));
  for (const other of before) {
    if (!(first.has(other) && entries.has(other)) && !provided.has(other)) continue;
    before.delete(other);
    entries.get(other)?.get("iafter")?.delete(name);
    const relation = ORDERING.find((one) => entry.get(one)?.has(other));
    if (other === name || relation === undefined) continue;
    circles.push([{ service: name, relation }, { service: other, relation: "iafter" }]);
  }
  return circles;
}
