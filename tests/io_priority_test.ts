/** The stanza `ioprio` and the field `ioPriority`: what they do to a process, what is refused, and that they convert. */

import assert from "node:assert/strict";
import process from "node:process";
import { Files } from "./support/author.ts";
import { RunningInit } from "./support/init.ts";
import { installed, unprivilegedPrograms } from "./support/programs.ts";
import { rouse } from "./support/tools.ts";

const isRoot = process.getuid?.() === 0;

/** A job in each format, which tells the I/O priority of its own process. */
function jobs(name: string, priority: string): Record<string, string> {
  const module = { task: true, ioPriority: priority, exec: "ionice" };
  return {
    [`${name}.conf`]: `task\nioprio ${priority}\nexec ionice\n`,
    [`${name}-module.ts`]: `import { job } from "rouse";\nexport default job(${JSON.stringify(module)});\n`,
  };
}

const PRIORITIES: Record<string, [priority: string, told: string]> = {
  usual: ["best-effort", "best-effort: prio 4"],
  low: ["best-effort 7", "best-effort: prio 7"],
  high: ["best-effort 0", "best-effort: prio 0"],
  idle: ["idle", "idle"],
};

Deno.test({
  name: "a process has the I/O priority that its job says, in both formats",
  ignore: !installed("ionice"),
  async fn() {
    const all = Object.entries(PRIORITIES).map(([name, [priority]]) => jobs(name, priority));
    await using init = await RunningInit.start({ jobs: Object.assign({}, ...all) });
    for (const [name, [, told]] of Object.entries(PRIORITIES)) {
      for (const job of [name, `${name}-module`]) {
        await init.until(["status", job], `${job} stop/waiting\n`);
        assert.equal((await init.initctl("start", job)).exit, 0, init.messages());
        assert.deepEqual(await init.untilLines(`log/${job}.log`, 1), [told], job);
      }
    }
  },
});

Deno.test({
  name: "an I/O priority that init may not give fails the job, with the reason",
  ignore: !isRoot || !installed("setpriv"),
  async fn() {
    using folder = unprivilegedPrograms();
    await using init = await RunningInit.start({ programs: folder.path, jobs: jobs("first", "realtime 2") });
    await init.until(["status", "first"], "first stop/waiting\n");
    assert.equal((await init.initctl("start", "first")).exit, 1);
    await init.untilMessage(
      /Failed to spawn first main process: unable to set I\/O priority to realtime 2: Operation not permitted \(init lacks the privilege\)/,
    );
  },
});

Deno.test("rouse check says what is wrong with an I/O priority", async () => {
  const wrong = {
    "class.conf": [
      "ioprio best-efort 3",
      "Unknown stanza `ioprio best-efort'; did you mean `ioprio best-effort'?",
    ],
    "level.conf": ["ioprio realtime 8", "Unknown stanza `ioprio realtime 8'"],
    "idle.conf": ["ioprio idle 3", "Unexpected token `3' behind `ioprio idle'"],
    "none.conf": ["ioprio", "Expected token behind `ioprio'"],
  };
  for (const [name, [stanza, message]] of Object.entries(wrong)) {
    using files = new Files({ [name]: `${stanza}\nexec true\n` });
    const { exit, stderr } = await rouse(files, "check", name);
    assert.deepEqual({ exit, stderr }, { exit: 1, stderr: `${name}:1: ${message}\n` });
  }
});

Deno.test("an I/O priority converts both ways", async () => {
  const module =
    'import { job } from "rouse";\n\nexport default job({\n  semantics: "upstart",\n  ioPriority: "best-effort 7",\n  exec: "true",\n});\n';
  const conf = "ioprio best-effort 7\n\nexec true\n";
  using files = new Files({ "a.conf": conf, "b.ts": module });
  assert.deepEqual(await rouse(files, "convert", "a.conf"), { exit: 0, stdout: module, stderr: "" });
  assert.deepEqual(await rouse(files, "convert", "b.ts"), { exit: 0, stdout: conf, stderr: "" });
});
