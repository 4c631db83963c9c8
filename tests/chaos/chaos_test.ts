/** A short run of chaos, and that its plan and what it expects are what they are taken for. `deno task chaos` goes on for long. */

import assert from "node:assert/strict";
import { NAMESPACES_POSSIBLE } from "../support/namespace.ts";
import { chaos } from "./chaos.ts";
import { type Ask, placesOf } from "./expectation.ts";
import { makePlan } from "./plan.ts";
import { makeServices } from "./services.ts";

Deno.test("the same seed makes the same plan, with all kinds of actions", () => {
  const plan = makePlan(7, 2000);
  assert.deepEqual(makePlan(7, 2000), plan);
  assert.notDeepEqual(makePlan(8, 2000), plan);
  assert.equal(new Set(plan.map(({ kind }) => kind)).size, 19);
});

const SERVICES = makeServices(60), BY_KIND = new Map(SERVICES.map((service) => [service.kind, service]));

/** Where services are after asks, given as `start KIND`. */
function after(...asks: string[]): Record<string, string> {
  const named = asks.map((ask): Ask => {
    const [what, kind] = ask.split(" ") as [Ask["what"], typeof SERVICES[number]["kind"]];
    return { what, name: BY_KIND.get(kind)!.name };
  });
  const places = placesOf(SERVICES, named);
  const up = SERVICES.filter(({ name }) => places.get(name) !== "waiting");
  return Object.fromEntries(up.map(({ name, kind }) => [kind, places.get(name)!]));
}

const CASES: Array<[asks: string[], places: Record<string, string>]> = [
  [[], {}],
  [["start simple", "start writer", "stop writer"], { simple: "running" }],
  [["start simple", "kill simple", "start respawned", "kill respawned"], { respawned: "running" }],
  [["start limited", ...Array(3).fill("kill limited")], { limited: "running" }],
  [["start limited", ...Array(4).fill("kill limited")], {}],
  [["start limited", ...Array(4).fill("kill limited"), "start limited", "kill limited"], {
    limited: "running",
  }],
  [["kill simple", "start simple", "start simple"], { simple: "running" }],
  [["start needing"], { needing: "running", base: "running" }],
  [["start needing", "stop base"], { needing: "starting" }],
  [["start needing", "stop base", "start needing"], { needing: "starting" }],
  [["start needing", "stop base", "start base"], { needing: "running", base: "running" }],
  [["start needing", "kill base", "stop needing"], { base: "running" }],
];

for (const [asks, places] of CASES) {
  Deno.test(`after ${asks.join(", ") || "nothing"}, up is: ${Object.keys(places).join(", ") || "nothing"}`, () => {
    assert.deepEqual(after(...asks), places);
  });
}

Deno.test({
  name: "nothing is lost, doubled or left unanswered by chaos",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    const { counts } = await chaos({ seed: 5, services: 60, time: 12_000 });
    for (const kind of ["ask", "kill", "kill-many", "storm", "edit", "restart"]) {
      assert(counts.get(kind), `there was no ${kind}`);
    }
  },
});
