import assert from "node:assert/strict";
import * as fs from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { emptyJob } from "../../model/job.ts";
import { reap } from "../../sys/process/processes.ts";
import { SINGLE_THREAD_FLAGS } from "../../sys/runtime/variables.ts";
import { untilGone } from "../../sys/testing/children.ts";
import { evaluator, type EvaluatorOptions, type ModuleOutcome } from "./evaluator.ts";
import { TemporaryDirectory } from "../../sys/testing/directory.ts";

/**
 * Stands in for the program `evaluate`: each module is a shell script that is run in the evaluator's place,
 * with $M for its own path. What it writes to descriptor 3 is what the evaluator tells.
 */
const EVALUATE = `
while [ "$1" = --directory ]; do shift 2; done
shift
for M do
  printf '{"evaluating":"%s"}\\n' "$M" >&3
  . "$M"
done
`;

/** Prints what the evaluator prints of a module without jobs. */
const NOTHING = `printf '{"module":"%s","imports":[],"jobs":[]}\\n' "$M" >&3`;

/** What becomes of modules that hold these scripts, a line each, in the order in which it was told. */
async function evaluate(
  scripts: Record<string, string>,
  options: Partial<EvaluatorOptions> = {},
): Promise<{ told: string[]; outcomes: ModuleOutcome[]; directory: string }> {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  try {
    for (const [name, script] of Object.entries(scripts)) fs.writeFileSync(join(directory, name), script);
    const modules = Object.keys(scripts).map((name) => join(directory, name));
    const outcomes: ModuleOutcome[] = [];
    const evaluate = evaluator({
      command: ["/bin/sh", "-c", EVALUATE, "evaluate"],
      directories: [directory],
      patience: 60_000,
      ...options,
    });
    await evaluate(modules, (outcome) => outcomes.push(outcome));
    const told = outcomes.map(({ module, jobs, error }) => {
      const what = jobs?.map((job) => job.name) ??
        [error!.file, error!.line, error!.column, error!.reason];
      return `${module} ${what.filter((part) => part !== undefined).join(":")}`.replaceAll(
        `${directory}/`,
        "",
      );
    });
    return { told, outcomes, directory };
  } finally {
    reap(256, "thread");
  }
}

const REPORT = { module: "@", imports: [] };

const print = (report: unknown) =>
  `printf '%s\\n' '${JSON.stringify(report).replace('"@"', `"'"$M"'"`).replaceAll("\\", "\\\\")}' >&3`;

Deno.test("jobs, errors with their places, and imports are handed on", async () => {
  const job = { ...emptyJob("a", "/x/a.ts"), description: "fine" };
  const { told, outcomes } = await evaluate({
    a: print({ module: "@", imports: ["/lib/x.ts", 7, "relative"], jobs: [job] }),
    b: print({
      module: "@",
      imports: ["/lib/x.ts"],
      error: { file: "/lib/x.ts", line: 3, column: 9, reason: "no" },
    }),
    d: print({ module: "@", imports: [], error: { file: "/etc/shadow", line: 3, column: 9, reason: "no" } }),
    c: print({ module: "@", imports: [], error: { file: 1, line: "x", reason: {} } }),
  });
  assert.deepEqual(told, ["a a", "b /lib/x.ts:3:9:no", "d d:no", "c c:Module cannot be evaluated"]);
  assert.deepEqual(outcomes[0]!.imports, ["/lib/x.ts"]);
  assert.deepEqual(outcomes[0]!.jobs, [job]);
});

Deno.test("a definition with a wrong field is refused", async () => {
  const { told } = await evaluate({
    a: print({ module: "@", imports: [], jobs: [{ ...emptyJob("a", "a"), nice: 99 }] }),
    b: print({ module: "@", imports: [], jobs: [{}] }),
    c: print({ module: "@", imports: [], jobs: [null] }),
  });
  assert.deepEqual(told, [
    "a a:the field nice may not be 99",
    "b b:the field name is missing",
    "c c:a job's definition is not an object",
  ]);
});

Deno.test("a module that never ends is given up, with all that it started, and the rest goes on", async () => {
  using temporary = new TemporaryDirectory();
  const pids = join(temporary.path, "pids");
  const { told } = await evaluate(
    { a: NOTHING, b: `sleep 1000 & echo $$ $! > ${pids}; wait`, c: NOTHING },
    { patience: 5000 },
  );
  assert.deepEqual(told.toSorted(), ["a ", "b b:Module did not end within 5 s", "c "]);
  for (const pid of fs.readFileSync(pids, "utf8").trim().split(" ")) {
    await untilGone(Number(pid));
  }
});

Deno.test("a child that is slow to begin is waited for: its modules are not at fault", async () => {
  using temporary = new TemporaryDirectory();
  const begin = join(temporary.path, "begin");
  const slowly = `while ! [ -e ${begin} ]; do sleep 0.01; done\n${EVALUATE}`;
  const patience = 50;
  // Long after the time that a module has.
  setTimeout(() => fs.writeFileSync(begin, ""), 10 * patience);
  const { told } = await evaluate({ a: "sleep 1000" }, {
    patience,
    command: ["/bin/sh", "-c", slowly, "evaluate"],
  });
  assert.deepEqual(told, ["a a:Module did not end within 0.05 s"]);
});

Deno.test("a module that takes long does not hold up the others, and is not given up for that", async () => {
  const { told } = await evaluate({
    slow: `while ! [ -e "\${M%/*}/go" ]; do sleep 0.01; done; ${NOTHING}`,
    quick: `${NOTHING}`,
    last: `touch "\${M%/*}/go"; ${NOTHING}`,
  }, { patience: 8000 });
  assert.deepEqual(told.toSorted(), ["last ", "quick ", "slow "]);
});

