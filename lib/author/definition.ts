/** Conversion of a job specification, the argument of `job()`, into a job definition (lib/model), field by field. */

import {
  FIELD_ROWS,
  type FieldKind,
  type FieldName,
  type FieldRow,
  type Fields,
  type FieldValues,
  moduleField,
  PROCESS_FIELDS,
  SEMANTICS,
  SLOW_RESPAWN_LIMIT,
  USUAL_BACKOFF,
} from "../model/fields.ts";
import {
  type DefaultsBase,
  emptyJob,
  type JobDefinition,
  type ProcessDefinition,
  type ProcessName,
} from "../model/job.ts";
import {
  completed,
  EXPECTED_TARGET,
  expectedPart,
  isLogTarget,
  isPart,
  LOG_PARTS,
  type LogSettingKind,
  type LogSettingValues,
  type PartKind,
} from "../model/logs/settings.ts";
import { isJobName } from "../model/validate.ts";
import { readCheck } from "./checks.ts";
import { inherited, type JobSpecification } from "./job.ts";
import { condition, type NameOf, reference } from "./references.ts";
import * as values from "./values.ts";
import { FieldError, refuse } from "./values.ts";

/** What the conversion needs to know of a job besides its specification. */
export interface DefinitionContext {
  name: string;
  /** The file, or `compiled-in`. */
  source: string;
  /** The module whose functions the hook child runs. */
  module: string;
  /** See {@link NameOf}. */
  nameOf: NameOf;
}

type Field = Exclude<keyof JobSpecification, "name">;
type Reader = (job: JobDefinition, value: unknown, context: DefinitionContext) => void;

/** The kinds of values that one field of a module gives whole. */
type WholeKind = Exclude<FieldKind, "respawnLimit" | "backoff">;

/** How the value of each kind is read. `field` is the name that messages say. */
const KINDS: {
  [Kind in WholeKind]: (
    field: string,
    value: unknown,
    row: FieldRow<Kind>,
    context: DefinitionContext,
  ) => FieldValues[Kind] | undefined;
} = {
  text: values.text,
  flag: values.flag,
  choice: (field, value, { choices }) => values.oneOf(field, value, choices),
  integer: (field, value, { lowest, highest }) => values.integer(field, value, lowest, highest),
  seconds: values.seconds,
  timeLimit: values.timeLimit,
  signal: values.signal,
  mask: values.umask,
  account,
  words: texts,
  variables: texts,
  environment: (field, value) => values.entries(field, value).map(([key, item]) => variable(key, item)),
  references: (field, value, row, { nameOf }) =>
    values.list(value).map((item) => reference(field, item, row, nameOf)),
  condition: (field, value, _, { nameOf }) => condition(field, value, nameOf),
  exits: (field, value) => values.list(value).map((item) => exit(field, item)),
  oomScore: (field, value) => value === "never" ? value : values.integer(field, value, -999, 1000),
  limits: values.limits,
  cgroups: (field, value) => values.list(value).map((item) => cgroup(field, item)),
  check: (field, value, { use }) => readCheck(field, value, use),
  ceilings: (field, value) =>
    Object.fromEntries(
      values.entries(field, value, ["memory"]).map(([key, size]) => [key, values.bytes(key, size)]),
    ),
  rotation: (field, value) => value === "none" ? value : logSetting("rotation", field, value),
  logLimit: (field, value) => logSetting("logLimit", field, value),
  logTargets: (field, value) =>
    someOf(field, value).map((item) => isLogTarget(item) ? item : refuse(field, EXPECTED_TARGET, item)),
};

function logSetting<Kind extends LogSettingKind>(
  kind: Kind,
  field: string,
  value: unknown,
): LogSettingValues[Kind] {
  const known: Record<string, PartKind> = LOG_PARTS[kind];
  const parts = values.entries(field, value, Object.keys(known)).map(([name, given]) =>
    [name, logPart(name, known[name]!, given)] as const
  );
  return completed(kind, Object.fromEntries(parts)) ?? refuse(field, "lines, bytes or both", value);
}

/** The items of an array that must not be empty. */
function someOf(field: string, value: unknown): readonly unknown[] {
  const items = values.list(value);
  return items.length > 0 ? items : refuse(field, EXPECTED_TARGET, value);
}

