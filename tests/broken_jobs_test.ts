/** Job files that are wrong, and jobs that misbehave: each harms itself alone. */

import assert from "node:assert/strict";
import { Container, CONTAINERS_POSSIBLE } from "./support/container.ts";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { sendSignal } from "./support/processes.ts";
import { EXECUTABLE } from "./support/programs.ts";

const GOOD = {
  "good.conf": "exec sleep 600\n",
  "fine.ts": 'import { job } from "rouse";\nexport default job({ exec: "sleep 600" });\n',
};

/** Files that no job comes of, and what init says of each: the file, the line where there is one, the reason. */
const BROKEN: Record<string, { text: string; message: RegExp }> = {
  "unknown-stanza.conf": {
    text: "exec true\nfrobnicate now\n",
    message: /unknown-stanza\.conf:2: Unknown stanza/,
  },
  "unparsable.ts": {
    text: 'import { job } from "rouse";\n\nexport default job({ exec: "true"\n  task: true });\n',
    message: /unparsable\.ts:4.*\S/,
  },
  "throws.ts": {
    text:
      'import { job } from "rouse";\n\nthrow new Error("out of cheese");\nexport default job({ exec: "true" });\n',
    message: /throws\.ts:3.*out of cheese/,
  },
  "endless.ts": {
    text: 'import { job } from "rouse";\nwhile (true);\nexport default job({ exec: "true" });\n',
    message: /endless\.ts.*5 s/,
  },
  "waits.ts": {
    text:
      'import { job } from "rouse";\nawait new Promise(() => setInterval(() => {}, 1000));\nexport default job({ exec: "true" });\n',
    message: /waits\.ts.*5 s/,
  },
  "wrong-field.ts": {
    text: 'import { job } from "rouse";\n\nexport default job({ exec: "true", respwan: true });\n',
    message: /wrong-field\.ts:3.*respwan/,
  },
  "wrong-type.ts": {
    text: 'import { job } from "rouse";\nexport default job({ exec: "true", nice: "very" });\n',
    message: /wrong-type\.ts:2.*nice/,
  },
  "exits.ts": {
    text:
      'import { job } from "rouse";\nimport process from "node:process";\nprocess.exit(0);\nexport default job({ exec: "true" });\n',
    message: /exits\.ts.*\S/,
  },
  "no-job.ts": { text: 'export default { exec: "true" };\n', message: /no-job\.ts.*export default job/ },
  "bad-import.ts": {
    text:
      'import { job } from "rouse";\nimport { nothing } from "./nowhere.ts";\nexport default job({ exec: nothing });\n',
    message: /bad-import\.ts.*nowhere/,
  },
};

Deno.test("broken files are reported with place and reason, and the rest runs", async () => {
  const broken = Object.fromEntries(Object.entries(BROKEN).map(([name, { text }]) => [name, text]));
  await using init = await RunningInit.start({ jobs: { ...GOOD, ...broken } });
  for (const { message } of Object.values(BROKEN)) await init.untilMessage(message);
  await init.until(["status", "fine"], "fine stop/waiting\n");

  const jobs = (await init.ask("list")).split("\n").filter(Boolean).sort();
  assert.deepEqual(jobs, ["fine stop/waiting", "good stop/waiting"]);
  assert.match(await init.ask("start", "good"), /^good start\/running/);
  assert.match(await init.ask("start", "fine"), /^fine start\/running/);
});

Deno.test("an error in a file that several modules import is told once, and whom it concerns", async () => {
  const importer =
    'import { job } from "rouse";\nimport "./lib/shared.ts";\nexport default job({ exec: "true" });\n';
  const jobs = {
    "a.ts": importer,
    "b.ts": importer,
    "lib/shared.ts": '\nthrow new Error("out of cheese");\n',
  };
  await using init = await RunningInit.start({ jobs });
  await init.ask("reload-configuration");
  const shared = `${init.confdir}/lib/shared.ts`, concerned = `${init.confdir}/a.ts, ${init.confdir}/b.ts`;
  const lines = () => init.messages().split("\n").filter((line) => line.includes("out of cheese"));
  const told = lines();
  for (const line of told) assert.match(line, new RegExp(`^init:${shared}:2.*imported by ${concerned}\\)$`));
  assert.equal(told.length, 2, "once at the start, once at the reload");
  const { stderr } = await init.run([EXECUTABLE, "check", "--notypes", init.confdir]);
  assert.equal(stderr.match(/out of cheese/g)?.length, 1, stderr);
  init.write("lib/shared.ts", "");
  await init.until(["status", "b"], "b stop/waiting\n");
});

