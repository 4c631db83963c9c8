/** `rouse convert`: job files of all formats as modules in TypeScript, and modules as files of a format. */

import { copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve } from "node:path";
import process from "node:process";
import { existsProblem, isDirectory, readHead } from "../../config/files.ts";
import { FORMATS } from "../../config/formats.ts";
import { claimOf } from "../../config/known_files.ts";
import { definitionEndings, formatWithEnding, standardName } from "../../formats/claims.ts";
import { errorReason } from "../../sys/call/errno.ts";
import { machineSetup } from "../../sys/machine/setup.ts";
import { sentenceOf } from "../../formats/error.ts";
import type { JobFormat } from "../../formats/format.ts";
import { type EventNames, formatEvents, siblingsAmong } from "../../formats/typescript/mod.ts";
import { isJobModule } from "../../author/protocol.ts";
import {
  type ClaimedFile,
  type Converted,
  type FileJob,
  fromModule,
  noteEvents,
  readJobs,
  toFormat,
  toModule,
} from "./converted_jobs.ts";
import { filesBelow } from "../files_below.ts";
import type { Tool } from "../../model/command_line/tool.ts";
import { onlyValueOf } from "../../model/command_line/options.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { complain, runTool } from "../tool.ts";

/** What jobs are converted to: modules, or files of a format, by the word for it on the command line. */
type Target = { word: string; format?: JobFormat };

const MODULES: Target = { word: "ts" };

/** The word for the format to which modules are converted unless told otherwise. */
const USUAL_TARGET = "conf";

/** The program, with the formats that it knows. */
export const convertTool = (formats: readonly JobFormat[]): Tool => ({
  name: "convert",
  arguments: "FILE|DIR...",
  summary: "Convert classic job files and init scripts to TypeScript, or job modules to classic files.",
  help:
    "Without -o, the result of a single FILE is printed. A DIR is converted with all below it; the result is " +
    "written to the directory that -o names, with .override files as they are, since these work on jobs of " +
    "either kind. Its jobs import each other where conditions are about them. Classic files are called .conf, or " +
    ".upstart as in Debian's source packages. An init script becomes a job that runs the daemon itself, where the script " +
    "is of a known shape, and else one that calls the script, and likewise one of OpenRC, which must consist of " +
    "variables and depend() for that; nothing of it is run.\n\nFiles that are there already are not overwritten.\n\n" +
    "Comments are kept. What the other format cannot express is reported.\n\nExit status: 0, 1 when something was lost " +
    "or could not be converted, 2 for wrong arguments.",
  examples: [
    "rouse convert /etc/init/web.conf",
    "rouse convert -o jobs /etc/init",
    "rouse convert --to conf web.ts",
  ],
  options: [
    {
      long: "to",
      argument: "FORMAT",
      help: `${["ts", ...formats.flatMap(wordOf)].join(" or ")}; without it, the one that FILE is not in`,
    },
    { short: "o", long: "output", argument: "FILE|DIR", help: "where to write to" },
    { short: "f", long: "force", help: "overwrite files" },
    {
      long: "sysv",
      help:
        "start and stop the jobs of init scripts with the scripts that are jobs, as by default on such a machine",
    },
    { long: "no-sysv", help: "start and stop them when the runlevel has changed" },
  ],
  async run(parsed) {
    if (parsed.args.length === 0) throw new UsageError("missing file or directory");
    const word = onlyValueOf(parsed, "to");
    const to = word === undefined ? undefined : targetOf(word, formats);
    const output = onlyValueOf(parsed, "output");
    const { options } = parsed;
    const isSysv = !options.has("no-sysv") && (options.has("sysv") || machineSetup() === "sysv");
    const converter = new Converter(formats, options.has("force"), isSysv);
    for (const path of parsed.args) {
      if (isDirectory(path)) {
        if (output === undefined) throw new UsageError(`missing option -o for the directory ${path}`);
        await converter.directory(path, output, to ?? MODULES);
      } else await converter.file(path, output, to);
    }
    return converter.finish();
  },
});

