/** What waits for the child that ships logs, and what init believes of its reports. */

import assert from "node:assert/strict";
import type { SpawnDescription } from "../../../sys/spawn/spawn.ts";
import { close, write } from "../../../sys/io/descriptors.ts";
import { LogShipper } from "./log_shipper.ts";

/** A shipper whose child is the test: it reads nothing, and says what it is told to. */
class Fixture implements Disposable {
  readonly lost: Array<[job: string, bytes: number]> = [];
  readonly told: string[] = [];
  readonly #children: number[] = [];
  #started = Promise.withResolvers<number>();
  #ended = Promise.withResolvers<void>();

  readonly shipper = new LogShipper({
    command: ["ship-logs"],
    spawner: {
      start: ({ descriptors = {} }: SpawnDescription) => {
        this.#children.push(descriptors[0]!, descriptors[1]!, descriptors[2]!);
        this.#started.resolve(descriptors[1]!);
      },
    },
    onEnd() {},
    onLost: (job, bytes) => void this.lost.push([job, bytes]),
    messages: {
      log: (_, message) => {
        this.told.push(message);
        if (message.includes("The process that ships logs")) this.#ended.resolve();
      },
      attempt: (_, action) => action(),
      fault: (what, error) => assert.fail(`${what}: ${error}`),
    },
  });

  ship(text: string): void {
    this.shipper.ship({ job: "web", instance: "" }, ["syslog"], new TextEncoder().encode(text));
  }

  /** The child says something, which is not believed. */
  async lies(...reports: object[]): Promise<void> {
    this.ship("output");
    const output = await this.#started.promise;
    write(output, new TextEncoder().encode(reports.map((report) => `${JSON.stringify(report)}\n`).join("")));
    await this.#ended.promise;
    assert.match(this.told.at(-1)!, /says what it is not asked; it is started again/);
  }

  [Symbol.dispose](): void {
    this.shipper.close();
    this.#children.forEach(close);
  }
}

Deno.test("many small pieces take no more memory than a few large ones", () => {
  using it = new Fixture();
  for (let count = 0; count < 100_000; count++) it.ship("\n");
  const { frames } = it.shipper.save();
  assert(frames.length < 5000, `${frames.length} wait`);
  assert.equal(it.lost.length, 100_000 - frames.length);
});

Deno.test("a child that tells of jobs, targets or bytes that it was not given is ended", async () => {
  for (
    const report of [
      { done: "other", bytes: 1, lost: 0 },
      { done: "web", bytes: 7, lost: 0 },
      { done: "web", bytes: 6, lost: 7 },
      { failing: "journald", job: "web", reason: "none" },
      { failing: "syslog", job: "other", reason: "none" },
      { working: "journald" },
    ]
  ) {
    using it = new Fixture();
    await it.lies(report);
    assert.deepEqual(it.lost, [["web", 6]], JSON.stringify(report));
    assert.equal(it.told.length, 1);
  }
});

Deno.test("what it tells of its output is believed, up to a lie", async () => {
  using it = new Fixture();
  const known = [
    { failing: "syslog", job: "web", reason: "none" },
    { working: "syslog" },
    { done: "web", bytes: 4, lost: 2 },
  ];
  await it.lies(...known, { done: "web", bytes: 3, lost: 3 });
  assert.deepEqual(it.lost, [["web", 2], ["web", 2]]);
  assert.deepEqual(it.told.slice(0, -1), [
    "syslog: unable to ship logs of web: none",
    "syslog: logs are shipped again",
  ]);
});

Deno.test("a target that comes and goes is told of less and less often", async () => {
  using it = new Fixture();
  const flap = [{ failing: "syslog", job: "web", reason: "none" }, { working: "syslog" }];
  await it.lies(...Array.from({ length: 40 }, () => flap).flat(), { done: "other", bytes: 1, lost: 0 });
  const failure = "syslog: unable to ship logs of web: none", again = "syslog: logs are shipped again";
  const later = [8, 16, 32].flatMap((times) => [`${failure}; it has failed ${times} times so far`, again]);
  assert.deepEqual(it.told.slice(0, -1), [...Array(4).fill([failure, again]).flat(), ...later]);
});

Deno.test("output that a new init has taken over keeps its time", () => {
  using before = new Fixture();
  using after = new Fixture();
  before.ship("output");
  const saved = before.shipper.save();
  for (const frame of saved.frames) frame.time = 5;
  after.shipper.restore(saved);
  assert.deepEqual(after.shipper.save(), saved);
});
