/** What pages about Upstart teach of `start on` and `stop on`. */

import assert from "node:assert/strict";
import { RunningInit } from "../support/init.ts";

const WAITING = "stop/waiting";
const RUNNING = "start/running";

/** Init with these jobs; each is a service that sleeps unless it says what else it runs. */
function withJobs(jobs: Record<string, string>): Promise<RunningInit> {
  const files = Object.entries(jobs).map(([name, text]) => {
    const runs = /^(script|exec|pre-start|task)/m.test(text);
    return [`${name}.conf`, runs ? text : `${text}\nexec sleep 600\n`];
  });
  return RunningInit.start({ jobs: Object.fromEntries(files) });
}

/** Goal and state of a job. */
async function state(init: RunningInit, job: string): Promise<string> {
  const told = await init.ask("status", job);
  return /^\S+ ([a-z/-]+)/.exec(told)?.[1] ?? told;
}

/** Emits an event and waits until init has seen to it. To emit it with waiting would not end before its other half. */
async function half(init: RunningInit, ...event: string[]): Promise<void> {
  await init.ask("emit", "--no-wait", ...event);
  await init.ask("emit", "nobody-waits-for-this");
}

/** Emits an event, and tells which of the jobs it starts; those are stopped again. */
async function startedBy(init: RunningInit, jobs: string[], ...event: string[]): Promise<string[]> {
  await half(init, ...event);
  const states = await init.until(["list"], /^(?![^]*start\/(?!running))/);
  const started = jobs.filter((job) => new RegExp(`^${job} ${RUNNING}`, "m").test(states));
  const { exit, stderr } = await init.shell(`set -e; for job in ${started.join(" ")}; do stop $job; done`);
  assert.equal(exit, 0, stderr);
  return started;
}

Deno.test("and, or and brackets join events; brackets may go on over lines", async () => {
  await using init = await withJobs({
    "either": "start on rain or snow",
    "both": "start on rain and snow",
    "nested": "start on (rain and (snow or hail))",
    "lines": "start on (rain\n          and (snow\n               or hail))",
  });
  const jobs = ["either", "both", "nested", "lines"];
  assert.deepEqual(await startedBy(init, jobs, "rain"), ["either"]);
  assert.deepEqual(await startedBy(init, jobs, "snow"), ["either", "both", "nested", "lines"]);
  assert.deepEqual(await startedBy(init, jobs, "hail"), []);
  assert.deepEqual(await startedBy(init, jobs, "rain"), ["either", "nested", "lines"]);
});

for (const stanza of ["start on", "stop on"]) {
  Deno.test(`${stanza} wants its event on the same line`, async () => {
    await using init = await withJobs({
      "wrong": `${stanza}\nrain or snow`,
      "right": `${stanza} rain or snow`,
    });
    assert.equal(await init.ask("list"), "right stop/waiting\n");
    assert.equal(init.messages(), `init:${init.confdir}/wrong.conf:1: Expected token\n`);
    const { exit, stderr } = await init.run(["init-checkconf", "@DIR@/conf/wrong.conf"]);
    assert.equal(exit, 1);
    assert.match(stderr, /wrong\.conf:1: Expected token/);
  });
}

Deno.test("stop on is written alike", async () => {
  await using init = await withJobs({
    "shade": "start on go\nstop on (night and rain) or sun STRENGTH=[89] or sun HAZE!=none",
  });
  for (
    const [events, end] of [
      [[["sun", "STRENGTH=3", "HAZE=none"], ["night"]], RUNNING],
      [[["rain"]], WAITING],
      [[["sun", "STRENGTH=9", "HAZE=none"]], WAITING],
      [[["sun", "STRENGTH=1", "HAZE=light"]], WAITING],
    ] as const
  ) {
    if (await state(init, "shade") === WAITING) await init.ask("emit", "go");
    for (const event of events) await half(init, ...event);
    await init.until(["status", "shade"], new RegExp(end));
  }
});

Deno.test("values are compared by name, by place, by pattern, and turned round", async () => {
  await using init = await withJobs({
    "any": "start on link-up",
    "named": "start on link-up KIND=wired",
    "placed": "start on link-up eth0",
    "mixed": "start on link-up eth0 KIND=wired",
    "star": "start on link-up IFACE=eth*",
    "set": "start on link-up IFACE=eth[0-4]",
    "one": "start on link-up IFACE=eth?",
    "not": "start on link-up IFACE!=lo",
    "notset": "start on link-up IFACE=[!e]*",
  });
  const jobs = ["any", "named", "placed", "mixed", "star", "set", "one", "not", "notset"];
  const started = (...variables: string[]) => startedBy(init, jobs, "link-up", ...variables);
  assert.deepEqual(await started("IFACE=eth0", "KIND=wired"), [
    "any",
    "named",
    "placed",
    "mixed",
    "star",
    "set",
    "one",
    "not",
  ]);
  assert.deepEqual(await started("IFACE=lo", "KIND=none"), ["any", "notset"]);
  assert.deepEqual(await started("IFACE=eth12", "KIND=radio"), ["any", "star", "not"]);
  assert.deepEqual(await started("KIND=wired", "IFACE=eth0"), ["any", "named", "star", "set", "one", "not"]);
});