/** The program `convert`. Gives its exit status. */
export function main(args: string[]): Promise<number> {
  return runTool(convertTool(FORMATS), args);
}

/** The word for a format: its first ending, without the dot. */
function wordOf(format: JobFormat): string[] {
  return definitionEndings([format]).slice(0, 1).map((ending) => ending.slice(1));
}

function targetOf(word: string, formats: readonly JobFormat[]): Target {
  if (word === MODULES.word) return MODULES;
  const format = formatWithEnding(formats, `.${word}`);
  if (!format) throw new UsageError(`invalid format: ${word}`);
  return { word, format };
}

class Converter {
  #status = 0;
  /** The events that the modules written to a directory mention, by that directory. */
  readonly #events = new Map<string, EventNames>();

  constructor(
    private readonly formats: readonly JobFormat[],
    private readonly force: boolean,
    private readonly isSysv: boolean,
  ) {}

  /** Converts one file. A result goes to standard output, into a directory, or to a file of its own. */
  async file(path: string, output: string | undefined, to: Target | undefined): Promise<void> {
    const problem = existsProblem(path);
    if (problem !== undefined) return this.#fail(`${path}: ${problem}`);
    const file = this.#claim(dirname(path), basename(path), path);
    const scripts = file ? [] : await this.#scripts([path]);
    if (scripts.length > 0) {
      return this.#put(await this.#fromScripts(scripts, to), path, output, to ?? MODULES);
    }
    const isDefinition = file?.kind === "definition";
    to ??= isDefinition ? MODULES : targetOf(USUAL_TARGET, this.formats);
    const { format } = to;
    if (format ? extname(path) !== ".ts" : !isDefinition) {
      const endings = format
        ? ".ts"
        : `${definitionEndings(this.formats).join(" or ")}, or it must be an init script`;
      return this.#fail(`Unable to convert ${path} to ${to.word}: its name must end in ${endings}`);
    }
    const results: Converted[] = await this.#convert(
      async () =>
        format
          ? await fromModule(path, dirname(path), format)
          : (await readJobs(file!)).map((job) => toModule(job)),
      path,
    );
    this.#put(results, path, output, to);
  }

  /** The jobs of the init scripts among files. */
  async #scripts(paths: readonly string[]): Promise<FileJob[]> {
    const others = paths.filter((path) => extname(path) !== ".ts");
    if (others.length === 0) return [];
    const { readInitScript } = await import("./init_script.ts");
    const found = others.flatMap((path) => readInitScript(path, this.isSysv) ?? []);
    for (const { path, lost } of found) for (const loss of lost) this.#fail(`${path}: ${loss}`);
    return found;
  }

  #fromScripts(scripts: readonly FileJob[], to: Target | undefined): Promise<Converted[]> {
    const convert = (job: FileJob) => to?.format ? toFormat(job, to.format) : toModule(job);
    const results = scripts.map((job) => this.#convert(async () => [await convert(job)], job.path));
    return Promise.all(results).then((found) => found.flat());
  }

  /** Prints results, or writes them to where the command line says. */
  #put(results: readonly Converted[], path: string, output: string | undefined, to: Target): void {
    if (output === undefined && results.length > 1) {
      this.#fail(`Unable to write to standard output: ${path} has several jobs; -o must name a directory`);
    } else if (output === undefined) {
      for (const { text } of results) process.stdout.write(text, encoding(to));
    } else if (isDirectory(output)) {
      for (const { name, text } of results) this.#write(join(output, fileName(name, to)), text, to);
    } else if (results.length > 1) {
      this.#fail(`Unable to write ${output}: ${path} has several jobs; -o must name a directory`);
    } else for (const { text } of results) this.#write(output, text, to);
  }

  /** Converts all that is in the other format below a directory. */
  async directory(path: string, output: string, to: Target): Promise<void> {
    const files = filesBelow(path).filter((file) => isFile(join(path, file)));
    const claimed = files.flatMap((file) => this.#claim(path, file, join(path, file)) ?? []);
    for (const { kind, path: file } of claimed) {
      if (kind !== "override" || resolve(path) === resolve(output)) continue;
      this.#copy(file, join(output, relative(path, file)));
    }
    const known = new Set(claimed.map(({ path }) => path));
    const scripts = await this.#scripts(
      files.map((file) => join(path, file)).filter((file) => !known.has(file)),
    );
    const { format } = to;
    if (!format) return this.#toModules(claimed.filter(({ kind }) => kind === "definition"), scripts, output);
    for (const { name, text } of await this.#fromScripts(scripts, to)) {
      this.#write(join(output, fileName(name, to)), text, to);
    }
    for (const file of files.filter(isJobModule)) {
      for (
        const { name, text } of await this.#convert(
          () => fromModule(join(path, file), path, format),
          join(path, file),
        )
      ) {
        this.#write(join(output, fileName(name, to)), text, to);
      }
    }
  }

  /** Jobs of one directory refer to each other by imports, and have the declarations of events together. */
  async #toModules(
    files: readonly ClaimedFile[],
    scripts: readonly FileJob[],
    output: string,
  ): Promise<void> {
    const events: EventNames = this.#events.get(output) ?? new Map();
    this.#events.set(output, events);
    const sources = new Map(scripts.map((job) => [job.name, job]));
    for (const file of files) {
      const { name, path } = file;
      if (!isJobModule(`${name}.ts`)) {
        this.#fail(`${path}: init would pass over ${name}.ts; give it another name`);
      } else for (const job of await this.#convert(() => readJobs(file), path)) sources.set(job.name, job);
    }
    const siblings = siblingsAmong(
      new Map(Array.from(sources, ([name, { definition }]) => [name, definition])),
    );
    for (const [name, source] of sources) {
      noteEvents(source, events);
      const [result] = await this.#convert(() => [toModule(source, siblings(name))], source.path);
      if (result) this.#write(join(output, fileName(name, MODULES)), result.text, MODULES);
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
        this.#write(join(directory, "events.d.ts"), text, MODULES);
      }
    }
    return this.#status;
  }

  /** A file of a format, by its path below a directory; undefined for modules and all other files. */
  #claim(directory: string, file: string, path: string): ClaimedFile | undefined {
    const relative = standardName(this.formats, file);
    const claim = claimOf(this.formats, { directory, relative, head: () => readHead(path) });
    return claim?.format && { ...claim, format: claim.format, path };
  }

  /** The results of converting a file; none, and a message, where that fails. Losses are told. */
  async #convert<Result extends { name: string; lost: string[] }>(
    make: () => Result[] | Promise<Result[]>,
    path: string,
  ): Promise<Result[]> {
    try {
      const results = await make();
      if (results.length === 0) this.#fail(`${path}: defines no jobs`);
      for (const { name, lost } of results) {
        for (const loss of lost) this.#fail(`${path}: ${results.length > 1 ? `${name}: ` : ""}${loss}`);
      }
      return results;
    } catch (error) {
      const isUnreadable = (error as NodeJS.ErrnoException).syscall !== undefined;
      this.#fail(isUnreadable ? `${path}: ${errorReason(error)}` : sentenceOf(error));
      return [];
    }
  }

  #write(path: string, text: string, to: Target): void {
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

function encoding({ format }: Target): "utf8" | "latin1" {
  return format ? "latin1" : "utf8";
}

/** The path of a job's file below its directory. */
function fileName(job: string, { word, format }: Target): string {
  return format?.fileNames(job, "definition")[0] ?? `${job}.${word}`;
}

/** True for a file, and a link to one. */
function isFile(path: string): boolean {
  try {
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
