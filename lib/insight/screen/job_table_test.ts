import assert from "node:assert/strict";
import { instance, job, NOW, observe, REPORT, result } from "../testing/reports.ts";
import { isInState, type JobRow, ORDERS, rowsOf, sorted } from "./job_rows.ts";
import { jobTable } from "./job_table.ts";
import { isStateName } from "./states.ts";
import { COLOURED, PLAIN } from "./style.ts";
import { columnsOf } from "./width.ts";

const ROWS = rowsOf(REPORT, observe);

const SCREENS: Array<[width: number, text: string]> = [
  [
    60,
    `
JOB        STATE      SINCE  PID  LAST RESULT
api        running    2 min  812
db         unhealthy  2 min  700  health: exit status 2
migrate    done       2 min       exited 0 after 3 s
tty (1)    running    2 min   21
tty (2)    starting   2 min   22
web        failed     2 min       exited 44 after 3 s, 5th…
\\e[31mred  stopped
typo       broken                 /etc/init/typo.conf:3: Un…
`,
  ],
  [
    80,
    `
JOB        STATE      SINCE  PID   CPU  MEMORY  LAST RESULT
api        running    2 min  812  63 s   13 MB
db         unhealthy  2 min  700  63 s   13 MB  health: exit status 2
migrate    done       2 min                     exited 0 after 3 s
tty (1)    running    2 min   21  63 s   13 MB
tty (2)    starting   2 min   22  63 s   13 MB
web        failed     2 min                     exited 44 after 3 s, 5th time i…
\\e[31mred  stopped
typo       broken                               /etc/init/typo.conf:3: Unknown…
`,
  ],
  // The description goes before a reason is cut.
  [
    120,
    `
JOB        STATE      SINCE  PID  RESTARTS   CPU  MEMORY  LAST RESULT
api        running    2 min  812         3  63 s   13 MB
db         unhealthy  2 min  700            63 s   13 MB  health: exit status 2
migrate    done       2 min                               exited 0 after 3 s
tty (1)    running    2 min   21            63 s   13 MB
tty (2)    starting   2 min   22            63 s   13 MB
web        failed     2 min                               exited 44 after 3 s, 5th time in 10 min, gave up
\\e[31mred  stopped
typo       broken                                         /etc/init/typo.conf:3: Unknown stanza
`,
  ],
  [
    140,
    `
JOB        STATE      SINCE  PID  RESTARTS   CPU  MEMORY  LAST RESULT                                       DESCRIPTION
api        running    2 min  812         3  63 s   13 MB                                                    the shop's API
db         unhealthy  2 min  700            63 s   13 MB  health: exit status 2
migrate    done       2 min                               exited 0 after 3 s
tty (1)    running    2 min   21            63 s   13 MB
tty (2)    starting   2 min   22            63 s   13 MB
web        failed     2 min                               exited 44 after 3 s, 5th time in 10 min, gave up  日本語の説明 of what this does,…
\\e[31mred  stopped
typo       broken                                         /etc/init/typo.conf:3: Unknown stanza
`,
  ],
];

for (const [width, text] of SCREENS) {
  Deno.test(`a list of jobs on ${width} columns`, () => {
    const lines = jobTable(ROWS, NOW, width, PLAIN);
    assert.equal(`\n${lines.join("\n")}\n`, text);
    assert(lines.every((line) => columnsOf(line) <= width));
  });
}

Deno.test("a job that runs tells of its file's error, and of no end before somebody started it", () => {
  const [broken, restarted, mended, respawned] = rowsOf({
    ...REPORT,
    jobs: [
      job("broken", { problem: "x.conf:1: Unknown stanza", instances: [instance()] }),
      job("restarted", {
        instances: [instance({ last: result({ exit: { signal: 15 }, isFailure: false }) })],
      }),
      job("mended", { instances: [instance({ last: result() })] }),
      job("respawned", { instances: [instance({ last: result(), restarts: 1 })] }),
    ],
    broken: [],
  }, observe);
  assert.equal(broken!.result, "its file has an error: x.conf:1: Unknown stanza");
  assert.equal(broken!.state.needsAttention, true);
  assert.equal(restarted!.result, "");
  assert.equal(restarted!.state.needsAttention, undefined);
  assert.equal(mended!.result, "");
  assert.notEqual(respawned!.result, "");
});

Deno.test("states have colours, which change nothing else", () => {
  const lines = jobTable(ROWS, NOW, 80, COLOURED);
  assert(lines.some((line) => line.includes("\x1b[32mrunning  \x1b[0m")));
  assert(lines.some((line) => line.includes("\x1b[31mfailed   \x1b[0m")));
  // deno-lint-ignore no-control-regex
  const plain = lines.map((line) => line.replace(/\x1b\[\d+m/g, "").trimEnd());
  assert.deepEqual(plain, jobTable(ROWS, NOW, 80, PLAIN));
});

const titles = (rows: JobRow[]) => rows.map(({ title }) => title).join(" ");

Deno.test("what needs attention is what has failed, is broken or is not well", () => {
  assert.equal(titles(ROWS.filter(({ state }) => state.needsAttention)), "db web typo");
});

Deno.test("a state is named by the list's word, or by init(5)'s", () => {
  const inState = (wanted: string) => titles(ROWS.filter((row) => isInState(row, wanted)));
  assert.equal(inState("running"), "api db tty (1)");
  assert.equal(inState("start/running"), "api db tty (1)");
  assert.equal(inState("unhealthy"), "db");
  assert.equal(inState("pre-start"), "tty (2)");
  assert.equal(inState("start"), "api db tty (1) tty (2)");
  assert.equal(inState("done"), "migrate");
  assert.equal(inState("stop/waiting"), "migrate web \x1b[31mred");
  assert.equal(inState("nonsense"), "");
  assert.deepEqual(
    ["broken", "stop", "pre-start", "stop/waiting", "bogus", "stop/bogus", ""].map(isStateName),
    [
      true,
      true,
      true,
      true,
      false,
      false,
      false,
    ],
  );
});

Deno.test("rows are sorted by a key, then by name", () => {
  const order = (key: string) => titles(sorted(ROWS, key));
  assert.equal(order("name"), "\x1b[31mred api db migrate tty (1) tty (2) typo web");
  assert.equal(order("state"), "typo web db migrate api tty (1) tty (2) \x1b[31mred");
  assert.equal(order("pid"), "tty (1) tty (2) db api \x1b[31mred migrate typo web");
  assert.equal(order("restarts").split(" ")[0], "api");
  assert.equal(order("memory"), "api db tty (1) tty (2) \x1b[31mred migrate typo web");
  assert.deepEqual(Object.keys(ORDERS), ["name", "state", "since", "pid", "restarts", "cpu", "memory"]);
});
