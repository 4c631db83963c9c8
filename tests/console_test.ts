/** Init's own output as the console of all jobs: whole lines, none lost, and nobody held up by them. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { type Outcome, run } from "./support/command.ts";
import { APART, contain, Container, CONTAINERS_POSSIBLE } from "./support/container.ts";
import { until, within } from "./support/deadline.ts";
import { isAlive } from "./support/processes.ts";
import { EXECUTABLE, installed } from "./support/programs.ts";

function test(name: string, body: () => Promise<void>, ignore = false): void {
  Deno.test({ name, ignore: ignore || !CONTAINERS_POSSIBLE, fn: body });
}

/** Runs a line of shell apart from other inits. */
function shell(line: string): Promise<Outcome> {
  return run([...APART, "/bin/sh", "-c", line], {
    environment: { PATH: Deno.env.get("PATH") ?? "" },
    directory: "/",
  });
}

/** Shell that makes configuration files in /run/jobs. */
function files(jobs: Record<string, string>): string {
  const each = Object.entries(jobs).map(([name, text]) =>
    `cat > /run/jobs/${name} <<'END OF FILE'\n${text}END OF FILE\n`
  );
  return `mkdir /run/jobs\n${each.join("")}`;
}

/** A container that runs these jobs, and ends with the one called `last`. */
function withJobs(jobs: Record<string, string>, ...options: string[]) {
  return contain(["init", "--confdir", "/run/jobs", "--exit-with", "last", ...options], {
    prepare: files(jobs),
  });
}

/** Two streams of an instance with a name. */
const SPEAKER = {
  "speaker.conf": "instance $N\ntask\nscript\n  echo out; echo error >&2; printf end\nend script\n",
  "last.conf": "start on startup\ntask\nexec /proc/1/exe initctl start speaker N=a\n",
};
const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;

test("--log-format: plain, prefix, time, json; the two streams stay apart", async () => {
  const plain = await withJobs(SPEAKER);
  assert.equal(plain.stdout, "out\nend\nspeaker stop/waiting\n");
  assert.equal(plain.stderr, "error\n");
  const prefix = await withJobs(SPEAKER, "--log-format=prefix");
  assert.equal(
    prefix.stdout,
    "speaker (a) | out\nspeaker (a) | end\nlast | speaker stop/waiting\n",
  );
  assert.equal(prefix.stderr, "speaker (a) | error\n");
  const time = await withJobs(SPEAKER, "--log-format", "time");
  assert.match(time.stdout, new RegExp(`^${TIME} speaker \\(a\\) \\| out$`, "m"));
  const json = await withJobs(SPEAKER, "--log-format=json");
  const records = json.stdout.trim().split("\n").map((line) => JSON.parse(line));
  assert.match(records[0].time, new RegExp(`^${TIME}$`));
  assert.deepEqual(records.map(({ job, instance, stream, message }) => [job, instance, stream, message]), [
    ["speaker", "a", "stdout", "out"],
    ["speaker", "a", "stdout", "end"],
    ["last", undefined, "stdout", "speaker stop/waiting"],
  ]);
  assert.deepEqual(JSON.parse(json.stderr).stream, "stderr");
});

test("init's messages have the format, too", async () => {
  const { stderr } = await withJobs(
    {
      "failing.conf": "start on startup\nexec sh -c 'exit 1'\n",
      "last.conf": "start on stopped failing\nexec true\n",
    },
    "--log-format=json",
  );
  const { priority, message } = JSON.parse(stderr);
  assert.equal(priority, "warn");
  assert.match(message, /^failing main process \(\d+\) terminated with status 1$/);
});

test("no line gets into another, however it is written and wherever the streams go", async () => {
  const count = 8, lines = 300;
  const jobs: Record<string, string> = {
    "last.conf": "start on stopped all\nexec true\n",
    "all.conf":
      "start on startup\ntask\nscript\n  for n in $(seq 8); do /proc/1/exe initctl start writer N=$n & done\n  wait\nend script\n",
    "writer.conf": 'instance $N\ntask\nscript\n  line=$(printf "%0$((N * 100))d" 0)\n  i=0\n' +
      `  while [ $i -lt ${lines} ]; do\n    i=$((i + 1))\n    printf "<$N:$i"; printf ":$line>\\n"\n` +
      '    printf "<$N:$i:" >&2; printf "error>\\n" >&2\n  done\nend script\n',
  };
  const { stdout, stderr } = await contain(
    ["-c", 'exec "$0" init --confdir /run/jobs --exit-with last 2>&1', EXECUTABLE],
    { prepare: `${files(jobs)}shift; set -- /bin/sh "$@"` },
  );
  assert.equal(stderr, "");
  const written = stdout.split("\n").filter((line) => /[<>]/.test(line));
  assert.equal(written.length, 2 * count * lines);
  assert.deepEqual(written.filter((line) => !/^<\d+:\d+:(?:0+|error)>$/.test(line)), []);
  // Each writer's lines are in their order.
  for (let writer = 1; writer <= count; writer++) {
    const numbers = written.filter((line) => line.startsWith(`<${writer}:`) && line.endsWith("0>")).map((
      line,
    ) => Number(line.split(":")[1]));
    assert.deepEqual(numbers, Array.from({ length: lines }, (_, index) => index + 1));
  }
});

