/** An init that is killed, and one that is started then with the same configuration: that goes on with what runs. */

import assert from "node:assert/strict";
import { chmodSync, chownSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { until } from "../support/deadline.ts";
import { RunningInit } from "../support/init.ts";
import { childrenOf } from "../support/processes.ts";

const RUNS = "start on startup\n";

/** Twenty jobs of all kinds. */
function jobs(): Record<string, string> {
  const all: Record<string, string> = {
    "respawned.conf": `${RUNS}respawn\nexec sleep 1000`,
    "forks.conf": `${RUNS}expect fork\nexec sh -c 'sleep 1001 & exit'`,
    "daemon.conf": `${RUNS}expect daemon\nexec sh -c '(sleep 1002 & exit) &'`,
    "many.conf": "instance $N\nexec sleep 1000",
    "hooks.conf": `exec sleep 1000\npost-stop exec sh -c 'echo $GREETING >> @DIR@/stopped'`,
    "after.conf": "start on started respawned\ntask\nexec sh -c 'echo x >> @DIR@/after'",
    "scripted.conf": `${RUNS}script\nsleep 1000\necho never\nend script`,
    "needing.conf": `${RUNS}needs respawned\nexec sleep 1000`,
  };
  if (Deno.uid() === 0) all["other.conf"] = `${RUNS}setuid nobody\nexec sleep 1000`;
  for (let number = Object.keys(all).length; number < 20; number++) {
    all[`plain${number}.conf`] = `${RUNS}exec sleep 1000`;
  }
  return all;
}

/** The processes of jobs, by job and instance. */
async function running(init: RunningInit): Promise<Map<string, number>> {
  const matches = (await init.ask("list")).matchAll(/^(.*) start\/running, process (\d+)$/gm);
  return new Map(Array.from(matches, ([, job, pid]) => [job!, Number(pid)]));
}

async function kill(init: RunningInit): Promise<void> {
  init.signal("SIGKILL");
  assert.equal(await init.ended(), -9);
}

/** The sleepers of a test, of whatever parent. */
function sleepers(init: RunningInit): number {
  return init.leftovers().filter((pid) =>
    readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sleep\x00100")
  )
    .length;
}

Deno.test("twenty jobs of an init that is killed run once, and belong to the init that is started then", async () => {
  await using init = await RunningInit.start({ startupEvent: true, jobs: jobs() });
  const count = 19 + 2;
  await init.ask("start", "many", "N=1");
  await init.ask("start", "many", "N=b c");
  await init.ask("start", "hooks", "GREETING=hello");
  const before = await until("all run", async () => {
    const found = await running(init);
    return found.size === count - 1 && !(await init.ask("list")).includes("start/spawned")
      ? found
      : undefined;
  });
  await init.untilLines("after", 1);
  const processes = sleepers(init);
  await kill(init);
  await init.startAgain();
  assert.match(init.messages(), /init: Going on with 20 processes of init \d+, which was killed/);
  assert.deepEqual(await running(init), before);
  await init.ask("emit", "nothing");
  assert.equal(sleepers(init), processes);
  // What follows from their starts has followed.
  assert.equal(init.read("after"), "x\n");
  // Their ends are seen, though they are no children.
  assert(!childrenOf(init.pid).includes(before.get("respawned")!));
  for (const job of ["respawned", "plain9", "daemon"]) Deno.kill(before.get(job)!, "SIGKILL");
  await init.until(["status", "respawned"], /start\/running, process (?!0)/);
  await until(
    "it is respawned",
    async () => (await running(init)).get("respawned") !== before.get("respawned"),
  );
  for (const job of ["plain9", "daemon"]) await init.until(["status", job], `${job} stop/waiting\n`);
  await init.ask("stop", "hooks");
  assert.deepEqual(await init.untilLines("stopped", 1), ["hello"]);
  await init.ask("stop", "many", "N=b c");
  for (const job of ["hooks", "many (b c)"]) assert(!init.leftovers().includes(before.get(job)!), job);
  await init.ask("restart", "forks");
  assert.notEqual((await running(init)).get("forks"), before.get("forks"));
});

Deno.test("an init that is killed again and again loses and doubles nothing; one that is stopped leaves nothing", async () => {
  await using init = await RunningInit.start({
    startupEvent: true,
    jobs: { "web.conf": `${RUNS}respawn\nexec sleep 1000`, "late.conf": "exec sleep 1000" },
  });
  await init.until(["status", "web"], /start\/running/);
  await init.ask("start", "late");
  const before = await running(init);
  for (let count = 0; count < 5; count++) {
    await kill(init);
    await init.startAgain();
    assert.deepEqual(await running(init), before);
    if (count === 2) await init.ask("restart-init");
  }
  Deno.kill(before.get("web")!, "SIGKILL");
  await until("it is respawned", async () => {
    const pid = (await running(init)).get("web");
    return pid !== undefined && pid !== before.get("web");
  });
  const after = await running(init);
  await kill(init);
  await init.startAgain();
  assert.deepEqual(await running(init), after);
  assert.deepEqual(
    readdirSync(init.path("rt/rouse")).filter((name) => name.startsWith("running-")).length,
    1,
  );
  init.signal("SIGTERM");
  assert.equal(await init.ended(), 0);
  assert.deepEqual(readdirSync(init.path("rt/rouse")).filter((name) => name.startsWith("running-")), []);
  assert.equal(sleepers(init), 0);
});

/** The record, when init is killed. */
function record(init: RunningInit): string {
  const name = readdirSync(init.path("rt/rouse")).find((name) => name.startsWith("running-"))!;
  return init.path(`rt/rouse/${name}`);
}

/** Writes a record as init leaves it: nobody else can. */
function rewrite(path: string, text: string): void {
  writeFileSync(path, text);
  chmodSync(path, 0o600);
}

const FORGERIES: Array<[what: string, forge: (path: string, line: string) => void, isPossible?: boolean]> = [
  ["a file that others can write", (path) => chmodSync(path, 0o666)],
  ["a file of another user", (path) => chownSync(path, 12345, 12345), Deno.uid() === 0],
  ["a file that is a link", (path) => {
    rewrite(`${path}-other`, readFileSync(path, "utf8"));
    Deno.removeSync(path);
    Deno.symlinkSync(`${path}-other`, path);
  }],
  ["a process that began at another time", (path, line) => {
    writeFileSync(
      path,
      readFileSync(path, "utf8").replace(line, line.replace(/"writtenAt":\d+/, '"writtenAt":7')),
    );
  }],
  ["a record of before the machine was started", (path) => {
    rewrite(path, readFileSync(path, "utf8").replace(/"machine":"[^ ]*/, '"machine":"before'));
  }],
];

for (const [what, forge, isPossible = true] of FORGERIES) {
  Deno.test(`nothing is gone on with by ${what}`, { ignore: !isPossible }, async () => {
    await using init = await RunningInit.start({ jobs: { "web.conf": "exec sleep 1000" } });
    await init.ask("start", "web");
    await kill(init);
    const path = record(init), line = readFileSync(path, "utf8").trim().split("\n").at(-1)!;
    forge(path, line);
    await init.startAgain();
    assert.equal(await init.ask("status", "web"), "web stop/waiting\n");
    assert.doesNotMatch(init.messages(), /Going on with/);
  });
}

Deno.test("lines that are broken, or of processes and jobs that are gone, do not matter to others", async () => {
  await using init = await RunningInit.start({
    jobs: { "web.conf": "exec sleep 1000", "gone.conf": "exec sleep 1000", "ended.conf": "exec sleep 1000" },
  });
  for (const job of ["web", "gone", "ended"]) await init.ask("start", job);
  const before = await running(init);
  Deno.kill(before.get("ended")!, "SIGKILL");
  await init.until(["status", "ended"], "ended stop/waiting\n");
  await kill(init);
  init.remove("gone.conf");
  rewrite(record(init), readFileSync(record(init), "utf8") + '{"job":"web"}\nnull\n[1]\n{"job":"web","inst');
  await init.startAgain();
  assert.deepEqual(await running(init), new Map([["web", before.get("web")!]]));
  assert.match(
    init.messages(),
    new RegExp(`Nothing is known any more of the jobs of these processes: ${before.get("gone")}\n`),
  );
  assert.equal(await init.ask("status", "ended"), "ended stop/waiting\n");
});

Deno.test("what another init runs that lives is its own, also with the same configuration", async () => {
  await using init = await RunningInit.start({
    startupEvent: true,
    jobs: { "web.conf": `${RUNS}exec sleep 1000` },
  });
  await init.until(["status", "web"], /start\/running/);
  const before = await running(init);
  const first = init.pid, session = init.environment["UPSTART_SESSION"]!;
  await init.startAgain();
  await init.until(["status", "web"], /start\/running/);
  assert.notDeepEqual(await running(init), before);
  assert(
    init.messages().includes(`init: Process ${first} is an init with the same configuration: jobs run once`),
  );
  init.signal("SIGTERM");
  await init.ended();
  // It has left the record of the first alone.
  init.environment["UPSTART_SESSION"] = session;
  assert.deepEqual(await running(init), before);
  Deno.kill(first, "SIGKILL");
  await until("the first has ended", () => !init.leftovers().includes(first));
  await init.startAgain();
  assert.deepEqual(await running(init), before);
});

Deno.test("of a record full of what is none, what comes first counts", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": "exec sleep 1000" } });
  await init.ask("start", "web");
  const before = await running(init);
  await kill(init);
  const text = readFileSync(record(init), "utf8"), [, line] = text.split("\n");
  const [job, ...rest] = line!.split('"web"');
  rewrite(
    record(init),
    `${text}\n${"[".repeat(9 << 20)}\n${"{\n".repeat(1 << 20)}${[job, ...rest].join('"late"')}\n`,
  );
  await init.startAgain();
  assert.deepEqual(await running(init), before);
  assert.match(init.messages(), /Going on with 1 process /);
});

Deno.test("a large environment keeps no process out of the record, nor the next", async () => {
  const names = ["before", "large", "after"];
  const jobs = Object.fromEntries(names.map((name) => [`${name}.conf`, "exec sleep 1000"]));
  await using init = await RunningInit.start({ jobs });
  await init.ask("start", "before");
  await init.ask("start", "large", `TEXT=${"x".repeat(100_000)}`);
  await init.ask("start", "after");
  const before = await running(init);
  await kill(init);
  await init.startAgain();
  assert.deepEqual(await running(init), before);
  assert.doesNotMatch(init.messages(), /Unable to record/);
});

/** A process that locks a file, as an init does that looks for what another one has left, until its input ends. */
async function locker(path: string): Promise<AsyncDisposable> {
  const descriptors = import.meta.resolve("../../lib/sys/io/descriptors.ts");
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--no-check",
      `const { lockForWriting, open, O_RDWR } = await import("${descriptors}");
       console.log(lockForWriting(open(${JSON.stringify(path)}, O_RDWR)));
       await Deno.stdin.readable.pipeTo(new WritableStream());`,
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.getReader(), { value } = await reader.read();
  assert.equal(new TextDecoder().decode(value), "true\n");
  return {
    async [Symbol.asyncDispose]() {
      await child.stdin.close();
      await reader.cancel();
      await child.status;
    },
  };
}

Deno.test("of inits that are started at once one alone takes what another one has left", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": "exec sleep 1000" } });
  await init.ask("start", "web");
  const before = await running(init);
  await kill(init);
  {
    await using _ = await locker(init.path("rt/rouse/lock"));
    await init.startAgain();
    assert.equal(await init.ask("status", "web"), "web stop/waiting\n");
    await kill(init);
  }
  await init.startAgain();
  assert.deepEqual(await running(init), before);
});

Deno.test("records by which nobody can go on with anything are removed", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": "exec sleep 1000" } });
  await init.ask("start", "web");
  await kill(init);
  const [path, text] = [record(init), readFileSync(record(init), "utf8")];
  const [header, line] = text.split("\n");
  const other = header!.replace('"command":[]', '"command":["x"]').replace(
    /\\"command\\":\[\]/,
    '\\"command\\":[1]',
  );
  rewrite(path.replace(/-[^-]*$/, "-useless"), `${other}\n`);
  rewrite(path.replace(/-[^-]*$/, "-useful"), `${other}\n${line}\n`);
  await init.startAgain();
  await init.until(["status", "web"], /start\/running/);
  const names = readdirSync(init.path("rt/rouse")).filter((name) => name.startsWith("running-"));
  assert.deepEqual(names.sort(), [path.slice(path.lastIndexOf("/") + 1), "running-useful"].sort());
});
