/** Whose code is run on whose behalf: all that a module imports is judged, and functions are run as no one more powerful. */

import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  existsSync,
  lchownSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { environmentWith, Files } from "./support/author.ts";
import { run } from "./support/command.ts";
import { Container, CONTAINERS_POSSIBLE } from "./support/container.ts";
import { until } from "./support/deadline.ts";
import { EXECUTABLE } from "./support/programs.ts";

const HEAD = 'import { job } from "rouse";\n';
const JOB = 'export default job({ exec: "sleep 600" });\n';
const NOBODY = 65534;

/** What somebody else has written, or could. It leaves a mark when it is run, so that there is a file `ran`. */
function theirs(mark: string): string {
  return `import { writeFileSync } from "node:fs";\nwriteFileSync(${
    JSON.stringify(mark)
  }, "");\nexport default 1;\n`;
}

const everyone = (path: string) => chmodSync(path, 0o666);
const nobody = (path: string) => chownSync(path, NOBODY, NOBODY);

const REQUIRE = 'import { createRequire } from "node:module"; createRequire(import.meta.url)';

/** Gives names to modules. */
function named(root: string): void {
  const imports = { "#x": { require: "./a.cjs", default: "./a.mjs" }, "#deep": "./deep/a.mjs" };
  writeFileSync(`${root}/package.json`, JSON.stringify({ imports }));
}

/** Ways to import what somebody else can write: the import, that file, and how it comes that they can. */
interface Import {
  text: string;
  file: string;
  prepare?: (root: string) => void;
  expose: (path: string, root: string) => void;
}

const IMPORTS: Record<string, Import> = {
  "module": { text: 'import "./a.ts";', file: "a.ts", expose: everyone },
  "module of a user": { text: 'import "./a.ts";', file: "a.ts", expose: nobody },
  "module without its ending": { text: 'import "./a";', file: "a.ts", expose: everyone },
  "other ending": { text: 'import a from "./a.js"; a;', file: "a.js", expose: everyone },
  "another's import": { text: 'import "./own.ts";', file: "a.ts", expose: everyone },
  "import in between": { text: 'await import("./a.mjs");', file: "a.mjs", expose: everyone },
  "computed import": { text: 'const a = "./a"; await import(a + ".mjs");', file: "a.mjs", expose: everyone },
  "computed import without its ending": {
    text: 'const a = "./a"; await import(a);',
    file: "a.mjs",
    expose: everyone,
  },
  "required": {
    text: 'import { createRequire } from "node:module"; createRequire(import.meta.url)("./a.cjs");',
    file: "a.cjs",
    expose: everyone,
  },
  "data": { text: 'import a from "./a.json"; console.log(a);', file: "a.json", expose: everyone },
  "directory": {
    text: 'import "./deep/a.ts";',
    file: "deep/a.ts",
    expose: (_, root) => chmodSync(`${root}/deep`, 0o777),
  },
  "directory of a user": {
    text: 'import "./deep/a.ts";',
    file: "deep/a.ts",
    expose: (_, root) => chownSync(`${root}/deep`, NOBODY, 0),
  },
  "directory above": {
    text: 'import "../other/a.ts";',
    file: "../other/a.ts",
    expose: (_, root) => chmodSync(`${root}/../other`, 0o777),
  },
  "link": {
    text: 'import "./link.ts";',
    file: "../other/a.ts",
    prepare: (root) => symlinkSync("../other/a.ts", `${root}/link.ts`),
    expose: everyone,
  },
  "link in a shared directory": {
    text: 'import "./tmp/link.ts";',
    file: "a.ts",
    prepare(root) {
      mkdirSync(`${root}/tmp`);
      chmodSync(`${root}/tmp`, 0o1777);
      symlinkSync("../a.ts", `${root}/tmp/link.ts`);
    },
    expose: (_, root) => lchownSync(`${root}/tmp/link.ts`, NOBODY, NOBODY),
  },
  "package": { text: 'import a from "theirs"; a;', file: "node_modules/theirs/index.js", expose: everyone },
  "package's directory": {
    text: 'import a from "theirs"; a;',
    file: "node_modules/theirs/index.js",
    expose: (_, root) => chmodSync(`${root}/node_modules/theirs`, 0o777),
  },
  "package's own import": {
    text: 'import a from "ours"; a;',
    file: "node_modules/theirs/index.js",
    expose: everyone,
  },
  "package further up": {
    text: 'import a from "theirs"; a;',
    file: "../node_modules/theirs/index.js",
    expose: everyone,
  },
  "module with a query": { text: 'import "./a.mjs?v=1";', file: "a.mjs", expose: nobody },
  "module with an empty query": { text: 'import "./a.mjs?";', file: "a.mjs", expose: everyone },
  "module with a computed query": {
    text: 'await import("./a.mjs?" + Date.now());',
    file: "a.mjs",
    expose: everyone,
  },
  "path with a query": {
    text: "await import(import.meta.dirname + '/a.mjs?a/../b');",
    file: "a.mjs",
    expose: everyone,
  },
  "query of another's import": {
    text: 'import "./query.mjs";',
    file: "a.mjs",
    prepare: (root) => writeFileSync(`${root}/query.mjs`, 'import "./a.mjs?v=1";\n'),
    expose: everyone,
  },
  "required with a query": { text: `${REQUIRE}("./a.cjs?a");`, file: "a.cjs", expose: everyone },
  "package that is required": {
    text: `${REQUIRE}("theirs");`,
    file: "node_modules/theirs/index.js",
    expose: everyone,
  },
  "package by its path": {
    text: 'import "../other/node_modules/theirs/index.js";',
    file: "../other/node_modules/theirs/index.js",
    expose: everyone,
  },
  "modules in a circle": { text: 'import "./one.ts"; import "./a.ts";', file: "a.ts", expose: everyone },
  "name in package.json": { text: 'import "#x";', file: "a.mjs", prepare: named, expose: everyone },
  "required name in package.json": {
    text: `${REQUIRE}("#x");`,
    file: "a.cjs",
    prepare: named,
    expose: nobody,
  },
  "computed name in package.json": {
    text: 'const x = "#" + "deep"; await import(x);',
    file: "deep/a.mjs",
    prepare: named,
    expose: everyone,
  },
  "package.json itself": {
    text: 'import "#x";',
    file: "a.mjs",
    prepare: named,
    expose: (_, root) => nobody(`${root}/package.json`),
  },
  "worker": {
    text: `import { Worker } from "node:worker_threads";
      await new Promise((done) => new Worker(new URL("./a.mjs", import.meta.url)).on("exit", done));`,
    file: "a.mjs",
    expose: nobody,
  },
  "global worker": {
    text: `const worker = new Worker(import.meta.dirname + "/a.mjs");
      await new Promise((done) => worker.addEventListener("close", done));`,
    file: "a.mjs",
    expose: everyone,
  },
  "worker's import": {
    text: `import threads from "worker_threads";
      await new Promise((done) => new threads.Worker(import.meta.dirname + "/query.mjs").on("exit", done));`,
    file: "a.mjs",
    prepare: (root) => writeFileSync(`${root}/query.mjs`, 'import "./a.mjs?v=1";\n'),
    expose: everyone,
  },
  "itself": { text: 'import "./own.ts";', file: "a.ts", expose: (_, root) => everyone(`${root}/job.ts`) },
};

