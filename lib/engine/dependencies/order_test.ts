/** The edges that do not insist: `wants`, `uses`, `after` and `before`; which gives way; and the order of a shutdown. */

import assert from "node:assert/strict";
import { Bench } from "../../testing/bench.ts";
import { type Fields, job } from "../testing/definitions.ts";

const UP = (bench: Bench) => bench.traced(/main runs$/).map((line) => line.split(" ")[0]);
const DOWN = (bench: Bench) => bench.traced(/main ends/).map((line) => line.split(" ")[0]);

Deno.test("wants: it is started and waited for", () => {
  const bench = new Bench([job("api", { wants: ["cache"] }), job("cache", { expect: "stop" })]);
  const start = bench.start("api");
  assert.equal(bench.note("api"), "waits for cache");
  bench.raise("cache");
  assert.equal(start.outcome, "done");
});

for (
  const [what, happen] of [
    ["fails", (bench: Bench) => bench.exit("cache", { status: 1 })],
    ["is stopped", (bench: Bench) => void bench.stop("cache")],
  ] as const
) {
  Deno.test(`wants: one that ${what} is not insisted on`, () => {
    const bench = new Bench([job("api", { wants: ["cache"] }), job("cache", { expect: "stop" })]);
    const start = bench.start("api");
    happen(bench);
    assert.equal(start.outcome, "done");
    assert.equal(bench.state("api"), "start/running");
  });
}

Deno.test("wants: while the job is up, what becomes of the other does not matter", () => {
  const bench = new Bench([job("api", { wants: ["cache"] }), job("cache", { respawn: true })]);
  bench.start("api");
  bench.exit("cache", { status: 1 });
  bench.stop("cache");
  bench.remove("cache");
  assert.equal(bench.state("api"), "start/running");
  bench.restart("api");
  assert.equal(bench.state("api"), "start/running");
});

Deno.test("wants: a job that there is not is done without", () => {
  const bench = new Bench([job("api", { wants: ["cache"] })]);
  assert.equal(bench.start("api").outcome, "done");
});

for (const kind of ["uses", "after"] as const) {
  Deno.test(`${kind}: it is not started, and waited for only when it is on its way up`, () => {
    const bench = new Bench([job("api", { [kind]: ["cache"] }), job("cache", { expect: "stop" })]);
    assert.equal(bench.start("api").outcome, "done");
    assert.equal(bench.state("cache"), "stop/waiting");
    bench.stop("api");
    bench.start("cache");
    const start = bench.start("api");
    assert.equal(bench.note("api"), "waits for cache");
    bench.raise("cache");
    assert.equal(start.outcome, "done");
  });

  Deno.test(`${kind}: what the same event starts is on its way, whichever comes first`, () => {
    const bench = new Bench([
      job("api", { [kind]: ["cache"], startOn: "go" }),
      job("cache", { startOn: "go" }),
    ]);
    bench.emit("go");
    assert.deepEqual(UP(bench), ["cache", "api"]);
  });

  for (
    const [what, happen] of [
      ["fails", (bench: Bench) => bench.exit("cache", { status: 1 })],
      ["is stopped", (bench: Bench) => void bench.stop("cache")],
    ] as const
  ) {
    Deno.test(`${kind}: one that ${what} is not waited for any more`, () => {
      const bench = new Bench([job("api", { [kind]: ["cache"] }), job("cache", { expect: "stop" })]);
      bench.start("cache", {}, { wait: false });
      const start = bench.start("api");
      happen(bench);
      assert.equal(start.outcome, "done");
    });
  }

  Deno.test(`${kind}: one that is removed, reloaded or respawned does not move a job that is up`, () => {
    const bench = new Bench([job("api", { [kind]: ["cache"] }), job("cache", { respawn: true })]);
    bench.start("cache");
    bench.start("api");
    bench.exit("cache", { status: 1 });
    bench.define(job("cache", { needs: ["net"] }), job("net"));
    bench.stop("cache");
    bench.remove("cache");
    assert.equal(bench.state("api"), "start/running");
    assert.equal(bench.traced(/^api main ends/).length, 0);
  });
}

Deno.test("after: a task is waited for until it is done", () => {
  const bench = new Bench([job("api", { after: ["setup"] }), job("setup", { task: true })]);
  bench.start("setup", {}, { wait: false });
  const start = bench.start("api");
  assert.equal(bench.note("api"), "waits for setup to complete");
  bench.exit("setup");
  assert.equal(start.outcome, "done");
});

Deno.test("a job that waits for one that is stopped is not on its way up", () => {
  const bench = new Bench([
    job("web", { uses: ["api"] }),
    job("api", { needs: ["db"] }),
    job("db"),
  ]);
  bench.start("api");
  bench.stop("db");
  assert.equal(bench.state("api"), "start/starting");
  assert.equal(bench.start("web").outcome, "done");
});

