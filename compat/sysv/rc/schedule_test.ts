import assert from "node:assert/strict";
import fc from "fast-check";
import { type DependRules, parseDependRules } from "./depend_rules.ts";
import { levelLinks, type RcStep } from "./links.ts";
import { RcSchedule } from "./schedule.ts";

/** Starts of these scripts, whose links have this order. */
function steps(...scripts: string[]): RcStep[] {
  return scripts.map((script, index) => ({
    name: `S0${index}${script}`,
    letter: "S",
    script,
    action: "start",
  }));
}

/** Runs a schedule in which each script takes its time, in steps of one. Gives what was running at each step. */
function play(schedule: RcSchedule, duration: (script: string) => number): string[] {
  const running = new Map<RcStep, number>(), history: string[] = [];
  for (let time = 0; !schedule.isOver; time++) {
    for (const [step, end] of running) {
      if (end > time) continue;
      running.delete(step);
      schedule.ended(step);
    }
    for (const { step } of schedule.next()) running.set(step, time + duration(step.script));
    if (running.size > 0) history.push([...running.keys()].map(({ script }) => script).join(" "));
  }
  return history;
}

const RULES = parseDependRules("TARGETS = a b c d\nINTERACTIVE =\nb: a\nc: b\n");

Deno.test("a script starts when all that it waits for have ended, and others run meanwhile", () => {
  const lasting: Record<string, number> = { a: 2, d: 4 };
  const history = play(new RcSchedule(steps("c", "b", "a", "d"), RULES, 9), (script) => lasting[script] ?? 1);
  assert.deepEqual(history, ["a d", "a d", "d b", "d c"]);
});

Deno.test("what a script waits for through one that is not run, it waits for nevertheless", () => {
  assert.deepEqual(play(new RcSchedule(steps("c", "a"), RULES, 9), () => 1), ["a", "c"]);
});

Deno.test("no more run at a time than may, in the order of their links", () => {
  const rules = parseDependRules("TARGETS = a b c\n");
  assert.deepEqual(play(new RcSchedule(steps("b", "c", "a"), rules, 2), () => 1), ["b c", "a"]);
});

Deno.test("a script that talks to the user is alone, and not put off by others that could start", () => {
  const rules = parseDependRules("TARGETS = a ask b c\nINTERACTIVE = ask\nask: a\n");
  const lasting = (script: string) => script === "b" ? 3 : 1;
  const history = play(new RcSchedule(steps("a", "b", "ask", "c"), rules, 2), lasting);
  assert.deepEqual(history, ["a b", "b", "b", "ask", "c"]);
});

Deno.test("a script that no rule knows waits for all whose links come before", () => {
  assert.deepEqual(play(new RcSchedule(steps("a", "new", "d"), RULES, 9), () => 1), ["a d", "new"]);
});

Deno.test("scripts that wait for each other are run, one after another", () => {
  const rules = parseDependRules("TARGETS = a b c\na: b\nb: a\nc: b\n");
  assert.deepEqual(play(new RcSchedule(steps("a", "b", "c"), rules, 9), () => 1), ["a", "b", "c"]);
});

Deno.test("whatever the rules, each script is run once, and after what it waits for unless that waits for it", () => {
  const name = fc.constantFrom("a", "b", "c", "d", "e", "f");
  const names = fc.uniqueArray(name);
  const rules = fc.record({
    targets: names,
    interactive: names.map((list) => new Set(list)),
    before: fc.array(fc.tuple(name, names)).map((rows) => new Map(rows)),
  });
  fc.assert(
    fc.property(names, rules, fc.integer({ min: 1, max: 4 }), (scripts, rules: DependRules, atOnce) => {
      const history = play(new RcSchedule(steps(...scripts), rules, atOnce), () => 1);
      assert.deepEqual(history.flatMap((names) => names.split(" ")).sort(), [...scripts].sort());
      for (const names of history) assert(names.split(" ").length <= atOnce);
    }),
  );
});

Deno.test("rules: variables and prerequisites, lines that go on, and whatever else", () => {
  const { targets, interactive, before } = parseDependRules(
    "TARGETS = a b \\\n c\r\nINTERACTIVE = b\n# a: z\nb: a\nb: c c\n\tignored\n: x\n=\nd:\n",
  );
  assert.deepEqual(targets, ["a", "b", "c"]);
  assert.deepEqual([...interactive], ["b"]);
  assert.deepEqual([...before], [["b", ["a", "c", "c"]], ["d", []]]);
});

Deno.test("links: a letter, digits and a script, in the order of their names", () => {
  const names = ["S10b", "K02c", "README", "S2a", "s01x", "S", "Sc", "S010d", "K", ".S01x"];
  assert.deepEqual(
    levelLinks(names).map(({ name, script }) => `${name} ${script}`),
    ["K02c c", "S010d 0d", "S10b b", "S2a a", "Sc c"],
  );
});
