/** The tree: what follows from depend(), which provider counts, and the orders of services. */

import assert from "node:assert/strict";
import fc from "fast-check";
import { buildTree } from "./build_tree.ts";
import { formatTree, parseTree } from "./cached_tree.ts";
import { circleInWords, findCircles } from "./circles.ts";
import { DEPEND_WORDS, type DependLines, type Relation } from "./relations.ts";
import type { OrderQuery, ServiceFacts, Tree } from "./tree.ts";

/** A tree of services, each with the lines of its depend(), parted by `;`. */
function treeOf(services: Record<string, string>, system?: string) {
  const gathered = Object.entries(services).map(([service, text]): DependLines => ({
    service,
    lines: text.split(";").filter((line) => line.trim() !== "").map((line) => {
      const [word = "", ...words] = line.trim().split(/\s+/);
      const files = Object.keys(services);
      return { kind: DEPEND_WORDS[word]!, words: words.flatMap((one) => one === "*" ? files : [one]) };
    }),
  }));
  return buildTree(gathered, system);
}

/** A machine with services in runlevels, some of which are in a state. */
function machine(levels: Record<string, string[]> = {}, states: Record<string, string[]> = {}): ServiceFacts {
  const up = ["started", "starting", "stopping", "inactive"] as const;
  return {
    isIn: (service, level) => levels[level]?.includes(service) ?? false,
    state: (service) => up.find((state) => states[state]?.includes(service)) ?? "stopped",
    isHotplugged: (service) => states["hotplugged"]?.includes(service) ?? false,
  };
}

function order(tree: Tree, services: string, query: Partial<OrderQuery> = {}): string {
  const names = services.split(" ");
  return tree.order(names, {
    relations: ["ineed", "iuse", "iwant", "iafter"],
    level: "default",
    facts: machine({ default: names }),
    ...query,
  }).join(" ");
}

Deno.test("services stand behind what they need, use, want and come after, else by the alphabet", () => {
  const { tree } = treeOf({
    a: "need e",
    b: "before a",
    c: "use d",
    d: "after b",
    e: "after c",
    g: "before *",
    h: "after *",
  });
  assert.equal(order(tree, "a b c d e g h"), "g b d c e a h");
  assert.equal(order(tree, "a", { facts: machine() }), "e a");
});

Deno.test("what a service says of itself, and what contradicts its needs, counts for nothing", () => {
  const { tree } = treeOf({ a: "need a; after a; before a", b: "need c; before c", c: "" });
  assert.equal(order(tree, "a b c"), "a c b");
  assert.deepEqual(tree.related("b", "ibefore"), []);
  assert.deepEqual(tree.related("c", "iafter"), []);
});

Deno.test("of before and after the last counts; ! takes back", () => {
  const { tree } = treeOf({ a: "after *; before b; need x; need !x", b: "", c: "" });
  assert.deepEqual(tree.related("a", "iafter"), ["c"]);
  assert.deepEqual(tree.related("a", "ibefore"), ["b"]);
  assert.deepEqual(tree.related("a", "ineed"), []);
});

Deno.test("a need that nothing meets is told and noted", () => {
  const { tree, problems } = treeOf({ a: "need gone; use gone" });
  assert.deepEqual(problems, ["Service `a' needs non existent service `gone'"]);
  assert.deepEqual(tree.related("a", "broken"), ["gone"]);
});

Deno.test("services that do not suit the system are left out, with what they provide", () => {
  const services = {
    a: "keyword -containers; provide net",
    b: "need net",
    c: "keyword -containers !-docker",
  };
  const { tree } = treeOf(services, "DOCKER");
  assert.deepEqual(tree.names, ["b", "c"]);
  assert.deepEqual(tree.related("b", "ineed"), []);
  assert.equal(treeOf(services).tree.hasKeyword("a", "-lxc"), true);
});

Deno.test("the provider that counts is one that is up, on its way, or in a runlevel; of several that are up none", () => {
  const { tree } = treeOf({ app: "need net", a: "provide net", b: "provide net", c: "provide net" });
  const provider = (
    levels: Record<string, string[]>,
    states: Record<string, string[]>,
    more: Partial<OrderQuery> = {},
  ) => order(tree, "app", { facts: machine(levels, states), relations: ["ineed"], ...more });
  assert.equal(provider({}, {}), "a app");
  assert.equal(provider({ boot: ["b"] }, {}), "b app");
  assert.equal(provider({ boot: ["b"], default: ["c"] }, {}), "c app");
  assert.equal(provider({ default: ["c"] }, { started: ["b"] }), "b app");
  assert.equal(provider({}, { started: ["a", "b"] }), "app");
  assert.equal(provider({ default: ["c"] }, { started: ["a", "b", "c"] }), "c app");
  assert.equal(provider({}, { started: ["a"], hotplugged: ["a"], inactive: ["b"] }), "a app");
  assert.equal(provider({}, { inactive: ["b", "c"] }), "b c app");
  assert.equal(provider({ boot: ["b"], default: ["c"] }, { started: ["a"] }, { isStrict: true }), "b c app");
  assert.equal(provider({}, { hotplugged: ["b"] }, { phase: "start" }), "b app");
  assert.equal(provider({}, { started: ["b"] }, { phase: "stop" }), "a b c app");
});

