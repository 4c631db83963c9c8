import fc from "fast-check";
import assert from "node:assert/strict";
import { emptyJob, type JobDefinition } from "../../lib/model/job.ts";
import { convertToConf, formatConf } from "./format.ts";
import { parseConf } from "./parse.ts";
import { definitions } from "./testing/definitions.ts";

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

post-stop exec sweep "a b" "$DUST" "\\$5 \\\`x\\\` \\"y\\" \\\\"
`,
  );
});

Deno.test("a printed definition is read back as it was", () => {
  fc.assert(
    fc.property(definitions, (job) => assert.deepEqual(again(job), job)),
    { numRuns: 500 },
  );
});

Deno.test("what .conf does not say as the definition does is told", () => {
  const job: JobDefinition = {
    ...emptyJob("mill", "f"),
    startOn: { kind: "event", name: "dawn", matches: [{ value: "A=b" }] },
    killTimeout: 1.5,
    endsInit: true,
    processes: {
      main: { kind: "arguments", words: ["grind", "fine"] },
      "pre-start": { kind: "function", module: "/conf/mill.ts", job: "mill" },
    },
  };
  assert.deepEqual(convertToConf(job).lost, [
    "killTimeout: 1.5 becomes 2",
    "pre-start: a function cannot be expressed",
    "startOn: dawn A=b becomes another condition",
    "endsInit: true cannot be expressed",
  ]);
  assert.deepEqual(convertToConf(emptyJob("mill", "f")), { text: "", lost: [] });
  const unreadable = {
    kind: "event" as const,
    name: "dawn",
    matches: [{ key: "A", value: "b" }, { value: "c" }],
  };
  assert.deepEqual(convertToConf({ ...emptyJob("mill", "f"), stopOn: unreadable }).lost, [
    "line 1 cannot be expressed: Expected variable name before value",
  ]);
});

Deno.test("comments are printed before the stanzas of their fields, and at the ends", () => {
  const comments = {
    head: [" The mill.", "", " Old."],
    fields: new Map([
      ["env", [" All."]],
      ["env.B", [" One."]],
      ["exec", [" What."]],
      ["name", [" Elsewhere."]],
    ]),
    foot: [" The end."],
    order: [],
  };
  const text = "env A=1\nenv B=2\n\nexec grind\n";
  assert.equal(
    formatConf(parseConf(text, "f", "mill"), comments),
    "# The mill.\n#\n# Old.\n\n# All.\nenv A=1\n# One.\nenv B=2\n\n# What.\nexec grind\n\n# Elsewhere.\n# The end.\n",
  );
});

Deno.test("the words of a check's command become a line, and mean the same", () => {
  const command = { kind: "arguments" as const, words: ["test", "a b", "$FLAG"] };
  const { text, lost } = convertToConf({
    ...emptyJob("mill", "f"),
    ready: { kind: "exec", command, every: 2 },
  });
  assert.equal(text, `ready exec 'test "a b" "$FLAG"' every 2\n`);
  assert.deepEqual(lost, []);
});
