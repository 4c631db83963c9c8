/** A job's fields stand once, in lib/model/fields.ts: definition, formats, editors and the manual have just those. */

import fc from "fast-check";
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import ts from "typescript";
import { declarations } from "../build/declarations.ts";
import { formatConf } from "../compat/upstart/format.ts";
import { applyOverride, parseConf } from "../compat/upstart/parse.ts";
import { FIELD_VALUES } from "../compat/upstart/testing/definitions.ts";
import { toDefinition } from "../lib/author/definition.ts";
import { formatModule } from "../lib/formats/typescript/mod.ts";
import {
  FIELD_ROWS,
  type FieldName,
  type FieldRow,
  FIELDS,
  moduleField,
  PROCESS_FIELDS,
  SEMANTICS,
} from "../lib/model/fields.ts";
import { emptyJob, type JobDefinition, type Semantics, withDefaultsOf } from "../lib/model/job.ts";
import { validateJob, validateLoadedJob } from "../lib/model/validate.ts";
import { Files } from "./support/author.ts";

// The definition has the fields of the table, and these.
type Other = "name" | "source" | "processes" | "sources" | "directed" | "relations";
type Same<One, Two> = [One] extends [Two] ? [Two] extends [One] ? true : false : false;
const same: Same<keyof JobDefinition, FieldName | Other> = true;

Deno.test("the definition's fields are those of the table, with its defaults", () => {
  assert(same);
  const { name: _, source: __, processes, ...fields } = emptyJob("mill", "f");
  const defaults = FIELD_ROWS.filter(([, row]) => row.default !== undefined);
  assert.deepEqual(fields, Object.fromEntries(defaults.map(([name, row]) => [name, row.default])));
  assert.deepEqual(processes, {});
  for (const [name] of FIELD_ROWS) {
    assert.throws(() => validateJob({ ...emptyJob("mill", "f"), [name]: Symbol() }), new RegExp(name));
  }
});

Deno.test("no two definitions share a list or a table", () => {
  for (const semantics of SEMANTICS) {
    const one = emptyJob("mill", "f", { semantics }) as unknown as Record<string, unknown>;
    const other = emptyJob("mill", "f", { semantics }) as unknown as Record<string, unknown>;
    for (const [field, value] of Object.entries(one)) {
      if (typeof value === "object") assert.notEqual(value, other[field], field);
    }
  }
});

Deno.test("each semantics has its defaults, and respawns have a limit where a job's end is that of init", () => {
  const rouse = emptyJob("mill", "f", { semantics: "rouse" });
  for (const [name, row] of FIELD_ROWS) {
    if (name !== "semantics") assert.deepEqual(rouse[name], row.rouse ?? row.default, name);
  }
  const limit = (semantics: Semantics, endsInit: JobDefinition["endsInit"]) =>
    emptyJob("mill", "f", { semantics, ...(endsInit !== undefined && { endsInit }) }).respawnLimit;
  assert.deepEqual(limit("rouse", "failure"), { count: 10, interval: 300 });
  assert.deepEqual(limit("rouse", false), "unlimited");
  assert.deepEqual(limit("upstart", true), { count: 10, interval: 5 });
});

Deno.test("a job under other semantics has their defaults, and keeps what it says itself", () => {
  const upstart = { ...emptyJob("mill", "f"), killMode: "group" as const, startTimeout: 3 };
  const rouse = withDefaultsOf(upstart, { semantics: "rouse" });
  assert.deepEqual(rouse, { ...emptyJob("mill", "f", { semantics: "rouse" }), startTimeout: 3 });
  assert.deepEqual(withDefaultsOf(rouse, { semantics: "upstart" }), { ...upstart, killMode: "main" });
});

