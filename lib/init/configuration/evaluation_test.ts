import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { emptyJob } from "../../model/job.ts";
import { reap } from "../../sys/processes.ts";
import { evaluator, type EvaluatorOptions, type ModuleOutcome } from "./evaluation.ts";

/**
 * Stands in for the program `evaluate`: each module is a shell script that is run in the evaluator's place,
 * with $M for its own path. What it prints is what the evaluator prints.
 */
const EVALUATE = `
while [ "$1" = --directory ]; do shift 2; done
shift
for M do
  printf '{"evaluating":"%s"}\\n' "$M"
  . "$M"
done
`;

/** Prints what the evaluator prints of a module without jobs. */
const NOTHING = `printf '{"module":"%s","imports":[],"jobs":[]}\\n' "$M"`;

/** What becomes of modules that hold these scripts, a line each, in the order in which it was told. */
async function evaluate(
  scripts: Record<string, string>,
  options: Partial<EvaluatorOptions> = {},
): Promise<{ told: string[]; outcomes: ModuleOutcome[]; directory: string }> {
  const directory = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "evaluation-test-")));
  try {
    for (const [name, script] of Object.entries(scripts)) fs.writeFileSync(join(directory, name), script);
    const modules = Object.keys(scripts).map((name) => join(directory, name));
    const outcomes: ModuleOutcome[] = [];
    const evaluate = evaluator({
      command: ["/bin/sh", "-c", EVALUATE, "evaluate"],
      directories: [directory],
      patience: 20_000,
      ...options,
    });
    await evaluate(modules, (outcome) => outcomes.push(outcome));
    const told = outcomes.map(({ module, jobs, report }) => {
      const what = jobs?.map((job) => job.name) ??
        [report!.file, report!.line, report!.column, report!.reason];
      return `${module} ${what.filter((part) => part !== undefined).join(":")}`.replaceAll(
        `${directory}/`,
        "",
      );
    });
    return { told, outcomes, directory };
  } finally {
    fs.rmSync(directory, { recursive: true });
    reap(256, "thread");
  }
}

const print = (report: unknown) =>
  `printf '%s\\n' '${JSON.stringify(report).replace('"@"', `"'"$M"'"`).replaceAll("\\", "\\\\")}'`;

