/** What the fields of a specification say of other jobs: conditions, and references that lead to a job late. */

import type { JobCondition, Match } from "../model/condition.ts";
import { FIELD_ROWS, type FieldRow, moduleField } from "../model/fields.ts";
import { formatReference, hasStrayComma } from "../model/text/references.ts";
import { isReference } from "../model/validate.ts";
import { Condition, type ConditionTree, type DefinedJob, isJob, type LateReference } from "./conditions.ts";
import { Completion } from "./dependencies.ts";
import * as values from "./values.ts";
import { FieldError, refuse } from "./values.ts";

/** The name of a job that a condition refers to; undefined when it has none. */
export type NameOf = (job: DefinedJob) => string | undefined;

/** The fields that name jobs. */
const REFERENCES = FIELD_ROWS.flatMap(([name, { kind }]) => kind === "references" ? [moduleField(name)] : []);

/** The jobs that a specification refers to. */
export function referredJobs(specification: object): DefinedJob[] {
  const { startOn, stopOn } = specification as { startOn?: unknown; stopOn?: unknown };
  const found: DefinedJob[] = [];
  const add = (reference: LateReference) => {
    const job = typeof reference === "string" ? undefined : resolve(reference);
    if (isJob(job)) found.push(job);
  };
  const visit = (tree: ConditionTree): void => {
    if (tree.kind !== "event") return void (visit(tree.left), visit(tree.right));
    for (const { value } of tree.comparisons) add(value);
  };
  for (const each of [startOn, stopOn]) if (each instanceof Condition) visit(each.tree);
  for (const field of REFERENCES) {
    const items = values.list((specification as Record<string, unknown>)[field]);
    for (const item of items) add((item instanceof Completion ? item.job : item) as LateReference);
  }
  return found;
}

/** What a reference leads to: a job, unless the module is wrong. */
function resolve(reference: Exclude<LateReference, string>): unknown {
  return typeof reference === "function" ? (reference as () => unknown)() : reference;
}

/** The condition of a field. @throws {FieldError} when the value is none. */
export function condition(field: string, value: unknown, nameOf: NameOf): JobCondition {
  if (!(value instanceof Condition)) {
    refuse(field, `a condition such as on("startup") or started("web")`, value);
  }
  const model = (tree: ConditionTree): JobCondition =>
    tree.kind === "event"
      ? { kind: "event", name: values.text(field, tree.name), matches: tree.comparisons.map(match) }
      : { kind: tree.kind, left: model(tree.left), right: model(tree.right) };
  const match = (
    { key, value, negated }: Extract<ConditionTree, { kind: "event" }>["comparisons"][number],
  ): Match => ({
    ...(key !== undefined && { key }),
    value: typeof value === "string" ? value : referredName(field, value, nameOf),
    ...(negated && { negated }),
  });
  return model(value.tree);
}

/**
 * A reference of a field to a job, as the definition has it.
 * @throws {FieldError} when the value is none, or the job has no name.
 */
export function reference(
  field: string,
  value: unknown,
  { completions }: FieldRow<"references">,
  nameOf: NameOf,
): string {
  const wanted = completions ? "a job, a job's name or completed(job)" : "a job or a job's name";
  const completed = value instanceof Completion;
  const job: unknown = completed && completions ? value.job : value;
  if (typeof job !== "string" && !isReferable(job)) refuse(field, wanted, job);
  if (typeof job === "function" && job.length > 0) {
    const { name } = job;
    throw new FieldError(
      field,
      `${field} must be ${wanted}, not the function ${name} itself; call it: ${name}(…)`,
    );
  }
  const name = typeof job === "string" ? job : referredName(field, job, nameOf);
  const word = completed ? formatReference({ name, completed }) : name;
  if (isReference(word, completions)) return word;
  refuse(field, hasStrayComma(name) ? "an array where it names several jobs" : wanted, word);
}

function isReferable(value: unknown): value is Exclude<LateReference, string> {
  return typeof value === "function" || isJob(value);
}

function referredName(
  field: string,
  reference: Exclude<LateReference, string>,
  nameOf: NameOf,
): string {
  const job = resolve(reference);
  const name = isJob(job) ? nameOf(job) : undefined;
  if (name !== undefined) return name;
  throw new FieldError(field, `${field} refers to ${unnamed(job)}`);
}

/** Why nothing that a field refers to has the name of a job. */
function unnamed(job: unknown): string {
  if (isJob(job)) return "a job that has no name; give it one, or export it as its module's default";
  if (job !== undefined && job !== null) return `what is no job (${values.shown(job)})`;
  return `a job that is not there (${values.shown(job)}); is it imported from a module that exports it?`;
}
