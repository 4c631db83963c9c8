/** The developers' tasks of deno.json: their command lines, and that documents name those alone that there are. */

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { numberIn } from "../build/task.ts";
import { UsageError } from "../lib/model/command_line/usage_error.ts";
import { run } from "./support/command.ts";
import { registerTogether } from "./support/together.ts";

const ROOT = resolve(import.meta.dirname!, "..");

const TASKS: Record<string, string> = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8")).tasks;

/** The tasks that run a program of this repository, with that program: what is built before is of no matter here. */
const PROGRAMS = Object.entries(TASKS).flatMap(([name, command]) => {
  const [, program] = /deno run -A (?:--no-check )?(\S+\.ts)$/.exec(command) ?? [];
  return program === undefined ? [] : [[name, program] as const];
});

/** Words that are wrong, beyond an option that no task has. */
const WRONG: Readonly<Record<string, readonly string[]>> = {
  attack: ["nobody"],
  bench: ["--rounds=0"],
  build: ["--engine=toString"],
  "debian-root": [],
  "openrc-root": [],
  chaos: ["--services=1.5"],
  engines: ["--minutes=-1"],
  fuzz: ["nobody"],
  machine: ["--setup=nobody"],
  restarts: ["often"],
  simulate: ["--seed=x"],
  soak: ["--cycles="],
  test: ["deno.json"],
};

function follow(program: string, ...words: string[]) {
  return run([Deno.execPath(), "run", "-A", "--no-check", join(ROOT, program), ...words], {
    directory: ROOT,
    environment: { ...process.env as Record<string, string>, NO_COLOR: "1" },
    timeout: 120_000,
  });
}

Deno.test("each task but that of Deno's own tools is a program", () => {
  const others = Object.keys(TASKS).filter((name) => !PROGRAMS.some(([task]) => task === name));
  assert.deepEqual(others, ["check"]);
});

/** Command lines of tasks, as documents and messages have them: a task's name, and the words behind it. */
const MENTIONED = globSync(["*.md", "docs/*.md", "{tests,build,bench,demo}/**/*.{ts,md}"], { cwd: ROOT })
  .filter((file) => !import.meta.filename!.endsWith(file))
  .flatMap((file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    return Array.from(
      text.matchAll(/\bdeno(?:@\S+)? task ([a-z][\w-]*)([^`#\n]*)/g),
      ([line, name, words]) => ({
        where: `${file}: ${line}`,
        name: name!,
        options: Array.from(words!.matchAll(/--([a-z-]+)/g), ([, option]) => option!),
      }),
    );
  });

Deno.test("documents name tasks that there are", () => {
  const wrong = MENTIONED.filter(({ name }) => !Object.hasOwn(TASKS, name));
  assert.deepEqual(wrong.map(({ where }) => where), []);
});

/** Follows a task's command lines: one for its help, and wrong ones. */
async function look(name: string, program: string): Promise<void> {
  const help = await follow(program, "--help");
  assert.equal(help.exit, 0, help.stderr);
  assert.match(help.stdout, new RegExp(`^Usage: deno task ${name} \\[OPTION\\]`));
  assert.match(help.stdout, /^Exit status: 0, 1 when [^]*\b2\s+for\s+wrong\s+arguments\.$/m);
  for (const { where, options } of MENTIONED.filter((one) => one.name === name)) {
    for (const option of options) assert.match(help.stdout, new RegExp(`^ .*--${option}\\b`, "m"), where);
  }
  for (const words of [["--nonsense"], WRONG[name] ?? ["too", "many"]]) {
    const { exit, stdout, stderr } = await follow(program, ...words);
    assert.deepEqual({ exit, stdout }, { exit: 2, stdout: "" }, `${words}: ${stderr}`);
    assert.match(stderr, new RegExp(`^deno task ${name}: .*\nTry \`deno task ${name} --help' `));
  }
}

registerTogether(
  PROGRAMS.map(([name, program]) => ({
    name: `deno task ${name} has help with all options, and refuses wrong words`,
    ignore: false,
    fn: () => look(name, program),
  })),
  availableParallelism(),
);

Deno.test("numbers of command lines are what they are to be", () => {
  const taken = { count: ["1", "1000000"], index: ["0", "7"], amount: ["0.25", "10"] } as const;
  const refused = {
    count: ["0", "1.5", "-1", "", "x", "1e3", "9".repeat(20)],
    index: ["-1", "0.5", "", "Infinity"],
    amount: ["0", "-1", "", ".", "1.2.3", "NaN", "9".repeat(400)],
  } as const;
  for (const kind of ["count", "index", "amount"] as const) {
    for (const word of taken[kind]) assert.equal(numberIn(word, "--it", kind), Number(word));
    for (const word of refused[kind]) {
      assert.throws(() => numberIn(word, "--it", kind), (error) => {
        assert(error instanceof UsageError);
        assert.match(error.message, /^--it has to be a /);
        return true;
      });
    }
  }
});
