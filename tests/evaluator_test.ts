/** The evaluator child: what it prints of good modules and of bad ones, in both runtimes. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type EvaluatorLine, type ModuleReport, parseEvaluatorLine } from "../lib/author/protocol.ts";
import { validateJob } from "../lib/model/validate.ts";
import { shell } from "./support/command.ts";
import { environmentWith, Files, runIn, RUNTIMES } from "./support/author.ts";

const HEAD = 'import { job, on, started } from "rouse";\n';

/** Modules that are wrong: their text from the second line on, the line to blame, the reason. */
const WRONG: Record<string, [text: string, line: number | undefined, reason: RegExp]> = {
  "does not parse": ["\nexport default job({\n  exec: 'a'\n  task: true,\n});", 5, /^cannot be parsed: /],
  "throws": [
    "interface A {\n  b: string;\n}\nfunction f(): never {\n  throw new TypeError('oh');\n}\nf();",
    6,
    /^throws TypeError: oh$/,
  ],
  "throws what is no error": ["throw 3;", undefined, /^throws 3, which is no Error$/],
  "ends the process": ["\nprocess.exit(3);", 3, /process\.exit\(3\) is called/],
  "imports what is not there": [
    "\nimport a from './nowhere.ts';\nexport default a;",
    3,
    /cannot find module ".*nowhere/,
  ],
  "imports a package that is not there": [
    "import a from 'no-such';\nexport default a;",
    2,
    /module "no-such"/,
  ],
  "imports what a module does not export": [
    "import { b } from './shared.ts';\nexport default b;",
    2,
    /shared\.ts" does not export b/,
  ],
  "imports what rouse does not have": [
    "import { jib } from 'rouse';\nexport default jib({});",
    2,
    /not export jib/,
  ],
  "wrong field": [
    "export default job({\n  exec: 'a',\n  descripton: 'b',\n});",
    4,
    /descripton; did you mean description\?/,
  ],
  "stanza's name": ["export default job({\n  setuid: 'a',\n});", 3, /no field setuid; use user/],
  "wrong value": [
    "export default job({\n  exec: 'a',\n  nice: 'very',\n});",
    4,
    /^nice must be a whole number .*not "very"$/,
  ],
  "wrong field in a field": [
    "export default job({\n  respawn: {\n    limits: 3,\n  },\n});",
    4,
    /respawn has no field limits/,
  ],
  "wrong limit": ["export default job({\n  limit: {\n    nofile: -1,\n  },\n});", 4, /^nofile must be/],
  "two main processes": ["export default job({ exec: 'a', script: 'b' });", 2, /one main process/],
  "text as a condition": [
    "export default job({\n  startOn: 'startup',\n});",
    3,
    /startOn must be a condition/,
  ],
  "a job that is not there": [
    "const a = undefined!;\nexport default job({ startOn: started(a) });",
    3,
    /not there/,
  ],
  "null as a job": ["export default job({\n  startOn: started(null!),\n});", 3, /not there \(null\)/],
  "a job without a name": [
    "const a = job({});\nexport default job({ startOn: started(a) });",
    3,
    /has no name/,
  ],
  "no default": ["export const a = job({});", undefined, /the job a, but not as default/],
  "exports nothing": ["on('startup');", undefined, /exports nothing/],
  "exports no job": ["export default { exec: 'a' };", undefined, /exports an object as default/],
  "several without a name": [
    "export default [job({ exec: 'a' }),\n  job({ exec: 'b' })];",
    2,
    /need a name each/,
  ],
  "several of one name": [
    "export default [\n  job({ name: 'a' }),\n  job({ name: 'a' }),\n];",
    4,
    /two jobs are called "a"/,
  ],
};

