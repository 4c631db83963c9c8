/** The evaluator child: what it prints of good modules and of bad ones, in both runtimes. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { type EvaluatorLine, type ModuleReport, parseEvaluatorLine } from "../lib/author/protocol.ts";
import { validateJob } from "../lib/model/validate.ts";
import { run, shell } from "./support/command.ts";
import { environmentWith, Files, reporting, RUNTIMES } from "./support/author.ts";

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
      "loud.ts": `${HEAD}import { writeSync } from "node:fs";\n` +
        'writeSync(1, \'{"module":"loud.ts","imports":[],"jobs":[]}\\n\');\nprocess.stdout.write("no newline");\nfor (let i = 0; i < 20_000; i++) console.log("x".repeat(100));\n' +
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
    const [program, ...words] = reporting([...RUNTIMES[runtime]!, "evaluate", "good.ts", "endless.ts"]);
    const child = spawn(program!, words, {
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

/** What modules do that others should not feel, and what would have been felt. */
const UNRULY: Record<string, string> = {
  "environment": 'process.env.MODE = "changed"; delete process.env.PATH;',
  "directory": 'process.chdir("/usr");',
  "mask": "process.umask(0o111);",
  "process": "globalThis.process = null as never;",
  "console": "console.log = () => { throw new Error(); };",
  "global": "(globalThis as Record<string, unknown>).MODE = 1;",
  "prototype": "(Array.prototype as unknown as Record<string, unknown>).last = function () {};",
  "builtin": "JSON.stringify = () => '{}';",
  "iteration": "Array.prototype[Symbol.iterator] = function* () {} as never;",
  "map": "Array.prototype.map = () => [];",
  "frozen": "Object.freeze(Object.prototype); Object.freeze(Array.prototype);",
  "exit":
    'process.on("uncaughtException", () => { throw new Error(); }); process.removeAllListeners("exit");',
  "package": 'import "unruly";',
  "file": 'import fs from "node:fs"; fs.existsSync = () => true;',
  "path": 'import path from "path"; path.join = () => "changed";',
  "util": 'import * as util from "node:util"; util.default.inspect = (() => "changed") as never;',
  "promises": 'import fs from "node:fs"; fs.promises.readFile = null as never;',
  "emitter": 'import { EventEmitter } from "node:events"; EventEmitter.prototype.emit = null as never;',
  "required": 'process.getBuiltinModule("path").basename = () => "changed";',
  "platform": 'Object.defineProperty(process, "platform", { value: "changed" });',
  "title": 'process.title = "changed";',
  "leak": "(process as unknown as Record<string, unknown>).leak = 1;",
  "tick": "process.nextTick = null as never;",
  "uuid": "crypto.randomUUID = () => 'a-b-c-d-e';",
  "clock": "performance.now = () => 0;",
  "microtasks": '(async () => { for (;;) { await null; process.env.MODE = "changed"; } })();',
  "late":
    '(async () => { for (let turn = 0; turn < 9; turn++) await null; process.env.MODE = "changed"; })();',
  "soon": 'setTimeout(() => { process.env.MODE = "changed"; }, 0);',
  "timer": 'setInterval(() => { process.env.MODE = "changed"; }, 1);',
  "server":
    'import { createServer } from "node:net"; createServer().listen(0, () => { process.env.MODE = "changed"; });',
  "plug-in": "(globalThis as any).Bun.plugin({ name: 'unruly', setup(build: any) {" +
    " build.onLoad({ filter: /counter/ }, () => ({ contents: 'export const count = () => 7;', loader: 'ts' })); } });",
  "authoring": "try { (job as unknown as Record<string, unknown>).leak = 1; } catch { /* It is frozen. */ }",
};

