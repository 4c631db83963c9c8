import fc from "fast-check";
import assert from "node:assert/strict";
import { toDefinition } from "../../author/definition.ts";
import type { JobCondition } from "../../model/condition.ts";
import { emptyJob, type JobDefinition, type Semantics } from "../../model/job.ts";
import { moduleComments } from "../comments.ts";
import { readComments } from "../../../compat/upstart/comments.ts";
import { formatConf } from "../../../compat/upstart/format.ts";
import { parseConf } from "../../../compat/upstart/parse.ts";
import { definitions } from "../../../compat/upstart/testing/definitions.ts";
import { formatModule, plainScript, siblingsAmong } from "./mod.ts";

/** The definition that a module's text stands for. */
async function evaluated(text: string): Promise<JobDefinition> {
  const module = await import(`data:application/typescript,${encodeURIComponent(text)}`);
  return toDefinition(module.default, { name: "mill", source: "f", module: "f", nameOf: () => undefined });
}

function convert(conf: string): string {
  const { comments, manual } = readComments(conf, "f");
  return formatModule(parseConf(conf, "f", "mill"), { comments, ...(manual && { manual }) }).text;
}

/** What is lost on the way has no meaning, or is told. */
function meaning(job: JobDefinition): JobDefinition {
  const processes = Object.entries(job.processes).map(([name, program]) => [
    name,
    program.kind === "script" ? { kind: "script", text: plainScript(program.text) } : program,
  ]);
  const env = new Map<string, string>();
  for (const pair of job.env) {
    const name = pair.split("=")[0]!;
    if (pair.includes("=") || !env.has(name)) env.set(name, pair);
  }
  const { respawnDelay, ...others } = job;
  return {
    ...others,
    ...(job.respawn && respawnDelay && { respawnDelay }),
    env: [...env.values()].sort(),
    ...(!job.respawn && { respawnLimit: emptyJob("", "", job).respawnLimit }),
    killSignal: job.killSignal || 15,
    reloadSignal: job.reloadSignal || 1,
    processes: Object.fromEntries(processes),
  };
}

Deno.test("a definition printed as a module is defined by it again", async () => {
  await fc.assert(
    fc.asyncProperty(definitions, async (job) => {
      const { text } = formatModule(job);
      assert.deepEqual(meaning(await evaluated(text)), meaning(job), text);
    }),
    { numRuns: 300 },
  );
});

Deno.test("an empty definition", () => {
  const text = (fields: string) => `import { job } from "rouse";\n\nexport default job({${fields}});\n`;
  const written = (semantics: Semantics) => formatModule(emptyJob("mill", "f", { semantics }));
  assert.deepEqual(written("upstart"), { text: text('\n  semantics: "upstart",\n'), lost: [] });
  assert.deepEqual(written("rouse"), { text: text(""), lost: [] });
});

Deno.test("comments stand where they stood, in the order of the file", () => {
  const conf = `# mill - grinds
#
# The old one.

description "a 'mill'"
author 'Jo "the" M'

# When the wind blows,
#   and at dawn.
start on (started wind-vane KIND=north  # which
  and dawn A!=b A!=c)
manual
stop on runlevel [!2345] or stopping wind-vane

#env OLD=1
env GRAIN=corn # or rye
env HOME
# many
limit nofile 64 64

respawn
respawn limit 3 120
export GRAIN MILLER

pre-start script
    # careful: \`\${x}
    test -e /flour

    cat <<END
  x
END
end script
exec /usr/bin/mill --speed 3
# The end.
`;
  assert.equal(
    convert(conf),
    `// mill - grinds
//
// The old one.

import { inherited, job, not, on, runlevel, started, stopping } from "rouse";

declare module "rouse" {
  interface Events {
    dawn: { A: string };
  }
}

export default job({
  semantics: "upstart",
  description: "a 'mill'",
  author: 'Jo "the" M',
  // When the wind blows,
  //   and at dawn.
  // which
  startOn: started<"KIND">("wind-vane", { KIND: "north" }).and(on("dawn", { A: not("b") }, { A: not("c") })),
  manual: true,
  stopOn: runlevel("[!2345]").or(stopping("wind-vane")),
  env: {
    //env OLD=1
    // or rye
    GRAIN: "corn",
    HOME: inherited,
  },
  limit: {
    // many
    nofile: 64,
  },
  respawn: { limit: 3, within: "2min" },
  export: ["GRAIN", "MILLER" as never],
  preStart: {
    script: \`
          # careful: \\\`\\\${x}
          test -e /flour

          cat <<END
        x
      END
    \`,
  },
  exec: "/usr/bin/mill --speed 3",

  // The end.
});
`,
  );
});

Deno.test("what a file says itself is kept where it would be so anyway, with its comments", () => {
  assert.equal(
    convert("# five\nkill timeout 5\nkill signal TERM # as ever\nexpect none\nreload signal HUP\n"),
    `import { job } from "rouse";

export default job({
  semantics: "upstart",
  // five
  killTimeout: "5s",
  // as ever
  killSignal: "TERM",
  expect: "none",
  reloadSignal: "HUP",
});
`,
  );
});