Deno.test(
  "nothing is run that a module imports and somebody else can write",
  { ignore: Deno.uid() !== 0 },
  async () => {
    for (const [name, { text, file, prepare, expose }] of Object.entries(IMPORTS)) {
      using files = new Files({});
      const mark = files.path("ran"), root = files.path("jobs"), isData = file.endsWith(".json");
      const written = /node_modules|cjs/.test(file)
        ? `require("node:fs").writeFileSync(${JSON.stringify(mark)}, ""); module.exports = {};\n`
        : theirs(mark);
      files.write({
        "jobs/job.ts": `${HEAD}${text}\n${JOB}`,
        "jobs/own.ts": 'import "./a.ts";\n',
        "jobs/one.ts": 'import "./two.ts";\n',
        "jobs/two.ts": 'import "./one.ts";\n',
        "jobs/node_modules/ours/index.js": 'module.exports = require("theirs");\n',
        [join("jobs", file)]: isData ? "{}" : written,
      });
      prepare?.(root);
      const check = () => run([EXECUTABLE, "check", "--notypes", `${root}/job.ts`], OPTIONS);
      const before = await check();
      assert.equal(before.exit, 0, `${name}: ${before.stdout}${before.stderr}`);
      assert.equal(existsSync(mark), !isData, `${name} is not run where nobody else can write it`);
      rmSync(mark, { force: true });
      expose(join(root, file), root);
      const { exit, stdout, stderr } = await check();
      assert.equal(exit, 1, `${name} is not refused`);
      assert.match(stdout + stderr, REFUSAL, name);
      assert(!existsSync(mark), `${name} is run`);
    }
  },
);

const OPTIONS = { directory: "/", environment: environmentWith() };

const REFUSAL =
  /cannot be evaluated: \/\S+ is writable by (everyone|nobody) \(owner \w+, mode 0?\d+\); (chmod o-w|chown (-h )?root) \/\S+/;

Deno.test(
  "a package that a function imports is judged when that runs",
  { ignore: Deno.uid() !== 0 },
  async () => {
    using files = new Files({
      "job.ts": `${HEAD}import theirs from "theirs";
      export default job({ task: true, main: () => console.log("it ran", typeof theirs) });\n`,
      "node_modules/theirs/index.js": "module.exports = {};\n",
    });
    const hook = () => run([EXECUTABLE, "hook", files.path("job.ts"), "job", "main"], OPTIONS);
    assert.match((await hook()).stdout, /^it ran/);
    chmodSync(files.path("node_modules/theirs/index.js"), 0o666);
    const { exit, stdout, stderr } = await hook();
    assert.deepEqual([exit, stdout], [1, ""]);
    assert.match(stderr, /job\.ts:2:? cannot be evaluated: .*theirs\/index\.js is writable by everyone/);
  },
);

