/** Init scripts as jobs: definitions, and what they wait for. */

import assert from "node:assert/strict";
import { allSteps } from "./steps.ts";
import { parseFacilities } from "./facilities.ts";
import { parseHeader } from "./header.ts";
import { levelNamed } from "./levels.ts";
import type { Link } from "./plan.ts";
import { pidFileOf, type ScriptFacts, scriptJobs } from "./script_job.ts";
import { Catalog, serviceOf } from "./service.ts";

/** The fields of a header, by the names of scripts; the levels are those of their links. */
type Headers = Record<string, Record<string, string>>;

const FACILITIES = parseFacilities(["$local_fs +umountfs\n$network networking\n$syslog +rsyslog\n"]);

function levels(words: string): number {
  return [...words].reduce((all, word) => all | levelNamed(word), 0);
}

/** The jobs of scripts that have links in the levels of their headers. Without fields, a script has no header. */
function jobsOf(headers: Headers, links: readonly Link[] = [], downAction: "start" | "stop" = "stop") {
  const catalog = new Catalog();
  const facts = Object.entries(headers).map(([name, fields]): ScriptFacts => {
    const lines = Object.entries({ Provides: name, ...fields }).map(([key, value]) => `# ${key}: ${value}`);
    const text = ["### BEGIN INIT INFO", ...lines, "### END INIT INFO"].join("\n");
    const hasHeader = Object.keys(fields).length > 0;
    const service = serviceOf(
      name,
      `/etc/init.d/${name}`,
      hasHeader ? parseHeader(text) : undefined,
      FACILITIES,
    );
    const of = (kind: Link["kind"]) =>
      levels(
        links.filter((link) => link.script === name && link.kind === kind).map(({ level }) => level).join(""),
      );
    if (links.length > 0) Object.assign(service, { start: of("start"), stop: of("stop") });
    catalog.add(service);
    return { service, path: `/etc/init.d/${name}`, pidFile: undefined, isNumbered: !hasHeader };
  });
  const { jobs, ...rest } = allSteps(
    scriptJobs(facts, catalog, { facilities: FACILITIES, links, downAction }),
  );
  return { jobs: new Map(jobs.map((job) => [job.name, job])), ...rest };
}

const SERVICE = { "Default-Start": "2 3 4 5", "Default-Stop": "0 1 6" };

Deno.test("a script becomes a job with its actions, levels, names and limits", () => {
  const { jobs } = jobsOf({ ssh: { ...SERVICE, Provides: "ssh sshd", "Short-Description": "logins" } });
  const job = jobs.get("ssh")!;
  assert.deepEqual(job.processes, {
    main: { kind: "arguments", words: ["/etc/init.d/ssh", "start"] },
    "pre-stop": { kind: "arguments", words: ["/etc/init.d/ssh", "stop"] },
  });
  assert.deepEqual(
    [job.source, job.description, job.provides, job.expect, job.umask, job.startTimeout, job.killTimeout],
    ["/etc/init.d/ssh", "logins", ["sshd"], "script", 0o022, 300, 10],
  );
  const [start, stop] = [{ key: "RUNLEVEL", value: "[2345]" }, { key: "RUNLEVEL", value: "[016]" }];
  const before = { key: "PREVLEVEL", value: "[2345]", negated: true };
  assert.deepEqual(job.startOn, { kind: "event", name: "rc-start", matches: [start, before] });
  assert.deepEqual(job.stopOn, { kind: "event", name: "rc-stop", matches: [stop] });
});

Deno.test("a start at boot, and one that talks to the user, has all the time it wants", () => {
  const { jobs } = jobsOf({
    fsck: { "Default-Start": "S" },
    ask: { ...SERVICE, "X-Interactive": "true" },
  });
  assert.deepEqual([jobs.get("fsck")!.startTimeout, jobs.get("fsck")!.console], [undefined, undefined]);
  assert.deepEqual([jobs.get("ask")!.startTimeout, jobs.get("ask")!.console], [undefined, "owner"]);
});

Deno.test("required becomes uses, should becomes after, and names that no script provides stay for other jobs", () => {
  const { jobs, missing } = jobsOf({
    networking: SERVICE,
    rsyslog: SERVICE,
    db: { ...SERVICE, Provides: "db database" },
    web: {
      ...SERVICE,
      "Required-Start": "$network $syslog",
      "Required-Stop": "$network elsewhere",
      "Should-Start": "database cache",
      "X-Start-Before": "proxy",
    },
  });
  const { uses, after, before } = jobs.get("web")!;
  assert.deepEqual([uses, after, before], [["networking", "rsyslog", "elsewhere"], ["db", "cache"], [
    "proxy",
  ]]);
  assert.deepEqual(missing, []);
  const lacking = jobsOf({ web: { ...SERVICE, "Required-Start": "nowhere $local_fs" } });
  assert.deepEqual(lacking.missing.map(({ script, name, line }) => [script, name, line]), [[
    "web",
    "nowhere",
    5,
  ]]);
});

Deno.test("$all becomes `after *`", () => {
  const { jobs } = jobsOf({ local: { ...SERVICE, "Required-Start": "$all" }, web: SERVICE });
  assert.deepEqual([jobs.get("local")!.after, jobs.get("local")!.uses], [["*"], []]);
});