Deno.test("before: the other one waits", () => {
  const bench = new Bench([job("api", { startOn: "go" }), job("net", { before: ["api"], startOn: "go" })]);
  bench.emit("go");
  assert.deepEqual(UP(bench), ["net", "api"]);
  bench.stopAll(true);
  assert.deepEqual(DOWN(bench), ["api", "net"]);
});

Deno.test("in a circle, after gives way to uses, uses to wants, and wants to needs", () => {
  const pairs = [["after", "uses"], ["uses", "wants"], ["wants", "needs"], ["after", "needs"]] as const;
  for (const [weak, strong] of pairs) {
    const bench = new Bench([
      job("a", { [weak]: ["b"], startOn: "go" }),
      job("b", { [strong]: ["a"], startOn: "go" }),
    ]);
    assert.equal(bench.emit("go").outcome, "done");
    assert.deepEqual(UP(bench), ["a", "b"], `${weak} and ${strong}`);
  }
  const bench = new Bench([
    job("a", { after: ["b"], startOn: "go" }),
    job("b", { before: ["a"], after: ["a"], startOn: "go" }),
  ]);
  assert.equal(bench.emit("go").outcome, "done");
});

Deno.test("jobs that one event stops go in reverse of their order", () => {
  for (const kind of ["wants", "uses", "after"] as const) {
    const bench = new Bench([
      job("net", { startOn: "go", stopOn: "halt" }),
      job("api", { [kind]: ["net"], startOn: "go", stopOn: "halt" }),
    ]);
    bench.behave("api", "main", "stubborn");
    bench.emit("go");
    bench.emit("halt", {}, { wait: false });
    assert.equal(bench.note("net"), "waits for api to stop");
    bench.advance("10s");
    assert.deepEqual(DOWN(bench), ["api", "net"], kind);
  }
});

for (const inOrder of [true, false]) {
  Deno.test(`a shutdown goes in reverse of the order, ${inOrder ? "also of pre-stops" : "at once"}`, () => {
    const bench = new Bench([
      job("disk", { runs: ["main", "pre-stop", "post-stop"] }),
      job("db", { needs: ["disk"], runs: ["main", "pre-stop"] }),
      job("api", { wants: ["db"], runs: ["main", "post-stop"] }),
      job("log", { after: ["api"] }),
    ]);
    bench.behave("log", "main", "stubborn");
    bench.start("api");
    bench.start("log");
    bench.stopAll(inOrder);
    bench.advance("10s");
    assert.deepEqual(DOWN(bench), ["log", "api", "db", "disk"]);
    const hooks = bench.traced(/(pre|post)-stop runs/);
    if (inOrder) {
      assert.deepEqual(hooks, [
        "api post-stop runs",
        "db pre-stop runs",
        "disk pre-stop runs",
        "disk post-stop runs",
      ]);
    }
  });
}

Deno.test("a need that only may be in a circle holds all the same: what closes a circle with it gives way", () => {
  const bench = new Bench([
    job("x", { startOn: "go", needs: ["svc"] }),
    job("q", { startOn: "go", needs: ["x"], provides: ["svc"] }),
    job("p", { startOn: "go", after: ["q"], provides: ["svc"] }),
  ]);
  assert.equal(bench.emit("go").outcome, "done");
  assert.deepEqual(UP(bench), ["p", "x", "q"]);
});

Deno.test("after *: all others that the same event starts come first, and jobs that say so do not wait for each other", () => {
  const bench = new Bench([
    job("last", { after: ["*"], startOn: "go" }),
    job("last-too", { after: ["*"], startOn: "go", expect: "stop" }),
    job("slow", { startOn: "go", expect: "stop" }),
    job("fast", { startOn: "go" }),
    job("other", { startOn: "come", expect: "stop" }),
  ]);
  bench.event("come");
  bench.event("go");
  assert.equal(bench.note("last"), "waits for slow");
  assert.deepEqual([bench.state("last"), bench.state("last-too")], ["start/starting", "start/starting"]);
  bench.restore();
  bench.raise("slow");
  assert.deepEqual([bench.state("last"), bench.state("last-too")], ["start/running", "start/spawned"]);
  assert.equal(bench.state("other"), "start/spawned");
});

Deno.test("after *: in a stop such a job goes first", () => {
  const bench = new Bench([
    job("last", { after: ["*"], startOn: "go", stopOn: "end", runs: ["main", "pre-stop"] }),
    job("one", { startOn: "go", stopOn: "end" }),
  ]);
  bench.event("go");
  bench.behave("last", "pre-stop", "stays");
  bench.event("end");
  assert.deepEqual([bench.state("one"), bench.note("one")], ["stop/stopping", "waits for last to stop"]);
  bench.exit("last", { status: 0 }, { process: "pre-stop" });
  assert.equal(bench.state("one"), "stop/waiting");
});

