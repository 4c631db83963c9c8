/** rouse convert, by the compiled executable. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { parseConf } from "../compat/upstart/parse.ts";
import { Files } from "./support/author.ts";
import { compileAll, evaluated, rouse } from "./support/tools.ts";

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
  semantics: "upstart",
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
  const { exit, stdout } = await compileAll(files.path("new"));
  assert.equal(exit, 0, stdout);

  writeFileSync(files.path("new/mill.ts"), "mine");
  const again = await rouse(files, "convert", "conf", "-o", "new");
  assert.equal(again.exit, 1);
  assert.match(again.stderr, /^rouse: new\/mill\.ts exists; -f overwrites it$/m);
  assert.equal(readFileSync(files.path("new/mill.ts"), "utf8"), "mine");
  assert.equal((await rouse(files, "convert", "-f", "conf", "-o", "new")).exit, 0);
  assert.notEqual(readFileSync(files.path("new/mill.ts"), "utf8"), "mine");
});

Deno.test("rouse convert: jobs of a directory import each other, and are the same as by their names", async () => {
  using files = new Files({
    "conf/migrate.conf": "start on startup\ntask\nenv SCHEMA=1\nexport SCHEMA\nexec true\n",
    "conf/net/eth-0.conf": "start on stopped migrate RESULT=ok SCHEMA=1\nexec true\n",
    "conf/net/in.conf": "start on started net/eth-0 or stopped migrate RESULT=okay CITY=Bonn\nexec true\n",
    "conf/web.conf":
      "start on started net/in and started dbus\nstop on stopping worker or stopping web\nexec true\n",
    "conf/worker.conf": "start on started web HOST=a\nstop on stopping net/*\nexec true\n",
    "conf/started.conf": "start on started broken\nexec true\n",
    "conf/user.conf": "start on started started or stopping $JOB\nexec true\n",
    "conf/x_test.conf": "exec true\n",
    "conf/broken.conf": "frob\n",
    "conf/left.conf": "needs right\nwants migrate\nconflicts right\nexec true\n",
    "conf/right.conf":
      "start on while-up left\nwants completed(left)\nbefore left\nconflicts left\nexec true\n",
    "conf/shop.upstart": "start on started web\nexec true\n",
  });
  const outcome = await rouse(files, "convert", "conf", "-o", "new");
  assert.deepEqual([outcome.exit, outcome.stderr], [
    1,
    "rouse: conf/broken.conf:1: Unknown stanza `frob'\n" +
    "rouse: conf/x_test.conf: init would pass over x_test.ts; give it another name\n",
  ]);
  const said = (name: string) =>
    readFileSync(files.path(`new/${name}.ts`), "utf8").split("\n")
      .filter((line) =>
        /^(?:import \w| *(?:startOn|stopOn|needs|wants|before|conflicts|started|stopped|stopping)\b)/.test(
          line,
        )
      )
      .map((line) => line.trim());
  assert.deepEqual(said("net/eth-0"), [
    'import migrate from "../migrate.ts";',
    'startOn: stopped(migrate, { RESULT: "ok", SCHEMA: "1" }),',
  ]);
  assert.deepEqual(said("net/in"), [
    'import migrate from "../migrate.ts";',
    'import netEth0 from "./eth-0.ts";',
    'startOn: started(netEth0).or(stopped<"CITY">(migrate, { RESULT: "okay", CITY: "Bonn" } as object)),',
  ]);
  assert.deepEqual(said("web"), [
    'import netIn from "./net/in.ts";',
    'import worker from "./worker.ts";',
    'startOn: started(netIn).and(started("dbus")),',
    'stopOn: stopping(() => worker).or(stopping("web")),',
  ]);
  assert.deepEqual(said("worker"), [
    'import web from "./web.ts";',
    'startOn: started<"HOST">(() => web, { HOST: "a" }),',
    'stopOn: stopping("net/*"),',
  ]);
  assert.deepEqual(said("left"), [
    'import migrate from "./migrate.ts";',
    'import right from "./right.ts";',
    "needs: () => right,",
    "wants: migrate,",
    "conflicts: () => right,",
  ]);
  assert.deepEqual(said("right"), [
    'import left from "./left.ts";',
    "startOn: whileUp(() => left),",
    "wants: completed(() => left),",
    "before: () => left,",
    "conflicts: () => left,",
  ]);
  assert.deepEqual(said("started"), ['startOn: started("broken"),']);
  assert.deepEqual(said("user"), [
    'import startedJob from "./started.ts";',
    'startOn: started(startedJob).or(stopping("$JOB")),',
  ]);
  assert.deepEqual(said("shop"), ['import web from "./web.ts";', "startOn: started(web),"]);
  for (const [name, job] of await evaluated(files, "new")) {
    const ending = name === "shop" ? "upstart" : "conf";
    const original = parseConf(
      readFileSync(files.path(`conf/${name}.${ending}`), "latin1"),
      job.source,
      name,
    );
    assert.deepEqual(job, original, name);
  }
  await rouse(files, "types", "new");
  const { exit, stdout } = await compileAll(files.path("new"));
  assert.equal(exit, 0, stdout);
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
    "rouse: web.ts: killTimeout: 1.5 becomes 2\nrouse: web.ts: pre-start: a function cannot be expressed\n",
  );
  assert.equal(
    stdout,
    `semantics rouse

start on up

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
  assert.equal(readFileSync(files.path("new/first.conf"), "utf8"), "semantics rouse\n\nexec one\n");
  assert.equal(
    readFileSync(files.path("new/net/second.conf"), "utf8"),
    "semantics rouse\n\nstart on started first\n\nexec two\n",
  );
});

/** Arguments and what is said of them. */
const REFUSED: Record<string, { words: string[]; exit: number; stderr: RegExp }> = {
  "a classic file that is broken": {
    words: ["convert", "broken.conf"],
    exit: 1,
    stderr: /^rouse: broken\.conf:2: Unknown stanza `\w+'.*\n$/,
  },
  "a module that is broken": {
    words: ["convert", "broken.ts"],
    exit: 1,
    stderr: /^rouse: broken\.ts:1: .*oh\n$/,
  },
  "a module that never ends": {
    words: ["convert", "endless.ts"],
    exit: 1,
    stderr: /^rouse: endless\.ts: Module did not end within 5 s\n$/,
  },
  "a file that is not there": {
    words: ["convert", "none.conf"],
    exit: 1,
    stderr: /^rouse: none\.conf: No such file or directory\n$/,
  },
  "a module that is not there": {
    words: ["convert", "none.ts"],
    exit: 1,
    stderr: /^rouse: none\.ts: No such file or directory\n$/,
  },
  "a name that is not there": {
    words: ["convert", "none"],
    exit: 1,
    stderr: /^rouse: none: No such file or directory\n$/,
  },
  "a module with several jobs, to print": {
    words: ["convert", "--to", "conf", "several.ts"],
    exit: 1,
    stderr:
      /^rouse: Unable to write to standard output: several\.ts has several jobs; -o must name a directory\n$/,
  },
  "an output in what is no directory": {
    words: ["convert", "good.conf", "-o", "text.txt/good.ts"],
    exit: 1,
    stderr: /^rouse: Unable to make text\.txt: (?:Not a directory|File exists)\n$/,
  },
  "a file of another kind": {
    words: ["convert", "text.txt"],
    exit: 1,
    stderr: /^rouse: Unable to convert text\.txt to conf: its name must end in \.ts\n$/,
  },
  "a directory without -o": {
    words: ["convert", "."],
    exit: 2,
    stderr: /^rouse convert: missing option -o .*\nTry /,
  },
  "nothing": { words: ["convert"], exit: 2, stderr: /^rouse convert: missing file or directory\nTry / },
  "an unknown format": {
    words: ["convert", "--to", "ini", "x.conf"],
    exit: 2,
    stderr: /^rouse convert: invalid format: ini\n/,
  },
  "an unknown option": {
    words: ["convert", "--frob"],
    exit: 2,
    stderr: /^rouse convert: invalid option: --frob\nTry /,
  },
  "an unknown option of evaluate": {
    words: ["evaluate", "--frob"],
    exit: 2,
    stderr: /^rouse evaluate: invalid option: --frob\nTry /,
  },
};

for (const [what, { words, exit, stderr }] of Object.entries(REFUSED)) {
  Deno.test(`rouse ${words[0]}: ${what}`, async () => {
    using files = new Files({
      "broken.conf": "exec true\nfrob\n",
      "good.conf": "exec true\n",
      "several.ts":
        'import { job } from "rouse";\nexport default ["a", "b"].map((name) => job({ name, exec: "x" }));\n',
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

Deno.test("rouse convert: a manual that has no effect is left out, and that is said", async () => {
  using files = new Files({
    "mill.conf": "manual\nstart on startup\nexec mill\n",
    "off.conf": "start on startup\nmanual\nexec mill\n",
  });
  const { exit, stdout, stderr } = await rouse(files, "convert", "mill.conf");
  assert.deepEqual([exit, stderr], [
    1,
    "rouse: mill.conf: manual: it has no effect before a `start on', and is left out\n",
  ]);
  assert.doesNotMatch(stdout, /manual/);
  const whole = await rouse(files, "convert", ".", "-o", "new");
  assert.equal(whole.stderr.match(/manual/g)?.length, 1, whole.stderr);
  assert.equal((await rouse(files, "convert", "off.conf")).stderr, "");
});