Deno.test("semantics may stand anywhere in a job, and in what overrides it", async () => {
  const stanzas = ["semantics rouse", "kill mode main", "respawn limit 10 5", "start timeout none"];
  const { startTimeout: _, ...rest } = emptyJob("mill", "f", { semantics: "rouse" });
  const said = { ...rest, killMode: "main", respawnLimit: { count: 10, interval: 5 } };
  for (let turn = 0; turn < stanzas.length; turn++) {
    stanzas.push(stanzas.shift()!);
    assert.deepEqual(parseConf(stanzas.join("\n"), "f", "mill"), said);
  }
  const overridden = parseConf("start timeout 5", "f", "mill");
  assert.deepEqual(
    applyOverride(overridden, "respawn limit 10 5\nsemantics rouse\nkill mode main", "o"),
    { ...said, startTimeout: 5 },
  );

  const module = (fields: string) =>
    evaluated(`import { job } from "rouse"; export default job({ ${fields} });`);
  assert.deepEqual(await module(""), emptyJob("mill", "f", { semantics: "rouse" }));
  const [one, other] = ["respawn: { limit: 3 }", 'semantics: "upstart"'];
  const limited = { ...emptyJob("mill", "f"), respawn: true, respawnLimit: { count: 3, interval: 5 } };
  assert.deepEqual(await module(`${one}, ${other}`), limited);
  assert.deepEqual(await module(`${other}, ${one}`), limited);
  const slow = { count: 3, interval: 300 };
  assert.deepEqual((await module(one)).respawnLimit, slow);
  assert.deepEqual((await module(`${one}, endsInit: true`)).respawnLimit, slow);
  assert.deepEqual((await module(`respawn: { delay: 0 }`)).respawnDelay, undefined);
});

Deno.test("a wrong part of a back-off is refused by its name", async () => {
  const wrong = {
    'delay: "x"': 'delay must be seconds, or text like "5s", "500ms", "2min", not "x"',
    "factor: 0.5": "factor must be a number from 1, not 0.5",
    "jitter: 2": "jitter must be a number from 0 to 1, not 2",
    'delay: 5, max: "1s"': 'max must be at least as long as delay, not "1s"',
    "resetafter: 5": "respawn has no field resetafter; did you mean resetAfter?",
  };
  for (const [parts, message] of Object.entries(wrong)) {
    const text = `import { job } from "rouse"; export default job({ respawn: { ${parts} } });`;
    await assert.rejects(evaluated(text), { message });
  }
});

/** The definition that a module's text stands for. */
async function evaluated(text: string): Promise<JobDefinition> {
  const module = await import(`data:application/typescript,${encodeURIComponent(text)}`);
  return toDefinition(module.default, { name: "mill", source: "f", module: "f", nameOf: () => undefined });
}

const anySemantics = fc.constantFrom(...SEMANTICS);

/** A job that says just this, in addition to its semantics. */
function saying(field: FieldName, value: unknown, semantics: Semantics): JobDefinition {
  const base = field === "semantics" ? { semantics: value as Semantics } : { semantics };
  const job = { ...emptyJob("mill", "f", base), [field]: value };
  if (value === undefined) delete job[field];
  // Without `respawn` its limit and delay mean nothing, and a module does not say them.
  return ["respawnLimit", "respawnDelay"].includes(field) ? { ...job, respawn: true } : job;
}

for (const [field, present] of FIELD_VALUES) {
  const isOptional = (FIELDS[field] as FieldRow).default === undefined;
  const values = isOptional ? fc.option(present, { nil: undefined }) : present;

  Deno.test(`${field} comes through .conf as it is`, () => {
    fc.assert(fc.property(values, anySemantics, (value, semantics) => {
      const job = saying(field, value, semantics), text = formatConf(job);
      assert.deepEqual(parseConf(text, "f", "mill"), job, text);
      assert.equal(validateLoadedJob(job), job);
    }));
  });

  Deno.test(`${field} comes through a module as it is, or is told to be lost`, async () => {
    await fc.assert(
      fc.asyncProperty(values, anySemantics, async (value, semantics) => {
        const job = saying(field, value, semantics), { text, lost } = formatModule(job);
        if (lost.length === 0) assert.deepEqual(inOrder(await evaluated(text)), inOrder(job), text);
        else assert(field === "env" || value === 0, text);
      }),
      { numRuns: 30 },
    );
  });
}

/** In a module the last of several values for a variable is the only one, and their order is that of an object. */
function inOrder(job: JobDefinition): JobDefinition {
  const env = new Map(job.env.map((pair) => [pair.split("=")[0], pair]));
  return { ...job, env: [...env.values()].sort() };
}

