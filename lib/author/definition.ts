/** Turns what was given to `job()` into a definition (lib/model), field by field. */

import type { Condition as ModelCondition, Match } from "../model/condition.ts";
import {
  CONSOLES,
  emptyJob,
  EXPECTATIONS,
  type JobDefinition,
  type ProcessName,
  type Program,
} from "../model/job.ts";
import { isJobName } from "../model/validate.ts";
import { Condition, type DefinedJob, type JobReference, type Tree } from "./conditions.ts";
import { inherited, type JobSpecification } from "./job.ts";
import * as values from "./values.ts";
import { FieldError, refuse } from "./values.ts";

/** What a specification itself does not know of its job. */
export interface Surroundings {
  name: string;
  /** The file, or `compiled-in`. */
  source: string;
  /** The module whose functions the hook child shall run. */
  module: string;
  /** The name of a job that another's condition refers to; undefined when it has none. */
  nameOf(job: DefinedJob): string | undefined;
}

type Field = Exclude<keyof JobSpecification, "name">;
type Reader = (job: JobDefinition, value: unknown, surroundings: Surroundings) => void;

/** The fields that hold a process, by that process's name. */
export const PROCESS_FIELDS = {
  main: "main",
  "pre-start": "preStart",
  "post-start": "postStart",
  "pre-stop": "preStop",
  "post-stop": "postStop",
} as const satisfies Record<ProcessName, Field>;

/** What people try who know the stanzas. */
const STANZAS: Record<string, string> = {
  setuid: "user",
  setgid: "group",
  kill: "killTimeout or killSignal",
  normal: "normalExit",
  reload: "reloadSignal",
  oom: "oomScore",
  ready: "the function ready() that main is given",
  extends: "spreading: job({ ...other })",
};

/** Copies a field that is text. */
function textField(
  field: "description" | "author" | "version" | "usage" | "chdir" | "chroot" | "instance",
): Reader {
  return (job, value) => void (job[field] = values.text(field, value));
}

function processField(field: Field, process: ProcessName): Reader {
  return (job, value, surroundings) =>
    void (job.processes[process] = program(field, value, job.name, surroundings));
}

const READERS: Record<Field, Reader> = {
  description: textField("description"),
  author: textField("author"),
  version: textField("version"),
  usage: textField("usage"),
  chdir: textField("chdir"),
  chroot: textField("chroot"),
  instance: textField("instance"),
  startOn: (job, value, { nameOf }) => void (job.startOn = condition("startOn", value, nameOf)),
  stopOn: (job, value, { nameOf }) => void (job.stopOn = condition("stopOn", value, nameOf)),
  manual: (_, value) => void values.flag("manual", value),
  emits: (job, value) => void (job.emits = values.list(value).map((item) => values.text("emits", item))),
  env: (job, value) =>
    void (job.env = values.entries("env", value).map(([key, item]) => variable(key, item))),
  export: (job, value) => void (job.export = values.list(value).map((item) => values.text("export", item))),
  exec: (job, value) => setMain(job, command("exec", value)),
  script: (job, value) =>
    setMain(job, { kind: "script", text: values.scriptText(values.text("script", value)) }),
  main: (job, value, surroundings) => setMain(job, program("main", value, job.name, surroundings)),
  preStart: processField("preStart", "pre-start"),
  postStart: processField("postStart", "post-start"),
  preStop: processField("preStop", "pre-stop"),
  postStop: processField("postStop", "post-stop"),
  task: (job, value) => void (job.task = values.flag("task", value)),
  respawn: readRespawn,
  normalExit: (job, value) => void (job.normalExit = values.list(value).map(exit)),
  expect: (job, value) => void (job.expect = values.oneOf("expect", value, EXPECTATIONS)),
  killTimeout: (job, value) => void (job.killTimeout = values.seconds("killTimeout", value)),
  killSignal: (job, value) => void (job.killSignal = values.signal("killSignal", value)),
  reloadSignal: (job, value) => void (job.reloadSignal = values.signal("reloadSignal", value)),
  console: (job, value) => void (job.console = values.oneOf("console", value, CONSOLES)),
  user: (job, value) => void (job.setuid = account("user", value)),
  group: (job, value) => void (job.setgid = account("group", value)),
  umask: (job, value) => void (job.umask = values.umask("umask", value)),
  nice: (job, value) => void (job.nice = values.integer("nice", value, -20, 19)),
  oomScore: (job, value) =>
    void (job.oomScore = value === "never" ? value : values.integer("oomScore", value, -999, 1000)),
  limit: (job, value) => void (job.limit = values.limits("limit", value)),
  cgroup: (job, value) => void (job.cgroups = values.list(value).map(cgroup)),
  apparmor: readApparmor,
  endsInit: (job, value) => void (job.endsInit = values.flag("endsInit", value)),
  debug: (job, value) => void (job.debug = values.flag("debug", value)),
};

/**
 * The definition of a job.
 * @throws {FieldError} for a field that there is not, or whose value cannot be used.
 */
export function toDefinition(specification: object, surroundings: Surroundings): JobDefinition {
  if (!isJobName(values.text("name", surroundings.name))) refuse("name", "a job's name", surroundings.name);
  const job = emptyJob(surroundings.name, surroundings.source);
  for (const [field, value] of Object.entries(specification)) {
    if (field === "name" || value === undefined) continue;
    if (!Object.hasOwn(READERS, field)) throw unknown(field);
    READERS[field as Field](job, value, surroundings);
  }
  if ((specification as JobSpecification).manual) delete job.startOn;
  return job;
}

