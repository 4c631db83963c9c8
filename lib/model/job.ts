/**
 * The job definition: plain data that every format (TypeScript modules, `.conf`, init scripts) is turned
 * into, and all that the engine knows of a job. It can be sent as JSON.
 */

import {
  type CONSOLES,
  type EXPECTATIONS,
  FIELD_ROWS,
  type FieldName,
  type FieldRow,
  FIELDS,
  type Fields,
  type FieldValues,
  type SEMANTICS,
  SLOW_RESPAWN_LIMIT,
} from "./fields.ts";

/** The processes that a job may have, by the names of init(5). */
export const PROCESS_NAMES = ["main", "pre-start", "post-start", "pre-stop", "post-stop"] as const;

/** The name of one of a job's processes. */
export type ProcessName = (typeof PROCESS_NAMES)[number];

/** The processes that an instance may have: the job's own, and the one that loads its AppArmor profile. */
export const INSTANCE_PROCESSES = [...PROCESS_NAMES, "security"] as const;

/** The name of one of an instance's processes. */
export type InstanceProcess = (typeof INSTANCE_PROCESSES)[number];

/** What one process of a job runs. */
export type ProcessDefinition =
  /** `exec COMMAND`: split at blanks, or given to the shell when it holds a character special to it. */
  | { kind: "exec"; command: string }
  /** `script … end script`: given to `/bin/sh -e`. */
  | { kind: "script"; text: string }
  /** Words passed on as they are, but for `$VAR` and `${VAR}`, which are expanded without a shell. */
  | { kind: "arguments"; words: string[] }
  /** A function of a job module, run in a child of its own. */
  | { kind: "function"; module: string; job: string };

/** Where a job's standard streams go. */
export type Console = (typeof CONSOLES)[number];

/** How the main process shows that it is ready. */
export type Expectation = (typeof EXPECTATIONS)[number];

/** The resources of init(5)'s `limit` stanza, named as in setrlimit(2) without `RLIMIT_`, in lower case. */
export const RESOURCES = [
  "as",
  "core",
  "cpu",
  "data",
  "fsize",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "sigpending",
  "stack",
] as const;
export type Resource = (typeof RESOURCES)[number];

/** A resource limit in the resource's own unit (setrlimit(2)). */
export interface Limit {
  soft: number | "unlimited";
  hard: number | "unlimited";
}

/** `respawn limit COUNT INTERVAL`: more than `count` respawns within `interval` seconds end the job. */
export interface RespawnLimit {
  count: number;
  /** Seconds. */
  interval: number;
}

/** `respawn delay`: how long a respawn waits, in seconds. */
export interface Backoff {
  /** The delay of the first respawn, more than none. */
  delay: number;
  /** Each further delay is so many times the one before. */
  factor: number;
  /** No delay is longer. */
  max: number;
  /** Delays are longer or shorter by up to this part of them, 0 to 1. */
  jitter: number;
  /** After so long a run the next delay is the first one again. */
  resetAfter: number;
}

/** A set of defaults. */
export type Semantics = (typeof SEMANTICS)[number];

/** A `cgroup CONTROLLER [NAME] [KEY VALUE]` stanza. */
export interface Cgroup {
  controller: string;
  name?: string;
  key?: string;
  value?: string;
}

/** The value of a field: the type that its row in the table asks for. */
type FieldValue<Row extends FieldRow> = Row extends { choices: readonly (infer Choice)[] } ? Choice
  : FieldValues[Row["kind"]];

/** The fields that every definition has. */
type FieldsWithDefault = {
  [Name in FieldName]: Fields[Name] extends { default: unknown } ? Name : never;
}[FieldName];

/** The values of all rows of a table. Editors show the comments of the rows. */
type ValuesOf<Rows extends Record<string, FieldRow>> = {
  -readonly [Name in keyof Rows]: FieldValue<Rows[Name]>;
};

/**
 * The definition of a job. Its fields are those of the table (fields.ts), and some that no stanza says. A field that may be
 * absent has the stanza's default then.
 */
export interface JobDefinition
  extends
    ValuesOf<Pick<Fields, FieldsWithDefault>>,
    Partial<ValuesOf<Pick<Fields, Exclude<FieldName, FieldsWithDefault>>>> {
  /** The file's path below the configuration directory without its ending, e.g. `network/bridge`. */
  name: string;
  /** The file that defines the job, or `compiled-in`. */
  source: string;
  processes: Partial<Record<ProcessName, ProcessDefinition>>;
  /**
   * The texts, by path, of the module whose functions the processes run, and of those that it imports. So a function is
   * the one that was there when the job was defined. Absent: the files are read when a function runs.
   */
  sources?: Readonly<Record<string, string>>;
  /**
   * Something of init's own, and not the engine, decides what follows from the end of its main process: no end of it is a
   * failure. Its processes get the variables that it is started with, and none that tell of jobs.
   */
  directed?: true;
  /** How the file's own format calls a dependency, by the name in `uses` or `after`: for those who ask. Absent: as here. */
  relations?: Readonly<Record<string, JobRelation>>;
}

