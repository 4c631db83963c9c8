/** `rouse/testing` as users have it: jobs on a bench, by what they are imported as. */

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { completed, http, inherited, job, notify, on, runlevel, started, stopping, tcp } from "rouse";
import { bench, conf, jobsIn, override, type ProcessEnd } from "rouse/testing";
import { TemporaryDirectory } from "../sys/testing/directory.ts";

const database = job({ startOn: runlevel("[2345]"), exec: "postgres" });
const web = job({
  startOn: started(database),
  stopOn: stopping(database),
  env: { PORT: "80", LANG: inherited },
  preStart: () => assert.fail("functions are not run"),
  exec: ["httpd", "$PORT"],
  respawn: { limit: 2, within: "10s" },
});

Deno.test("jobs start and stop on each other, and are referred to as in conditions", () => {
  const jobs = bench({ database, web });
  jobs.emit("runlevel", { RUNLEVEL: "2" });
  assert.equal(jobs.state(database), "start/running");
  assert.equal(jobs.state("web"), "start/running");
  assert.equal(jobs.state(() => web), "start/running");
  jobs.stop(database);
  assert.deepEqual(jobs.states(web).at(-1), "waiting");
  assert.deepEqual(jobs.events("stopped"), [
    "stopped JOB=web INSTANCE= RESULT=ok",
    "stopped JOB=database INSTANCE= RESULT=ok",
  ]);
});

Deno.test("a job that others refer to need not be on the bench", () => {
  const jobs = bench({ web });
  jobs.emit("started", { JOB: "jobs_test" });
  assert.equal(jobs.state(web), "start/running");
});

Deno.test("a process ends, time goes by, and the respawn limit is reached", () => {
  const jobs = bench({ database, web });
  jobs.start(web);
  /** Main ends, and is back after the longest delay of so few failures. */
  const fail = (end: ProcessEnd) => {
    jobs.exit(web, end);
    jobs.advance("2s");
  };
  for (let time = 0; time < 2; time++) fail({ status: 1 });
  assert.equal(jobs.state(web), "start/running");
  jobs.advance("11s");
  fail({ signal: "SEGV" });
  assert.equal(jobs.state(web), "start/running");
  for (let time = 0; time < 2; time++) fail({ status: 1 });
  assert.equal(jobs.state(web), "stop/waiting");
  assert.match(jobs.events("stopped").join(), /RESULT=failed PROCESS=respawn/);
});

Deno.test("what processes do is the test's to say", () => {
  const jobs = bench({ web });
  jobs.behave(web, "pre-start", { status: 1, after: "500ms" }, { status: 0 });
  const [failing, succeeding] = [jobs.start(web), () => jobs.start(web)];
  jobs.advance(0.499);
  assert.equal(failing.outcome, undefined);
  jobs.advance("1ms");
  assert.equal(
    failing.outcome,
    "Job failed to start\nweb pre-start process (1001) terminated with status 1; it is tried again in 0.1 s",
  );
  assert.equal(failing.error, "JobFailed");
  jobs.advance("1s");
  assert.equal(jobs.state(web), "start/running");
  jobs.stop(web);
  assert.equal(succeeding().outcome, "done");
  jobs.behave(web, "main", { spawnFails: "No such file or directory" });
  jobs.restart(web);
  assert.equal(jobs.state(web), "stop/waiting");
});

Deno.test("a stubborn process is killed once its time is over", () => {
  const slow = job({ exec: "slow", killTimeout: "20s" });
  const jobs = bench({ slow });
  jobs.behave(slow, "main", "stubborn");
  jobs.start(slow);
  const stop = jobs.stop(slow);
  jobs.advance(19.9);
  assert(jobs.runs(slow));
  jobs.advance(0.1);
  assert.equal(stop.outcome, "done");
  assert.deepEqual(jobs.traced(/gets/), ["slow main gets TERM", "slow main gets KILL"]);
});

Deno.test("the environment is that of the job, its events and init", () => {
  const jobs = bench({ web }, { environment: { LANG: "de_DE", TERM: "linux" } });
  jobs.start(web, { PORT: "8080" });
  assert.deepEqual(jobs.environment(web), { LANG: "de_DE", PORT: "8080" });
});

