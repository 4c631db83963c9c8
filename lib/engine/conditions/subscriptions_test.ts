/** The index of conditions: it passes no condition over, and asks few others. */

import fc from "fast-check";
import assert from "node:assert/strict";
import type { EventCondition, JobCondition } from "../../model/condition.ts";
import { Environment } from "../../model/environment.ts";
import { Event } from "../events/event.ts";
import { Matcher } from "./matcher.ts";
import { SubscriptionIndex } from "./subscriptions.ts";

const VALUES = ["", "a", "b", "*", "[ab]", "$X"];

const leaf: fc.Arbitrary<EventCondition> = fc.record({
  kind: fc.constant("event" as const),
  name: fc.constantFrom("started", "stopped"),
  matches: fc.array(
    fc.record(
      { key: fc.constantFrom("JOB", "INSTANCE"), value: fc.constantFrom(...VALUES), negated: fc.boolean() },
      { requiredKeys: ["value"] },
    ),
    { maxLength: 2 },
  ),
});

const { condition } = fc.letrec<{ condition: JobCondition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 2 },
    leaf,
    fc.record({
      kind: fc.constantFrom("and" as const, "or" as const),
      left: tie("condition"),
      right: tie("condition"),
    }),
  ),
}));

const environment = fc.array(
  fc.tuple(fc.constantFrom("JOB", "INSTANCE", "OTHER"), fc.constantFrom("", "a", "b")),
).map((pairs) => new Environment(pairs));

Deno.test("no condition that would take an event is passed over, and their order is kept", () => {
  const names = fc.constantFrom("started", "stopped");
  fc.assert(
    fc.property(fc.array(condition), fc.array(fc.nat()), names, environment, (all, gone, name, variables) => {
      const index = new SubscriptionIndex();
      const matchers = all.map((condition) => new Matcher(condition, () => {}));
      matchers.forEach((matcher) => index.add(matcher, { job: undefined! }));
      const removed = new Set(gone.map((number) => matchers[number % (matchers.length || 1)]));
      for (const matcher of removed) if (matcher) index.remove(matcher);
      const event = new Event(name, variables);
      const x = new Environment([["X", "a"]]);
      const taking = (matcher: Matcher) => !removed.has(matcher) && matcher.wouldTake(event, x);
      const asked = index.for(event).map(({ matcher }) => matcher);
      const numbers = (some: Matcher[]) => some.filter(taking).map((matcher) => matchers.indexOf(matcher));
      assert.deepEqual(numbers(asked), numbers(matchers));
      assert(asked.every((matcher) => !removed.has(matcher)));
    }),
  );
});

Deno.test("jobs that wait for others' events are not asked", () => {
  const index = new SubscriptionIndex();
  for (const value of ["web", "db", "$JOB", "w*"]) {
    const condition: JobCondition = { kind: "event", name: "started", matches: [{ key: "JOB", value }] };
    index.add(new Matcher(condition, () => {}), { job: undefined! });
  }
  const asked = index.for(new Event("started", new Environment([["JOB", "web"]])));
  assert.deepEqual(
    asked.map(({ matcher }) => (matcher.condition as EventCondition).matches[0]?.value),
    ["web", "$JOB", "w*"],
  );
});
