import assert from "node:assert/strict";
import { emptyJob, type JobDefinition } from "./job.ts";
import { InvalidDefinition, isJobName, validateJob, validateLoadedJob } from "./validate.ts";

const FULL: JobDefinition = {
  ...emptyJob("net/web", "/etc/init/net/web.ts"),
  description: "d",
  startOn: {
    kind: "and",
    left: { kind: "event", name: "started", matches: [{ key: "JOB", value: "db", negated: true }] },
    right: { kind: "event", name: "net", matches: [{ value: "eth*" }] },
  },
  env: ["A=1", "B"],
  respawnLimit: "unlimited",
  normalExit: [{ status: 3 }, { signal: 15 }, { signal: 11, core: true }],
  console: "log",
  umask: 0o27,
  oomScore: "never",
  limit: { nofile: { soft: 1, hard: "unlimited" } },
  cgroups: [{ controller: "cpu", name: "n", key: "shares", value: "1" }],
  processes: {
    main: { kind: "function", module: "/etc/init/net/web.ts", job: "net/web" },
    "pre-start": { kind: "exec", command: "true" },
    "post-start": { kind: "script", text: "true" },
    "pre-stop": { kind: "arguments", words: ["a", "b"] },
  },
};

Deno.test("definitions pass unchanged, also through JSON", () => {
  assert.deepEqual(validateJob(JSON.parse(JSON.stringify(FULL))), FULL);
  assert.deepEqual(validateJob(emptyJob("a", "f")), emptyJob("a", "f"));
});

const WRONG: Array<[string, unknown]> = [
  ["name", ""],
  ["name", "/a"],
  ["name", "a//b"],
  ["name", "a\nb"],
  ["source", 1],
  ["description", "a\0b"],
  ["startOn", { kind: "event", name: "a" }],
  ["startOn", { kind: "and", left: { kind: "event", name: "a", matches: [] } }],
  ["stopOn", "a"],
  ["env", "A=1"],
  ["env", [1]],
  ["respawnLimit", { count: 1 }],
  ["respawnLimit", { count: -1, interval: 1 }],
  ["normalExit", [{ status: 256 }]],
  ["normalExit", [{}]],
  ["expect", "kill"],
  ["killTimeout", -1],
  ["killTimeout", null],
  ["killSignal", 65],
  ["umask", 0o1000],
  ["nice", 20],
  ["limit", { files: { soft: 1, hard: 1 } }],
  ["limit", { nofile: { soft: 1 } }],
  ["limit", []],
  ["processes", { main: { kind: "exec" } }],
  ["processes", { main: { kind: "exec", command: "a", text: "b" } }],
  ["processes", { toString: { kind: "exec", command: "a" } }],
  ["sources", { "/conf/a.ts": 1 }],
  ["constructor", 1],
  ["unheardOf", 1],
];

for (const [field, value] of WRONG) {
  Deno.test(`refused: ${field} ${JSON.stringify(value)}`, () => {
    assert.throws(() => validateJob({ ...FULL, [field]: value }), new RegExp(`field ${field}\\b`));
  });
}

Deno.test("a signal of a `.conf` file may be any number, and all else is validated as for modules", () => {
  for (const field of ["killSignal", "reloadSignal"]) {
    for (const signal of [0, 64, 65, 2 ** 31 - 1]) {
      assert.equal(validateLoadedJob({ ...FULL, [field]: signal })[field as "killSignal"], signal);
    }
    for (const signal of [-1, 1.5, 2 ** 31, "TERM", null]) {
      assert.throws(() => validateLoadedJob({ ...FULL, [field]: signal }), new RegExp(`field ${field}\\b`));
    }
  }
  for (const [field, value] of WRONG.filter(([field]) => field !== "killSignal")) {
    assert.throws(() => validateLoadedJob({ ...FULL, [field]: value }), new RegExp(`field ${field}\\b`));
  }
});

Deno.test("refused: what is no object, and a definition with a field missing", () => {
  for (const value of [null, undefined, 1, "a", [], [FULL]]) {
    assert.throws(() => validateJob(value), InvalidDefinition);
  }
  const { env: _, ...rest } = FULL;
  assert.throws(() => validateJob(rest), /env is missing/);
});

Deno.test("refused, not a stack overflow: a condition nested without end", () => {
  const leaf = { kind: "event", name: "a", matches: [] };
  let condition: unknown = leaf;
  for (let depth = 0; depth < 50_000; depth++) condition = { kind: "or", left: condition, right: leaf };
  assert.throws(() => validateJob({ ...FULL, startOn: condition }), /startOn/);
});

Deno.test("names of jobs", () => {
  for (const name of ["a", "net/web", "-dash", "(x)", ".hidden", "q'uote", "ü", "a b"]) {
    assert(isJobName(name), name);
  }
  for (const name of ["", "/a", "a/", "a//b", "a\tb"]) assert(!isJobName(name), name);
});
