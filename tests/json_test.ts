/** `--json`: what every command answers is as docs/schema says. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { GROUPS } from "../lib/cli/initctl/initctl.ts";
import { environmentWith, Files } from "./support/author.ts";
import { run } from "./support/command.ts";
import { RunningInit } from "./support/init.ts";
import { EXECUTABLE } from "./support/programs.ts";

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
  ["notify-dbus-address", "error", 1],
  ["notify-dbus-address unix:path=/nowhere", "done"],
  ["notify-cgroup-manager-address unix:path=/nowhere", "done"],
  ["start --jobs we* nothing*", "changes", 1],
  ["restart --jobs web", "changes"],
  ["status --jobs we*", "report"],
  ["status --exit-code bad", "report", 3],
  ["list --failed", "report"],
  ["list --watch", "error", 1],
  ["what-if restart web", "what-if"],
];

Deno.test("of every command the answer is looked at below", () => {
  const called = new Set(CALLS.map(([words]) => words.split(" ")[0]));
  const commands = GROUPS.flatMap((group) => group().commands.map(({ name }) => name));
  const further = ["help", "logs", "events"];
  assert.deepEqual(commands.filter((name) => !called.has(name) && !further.includes(name)), []);
});

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

Deno.test("rouse doctor --json answers as its schema says, where all is well and where it is not", async () => {
  using good = new Files({ "web.conf": "exec sleep 600\n" });
  using bad = new Files({ "web.conf": "frobnicate\n", "odd.conf": "start on started nosuch\nexec true\n" });
  for (
    const [words, levels] of [
      [[good.directory], /"ok"/],
      [[bad.directory], /"problem".*"warning"/],
      [["--quiet", bad.directory], /"problem"/],
    ] as const
  ) {
    const { stdout, stderr } = await run([EXECUTABLE, "doctor", "--json", ...words], {
      directory: "/",
      environment: environmentWith(),
    });
    assert.equal(stderr, "");
    assert.match(stdout, /^\{.*\}\n$/);
    assert.match(stdout, levels);
    valid("doctor", JSON.parse(stdout));
  }
});

Deno.test("of several hosts each line is as host.json says, and the answer in it as the command's own schema", async () => {
  await using init = await RunningInit.start({ jobs: JOBS });
  // An ssh that runs the command here, and that has no connection to one of the hosts.
  using files = new Files({
    ssh:
      '#!/bin/sh\nwhile [ "$1" != -- ]; do shift; done\n[ "$2" != down ] || exit 255\nexec /bin/sh -c "$3"\n',
  });
  await Deno.chmod(files.path("ssh"), 0o755);
  const PATH = `${files.directory}:${init.environment["PATH"]}`;
  for (
    const [words, schema] of [
      ["start web", "status-line"],
      ["list", "report"],
      ["logs", "log-line"],
      ["events", "record"],
      ["why bad", "why"],
      ["start nojob", "error"],
    ] as const
  ) {
    const { stdout } = await run(["initctl", "-H", "a,down,b", "--json", ...words.split(" ")], {
      directory: "/",
      environment: { ...init.environment, PATH },
    });
    const answers = stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
    for (const one of answers) {
      valid("host", one);
      valid(
        one.host === "down" || schema === "status-line" && one.answer.error ? "error" : schema,
        one.answer,
      );
    }
    assert.deepEqual([...new Set(answers.map(({ host }) => host))].sort(), ["a", "b", "down"], words);
  }
});

Deno.test("docs/initctl.md names every schema, and there is one for each that it names", () => {
  const page = readFileSync(join(DOCS, "initctl.md"), "utf8");
  const named = new Set(Array.from(page.matchAll(/\bschema\/([a-z-]+)\.json\b/g), ([, name]) => name!));
  assert.deepEqual([...named].sort(), [...names].sort());
});
