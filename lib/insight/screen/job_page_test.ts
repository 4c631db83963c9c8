import assert from "node:assert/strict";
import type { JobReport } from "../../model/insight/report.ts";
import { gone, instance, job, NOW, observe, REPORT, result } from "../testing/reports.ts";
import { jobPage, type PageContext } from "./job_page.ts";
import { COLOURED, PLAIN } from "./style.ts";
import { columnsOf } from "./width.ts";

const CONTEXT: PageContext = {
  now: NOW,
  width: 80,
  style: PLAIN,
  observe,
  leftBehind: () => [],
  clock: (at) => new Date(at).toISOString().slice(0, 19).replace("T", " "),
  lines: [],
};

function page(job: JobReport, more: Partial<PageContext> = {}): string {
  return `\n${jobPage(job, { ...CONTEXT, ...more }).join("\n")}\n`;
}

const jobNamed = (name: string) => REPORT.jobs.find((one) => one.name === name)!;

Deno.test("the page of a service that runs", () => {
  assert.equal(
    page(jobNamed("db"), { lines: ["ready", "\x1b[2J"] }),
    `
db
       State unhealthy (start/running), since 2 min (2026-03-01 11:58:00)
      Checks ready: 127.0.0.1:5432: passes, since 2 min
             health: pg_isready: fails: exit status 2, since 5 s
  Listens at tcp 0.0.0.0:8080
             unix /run/api.sock
  Near limit open files: 1000 of 1024 (pid 812)
  Defined in /etc/init/db.conf

  PID   CPU  MEMORY  PROCESS
  700   2 s   12 MB  main: /usr/bin/db --serve
  701  61 s  900 KB    db: worker

ready
\\e[2J
`,
  );
});

Deno.test("all that can be said of an instance", () => {
  const one = instance({
    name: "a",
    goal: "start",
    state: "spawned",
    told: "warming up",
    note: "is not ready yet",
    waitsFor: ["db to be up"],
    last: result({ failures: 2 }),
    started: { at: NOW - 120_000, cause: { by: "event", event: "runlevel", environment: ["RUNLEVEL=2"] } },
    stopped: { at: NOW - 180_000, cause: { by: "request", asker: { pid: 9, uid: 0, command: "stop web" } } },
    restarts: 4,
    timers: [{ purpose: "start-timeout", at: NOW + 8000 }, { purpose: "kill-timeout", at: NOW }],
    checks: [{ use: "ready", kind: "tcp", what: "localhost:80" }],
    log: "/var/log/upstart/web-a.log",
  });
  const web = job("web", {
    description: "a web server",
    source: "/etc/rouse/web.ts",
    semantics: "rouse",
    isChanged: true,
    problem: "/etc/rouse/web.ts:9: a brace is missing",
    logProblem: "No space left on device",
    respawnLimit: { count: 10, interval: 5 },
    instances: [one],
  });
  assert.equal(
    page(web, { observe: () => undefined }),
    `
web - a web server
    Instance a
       State respawning (start/spawned), since 2 min (2026-03-01 11:58:00)
        Told warming up
   Waits for db to be up
        Note is not ready yet
 Last result exited 44 after 3 s, 2 min ago, 2nd time in a row
  Started by the event runlevel RUNLEVEL=2, 2 min ago
  Stopped by root (stop web, pid 9), 3 min ago
    Restarts 4; the limit is 10 in 5 s
      Timers in 8 s, its start has taken too long, and fails
             now, its main process gets SIGKILL
      Checks ready: localhost:80: not made yet
         Log /var/log/upstart/web-a.log
  Defined in /etc/rouse/web.ts
   Semantics rouse
     Problem the last good definition stays in force: /etc/rouse/web.ts:9: a
             brace is missing
   Log fails No space left on device

   PID  PROCESS
   100  main
`.replace("   PID  PROCESS\n   100  main", "  PID  PROCESS\n  100  main"),
  );
});

