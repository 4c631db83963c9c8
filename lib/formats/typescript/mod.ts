/** Definitions printed as job modules in TypeScript. */

import { type Comments, noComments, trimmed } from "../comments.ts";
import {
  FIELD_ROWS,
  type FieldName,
  type FieldRow,
  FIELDS,
  moduleField,
  PROCESS_FIELDS,
} from "../../model/fields.ts";
import { eventsOf, type JobCondition } from "../../model/condition.ts";
import {
  defaultOf,
  hasDefault,
  type JobDefinition,
  PROCESS_NAMES,
  type ProcessName,
} from "../../model/job.ts";
import { ConditionWriter, type EventNames, isAboutJob, knownVariables, unknownEvents } from "./conditions.ts";
import type { Conversion } from "../format.ts";
import { type Field, KINDS, MARGIN, type ModuleParts, respawnParts } from "./kinds.ts";
import { bracketed, commandLiteral, keyLiteral, textLiteral } from "./literals.ts";
import { scriptLiteral } from "./scripts.ts";
import type { Siblings } from "./siblings.ts";

export { type EventNames, unknownEvents } from "./conditions.ts";
export { type Siblings, siblingsAmong } from "./siblings.ts";
export { plainScript } from "./scripts.ts";

/** How a module is written. */
export interface ModuleOptions {
  comments?: Comments;
  /** What `startOn` says of a job that is started by hand alone. */
  manual?: JobCondition;
  /** The jobs that have modules of their own beside this one, which conditions can import. */
  siblings?: Siblings;
  /** False: the events that the module `rouse` does not know are declared elsewhere. */
  declareEvents?: boolean;
}

/** A definition as a module that has no other imports than `rouse` and defines just the same. */
export function formatModule(definition: JobDefinition, options: ModuleOptions = {}): Conversion {
  return new ModuleWriter(definition, options).write();
}

/** Declarations by which the editor knows events: a part of a module, or of a file `*.d.ts`. */
export function formatEvents(events: EventNames): string {
  const declarations = Array.from(events, ([name, variables]) => {
    const fields = Array.from(variables, (variable) => `${keyLiteral(variable)}: string`);
    const type = fields.length === 0 ? "Record<never, string>" : `{ ${fields.join("; ")} }`;
    return `    ${keyLiteral(name)}: ${type};\n`;
  });
  return `declare module "rouse" {\n  interface Events {\n${declarations.join("")}  }\n}\n`;
}

class ModuleWriter implements ModuleParts {
  readonly #used = new Set(["job"]);
  readonly #conditions: ConditionWriter;
  readonly #lost: string[] = [];
  readonly #comments: Comments;
  /** Entries of tables that have been written, such as `env.PORT`. */
  readonly #entries = new Set<string>();

  constructor(readonly job: JobDefinition, private readonly options: ModuleOptions) {
    this.#comments = options.comments ?? noComments();
    this.#conditions = new ConditionWriter(this.#used, options.siblings);
  }

