/** `rouse convert`: classic job files as modules in TypeScript, and modules as classic job files. */

import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import process from "node:process";
import { readNotes } from "../../compat/upstart/comments.ts";
import { convertToConf, parseConf } from "../../compat/upstart/mod.ts";
import {
  type EventNames,
  formatEvents,
  formatModule,
  unknownEvents,
} from "../../compat/upstart/typescript/mod.ts";
import { moduleComments } from "../author/comments.ts";
import { isJobModule, jobName } from "../author/protocol.ts";
import { isJobName } from "../model/validate.ts";
import { evaluateModule } from "./evaluate_module.ts";
import { UsageError } from "./options.ts";
import { complain, runTool, type Tool, valueOf } from "./tool.ts";

/** A format that jobs are written in, by the ending of its files. */
type Format = "ts" | "conf";

/** A file that is converted: its name without the ending, its text one character a byte for `.conf`. */
interface Converted {
  name: string;
  text: string;
  /** What it does not say as the original does. */
  lost: string[];
}

const TOOL: Tool = {
  name: "convert",
  arguments: "FILE|DIR...",
  summary: "Convert classic job files to TypeScript, or job modules to classic files.",
  help:
    "Without -o, the result of a single FILE is printed. A DIR is converted with all below it; the result is " +
    "written to the directory that -o names, with .override files as they are, since these work on jobs of " +
    "either kind.\n\nFiles that are there already are not overwritten.\n\n" +
    "Comments are kept. What the other format cannot say is told. Exit status: 0, 1 when something was lost " +
    "or could not be converted, 2 for wrong arguments.",
  options: [
    { long: "to", argument: "FORMAT", help: "ts or conf; without it, the one that FILE is not in" },
    { short: "o", long: "output", argument: "FILE|DIR", help: "where to write to" },
    { short: "f", long: "force", help: "overwrite files" },
  ],
  async run(parsed) {
    if (parsed.args.length === 0) throw new UsageError("missing file or directory");
    const to = valueOf(parsed, "to");
    if (to !== undefined && to !== "ts" && to !== "conf") throw new UsageError(`invalid format: ${to}`);
    const output = valueOf(parsed, "output");
    const converter = new Converter(parsed.options.has("force"));
    for (const path of parsed.args) {
      if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
        if (output === undefined) throw new UsageError(`missing option -o for the directory ${path}`);
        await converter.directory(path, output, to ?? "ts");
      } else await converter.file(path, output, to);
    }
    return converter.finish();
  },
};

/** The program `convert`. Gives its exit status. */
export function main(args: string[]): Promise<number> {
  return runTool(TOOL, args);
}

class Converter {
  #status = 0;
  /** The events that the modules written to a directory mention, by that directory. */
  readonly #events = new Map<string, EventNames>();

  constructor(private readonly force: boolean) {}

  /** Converts one file. A result goes to standard output, into a directory, or to a file of its own. */
  async file(path: string, output: string | undefined, to: Format | undefined): Promise<void> {
    const from = extname(path).slice(1);
    to ??= from === "conf" ? "ts" : "conf";
    if (from !== (to === "ts" ? "conf" : "ts")) {
      return this.#fail(
        `Unable to convert ${path} to ${to}: its name must end in .${to === "ts" ? "conf" : "ts"}`,
      );
    }
    const results = await this.#convert(path, basename(path, `.${from}`), dirname(path), to, undefined);
    if (output === undefined) {
      for (const { text } of results) process.stdout.write(text, encoding(to));
    } else if (existsSync(output) && statSync(output).isDirectory()) {
      for (const { name, text } of results) this.#write(join(output, `${name}.${to}`), text, to);
    } else if (results.length > 1) {
      this.#fail(`Unable to write ${output}: ${path} has several jobs; -o must name a directory`);
    } else for (const { text } of results) this.#write(output, text, to);
  }

  /** Converts all that is in the other format below a directory. */
  async directory(path: string, output: string, to: Format): Promise<void> {
    const events: EventNames = this.#events.get(output) ?? new Map();
    if (to === "ts") this.#events.set(output, events);
    for (const file of readdirSync(path, { recursive: true, encoding: "utf8" }).sort()) {
      const source = join(path, file);
      if (!statSync(source, { throwIfNoEntry: false })?.isFile()) continue;
      if (file.endsWith(".override")) {
        if (resolve(path) !== resolve(output)) this.#copy(source, join(output, file));
      } else if (to === "ts" ? file.endsWith(".conf") : isJobModule(file)) {
        const name = file.slice(0, -extname(file).length);
        for (const result of await this.#convert(source, name, path, to, events)) {
          this.#write(join(output, `${result.name}.${to}`), result.text, to);
        }
      }
    }
  }

  /** Writes what belongs to all files of a directory. Gives the exit status. */
  finish(): number {
    for (const [directory, events] of this.#events) {
      // A module is made of it by its export.
      if (events.size > 0) {
        const text = `/** Events that no job tells of but in its conditions. */\n\n${
          formatEvents(events)
        }\nexport {};\n`;
        this.#write(join(directory, "events.d.ts"), text, "ts");
      }
    }
    return this.#status;
  }

  async #convert(
    path: string,
    name: string,
    directory: string,
    to: Format,
    events: EventNames | undefined,
  ): Promise<Converted[]> {
    try {
      const results = to === "ts" ? [fromConf(path, name, events)] : await fromModule(path, directory);
      if (results.length === 0) this.#fail(`${path}: defines no jobs`);
      for (const { name, lost } of results) {
        for (const loss of lost) this.#fail(`${path}: ${results.length > 1 ? `${name}: ` : ""}${loss}`);
      }
      return results;
    } catch (error) {
      this.#fail((error as Error).message);
      return [];
    }
  }

  #write(path: string, text: string, to: Format): void {
    if (!this.force && existsSync(path)) return this.#fail(`${path} exists; -f overwrites it`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, encoding(to));
  }

  #copy(path: string, target: string): void {
    if (!this.force && existsSync(target)) return this.#fail(`${target} exists; -f overwrites it`);
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(path, target);
  }

  #fail(message: string): void {
    complain(message);
    this.#status = 1;
  }
}

function encoding(format: Format): "utf8" | "latin1" {
  return format === "ts" ? "utf8" : "latin1";
}

/** @param events where to note events that are declared elsewhere; without it, the module declares them */
function fromConf(path: string, name: string, events: EventNames | undefined): Converted {
  const text = readFileSync(path, "latin1");
  const definition = parseConf(text, path, isJobName(name) ? name : "job");
  const { comments, manual } = readNotes(text, path);
  if (events) {
    for (const on of [manual ?? definition.startOn, definition.stopOn]) {
      unknownEvents(on, events);
    }
  }
  const options = { comments, ...(manual && { manual }), declareEvents: events === undefined };
  return { name, ...formatModule(definition, options) };
}

/** A module may define several jobs, each of which becomes a file of its own. */
async function fromModule(path: string, directory: string): Promise<Converted[]> {
  const definitions = await evaluateModule(path, directory);
  const [only, ...others] = definitions;
  const comments = only && others.length === 0 ? moduleComments(readFileSync(path, "utf8")) : undefined;
  return definitions.map((definition) => {
    const isNamedByFile = definition.name === jobName(resolve(path), [resolve(directory)]);
    const name = isNamedByFile ? relative(directory, path).replace(/\.ts$/, "") : definition.name;
    return { name, ...convertToConf(definition, comments) };
  });
}