function logPart(name: string, kind: PartKind, value: unknown): number | string {
  const read = kind === "bytes"
    ? values.bytes(name, value)
    : kind === "seconds"
    ? values.seconds(name, value)
    : value;
  return isPart(kind, read) ? read as number | string : refuse(name, expectedPart(kind), value);
}

/** The fields of modules that a row of the table tells how to read. */
type FieldOfRow<Name extends FieldName> = Fields[Name] extends { within: string } ? never
  : Fields[Name] extends { module: infer Field } ? Field
  : Name;
type TableField = { [Name in FieldName]: FieldOfRow<Name> }[FieldName];

/** The readers of the other fields. */
const SPECIAL: Record<Exclude<Field, TableField>, Reader> = {
  manual: (_, value) => void values.flag("manual", value),
  exec: (job, value) => setMain(job, values.command("exec", value)),
  script: (job, value) =>
    setMain(job, { kind: "script", text: values.scriptText(values.text("script", value)) }),
  main: (job, value, context) => setMain(job, program("main", value, job.name, context)),
  preStart: processReader("pre-start"),
  postStart: processReader("post-start"),
  preStop: processReader("pre-stop"),
  postStop: processReader("post-stop"),
  respawn: readRespawn,
  apparmor: readApparmor,
};

const READERS: ReadonlyMap<string, Reader> = new Map([
  ...Object.entries(SPECIAL),
  ...FIELD_ROWS.filter(([, row]) => row.within === undefined).map(([name, row]) =>
    [moduleField(name), fieldReader(name, row)] as const
  ),
]);

function fieldReader(name: FieldName, row: FieldRow): Reader {
  const field = moduleField(name), read = KINDS[row.kind as WholeKind];
  return (job, value, context) => {
    const content = read(field, value, row as never, context);
    if (content === undefined) delete job[name];
    else job[name] = content as never;
  };
}

function processReader(process: ProcessName): Reader {
  const field = PROCESS_FIELDS[process];
  return (job, value, context) => void (job.processes[process] = program(field, value, job.name, context));
}

/** Names that are no fields, and what to use instead: the first words of stanzas, and what others might expect. */
const INSTEAD: ReadonlyMap<string, string> = new Map([
  ...FIELD_ROWS.flatMap(([name, { stanza = name }]) => {
    const [word = ""] = stanza.split(" ");
    return READERS.has(word) ? [] : [[word, moduleField(name)] as const];
  }),
  ["kill", "killTimeout or killSignal"],
  ["log", "console, logRotate, logLimit or logTo"],
  ["extends", "spreading: job({ ...other })"],
]);

/**
 * The definition of a job.
 * @throws {FieldError} when a field is unknown or its value is wrong.
 */
export function toDefinition(specification: object, context: DefinitionContext): JobDefinition {
  if (!isJobName(values.text("name", context.name))) refuse("name", "a job's name", context.name);
  const job = emptyJob(context.name, context.source, defaultsBase(specification));
  for (const [field, value] of Object.entries(specification)) {
    if (field === "name") continue;
    if (value === undefined) {
      if (CONFINING.has(field)) throw unconfined(field);
      continue;
    }
    const read = READERS.get(field);
    if (!read) throw unknown(field);
    read(job, value, context);
  }
  if ((specification as JobSpecification).manual) delete job.startOn;
  return job;
}

/** The fields without which a job has more rights: what is undefined there was hardly meant to be left out. */
const CONFINING: ReadonlySet<string> = new Set(["user", "group", "chroot", "apparmor"]);

function unconfined(field: string): FieldError {
  const reason = `${field} is undefined, and without ${field} the job has more rights, such as init's own; ` +
    "give it a value, or leave the field out where that is meant";
  return new FieldError(field, reason);
}

/** What the defaults of other fields depend on, wherever it stands. */
function defaultsBase({ semantics = "rouse", endsInit }: JobSpecification): Partial<DefaultsBase> {
  return {
    semantics: values.oneOf("semantics", semantics, SEMANTICS),
    ...(endsInit && { endsInit }),
  };
}

