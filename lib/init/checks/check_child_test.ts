/** The child that makes checks, as init sees it: it may die, hang and say what it likes. A shell script stands in for it. */

import assert from "node:assert/strict";
import type { Exit } from "../../model/exit.ts";
import { onChildChange, reap } from "../../sys/process/processes.ts";
import { selfCommand } from "../../sys/runtime/self.ts";
import { SpawnQueue } from "../../sys/spawn/spawn_queue.ts";
import { untilGone } from "../../sys/testing/children.ts";
import { type Credentials, NOBODY } from "../spawn/own_child.ts";
import { CheckChild } from "./check_child.ts";
import { type ChildReport, LineReader, LONGEST_REPORT, parseReport } from "./protocol.ts";
import type { ScheduledCheck } from "./schedule.ts";

const CHECK: ScheduledCheck = { use: "ready", check: { kind: "tcp", address: "80" } };

/** What is told, each as a line, to be waited for. */
class Told {
  readonly lines: string[] = [];
  #onLine = () => {};

  say(line: string): void {
    this.lines.push(line);
    this.#onLine();
  }

  /** Waits until so many lines are told; gives them. */
  async until(count: number): Promise<string[]> {
    while (this.lines.length < count) await new Promise<void>((resolve) => this.#onLine = resolve);
    return this.lines;
  }
}

/** A child in whose place a command runs, and what it leads to. */
class Fixture implements AsyncDisposable {
  readonly told = new Told();
  readonly pids: number[] = [];
  readonly child: CheckChild;
  readonly #ends = new Map<number, (exit: Exit) => void>();
  readonly #spawner = new SpawnQueue();
  readonly #silence = onChildChange(() => this.#reap());

  constructor(
    command: readonly string[],
    times: ConstructorParameters<typeof CheckChild>[1] = {},
    credentials?: Credentials,
  ) {
    this.child = new CheckChild({
      command,
      credentials,
      spawner: this.#spawner,
      messages: {
        log: (priority, message) => this.told.say(`${priority}: ${message}`),
        attempt: (_, action) => action(),
        fault: (where, error) => this.told.say(`${where}: ${error}`),
      },
      onEnd: (pid, listener) => {
        this.pids.push(pid);
        this.#ends.set(pid, listener);
      },
    }, { firstPause: 10, ...times });
  }

  start(number: number): void {
    this.child.start(number, CHECK, {
      passed: () => this.told.say(`${number} passed`),
      failed: (reason) => this.told.say(`${number} failed: ${reason}`),
    });
  }