Deno.test("instances, and several jobs of one module", () => {
  const site = job({ instance: "$HOST", exec: "serve", startOn: on("started", { JOB: "worker-*" }) });
  const workers = ["mail", "orders"].map((queue) => job({ name: `worker-${queue}`, exec: `work ${queue}` }));
  const jobs = bench({ site, workers });
  assert.equal(jobs.start(site, { HOST: "a.org" }).instance, "a.org");
  jobs.start(site, { HOST: "b.org" });
  assert.deepEqual(jobs.instances(site), ["a.org", "b.org"]);
  jobs.exit(site, { status: 0 }, { instance: "a.org" });
  assert.deepEqual(jobs.instances(site), ["b.org"]);
  jobs.start(workers[1]!);
  assert.equal(jobs.state("worker-orders"), "start/running");
});

Deno.test("classic jobs and overrides are on the same bench", () => {
  const jobs = bench({
    database: conf("start on startup\nexec postgres\n"),
    web: override(web, "start on never\n"),
    mail: override(conf("start on started database\nexec mail\n"), "manual\n"),
  });
  jobs.event("startup");
  assert.deepEqual(["database", "web", "mail"].map((name) => jobs.state(name)), [
    "start/running",
    "stop/waiting",
    "stop/waiting",
  ]);
});

Deno.test("a whole directory is loaded as init would", async () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  const module = 'import { job } from "rouse";\nexport default job({ exec: "from-module" });\n';
  mkdirSync(join(directory, "net"));
  writeFileSync(join(directory, "web.conf"), "start on startup\nexec httpd\n");
  writeFileSync(join(directory, "web.override"), "start on started net/bridge\n");
  writeFileSync(join(directory, "net/bridge.conf"), "start on startup\nexec from-conf\n");
  writeFileSync(join(directory, "net/bridge.ts"), module);
  writeFileSync(join(directory, "shared.ts"), "export const shared = 1;\n");
  for (const place of [directory, pathToFileURL(`${directory}/`)]) {
    const found = await jobsIn(place);
    assert.deepEqual(Object.keys(found).sort(), ["net/bridge", "web"]);
    const jobs = bench(found);
    jobs.event("startup");
    assert.equal(jobs.state("net/bridge"), "stop/waiting");
    jobs.start("net/bridge");
    assert.equal(jobs.state("web"), "start/running");
  }
});

Deno.test("what cannot be put on the bench is told", () => {
  const refused = (jobs: Parameters<typeof bench>[0], message: string | RegExp) =>
    assert.throws(() => bench(jobs), { message });
  refused(
    { web: job({ nice: 99 }) },
    "Unable to put web on the bench: nice must be a whole number from -20 to 19, not 99",
  );
  refused(
    { two: [job({}), job({})] },
    "Unable to put two on the bench: several jobs in one module need a name each",
  );
  refused(
    { bad: conf("exec true\nrespwan\n") },
    "Unable to put bad on the bench: conf:2: Unknown stanza `respwan'; did you mean `respawn'?",
  );
  refused({ bad: {} as never }, /neither what job\(\) or conf\(\) gives nor an array/);
  assert.throws(() => bench({}).state(database), {
    message: "There is no job jobs_test on the bench; there are none",
  });
  assert.throws(() => bench({ web }).start("wbe"), {
    message: "There is no job wbe on the bench; there are web",
  });
});

const store = job({ exec: "store", ready: tcp(6379), respawn: true });
const migrate = job({ task: true, needs: store, exec: "migrate" });
const api = job({
  needs: [store, completed(migrate)],
  exec: "api",
  ready: http("http://127.0.0.1/"),
  alive: tcp(80),
  restartAbove: { memory: "1GB" },
  respawn: true,
});