/** What a job says of another one, in the words of its format. */
export interface JobRelation {
  kind: "needs" | "wants" | "uses" | "after";
  /** The name by which the other one is meant, which it provides. */
  as?: string;
}

/** What every definition begins with. Its lists and tables are copied for each. */
const TEMPLATE = {
  name: "",
  source: "",
  ...Object.fromEntries(
    FIELD_ROWS.flatMap(([name, row]) => row.default === undefined ? [] : [[name, row.default]]),
  ),
  processes: {},
} as unknown as JobDefinition;

/** The fields that may hold lists or tables. */
const COLLECTIONS = FIELD_ROWS.flatMap(([name, { default: usual, rouse }]) =>
  typeof (usual ?? rouse) === "object" ? [name] : []
);

/** The fields whose defaults depend on the job's semantics. */
const SEMANTIC_FIELDS = FIELD_ROWS.flatMap(([name, { rouse }]) => rouse === undefined ? [] : [name]);

/** What the defaults of a definition depend on. */
export type DefaultsBase = Pick<JobDefinition, "semantics" | "endsInit">;

/** True for a job of which a process runs a function of its module. */
export function hasFunctions({ processes }: JobDefinition): boolean {
  return Object.values(processes).some(({ kind }) => kind === "function");
}

/** True when init ends with a job that has ended well, or has not. */
export function endsInitWith({ endsInit }: Pick<JobDefinition, "endsInit">, success: boolean): boolean {
  return endsInit === true || endsInit === (success ? "success" : "failure");
}

/** What a field holds where a job does not say it. */
export function defaultOf(name: FieldName, { semantics, endsInit }: DefaultsBase): unknown {
  const row: FieldRow = FIELDS[name];
  if (semantics === "upstart" || row.rouse === undefined) return row.default;
  // An init that would tell of the failure by its end is not kept for ever.
  return name === "respawnLimit" && endsInit ? SLOW_RESPAWN_LIMIT : row.rouse;
}

/** True where a field holds what it would hold if the job did not say it. */
export function hasDefault(name: FieldName, job: JobDefinition, base: DefaultsBase = job): boolean {
  return isSame(job[name], defaultOf(name, base));
}

/** True for two values of a field that are equal: texts, numbers, lists and tables of these. */
function isSame(one: unknown, other: unknown): boolean {
  if (!isTable(one) || !isTable(other)) return one === other;
  const keys = Object.keys(one);
  return keys.length === Object.keys(other).length && keys.every((key) => isSame(one[key], other[key]));
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** A definition with defaults alone. Parsers fill in the rest. */
export function emptyJob(name: string, source: string, base: Partial<DefaultsBase> = {}): JobDefinition {
  const job = withDefaultsOf(TEMPLATE, base);
  job.name = name;
  job.source = source;
  return job;
}

/** A copy of a definition under other semantics. Fields with the default of the old ones have that of the new ones. */
export function withDefaultsOf(definition: JobDefinition, base: Partial<DefaultsBase>): JobDefinition {
  const job = copyJob(definition);
  const { semantics = job.semantics, endsInit = job.endsInit } = base;
  // Most jobs of maybe thousands have the defaults that they begin with.
  if (semantics === job.semantics && endsInit === job.endsInit) return job;
  job.semantics = semantics;
  if (endsInit !== undefined) job.endsInit = endsInit;
  for (const name of SEMANTIC_FIELDS) {
    if (!hasDefault(name, definition)) continue;
    const value = defaultOf(name, job);
    if (value === undefined) delete job[name];
    else job[name] = (isTable(value) ? { ...value } : value) as never;
  }
  return job;
}

/** A copy of a definition, whose lists and tables may be changed. */
export function copyJob(definition: JobDefinition): JobDefinition {
  const job = { ...definition };
  job.processes = { ...definition.processes };
  for (const name of COLLECTIONS) {
    const value: unknown = job[name];
    if (Array.isArray(value)) job[name] = value.slice() as never;
    else if (typeof value === "object") job[name] = { ...value } as never;
  }
  return job;
}

/** The fields of a job's life that Upstart has no stanza for. */
const BEYOND_UPSTART = [
  "needs",
  "wants",
  "uses",
  "after",
  "before",
  "provides",
  "conflicts",
  "ready",
  "alive",
  "pidFile",
  "startTimeout",
  "respawnDelay",
] as const satisfies ReadonlyArray<keyof JobDefinition>;

/** True for a job that Upstart does not know: nobody expects it to fail with Upstart's words alone. */
export function isBeyondUpstart(definition: JobDefinition): boolean {
  if (definition.semantics === "rouse" || definition.expect === "script") return true;
  return BEYOND_UPSTART.some((field) => {
    const value = definition[field];
    return Array.isArray(value) ? value.length > 0 : value !== undefined;
  });
}
