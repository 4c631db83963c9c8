/** What start, stop and emit show on a terminal: what they wait for, why it has failed, and that it goes on after ^C. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { until, within } from "./support/deadline.ts";
import { RunningInit } from "./support/init.ts";
import { installed } from "./support/programs.ts";

const ignore = !installed("script");

/** Takes away what is in the line. */
const ERASED = "\r\x1b[K";

/** A command on a terminal of its own. */
function onTerminal(init: RunningInit, line: string) {
  const child = spawn("script", ["-qec", line, "/dev/null"], { env: init.environment, cwd: "/" });
  let text = "";
  child.stdout.on("data", (chunk) => text += chunk);
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  return {
    shows: async (pattern: RegExp) => {
      await until(`${line} shows ${pattern}`, () => pattern.test(text)).catch((error) => {
        throw new Error(`${error.message}; it is: ${JSON.stringify(text)}`);
      });
    },
    type: (keys: string) => child.stdin.write(keys),
    /** The exit status, and the lines that are left: what was drawn and taken away in a line is not. */
    async end() {
      const status = await within(`the end of ${line}`, ended);
      return { status, lines: text.split("\r\n").map((one) => one.split(ERASED).at(-1)!) };
    },
    [Symbol.dispose]: () => void child.kill("SIGKILL"),
  };
}

/** A command on a terminal, to its end. */
async function shown(init: RunningInit, line: string): Promise<{ status: number | null; lines: string[] }> {
  using terminal = onTerminal(init, line);
  return await terminal.end();
}

const SLOW = "pre-start script\nuntil [ -e @DIR@/go ]; do sleep 0.05; done\nend script\nexec sleep 600\n";
const BAD =
  "pre-start script\necho trying\nprintf 'cannot \\033[31mbind\\033]0;x\\007\\n'\nexit 3\nend script\nexec sleep 600\n";

const JOBS = {
  "slow.conf": `start on hello\n${SLOW}`,
  "bad.conf": BAD,
  "web.conf": "exec sleep 600\n",
  "tty.conf": "instance $N\nexec sleep 600\n",
};

function test(name: string, run: (init: RunningInit) => Promise<void>): void {
  Deno.test({
    name,
    ignore,
    async fn() {
      await using init = await RunningInit.start({ jobs: JOBS });
      await run(init);
    },
  });
}

