import fc from "fast-check";
import assert from "node:assert/strict";
import { toDefinition } from "../../../lib/author/definition.ts";
import { DEFAULT_RESPAWN_LIMIT, emptyJob, type JobDefinition } from "../../../lib/model/job.ts";
import { readNotes } from "../comments.ts";
import { parseConf } from "../mod.ts";
import { definitions } from "../testing.ts";
import { formatModule, plainScript } from "./mod.ts";

/** The definition that a module's text stands for. */
async function evaluated(text: string): Promise<JobDefinition> {
  const module = await import(`data:application/typescript,${encodeURIComponent(text)}`);
  return toDefinition(module.default, { name: "mill", source: "f", module: "f", nameOf: () => undefined });
}

function convert(conf: string): string {
  const { comments, manual } = readNotes(conf, "f");
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
  return {
    ...job,
    env: [...env.values()].sort(),
    respawnLimit: job.respawn ? job.respawnLimit : { ...DEFAULT_RESPAWN_LIMIT },
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
  const empty = 'import { job } from "rouse";\n\nexport default job({});\n';
  assert.deepEqual(formatModule(emptyJob("mill", "f")), { text: empty, lost: [] });
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
  description: "a 'mill'",
  author: 'Jo "the" M',
  // When the wind blows,
  //   and at dawn.
  // which
  startOn: started("wind-vane", { KIND: "north" }).and(on("dawn", { A: not("b") }, { A: not("c") })),
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