Deno.test("the page of a job that has failed, and of one that never ran", () => {
  assert.equal(
    page(jobNamed("web")).split("\n").slice(2, 5).join("\n"),
    ` State failed (stop/waiting), since 2 min (2026-03-01 11:58:00)
 Last result exited 44 after 3 s, 2 min ago, 5th time in 10 min, gave up
  Defined in /etc/init/web.conf`.replace(/^ State/, "       State"),
  );
  assert.equal(
    page(job("off")),
    `
off
       State stopped (stop/waiting), never started
  Defined in /etc/init/off.conf
`,
  );
});

Deno.test("why a job does not run is told where it is known", () => {
  const why = "off waits for the event ready, which nothing here emits";
  assert.match(page(job("off"), { why }), /never started\n +Why off waits for the event ready, which/);
});

Deno.test("a file that is gone is told, and an orderly end before the present run is not", () => {
  assert.match(
    page({ ...jobNamed("api"), isChanged: true, isGone: true }, { width: 100 }),
    /^ +Changed its file is gone; the job is unknown once it has been stopped$/m,
  );
  const last = result({ exit: { signal: 15 }, isFailure: false });
  assert.doesNotMatch(page(job("api", { instances: [instance({ last })] })), /Last result/);
  assert.match(page(job("api", { past: [gone(last)] })), /Last result killed by SIGTERM/);
});

Deno.test("a definition that waits for the job's stop is told", () => {
  assert.match(
    page({ ...jobNamed("api"), isChanged: true }, { width: 110 }),
    /^ +Changed its file has changed since; that counts when the job has been stopped, and not by a restart$/m,
  );
});

Deno.test("several instances are counted, and have a line each", () => {
  const tty = {
    ...jobNamed("tty"),
    past: [gone(result(), { name: "3" }), gone(result({ isFailure: false }), { name: "4" })],
  };
  assert.equal(
    page(tty),
    `
tty
   Instances 3: 1 running, 1 starting, 1 failed
  Defined in /etc/init/tty.conf

  JOB      STATE     SINCE  PID   CPU  MEMORY  LAST RESULT
  tty (1)  running   2 min   21  63 s   13 MB
  tty (2)  starting  2 min   22  63 s   13 MB
  tty (3)  failed    2 min                     exited 44 after 3 s
`,
  );
});

Deno.test("of several instances the one that is asked for has the page", () => {
  const text = page(jobNamed("tty"), { instance: "2" });
  assert.match(text, /^ +Instance 2$/m);
  assert.match(text, /^ +State starting \(start\/pre-start\)/m);
  assert.doesNotMatch(text, /tty \(1\)/);
});

Deno.test("what could not be run says what init was told", () => {
  const { exit: _, duration: __, ...rest } = result({
    reason:
      "unable to execute /opt/x: No such file or directory (its interpreter /usr/bin/pythn is not there)",
  });
  assert.match(
    page(job("x", { past: [gone(rest)] }), { width: Infinity }),
    /Last result unable to execute \/opt\/x: No such file .* is not there\), 2 min ago$/m,
  );
});

Deno.test("no line of a page is wider than the screen, and control characters are escaped", () => {
  for (const one of REPORT.jobs) {
    for (const width of [40, 60, 100]) {
      const lines = jobPage(one, { ...CONTEXT, width, lines: ["日".repeat(200), "\x1b]0;x\x07"] });
      for (const line of lines) assert(columnsOf(line) <= width, `${width}: ${line}`);
      // deno-lint-ignore no-control-regex
      assert.doesNotMatch(lines.join("\n"), /[\x00-\x09\x0b-\x1f]/);
    }
  }
});

Deno.test("colours change nothing else", () => {
  for (const one of REPORT.jobs) {
    const lines = jobPage(one, { ...CONTEXT, style: COLOURED });
    // deno-lint-ignore no-control-regex
    const plain = lines.map((line) => line.replace(/\x1b\[\d+m/g, "").trimEnd());
    assert.deepEqual(plain, jobPage(one, CONTEXT).map((line) => line.trimEnd()));
  }
});
