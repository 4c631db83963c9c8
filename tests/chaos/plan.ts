/** What chaos does, made from a seed: the same seed gives the same actions in the same order. */

import fc from "fast-check";

/** An action. `service` and `nth` choose among what there is; times are in ms. */
export type Action =
  | { kind: "ask"; what: "start" | "stop"; service: number; byEvent: boolean }
  | { kind: "kill"; service: number }
  | { kind: "kill-many"; services: number[] }
  | { kind: "halt"; service: number; time: number }
  | { kind: "kill-helper"; nth: number }
  | { kind: "halt-helper"; nth: number; time: number }
  | { kind: "edit" | "break" | "remove"; service: number }
  | { kind: "reload" }
  | { kind: "storm"; tasks: number; noise: number }
  | { kind: "vanish"; tasks: number; share: number }
  | { kind: "deaf"; time: number }
  | { kind: "crowd"; connections: number; time: number }
  | { kind: "disk"; time: number }
  | { kind: "descriptors" | "processes"; room: number; time: number }
  | { kind: "freeze"; time: number }
  | { kind: "restart" };

/** The action of a kind. */
export type ActionOf<Kind extends Action["kind"]> = Extract<Action, { kind: Kind }>;

const service = fc.nat(9999), nth = fc.nat(99);

function time(least: number, most: number): fc.Arbitrary<number> {
  return fc.integer({ min: least, max: most });
}

/** How often each kind comes, and what is in it. */
const ACTIONS: { [Kind in Action["kind"]]: [weight: number, Record<string, fc.Arbitrary<unknown>>] } = {
  "ask": [60, { what: fc.constantFrom("start", "start", "stop"), service, byEvent: fc.boolean() }],
  "kill": [60, { service }],
  "kill-many": [4, { services: fc.array(service, { minLength: 5, maxLength: 60 }) }],
  "halt": [10, { service, time: time(100, 2000) }],
  "kill-helper": [6, { nth }],
  "halt-helper": [3, { nth, time: time(100, 3000) }],
  "edit": [12, { service }],
  "break": [8, { service }],
  "remove": [3, { service }],
  "reload": [2, {}],
  "storm": [6, { tasks: time(1, 60), noise: time(0, 2000) }],
  "vanish": [6, { tasks: time(1, 20), share: fc.double({ min: 0, max: 1, noNaN: true }) }],
  "deaf": [2, { time: time(500, 5000) }],
  "crowd": [1, { connections: time(50, 600), time: time(100, 1000) }],
  "disk": [2, { time: time(200, 3000) }],
  "descriptors": [2, { room: time(0, 8), time: time(200, 2500) }],
  "processes": [2, { room: time(0, 8), time: time(200, 2500) }],
  "freeze": [1, { time: time(100, 2000) }],
  "restart": [3, {}],
};

/** So many actions, from a seed. */
export function makePlan(seed: number, count: number): Action[] {
  const actions = Object.entries(ACTIONS).map(([kind, [weight, fields]]) => ({
    weight,
    arbitrary: fc.record({ kind: fc.constant(kind), ...fields }) as unknown as fc.Arbitrary<Action>,
  }));
  return fc.sample(fc.noBias(fc.oneof(...actions)), { seed, numRuns: count });
}