function unknown(field: string): FieldError {
  const instead = INSTEAD.get(field);
  if (instead !== undefined) return new FieldError(field, `a job has no field ${field}; use ${instead}`);
  return values.unknownField(field, [...READERS.keys(), "name"], "a job has");
}

function program(
  field: string,
  value: unknown,
  job: string,
  { module }: DefinitionContext,
): ProcessDefinition {
  if (typeof value === "function") return { kind: "function", module, job };
  if (typeof value !== "object" || value === null) {
    refuse(field, `a function, { exec: … } or { script: … }`, value);
  }
  const given = values.entries(field, value, ["exec", "script"]);
  const [kind, content] = given[0] ?? [];
  if (given.length !== 1) refuse(field, "a function, { exec: … } or { script: … }", value);
  if (kind === "exec") return values.command(field, content);
  return { kind: "script", text: values.scriptText(values.text(field, content)) };
}

function setMain(job: JobDefinition, main: ProcessDefinition): void {
  if (job.processes.main) {
    throw new FieldError("main", "a job has one main process: give exec, script or main, not several");
  }
  job.processes.main = main;
}

function texts(field: string, value: unknown): string[] {
  return values.list(value).map((item) => values.text(field, item));
}

function notEmpty(field: string, text: string): string {
  return text === "" ? refuse(field, "a command", text) : text;
}

function variable(key: string, value: unknown): string {
  if (/[=\0]/.test(key)) {
    throw new FieldError(key, `env has a variable ${JSON.stringify(key)}; no name may hold a =`);
  }
  if (value === inherited) return key;
  return `${key}=${typeof value === "number" ? value : values.text(key, value)}`;
}

function readRespawn(job: JobDefinition, value: unknown): void {
  if (typeof value === "boolean") return void (job.respawn = value);
  const { limit, within, ...delay } = Object.fromEntries(
    values.entries("respawn", value, ["limit", "within", ...Object.keys(USUAL_BACKOFF)]),
  );
  job.respawn = true;
  if (limit !== undefined || within !== undefined) job.respawnLimit = respawnLimit(job, limit, within);
  if (Object.keys(delay).length === 0) return;
  const backoff = values.backoff(delay, job.respawnDelay ?? USUAL_BACKOFF);
  if (backoff) job.respawnDelay = backoff;
  else delete job.respawnDelay;
}

function respawnLimit(
  { respawnLimit }: JobDefinition,
  limit: unknown,
  within: unknown,
): JobDefinition["respawnLimit"] {
  if (limit === "unlimited") return limit;
  const { count, interval } = respawnLimit === "unlimited" ? SLOW_RESPAWN_LIMIT : respawnLimit;
  return {
    count: limit === undefined ? count : values.integer("limit", limit, 0, Number.MAX_SAFE_INTEGER),
    interval: within === undefined ? interval : values.seconds("within", within),
  };
}

function readApparmor(job: JobDefinition, value: unknown): void {
  for (const [key, item] of values.entries("apparmor", value, ["load", "switch"])) {
    job[key === "load" ? "apparmorLoad" : "apparmorSwitch"] = values.text(key, item);
  }
}

function exit(field: string, value: unknown): JobDefinition["normalExit"][number] {
  // As in `.conf`, a number above the statuses is a signal times 256. So signals without a name can be given.
  if (typeof value === "number" && value > 255 && value % 256 === 0) {
    return { signal: values.signal(field, value / 256) };
  }
  if (typeof value === "number") return { status: values.integer(field, value, 0, 255) };
  return { signal: values.signal(field, value) };
}

function account(field: string, value: unknown): string {
  return Number.isInteger(value) && (value as number) >= 0
    ? String(value)
    : notEmpty(field, values.text(field, value));
}

function cgroup(field: string, value: unknown): JobDefinition["cgroups"][number] {
  const known = ["controller", "name", "key", "value"];
  const given = values.entries(field, value, known).map(([key, item]) =>
    [key, typeof item === "number" ? String(item) : values.text(key, item)] as const
  );
  const setting = Object.fromEntries(given) as Partial<JobDefinition["cgroups"][number]>;
  return { ...setting, controller: setting.controller ?? refuse(field, "given a controller", value) };
}