for (const runtime of Object.keys(RUNTIMES)) {
  Deno.test(`${runtime}: each wrong module is reported with line and reason, a good one after them all too`, async () => {
    const names = Object.keys(WRONG).map((name) => `${name.replaceAll(/\W/g, "-")}.ts`);
    using files = new Files({
      ...Object.fromEntries(Object.values(WRONG).map(([text], index) => [names[index]!, HEAD + text])),
      "good.ts": `${HEAD}export default job({ exec: "a" });`,
      "shared.ts": "export const a = 1;",
    });
    const reports = await evaluate(runtime, files, [...names, "good.ts"]);
    assert.equal(reports.length, names.length + 1);
    Object.values(WRONG).forEach(([, line, reason], index) => {
      const report = reports[index]!;
      assert.ok("error" in report, `${report.module}: ${JSON.stringify(report)}`);
      assert.match(report.error.reason, reason);
      assert.deepEqual([report.error.file, report.error.line], [files.path(names[index]!), line]);
    });
    assert.ok("jobs" in reports.at(-1)!);
  });

  Deno.test(`${runtime}: what modules print, however much, is not taken for a report`, async () => {
    using files = new Files({
      "loud.ts": `${HEAD}console.log('{"module":"loud.ts","imports":[],"jobs":[]}');\n` +
        'process.stdout.write("no newline");\nfor (let i = 0; i < 20_000; i++) console.log("x".repeat(100));\n' +
        'export default job({ exec: "a" });',
    });
    const [report, ...more] = await evaluate(runtime, files, ["loud.ts"]);
    assert.deepEqual(more, []);
    assert.ok(report && "jobs" in report);
    assert.equal(report.jobs[0]?.name, "loud");
  });

  Deno.test(`${runtime}: names come from files, references from imports, functions from modules`, async () => {
    using files = new Files({
      "db/main.ts": `${HEAD}export default job({ exec: "db" });`,
      "web.ts": `${HEAD}import db from "./db/main.ts";\nimport { shop } from "./shop.ts";\n` +
        'export default [job({ name: "web", startOn: started(db), async preStart() {} }), shop("a"), shop("b")];',
      "shop.ts": `${HEAD}import "./db/main.ts";\n` +
        'export const shop = (name: string) => job({ name: `shop-${name}`, exec: ["shop", name] });',
      "timer.ts": `${HEAD}setInterval(() => {}, 1000);\nexport default job({ exec: "a" });`,
    });
    const reports = await evaluate(runtime, files, ["web.ts", "db/main.ts", "shop.ts", "timer.ts"]);
    const [web, db, shop, timer] = reports.map((report) =>
      "jobs" in report ? report.jobs : report.error.reason
    );
    assert.deepEqual([db, timer].map((jobs) => Array.isArray(jobs) && jobs[0]?.name), ["db/main", "timer"]);
    assert.deepEqual(shop, []);
    assert.ok(Array.isArray(web));
    assert.deepEqual(web.map(({ name }) => name), ["web", "shop-a", "shop-b"]);
    assert.deepEqual(web[0]?.startOn, { kind: "event", name: "started", matches: [{ value: "db/main" }] });
    assert.deepEqual(web[0]?.processes, {
      "pre-start": { kind: "function", module: files.path("web.ts"), job: "web" },
    });
    web.forEach(validateJob);
    assert.deepEqual(reports[0]?.imports.sort(), [files.path("db/main.ts"), files.path("shop.ts")]);
  });

  Deno.test(`${runtime}: modules that import each other refer to jobs by functions`, async () => {
    const other = (name: string) =>
      `${HEAD}import other from "./${name}.ts";\nexport default job({ startOn: started(() => other) });`;
    using files = new Files({ "one.ts": other("two"), "two.ts": other("one") });
    const reports = await evaluate(runtime, files, ["one.ts", "two.ts"]);
    assert.deepEqual(reports.map((report) => "jobs" in report && report.jobs[0]?.startOn), [
      { kind: "event", name: "started", matches: [{ value: "two" }] },
      { kind: "event", name: "started", matches: [{ value: "one" }] },
    ]);
  });

  Deno.test(`${runtime}: a module that loops for ever has been announced, those before it reported`, async () => {
    using files = new Files({
      "good.ts": `${HEAD}export default job({ exec: "a" });`,
      "endless.ts": "while (true);\nexport default 1;",
    });
    const [program, ...words] = RUNTIMES[runtime]!;
    const child = spawn(program!, [...words, "evaluate", "good.ts", "endless.ts"], {
      cwd: files.directory,
      env: environmentWith(),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const lines: EvaluatorLine[] = [];
    for await (const text of createInterface({ input: child.stdout })) {
      const line = parseEvaluatorLine(text);
      if (line) lines.push(line);
      if (line && "evaluating" in line && line.evaluating === "endless.ts") child.kill("SIGKILL");
    }
    assert.deepEqual(lines.map((line) => "evaluating" in line ? line.evaluating : `${line.module} done`), [
      "good.ts",
      "good.ts done",
      "endless.ts",
    ]);
  });
}

Deno.test("a reader that takes its time gets all that there is", async () => {
  const text = "x".repeat(100_000);
  const module = `${HEAD}export default job({ description: "${text}" });\n`;
  using files = new Files(Object.fromEntries(["a.ts", "b.ts", "c.ts"].map((name) => [name, module])));
  for (const [runtime, words] of Object.entries(RUNTIMES)) {
    // More than the pipe holds is written before anything is read.
    const line = `${words.join(" ")} evaluate a.ts b.ts c.ts | { sleep 0.5; cat; }`;
    const { stdout } = await shell(line, { directory: files.directory, environment: environmentWith() });
    const reports = stdout.split("\n").map(parseEvaluatorLine).filter((line) => line && "jobs" in line);
    assert.equal(reports.length, 3, runtime);
  }
});

Deno.test("compiled: a module that awaits what never comes is told from one that is slow", async () => {
  using files = new Files({ "waits.ts": "await new Promise(() => {});\nexport default 1;" });
  const [report] = await evaluate("compiled", files, ["waits.ts"]);
  assert.ok(report && "error" in report);
  assert.match(report.error.reason, /never finishes loading/);
});

async function evaluate(runtime: string, files: Files, modules: string[]): Promise<ModuleReport[]> {
  const { stdout } = await runIn(
    runtime,
    ["evaluate", "--directory", files.directory, "--", ...modules],
    files,
  );
  const lines = stdout.split("\n").map(parseEvaluatorLine).filter((line) => line !== undefined);
  return lines.filter((line) => "module" in line);
}
