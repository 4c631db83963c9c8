/** The sources of a bench's jobs: modules, files of formats, overrides, and whole directories of them. */

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { DefinedJob } from "../author/conditions.ts";
import { formatNamed, FORMATS } from "../config/formats.ts";
import { claimOf, DirectoryFile, type FileClaim } from "../config/known_files.ts";
import type { JobFormat } from "../formats/format.ts";
import type { JobDefinition } from "../model/job.ts";

/** A source of jobs for a bench: the default export of a module, or the result of {@link conf} or {@link override}. */
export type JobSource = DefinedJob | readonly DefinedJob[] | JobText | OverriddenJob;

/** A job that is not overridden. */
type PlainSource = Exclude<JobSource, OverriddenJob>;

/** The text of a job in one of the formats. */
export class JobText {
  constructor(
    private readonly text: string,
    private readonly path: string,
    private readonly format: JobFormat = formatNamed("upstart"),
  ) {}

  /** @throws {ParseError} when the text has a syntax error. */
  parse(name: string): JobDefinition[] {
    return this.format.parse({ path: this.path, name, text: this.text });
  }
}

/** A job together with the text of an override. */
export class OverriddenJob {
  constructor(
    readonly source: PlainSource,
    private readonly text: string,
    private readonly path: string,
    private readonly format: JobFormat = formatNamed("upstart"),
  ) {}

  /** @throws {ParseError} when the text has a syntax error. */
  apply(definition: JobDefinition): JobDefinition {
    const { path, text } = this;
    return this.format.applyOverride(definition, { path, name: definition.name, text });
  }
}

/**
 * A job in the format of init(5), as a `.conf` file holds it: the text itself, or the file's URL.
 *
 *     bench({ database: conf("start on startup\nexec postgres"), web: conf(new URL("web.conf", import.meta.url)) })
 *
 * @throws {Error} when the file cannot be read. A syntax error shows on the bench.
 */
export function conf(text: string | URL): JobText {
  const file = read(text);
  return new JobText(file.text, file.name);
}

/**
 * A job with an `.override` file: the text itself, or the file's URL.
 * @throws {Error} when the file cannot be read.
 */
export function override(job: PlainSource, text: string | URL): OverriddenJob {
  const file = read(text);
  return new OverriddenJob(job, file.text, file.name);
}

function read(text: string | URL): { text: string; name: string } {
  if (typeof text === "string") return { text, name: "conf" };
  // As init does, which takes a file's bytes as they are.
  return { text: readFileSync(text, "latin1"), name: fileURLToPath(text) };
}

/**
 * All jobs of a configuration directory, by name, as init would load them: modules, and files and overrides in all
 * formats, also in directories below. A module has precedence over other files of the same name.
 *
 *     const jobs = bench(await jobsIn(new URL("../etc/init/", import.meta.url)));
 *
 * @throws {Error} when the directory or a file cannot be read, or what a module throws.
 */
export function jobsIn(directory: string | URL): Promise<Record<string, JobSource>> {
  return jobsBelow(directory instanceof URL ? fileURLToPath(directory) : resolve(directory), FORMATS);
}

/** The jobs below a directory, in modules and these formats. */
export async function jobsBelow(
  root: string,
  formats: readonly JobFormat[],
): Promise<Record<string, JobSource>> {
  const jobs: Record<string, PlainSource> = {};
  const claims = claimsBelow(root, formats);
  for (const { path, claim: { format, kind, name } } of claims) {
    if (kind !== "definition") continue;
    const source = format
      ? new JobText(readFileSync(path, "latin1"), path, format)
      : await defaultExport(path);
    if (source !== undefined) jobs[name] = source;
  }
  const overridden: Record<string, JobSource> = { ...jobs };
  for (const { path, claim: { format, kind, name } } of claims) {
    const job = kind === "override" ? jobs[name] : undefined;
    if (job) overridden[name] = new OverriddenJob(job, readFileSync(path, "latin1"), path, format);
  }
  return overridden;
}

/** The files below a directory that define or override jobs; those that go before others of the same job come last. */
function claimsBelow(
  root: string,
  formats: readonly JobFormat[],
): Array<{ path: string; claim: FileClaim }> {
  return readdirSync(root, { recursive: true, encoding: "utf8" }).sort().flatMap((relative) => {
    const claim = claimOf(formats, new DirectoryFile(root, relative));
    return claim ? [{ path: join(root, relative), claim }] : [];
  }).sort((one, other) => other.claim.rank - one.claim.rank);
}

async function defaultExport(module: string): Promise<PlainSource | undefined> {
  const { default: exported } = await import(pathToFileURL(module).href) as { default?: PlainSource };
  return exported;
}
