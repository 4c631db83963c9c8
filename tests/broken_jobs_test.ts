/** Job files that are wrong, and jobs that misbehave: each harms itself alone. */

import assert from "node:assert/strict";
import { until } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { sendSignal } from "./support/processes.ts";

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
    await init.until(["status", "stuck"], "stuck stop/waiting\n");
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
    assert.deepEqual({ exit, stderr }, { exit: 1, stderr: "initctl: Job failed to start\n" });
    assert.equal(await init.ask("status", name), `${name} stop/waiting\n`);
  }
  assert.match(
    await until("the log tells what was thrown", () => init.read("log/throws.log")),
    /throws\.ts:5.*out of cheese|out of cheese.*throws\.ts:5/s,
  );
  assert.match(await init.ask("start", "good"), /^good start\/running/);
});
