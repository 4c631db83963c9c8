/** `provides`, names that several jobs may stand for, and `conflicts`. */

import assert from "node:assert/strict";
import { Bench } from "../../testing/bench.ts";
import { job } from "../testing/definitions.ts";

function mail(): Bench {
  return new Bench([
    job("web", { needs: ["mta"] }),
    job("postfix", { provides: ["mta"] }),
    job("exim", { provides: ["mta"] }),
  ]);
}

Deno.test("of several providers the first by name is started", () => {
  const bench = mail();
  bench.start("web");
  assert.deepEqual([bench.state("exim"), bench.state("postfix")], ["start/running", "stop/waiting"]);
});

Deno.test("the provider that is up counts, else one on its way up", () => {
  const up = mail();
  up.start("postfix");
  up.start("web");
  assert.equal(up.state("exim"), "stop/waiting");
  const coming = new Bench([
    job("web", { needs: ["mta"] }),
    job("postfix", { provides: ["mta"], expect: "stop" }),
    job("exim", { provides: ["mta"] }),
  ]);
  coming.start("postfix", {}, { wait: false });
  const start = coming.start("web");
  assert.equal(coming.note("web"), "waits for mta (postfix)");
  coming.raise("postfix");
  assert.equal(start.outcome, "done");
  assert.equal(coming.state("exim"), "stop/waiting");
});

Deno.test("a job stays up as long as one provider is", () => {
  const bench = mail();
  bench.start("postfix");
  bench.start("exim");
  bench.start("web");
  bench.stop("exim");
  assert.equal(bench.state("web"), "start/running");
  bench.stop("postfix");
  assert.equal(bench.state("web"), "start/starting");
  assert.equal(bench.note("web"), "waits for mta (exim), which is stopped");
  bench.start("postfix");
  assert.equal(bench.state("web"), "start/running");
});

Deno.test("a provider that waits for who needs the name stops as soon as another one is up", () => {
  for (
    const [jobs, start] of [
      [[job("db", { instance: "$N" })], (bench: Bench, N: string) => bench.start("db", { N })],
      [
        ["1", "2"].map((N) => job(`db${N}`, { provides: ["db"] })),
        (bench: Bench, N: string) => bench.start(`db${N}`),
      ],
    ] as const
  ) {
    const bench = new Bench([job("web", { needs: ["db"] }), ...jobs]);
    start(bench, "1");
    bench.start("web");
    bench.behave("web", "main", "stubborn");
    bench.restart("web");
    const stop = bench.request(
      jobs.length === 1
        ? { kind: "stop", job: "db", instance: "1", wait: true }
        : { kind: "stop", job: "db1", instance: "", wait: true },
    );
    assert.equal(stop.outcome, undefined);
    start(bench, "2");
    assert.equal(stop.outcome, "done");
  }
});

Deno.test("a job's own name goes before what others provide", () => {
  const bench = new Bench([
    job("web", { needs: ["mta"] }),
    job("exim", { provides: ["mta"] }),
    job("mta"),
  ]);
  bench.start("exim");
  bench.start("web");
  assert.equal(bench.state("mta"), "start/running");
});

Deno.test("a provider that fails is named with the name that was asked for", () => {
  const bench = mail();
  bench.behave("exim", "main", { status: 1 });
  assert.equal(
    bench.start("web").outcome,
    "Job failed to start\nweb needs mta (exim), which failed: its main process ended with status 1",
  );
});

Deno.test("a job that provides what it needs needs another one, if there is one", () => {
  const bench = new Bench([job("exim", { provides: ["mta"], needs: ["mta"] })]);
  assert.equal(bench.start("exim").outcome, "done");
  bench.stop("exim");
  bench.define(job("relay", { provides: ["mta"] }));
  bench.start("exim");
  assert.equal(bench.state("relay"), "start/running");
});

Deno.test("a provider that is loaded late counts, and one that is removed does not", () => {
  const bench = new Bench([job("web", { needs: ["mta"] })]);
  assert.match(bench.start("web").outcome!, /no job provides/);
  bench.define(job("exim", { provides: ["mta"] }));
  assert.equal(bench.start("web").outcome, "done");
  bench.remove("exim");
  bench.define(job("postfix", { provides: ["mta"] }));
  bench.stop("exim");
  bench.start("postfix");
  assert.equal(bench.state("web"), "start/running");
});

Deno.test("of jobs that conflict, the one that is started stops the other first, whichever says so", () => {
  for (const [first, second] of [["exim", "postfix"], ["postfix", "exim"]] as const) {
    const bench = new Bench([job("exim", { conflicts: ["postfix"] }), job("postfix")]);
    bench.behave(first, "main", "stubborn");
    bench.start(first);
    const start = bench.start(second);
    assert.equal(bench.note(second), `waits for ${first} to stop`);
    bench.advance("5s");
    assert.equal(start.outcome, "done");
    assert.deepEqual([bench.state(first), bench.state(second)], ["stop/waiting", "start/running"]);
    assert.deepEqual(bench.traced(/main (runs|ends)/).map((line) => line.split(" ", 3).join(" ")), [
      `${first} main runs`,
      `${first} main ends`,
      `${second} main runs`,
    ]);
  }
});

Deno.test("all providers of one name may conflict with each other", () => {
  const bench = new Bench([
    job("exim", { provides: ["mta"], conflicts: ["mta"] }),
    job("postfix", { provides: ["mta"], conflicts: ["mta"] }),
  ]);
  bench.start("exim");
  bench.start("postfix");
  assert.deepEqual([bench.state("exim"), bench.state("postfix")], ["stop/waiting", "start/running"]);
});

Deno.test("of conflicting jobs that one event starts, one runs", () => {
  const bench = new Bench([
    job("exim", { conflicts: ["postfix"], startOn: "go" }),
    job("postfix", { startOn: "go" }),
  ]);
  assert.equal(bench.emit("go").outcome, "done");
  assert.deepEqual([bench.state("exim"), bench.state("postfix")], ["start/running", "stop/waiting"]);
});

Deno.test("a job that conflicts with what it needs fails", () => {
  const bench = new Bench([job("web", { needs: ["mta"], conflicts: ["mta"] }), job("mta")]);
  assert.equal(bench.start("web").outcome, "Job failed to start\nweb needs mta and conflicts with it");
});

Deno.test("a job whose need conflicts with another of its needs does not hang", () => {
  const bench = new Bench([
    job("web", { needs: ["exim", "postfix"] }),
    job("exim", { conflicts: ["postfix"] }),
    job("postfix"),
  ]);
  const start = bench.start("web");
  assert.equal(
    start.outcome,
    "Job failed to start\nweb cannot start: it needs exim and postfix: these conflict",
  );
});

Deno.test("with its last provider a name is gone: no hint names it, and who provides it itself does not need others", () => {
  const bench = new Bench([job("web", { needs: ["mta"] }), job("exim", { provides: ["mta"] })]);
  bench.remove("exim");
  assert.equal(bench.start("web").outcome, "Job failed to start\nweb needs mta, which no job provides");
  const both = new Bench([
    job("exim", { provides: ["mta"], needs: ["mta"] }),
    job("postfix", { provides: ["mta"] }),
  ]);
  both.remove("postfix");
  assert.equal(both.start("exim").outcome, "done");
});
