/** `rouse/testing` as users have it: jobs on a bench, by what they are imported as. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { inherited, job, on, runlevel, started, stopping } from "rouse";
import { bench, conf, jobsIn, override } from "rouse/testing";

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
  jobs.emit("started", { JOB: "bench_test" });
  assert.equal(jobs.state(web), "start/running");
});

Deno.test("a process ends, time goes by, and the respawn limit is reached", () => {
  const jobs = bench({ database, web });
  jobs.start(web);
  for (let time = 0; time < 2; time++) jobs.exit(web, { status: 1 });
  assert.equal(jobs.state(web), "start/running");
  jobs.advance("11s");
  jobs.exit(web, { signal: "SEGV" });
  assert.equal(jobs.state(web), "start/running");
  for (let time = 0; time < 2; time++) jobs.exit(web, { status: 1 });
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
  assert.deepEqual([failing.outcome, failing.error], ["Job failed to start", "JobFailed"]);
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
  const directory = mkdtempSync(join(tmpdir(), "rouse-"));
  try {
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
  } finally {
    rmSync(directory, { recursive: true });
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
  refused({ bad: conf("exec true\nfoo\n") }, "Unable to put bad on the bench: conf:2: Unknown stanza");
  refused({ bad: {} as never }, /neither what job\(\) or conf\(\) gives nor an array/);
  assert.throws(() => bench({}).state(database), { message: /^There is no job bench_test on the bench/ });
  assert.throws(() => bench({ web }).start("wbe"), {
    message: "There is no job wbe on the bench; there are web",
  });
});
