/** rouse types, and the type check of rouse check, by the compiled executable. */

import fc from "fast-check";
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { definitions } from "../compat/upstart/testing/definitions.ts";
import { type EventNames, formatEvents, formatModule, unknownEvents } from "../lib/formats/typescript/mod.ts";
import { environmentWith, Files } from "./support/author.ts";
import { type Outcome, run } from "./support/command.ts";
import { EXECUTABLE } from "./support/programs.ts";
import { COMPILERS, rouse, TSC } from "./support/tools.ts";

function compile(compiler: string, files: Files): Promise<Outcome> {
  const modules = readdirSync(files.directory).filter((name) => name.endsWith(".ts"));
  return run(COMPILERS[compiler]!(modules), {
    directory: files.directory,
    environment: environmentWith({ NO_COLOR: "1" }),
    timeout: 180_000,
  });
}

const GOOD = {
  "web.ts": `import { job, on, started } from "rouse";
import { createServer } from "node:http";
import database from "./database.ts";

export default job({
  startOn: started(database).and(on("city-up", { CITY: "Bonn" })),
  env: { PORT: "80" },
  async preStart({ $, env }) {
    const { stdout } = await $\`echo \${env.PORT}\`;
    if (stdout.length > 9) await fetch("http://localhost/");
  },
  main({ env, signal }) {
    const server = createServer().listen(Number(env.PORT));
    signal.addEventListener("abort", () => server.close());
  },
});
`,
  "database.ts": 'import { job } from "rouse";\nexport default job({ exec: "database" });\n',
  "events.d.ts":
    'declare module "rouse" {\n  interface Events {\n    "city-up": { CITY: string };\n  }\n}\nexport {};\n',
  "web_test.ts":
    'import { bench } from "rouse/testing";\nimport web from "./web.ts";\nbench({ web }).start(web);\n',
};

for (const compiler of Object.keys(COMPILERS)) {
  Deno.test(`rouse types: good jobs compile with ${compiler}, and bad ones do not`, async () => {
    using files = new Files(GOOD);
    assert.equal((await rouse(files, "types", ".")).exit, 0);
    const good = await compile(compiler, files);
    assert.equal(good.exit, 0, good.stdout + good.stderr);

    writeFileSync(
      files.path("bad.ts"),
      'import { job, on } from "rouse";\nexport default job({\n  startOn: on("city-upp"),\n  respwan: true,\n});\n',
    );
    const bad = await compile(compiler, files);
    assert.notEqual(bad.exit, 0);
    assert.match(bad.stdout + bad.stderr, /city-upp/);
    assert.match(bad.stdout + bad.stderr, /respwan.*respawn/);
  });
}

Deno.test("rouse types: the declarations are those of the sources, to the last mistake that they find", async () => {
  using files = new Files({
    "types.ts": readFileSync(resolve(import.meta.dirname!, "../lib/author/types_test.ts"), "utf8"),
  });
  await rouse(files, "types", ".");
  const { exit, stdout } = await compile("tsc", files);
  assert.equal(exit, 0, stdout);
});

Deno.test("rouse types: whatever a classic file says compiles as a module", async () => {
  const jobs = fc.sample(definitions, 100);
  const events: EventNames = new Map();
  for (const { startOn, stopOn } of jobs) unknownEvents(stopOn, unknownEvents(startOn, events));
  const modules = jobs.map((job, index) => [`${index}.ts`, formatModule(job, { declareEvents: false }).text]);
  using files = new Files({
    ...Object.fromEntries(modules),
    "events.d.ts": `${formatEvents(events)}export {};\n`,
  });
  await rouse(files, "types", ".");
  const { exit, stdout } = await compile("tsc", files);
  assert.equal(exit, 0, stdout);
});

Deno.test("rouse types: a second time changes nothing, and an older version's files are replaced", async () => {
  using files = new Files({});
  const first = await rouse(files, "types", ".");
  assert.deepEqual(first, {
    exit: 0,
    stdout: ".rouse: declarations written\ntsconfig.json: written\n",
    stderr: "",
  });
  const written = statSync(files.path(".rouse/tsconfig.json")).mtimeMs;
  assert.deepEqual(await rouse(files, "types", "."), { exit: 0, stdout: "", stderr: "" });
  assert.equal(statSync(files.path(".rouse/tsconfig.json")).mtimeMs, written);

  writeFileSync(files.path(".rouse/of-old.d.ts"), "");
  assert.equal((await rouse(files, "types", ".")).stdout, ".rouse: declarations written\n");
  assert(!existsSync(files.path(".rouse/of-old.d.ts")));
});