test("a line that does not end is passed on in pieces, which the lines of others stay out of", async () => {
  const { stdout } = await withJobs({
    "long.conf":
      "start on startup\ntask\nscript\n  for i in 1 2 3 4 5; do head -c 50000 /dev/zero | tr '\\0' x; sleep 0.05; done\n" +
      "end script\n",
    "short.conf": "start on startup\nscript\n  while :; do echo short; sleep 0.01; done\nend script\n",
    "last.conf": "start on stopped long\ntask\nexec true\n",
  });
  const lines = stdout.split("\n");
  assert.deepEqual(lines.filter((line) => !/^(?:x+|short|)$/.test(line)), []);
  assert.equal(lines.filter((line) => line.startsWith("x")).join("").length, 250_000);
});

test("/dev/stdout and /dev/stderr can be opened by a job of any user", async () => {
  const { exit, stdout, stderr } = await withJobs({
    "last.conf":
      "start on startup\nsetuid nobody\nscript\n  id -un\n  echo out > /dev/stdout\n  echo error > /dev/stderr\nend script\n",
  });
  assert.deepEqual([exit, stdout, stderr], [0, "nobody\nout\n", "error\n"]);
}, Deno.uid() !== 0);

test("what nobody reads holds up its writer, not init, and is not lost", async () => {
  using container = new Container(["init", "--confdir", "/run/jobs", "--exit-with", "flood"], {
    reads: false,
    prepare: files({
      "flood.conf":
        'start on startup\nscript\n  echo $$ > /run/pid\n  i=0\n  while [ $i -lt 40000 ]; do i=$((i + 1)); echo "line $i"; done\n' +
        "  touch /run/written\nend script\n",
      "other.conf": "start on startup\nconsole none\nexec sleep 600\n",
    }),
  });
  await container.ready();
  await heldUp(container);
  await until("the other job runs", async () => {
    return /^other start\/running/m.test((await container.run(EXECUTABLE, "initctl", "list")).stdout);
  });
  assert.equal((await container.run("test", "-e", "/run/written")).exit, 1);
  container.read();
  assert.equal(await container.ended(), 0);
  assert.equal(container.stdout, Array.from({ length: 40000 }, (_, index) => `line ${index + 1}\n`).join(""));
});

test("a container whose output nobody reads still stops in its time", async () => {
  using container = new Container(
    ["run", "--shutdown-timeout=0.5", "sh", "-c", "echo $$ > /run/pid; while :; do echo much; done"],
    { reads: false },
  );
  await container.ready();
  await heldUp(container);
  const pid = await container.pid();
  await container.signal("SIGTERM");
  await until("init has ended", () => !isAlive(pid));
});

/** Waits until the process of /run/pid, which does nothing but write, is made to wait. */
async function heldUp(container: Container): Promise<void> {
  let before = "", equal = 0;
  await until("the writer is held up", async () => {
    const { stdout } = await container.run("/bin/sh", "-c", "cat /proc/$(cat /run/pid)/io");
    const written = /^wchar: \d+$/m.exec(stdout)?.[0] ?? "";
    equal = written !== "" && written === before ? equal + 1 : 0;
    before = written;
    return equal === 5;
  });
}

test("much output without a line's end comes through byte by byte", async () => {
  const size = 64 << 20;
  const { stdout } = await shell(
    `unshare --fork --pid --mount-proc ${EXECUTABLE} run -- head -c ${size} /dev/zero | wc -c`,
  );
  assert.equal(Number(stdout), size);
});

test("init answers while a job prints as fast as it can, and the others' lines come through", async () => {
  using container = new Container(["init", "--confdir", "/run/jobs", "--exit-with", "last"], {
    prepare: files({
      "flood.conf": 'start on startup\nexec yes "a line of a job that never stops to print"\n',
      "quiet.conf": 'start on startup\nscript\n  while :; do echo "== quiet"; sleep 0.01; done\nend script\n',
      "last.conf": 'start on go\ntask\nexec echo "== last"\n',
    }),
  });
  await container.printed(/^== quiet$/m);
  // It may be gone with the container before it has its answer.
  await container.run(EXECUTABLE, "initctl", "emit", "go");
  assert.equal(await container.ended(), 0);
  assert.match(container.stdout, /^== last$/m);
});

