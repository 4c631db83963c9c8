/** rouse types, convert and new, and the type check of rouse check, by the compiled executable. */

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
import { dirname, join, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parseConf } from "../compat/upstart/mod.ts";
import { definitions } from "../compat/upstart/testing.ts";
import {
  type EventNames,
  formatEvents,
  formatModule,
  unknownEvents,
} from "../compat/upstart/typescript/mod.ts";
import { parseEvaluatorLine } from "../lib/author/protocol.ts";
import type { JobDefinition } from "../lib/model/job.ts";
import { environmentWith, Files } from "./support/author.ts";
import { type Outcome, run } from "./support/command.ts";
import { EXECUTABLE, installed } from "./support/programs.ts";

const ROOT = resolve(import.meta.dirname!, "..");

/** Runs the executable in the directory of the files. */
function rouse(files: Files, ...words: string[]): Promise<Outcome> {
  return run([EXECUTABLE, ...words], { directory: files.directory, environment: environmentWith() });
}

/** Runs a compiler. Each works on what `rouse types` has written to the directory. */
const COMPILERS: Record<string, (files: Files, modules: string[]) => string[]> = {
  tsc: () => [
    Deno.execPath(),
    "run",
    "-A",
    join(ROOT, "node_modules/typescript/lib/tsc.js"),
    "--pretty",
    "false",
  ],
  deno: (
    _,
    modules,
  ) => [Deno.execPath(), "check", "-q", "--no-lock", "--config", ".rouse/deno.json", ...modules],
};