Deno.test("rouse types: a tsconfig.json of the user's own stays, and what it lacks is told", async () => {
  const own = '{ "compilerOptions": { "strict": true } }\n';
  using files = new Files({ "tsconfig.json": own });
  const { exit, stderr } = await rouse(files, "types", ".");
  assert.equal(exit, 1);
  assert.equal(
    stderr,
    'rouse: tsconfig.json is your own and left as it is; for editors to know jobs, add "extends":"./.rouse/tsconfig.json"\n',
  );
  assert.equal(readFileSync(files.path("tsconfig.json"), "utf8"), own);
  writeFileSync(files.path("tsconfig.json"), '{ "extends": "./.rouse/tsconfig.json", "files": [] }');
  assert.deepEqual(await rouse(files, "types", "."), { exit: 0, stdout: "", stderr: "" });
});

Deno.test("rouse types: what is not a directory, or not its own", async () => {
  using files = new Files({ "file": "", "conf/.rouse/mine": "" });
  assert.deepEqual(await rouse(files, "types", "file"), {
    exit: 1,
    stdout: "",
    stderr: "rouse: Unable to write declarations: file is no directory\n",
  });
  const { exit, stderr } = await rouse(files, "types", "conf");
  assert.deepEqual([exit, stderr], [
    1,
    "rouse: Unable to write declarations: conf/.rouse is not of rouse types; move it away first\n",
  ]);
  assert.equal((await rouse(files, "types")).exit, 2);
});

/** A PATH with nothing in it but one compiler. */
function pathWith(files: Files, compiler: string): string {
  const path = files.path(`bin/${compiler}`);
  const script = compiler === "deno" ? "" : ` run -A ${TSC}`;
  mkdirSync(dirname(path));
  writeFileSync(path, `#!/bin/sh\nexec ${Deno.execPath()}${script} "$@"\n`);
  chmodSync(path, 0o755);
  return dirname(path);
}

for (const compiler of ["deno", "tsc"]) {
  Deno.test(`rouse check: types are checked by ${compiler}`, async () => {
    using files = new Files({
      ...GOOD,
      "bad.ts":
        'import { job } from "rouse";\nexport default job({\n  preStart: ({ env }) => env.TOWN,\n});\n',
    });
    const environment = environmentWith({ PATH: pathWith(files, compiler) });
    const check = (...paths: string[]) =>
      run([EXECUTABLE, "check", "--noscript", ...paths], {
        directory: files.directory,
        environment,
        timeout: 180_000,
      });
    const good = await check("web.ts");
    assert.equal(good.exit, 0, good.stderr);
    assert.match(good.stdout, new RegExp(`^1 job, 0 errors, .*; types checked by ${compiler}\n$`));
    const bad = await check(".");
    assert.equal(bad.exit, 1);
    assert.match(bad.stderr, /^bad\.ts:3:30: TS2339: Property 'TOWN' does not exist on type .*$/m);
    assert.match(bad.stdout, /^3 jobs, 1 error, /);
    assert.equal((await check("--notypes", "bad.ts")).exit, 0);
  });
}

/** A job that imports a package, with its test, and the package as npm installs it. */
const PACKAGED: Record<string, string> = {
  "poll.ts": `import { job } from "rouse";
import { readFileSync } from "node:fs";
import ms from "ms";
export default job({
  exec: ["poll", String(ms("2 minutes"))],
  preStart: ({ log }) => log(readFileSync("/dev/null", "utf8")),
});
`,
  "poll_test.ts": `import { bench } from "rouse/testing";
import { test } from "node:test";
import poll from "./poll.ts";
test("polls", () => { bench({ poll }).start(poll); });
`,
  "node_modules/ms/package.json": '{ "name": "ms", "version": "2.1.3", "types": "index.d.ts" }',
  "node_modules/ms/index.js": "module.exports = (text) => parseInt(text) * 60_000;",
  "node_modules/ms/index.d.ts": "declare function ms(text: string): number;\nexport = ms;\n",
};

for (
  const [where, more] of Object.entries({
    "with a package.json": { "package.json": '{ "dependencies": { "ms": "^2.1.3" } }' },
    "without a package.json": {},
  })
) {
  Deno.test(`rouse types, rouse check: packages of npm's are found by deno, ${where}`, async () => {
    using files = new Files({ ...PACKAGED, ...more });
    assert.equal((await rouse(files, "types", ".")).exit, 0);
    assert.deepEqual(await rouse(files, "types", "."), { exit: 0, stdout: "", stderr: "" });
    const compiled = await compile("deno", files);
    assert.equal(compiled.exit, 0, compiled.stderr);
    const options = { directory: files.directory, timeout: 180_000 };
    const tested = await run(
      [Deno.execPath(), "test", "-q", "-A", "--config", ".rouse/deno.json"],
      { ...options, environment: environmentWith({ NO_COLOR: "1" }) },
    );
    assert.match(tested.stdout, /1 passed/, tested.stderr);
    const checked = await run([EXECUTABLE, "check", "."], {
      ...options,
      environment: environmentWith({ PATH: pathWith(files, "deno") }),
    });
    assert.equal(
      checked.stdout,
      "1 job, 0 errors, 0 warnings; 1 with Rouse's defaults (--defaults); types checked by deno\n",
      checked.stderr,
    );
  });
}
