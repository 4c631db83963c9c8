/** Definitions printed as job modules in TypeScript. */

import { type Comments, noComments } from "../../../lib/author/comments.ts";
import { PROCESS_FIELDS } from "../../../lib/author/definition.ts";
import type { Condition } from "../../../lib/model/condition.ts";
import {
  type Cgroup,
  DEFAULT_RESPAWN_LIMIT,
  emptyJob,
  type JobDefinition,
  type Limit,
  PROCESS_NAMES,
  type ProcessName,
} from "../../../lib/model/job.ts";
import { LAST_SIGNAL, signalName } from "../../../lib/model/signals.ts";
import {
  ConditionWriter,
  type EventNames,
  eventsOf,
  isAboutJob,
  knownVariables,
  unknownEvents,
} from "./conditions.ts";
import type { Conversion } from "../conversion.ts";
import { bracketed, durationLiteral, keyLiteral, textLiteral } from "./literals.ts";
import { scriptLiteral } from "./scripts.ts";

export { type EventNames, unknownEvents } from "./conditions.ts";
export { plainScript } from "./scripts.ts";

/** What a module says beside the definition, and how. */
export interface ModuleOptions {
  comments?: Comments;
  /** What `startOn` says of a job that is started by hand alone. */
  manual?: Condition;
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

/** A field of the module: its name, and its value as it is written. */
type Field = [name: string, value: string];

const DEFAULTS = emptyJob("", "");

/** Fields are indented by so much. */
const MARGIN = 2;

class ModuleWriter {
  readonly #used = new Set(["job"]);
  readonly #conditions = new ConditionWriter(this.#used);
  readonly #lost: string[] = [];
  readonly #comments: Comments;

  constructor(private readonly job: JobDefinition, private readonly options: ModuleOptions) {
    this.#comments = options.comments ?? noComments();
  }

  write(): Conversion {
    const { head, foot, order } = this.#comments;
    const rank = ([name]: Field) => order.includes(name) ? order.indexOf(name) : order.length;
    const fields = this.#fields().sort((one, other) => rank(one) - rank(other));
    const body = fields.map(([name, value]) => `${this.#commentsOf(name)}  ${name}: ${value},\n`).join("");
    const events = unknownEvents(this.job.stopOn, unknownEvents(this.options.manual ?? this.job.startOn));
    const paragraphs = [
      remarks(head, ""),
      `${bracketed("import {", [...this.#used].sort(), "}", 0, ` from "rouse";`.length)} from "rouse";\n`,
      events.size > 0 && this.options.declareEvents !== false ? formatEvents(events) : "",
      body === "" && foot.length === 0
        ? "export default job({});\n"
        : `export default job({\n${
          [body, remarks(foot, "  ")].filter((text) => text !== "").join("\n")
        }});\n`,
    ];
    return { text: paragraphs.filter((text) => text !== "").join("\n"), lost: this.#lost };
  }

  #fields(): Field[] {
    const { job } = this;
    return [
      ...text("description", job.description),
      ...text("author", job.author),
      ...text("version", job.version),
      ...text("usage", job.usage),
      ...this.#condition("startOn", this.options.manual ?? job.startOn),
      ...this.#condition("stopOn", job.stopOn),
      ...flag("manual", this.options.manual !== undefined),
      ...words("emits", job.emits.map(textLiteral)),
      ...text("instance", job.instance || undefined),
      ...this.#environment(),
      ...words("export", this.#exports()),
      ...flag("task", job.task),
      ...this.#respawn(),
      ...words("normalExit", job.normalExit.map(exit)),
      ...changed("expect", job.expect, DEFAULTS.expect, textLiteral),
      ...this.#signal("killSignal"),
      ...changed("killTimeout", job.killTimeout, DEFAULTS.killTimeout, durationLiteral),
      ...this.#signal("reloadSignal"),
      ...flag("debug", job.debug),
      ...flag("endsInit", job.endsInit === true),
      ...text("console", job.console),
      ...changed("umask", job.umask, undefined, (mask) => `0o${mask!.toString(8).padStart(3, "0")}`),
      ...changed("nice", job.nice, undefined, String),
      ...changed(
        "oomScore",
        job.oomScore,
        undefined,
        (score) => score === "never" ? '"never"' : String(score),
      ),
      ...this.#table("limit", Object.entries(job.limit).map(([name, value]) => [name, limit(value)])),
      ...text("chroot", job.chroot),
      ...text("chdir", job.chdir),
      ...changed("user", job.setuid, undefined, account),
      ...changed("group", job.setgid, undefined, account),
      ...words("cgroup", job.cgroups.map((setting, _, { length }) => cgroup(setting, length === 1))),
      ...this.#apparmor(),
      ...PROCESS_NAMES.flatMap((name) => this.#process(name)),
    ];
  }

  #commentsOf(field: string): string {
    return remarks(this.#comments.fields.get(field) ?? [], "  ");
  }

  #condition(name: string, condition: Condition | undefined): Field[] {
    if (!condition) return [];
    return [[name, this.#conditions.write(condition, MARGIN, `${name}: `.length)]];
  }

  /** The last of several values for one name counts. */
  #environment(): Field[] {
    const variables = new Map<string, string>();
    for (const variable of this.job.env) {
      const equals = variable.indexOf("=");
      const name = equals < 0 ? variable : variable.slice(0, equals);
      if (equals >= 0) variables.set(name, textLiteral(variable.slice(equals + 1)));
      else if (variables.has(name) && variables.get(name) !== "inherited") {
        this.#lost.push(
          `env ${name}: that init's own value goes before ${variables.get(name)} cannot be said`,
        );
      } else variables.set(name, "inherited");
    }
    if ([...variables.values()].includes("inherited")) this.#used.add("inherited");
    return this.#table("env", [...variables]);
  }

  /** Variables that the editor does not know of may be exported, too. */
  #exports(): string[] {
    const { env, instance, startOn } = this.job;
    const known = new Set(env.map((variable) => variable.split("=")[0]));
    for (const [, name] of instance.matchAll(/\$\{?(\w+)/g)) known.add(name);
    for (const event of eventsOf(this.options.manual ?? startOn)) {
      const variables = knownVariables(event.name);
      for (const name of variables ?? []) known.add(name);
      if (!variables || isAboutJob(event)) { for (const { key } of event.matches) known.add(key); }
    }
    return this.job.export.map((name) =>
      known.has(name) ? textLiteral(name) : `${textLiteral(name)} as never`
    );
  }

  #respawn(): Field[] {
    const { respawn, respawnLimit } = this.job;
    const { count, interval } = DEFAULT_RESPAWN_LIMIT;
    const isDefault = respawnLimit !== "unlimited" && respawnLimit.count === count &&
      respawnLimit.interval === interval;
    if (!respawn) {
      if (!isDefault) this.#lost.push("respawn limit: it has no effect without respawn, and is left out");
      return [];
    }
    if (isDefault) return [["respawn", "true"]];
    if (respawnLimit === "unlimited") return [["respawn", '{ limit: "unlimited" }']];
    return [[
      "respawn",
      `{ limit: ${respawnLimit.count}, within: ${durationLiteral(respawnLimit.interval)} }`,
    ]];
  }

