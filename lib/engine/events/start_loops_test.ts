/** Start loops: they are slowed down and reported, and no start is lost. */

import assert from "node:assert/strict";
import { Bench } from "../../testing/bench.ts";
import { and, job, or } from "../testing/definitions.ts";

/** How often a job was started. */
function starts(bench: Bench, name: string): number {
  return bench.traced(new RegExp(`^${name}( \\(.*\\))? goal start$`)).length;
}

const told = (bench: Bench) => bench.log.filter((line) => line.includes("without end"));

Deno.test("jobs that set each other off for ever do so once a second after a while, and are named", () => {
  const bench = new Bench([
    job("web"),
    job("ping", { startOn: "stopped ping", stopOn: "started ping", runs: [] }),
  ]);
  bench.start("ping", {}, { wait: false });
  const { length } = bench.trace;
  assert.equal(starts(bench, "ping"), 101);
  assert.deepEqual(told(bench), ["ping starts itself without end, once a second from now on: ping, ping"]);
  assert.equal(bench.start("web").outcome, "done");
  bench.advance("10s");
  assert(bench.trace.length > length, "they still do");
  assert.equal(starts(bench, "ping"), 111);
  bench.remove("ping");
  bench.advance("1s");
  assert.equal(bench.timers, 0);
  assert.equal(bench.engine.jobs.has("ping"), false);
  assert.equal(told(bench).length, 1);
});

Deno.test("a circle that makes another instance in each round, with processes or without", () => {
  for (const runs of [[], ["main" as const]]) {
    const bench = new Bench([
      job("a", { startOn: or("started b", "go"), instance: "a$INSTANCE", runs }),
      job("b", { startOn: "started a", instance: "b$INSTANCE", runs }),
      job("other", { startOn: "started a INSTANCE=aba", runs }),
    ]);
    bench.emit("go", { INSTANCE: "" }, { wait: false });
    const total = () => bench.instances("a").length + bench.instances("b").length;
    assert(total() > 100 && total() < 250, `${total()}`);
    const before = total();
    bench.advance("100s");
    assert(total() - before <= 202, `${total()}`);
    assert.match(
      told(bench).join(),
      /^(a|b) starts itself without end, once a second from now on: (a, b, a|b, a, b)$/,
    );
    assert.equal(bench.state("other"), "start/running");
    bench.stop("a", { INSTANCE: "" });
    assert.equal(bench.state("a", "a"), "stop/waiting");
  }
});

Deno.test("jobs of which each starts two: they do not double for ever", () => {
  const fields = { startOn: or(or("started one", "started two"), "go"), runs: [] };
  const bench = new Bench([
    job("one", { ...fields, instance: "${INSTANCE}1" }),
    job("two", { ...fields, instance: "${INSTANCE}2" }),
  ]);
  bench.emit("go", { INSTANCE: "" }, { wait: false });
  bench.advance("10s");
  assert(bench.instances("one").length < 300);
  assert(bench.engine.view().putOff.length < 1000);
});

Deno.test("a start that is put off holds up its own circle alone, and not the end of all", () => {
  const bench = new Bench([job("again", { startOn: "stopping again", stopOn: "started again", runs: [] })]);
  assert.equal(bench.start("again").outcome, "done");
  assert.equal(bench.state("again"), "stop/stopping");
  assert.deepEqual(bench.engine.view().putOff, ["again"]);
  bench.advance("5s");
  assert.equal(starts(bench, "again"), 106);
  bench.stopAll(true);
  assert.deepEqual(bench.engine.view().events, []);
  assert.deepEqual(bench.instances("again"), []);
});

Deno.test("what fails at once in a circle is slowed down; what does its work is not", () => {
  const circle = [
    job("a", { startOn: "stopped b", task: true }),
    job("b", { startOn: "stopped a", task: true }),
  ];
  const failing = new Bench(circle);
  for (const name of ["a", "b"]) failing.behave(name, "main", { status: 1 });
  failing.start("a", {}, { wait: false });
  failing.advance("10s");
  assert.equal(told(failing).length, 1);
  assert(starts(failing, "a") < 120);

  const working = new Bench(circle);
  for (const name of ["a", "b"]) working.behave(name, "main", { status: 0, after: "1ms" });
  working.start("a", {}, { wait: false });
  working.advance("1s");
  assert.deepEqual(told(working), []);
  assert(starts(working, "a") > 400);
});

Deno.test("what comes from outside is never slowed down, however much it is", () => {
  const bench = new Bench([
    job("net", { startOn: "added", stopOn: "removed N=$N", instance: "$N", export: ["N"], runs: [] }),
    job("ready", { startOn: and("started net", "go"), stopOn: "stopped net", runs: [] }),
    job("each", { startOn: "started net", stopOn: "stopping net N=$N", instance: "$N", runs: [] }),
  ]);
  for (let number = 0; number < 1000; number++) bench.emit("added", { N: String(number) });
  assert.equal(bench.instances("each").length, 1000);
  for (let round = 0; round < 300; round++) {
    bench.emit("go");
    bench.restart("net", { N: "0" });
    bench.restart("net", { N: "1" });
  }
  for (let number = 0; number < 1000; number++) bench.emit("removed", { N: String(number) });
  assert.deepEqual([bench.instances("net"), bench.instances("each")], [[], []]);
  assert.deepEqual(told(bench), []);
});

Deno.test("a long chain of jobs is no circle", () => {
  const chain = Array.from(
    { length: 3000 },
    (_, index) => job(`job${index}`, { startOn: index === 0 ? "go" : `started job${index - 1}`, runs: [] }),
  );
  const bench = new Bench(chain);
  for (let round = 0; round < 2; round++) bench.emit("go");
  bench.advance("1s");
  assert.equal(bench.state("job2999"), "start/running");
  assert.deepEqual(told(bench), []);
});