Deno.test("a module that ends the evaluator harms itself alone, and its last words are told", async () => {
  const { told } = await evaluate({
    a: "exit 0",
    b: NOTHING,
    c: "echo first >&2; printf 'last \\033[31mwords\\007\\n    at x\\n' >&2; kill -9 $$",
    d: NOTHING,
  });
  assert.deepEqual(told, [
    "a a:Module ended the evaluation before it was done",
    "b ",
    "c c:Module ended the evaluation before it was done: last words",
    "d ",
  ]);
});

Deno.test("a module that ends the evaluator after it was reported does no harm to those that follow", async () => {
  const { told } = await evaluate({ a: `${NOTHING}; exit 0`, b: NOTHING });
  assert.deepEqual(told, ["a ", "b "]);
});

Deno.test("a module may print what it likes: only what the evaluator writes to its own descriptor counts", async () => {
  const { told } = await evaluate({
    a: `printf '{"module":"%s","imports":[],"error":{"reason":"forged"}}\\n' "$M"; head -c 100000 /dev/urandom; ${NOTHING}`,
    b: NOTHING,
  });
  assert.deepEqual(told, ["a ", "b "]);
});

Deno.test("a report on another module than the one that is evaluated ends the evaluation", async () => {
  const forged = `printf '{"module":"%s","imports":[],"jobs":[]}\\n' "\${M%/*}/b" >&3`;
  for (const line of [forged, "echo hello >&3", "echo null >&3", "echo >&3"]) {
    const { told } = await evaluate({
      a: `${line}; ${NOTHING}`,
      b: print({ ...REPORT, error: { reason: "genuine" } }),
    });
    assert.deepEqual(told, ["a a:Module spoke out of turn to init", "b b:genuine"]);
  }
});

Deno.test("a module that announces without end is given up", async () => {
  const { told } = await evaluate({
    a: `while :; do printf '{"evaluating":"%s"}\\n' "$M" >&3; done`,
    b: NOTHING,
  });
  assert.deepEqual(told.toSorted(), ["a a:Module spoke out of turn to init", "b "]);
});

Deno.test("a module that prints a line without end is given up", async () => {
  const { told } = await evaluate({ a: "tr '\\000' x < /dev/zero >&3", b: NOTHING });
  assert.deepEqual(told, ["a a:Module defines more than can be taken", "b "]);
});

Deno.test("an evaluator that cannot be run is reported for each module", async () => {
  const { told } = await evaluate({ a: NOTHING, b: NOTHING }, { command: ["/there/is/none"] });
  const reason = "Module cannot be evaluated: unable to execute /there/is/none: No such file or directory";
  assert.deepEqual(told, [`a a:${reason}`, `b b:${reason}`]);
  const broken = await evaluate({ a: NOTHING }, {
    command: ["/bin/sh", "-c", "echo out of order >&2; exit 3"],
  });
  assert.match(broken.told[0]!, /^a a:Module cannot be evaluated: the evaluator .*: out of order$/);
});

Deno.test("the child's surroundings are clean", async () => {
  using temporary = new TemporaryDirectory();
  const path = join(temporary.path, "seen");
  await evaluate({
    a: `exec 2> ${path}; { env | sort; pwd; ls /proc/self/fd; readlink /proc/$$/fd/0; } >&2; ${NOTHING}`,
  });
  const lines = fs.readFileSync(path, "utf8").split("\n").filter((line) =>
    !/^(PWD|OLDPWD|_|SHLVL)=/.test(line) && !SINGLE_THREAD_FLAGS.includes(line)
  );
  assert.deepEqual(lines.splice(0, 5).map((line) => line.slice(0, line.indexOf("="))), [
    "HOME",
    "LOGNAME",
    "PATH",
    "SHELL",
    "USER",
  ]);
  assert.deepEqual(lines.slice(0, 6), ["/", "0", "1", "2", "3", "4"]);
  assert.deepEqual(lines.slice(6), ["5", "/dev/null", ""]); // 5 is what ls itself reads
});

Deno.test("modules are evaluated as their owners", { ignore: process.getuid?.() !== 0 }, async () => {
  using temporary = new TemporaryDirectory();
  const directory = temporary.path;
  fs.chmodSync(directory, 0o755);
  // The group of a file is its directory's doing, and no guide to what its owner may.
  const modules = [0, 4321, 65534].map((uid) => {
    const path = join(directory, String(uid));
    fs.writeFileSync(
      path,
      `printf '{"module":"%s","imports":["/%s"],"jobs":[]}\\n' "$M" "$(id -u):$(id -g):$(id -G):$HOME" >&3`,
    );
    fs.chownSync(path, uid, 0);
    return path;
  });
  const seen: string[] = [];
  const evaluate = evaluator({ command: ["/bin/sh", "-c", EVALUATE, "evaluate"], directories: [directory] });
  await evaluate(modules, ({ imports }) => seen.push(...imports));
  assert.match(seen[0]!, /^\/0:0:.*:\/root$/);
  assert.deepEqual(seen.slice(1), ["/4321:65534:65534:/", "/65534:65534:65534:/nonexistent"]);
  reap(256, "thread");
});

Deno.test("hundreds of modules", async () => {
  const scripts = Object.fromEntries(Array.from({ length: 450 }, (_, index) => [`m${index}`, NOTHING]));
  const { told } = await evaluate(scripts);
  assert.deepEqual(told, Object.keys(scripts).map((name) => `${name} `));
});
