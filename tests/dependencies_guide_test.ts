/** docs/dependencies.md: its examples are run on a real init, its tables on the simulator. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseConf } from "../compat/upstart/parse.ts";
import { bench, conf, type JobBench } from "rouse/testing";
import { RunningInit } from "./support/init.ts";
import { transcripts } from "./support/transcript.ts";

const GUIDE = readFileSync(resolve(import.meta.dirname!, "../docs/dependencies.md"), "utf8");
const JOBS = Object.fromEntries(
  Array.from(GUIDE.matchAll(/^```(?:conf|ts) (\S+)\n([^]*?)^```$/gm), ([, name, text]) => [name!, text!]),
);

/** The guide's directory is the test's. */
const here = (text: string) => text.replaceAll("/srv/shop", "@DIR@");

/** Waits until init has the job of a file. */
async function loaded(init: RunningInit, file: string): Promise<void> {
  const name = file.replace(/\..*/, "");
  await init.until(["status", name], `${name} stop/waiting\n`);
}

Deno.test("the examples of the guide to dependencies do what it shows", async () => {
  assert.equal(
    GUIDE.match(/^```(?:conf|ts)/gm)!.length,
    Object.keys(JOBS).length,
    "every example has a name",
  );
  const jobs = Object.fromEntries(Object.entries(JOBS).map(([name, text]) => [name, here(text)]));
  const later = ["exim.conf", "postfix.conf", "cron.conf", "stats.ts", "net.conf", "hen.conf", "egg.conf"];
  const early = Object.entries(jobs).filter(([name]) => !later.includes(name));
  await using init = await RunningInit.start({ jobs: Object.fromEntries(early) });
  for (const [file] of early) await loaded(init, file);
  for (const { command, told } of transcripts(GUIDE)) {
    // The list is of the first example's jobs alone.
    if (command.includes("postfix")) { for (const name of later) init.write(name, jobs[name]!); }
    if (command.includes("postfix")) await init.until(["list"], /stats/);
    const { exit, stdout, stderr } = await init.shell(here(command));
    const status = exit === 0 ? "" : `[${exit}]\n`;
    assert.equal((stdout + stderr).replaceAll(/process \d+/g, "process N") + status, told, command);
  }
});

/** The cells of the table below a text, without its head and the row of dashes. */
function table(before: string): Record<string, string[]> {
  const lines = GUIDE.slice(GUIDE.indexOf(before)).split("\n");
  const first = lines.findIndex((line) => line.startsWith("|"));
  const end = lines.findIndex((line, index) => index > first && !line.startsWith("|"));
  const rows = lines.slice(first, end).map((row) => row.split("|").slice(1, -1).map((cell) => cell.trim()));
  return Object.fromEntries(rows.slice(2).map(([name, ...cells]) => [name!, cells]));
}

const KINDS = ["needs b", "needs completed(b)", "wants b", "uses b", "after b"];

/** What has become of A. */
function outcome(jobs: JobBench): string {
  const runs = jobs.traced(/^a main runs$/).length;
  switch (jobs.state("a")) {
    case "start/running":
      return runs === 1 ? "goes on" : "goes down and up";
    case "start/starting":
      return "waits";
    default:
      return jobs.events("stopped").some((event) =>
          event.includes("JOB=a") && event.includes("PROCESS=needs")
        )
        ? "fails"
        : jobs.state("a");
  }
}

/** What happens to B while A waits for it. A service of `b` is ready when it stops itself; a task when it ends. */
const WHILE_STARTING: Record<string, (jobs: JobBench, isTask: boolean) => void> = {
  "it comes up, or is done": (jobs, isTask) => isTask ? jobs.exit("b") : jobs.raise("b"),
  "it fails": (jobs) => {
    jobs.behave("b", "main", { status: 1 });
    jobs.exit("b", { status: 1 });
  },
  "it fails, is respawned": (jobs) => jobs.exit("b", { signal: "KILL" }),
  "it is stopped": (jobs) => void jobs.stop("b"),
};

/** What has those answered who wait for A, though A goes on to wait. */
const IS_ANSWERED = ["it fails, is respawned", "it is stopped"];

for (const [happening, cells] of Object.entries(table("While A **starts**"))) {
  Deno.test(`while a job starts: ${happening}`, () => {
    const found = KINDS.map((kind) => {
      const isTask = kind.includes("completed");
      const b = `respawn\nrespawn limit 2 5\nexec b\n${isTask ? "task\n" : "expect stop\n"}`;
      const isThere = happening !== "there is no such job";
      const jobs = bench({ a: conf(`${kind}\nexec a\n`), ...(isThere && { b: conf(b) }) });
      if (isThere) jobs.start("b", {}, { wait: false });
      const start = jobs.start("a");
      if (isThere) {
        assert.equal(jobs.state("a"), "start/starting");
        WHILE_STARTING[happening]!(jobs, isTask);
      }
      assert.equal(
        start.outcome === undefined,
        outcome(jobs) === "waits" && !IS_ANSWERED.includes(happening),
      );
      return outcome(jobs).replace("goes on", "starts");
    });
    assert.deepEqual(found, cells);
  });
}

/** What happens to B while A is up. A task `b` has been done then, and is started once more. */
const WHILE_UP: Record<string, (jobs: JobBench) => void> = {
  "it fails": (jobs) => {
    jobs.behave("b", "main", { status: 1 });
    jobs.exit("b", { status: 1 });
  },
  "it is respawned": (jobs) => jobs.exit("b", { signal: "KILL" }),
  "it is restarted": (jobs) => void jobs.restart("b"),
  "it is stopped": (jobs) => void jobs.stop("b"),
  "its file is removed": (jobs) => jobs.remove("b"),
  "its file is changed": (jobs) => jobs.define(parseConf("needs c\nexec b\n", "b.conf", "b")),
};

for (const [happening, cells] of Object.entries(table("While A **is up**"))) {
  Deno.test(`while a job is up: ${happening}`, () => {
    const found = KINDS.map((kind) => {
      const isTask = kind.includes("completed");
      const b = `respawn\nrespawn limit 2 5\nexec b\n${isTask ? "task\n" : ""}`;
      const jobs = bench({ a: conf(`${kind}\nexec a\n`), b: conf(b) });
      jobs.start("b", {}, { wait: false });
      if (isTask) jobs.exit("b");
      assert.equal(jobs.start("a").outcome, "done");
      if (isTask) jobs.start("b", {}, { wait: false });
      WHILE_UP[happening]!(jobs);
      return outcome(jobs);
    });
    assert.deepEqual(found, cells);
  });
}

Deno.test("the guide explains every message about needs", () => {
  const path = resolve(import.meta.dirname!, "../lib/engine/dependencies/reasons.ts");
  const endings = Array.from(
    readFileSync(path, "utf8").matchAll(/`.*\}, (which [a-z :]+)/g),
    ([, text]) => text!.trim(),
  );
  assert(endings.length >= 5, `${endings}`);
  assert.deepEqual(endings.filter((text) => !GUIDE.includes(`A needs B, ${text}`)), []);
});