  write(): Conversion {
    const { head, foot, order } = this.#comments;
    const rank = ([name]: Field) =>
      name === "semantics" ? -1 : order.includes(name) ? order.indexOf(name) : order.length;
    const fields = this.#fields().sort((one, other) => rank(one) - rank(other));
    const body = fields.map(([name, value]) => `${this.#commentsOf(name)}  ${name}: ${value},\n`).join("");
    const end = trimmed([...this.#commentsLeft(fields), ...foot]);
    const events = unknownEvents(this.job.stopOn, unknownEvents(this.options.manual ?? this.job.startOn));
    const paragraphs = [
      commentLines(head, ""),
      `${bracketed("import {", [...this.#used].sort(), "}", 0, ` from "rouse";`.length)} from "rouse";\n` +
      this.#conditions.imports(),
      events.size > 0 && this.options.declareEvents !== false ? formatEvents(events) : "",
      body === "" && end.length === 0
        ? "export default job({});\n"
        : `export default job({\n${
          [body, commentLines(end, "  ")].filter((text) => text !== "").join("\n")
        }});\n`,
    ];
    return { text: paragraphs.filter((text) => text !== "").join("\n"), lost: this.#lost };
  }

  /** Comments about what the module does not say, such as a process that a later stanza replaces. */
  #commentsLeft(fields: readonly Field[]): string[] {
    const written = new Set(fields.map(([name]) => name));
    const isWritten = (field: string) =>
      written.has(field) || written.has(field.split(".")[0]!) && this.#entries.has(field);
    return Array.from(this.#comments.fields).flatMap(([field, lines]) => isWritten(field) ? [] : lines);
  }

  #fields(): Field[] {
    return [
      ...FIELD_ROWS.flatMap(([name, row]) => this.#field(name, row)),
      ...PROCESS_NAMES.flatMap((name) => this.#process(name)),
    ];
  }

  #field(name: FieldName, row: FieldRow): Field[] {
    switch (name) {
      // Unlike that of a file of another format, the usual value is `"rouse"`.
      case "semantics":
        return this.job.semantics === "rouse" ? [] : [["semantics", textLiteral(this.job.semantics)]];
      case "startOn":
        return this.#written(name, row, this.options.manual ?? this.job.startOn);
      case "stopOn":
        return [
          ...this.#written(name, row, this.job.stopOn),
          ...(this.options.manual === undefined ? [] : [["manual", "true"] as Field]),
        ];
      // The others are written with the first.
      case "respawn":
        return this.#respawn();
      case "apparmorLoad":
        return this.#apparmor();
      case "respawnLimit":
      case "respawnDelay":
      case "apparmorSwitch":
        return [];
      default:
        return this.#written(name, row, this.job[name]);
    }
  }

  /** A usual value need not be written, unless the file itself says it: there may be a reason, or a comment. */
  #written(name: FieldName, row: FieldRow, value: unknown): Field[] {
    const field = moduleField(name);
    const isSaid = value !== undefined && this.#comments.order.includes(field);
    const isUsual = value === defaultOf(name, this.job) && !isSaid;
    const write = KINDS[row.kind as keyof typeof KINDS];
    const written = isUsual ? undefined : write(value as never, field, this, row as never);
    return written === undefined ? [] : [[field, written]];
  }

  #commentsOf(field: string): string {
    return commentLines(this.#comments.fields.get(field) ?? [], "  ");
  }

  use = (name: string): string => {
    this.#used.add(name);
    return name;
  };

  lose = (reason: string): void => void this.#lost.push(reason);

  reference = (job: string, completed: boolean): string => {
    const reference = this.#conditions.reference(job);
    if (!completed) return reference;
    this.#used.add("completed");
    return `completed(${reference})`;
  };

  condition(field: string, condition: JobCondition): string {
    return this.#conditions.write(condition, MARGIN, `${field}: `.length);
  }

  /** The last of several values for one name counts. */
  environment(pairs: readonly string[]): Field[] {
    const variables = new Map<string, string>();
    for (const variable of pairs) {
      const equals = variable.indexOf("=");
      const name = equals < 0 ? variable : variable.slice(0, equals);
      if (equals >= 0) variables.set(name, textLiteral(variable.slice(equals + 1)));
      else if (variables.has(name) && variables.get(name) !== "inherited") {
        this.#lost.push(
          `env ${name}: that init's own value goes before ${variables.get(name)} cannot be expressed`,
        );
      } else variables.set(name, "inherited");
    }
    if ([...variables.values()].includes("inherited")) this.#used.add("inherited");
    return [...variables];
  }

  /** Variables that the editor does not know of may be exported, too. */
  exports(names: readonly string[]): string[] {
    const { env, instance, startOn } = this.job;
    const known = new Set(env.map((variable) => variable.split("=")[0]));
    for (const [, name] of instance.matchAll(/\$\{?(\w+)/g)) known.add(name);
    for (const event of eventsOf(this.options.manual ?? startOn)) {
      const variables = knownVariables(event.name);
      for (const name of variables ?? []) known.add(name);
      if (!variables || isAboutJob(event)) { for (const { key } of event.matches) known.add(key); }
    }
    return names.map((name) => known.has(name) ? textLiteral(name) : `${textLiteral(name)} as never`);
  }

  #respawn(): Field[] {
    const { job } = this;
    if (!job.respawn) {
      for (const name of ["respawnLimit", "respawnDelay"] as const) {
        if (hasDefault(name, job)) continue;
        this.#lost.push(`${FIELDS[name].stanza}: it has no effect without respawn, and is left out`);
      }
      return [];
    }
    const parts = respawnParts(job);
    return [[
      "respawn",
      parts.length === 0 ? "true" : bracketed("{", parts, "}", MARGIN, "respawn: ".length),
    ]];
  }

  table(field: string, entries: Field[]): string | undefined {
    if (entries.length === 0) return undefined;
    const items = entries.map(([name, value]) => {
      const lines = this.#comments.fields.get(`${field}.${name}`) ?? [];
      this.#entries.add(`${field}.${name}`);
      return `${commentLines(lines, "    ").trimStart()}${lines.length > 0 ? "    " : ""}${
        keyLiteral(name)
      }: ${value}`;
    });
    return bracketed("{", items, "}", MARGIN, `${field}: `.length);
  }

  #apparmor(): Field[] {
    const { apparmorLoad, apparmorSwitch } = this.job;
    const items = [
      ...(apparmorLoad === undefined ? [] : [`load: ${textLiteral(apparmorLoad)}`]),
      ...(apparmorSwitch === undefined ? [] : [`switch: ${textLiteral(apparmorSwitch)}`]),
    ];
    return items.length === 0 ? [] : [["apparmor", bracketed("{", items, "}", MARGIN, "apparmor: ".length)]];
  }

  #process(name: ProcessName): Field[] {
    const program = this.job.processes[name];
    if (!program) return [];
    const isMain = name === "main";
    const field = PROCESS_FIELDS[name];
    if (program.kind === "function") {
      this.#lost.push(`${field}: a function of ${program.module}`);
      return [];
    }
    const kind = program.kind === "script" ? "script" : "exec";
    const before = isMain ? `${kind}: `.length : `${field}: { ${kind}: `.length;
    let value: string;
    if (program.kind === "exec") {
      value = commandLiteral(program.command, isMain ? MARGIN : MARGIN + 2, before);
    } else if (program.kind === "script") value = scriptLiteral(program.text, isMain ? MARGIN : MARGIN + 2);
    else value = bracketed("[", program.words.map(textLiteral), "]", isMain ? MARGIN : MARGIN + 2, before);
    if (isMain) return [[kind, value]];
    return [[field, bracketed("{", [`${kind}: ${value}`], "}", MARGIN, `${field}: `.length)]];
  }
}

/** Comments before what they are about. */
function commentLines(lines: readonly string[], margin: string): string {
  return lines.map((line) =>
    line === "" ? (margin === "" ? "//\n" : `${margin}//\n`) : `${margin}//${line}\n`
  ).join("");
}