Deno.test("behind a link to a directory, files are named by their paths there, and none imports itself", async () => {
  await using init = await RunningInit.start({ arguments: ["--append-confdir", "@DIR@/current"] });
  await init.shell(
    // The link comes last, so that both files are found together: alone, the first is nobody's import.
    "mkdir -p rel/2; echo 'export const x = ;' > rel/2/lib.ts; " +
      "printf 'import { x } from \"./lib.ts\";\\nexport default x;\\n' > rel/2/m.ts; ln -s rel/2 current",
  );
  await init.ask("reload-configuration");
  const about = () => init.messages().split("\n").filter((line) => line.includes("cannot be parsed"));
  await until("the mistake is told of", () => about().length > 0);
  await init.ask("reload-configuration");
  const [lib, module] = ["lib.ts", "m.ts"].map((name) => init.path(`current/${name}`));
  for (const line of about()) {
    assert.match(
      line.replace(lib!, "LIB").replace(module!, "MODULE"),
      /^init:LIB:1:\d+: cannot be parsed: .*\(imported by MODULE\)$/,
    );
  }
});

Deno.test({
  name: "nothing is said of a module that is being evaluated when init is told to stop",
  ignore: !CONTAINERS_POSSIBLE,
  async fn() {
    using container = new Container(["init", "--confdir", "/run/jobs"], { prepare: "mkdir /run/jobs\n" });
    await container.ready();
    await until(
      "init answers",
      async () => (await container.run(EXECUTABLE, "initctl", "version")).exit === 0,
    );
    const text =
      'import { writeFileSync } from "node:fs";\nwriteFileSync("/run/begun", "");\nwhile (true);\n';
    await container.run("sh", "-c", 'printf %s "$1" > /run/jobs/slow.ts', "sh", text);
    await until(
      "the module is being evaluated",
      async () => (await container.run("test", "-e", "/run/begun")).exit === 0,
    );
    await container.signal("SIGTERM");
    assert.equal(await container.ended(), 0);
    assert.doesNotMatch(container.stderr, /slow\.ts/);
  },
});

Deno.test("a file that is broken, then mended, while init runs", async () => {
  await using init = await RunningInit.start({ jobs: { ...GOOD, "late.ts": BROKEN["throws.ts"]!.text } });
  await init.untilMessage(/late\.ts:3.*out of cheese/);
  assert.equal((await init.initctl("status", "late")).stderr, "initctl: Unknown job: late\n");
  init.write("late.ts", GOOD["fine.ts"]);
  await init.until(["status", "late"], "late stop/waiting\n");
});

/** A hook that never ends, in a job of each kind. */
const ENDLESS_HOOKS = {
  "stuck.ts":
    'import { job } from "rouse";\nexport default job({ preStart() { while (true); }, exec: "sleep 600" });\n',
  "stuck.conf": "pre-start script\n  while :; do :; done\nend script\nexec sleep 600\n",
};

for (const [file, text] of Object.entries(ENDLESS_HOOKS)) {
  Deno.test(`an endless loop in a hook of ${file} leaves other jobs alone, and killing it ends its job`, async () => {
    await using init = await RunningInit.start({ jobs: { ...GOOD, [file]: text } });
    await init.until(["status", "stuck"], "stuck stop/waiting\n");
    await init.ask("start", "--no-wait", "stuck");
    const status = await init.until(["status", "stuck"], /^stuck start\/pre-start, process \d+/);
    const hook = Number(/\d+/.exec(status)![0]);

    assert.match(await init.ask("start", "good"), /^good start\/running/);
    assert.equal(await init.ask("stop", "good"), "good stop/waiting\n");
    sendSignal(hook, "SIGKILL");
    const reason = file === "stuck.ts" ? "\tfailed: its pre-start process was killed by KILL\n" : "";
    await init.until(["status", "stuck"], `stuck stop/waiting\n${reason}`);
  });
}

Deno.test("a hook that exits, throws or dies fails its own job only", async () => {
  const hook = (body: string) =>
    `import { job } from "rouse";\nimport process from "node:process";\nexport default job({\n  preStart() {\n    ${body}\n  },\n  exec: "sleep 600",\n});\n`;
  await using init = await RunningInit.start({
    jobs: {
      ...GOOD,
      "exits.ts": hook("process.exit(7);"),
      "throws.ts": hook('throw new Error("out of cheese");'),
      "dies.ts": hook('process.kill(process.pid, "SIGKILL");'),
    },
  });
  for (const name of ["exits", "throws", "dies"]) {
    await init.until(["status", name], `${name} stop/waiting\n`);
    const { exit, stderr } = await init.initctl("start", name);
    assert.equal(exit, 1);
    assert.match(
      stderr,
      /^initctl: Job failed to start\n\w+ pre-start process \(\d+\) (terminated with status \d|killed by KILL signal)\n$/,
    );
    assert.match(
      await init.ask("status", name),
      /^\w+ stop\/waiting\n\tfailed: its pre-start process (ended with status \d|was killed by KILL)\n$/,
    );
  }
  assert.match(
    await until("the log tells what was thrown", () => init.read("log/throws.log")),
    /throws\.ts:5.*out of cheese|out of cheese.*throws\.ts:5/s,
  );
  assert.match(await init.ask("start", "good"), /^good start\/running/);
});
