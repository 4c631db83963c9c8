import fc from "fast-check";
import assert from "node:assert/strict";
import { emptyJob, type JobDefinition } from "../../lib/model/job.ts";
import { formatConf, parseConf } from "./mod.ts";
import { definitions } from "./testing.ts";

const again = (job: JobDefinition) => parseConf(formatConf(job), job.source, job.name);

Deno.test("a definition is printed in paragraphs, with what differs from the defaults alone", () => {
  const text = `description 'a mill'
version 3

start on ((dawn or noon A!=b) and wind KIND='a b')
stop on dusk
emits ground

env GRAIN='corn # rye'
env HOME
export GRAIN

respawn
respawn limit unlimited
normal exit 0 TERM
kill signal INT

umask 027
nice -5
limit nofile 64 unlimited

exec grind "$GRAIN"

pre-start script
    if true
      then oil
    fi
end script
`;
  assert.equal(formatConf(parseConf(text, "f", "mill")), text);
});

Deno.test("an empty definition is an empty file", () => assert.equal(formatConf(emptyJob("mill", "f")), ""));

Deno.test("what .conf has no words for is said in the nearest way", () => {
  const job: JobDefinition = {
    ...emptyJob("mill", "f"),
    description: "two\nlines",
    usage: "",
    killTimeout: 1.5,
    processes: {
      main: { kind: "exec", command: "grind 'corn\nrye'" },
      "pre-start": { kind: "function", module: "/conf/mill.ts", job: "mill" },
      "post-stop": { kind: "arguments", words: ["sweep", "a b", "$DUST", '$5 `x` "y" \\'] },
    },
  };
  assert.equal(
    formatConf(job),
    `description 'two lines'

kill timeout 2

script
    exec grind 'corn
    rye'
end script

# pre-start: a function of job mill in /conf/mill.ts

post-stop script
    exec "sweep" "a b" "$DUST" "\\$5 \\\`x\\\` \\"y\\" \\\\"
end script
`,
  );
});

Deno.test("a printed definition is read back as it was", () => {
  fc.assert(
    fc.property(definitions, (job) => assert.deepEqual(again(job), job)),
    { numRuns: 500 },
  );
});
