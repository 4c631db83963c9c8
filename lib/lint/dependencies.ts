/**
 * The linter of dependencies: finds circles of needs, names that no job has or provides, needs that cannot be met, and
 * conditions that work against needs.
 */

import { DependencyGraph, describeCircle, type Edge } from "../engine/dependencies/graph.ts";
import { eventsOf, jobOf } from "../model/condition.ts";
import type { FieldName } from "../model/fields.ts";
import type { JobDefinition } from "../model/job.ts";
import { parseReference } from "../model/text/references.ts";
import { closest } from "../model/text/closest.ts";

/**
 * The kinds of findings: a circle of needs, a name that nobody has, a need that cannot be met for another reason, and a
 * condition by which a job stays down that its need would bring back.
 */
export type DependencyKind = "circle-of-needs" | "unknown-name" | "impossible-need" | "stays-down";

/** Something in the dependencies of a job that can hardly be meant. */
export interface DependencyFinding {
  kind: DependencyKind;
  job: string;
  /** The file that defines the job. */
  source: string;
  /** The field that says it, whose name is that of its stanza. */
  field: FieldName;
  /** True where the job cannot start. */
  isFatal: boolean;
  /** A sentence that reads on behind the file's name. */
  reason: string;
}

/** For so many names one that is near is looked for: where there are more, it is not a slip of the pen. */
const MOST_HINTS = 200;

/** What a name that nobody has means for the fields that insist on it, or want it. */
const MISSED = { needs: ", so the job cannot start", wants: "" };

/** In these fields a name that nobody has is usual: they are about jobs that may be there. */
const OPTIONAL = ["uses", "after", "before", "conflicts"] as const;

/**
 * The findings in the dependencies of jobs.
 * @param definitions All jobs that there are.
 */
export function lintDependencies(definitions: Iterable<JobDefinition>): DependencyFinding[] {
  const jobs = new Map(Array.from(definitions, (definition) => [definition.name, definition]));
  const graph = new DependencyGraph(jobs.values());
  let hints = MOST_HINTS;
  const hint = (name: string) => hints-- > 0 ? closest(name, graph.names) : undefined;
  return [
    ...circles(graph, jobs),
    ...Array.from(jobs.values(), (job) => unknownNames(job, graph, hint)).flat(),
    ...Array.from(jobs.values(), (job) => impossibleNeeds(job, graph, jobs)).flat(),
    ...conflictingNeeds(graph, jobs),
    ...Array.from(jobs.values(), staysDown).flat(),
  ];
}

function circles(graph: DependencyGraph, jobs: ReadonlyMap<string, JobDefinition>): DependencyFinding[] {
  return graph.circles().map((circle) => {
    const { name: job, source } = jobs.get(circle[0]!)!;
    const result = circle.length === 1 ? "the job cannot start" : "none of them can start";
    const reason = `needs: ${describeCircle(circle)}, so ${result}`;
    return { kind: "circle-of-needs", job, source, field: "needs", isFatal: true, reason };
  });
}

function unknownNames(
  job: JobDefinition,
  graph: DependencyGraph,
  hint: (name: string) => string | undefined,
): DependencyFinding[] {
  const { name, source } = job;
  const finding = (field: FieldName, reason: string): DependencyFinding => {
    const isFatal = field === "needs";
    return { kind: "unknown-name", job: name, source, field, isFatal, reason: `${field}: ${reason}` };
  };
  const unknown = (field: keyof typeof MISSED | typeof OPTIONAL[number]) =>
    job[field].map((word) => parseReference(word).name).filter((word) => graph.targetsOf(word).length === 0);
  const meant = (word: string): string | undefined => {
    if (areSeveral(word, graph)) {
      return "; several names have blanks between them, and are an array in a module";
    }
    const near = hint(word);
    return near === undefined ? undefined : `; did you mean \`${near}'?`;
  };
  const told = (field: FieldName, word: string, result: string, more: string) =>
    finding(field, `no job is called \`${word}' or provides it${result}${more}`);
  const missed = Object.entries(MISSED).flatMap(([field, result]) =>
    unknown(field as keyof typeof MISSED).map((word) =>
      told(field as FieldName, word, result, meant(word) ?? "")
    )
  );
  const mistaken = OPTIONAL.flatMap((field) =>
    unknown(field).flatMap((word) => {
      const more = meant(word);
      return more === undefined ? [] : told(field, word, "", more);
    })
  );
  return [...missed, ...mistaken];
}

