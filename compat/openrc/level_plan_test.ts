/** What a change of runlevels stops, and what waits for what. */

import assert from "node:assert/strict";
import { buildTree } from "./build_tree.ts";
import { decideStop, predecessors, type RunlevelChange, successors } from "./level_plan.ts";
import type { DependLines } from "./relations.ts";
import type { ServiceFacts } from "./tree.ts";

const GATHERED: DependLines[] = [
  { service: "a", lines: [{ kind: "ineed", words: ["b"] }] },
  { service: "b", lines: [] },
  { service: "c", lines: [{ kind: "iafter", words: ["x"] }] },
  { service: "d", lines: [{ kind: "keyword", words: ["-stop"] }] },
  { service: "e", lines: [{ kind: "keyword", words: ["-shutdown"] }] },
  { service: "x", lines: [{ kind: "ineed", words: ["b"] }] },
];

const { tree } = buildTree(GATHERED);

const FACTS: ServiceFacts = { isIn: () => true, state: () => "started", isHotplugged: () => false };

function decide(service: string, change: Partial<RunlevelChange>): string {
  return decideStop(tree, service, {
    from: "default",
    to: "nonetwork",
    bootLevel: "boot",
    goesDown: false,
    wanted: new Set(),
    kept: [],
    facts: FACTS,
    isCrashed: () => false,
    hasSettings: () => false,
    ...change,
  });
}

Deno.test("a service stays where it is wanted, or where something needs it that is", () => {
  assert.equal(decide("b", {}), "stop");
  assert.equal(decide("b", { wanted: new Set(["b"]) }), "stay");
  assert.equal(decide("b", { wanted: new Set(["a"]) }), "stay");
  assert.equal(decide("x", { wanted: new Set(["c"]) }), "stop");
});

Deno.test("a service is restarted for the settings of a runlevel, and stopped when it has crashed", () => {
  const wanted = new Set(["b"]);
  const hasSettings = (_: string, level: string) => level === "nonetwork";
  assert.equal(decide("b", { wanted, hasSettings }), "stop");
  assert.equal(decide("b", { wanted, hasSettings, from: "nonetwork" }), "stay");
  assert.equal(decide("b", { wanted, isCrashed: () => true }), "stop");
});

Deno.test("keywords and settings keep services up", () => {
  assert.equal(decide("d", {}), "keep");
  assert.equal(decide("e", {}), "stop");
  assert.equal(decide("e", { goesDown: true }), "keep");
  assert.equal(decide("b", { kept: ["b"] }), "keep");
});

Deno.test("what waits for what counts also where it leads over services that are not of the order", () => {
  const query = { level: "default", facts: FACTS };
  const before = predecessors(tree, ["b", "c", "a"], query);
  assert.deepEqual(Object.fromEntries(Array.from(before, ([name, set]) => [name, [...set]])), {
    a: ["b"],
    b: [],
    c: ["b"],
  });
  assert.deepEqual([...successors(before).get("b")!], ["c", "a"]);
});