// deno-lint-ignore no-control-regex
const WAITS = /\r\x1b\[Kslow is pre-start: pre-start process \d+ for \d+ m?s/;

for (const line of ["initctl start slow", "start slow", "initctl emit hello"]) {
  test(`${line} shows what it waits for, and takes it away`, async (init) => {
    using terminal = onTerminal(init, line);
    await terminal.shows(WAITS);
    writeFileSync(init.path("go"), "");
    const { status, lines } = await terminal.end();
    assert.equal(status, 0);
    if (line.includes("emit")) assert.deepEqual(lines, [""]);
    else assert.match(lines.join("\n"), /^slow start\/running, process \d+\n$/);
  });
}

test("^C ends the command alone, and it is said that the job goes on", async (init) => {
  using terminal = onTerminal(init, "initctl start slow");
  await terminal.shows(WAITS);
  terminal.type("\x03");
  const { status, lines } = await terminal.end();
  assert.equal(status, 130);
  assert.deepEqual(lines.filter((one) => one.startsWith("initctl: ")), [
    "initctl: slow goes on starting; `initctl stop --force slow' ends that at once",
  ]);
  assert.match(await init.ask("status", "slow"), /^slow start\/pre-start, process \d+\n$/);
  writeFileSync(init.path("go"), "");
  await init.until(["status", "slow"], /^slow start\/running/);
});

test("a failure is shown with its reason and the last lines; without a terminal all is as before", async (init) => {
  const { status, lines } = await shown(init, "initctl start bad");
  assert.equal(status, 1);
  assert.deepEqual(lines.map((line) => line.replace(/after \d+ m?s/, "after T")), [
    "initctl: Job failed to start",
    "bad: pre-start failed: exit status 3 after T",
    "  | trying",
    "  | cannot bind\\e]0;x\\x07",
    "For more: initctl status bad, initctl logs bad",
    "",
  ]);
  assert.deepEqual(await init.initctl("start", "bad"), {
    exit: 1,
    stdout: "",
    stderr: "initctl: Job failed to start\n",
  });
});

test("what is likely to be meant is said on a terminal alone", async (init) => {
  await init.ask("start", "web");
  const hints: Array<[line: string, message: string, hint: string]> = [
    ["stop web slow", "Env must be KEY=VALUE pairs", "For several jobs: initctl stop --jobs web slow"],
    ["start wbe", "Unknown job: wbe", "The nearest name is web"],
    ["start tty", "Unknown parameter: N", "The instance is missing: initctl start tty N=…"],
    ["restart slow", "Unknown instance: ", "slow is not running; `initctl start slow' starts it"],
  ];
  for (const [line, message, hint] of hints) {
    assert.deepEqual(await shown(init, `initctl ${line}`), {
      status: 1,
      lines: [`initctl: ${message}`, hint, ""],
    });
    const { stderr } = await init.initctl(...line.split(" "));
    assert.equal(stderr, `initctl: ${message}\n`);
  }
});

test("a pattern where a name belongs has a hint on a terminal", async (init) => {
  const { status, lines } = await shown(init, "initctl status 'we*'");
  assert.deepEqual([status, lines], [1, [
    "initctl: No job is called we*; for all that match: initctl status --jobs 'we*'",
    "",
  ]]);
});

test("logs on a terminal have times and colours, and nothing that controls it", async (init) => {
  await init.initctl("start", "bad");
  const time = "(?:\\d{4}-\\d\\d-\\d\\d )?\\d\\d:\\d\\d:\\d\\d", dim = `\x1b\\[2m${time}\x1b\\[0m`;
  const plain = await shown(init, "NO_COLOR=1 initctl logs");
  assert.match(
    plain.lines.join("\n"),
    new RegExp(`^${time} bad \\| trying\n${time} bad \\| cannot bind\\\\e\\]0;x\\\\x07\n$`),
  );
  const coloured = await shown(init, "initctl logs bad");
  assert.match(
    coloured.lines.join("\n"),
    new RegExp(`^${dim} trying\n${dim} cannot bind\\\\e\\]0;x\\\\x07\n$`),
  );
  const { lines } = await shown(init, "initctl logs web");
  assert.deepEqual(lines, ["initctl: Nothing that web printed is kept", ""]);
  const events = await shown(init, "NO_COLOR=1 initctl events bad --kind failed");
  assert.match(
    events.lines.join("\n"),
    new RegExp(`^${time} failed +bad: pre-start failed: exit status 3 after \\d+ m?s\n$`),
  );
});

test("start --jobs shows what it waits for, and why the others have failed", async (init) => {
  using terminal = onTerminal(init, "initctl start --jobs slow bad");
  await terminal.shows(WAITS);
  writeFileSync(init.path("go"), "");
  const { status, lines } = await terminal.end();
  assert.equal(status, 1);
  const text = lines.join("\n");
  assert.match(text, /^slow start\/running, process \d+$/m);
  assert.match(
    text,
    /^initctl: bad: Job failed to start\nbad: pre-start failed: exit status 3 .*\n.*trying\n.*cannot bind/m,
  );
});

test("what is down is not restarted with others, and that is said where it was named", async (init) => {
  assert.match(
    (await init.initctl("restart", "--jobs", "web")).stderr,
    /^initctl: web was not running, so it is not restarted; `initctl start web' starts it\n$/,
  );
  assert.equal((await init.initctl("restart", "--jobs", "w*")).stderr, "");
});

test("a command that may be meant is told", async (init) => {
  const said = async (line: string) => (await shown(init, line)).lines.join("\n");
  assert.match(await said("initctl lst"), /invalid command: lst \(is list meant\?\)/);
  assert.match((await init.initctl("lst")).stderr, /^initctl: invalid command: lst\n/);
});