  #reap(): void {
    for (const change of reap(256)) {
      this.#spawner.changed(change.pid);
      if ("exit" in change) this.#ends.get(change.pid)?.(change.exit);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.close();
    for (const pid of this.pids) await untilGone(pid);
    this.#reap();
    this.#silence();
  }
}

function script(text: string): string[] {
  return ["/bin/sh", "-c", text];
}

Deno.test("a child gets a line for each check, and what it says is told", async () => {
  await using fixture = new Fixture(script(`
    read first; read second
    test "$first" = '{"start":7,"use":"ready","check":{"kind":"tcp","address":"80"}}' || exit 1
    echo '{"failed":7,"reason":"refused"}'
    printf '{"passed":8}\\n{"pas'
    echo 'sed":7}'
    read -r stop; test "$stop" = '{"stop":8}' && echo '{"failed":7,"reason":"stopped"}'
    read rest
  `));
  fixture.start(7);
  fixture.start(8);
  assert.deepEqual(await fixture.told.until(3), ["7 failed: refused", "8 passed", "7 passed"]);
  fixture.child.stop(8);
  assert.equal((await fixture.told.until(4))[3], "7 failed: stopped");
  assert.equal(fixture.pids.length, 1);
});

Deno.test("a child that dies is started again, after longer and longer, and told what it was told before", async () => {
  await using fixture = new Fixture(script(`
    read line
    case "$line" in
    *isFailing*) echo '{"passed":7}'; exec sleep 600;;
    *) echo '{"failed":7,"reason":"refused"}'; kill -KILL $$;;
    esac
  `));
  fixture.start(7);
  assert.deepEqual(await fixture.told.until(3), [
    "7 failed: refused",
    "warn: The process that makes checks has ended (KILL signal); it is started again in 0.01 s",
    "7 passed",
  ]);
});

Deno.test("a child that cannot be started is tried again", async () => {
  await using fixture = new Fixture(["/nowhere/rouse"]);
  fixture.start(7);
  const [first, second] = await fixture.told.until(2);
  assert.match(
    first!,
    /^warn: The process that makes checks cannot be started: .*No such file.*; it is started again in 0.01 s$/,
  );
  assert.match(second!, /in 0.02 s$/);
});

Deno.test("a child that hangs is killed, and another one started", async () => {
  await using fixture = new Fixture(script("exec sleep 600"), { ping: 20 });
  fixture.start(7);
  assert.deepEqual(await fixture.told.until(2), [
    "warn: The process that makes checks does not answer; it is started again in 0.01 s",
    "warn: The process that makes checks does not answer; it is started again in 0.02 s",
  ]);
});

Deno.test("a child is told of any number of checks, as it reads, and no more than once", async () => {
  const count = 3000;
  await using fixture = new Fixture(script(`
    read -r line
    case "$line" in
    *isFailing*) test "$(head -n ${count - 1} | grep -c '"start"')" = ${
    count - 1
  } && echo '{"passed":1}'; cat > /dev/null;;
    *) echo '{"failed":1,"reason":"refused"}'; read -r line; kill -KILL $$;;
    esac
  `));
  const check: ScheduledCheck["check"] = { kind: "http", url: `http://127.0.0.1/${"x".repeat(4000)}` };
  for (let number = 1; number <= count; number++) {
    fixture.child.start(number, { use: "alive", check }, {
      passed: () => fixture.told.say(`${number} passed`),
      failed: () => fixture.told.say(`${number} failed`),
    });
  }
  // One that the child was not told of is not told of at all.
  fixture.child.start(count + 1, { use: "alive", check }, { passed() {}, failed() {} });
  fixture.child.stop(count + 1);
  assert.deepEqual(await fixture.told.until(3), [
    "1 failed",
    "warn: The process that makes checks has ended (KILL signal); it is started again in 0.01 s",
    "1 passed",
  ]);
});

Deno.test("the program itself tells of any number of checks, as it is read", async () => {
  const [program, ...args] = selfCommand("checks"), count = 10_000;
  const command = new Deno.Command(program!, { args, stdin: "piped", stdout: "piped" });
  await using child = command.spawn();
  const path = `/nowhere/${"x".repeat(480)}`, writer = child.stdin.getWriter();
  const requests = Array.from({ length: count }, (_, start) => (
    { start, use: "alive", check: { kind: "file", path, every: 0.01, failures: 1 } }
  ));
  await writer.write(new TextEncoder().encode(requests.map((what) => `${JSON.stringify(what)}\n`).join("")));
  const failed = new Set<number>(), lines = new LineReader(LONGEST_REPORT);
  for await (const bytes of child.stdout) {
    for (const line of lines.take(bytes)!) {
      const report = parseReport(line)!;
      if ("failed" in report) failed.add(report.failed);
    }
    if (failed.size === count) break;
  }
  assert.equal(failed.size, count);
  await writer.close();
});

for (
  const [what, text] of Object.entries({
    "no JSON": "echo hello",
    "something else": `echo '{"passed":"7"}'`,
    "an answer to nothing": `echo '{"pong":3}'`,
    "without end": "yes | tr -d '\\n'",
  })
) {
  Deno.test(`a child that says ${what} is killed`, async () => {
    await using fixture = new Fixture(script(`read line; ${text}; exec sleep 600`));
    fixture.start(7);
    assert.deepEqual(
      (await fixture.told.until(1))[0],
      "warn: The process that makes checks says what it is not asked; it is started again in 0.01 s",
    );
  });
}

Deno.test("what it says of a check that is not made any more is not told", async () => {
  await using fixture = new Fixture(
    script(`read line; echo '{"passed":3}'; echo '{"passed":7}'; exec sleep 600`),
  );
  fixture.start(7);
  assert.deepEqual(await fixture.told.until(1), ["7 passed"]);
});

Deno.test("a child without checks is ended, at once or after some time, and not told of", async () => {
  for (const atOnce of [true, false]) {
    await using fixture = new Fixture(script(`read line; echo '{"passed":7}'; exec sleep 600`), { idle: 10 });
    fixture.start(7);
    await fixture.told.until(1);
    fixture.child.stop(7, atOnce);
    await untilGone(fixture.pids[0]!);
    assert.equal(fixture.told.lines.length, 1);
  }
});

Deno.test("the program itself makes checks, and tells of them", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using fixture = new Fixture(selfCommand("checks"), { ping: 60_000 });
  const check: ScheduledCheck["check"] = { kind: "tcp", address: String(listener.addr.port) };
  fixture.child.start(7, { use: "ready", check }, {
    passed: () => fixture.told.say("passed"),
    failed: (reason) => fixture.told.say(reason),
  });
  assert.deepEqual(await fixture.told.until(1), ["passed"]);
  listener.close();
});

Deno.test("reports are taken apart, and what is none is refused", () => {
  const good: ChildReport[] = [{ passed: 1 }, { failed: 2, reason: "a" }, { pong: 3 }];
  for (const report of good) assert.deepEqual(parseReport(JSON.stringify(report)), report);
  for (
    const wrong of ["", "null", "[]", "{}", "1", '{"failed":1}', '{"passed":1.5}', '{"failed":1,"reason":2}']
  ) {
    assert.equal(parseReport(wrong), undefined, wrong);
  }
  const lines = new LineReader(3), encoder = new TextEncoder();
  assert.deepEqual(lines.take(encoder.encode("ab\nc")), ["ab"]);
  assert.deepEqual(lines.take(encoder.encode("de\n")), ["cde"]);
  assert.equal(lines.take(encoder.encode("abcd")), undefined);
});

Deno.test({
  name: "it has the rights that it is given, and init's where it cannot be started with them",
  ignore: Deno.uid() !== 0,
  async fn() {
    const report = 'read line; echo "{\\"failed\\":1,\\"reason\\":\\"$(id -u)\\"}"; exec sleep 600';
    for (
      const [credentials, lines] of [
        [NOBODY, ["1 failed: 65534"]],
        // (uid_t) -1 is nobody's number.
        [{ ...NOBODY, uid: 2 ** 32 - 1 }, ["warn", "1 failed: 0"]],
      ] as const
    ) {
      await using fixture = new Fixture(["/bin/sh", "-c", report], {}, { ...credentials, groups: [] });
      fixture.start(1);
      const told = await fixture.told.until(lines.length);
      assert.deepEqual(told.map((line) => line.replace(/^warn: .* cannot be started: .*/, "warn")), lines);
    }
  },
});
