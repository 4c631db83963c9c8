/** The cached tree: the file deptree of /run/openrc, as OpenRC writes it. */

import type { Relation } from "./relations.ts";
import { Tree, type TreeEntry } from "./tree.ts";

const LINE = /^depinfo_(\d+)_([a-z]+)(?:_\d+)?='(.*)'$/;

/** Reads a tree. Lines of another form are passed over. */
export function parseTree(text: string): Tree {
  const entries = new Map<string, TreeEntry>();
  let entry: TreeEntry = new Map();
  for (const line of text.split("\n")) {
    const [, , kind, value] = LINE.exec(line) ?? [];
    if (kind === undefined || !value) continue;
    if (kind === "service") {
      entry = entries.get(value) ?? new Map();
      entries.set(value, entry);
      continue;
    }
    const relation = kind as Relation;
    const set = entry.get(relation) ?? new Set();
    entry.set(relation, set.add(value));
  }
  return new Tree(entries);
}

/** The text of a tree. */
export function formatTree({ entries }: Tree): string {
  const lines: string[] = [];
  let number = 0;
  for (const [service, entry] of entries) {
    lines.push(`depinfo_${number}_service='${service}'`);
    for (const [relation, set] of entry) {
      let index = 0;
      for (const value of set) lines.push(`depinfo_${number}_${relation}_${index++}='${value}'`);
    }
    number++;
  }
  return lines.map((line) => `${line}\n`).join("");
}

/** The virtual services that a service is by the text of a cached tree, of which nothing else is read. */
export function providedIn(text: string, service: string): string[] {
  const at = text.indexOf(`_service='${service}'\n`);
  if (at < 0) return [];
  const entry = text.slice(text.lastIndexOf("\n", at) + 1, at);
  const lines = text.matchAll(new RegExp(`^${RegExp.escape(entry)}_iprovide_\\d+='(.*)'$`, "gm"));
  return Array.from(lines, ([, virtual = ""]) => virtual);
}
