/** Mistakes that nobody would notice: each is told, with what to do. */

import assert from "node:assert/strict";
import { Files } from "./support/author.ts";
import { RunningInit } from "./support/init.ts";
import { installed } from "./support/programs.ts";
import { onTerminal } from "./support/terminal.ts";
import { rouse } from "./support/tools.ts";

/** A file, and what `rouse check` says of its first mistake. */
const MISTAKES: Array<[name: string, text: string, said: RegExp]> = [
  [
    "a.ts",
    'import { job } from "rouse";\nexport default job({ exec: ["/bin/true"], user: undefined! });\n',
    /user is undefined, and without user the job has more rights/,
  ],
  ["b.conf", "kill timeout 300\nexec true\n", /b\.conf:1: warning: kill timeout: a shutdown cuts it short/],
  [
    "c.conf",
    "start on stopped t\nexec true\n",
    /c\.conf:1: warning: start on: `stopped t' comes also when the task has failed.*`stopped t RESULT=ok'/,
  ],
  [
    "d.conf",
    "start on stopped t RESULT=success\nexec true\n",
    /d\.conf:1: warning: start on: RESULT is never `success'; it is ok or failed/,
  ],
  [
    "e.ts",
    'import { job, on } from "rouse";\n' +
    'export default job({ exec: "true", startOn: on("stopped", "t", { EXIT_SIGNAL: "SIGKILL" }) });\n',
    /e\.ts:2: warning: start on: EXIT_SIGNAL is never `SIGKILL'; did you mean `KILL'\?/,
  ],
  [
    "f.conf",
    "start on started f\nexec true\n",
    /f\.conf:1: warning: start on: `started f' comes when the job itself is started, so that starts nothing/,
  ],
];

for (const [name, text, said] of MISTAKES) {
  Deno.test(`rouse check tells of a silent mistake: ${said.source}`, async () => {
    using files = new Files({ [name]: text, "t.conf": "task\nexec true\n" });
    assert.match((await rouse(files, "check", "--notypes", ".")).stderr, said);
  });
}

Deno.test("an option that is given twice, of which one value alone can be meant, is told of", async () => {
  using files = new Files({ "a.conf": "exec true\n" });
  for (
    const [program, option, ...words] of [
      ["new", "exec", "web", "--exec", "true", "--exec", "false"],
      ["new", "user", "web", "--exec", "true", "--user", "www", "--user", "nobody"],
      ["convert", "output", "a.conf", "-o", "one.ts", "-o", "two.ts"],
      ["build", "jobs", "--jobs", "one", "--jobs", "two", "-o", "rouse"],
    ] as const
  ) {
    const { exit, stderr } = await rouse(files, program, ...words);
    assert.equal(exit, 2, stderr);
    assert(
      stderr.startsWith(
        `rouse ${program}: --${option} was given 2 times, and one value alone can be meant\n`,
      ),
      stderr,
    );
  }
});

Deno.test("init tells which of its options count, and which directory is not there", async () => {
  await using init = await RunningInit.start({
    jobs: { "web.conf": "exec sleep 600\n" },
    arguments: [
      "--logdir",
      "@DIR@/other",
      "--log-format",
      "time",
      "--log-format",
      "plain",
      "--confdir",
      "@DIR@/nowhere",
    ],
  });
  const told = init.messages();
  for (
    const line of [
      "Ignoring --logdir @DIR@/log: --logdir @DIR@/other follows",
      "Ignoring --log-format time: --log-format plain follows",
      "@DIR@/nowhere: Configuration directory cannot be read: No such file or directory",
    ]
  ) assert(told.includes(init.expand(line)), told);
  assert(!told.includes("--confdir"), told);
  assert.equal(await init.ask("list"), "web stop/waiting\n");
});

Deno.test("filters that are given twice are both meant", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "web.conf": "exec sh -c 'echo one; echo two; echo three; exec sleep 600'\n",
      "bad.conf": "exec false\n",
      "off.conf": "exec true\n",
    },
  });
  await init.shell("initctl start web; initctl start bad");
  await init.until(["logs", "web"], "one\ntwo\nthree\n");
  await init.until(
    ["list", "--state", "failed", "--state", "running"],
    /^bad stop\/waiting\nweb start\/running, process \d+\n$/,
  );
  assert.equal(await init.ask("logs", "web", "--grep", "one", "--grep", "^thr"), "one\nthree\n");
});

Deno.test({
  name: "arguments that the classic command passes over have a hint on a terminal",
  ignore: !installed("script"),
  async fn() {
    await using init = await RunningInit.start({
      jobs: { "web.conf": "exec true\n", "db.conf": "exec true\n" },
    });
    const { environment } = init;
    const { exit, lines } = await onTerminal("initctl list web", { environment });
    assert.equal(exit, 0);
    assert.equal(lines[0], "initctl: This lists all jobs; for some of them: initctl list --jobs web");
    assert(lines.some((line) => line.startsWith("db ")));
    assert(!(await init.initctl("list", "web")).stderr);
  },
});

Deno.test("rouse new refuses a name with blanks, and writes nothing", async () => {
  using files = new Files({});
  const { exit, stderr } = await rouse(files, "new", "a b", "--exec", "true");
  assert.equal(exit, 2);
  assert.match(stderr, /^rouse new: no job should be called "a b": .*; how about a-b$/m);
});
