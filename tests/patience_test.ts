/** What start, stop and emit show on a terminal: what they wait for, why it has failed, and that it goes on after ^C. */

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { RunningInit } from "./support/init.ts";
import { installed } from "./support/programs.ts";
import { Terminal } from "./support/terminal.ts";

const ignore = !installed("script");

/** Takes away what is in the line. */
const ERASED = "\r\x1b[K";

/** A line of shell on a terminal of its own. */
function onTerminal(init: RunningInit, line: string): Terminal {
  return new Terminal(line, { environment: init.environment, columns: 200 });
}

/** The exit status of a line, and the lines that are left: what was drawn and taken away in a line is not. */
async function endOf(terminal: Terminal): Promise<{ status: number; lines: string[] }> {
  const status = await terminal.ended();
  return { status, lines: terminal.shown.split("\r\n").map((one) => one.split(ERASED).at(-1)!) };
}

/** A line of shell on a terminal, to its end. */
async function shown(init: RunningInit, line: string): Promise<{ status: number; lines: string[] }> {
  await using terminal = onTerminal(init, line);
  return await endOf(terminal);
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
const WAITS = /\r\x1b\[Kslow is pre-start: pre-start process \d+ for \d+ (ms|s|min)/;

for (const line of ["initctl start slow", "start slow", "initctl emit hello"]) {
  test(`${line} shows what it waits for, and takes it away`, async (init) => {
    await using terminal = onTerminal(init, line);
    await terminal.until(WAITS);
    writeFileSync(init.path("go"), "");
    const { status, lines } = await endOf(terminal);
    assert.equal(status, 0);
    if (line.includes("emit")) assert.deepEqual(lines, [""]);
    else assert.match(lines.join("\n"), /^slow start\/running, process \d+\n$/);
  });
}

test("^C ends the command alone, and it is said that the job goes on", async (init) => {
  await using terminal = onTerminal(init, "exec initctl start slow");
  await terminal.until(WAITS);
  terminal.type("\x03");
  const { status, lines } = await endOf(terminal);
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
  assert.deepEqual(lines.map((line) => line.replace(/after \d+ (ms|s|min)/, "after T")), [
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
    new RegExp(`^${time} failed +bad: pre-start failed: exit status 3 after \\d+ (ms|s|min)\n$`),
  );
});

test("start --jobs shows what it waits for, and why the others have failed", async (init) => {
  await using terminal = onTerminal(init, "initctl start --jobs slow bad");
  await terminal.until(WAITS);
  writeFileSync(init.path("go"), "");
  const { status, lines } = await endOf(terminal);
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