Deno.test("a long command is broken before its options", () => {
  const options = ["a", "b", "c", "d", "e", "f", "g"].map((name) =>
    `--option-${name} "$VALUE_OF_${name.toUpperCase()}"`
  );
  const command = `/usr/bin/mill ${options.join(" ")}`;
  const lines = [
    `/usr/bin/mill ${options.slice(0, 3).join(" ")}`,
    options.slice(3).join(" "),
  ];
  assert.equal(
    convert(`exec /usr/bin/mill \\\n    ${options.join(" \\\n    ")}\n`),
    `import { job } from "rouse";

export default job({
  semantics: "upstart",
  exec: [
    ${lines.map((line) => `'${line}',`).join("\n    ")}
  ].join(" "),
});
`,
  );
  const conf = formatConf(parseConf(`exec ${command}`, "f", "mill"));
  assert.equal(conf, `exec ${lines[0]} \\\n    ${lines[1]}\n`);
  assert.deepEqual(parseConf(conf, "f", "mill").processes.main, { kind: "exec", command });
});

Deno.test("a command is the same in however many lines", async () => {
  const word = fc.constantFrom(
    "-a",
    "--b",
    "c",
    "&&",
    "'d  e'",
    '"f',
    '"',
    "\\ ",
    "$G",
    "'",
    "h".repeat(90),
    "",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(word, { minLength: 1, maxLength: 60 }), async (words) => {
      const job = {
        ...emptyJob("mill", "f"),
        processes: { main: { kind: "exec" as const, command: words.join(" ").trim() } },
      };
      if (job.processes.main.command === "") return;
      const conf = parseConf(formatConf(job), "f", "mill").processes.main!;
      if (conf.kind === "exec") assert.deepEqual(conf, job.processes.main);
      if (/[\\]$/.test(job.processes.main.command)) return;
      assert.deepEqual((await evaluated(formatModule(job).text)).processes, job.processes);
    }),
    { numRuns: 200 },
  );
});

/** Stanzas that replace each other, repeat themselves, have their usual value or mean nothing. */
const STANZAS = [
  "kill timeout 5",
  "respawn limit 3 60",
  "respawn",
  "manual",
  "start on a\\\n  or b",
  "env A=1",
  "env A",
  "env B=2",
  "limit nofile 1 2",
  "exec true",
  "script\n# inside\nend script",
  "pre-start exec a",
  "pre-start script\n  a \\\n    b\nend script",
  "normal exit 300",
  "kill signal 0",
  "expect none",
  "console log",
  "cgroup memory",
  "cgroup cpu a",
  "apparmor load x",
  "description x",
];

Deno.test("no comment is lost on the way to a module and back, nor does one become code", () => {
  const odd = fc.constantFrom("", " * a", "\r b", "\u2028c", " */ `${d}", "\xe9", "# #");
  const line = fc.tuple(fc.constantFrom(...STANZAS), odd, odd, fc.boolean());
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (lines) => {
      const text = lines.map(([stanza, before, behind, gap], index) =>
        `# before-${index}${before}\n${gap ? "\n" : ""}${stanza} # behind-${index}${behind}\n`
      ).join("") + "# end-0\n";
      const conf = Buffer.from(text).toString("latin1");
      const module = convert(conf);
      const code = module.split(/[\n\r\u2028\u2029]/).filter((line) =>
        !/^ *\/\//.test(line)
      ).join("\n");
      assert.doesNotMatch(code, /(?:before|behind|end)-\d/);
      const again = formatConf(parseConf("", "f", "mill"), moduleComments(module));
      for (const [mark] of text.matchAll(/(?:before|behind|end)-\d/g)) {
        assert.equal(module.split(mark).length, 2, `${mark} in ${module}`);
        assert.equal(again.split(mark).length, 2, `${mark} in ${again}`);
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("jobs with modules of their own are imported where dependencies name them, in circles by functions", () => {
  const jobs = new Map([
    ["api", { ...emptyJob("api", "f"), needs: ["db", "completed(migrate)", "mta"], before: ["web"] }],
    ["db", emptyJob("db", "f")],
    ["migrate", { ...emptyJob("migrate", "f"), after: ["api"] }],
    ["web", { ...emptyJob("web", "f"), startOn: event("while-up", "api") }],
  ]);
  const siblings = siblingsAmong(jobs);
  const text = (name: string) => formatModule(jobs.get(name)!, { siblings: siblings(name) }).text;
  assert.equal(
    text("api"),
    `import { completed, job } from "rouse";
import db from "./db.ts";
import migrate from "./migrate.ts";
import web from "./web.ts";

export default job({
  semantics: "upstart",
  needs: [db, completed(() => migrate), "mta"],
  before: () => web,
});
`,
  );
  assert.match(text("web"), /^import { job, whileUp } from "rouse";\nimport api from/);
  assert.match(text("web"), /startOn: whileUp\(\(\) => api\),/);
});

function event(name: string, value: string): JobCondition {
  return { kind: "event", name, matches: [{ value }] };
}
