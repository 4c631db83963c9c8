/** `--json`: what every command answers is as docs/schema says. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { RunningInit } from "./support/init.ts";

const DOCS = join(import.meta.dirname!, "../docs");
const SCHEMAS = join(DOCS, "schema");

type Schema = Record<string, unknown>;

/** The schema as it is, but that no field may be there that it does not tell of: who reads it may rely on it being whole. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (schema === null || typeof schema !== "object") return schema;
  const all = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  const isOpen = schema !== null && (schema as Schema)["type"] === "object" &&
    !("additionalProperties" in schema);
  return isOpen ? { ...all, additionalProperties: false } : all;
}

const names = readdirSync(SCHEMAS).map((file) => file.replace(/\.json$/, ""));
const validator = new Ajv2020({ allErrors: true, strict: true, strictTypes: false });
for (const name of names) {
  validator.addSchema(closed(JSON.parse(readFileSync(join(SCHEMAS, `${name}.json`), "utf8"))) as Schema);
}

function valid(name: string, value: unknown): void {
  const isValid = validator.getSchema(`https://rouse.invalid/schema/${name}.json`)!;
  assert.equal(isValid(value), true, `${name}: ${JSON.stringify(isValid.errors)}\n${JSON.stringify(value)}`);
}

const JOBS = {
  "web.conf":
    "usage 'web please'\nstart on never or (started other and x A=b)\nlimit nofile 100 200\nreload signal CONT\nscript\n" +
    "echo hello\nexec sleep 600\nend script\n",
  "bad.conf": "pre-start exec false\nexec sleep 600\n",
  "tty.conf": "instance $L\nrespawn\nexec sleep 600\n",
  "crash.conf": "respawn\nrespawn limit 2 60\nexec sh -c 'exit 7'\n",
  "nosuch.conf": "exec /nowhere/nosuch\n",
  "broken.conf": "exec sleep 600\nfrobnicate\n",
  "checked.ts": 'import { command, job } from "rouse";\nexport default job({ exec: ["/bin/sleep", "600"], ' +
    'ready: command("/bin/true") });\n',
};

/** A command, the schema of its answer, and its exit status. */
const CALLS: Array<[words: string, schema: string, exit?: number]> = [
  ["start web", "status-line"],
  ["start tty L=one", "status-line"],
  ["start --no-wait tty L=two", "status-line"],
  ["start bad", "error", 1],
  ["start nosuch", "error", 1],
  ["start crash", "status-line"],
  ["start nojob", "error", 1],
  ["start web", "error", 1],
  ["start", "error", 1],
  ["start --frob", "error", 1],
  ["restart web", "status-line"],
  ["emit hello A=b", "done"],
  ["emit", "error", 1],
  ["reload web", "done"],
  ["reset web", "done"],
  ["status web", "report"],
  ["status tty L=one", "report"],
  ["status bad", "report"],
  ["list", "report"],
  ["why tty L=one", "why"],
  ["why nojob", "error", 1],
  ["what-if start bad", "what-if"],
  ["what-if emit hello", "what-if"],
  ["ps", "report"],
  ["why web", "why"],
  ["why crash", "why"],
  ["why tty", "why"],
  ["why broken", "why"],
  ["why nojob", "error", 1],
  ["what-if emit never", "what-if"],
  ["what-if stop web", "what-if"],
  ["what-if shutdown", "what-if"],
  ["what-if start nojob", "error", 1],
  ["what-if", "error", 1],
  ["stop --jobs tt*", "changes"],
  ["stop --jobs nothing*", "changes", 1],
  ["stop --force web", "status-line"],
  ["set-env A=b", "done"],
  ["get-env A", "variable"],
  ["get-env NOTHING", "error", 1],
  ["list-env", "variables"],
  ["unset-env A", "done"],
  ["reset-env", "done"],
  ["reload-configuration", "done"],
  ["restart-init", "version"],
  ["version", "version"],
  ["log-priority", "priority"],
  ["log-priority info", "done"],
  ["log-priority nonsense", "error", 1],
  ["usage web", "usage"],
  ["show-config", "configuration"],
  ["show-config web", "configuration"],
  ["check-config", "problems", 1],
  ["check-config tty", "problems"],
  ["check-config nojob", "error", 1],
  ["list-sessions", "sessions"],
  ["notify-disk-writeable", "done"],
  ["logs nojob", "error", 1],
  ["logs --since soon", "error", 1],
  ["events --kind nonsense", "error", 1],
  ["frobnicate", "error", 1],
];

Deno.test("every command answers one object, an error is one, and both are as the schemas say", async () => {
  await using init = await RunningInit.start({ jobs: JOBS });
  for (const [words, schema, exit = 0] of CALLS) {
    const outcome = await init.initctl(...words.split(" "), "--json");
    const told = `${words}: ${JSON.stringify(outcome)}`;
    assert.equal(outcome.exit, exit, told);
    assert.match(outcome.stdout, /^\{.*\}\n$/, told);
    valid(schema, JSON.parse(outcome.stdout));
    // Behind the command or in front of it.
    if (schema === "version") assert.equal((await init.initctl("--json", words)).stdout, outcome.stdout);
  }
  for (const [words, schema] of [["logs", "log-line"], ["events", "record"]] as const) {
    const lines = (await init.ask(words, "--json")).trimEnd().split("\n").map((line) => JSON.parse(line));
    assert(lines.length > 0);
    for (const line of lines) valid(schema, line);
  }
  assert.equal(await init.ask("logs", "tty", "--json"), "");
});

Deno.test("values are what the commands print", async () => {
  await using init = await RunningInit.start({ jobs: { "web.conf": JOBS["web.conf"] } });
  const ask = async (...words: string[]) => JSON.parse(await init.ask(...words, "--json"));
  const { processes: [{ pid }], ...started } = await ask("start", "web");
  assert.deepEqual(started, { job: "web", instance: "", goal: "start", state: "running" });
  assert.equal(await init.ask("status", "web"), `web start/running, process ${pid}\n`);
  assert.deepEqual(await ask("usage", "web"), { job: "web", usage: "web please" });
  const { jobs: [shown] } = await ask("show-config", "web");
  assert.equal(shown.startOn, "(never or (started other and x A=b))");
  const checked = await init.initctl("check-config", "web", "--json");
  assert.equal(checked.exit, 1);
  assert.deepEqual(JSON.parse(checked.stdout), {
    jobs: [{
      name: "web",
      problems: ["unknown event x", "unknown job other", "unknown event never"]
        .map((problem) => ({ stanza: "start on", problem })),
    }],
  });
  assert.deepEqual(await ask("stop", "web"), {
    job: "web",
    instance: "",
    goal: "stop",
    state: "waiting",
    processes: [],
  });
  const { exit, stdout, stderr } = await init.initctl("stop", "web", "--json");
  assert.equal(exit, 1);
  assert.deepEqual(JSON.parse(stdout), {
    error: { name: "com.ubuntu.Upstart0_6.Error.UnknownInstance", message: "Unknown instance: " },
  });
  assert.equal(stderr, "initctl: Unknown instance: \n");
});

Deno.test("docs/initctl.md names every schema, and there is one for each that it names", () => {
  const page = readFileSync(join(DOCS, "initctl.md"), "utf8");
  const named = new Set(Array.from(page.matchAll(/\bschema\/([a-z-]+)\.json\b/g), ([, name]) => name!));
  assert.deepEqual([...named].sort(), [...names].sort());
});