function unknown(field: string): FieldError {
  const instead = Object.hasOwn(STANZAS, field) ? STANZAS[field] : undefined;
  if (instead) return new FieldError(field, `a job has no field ${field}; use ${instead}`);
  return values.unknownField(field, [...Object.keys(READERS), "name"], "a job has");
}

/** The jobs that a specification's conditions refer to. */
export function referredJobs(specification: object): DefinedJob[] {
  const { startOn, stopOn } = specification as { startOn?: unknown; stopOn?: unknown };
  const found: DefinedJob[] = [];
  const visit = (tree: Tree): void => {
    if (tree.kind !== "event") return void (visit(tree.left), visit(tree.right));
    for (const { value } of tree.comparisons) {
      const job: unknown = typeof value === "string" ? undefined : resolve(value);
      if (typeof job === "object" && job !== null) found.push(job as DefinedJob);
    }
  };
  for (const each of [startOn, stopOn]) if (each instanceof Condition) visit(each.tree);
  return found;
}

function resolve(reference: Exclude<JobReference, string>): DefinedJob {
  return typeof reference === "function" ? reference() : reference;
}

function condition(field: Field, value: unknown, nameOf: Surroundings["nameOf"]): ModelCondition {
  if (!(value instanceof Condition)) {
    refuse(field, `a condition such as on("startup") or started("web")`, value);
  }
  const model = (tree: Tree): ModelCondition =>
    tree.kind === "event"
      ? { kind: "event", name: values.text(field, tree.name), matches: tree.comparisons.map(match) }
      : { kind: tree.kind, left: model(tree.left), right: model(tree.right) };
  const match = (
    { key, value, negated }: Extract<Tree, { kind: "event" }>["comparisons"][number],
  ): Match => ({
    ...(key !== undefined && { key }),
    value: typeof value === "string" ? value : referredName(field, value, nameOf),
    ...(negated && { negated }),
  });
  return model(value.tree);
}

function referredName(
  field: Field,
  reference: Exclude<JobReference, string>,
  nameOf: Surroundings["nameOf"],
): string {
  const job: unknown = resolve(reference);
  const there = typeof job === "object" && job !== null;
  const name = there ? nameOf(job as DefinedJob) : undefined;
  if (name !== undefined) return name;
  const reason = there
    ? "a job that has no name; give it one, or export it as its module's default"
    : `a job that is not there (${values.shown(job)}); is it imported from a module that exports it?`;
  throw new FieldError(field, `${field} refers to ${reason}`);
}

function command(field: string, value: unknown): Program {
  if (!Array.isArray(value)) {
    // A blank behind a backslash is part of the last word.
    const line = values.text(field, value).replace(/^[ \t\r\n]+|(?<!\\)[ \t\r\n]+$/g, "");
    return { kind: "exec", command: notEmpty(field, line) };
  }
  if (value.length === 0) refuse(field, "a command", value);
  return { kind: "arguments", words: value.map((word) => values.text(field, word)) };
}

function program(field: string, value: unknown, job: string, { module }: Surroundings): Program {
  if (typeof value === "function") return { kind: "function", module, job };
  if (typeof value !== "object" || value === null) {
    refuse(field, `a function, { exec: … } or { script: … }`, value);
  }
  const given = values.entries(field, value, ["exec", "script"]);
  const [kind, content] = given[0] ?? [];
  if (given.length !== 1) refuse(field, "a function, { exec: … } or { script: … }", value);
  if (kind === "exec") return command(field, content);
  return { kind: "script", text: values.scriptText(values.text(field, content)) };
}

function setMain(job: JobDefinition, main: Program): void {
  if (job.processes.main) {
    throw new FieldError("main", "a job has one main process: give exec, script or main, not several");
  }
  job.processes.main = main;
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
  const { limit, within } = Object.fromEntries(values.entries("respawn", value, ["limit", "within"]));
  job.respawn = true;
  if (limit === "unlimited") return void (job.respawnLimit = "unlimited");
  if (job.respawnLimit === "unlimited") return;
  if (limit !== undefined) {
    job.respawnLimit.count = values.integer("limit", limit, 0, Number.MAX_SAFE_INTEGER);
  }
  if (within !== undefined) job.respawnLimit.interval = values.seconds("within", within);
}

function readApparmor(job: JobDefinition, value: unknown): void {
  for (const [key, item] of values.entries("apparmor", value, ["load", "switch"])) {
    job[key === "load" ? "apparmorLoad" : "apparmorSwitch"] = values.text(key, item);
  }
}

function exit(value: unknown): JobDefinition["normalExit"][number] {
  // Beyond the statuses, multiples of 256 are signals, also those that have no name, as in `.conf`.
  if (typeof value === "number" && value > 255 && value % 256 === 0) {
    return { signal: values.signal("normalExit", value / 256) };
  }
  if (typeof value === "number") return { status: values.integer("normalExit", value, 0, 255) };
  return { signal: values.signal("normalExit", value) };
}

function account(field: string, value: unknown): string {
  return Number.isInteger(value) && (value as number) >= 0
    ? String(value)
    : notEmpty(field, values.text(field, value));
}

function cgroup(value: unknown): JobDefinition["cgroups"][number] {
  const known = ["controller", "name", "key", "value"];
  const given = values.entries("cgroup", value, known).map(([key, item]) =>
    [key, typeof item === "number" ? String(item) : values.text(key, item)] as const
  );
  const setting = Object.fromEntries(given) as Partial<JobDefinition["cgroups"][number]>;
  return { ...setting, controller: setting.controller ?? refuse("cgroup", "given a controller", value) };
}