Deno.test("after *: what depends on such a job comes after it, and the order of the others is kept", () => {
  const bench = new Bench([
    job("last", { after: ["*"], startOn: "go", expect: "stop" }),
    job("behind", { uses: ["last"], startOn: "go" }),
    job("first", { startOn: "go", expect: "stop" }),
    job("second", { after: ["first"], startOn: "go", expect: "stop" }),
  ]);
  bench.event("go");
  assert.deepEqual(
    ["first", "second", "last", "behind"].map((name) => bench.state(name)),
    ["start/spawned", "start/starting", "start/starting", "start/starting"],
  );
  bench.raise("first");
  bench.raise("second");
  assert.deepEqual([bench.state("last"), bench.state("behind")], ["start/spawned", "start/starting"]);
  bench.raise("last");
  assert.equal(bench.state("behind"), "start/running");
});

Deno.test("after *: where there are too many pairs, some such jobs come after no others, and all start", () => {
  const jobs = Array.from(
    { length: 4000 },
    (_, number) => job(`job-${number}`, { startOn: "go", ...(number % 2 === 0 && { after: ["*"] }) }),
  );
  const bench = new Bench(jobs);
  bench.event("go");
  assert(jobs.every(({ name }) => bench.state(name) === "start/running"));
});

/** Init scripts that start and stop by the same events: `clock`, then `log`, then `web`, each after the one before. */
function chain(middle: Fields = {}): Bench {
  const script = (name: string, fields: Fields) =>
    job(name, { expect: "script", runs: ["main", "pre-stop"], stopOn: "down", ...fields });
  const bench = new Bench([
    script("clock", { startOn: "up" }),
    script("log", { uses: ["clock"], ...middle }),
    script("idle", { after: ["log"] }),
    script("web", { after: ["idle"], startOn: "up" }),
  ]);
  for (const name of ["clock", "log", "web"]) bench.behave(name, "main", { status: 0, after: "1s" });
  for (const name of ["clock", "log", "web"]) bench.behave(name, "pre-stop", { status: 0, after: "1s" });
  return bench;
}

for (
  const [what, middle, prepare] of [
    ["is down", {}, () => {}],
    ["fails", { startOn: "up" }, (bench: Bench) => bench.behave("log", "main", { status: 1 })],
    ["stays up", { stopOn: "never" }, (bench: Bench) => {
      bench.start("log", {}, { wait: false });
      bench.advance("9s");
    }],
  ] as const
) {
  Deno.test(`order holds through an init script that ${what}, up and down, and over a restart of init`, () => {
    const bench = chain(middle);
    prepare(bench);
    bench.emit("up", {}, { wait: false });
    assert.deepEqual([bench.state("clock"), bench.state("web")], ["start/spawned", "start/starting"]);
    bench.restore();
    bench.advance("9s");
    assert.deepEqual([bench.state("clock"), bench.state("web")], ["start/running", "start/running"]);
    bench.emit("down", {}, { wait: false });
    assert.deepEqual([bench.state("web"), bench.state("clock")], ["stop/pre-stop", "stop/running"]);
    assert.equal(bench.note("clock"), "waits for web to stop");
    bench.restore();
    bench.advance("9s");
    assert.deepEqual([bench.instances("web"), bench.instances("clock")], [[], []]);
    assert.deepEqual(
      bench.traced(/(web|clock) pre-stop (runs|ends)/).map((line) => line.split(" ").slice(0, 3).join(" ")),
      ["web pre-stop runs", "web pre-stop ends", "clock pre-stop runs", "clock pre-stop ends"],
    );
  });
}

Deno.test("order holds through a stopped init script when all stop", () => {
  const bench = chain();
  bench.emit("up", {}, { wait: false });
  bench.advance("9s");
  bench.stopAll(true);
  bench.advance("9s");
  assert.deepEqual(
    bench.traced(/pre-stop (runs|ends)/).map((line) => line.split(" ").slice(0, 3).join(" ")),
    ["web pre-stop runs", "web pre-stop ends", "clock pre-stop runs", "clock pre-stop ends"],
  );
});

Deno.test("one that comes after a script that is down does not wait until a service is done that the script needs", () => {
  const fields: Fields = { expect: "script", runs: [] };
  for (const wants of [["c"], []]) {
    const bench = new Bench([
      job("a", { ...fields, needs: ["completed(c)"] }),
      job("c", fields),
      job("d", { ...fields, wants, after: ["a"] }),
    ]);
    bench.start("c");
    assert.equal(bench.start("d").outcome, "done");
  }
});
