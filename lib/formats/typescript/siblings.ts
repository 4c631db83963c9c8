/** Jobs that a module imports from the modules beside it. */

import { posix } from "node:path";
import { eventsOf, levelOf } from "../../model/condition.ts";
import { FIELD_ROWS } from "../../model/fields.ts";
import type { JobDefinition } from "../../model/job.ts";
import { parseReference } from "../../model/text/references.ts";
import { isAboutJob } from "./conditions.ts";
import { textLiteral } from "./literals.ts";

/** A job that has a module of its own. */
export interface Sibling {
  /** How the module that is written imports it, such as `./web.ts`. */
  specifier: string;
  /** The variables of its `env`, which it may export. */
  variables: readonly string[];
  /** True when the two modules import each other, maybe through others: the job is not there yet when it is named. */
  isCircular: boolean;
}

/** Finds a job's module; undefined for what is to be referred to by its name. */
export type Siblings = (job: string) => Sibling | undefined;

/**
 * The siblings of each of these jobs, all of which become modules called as they are, below one directory.
 *
 * @param jobs The jobs by the paths of their modules below that directory, without `.ts`
 */
export function siblingsAmong(jobs: ReadonlyMap<string, JobDefinition>): (path: string) => Siblings {
  const referring = new Map<string, Set<string>>();
  for (const [path, definition] of jobs) {
    for (const target of referredJobs(definition)) {
      if (!referring.has(target)) referring.set(target, new Set());
      referring.get(target)!.add(path);
    }
  }
  return (path) => {
    // Those that refer to this one, directly or not: to import one of them is to import in a circle.
    const before = new Set<string>([path]);
    for (const each of before) for (const one of referring.get(each) ?? []) before.add(one);
    return (job) => {
      const definition = jobs.get(job);
      if (!definition || job === path) return undefined;
      const specifier = `${posix.relative(posix.dirname(path), job)}.ts`;
      return {
        specifier: specifier.startsWith(".") ? specifier : `./${specifier}`,
        variables: definition.env.map((variable) => variable.split("=")[0]!),
        isCircular: before.has(job),
      };
    };
  };
}

/** The fields that name jobs. */
const REFERENCES = FIELD_ROWS.flatMap(([name, { kind }]) => kind === "references" ? [name] : []);

function referredJobs(definition: JobDefinition): string[] {
  const { startOn, stopOn } = definition;
  const events = [...eventsOf(startOn), ...eventsOf(stopOn)];
  return [
    ...events.filter((event) => isAboutJob(event) || levelOf(event)).map(({ matches }) => matches[0]!.value),
    ...REFERENCES.flatMap((name) => definition[name] as string[]).map((word) => parseReference(word).name),
  ];
}

/** How a module refers to a job. */
export interface Reference {
  reference: string;
  /** Variables that the editor knows it to export. */
  variables: ReadonlySet<string>;
}

const NONE: ReadonlySet<string> = new Set();

/** Words that no import can be called by. */
const RESERVED = new Set(
  ("all any break case catch class command completed const continue debugger default delete do else enum export extends false fd " +
    "file finally for function http if implements import in inherited instanceof interface job let log new not notify null on package private protected " +
    "public return runlevel started starting startup static stopped stopping super switch tcp this throw true try typeof unix " +
    "var void while whileUp with yield await arguments eval async undefined").split(" "),
);

/** Collects the imports of one module. */
export class SiblingImports {
  /** The imports by their specifiers. */
  readonly #imports = new Map<string, string>();

  constructor(private readonly used: ReadonlySet<string>, private readonly siblings?: Siblings) {}

  /** How the module refers to the job. */
  refer(job: string): Reference {
    const sibling = this.siblings?.(job);
    if (!sibling) return { reference: textLiteral(job), variables: NONE };
    const { specifier, variables, isCircular } = sibling;
    const name = this.#imports.get(specifier) ?? this.#name(job);
    this.#imports.set(specifier, name);
    return isCircular
      ? { reference: `() => ${name}`, variables: NONE }
      : { reference: name, variables: new Set(variables) };
  }

  /** The import statements, in the order of what they import. */
  text(): string {
    return Array.from(this.#imports).sort(([one], [other]) => one < other ? -1 : 1)
      .map(([specifier, name]) => `import ${name} from ${textLiteral(specifier)};\n`).join("");
  }

  /** A job's name as an identifier that is free. */
  #name(job: string): string {
    const words = job.split(/[^A-Za-z0-9]+/).filter((word) => word !== "");
    const joined = words.map((word, index) => index === 0 ? word : word[0]!.toUpperCase() + word.slice(1))
      .join("");
    const name = /^[A-Za-z]/.test(joined) ? joined : `job${joined}`;
    const taken = new Set([...RESERVED, ...this.used, ...this.#imports.values()]);
    for (let number = 1;; number++) {
      const candidate = number === 1 ? name : number === 2 ? `${name}Job` : `${name}Job${number}`;
      if (!taken.has(candidate)) return candidate;
    }
  }
}