/** Tells what there is in its description. */
const WITNESS = `import "unruly";
import { job } from "rouse";
import { existsSync, mkdtempSync, promises, rmdirSync, statSync } from "node:fs";
import { EventEmitter } from "node:events";
import * as path from "node:path";
import { inspect } from "node:util";
import { count } from "./counter.ts";
const directory = mkdtempSync("/tmp/witness-");
const mode = statSync(directory).mode & 0o777;
rmdirSync(directory);
export default job({
  exec: ["a"],
  description: [
    process.env.MODE, typeof process.env.PATH, process.cwd(), mode.toString(8), typeof globalThis.process,
    Object.keys(globalThis).includes("MODE"), [].last, [..."ab"].map((letter) => letter + letter), console.log("x"),
    JSON.stringify({ a: 1 }), Object.isFrozen(Object.prototype), process.listenerCount("uncaughtException"), count(),
    globalThis.UNRULY, existsSync("/nowhere"), path.join("a", "b"), path.basename("/a"), inspect({ a: 1 }),
    typeof promises.readFile, typeof EventEmitter.prototype.emit, process.platform, process.title, process.leak,
    typeof process.nextTick, typeof crypto.randomUUID, crypto.randomUUID().length, performance.now() > 0, job.leak,
  ].join(),
});
`;

Deno.test("compiled: a module finds all as it would alone, whatever those before it have done", async () => {
  const unruly = Object.entries(UNRULY).map(([name, text]) => [
    `${name}.ts`,
    `${HEAD}${/^import[^;]*;/.exec(text)?.[0] ?? ""}import { count } from "./counter.ts";\ncount();\n` +
    `try { ${text.replace(/^import[^;]*;/, "")} } finally {}\nexport default job({ exec: "a" });\n`,
  ]);
  using files = new Files({
    ...Object.fromEntries(unruly),
    "counter.ts": "let counted = 0;\nexport const count = () => ++counted;\n",
    "node_modules/unruly/package.json": '{ "name": "unruly", "main": "main.js" }',
    "node_modules/unruly/main.js":
      "globalThis.UNRULY = (globalThis.UNRULY ?? 0) + 1; module.exports = {}; process.env.BY_PACKAGE = '1';",
    "witness.ts": WITNESS,
  });
  const told = async (modules: string[]) => {
    const told = new Map<string, ModuleReport>();
    // Who finds something that cannot be put right leaves the rest to another.
    for (let left = modules; left.length > 0;) {
      const reports = await evaluate("compiled", files, left);
      for (const report of reports) told.set(report.module, report);
      left = left.slice(Math.max(reports.length, 1));
    }
    return told;
  };
  const alone = (await told(["witness.ts"])).get("witness.ts")!;
  assert("jobs" in alone, JSON.stringify(alone));
  for (const [module] of unruly) {
    const reports = await told([module!, "witness.ts"]);
    const witness = reports.get("witness.ts");
    assert(witness && "jobs" in witness, `${module}: ${JSON.stringify(witness)}`);
    assert.equal(witness.jobs[0]?.description, alone.jobs[0]?.description, module);
  }
});