  #signal(field: "killSignal" | "reloadSignal"): Field[] {
    const number = this.job[field];
    if (number === DEFAULTS[field]) return [];
    if (number >= 1 && number <= LAST_SIGNAL) return [[field, signal(number)]];
    this.#lost.push(`${field}: there is no signal ${number}`);
    return [];
  }

  /** An object whose entries may have comments. */
  #table(field: string, entries: Array<[name: string, value: string]>): Field[] {
    if (entries.length === 0) return [];
    const items = entries.map(([name, value]) => {
      const lines = this.#comments.fields.get(`${field}.${name}`) ?? [];
      return `${remarks(lines, "    ").trimStart()}${lines.length > 0 ? "    " : ""}${
        keyLiteral(name)
      }: ${value}`;
    });
    return [[field, bracketed("{", items, "}", MARGIN, `${field}: `.length)]];
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
    if (program.kind === "exec") value = textLiteral(program.command);
    else if (program.kind === "script") value = scriptLiteral(program.text, isMain ? MARGIN : MARGIN + 2);
    else value = bracketed("[", program.words.map(textLiteral), "]", isMain ? MARGIN : MARGIN + 2, before);
    if (isMain) return [[kind, value]];
    return [[field, bracketed("{", [`${kind}: ${value}`], "}", MARGIN, `${field}: `.length)]];
  }
}

function text(field: string, value: string | undefined): Field[] {
  return value === undefined ? [] : [[field, textLiteral(value)]];
}

function flag(field: string, value: boolean): Field[] {
  return value ? [[field, "true"]] : [];
}

function changed<Value>(
  field: string,
  value: Value | undefined,
  normal: Value | undefined,
  write: (value: Value) => string,
): Field[] {
  return value === undefined || value === normal ? [] : [[field, write(value)]];
}

/** A list; the brackets may be left out around a single item. */
function words(field: string, items: string[]): Field[] {
  if (items.length === 0) return [];
  return [[field, items.length === 1 ? items[0]! : bracketed("[", items, "]", MARGIN, `${field}: `.length)]];
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

function account(name: string): string {
  return /^(?:0|[1-9]\d{0,9})$/.test(name) ? name : textLiteral(name);
}

function cgroup(setting: Cgroup, isOnly: boolean): string {
  const entries = (["controller", "name", "key", "value"] as const).flatMap((field) =>
    setting[field] === undefined ? [] : [`${field}: ${textLiteral(setting[field])}`]
  );
  return isOnly
    ? bracketed("{", entries, "}", MARGIN, "cgroup: ".length)
    : bracketed("{", entries, "}", MARGIN + 2, 0);
}

/** Comments before what they are about. */
function remarks(lines: readonly string[], margin: string): string {
  return lines.map((line) =>
    line === "" ? (margin === "" ? "//\n" : `${margin}//\n`) : `${margin}//${line}\n`
  ).join("");
}