Deno.test("only services of the runlevel, of the boot, and those that are up come before others", () => {
  const { tree } = treeOf({ a: "use z; after y; need x", x: "", y: "", z: "" });
  assert.equal(order(tree, "a"), "x a");
  assert.equal(order(tree, "a", { facts: machine({ boot: ["y"] }, { started: ["z"] }) }), "x z y a");
  assert.equal(
    order(tree, "a", { level: "sysinit", facts: machine({ boot: ["y"] }, { started: ["z"] }) }),
    "x a",
  );
});

Deno.test("circles are found, with the way by which each member waits", () => {
  const { tree } = treeOf({ a: "need b", b: "after net", c: "provide net; use a", d: "need a", e: "need e" });
  assert.deepEqual(findCircles(tree).map(circleInWords), [
    "Services wait for each other in a circle: a needs b, b comes after c, c uses a",
  ]);
  assert.equal(order(tree, "a b c d"), "c b a d");
});

Deno.test("what two services say against each other is cut, and told once", () => {
  const { tree, problems } = treeOf({
    a: "after b",
    b: "after a",
    c: "need d",
    d: "after c",
    e: "before f",
    f: "before e",
    g: "need g; before g",
    local: "after *",
    getty: "after local",
  });
  assert.deepEqual(problems, [
    "Services wait for each other in a circle: a comes after b, b comes after a",
    "Services wait for each other in a circle: c needs d, d comes after c",
    "Services wait for each other in a circle: e comes after f, f comes after e",
  ]);
  assert.equal(order(tree, "a b c d"), "b a d c");
});

Deno.test("a chain of 20,000 services, and a circle of as many, need no deep stack", () => {
  const length = 20_000;
  const chain = Array.from({ length }, (_, at): DependLines => ({
    service: `s${at}`,
    lines: [{ kind: "ineed", words: [`s${(at + 1) % length}`] }],
  }));
  const { tree } = buildTree(chain);
  assert.equal(
    tree.order(["s0"], { relations: ["ineed"], level: "default", facts: machine() }).at(0),
    `s${length - 1}`,
  );
  assert.equal(findCircles(tree)[0]?.length, length);
});

Deno.test("the cached tree is the tree", () => {
  const text = formatTree(
    treeOf({ a: "need b; use v; before c", b: "keyword -stop", c: "want a; after *", d: "provide v" }).tree,
  );
  assert.equal(formatTree(parseTree(text)), text);
  assert.equal(parseTree("depinfo_0_ineed_0='x'\nnonsense\ndepinfo_0_service='").names.length, 0);
});

/** Any set of a few services that say something of each other. */
const anyServices = fc.uniqueArray(fc.constantFrom(..."abcdefgh"), { minLength: 1 }).chain((names) =>
  fc.tuple(...names.map((service) =>
    fc.array(
      fc.record({
        kind: fc.constantFrom<DependLines["lines"][number]["kind"]>(
          "ineed",
          "iuse",
          "iwant",
          "iafter",
          "ibefore",
          "iprovide",
        ),
        words: fc.array(fc.constantFrom(...names, "net", "!a", "*", "gone"), { maxLength: 3 }),
      }),
      { maxLength: 4 },
    ).map((lines): DependLines => ({ service, lines }))
  ))
);

const RELATIONS: readonly Relation[] = ["ineed", "iuse", "iwant", "iafter"];

Deno.test("an order names each service once, and each behind what it needs where there is no circle", () => {
  fc.assert(fc.property(anyServices, (gathered) => {
    const { tree } = buildTree(gathered);
    const names = gathered.map(({ service }) => service);
    const ordered = tree.order(names, {
      relations: RELATIONS,
      level: "default",
      phase: "stop",
      facts: machine({ default: names }),
    });
    assert.equal(new Set(ordered).size, ordered.length);
    const virtual = names.filter((name) => tree.related(name, "providedby").length > 0);
    assert.deepEqual([...ordered].sort(), names.filter((name) => !virtual.includes(name)).sort());
    if (findCircles(tree).length > 0 || virtual.length > 0) return;
    for (const name of ordered) {
      for (const before of RELATIONS.flatMap((relation) => tree.related(name, relation))) {
        if (before === name || !ordered.includes(before)) continue;
        assert.ok(ordered.indexOf(before) < ordered.indexOf(name), `${before} before ${name} in ${ordered}`);
      }
    }
  }));
});