/** The manual's rows on fields: the words in code style of the first column and of the last. */
function tableBelow(page: string, heading: string): Array<{ first: string[]; last: string[] }> {
  const text = readFileSync(resolve(import.meta.dirname!, "../docs", page), "utf8");
  const section = text.slice(text.indexOf(`\n${heading}\n`) + 1).split(/\n#{1,3} /)[0]!;
  const words = (cell = "") => Array.from(cell.matchAll(/`([^`]+)`/g), ([, word]) => word!);
  return section.split("\n").filter((line) => line.startsWith("|")).map((line) => {
    const cells = line.replaceAll("\\|", "/").split("|").slice(1, -1);
    return { first: words(cells[0]), last: words(cells.at(-1)) };
  });
}

Deno.test("the guide to modules has a row for each field, with its stanza", () => {
  const rows = tableBelow("jobs.md", "## Fields");
  for (const [name, { stanza }] of FIELD_ROWS) {
    const field = moduleField(name), row = rows.find(({ first }) => first.includes(field));
    assert(row, `no row for ${field}`);
    // `the same` stands for the stanzas that the fields are called after.
    if (stanza !== undefined && row.last.length > 0) {
      assert(row.last.includes(stanza), `${field}: ${row.last}`);
    }
  }
  const fields = [...FIELD_ROWS.map(([name]) => moduleField(name)), ...Object.values(PROCESS_FIELDS)];
  const others = ["name", "manual", "exec", "script"];
  const unknown = rows.flatMap(({ first }) => first).filter((field) =>
    ![...fields, ...others].includes(field)
  );
  assert.deepEqual(unknown, []);
});

Deno.test("the guide to classic jobs tells of every stanza", () => {
  const told = tableBelow("upstart.md", "## Stanzas").flatMap(({ first }) => first);
  // `apparmor …` stands for all stanzas that begin so.
  const isTold = (stanza: string) =>
    told.some((words) => `${words} `.startsWith(`${stanza} `) || words === `${stanza.split(" ")[0]} …`);
  const stanzas = FIELD_ROWS.flatMap(([, { stanza }]) => stanza ?? []);
  assert.deepEqual(stanzas.filter((stanza) => !isTold(stanza)), []);
});

Deno.test("editors offer every field, and tell what it is", () => {
  using files = new Files({});
  for (const [file, text] of Object.entries(declarations())) {
    mkdirSync(dirname(files.path(file)), { recursive: true });
    writeFileSync(files.path(file), text);
  }
  const before = 'import { job } from "./author/mod.d.ts";\nexport default job({ ';
  const module = files.path("mill.ts");
  writeFileSync(module, `${before} });\n`);
  const service = ts.createLanguageService({
    fileExists: ts.sys.fileExists,
    readFile: ts.sys.readFile,
    getScriptFileNames: () => [module],
    getScriptVersion: () => "1",
    getScriptSnapshot: (file) =>
      existsSync(file) ? ts.ScriptSnapshot.fromString(readFileSync(file, "utf8")) : undefined,
    getCurrentDirectory: () => files.directory,
    getCompilationSettings: () => ({
      allowImportingTsExtensions: true,
      module: ts.ModuleKind.ESNext,
      moduleResolution: ts.ModuleResolutionKind.Bundler,
      noEmit: true,
      strict: true,
      target: ts.ScriptTarget.ESNext,
      types: [],
    }),
    getDefaultLibFileName: ts.getDefaultLibFilePath,
  });
  const offered = service.getCompletionsAtPosition(module, before.length, {})!.entries
    .filter(({ kind }) => kind === ts.ScriptElementKind.memberVariableElement).map(({ name }) => name);
  const fields = FIELD_ROWS.map(([name]) => moduleField(name));
  const others = ["name", "manual", "exec", "script", ...Object.values(PROCESS_FIELDS)];
  assert.deepEqual(offered.sort(), [...new Set([...fields, ...others])].sort());
  for (const name of offered) {
    const { documentation } = service.getCompletionEntryDetails(
      module,
      before.length,
      name,
      {},
      undefined,
      {},
      undefined,
    )!;
    assert(ts.displayPartsToString(documentation).length > 10, `${name} has no documentation`);
  }
});

Deno.test("rows are told apart by their stanzas", () => {
  const stanzas = FIELD_ROWS.flatMap(([, { stanza }]) => stanza ?? []);
  assert.equal(new Set(stanzas).size, stanzas.length);
  assert.equal(FIELD_VALUES.length, stanzas.length);
  assert.equal((FIELDS.endsInit as FieldRow).stanza, undefined);
});