test("a command whose output nobody reads any more gets SIGPIPE, as if it wrote there itself", async () => {
  const { stdout, stderr } = await shell(
    `{ unshare --fork --pid --mount-proc ${EXECUTABLE} run yes; echo "status $?" >&2; } | head -n 1`,
  );
  assert.equal(stdout, "y\n");
  assert.match(stderr, /^status 141$/m);
});

test("a job may close its output", async () => {
  const { exit } = await contain(["run", "/bin/sh", "-c", "exec >&- 2>&-; sleep 0.1; exit 7"]);
  assert.equal(exit, 7);
});

test("a job that fills the disk with its log harms no other", async () => {
  using container = new Container(["init", "--confdir", "/run/jobs", "--exit-with", "last"], {
    prepare: files({
      "flood.conf": "start on startup\nconsole log\nexec yes\n",
      "talker.conf":
        'start on full\ntask\nscript\n  for i in $(seq 1000); do echo "line $i"; done\nend script\n',
      "last.conf": "start on stopped talker\nexec true\n",
    }) + "mount -t tmpfs -o size=256k none /var/log\n",
  });
  await container.ready();
  await until("the disk is full", async () => {
    return /100%/.test((await container.run("df", "/var/log")).stdout);
  });
  // It may be gone with the container before it has its answer.
  await container.run(EXECUTABLE, "initctl", "emit", "full");
  assert.equal(await container.ended(), 0);
  assert.equal(container.stdout, Array.from({ length: 1000 }, (_, index) => `line ${index + 1}\n`).join(""));
});

test("that a log cannot be written is said once, and once that it is written again", async () => {
  using container = new Container(["init", "--confdir", "/run/jobs", "--logdir", "/run/log"], {
    prepare: files({ "filler.conf": "task\nconsole pipe\nexec head -c 150000 /dev/zero\n" }) +
      "mkdir /run/log; mount -t tmpfs -o size=128k none /run/log\n",
  });
  await container.ready();
  await until("init answers", async () => (await container.run(EXECUTABLE, "initctl", "version")).exit === 0);
  const said = () => container.stderr.match(/^init: \/run\/log\/filler\.log: .*$/gm) ?? [];
  const failing =
    "init: /run/log/filler.log: unable to write: No space left on device; its lines are kept in memory";
  const fill = () => container.run(EXECUTABLE, "initctl", "start", "filler");
  for (let time = 0; time < 2; time++) {
    assert.equal((await fill()).exit, 0);
    await until("init says so", () => said().length > 0);
    assert.deepEqual(said(), [failing]);
  }
  await container.run("mount", "-o", "remount,size=1m", "/run/log");
  await fill();
  await until("init says more", () => said().length > 1);
  assert.deepEqual(said(), [failing, "init: /run/log/filler.log: written again"]);
  assert.match((await container.run("wc", "-c", "/run/log/filler.log")).stdout, /^450000 /);
  await container.signal("SIGTERM");
  assert.equal(await container.ended(), 0);
});

test("on a terminal the command has it to itself, and job control", async () => {
  const [program, ...words] = [...APART, "script", "-qec", `${EXECUTABLE} run -- sh -i`, "/dev/null"];
  const terminal = spawn(program!, words, {
    env: { PATH: Deno.env.get("PATH") ?? "", ENV: "", PS1: "ready> " },
    cwd: "/",
  });
  let shown = "";
  terminal.stdout.on("data", (chunk) => shown += chunk);
  const ended = new Promise<number | null>((resolve) => terminal.on("close", resolve));
  try {
    const shows = (text: string) => until(`the terminal shows ${text}`, () => shown.includes(text));
    for (
      const [prompt, typed, answer] of [
        // The first half of what is awaited is not in the line as it is typed. The program says it by itself: only
        // then is it sure to be the terminal's foreground, which the interrupt is for.
        ["ready> ", "sh -c 'echo be\"\"gun; exec sleep 600'\n", "begun\r\n"],
        ["", "\x03", "ready> "],
        ["", "echo al''ive; exit 5\n", "alive\r\n"],
      ] as const
    ) {
      await shows(prompt);
      shown = "";
      terminal.stdin.write(typed);
      await shows(answer);
    }
    assert.equal(await within("the end of the shell", ended), 5, shown);
  } finally {
    terminal.kill("SIGKILL");
  }
}, !installed("script"));