Deno.test("what headers say of stops alone counts, unless it contradicts the starts", () => {
  const { jobs, circles } = jobsOf({
    low: { ...SERVICE, "Required-Stop": "high" },
    high: { ...SERVICE, "Required-Start": "low" },
    log: SERVICE,
    user: { ...SERVICE, "Required-Stop": "log" },
  });
  assert.deepEqual(["low", "high", "user"].map((name) => jobs.get(name)!.uses), [[], ["low"], ["log"]]);
  assert.deepEqual(circles, []);
});

Deno.test("a circle of the starts is told of, and broken at the weakest edge alone", () => {
  const { jobs, circles } = jobsOf({
    a: { ...SERVICE, "Required-Start": "c" },
    b: { ...SERVICE, "Required-Start": "a" },
    c: { ...SERVICE, "Should-Start": "b" },
  });
  assert.equal(circles.length, 1);
  assert.deepEqual(["a", "b", "c"].map((name) => [...jobs.get(name)!.uses, ...jobs.get(name)!.after]), [
    ["c"],
    ["a"],
    [],
  ]);
});

Deno.test("a script with nothing but a stop is prepared for it; one that is disabled is not", () => {
  const { jobs } = jobsOf({ halt: { "Default-Stop": "0" }, off: SERVICE }, [
    { level: "0", name: "K09halt", kind: "stop", script: "halt" },
    { level: "2", name: "K01off", kind: "stop", script: "off" },
  ]);
  const halt = jobs.get("halt")!;
  assert.equal(halt.processes.main, undefined);
  assert.deepEqual(halt.startOn, {
    kind: "event",
    name: "rc-prepare",
    matches: [{ key: "RUNLEVEL", value: "[0]" }, { key: "PREVLEVEL", value: "[0]", negated: true }],
  });
  assert.equal(jobs.get("off")!.startOn, undefined);
  assert.notEqual(jobs.get("off")!.processes.main, undefined);
});

Deno.test("links of kind S in the levels of the way down stop with Debian's rc, and start with Red Hat's", () => {
  const links: Link[] = [{ level: "0", name: "S01halt", kind: "start", script: "halt" }];
  const named = (down: "start" | "stop") => {
    const condition = jobsOf({ halt: {} }, links, down).jobs.get("halt")!;
    return [condition.startOn, condition.stopOn].map((on) => on?.kind === "event" && on.name);
  };
  assert.deepEqual(named("stop"), ["rc-prepare", "rc-stop"]);
  assert.deepEqual(named("start"), ["rc-start", false]);
});

Deno.test("scripts without a header go by the numbers of their links, in starts and in stops", () => {
  const link = (level: string, name: string): Link => ({
    level,
    name,
    kind: name.startsWith("S") ? "start" : "stop",
    script: name.slice(3),
  });
  const { jobs } = jobsOf({ a: {}, b: SERVICE, c: {}, d: SERVICE }, [
    ...["S10a", "S20b", "S30c", "S40d"].map((name) => link("2", name)),
    ...["K10c", "K20b", "K20a"].map((name) => link("0", name)),
  ]);
  const after = (name: string) => [...jobs.get(name)!.after].sort();
  assert.deepEqual(["a", "b", "c", "d"].map(after), [[], ["a"], ["a", "b"], ["c"]]);
});

Deno.test("the pid file that a script names", () => {
  for (
    const [text, path] of [
      ["PIDFILE=/run/sshd.pid\n", "/run/sshd.pid"],
      ['NAME=cron\nPIDFILE="/run/$NAME.pid"\n', "/run/cron.pid"],
      ["  export pidfile=/run/x.pid\r\n", "/run/x.pid"],
      ["# pidfile: /var/run/crond.pid\n", "/var/run/crond.pid"],
      ["PIDFILE=`tempfile`\n", undefined],
      ["PIDFILE=/run/$UNKNOWN.pid\n", undefined],
      ["echo\n", undefined],
    ] as const
  ) assert.equal(pidFileOf(text), path);
});

Deno.test("thousands of scripts that come after all are no burden", () => {
  const headers = Array.from(
    { length: 3000 },
    (_, number) => [`s${number}`, { ...SERVICE, "Required-Start": "$all" }] as const,
  );
  assert.equal(jobsOf(Object.fromEntries(headers)).jobs.size, 3000);
});

Deno.test("those come first that the longest chain of others waits for", () => {
  const after = (...names: string[]) => ({ ...SERVICE, "Required-Start": names.join(" ") });
  const { jobs } = jobsOf({
    alone: after(),
    first: after(),
    third: after("second"),
    second: after("first"),
    early: { ...SERVICE, "X-Start-Before": "alone" },
  });
  assert.deepEqual([...jobs.keys()], ["first", "second", "early", "alone", "third"]);
});

Deno.test("a circle leaves the order of the others alone", () => {
  const { jobs } = jobsOf({
    alone: SERVICE,
    one: { ...SERVICE, "Required-Start": "two" },
    two: { ...SERVICE, "Required-Start": "one" },
    behind: { ...SERVICE, "Required-Start": "before" },
    before: SERVICE,
  });
  const names = [...jobs.keys()];
  assert.ok(names.indexOf("before") < names.indexOf("alone"));
  assert.deepEqual(names.toSorted(), ["alone", "before", "behind", "one", "two"]);
});
