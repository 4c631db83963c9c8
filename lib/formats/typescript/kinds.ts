/** The values of a job module's fields as they are written, kind by kind. */

import type { JobCondition } from "../../model/condition.ts";
import { type FieldKind, type FieldRow, type FieldValues, USUAL_BACKOFF } from "../../model/fields.ts";
import { type Cgroup, hasDefault, type JobDefinition, type Limit } from "../../model/job.ts";
import { formatSize } from "../../model/checks/size.ts";
import { LOG_PARTS, type LogSettingKind, type PartKind } from "../../model/logs/settings.ts";
import { parseReference } from "../../model/text/references.ts";
import { LAST_SIGNAL, signalName } from "../../model/signals.ts";
import { checkLiteral } from "./checks.ts";
import { bracketed, durationLiteral, textLiteral } from "./literals.ts";

/** A field of the module: its name, and its value as it is written. */
export type Field = [name: string, value: string];

/** Fields are indented by so much. */
export const MARGIN = 2;

/** What the writers of values need of the module. */
export interface ModuleParts {
  job: JobDefinition;
  /** A job, imported or by its name; `completed`: that it has done its work. */
  reference(job: string, completed: boolean): string;
  condition(field: string, condition: JobCondition): string;
  /** An object whose entries may have comments. Undefined for none. */
  table(field: string, entries: Field[]): string | undefined;
  environment(variables: readonly string[]): Field[];
  /** Notes a name that the module imports from `rouse`. */
  use(name: string): string;
  exports(names: readonly string[]): string[];
  /** Notes what the module cannot say. */
  lose(reason: string): void;
}

/** Writes a field's value. Undefined: there is nothing to write. */
type ValueWriter<Kind extends FieldKind> = (
  value: FieldValues[Kind] | (Kind extends "timeLimit" ? undefined : never),
  field: string,
  module: ModuleParts,
  row: FieldRow<Kind>,
) => string | undefined;

/** How the value of each kind is written. */
export const KINDS: { [Kind in Exclude<FieldKind, "respawnLimit" | "backoff">]: ValueWriter<Kind> } = {
  text: (value, _field, _module, row) => value === row.default ? undefined : textLiteral(value),
  flag: (isSet) => isSet ? "true" : undefined,
  choice: (value) => typeof value === "string" ? textLiteral(value) : String(value),
  integer: String,
  seconds: durationLiteral,
  timeLimit: (seconds) => seconds === undefined ? '"none"' : durationLiteral(seconds),
  signal(number, field, { lose }) {
    if (number >= 1 && number <= LAST_SIGNAL) return signal(number);
    lose(`${field}: there is no signal ${number}`);
  },
  mask: (mask) => `0o${mask.toString(8).padStart(3, "0")}`,
  account: (name) => /^(?:0|[1-9]\d{0,9})$/.test(name) ? name : textLiteral(name),
  words: (words, field) => list(field, words.map(textLiteral)),
  variables: (names, field, module) => list(field, module.exports(names)),
  environment: (variables, field, module) => module.table(field, module.environment(variables)),
  references: (words, field, { reference }) =>
    list(
      field,
      words.map((word) => {
        const { name, completed } = parseReference(word);
        return reference(name, completed);
      }),
    ),
  condition: (condition, field, module) => module.condition(field, condition),
  exits: (ways, field) => list(field, ways.map(exit)),
  oomScore: (score) => score === "never" ? '"never"' : String(score),
  limits: (limits, field, module) =>
    module.table(field, Object.entries(limits).map(([name, value]) => [name, limit(value)])),
  cgroups: (cgroups, field) =>
    list(field, cgroups.map((setting) => cgroup(field, setting, cgroups.length === 1))),
  check: (check, field, { use }) => checkLiteral(check, MARGIN, `${field}: `.length, use),
  ceilings: ({ memory }) =>
    memory === undefined ? undefined : `{ memory: ${textLiteral(formatSize(memory))} }`,
  rotation: (value, field) => value === "none" ? textLiteral(value) : logSetting("rotation", value, field),
  logLimit: (value, field) => logSetting("logLimit", value, field),
  logTargets: (targets, field) => list(field, targets.map(textLiteral)),
};

/** The parts of `respawn` that are not as usual. */
export function respawnParts(job: JobDefinition): string[] {
  return [
    ...(hasDefault("respawnLimit", job) ? [] : limitParts(job.respawnLimit)),
    ...(hasDefault("respawnDelay", job) ? [] : delayParts(job)),
  ];
}

function limitParts(limit: JobDefinition["respawnLimit"]): string[] {
  if (limit === "unlimited") return ['limit: "unlimited"'];
  return [`limit: ${limit.count}`, `within: ${durationLiteral(limit.interval)}`];
}

function delayParts(job: JobDefinition): string[] {
  const { respawnDelay } = job;
  if (!respawnDelay) return ["delay: 0"];
  const { delay, factor, max, jitter, resetAfter } = respawnDelay;
  return [
    ...(delay === USUAL_BACKOFF.delay && job.semantics === "rouse"
      ? []
      : [`delay: ${durationLiteral(delay)}`]),
    ...(factor === USUAL_BACKOFF.factor ? [] : [`factor: ${factor}`]),
    ...(max === Math.max(USUAL_BACKOFF.max, delay) ? [] : [`max: ${durationLiteral(max)}`]),
    ...(jitter === USUAL_BACKOFF.jitter ? [] : [`jitter: ${jitter}`]),
    ...(resetAfter === USUAL_BACKOFF.resetAfter ? [] : [`resetAfter: ${durationLiteral(resetAfter)}`]),
  ];
}

function logSetting(kind: LogSettingKind, setting: object, field: string): string {
  const values = setting as Record<string, number | string | undefined>;
  const entries = Object.entries<PartKind>(LOG_PARTS[kind]).flatMap(([name, part]) => {
    const value = values[name];
    return value === undefined ? [] : [`${name}: ${partLiteral(part, value)}`];
  });
  return bracketed("{", entries, "}", MARGIN, `${field}: `.length);
}

function partLiteral(part: PartKind, value: number | string): string {
  if (typeof value === "string") return textLiteral(value);
  if (part === "bytes") return textLiteral(formatSize(value));
  return part === "seconds" ? durationLiteral(value) : String(value);
}

/** A list; the brackets may be left out around a single item. */
function list(field: string, items: string[]): string | undefined {
  if (items.length < 2) return items[0];
  return bracketed("[", items, "]", MARGIN, `${field}: `.length);
}

function signal(number: number): string {
  const name = signalName(number);
  return name === undefined ? String(number) : `"${name}"`;
}

function exit(way: JobDefinition["normalExit"][number]): string {
  if ("status" in way) return String(way.status);
  return signalName(way.signal) === undefined ? String(way.signal * 256) : signal(way.signal);
}

function limit({ soft, hard }: Limit): string {
  const [one, other] = [soft, hard].map((value) => value === "unlimited" ? '"unlimited"' : String(value));
  return one === other ? one! : `[${one}, ${other}]`;
}

function cgroup(field: string, setting: Cgroup, isOnly: boolean): string {
  const entries = (["controller", "name", "key", "value"] as const).flatMap((key) =>
    setting[key] === undefined ? [] : [`${key}: ${textLiteral(setting[key])}`]
  );
  return isOnly
    ? bracketed("{", entries, "}", MARGIN, `${field}: `.length)
    : bracketed("{", entries, "}", MARGIN + 2, 0);
}