function compile(compiler: string, files: Files): Promise<Outcome> {
  const modules = readdirSync(files.directory).filter((name) => name.endsWith(".ts"));
  return run(COMPILERS[compiler]!(files, modules), {
    directory: files.directory,
    environment: environmentWith({ NO_COLOR: "1" }),
    timeout: 60_000,
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
  using files = new Files({ "types.ts": readFileSync(join(ROOT, "lib/author/types_test.ts"), "utf8") });
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
  const script = compiler === "deno" ? "" : ` run -A ${join(ROOT, "node_modules/typescript/lib/tsc.js")}`;
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
        timeout: 60_000,
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

const CONF = `# mill - grinds corn

description "a mill"

# Not before dawn.
start on (dawn KIND=clear and started wind-vane) or runlevel [23]
stop on runlevel [!23]

env GRAIN=corn   # or rye
limit nofile 64 unlimited
respawn
respawn limit 5 60
kill timeout 20
normal exit 0 TERM

pre-start script
    mkdir -p /flour

    test -w /flour
end script

exec /usr/bin/mill --grain "$GRAIN"
`;

const MODULE = `// mill - grinds corn

import { job, on, runlevel, started } from "rouse";

declare module "rouse" {
  interface Events {
    dawn: { KIND: string };
  }
}

export default job({
  description: "a mill",
  // Not before dawn.
  startOn: on("dawn", { KIND: "clear" }).and(started("wind-vane")).or(runlevel("[23]")),
  stopOn: runlevel("[!23]"),
  env: {
    // or rye
    GRAIN: "corn",
  },
  limit: { nofile: [64, "unlimited"] },
  respawn: { limit: 5, within: "1min" },
  killTimeout: "20s",
  normalExit: [0, "TERM"],
  preStart: {
    script: \`
      mkdir -p /flour

      test -w /flour
    \`,
  },
  exec: '/usr/bin/mill --grain "$GRAIN"',
});
`;

const CONF_AGAIN = `# mill - grinds corn

description 'a mill'

# Not before dawn.
start on ((dawn KIND=clear and started wind-vane) or runlevel [23])
stop on runlevel [!23]

# or rye
env GRAIN=corn

respawn
respawn limit 5 60
normal exit 0 TERM
kill timeout 20

limit nofile 64 unlimited

exec /usr/bin/mill --grain "$GRAIN"

pre-start script
mkdir -p /flour

test -w /flour
end script
`;

/** The jobs of modules, by their names, as they are evaluated. */
async function evaluated(files: Files, directory: string): Promise<Map<string, JobDefinition>> {
  const modules = readdirSync(files.path(directory), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".d.ts")).map((path) => join(directory, path));
  const { stdout } = await rouse(files, "evaluate", "--directory", files.path(directory), ...modules);
  const reports = stdout.split("\n").map(parseEvaluatorLine).filter((line) => line && "module" in line);
  const jobs = reports.flatMap((report) => {
    assert(report && "jobs" in report, JSON.stringify(report));
    return report.jobs;
  });
  return new Map(jobs.map((job) => [job.name, job]));
}

Deno.test("rouse convert: a classic file becomes a module with its comments, and a classic file again", async () => {
  using files = new Files({ "mill.conf": CONF, "mill.ts": MODULE });
  assert.deepEqual(await rouse(files, "convert", "mill.conf"), { exit: 0, stdout: MODULE, stderr: "" });
  const back = await rouse(files, "convert", "--to", "conf", "mill.ts");
  assert.deepEqual(back, { exit: 0, stdout: CONF_AGAIN, stderr: "" });
  const [original, again] = [CONF, CONF_AGAIN].map((text) => parseConf(text, "f", "mill"));
  // The script has lost blanks that mean nothing.
  assert.deepEqual({ ...again, processes: undefined }, { ...original, processes: undefined });
  assert.deepEqual(again!.processes.main, original!.processes.main);
});

Deno.test("rouse convert: a directory, with overrides and the events that its jobs wait for", async () => {
  using files = new Files({
    "conf/mill.conf": CONF,
    "conf/net/bridge.conf": "start on dawn KIND=grey SKY=red or storm\ntask\nexport SKY WIND\nexec true\n",
    "conf/mill.override": "manual\n",
    "conf/other.ts": "",
    "conf/latin.conf": "# f\xfcr\nenv A=b\nexec true\n",
  });
  assert.deepEqual(await rouse(files, "convert", "conf", "-o", "new"), { exit: 0, stdout: "", stderr: "" });
  const written = readdirSync(files.path("new"), { recursive: true, encoding: "utf8" }).sort();
  const expected = ["events.d.ts", "latin.ts", "mill.override", "mill.ts", "net", "net/bridge.ts"];
  assert.deepEqual(written, expected);
  assert.equal(readFileSync(files.path("new/mill.override"), "utf8"), "manual\n");
  const jobs = await evaluated(files, "new");
  for (const [name, job] of jobs) {
    const original = parseConf(readFileSync(files.path(`conf/${name}.conf`), "latin1"), job.source, name);
    assert(isDeepStrictEqual({ ...job, processes: {} }, { ...original, processes: {} }), name);
  }
  await rouse(files, "types", "new");
  const { exit, stdout } = await run(COMPILERS["tsc"]!(files, []), {
    directory: files.path("new"),
    environment: environmentWith(),
    timeout: 60_000,
  });
  assert.equal(exit, 0, stdout);

  writeFileSync(files.path("new/mill.ts"), "mine");
  const again = await rouse(files, "convert", "conf", "-o", "new");
  assert.equal(again.exit, 1);
  assert.match(again.stderr, /^rouse: new\/mill\.ts exists; -f overwrites it$/m);
  assert.equal(readFileSync(files.path("new/mill.ts"), "utf8"), "mine");
  assert.equal((await rouse(files, "convert", "-f", "conf", "-o", "new")).exit, 0);
  assert.notEqual(readFileSync(files.path("new/mill.ts"), "utf8"), "mine");
});

Deno.test("rouse convert: what .conf cannot say is told, the rest is said", async () => {
  using files = new Files({
    "web.ts": `import { job, on } from "rouse";
export default job({
  startOn: on("up"),
  killTimeout: "1500ms",
  // Makes the directory.
  preStart: async ({ $ }) => void await $\`mkdir /run/web\`,
  exec: ["web", "--name", "a b", "$PORT"],
});
`,
  });
  const { exit, stdout, stderr } = await rouse(files, "convert", "--to", "conf", "web.ts");
  assert.equal(exit, 1);
  assert.equal(
    stderr,
    "rouse: web.ts: killTimeout: 1.5 becomes 2\nrouse: web.ts: pre-start: a function cannot be said\n",
  );
  assert.equal(
    stdout,
    `start on up

kill timeout 2

exec web --name "a b" "$PORT"

# Makes the directory.
# pre-start: a function of job web in ${files.path("web.ts")}
`,
  );
});

Deno.test("rouse convert: a module with several jobs makes several files", async () => {
  using files = new Files({
    "conf/net/pair.ts": `import { job, started } from "rouse";
const first = job({ name: "first", exec: "one" });
export default [first, job({ name: "net/second", startOn: started(first), exec: "two" })];
`,
  });
  const outcome = await rouse(files, "convert", "--to", "conf", "conf", "-o", "new");
  assert.deepEqual(outcome, { exit: 0, stdout: "", stderr: "" });
  assert.equal(readFileSync(files.path("new/first.conf"), "utf8"), "exec one\n");
  assert.equal(
    readFileSync(files.path("new/net/second.conf"), "utf8"),
    "start on started first\n\nexec two\n",
  );
});

/** Arguments and what is said of them. */
const REFUSED: Record<string, { words: string[]; exit: number; stderr: RegExp }> = {
  "a classic file that is broken": {
    words: ["convert", "broken.conf"],
    exit: 1,
    stderr: /^rouse: broken\.conf:2: Unknown stanza\n$/,
  },
  "a module that is broken": {
    words: ["convert", "broken.ts"],
    exit: 1,
    stderr: /^rouse: broken\.ts:1: .*oh\n$/,
  },
  "a module that never ends": {
    words: ["convert", "endless.ts"],
    exit: 1,
    stderr: /^rouse: endless\.ts: did not end within 5 s\n$/,
  },
  "a file that is not there": { words: ["convert", "none.conf"], exit: 1, stderr: /^rouse: .*none\.conf/ },
  "a file of another kind": {
    words: ["convert", "text.txt"],
    exit: 1,
    stderr: /^rouse: Unable to convert text\.txt to conf: its name must end in \.ts\n$/,
  },
  "a directory without -o": {
    words: ["convert", "."],
    exit: 2,
    stderr: /^rouse: missing option -o .*\nTry /,
  },
  "nothing": { words: ["convert"], exit: 2, stderr: /^rouse: missing file or directory\nTry / },
  "an unknown format": {
    words: ["convert", "--to", "ini", "x.conf"],
    exit: 2,
    stderr: /^rouse: invalid format: ini\n/,
  },
  "an unknown option": {
    words: ["convert", "--frob"],
    exit: 2,
    stderr: /^rouse: invalid option: --frob\nTry /,
  },
  "an unknown option of evaluate": {
    words: ["evaluate", "--frob"],
    exit: 2,
    stderr: /^rouse: evaluate: Unknown option '--frob'\n$/,
  },
};

for (const [what, { words, exit, stderr }] of Object.entries(REFUSED)) {
  Deno.test(`rouse ${words[0]}: ${what}`, async () => {
    using files = new Files({
      "broken.conf": "exec true\nfrob\n",
      "broken.ts": "throw new Error('oh');\nexport default 1;\n",
      "endless.ts": "while (true);\nexport {};\n",
      "text.txt": "",
    });
    const outcome = await rouse(files, ...words);
    assert.equal(outcome.exit, exit, outcome.stderr);
    assert.match(outcome.stderr, stderr);
    assert.equal(outcome.stdout, "");
  });
}

Deno.test("rouse new: a job in each format, from options, is the job that was asked for", async () => {
  using files = new Files({});
  const about = [
    "--exec",
    'web --port "$PORT"',
    "--description=a web server",
    "--respawn",
    "--start-on=started db and net-up IFACE!=lo",
    "--env=PORT=80",
    "--user=www",
  ];
  const written = await rouse(files, "new", "net/web", "--conf", "-o", "conf", ...about);
  assert.deepEqual(written, { exit: 0, stdout: "conf/net/web.conf: written\n", stderr: "" });
  assert.equal((await rouse(files, "new", "net/web", "-o", "conf", ...about)).exit, 0);
  const classic = readFileSync(files.path("conf/net/web.conf"), "latin1");
  const job = (await evaluated(files, "conf")).get("net/web")!;
  assert.deepEqual(job, parseConf(classic, job.source, "net/web"));
  assert.deepEqual([job.description, job.respawn, job.env, job.setuid], [
    "a web server",
    true,
    ["PORT=80"],
    "www",
  ]);
  assert.match(classic, /^# When to start.*\nstart on \(started db and net-up IFACE!=lo\)$/m);
  assert.match(
    readFileSync(files.path("conf/net/web.ts"), "utf8"),
    /^ {2}\/\/ When to start.*\n {2}startOn: started\("db"\)/m,
  );

  const again = await rouse(files, "new", "net/web", "-o", "conf", ...about);
  const exists = "rouse: Unable to write conf/net/web.ts: it exists\n";
  assert.deepEqual(again, { exit: 1, stdout: "", stderr: exists });
});

Deno.test("rouse new: services have runlevels, tasks and jobs started by hand have not", async () => {
  using files = new Files({});
  for (const [name, option] of [["service", "--respawn"], ["task", "--task"], ["manual", "--manual"]]) {
    assert.equal((await rouse(files, "new", name!, option!, "--exec=x")).exit, 0);
  }
  const jobs = await evaluated(files, ".");
  assert.deepEqual([...jobs.values()].filter((job) => job.startOn || job.stopOn).map(({ name }) => name), [
    "service",
  ]);
  assert.equal(jobs.get("task")!.task, true);
});

Deno.test("rouse new: what is wrong is told, and nothing is written", async () => {
  using files = new Files({});
  const wrong: Array<[words: string[], message: string]> = [
    [["--exec=x"], "missing job name"],
    [["a", "b", "--exec=x"], "unexpected argument: b"],
    [["a"], "missing option --exec, and there is no terminal to ask on"],
    [["a", "--task"], "missing option --exec"],
    [["a", "--exec=x", "--start-on=and"], "invalid value of --start-on: and: Expected event"],
    [["a", "--exec=x", "--env=A"], "invalid value of --env: A"],
    [["a", "--ts", "--conf", "--exec=x"], "--ts and --conf exclude each other"],
    [["a_test", "--exec=x"], 'no job can be called "a_test"'],
    [["/a", "--exec=x"], 'no job can be called "/a"'],
  ];
  for (const [words, message] of wrong) {
    const { exit, stderr } = await rouse(files, "new", ...words);
    const help = "Try `rouse new --help' for more information.\n";
    assert.deepEqual([exit, stderr], [2, `rouse: ${message}\n${help}`]);
  }
  assert.deepEqual(readdirSync(files.directory), []);
});

/** Runs a command on a terminal of its own and answers each question, which ends in a colon. */
const ON_TERMINAL = `
import os, pty, sys
answers = sys.argv[1].split("|")
pid, terminal = pty.fork()
if pid == 0: os.execv(sys.argv[2], sys.argv[2:])
said = b""
try:
    while part := os.read(terminal, 1024):
        said += part
        if said.endswith(b": ") and answers:
            os.write(terminal, answers.pop(0).encode() + b"\\r")
            said = b""
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

Deno.test({
  name: "rouse new: asks on a terminal",
  ignore: !installed("python3"),
  async fn() {
    using files = new Files({});
    const answers = "a web server||web -f||started db|runlevel [016]|y|www";
    const { exit, stdout, stderr } = await run(
      ["python3", "-c", ON_TERMINAL, answers, EXECUTABLE, "new", "web", "--conf"],
      { directory: files.directory, environment: environmentWith({ TERM: "dumb" }) },
    );
    assert.equal(exit, 0, stdout + stderr);
    const job = parseConf(readFileSync(files.path("web.conf"), "latin1"), "f", "web");
    const text =
      "description 'a web server'\nstart on started db\nstop on runlevel [016]\nrespawn\nsetuid www\nexec web -f\n";
    assert.deepEqual(job, parseConf(text, "f", "web"));
  },
});

for (const tool of ["types", "convert", "new"]) {
  Deno.test(`rouse ${tool} --help`, async () => {
    using files = new Files({});
    const { exit, stdout } = await rouse(files, tool, "--help");
    assert.equal(exit, 0);
    assert.match(stdout, new RegExp(`^Usage: rouse ${tool} \\[OPTION\\]\\.\\.\\. [A-Z|.]+\n`));
  });
}