Deno.test("needs, readiness and health are a test's to say, in virtual time", () => {
  const jobs = bench({ store, migrate, api });
  jobs.answer(store, "ready", { fails: "connection refused" });
  const start = jobs.start(api);
  assert.equal(jobs.note(store), "not ready: connection refused");
  assert.equal(jobs.note(api), "waits for store, migrate to complete");
  jobs.advance("89s");
  assert.equal(start.outcome, undefined);
  jobs.answer(store, "ready", "passes");
  assert.equal(jobs.state(migrate), "start/running");
  jobs.exit(migrate);
  assert.equal(start.outcome, "done");
  jobs.exit(store, { signal: "KILL" });
  assert.equal(jobs.state(api), "start/starting");
  jobs.advance("1s");
  assert.equal(jobs.state(api), "start/running");
  assert.equal(jobs.traced(/^migrate main runs$/).length, 1);
  for (const use of ["alive", "memory"] as const) {
    const runs = jobs.traced(/^api main runs$/).length;
    jobs.answer(api, use, { fails: "too much" });
    jobs.advance("1s");
    assert.equal(jobs.traced(/^api main runs$/).length, runs + 1);
  }
  assert.equal(jobs.events("unhealthy").length, 2);
});

Deno.test("an API that never gets ready fails its start, with what its check found", () => {
  const jobs = bench({ store, migrate, api: job({ ...api, respawn: false, startTimeout: "30s" }) });
  jobs.behave(migrate, "main", { status: 0 });
  jobs.answer("api", "ready", { fails: "connection refused on 127.0.0.1:80" });
  const start = jobs.start("api");
  jobs.advance("30s");
  assert.match(start.outcome!, /api is not ready after 30 s: connection refused on 127\.0\.0\.1:80/);
});

Deno.test("an answer that nobody asks for is a mistake", () => {
  const jobs = bench({ store, migrate, told: job({ exec: "told", ready: notify }) });
  const wrong: Array<[() => void, RegExp]> = [
    [() => jobs.answer(migrate, "ready", "passes"), /^Error: migrate has no check for ready, so there is/],
    [() => jobs.answer(store, "alive", "passes"), /^Error: store has no check for alive/],
    [() => jobs.answer(store, "memory", "passes"), /^Error: store has no check for memory/],
    [
      () => jobs.answer("told", "ready", "passes"),
      /^Error: told tells itself that it is ready; say so by ready\(/,
    ],
  ];
  for (const [act, message] of wrong) assert.throws(act, message);
});

Deno.test("what is no process, no behaviour, no end and no answer is a mistake, where no types are checked", () => {
  const told = job({ exec: "told", ready: notify });
  const jobs = bench({ store, migrate, told });
  const wrong: Array<[() => void, RegExp]> = [
    [
      () => jobs.behave(migrate, "man" as "main"),
      /^Error: there is no process "man"; there are main, pre-start/,
    ],
    [() => jobs.behave(migrate, "pre-start"), /^Error: migrate has no pre-start process; it has main$/],
    [() => jobs.behave(migrate, "main", { stats: 1 } as never), /behaves like .*, not {"stats":1}$/],
    [() => jobs.behave(migrate, "main", "stay" as never), /behaves like .*, not "stay"$/],
    [() => jobs.behave(migrate, "main", { status: 256 }), /behaves like .*, not {"status":256}$/],
    [
      () => jobs.behave(migrate, "main", { signal: "TREM" as "TERM" }),
      /^RangeError: there is no signal TREM$/,
    ],
    [
      () => jobs.behave(migrate, "main", { status: 1, after: "soon" as "1s" }),
      /^RangeError: a length of time/,
    ],
    [() => jobs.exit(store, { stats: 1 } as never), /^Error: a process ends by .*, not {"stats":1}$/],
    [
      () => jobs.answer(store, "redy" as "ready", "passes"),
      /^Error: there is no check "redy"; there are ready, a/,
    ],
    [() => jobs.answer(store, "ready", { fail: "x" } as never), /^Error: a check says .*, not {"fail":"x"}$/],
    [() => jobs.ready(store), /^Error: store does not tell by itself that it is ready; its check says so/],
    [() => jobs.ready(migrate), /^Error: migrate does not tell by itself that it is ready$/],
    [() => jobs.ready(told), /^Error: told cannot tell that it is ready: nothing of it runs$/],
    [() => jobs.runs(migrate, { process: "poststop" as "main" }), /^Error: there is no process "poststop"/],
    [() => jobs.environment(migrate, "mian" as "main"), /^Error: there is no process "mian"/],
  ];
  for (const [act, message] of wrong) assert.throws(act, message);
  jobs.start(told);
  jobs.ready(told);
  assert.equal(jobs.state(told), "start/running");
});