function lives(pid: string): boolean {
  try {
    return !/\) [ZX] /.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

Deno.test("jobs, errors with their places, and imports are handed on", async () => {
  const job = { ...emptyJob("a", "/x/a.ts"), description: "fine" };
  const { told, outcomes } = await evaluate({
    a: print({ module: "@", imports: ["/lib/x.ts", 7, "relative"], jobs: [job] }),
    b: print({ module: "@", imports: [], error: { file: "/lib/x.ts", line: 3, column: 9, reason: "no" } }),
    c: print({ module: "@", imports: [], error: { file: 1, line: "x", reason: {} } }),
  });
  assert.deepEqual(told, ["a a", "b /lib/x.ts:3:9:no", "c c:Module cannot be evaluated"]);
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
  const pids = join(fs.mkdtempSync(join(tmpdir(), "evaluation-pids-")), "pids");
  const { told } = await evaluate(
    { a: NOTHING, b: `sleep 1000 & echo $$ $! > ${pids}; wait`, c: NOTHING },
    { patience: 300 },
  );
  assert.deepEqual(told.toSorted(), ["a ", "b b:Module did not end within 0.3 s", "c "]);
  for (const pid of fs.readFileSync(pids, "utf8").trim().split(" ")) {
    // It has been killed; a busy machine takes its time to let it die.
    for (let tries = 0; lives(pid); tries++) {
      assert(tries < 1000, `process ${pid} lives on`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }
});

Deno.test("a module that takes long does not hold up the others, and is not given up for that", async () => {
  const { told } = await evaluate({
    slow: `while ! [ -e "\${M%/*}/go" ]; do sleep 0.01; done; ${NOTHING}`,
    quick: `${NOTHING}`,
    last: `touch "\${M%/*}/go"; ${NOTHING}`,
  }, { patience: 2000 });
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

Deno.test("what is no report is passed over, whatever it is", async () => {
  const { told } = await evaluate({
    a: `echo hello; echo null; echo '{"module":1}'; echo '[]'; head -c 100000 /dev/urandom; echo; ${NOTHING}`,
    b: `printf '{"module":"/etc/other","imports":[],"jobs":[]}\\n'; ${NOTHING}`,
  });
  assert.deepEqual(told, ["a ", "b "]);
});

Deno.test("a module that announces without end is given up", async () => {
  const { told } = await evaluate({
    a: `while :; do printf '{"evaluating":"%s"}\\n' "$M"; sleep 0.05; done`,
    b: NOTHING,
  }, { patience: 400 });
  assert.deepEqual(told.toSorted(), ["a a:Module did not end within 0.4 s", "b "]);
});

Deno.test("a module that prints a line without end is given up", async () => {
  const { told } = await evaluate({ a: "tr '\\000' x < /dev/zero", b: NOTHING });
  assert.deepEqual(told, ["a a:Module defines more than can be taken", "b "]);
});

Deno.test("an evaluator that cannot be run is reported for each module", async () => {
  const { told } = await evaluate({ a: NOTHING, b: NOTHING }, { command: ["/there/is/none"] });
  const reason = "Module cannot be evaluated: unable to execute: No such file or directory";
  assert.deepEqual(told, [`a a:${reason}`, `b b:${reason}`]);
  const broken = await evaluate({ a: NOTHING }, {
    command: ["/bin/sh", "-c", "echo out of order >&2; exit 3"],
  });
  assert.match(broken.told[0]!, /^a a:Module cannot be evaluated: the evaluator .*: out of order$/);
});

Deno.test("the child's surroundings are clean", async () => {
  const path = join(fs.mkdtempSync(join(tmpdir(), "evaluation-environment-")), "seen");
  await evaluate({
    a: `exec 2> ${path}; { env | sort; pwd; ls /proc/self/fd; readlink /proc/$$/fd/0; } >&2; ${NOTHING}`,
  });
  const lines = fs.readFileSync(path, "utf8").split("\n").filter((line) =>
    !/^(PWD|OLDPWD|_|SHLVL)=/.test(line)
  );
  assert.match(lines.shift()!, /^PATH=/);
  assert.deepEqual(lines.slice(0, 5), ["/", "0", "1", "2", "3"]);
  assert.deepEqual(lines.slice(5), ["/dev/null", ""]); // 3 is what ls itself reads
});

Deno.test("modules are evaluated as their owners", { ignore: process.getuid?.() !== 0 }, async () => {
  const directory = fs.realpathSync(fs.mkdtempSync(join(tmpdir(), "evaluation-owner-")));
  fs.chmodSync(directory, 0o755);
  const modules = [0, 4321].map((uid) => {
    const path = join(directory, String(uid));
    fs.writeFileSync(
      path,
      `printf '{"module":"%s","imports":["/%s"],"jobs":[]}\\n' "$M" "$(id -u):$(id -g):$(id -G)"`,
    );
    fs.chownSync(path, uid, uid);
    return path;
  });
  const seen: string[] = [];
  const evaluate = evaluator({ command: ["/bin/sh", "-c", EVALUATE, "evaluate"], directories: [directory] });
  await evaluate(modules, ({ imports }) => seen.push(...imports));
  assert.match(seen[0]!, /^\/0:0:/);
  assert.equal(seen[1], "/4321:4321:4321");
  reap(256, "thread");
});

Deno.test("hundreds of modules", async () => {
  const scripts = Object.fromEntries(Array.from({ length: 450 }, (_, index) => [`m${index}`, NOTHING]));
  const { told } = await evaluate(scripts);
  assert.deepEqual(told, Object.keys(scripts).map((name) => `${name} `));
});