Deno.test("a reader that takes its time gets all that there is", async () => {
  const text = "x".repeat(100_000);
  const module = `${HEAD}export default job({ description: "${text}" });\n`;
  using files = new Files(Object.fromEntries(["a.ts", "b.ts", "c.ts"].map((name) => [name, module])));
  for (const [runtime, words] of Object.entries(RUNTIMES)) {
    // More than the pipe holds is written before anything is read.
    const line = `${words.join(" ")} evaluate a.ts b.ts c.ts 3>&1 >/dev/null | { sleep 0.5; cat; }`;
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

Deno.test("compiled: an import that leads nowhere tells what to do", async () => {
  const told: Record<string, string> = {
    "npm:ms@2": 'nothing is downloaded here; npm install ms@2 beside it, and import "ms"',
    "npm:@scope/a@^1.2/deep.js":
      'nothing is downloaded here; npm install @scope/a@^1.2 beside it, and import "@scope/a/deep.js"',
    "npm:ms": 'nothing is downloaded here; npm install ms beside it, and import "ms"',
    "jsr:@std/path": "nothing is downloaded here; keep a copy beside it, and import that by its path",
    "https://example.org/a.ts":
      "nothing is downloaded here; keep a copy beside it, and import that by its path",
    "@scope/a/deep.js": "node_modules beside it or further up; npm install @scope/a",
    "no-such": "node_modules beside it or further up; npm install no-such",
    "./nowhere.ts": 'cannot find module "./nowhere.ts"',
  };
  for (const [specifier, end] of Object.entries(told)) {
    using files = new Files({ "job.ts": `import a from "${specifier}";\nexport default a;\n` });
    const [report] = await evaluate("compiled", files, ["job.ts"]);
    assert(report && "error" in report);
    assert.deepEqual([report.error.line, report.error.reason.slice(-end.length)], [1, end]);
  }
});

for (const runtime of Object.keys(RUNTIMES)) {
  Deno.test(`${runtime}: nobody is sent to npm for modules of our own`, async () => {
    const told: Record<string, string> = {
      "rouse/testing": "is for tests of jobs",
      "rouse/anything": "is no module",
      "rouse/": "is no module",
      ...(runtime === "compiled" &&
        { "npm:rouse/testing": "is for tests of jobs", "npm:rouse@1": "is no module" }),
    };
    for (const [specifier, what] of Object.entries(told)) {
      using files = new Files({ "job.ts": `import { job } from "${specifier}";\nexport default job({});\n` });
      const [report] = await evaluate(runtime, files, ["job.ts"]);
      assert(report && "error" in report);
      const reason = `"${specifier}" ${what}; a job module imports from "rouse"`;
      assert.deepEqual([report.error.line, report.error.reason], [1, reason]);
    }
  });
}

Deno.test("compiled: packages in node_modules are imported, whatever they are made of", async () => {
  const written = (name: string, manifest: object, files: Record<string, string>) =>
    Object.fromEntries(
      Object.entries({ "package.json": JSON.stringify({ name, ...manifest }), ...files }).map((
        [file, text],
      ) => [`node_modules/${name}/${file}`, text]),
    );
  using files = new Files({
    ...written("plain", {}, { "index.js": "module.exports = () => 'plain';" }),
    ...written("main", { main: "lib/main" }, {
      "lib/main.js": "exports.main = require('./more').more;",
      "lib/more.js": "exports.more = 'main';",
    }),
    ...written("@scope/exports", {
      type: "module",
      exports: { ".": "./esm/a.js", "./deep": "./esm/deep.js" },
    }, {
      "esm/a.js": "export { deep as a } from './deep.js';",
      "esm/deep.js": "export const deep = 'exports';",
    }),
    ...written("@scope/typed", { type: "module", exports: { types: "./a.ts", import: "./a.ts" } }, {
      "a.ts": "export const typed: string = 'typed';",
    }),
    "deep/job.ts": `${HEAD}import plain from "plain";
      import { main } from "main";
      import { a } from "@scope/exports";
      import { deep } from "@scope/exports/deep";
      import { typed } from "@scope/typed";
      export default job({ exec: [plain(), main, a, deep, typed] });`,
  });
  const [report] = await evaluate("compiled", files, ["deep/job.ts"]);
  assert(report && "jobs" in report, JSON.stringify(report));
  const words = ["plain", "main", "exports", "exports", "typed"];
  assert.deepEqual(report.jobs[0]?.processes.main, { kind: "arguments", words });
});

/** What is told of modules, of each that one child has come to. */
async function evaluate(runtime: string, files: Files, modules: string[]): Promise<ModuleReport[]> {
  const words = [...RUNTIMES[runtime]!, "evaluate", "--directory", files.directory, "--", ...modules];
  const { stdout } = await run(reporting(words), {
    directory: files.directory,
    environment: environmentWith(),
  });
  const lines = stdout.trim().split("\n").map(parseEvaluatorLine);
  assert(lines.every((line) => line !== undefined), stdout);
  return lines.filter((line) => line !== undefined && "module" in line);
}