Deno.test("an event that comes again does nothing to a job that runs, and starts another instance", async () => {
  await using init = await withJobs({
    "single": "start on visitor\nscript\n  echo single $NAME >> @DIR@/notes\n  exec sleep 600\nend script\n",
    "each":
      "start on visitor\ninstance $NAME\nscript\n  echo each $NAME >> @DIR@/notes\n  exec sleep 600\nend script\n",
  });
  const main = await init.ask("emit", "visitor", "NAME=ann").then(() => init.ask("status", "single"));
  await init.ask("emit", "visitor", "NAME=bob");
  assert.equal(await init.ask("status", "single"), main);
  assert.deepEqual((await init.untilLines("notes", 3)).sort(), ["each ann", "each bob", "single ann"]);
});

Deno.test("a service waits for file systems and a network device other than lo, or for its runlevel", async () => {
  await using init = await withJobs({
    "explicit": "start on (local-filesystems and net-device-up IFACE!=lo)\nstop on runlevel [016]",
    "generic": "start on runlevel [2345]\nstop on runlevel [016]",
  });
  const states = async () => [await state(init, "explicit"), await state(init, "generic")];
  await half(init, "net-device-up", "IFACE=lo");
  await half(init, "local-filesystems");
  assert.deepEqual(await states(), [WAITING, WAITING]);
  await init.ask("emit", "runlevel", "RUNLEVEL=2");
  assert.deepEqual(await states(), [WAITING, RUNNING]);
  await init.ask("emit", "net-device-up", "IFACE=wlan0");
  assert.deepEqual(await states(), [RUNNING, RUNNING]);
  for (const [level, expected] of [["3", RUNNING], ["1", WAITING]] as const) {
    await init.ask("emit", "runlevel", `RUNLEVEL=${level}`);
    assert.deepEqual(await states(), [expected, expected]);
  }
});

Deno.test("an abstract job stands for a group: what must be first, what follows, and what stops with it", async () => {
  await using init = await withJobs({
    "network-services": "start on (filesystem and link-up)\nstop on runlevel [016]\npre-start exec true\n",
    "firewall":
      "start on starting network-services\ntask\nexec sh -c 'sleep 0.2; echo firewall >> @DIR@/notes'\n",
    "mail": "start on started network-services\nstop on stopping network-services\n" +
      "script\n  echo mail >> @DIR@/notes\n  exec sleep 600\nend script\n" +
      "post-stop exec echo mail gone >> @DIR@/notes\n",
    "after": "start on stopped network-services\ntask\nexec echo all gone >> @DIR@/notes\n",
  });
  await half(init, "filesystem");
  await init.ask("emit", "link-up");
  assert.equal(await state(init, "network-services"), RUNNING);
  await init.untilLines("notes", 2);
  await init.ask("emit", "runlevel", "RUNLEVEL=1");
  assert.deepEqual(await init.untilLines("notes", 4), ["firewall", "mail", "mail gone", "all gone"]);
  assert.equal(await state(init, "mail"), WAITING);
});

Deno.test("a cache starts before the server that needs it, and stops after it", async () => {
  await using init = await withJobs({
    "cache": "start on starting server\nstop on stopped server\nrespawn\n" +
      "pre-start exec echo cache up >> @DIR@/notes\nexec sleep 600\n" +
      "post-stop exec echo cache down >> @DIR@/notes\n",
    "server":
      "pre-start script\n  initctl status cache | grep -q running\n  echo server up >> @DIR@/notes\n" +
      "end script\nexec sleep 600\npost-stop exec echo server down >> @DIR@/notes\n",
  });
  await init.ask("start", "server");
  assert.equal(await state(init, "cache"), RUNNING);
  await init.ask("stop", "server");
  assert.deepEqual(await init.untilLines("notes", 4), [
    "cache up",
    "server up",
    "server down",
    "cache down",
  ]);
  assert.equal(await state(init, "cache"), WAITING);
});

Deno.test("a job that stops before another one is restarted with it, if it starts after it, too", async () => {
  await using init = await withJobs({
    "base": "exec sleep 600",
    "coupled": "start on started base\nstop on stopping base",
    "once": "stop on stopping base",
  });
  await init.ask("start", "once");
  await init.ask("start", "base");
  const before = await init.ask("status", "coupled");
  assert.match(before, /running/);
  assert.equal(await state(init, "once"), RUNNING);
  await init.ask("restart", "base");
  await init.until(["status", "coupled"], /running/);
  assert.notEqual(await init.ask("status", "coupled"), before);
  assert.equal(await state(init, "once"), WAITING);
});

Deno.test("a job that stops after another one runs until that one is gone", async () => {
  await using init = await withJobs({
    "base": "exec sleep 600\npost-stop exec initctl status helper >> @DIR@/notes\n",
    "helper": "stop on stopped base",
  });
  await init.ask("start", "base");
  await init.ask("start", "helper");
  await init.ask("stop", "base");
  assert.match(init.read("notes")!, /^helper start\/running/);
  await init.until(["status", "helper"], "helper stop/waiting\n");
});

Deno.test("what an event starts is started at once, and nothing waits for what came first", async () => {
  const meets = (own: string, other: string) =>
    `start on go\ntask\nscript\n  touch @DIR@/${own}\n  until [ -e @DIR@/${other} ]; do sleep 0.02; done\nend script\n`;
  await using init = await withJobs({ "left": meets("a", "b"), "right": meets("b", "a") });
  // Each waits for the other: one after the other, they would never end.
  assert.equal(await init.ask("emit", "go"), "");
});
