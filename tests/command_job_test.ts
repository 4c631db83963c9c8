/** `rouse run` and the files of its job `main`: a command never runs by less than all that they say. */

import assert from "node:assert/strict";
import { pool } from "./support/pool.ts";
import { contain, Container, CONTAINERS_POSSIBLE } from "./support/container.ts";
import { until } from "./support/deadline.ts";

function test(name: string, body: () => Promise<void>, ignore = false): void {
  Deno.test({ name, ignore: ignore || !CONTAINERS_POSSIBLE, fn: body });
}

const inTurn = pool(4);

/** Runs a command in a container beside files that shell makes in /run/jobs. */
function runWith(files: string, ...options: string[]) {
  const words = ["run", "--confdir", "/run/jobs", ...options, "--", "/bin/sh", "-c", "echo ran; ulimit -n"];
  return inTurn(() => contain(words, { prepare: `mkdir /run/jobs /run/more; cd /run/jobs\n${files}` }));
}

const MODULE = 'import { job } from "rouse";';

/** Mistakes, as shell that makes them, and what is said of each. */
const MISTAKES: Array<[files: string, told: RegExp]> = [
  ["printf 'nice 5\\nlimit nofile 77\\n' > main.conf", /main\.conf:2: /],
  ["printf 'nice 5\\nrespwan\\n' > main.conf", /main\.conf:2: Unknown stanza/],
  ["printf 'script\\n' > main.conf", /main\.conf:/],
  [
    "printf 'limit nofile 77 77\\n' > main.conf; echo frobnicate > main.override",
    /main\.override:1: Unknown stanza/,
  ],
  ["echo frobnicate > main.override", /main\.override:1: Unknown stanza/],
  [`echo '${MODULE} export default job({ unknown: 1 });' > main.ts`, /main\.ts:1:.*unknown/],
  [`echo '${MODULE} throw new Error("out of cheese");' > main.ts`, /main\.ts:1:.*out of cheese/],
  ["echo 'for (;;);' > main.ts", /main\.ts: Module did not end within 5 s/],
  [
    "echo 'export const user = 1;' > main.ts",
    /main\.ts: File defines no job main; let it say export default job\(.*name: "main"/,
  ],
  [
    "touch main.ts; chmod 666 main.ts; echo 'limit nofile 77 77' > main.conf",
    /main\.ts: .*writable by everyone/,
  ],
  ["ln -s nowhere main.conf", /main\.conf: No such file or directory/],
  ["ln -s main.conf main.conf", /main\.conf: Too many levels of symbolic links/],
  ["mkdir main.conf", /main\.conf: Not a regular file/],
  ["mkdir main.ts", /main\.ts: Not a regular file/],
  ["mkfifo main.override", /main\.override: Not a regular file/],
  ["head -c 2000000 /dev/zero > main.conf", /main\.conf: File is too large/],
  // A module of any name may define the job.
  [
    `echo '${MODULE} export default [job({ name: "main" }); job({ name: "b" })];' > all.ts`,
    /all\.ts:1:.*; it may say something of the job main$/,
  ],
  ["mkdir sub; touch sub/all.ts; chmod 666 sub/all.ts", /sub\/all\.ts: .*writable by everyone/],
  ["ln -s nowhere all.ts; echo 'limit nofile 77 77' > main.conf", /all\.ts: No such file or directory/],
  // A file of a later directory does not stand in for one that says more.
  [
    "echo 'limit nofile' > main.conf; echo 'nice 5' > /run/more/main.conf",
    /main\.conf:1: /,
  ],
];

test("the command does not run while a file of its job is wrong, and the reason is told", async () => {
  const outcomes = await Promise.all(
    MISTAKES.map(([files]) => runWith(files, "--append-confdir", "/run/more")),
  );
  for (const [index, { exit, stdout, stderr }] of outcomes.entries()) {
    const [files, told] = MISTAKES[index]!;
    assert.deepEqual([exit, stdout], [1, ""], files);
    const [, reason = ""] = /^init: Unable to run \/bin\/sh: (.*)$/m.exec(stderr) ?? [];
    assert.match(reason, told, `${files}: ${stderr}`);
    assert.equal(stderr.split(reason).length - 1, 1, `told once: ${stderr}`);
  }
});

test("nor while a configuration directory that is named is none, or one that is not is something else", async () => {
  const named = ["run", "--confdir", "/run/jobs", "--", "/bin/echo", "ran"];
  const appended = ["run", "--confdir", "/run", "--append-confdir", "/run/jobs", "--", "/bin/echo", "ran"];
  const missing = /^init: Unable to run \/bin\/echo: \/run\/jobs: .*: No such file or directory/m;
  const noDirectory = /^init: Unable to run \/bin\/echo: \/\S+: .*: Not a directory/m;
  const cases: Array<[words: string[], prepare: string, told: RegExp]> = [
    [named, "true", missing],
    [appended, "true", missing],
    [named, "ln -s /run/nowhere /run/jobs", missing],
    [named, "touch /run/jobs", noDirectory],
    [["run", "--", "/bin/echo", "ran"], "rm -rf /etc/init; touch /etc/init", noDirectory],
  ];
  const outcomes = await Promise.all(
    cases.map(([words, prepare]) => inTurn(() => contain(words, { prepare }))),
  );
  for (const [index, { exit, stdout, stderr }] of outcomes.entries()) {
    assert.deepEqual([exit, stdout], [1, ""], stderr);
    assert.match(stderr, cases[index]![2]);
  }
  const { exit, stdout } = await contain(["run", "--", "/bin/echo", "ran"], { prepare: "rm -rf /etc/init" });
  assert.deepEqual([exit, stdout], [0, "ran\n"]);
});

test("nor with no startup event", async () => {
  const { exit, stdout } = await runWith("echo frobnicate > main.conf", "--no-startup-event");
  assert.deepEqual([exit, stdout], [1, ""]);
});

test("nor as a user or in a group that there is not", async () => {
  for (const stanza of ["setuid", "setgid"]) {
    const { exit, stdout, stderr } = await runWith(`echo '${stanza} no-such' > main.conf`);
    assert.notEqual(exit, 0);
    assert.equal(stdout, "");
    assert.match(stderr, new RegExp(`unable to find ${stanza}`));
  }
});

/** What init says of a command that cannot start, or not yet, by the file of its job. */
const NEVER: Array<[files: string, told: string, ...options: string[]]> = [
  ["echo 'instance $X' > main.conf", "main.conf: its instance cannot be named: Unknown parameter: X"],
  [
    "echo 'instance $X' > main.conf",
    "main.conf: its instance cannot be named: Unknown parameter: X",
    "--no-startup-event",
  ],
  [
    "echo 'start on startup NO=x' > main.conf",
    "main.conf: `start on startup NO=x' cannot come true: startup has no variables",
  ],
  [
    "echo 'start on startup NO=x and go' > main.conf",
    "main.conf: `start on (startup NO=x and go)' cannot come true: startup has no variables",
  ],
];

test("a command that can never start is refused", async () => {
  const outcomes = await Promise.all(NEVER.map(([files, , ...options]) => runWith(files, ...options)));
  for (const [index, { exit, stdout, stderr }] of outcomes.entries()) {
    const told = `init: Unable to run /bin/sh: /run/jobs/${NEVER[index]![1]}\n`;
    assert.deepEqual([exit, stdout, stderr], [1, "", told]);
  }
});

test("one that starts anyway does", async () => {
  for (const condition of ["startup NO=x or startup", "go or startup"]) {
    const { exit, stdout, stderr } = await runWith(`echo 'start on ${condition}' > main.conf`);
    assert.equal(exit, 0);
    assert.match(stdout, /^ran/);
    assert.equal(stderr, "");
  }
});

test("what the command waits for is told at once, and init is not ready before it has begun", async () => {
  for (
    const [condition, waits] of [
      ["go", "start on go: no job says that it `emits go', and init does not emit it either"],
      ["started db", "start on started db"],
      ["startup NO=x or started db", "start on (startup NO=x or started db)"],
    ] as const
  ) {
    using container = new Container(
      ["run", "--confdir", "/run/jobs", "--http", "9000", "--", "/bin/sh", "-c", "echo ran; sleep 600"],
      {
        prepare:
          `ip link set lo up; mkdir /run/jobs; echo 'start on ${condition}' > /run/jobs/main.conf; touch /run/jobs/db.conf`,
      },
    );
    await until("it is told", () => container.stderr.includes(`init: /bin/sh waits: ${waits}\n`));
    const probe = () => container.run("/proc/1/exe", "probe", "9000");
    const asked = await until("init is asked", async () => {
      const outcome = await probe();
      return outcome.stdout !== "" && outcome;
    });
    assert.equal(asked.exit, 1);
    assert.equal(asked.stdout, `main waits: ${waits.replace(/: no job.*/, "")}\n`);
    await container.run("/proc/1/exe", "initctl", "emit", "--no-wait", condition === "go" ? "go" : "other");
    if (condition !== "go") await container.run("/proc/1/exe", "initctl", "start", "--no-wait", "db");
    await container.printed(/^ran$/m);
    await until("init is ready", async () => (await probe()).exit === 0);
    await container.signal("SIGTERM");
    await container.ended();
  }
});

test("what the command needs and wants is waited for, and that is told at once", async () => {
  const files = "printf 'needs db completed(once)\\nwants cache nobody\\n' > main.override; " +
    "echo 'exec sleep 600' | tee db.conf cache.conf; printf 'task\\nexec true\\n' > once.conf";
  const { exit, stdout, stderr } = await runWith(files);
  assert.equal(exit, 0);
  assert.match(stdout, /^ran$/m);
  assert.match(stderr, /^init: \/bin\/sh waits: needs db completed\(once\), wants cache$/m);
});

test("a command whose needs cannot be met does not wait for others, but fails, and init with it", async () => {
  const { exit, stdout, stderr } = await runWith(
    "echo 'needs db dbb' > main.conf; echo 'exec true' > db.conf",
  );
  assert.deepEqual([exit, stdout], [1, ""]);
  assert.match(stderr, /main needs: no job is called `dbb' or provides it, so the job cannot start/);
  assert.doesNotMatch(stderr, / waits: /);
});

test("what is in order counts, an override without a file as well; /dev/null is no file", async () => {
  const limit = "limit nofile 77 77";
  const cases: Array<[files: string, output: RegExp]> = [
    [`echo '${limit}' > main.conf`, /^ran\n77\n$/],
    [`echo '${limit}' > main.override`, /^ran\n77\n$/],
    [`echo 'limit nofile 78 78' > main.conf; echo '${limit}' > main.override`, /^ran\n77\n$/],
    [`echo '${MODULE} export default job({ limit: { nofile: 77 } });' > main.ts`, /^ran\n77\n$/],
    ["ln -s /dev/null main.conf", /^ran\n\d+\n$/],
    ["echo frobnicate > other.conf", /^ran\n\d+\n$/],
    ["mkdir main.conf.d; echo 'nice 1' > main.conf.d/x.conf", /^ran\n\d+\n$/],
  ];
  const outcomes = await Promise.all(cases.map(([files]) => runWith(files)));
  for (const [index, { exit, stdout, stderr }] of outcomes.entries()) {
    assert.equal(exit, 0, stderr);
    assert.match(stdout, cases[index]![1]);
  }
});

test("a mistake that is made later leaves the command as it is, over respawns, and one that waits too", async () => {
  using container = new Container(
    ["run", "--confdir", "/run/jobs", "--", "/bin/sh", "-c", "echo limit $(ulimit -n); sleep 600"],
    {
      prepare:
        "mkdir /run/jobs; printf 'limit nofile 77 77\\nrespawn\\nstart on go\\n' > /run/jobs/main.conf",
    },
  );
  const initctl = (...words: string[]) => container.run("/proc/1/exe", "initctl", ...words);
  const edit = (line: string) => container.run("/bin/sh", "-c", line);
  await until(
    "main is known",
    async () => (await initctl("status", "main")).stdout === "main stop/waiting\n",
  );
  const wait = (pattern: RegExp) => until(`init says ${pattern}`, () => pattern.test(container.stderr));
  await edit("echo nonsense > /run/jobs/main.conf");
  await wait(/main\.conf:1: Unknown stanza/);
  await initctl("emit", "--no-wait", "go");
  await container.printed(/^limit 77$/m);
  await initctl("emit", "--no-wait", "go");
  await edit("kill -9 $(/proc/1/exe initctl status main | sed 's/.* //')");
  await container.printed(/^limit 77\nlimit 77$/m);
  // An editor puts the file aside, and a broken one in its place.
  await edit("mv /run/jobs/main.conf /run/jobs/main.conf~; echo other > /run/jobs/main.conf");
  await edit("touch /run/jobs/seen.conf");
  await until("that is seen", async () => (await initctl("status", "seen")).exit === 0);
  await edit("kill -9 $(/proc/1/exe initctl status main | sed 's/.* //')");
  await container.printed(/^(limit 77\n){3}/m);
  await container.signal("SIGTERM");
  assert.equal(await container.ended(), 143);
});

test("a bare command runs on when a file comes that is wrong, and its end ends init", async () => {
  using container = new Container(
    [
      "run",
      "--confdir",
      "/run/jobs",
      "--",
      "/bin/sh",
      "-c",
      "echo ran; while ! test -e /run/end; do sleep 0.01; done; exit 5",
    ],
    { prepare: "mkdir /run/jobs" },
  );
  await container.printed(/ran/);
  await container.run("/bin/sh", "-c", "echo nonsense > /run/jobs/main.conf");
  await until("init tells of it", () => /main\.conf:1: Unknown stanza/.test(container.stderr));
  assert.match(
    (await container.run("/proc/1/exe", "initctl", "status", "main")).stdout,
    /^main start\/running/,
  );
  await container.run("touch", "/run/end");
  assert.equal(await container.ended(), 5);
});