/** True for a word that holds several names. */
function areSeveral(word: string, graph: DependencyGraph): boolean {
  const names = word.split(/[\s,]+/).filter((name) => name !== "");
  return names.length > 1 && names.every((name) => graph.targetsOf(parseReference(name).name).length > 0);
}

function impossibleNeeds(
  { name, source, needs, wants }: JobDefinition,
  graph: DependencyGraph,
  jobs: ReadonlyMap<string, JobDefinition>,
): DependencyFinding[] {
  const conflicts = graph.conflictsOf(name);
  const finding = (field: FieldName, reason: string, isFatal: boolean): DependencyFinding => {
    return { kind: "impossible-need", job: name, source, field, isFatal, reason: `${field}: ${reason}` };
  };
  const impossible = (field: FieldName, word: string): DependencyFinding[] => {
    const reference = parseReference(word);
    const targets = graph.targetsOf(reference.name).filter((target) => target !== name);
    const isOnly = targets.length === 1, target = jobs.get(targets[0] ?? "");
    if (isOnly && conflicts.has(targets[0]!)) {
      const isFatal = field === "needs" && !reference.completed;
      return [finding(field, `${targets[0]} conflicts with the job`, isFatal)];
    }
    const isEndless = isOnly && reference.completed && target!.respawn && !target!.task;
    if (!isEndless) return [];
    const reason = `${target!.name} is started again whenever it ends, so \`${word}' never is`;
    return [finding(field, reason, false)];
  };
  return Object.entries({ needs, wants }).flatMap(([field, words]) =>
    words.flatMap((word) => impossible(field as FieldName, word))
  );
}

/** Jobs that need two others, directly or not, which conflict. Those that need such a job are not told of, too. */
function conflictingNeeds(
  graph: DependencyGraph,
  jobs: ReadonlyMap<string, JobDefinition>,
): DependencyFinding[] {
  const findings: DependencyFinding[] = [];
  for (const one of jobs.keys()) {
    const needing = graph.conflictsOf(one).size > 0 ? needingOf(one, graph) : new Set<string>();
    if (needing.size < 2) continue;
    for (const other of graph.conflictsOf(one)) {
      const others = needingOf(other, graph);
      // A pair comes up from both sides where both are needed.
      if (others.size > 1 && other < one) continue;
      for (const name of needing.intersection(others)) {
        const isOneOfThem = name === one || name === other, needs = needsOf(name, graph);
        // That a job needs what it conflicts with itself is told where its words are looked at.
        if (isOneOfThem && (needs.includes(one) || needs.includes(other))) continue;
        if (needs.some((need) => needing.has(need) && others.has(need))) continue;
        const clash = isOneOfThem
          ? `${name === one ? other : one} conflicts with it`
          : `${one} and ${other} conflict`;
        const reason = `needs: ${clash}, so the job cannot start`;
        const { source } = jobs.get(name)!;
        findings.push({ kind: "impossible-need", job: name, source, field: "needs", isFatal: true, reason });
      }
    }
  }
  return findings;
}

/** The jobs that have to be up while a job is. */
function needsOf(job: string, graph: DependencyGraph): string[] {
  return graph.edgesOf(job).filter(isCertainNeed).map(({ targets }) => targets[0]!);
}

/** A job, and all that need it, directly or not. */
function needingOf(job: string, graph: DependencyGraph): Set<string> {
  const found = new Set([job]);
  for (const each of found) {
    for (const edge of graph.edgesTo(each)) if (isCertainNeed(edge)) found.add(edge.dependant);
  }
  return found;
}

/** True for the need of one certain job. */
function isCertainNeed({ kind, completed, targets }: Edge): boolean {
  return kind === "needs" && !completed && targets.length === 1;
}

/** Events by which jobs used to be stopped with what they need. */
const ENDS = ["stopping", "stopped"];

function staysDown({ name, source, needs, startOn, stopOn }: JobDefinition): DependencyFinding[] {
  const startsWith = new Set(eventsOf(startOn).map(jobOf));
  return eventsOf(stopOn).flatMap((event): DependencyFinding[] => {
    const need = jobOf(event);
    if (need === undefined || !ENDS.includes(event.name) || !needs.includes(need) || startsWith.has(need)) {
      return [];
    }
    const reason = `stop on: by \`${event.name} ${need}' the job stays down when ${need} comes back; ` +
      `leave that out, for \`needs ${need}' stops it and starts it again`;
    return [{ kind: "stays-down", job: name, source, field: "stopOn", isFatal: false, reason }];
  });
}