const MAIN = `${HEAD}export default job({
    task: true,
    console: "output",
    main: ({ $, log, job }) => $\`id -un; id -gn\`.then(({ stdout }) => log(job, "is run as", stdout)),
  });\n`;

/** What functions may be run as, by a job that does not care and two that want to be more than their owner. */
const OF_NOBODY = {
  "plain.ts": `${HEAD}export default job({
    task: true,
    console: "output",
    main: ({ $, log }) => $\`id -un; id -gn; id -Gn\`.then(({ stdout }) => log(stdout)),
  });\n`,
  "root.ts": `${HEAD}export default job({ task: true, user: "root", main() {} });\n`,
  "group.ts": `${HEAD}export default job({ task: true, group: "root", main() {} });\n`,
  "overridden.ts": MAIN,
  "overridden.override": "setuid root\n",
  "regrouped.ts": MAIN,
  "regrouped.override": "setgid root\n",
  "nicer.ts": MAIN,
  "nicer.override": "nice 5\n",
};

/** What keeps the owner of a module from it, or from what it imports: the import, a mode, and where that is. */
const CLOSED: [text: string, mode: number, path: string, told: RegExp][] = [
  [
    "",
    0o700,
    ".",
    /^@\/job\.ts: cannot be evaluated: @ may not be entered by user nobody .*; chmod o\+x @$/m,
  ],
  ["", 0o711, ".", /^@\/job\.ts: cannot be evaluated: @ may not be read by user nobody .*; chmod o\+r @$/m],
  ["", 0o044, "job.ts", /^@\/job\.ts: .*: @\/job\.ts may not be read .*; chmod u\+r @\/job\.ts$/m],
  ['import "./deep/a.ts";', 0o600, "deep/a.ts", /: @\/deep\/a\.ts may not be read .*; chmod o\+r /],
  [
    'import "./deep/a.ts";',
    0o700,
    "deep",
    /^@\/job\.ts:2:8: cannot find module "\.\/deep\/a\.ts": @\/deep may not be entered .*\(owner root, mode 0700\)/m,
  ],
  ['import "pack";', 0o700, "node_modules", /^@\/job\.ts:2:8: .*: @\/node_modules may not be entered/m],
  ['import "@scope/pack";', 0o700, "node_modules/@scope", /: @\/node_modules\/@scope may not be entered/],
];

for (const [text, mode, path, told] of CLOSED) {
  const what = `${path} of mode ${mode.toString(8)}`;
  Deno.test({
    name: `a module that its owner may not read: ${what} is told with the cure`,
    ignore: Deno.uid() !== 0,
    async fn() {
      using files = new Files({
        "job.ts": `${HEAD}${text}\n${JOB}`,
        "deep/a.ts": "export default 1;\n",
        "node_modules/pack/index.js": "",
        "node_modules/@scope/pack/index.js": "",
      });
      chmodSync(files.directory, 0o755);
      nobody(files.path("job.ts"));
      chmodSync(files.path(path), mode);
      const { exit, stderr } = await run([EXECUTABLE, "check", "--notypes", files.path("job.ts")], {
        directory: "/",
        environment: environmentWith(),
      });
      assert.equal(exit, 1);
      assert.match(stderr.replaceAll(files.directory, "@"), told);
      assert.doesNotMatch(stderr, /bunfs|npm install/);
    },
  });
}

Deno.test({
  name: "functions of a module that somebody else can write are run as no one more powerful",
  ignore: !CONTAINERS_POSSIBLE || Deno.uid() !== 0,
  async fn() {
    using files = new Files(OF_NOBODY);
    chmodSync(files.directory, 0o755);
    for (const name of Object.keys(OF_NOBODY)) nobody(files.path(name));
    using container = new Container(["init", "--confdir", files.directory, "--no-startup-event"]);
    await until(
      "all modules have been looked at",
      () =>
        /group\.ts: the functions/.test(container.stderr) && /root\.ts: the functions/.test(container.stderr),
    );
    assert.match(
      container.stderr,
      /root\.ts: the functions of job root can only be run as user nobody.* not as root; chown root/,
    );
    assert.match(container.stderr, /group\.ts: .* nobody, who can write the module and is not in group root/);
    const { exit } = await container.run(EXECUTABLE, "initctl", "start", "plain");
    assert.equal(exit, 0, container.stderr);
    await container.printed(/nobody\nnogroup\nnogroup/);
    for (const [name, what] of [["overridden", "not as root"], ["regrouped", "is not in group root"]]) {
      const refusal = new RegExp(
        `${name}\\.override: File is passed over: the functions of .* ${what}; chown root`,
      );
      await until(`${name} is told of`, () => refusal.test(container.stderr));
    }
    for (const name of ["overridden", "regrouped", "nicer"]) {
      assert.equal((await container.run(EXECUTABLE, "initctl", "start", name)).exit, 0, container.stderr);
      await container.printed(new RegExp(`${name} is run as nobody\\s+nogroup`));
    }
    for (const name of ["root", "group"]) {
      assert.equal((await container.run(EXECUTABLE, "initctl", "status", name)).exit, 1);
    }
  },
});
