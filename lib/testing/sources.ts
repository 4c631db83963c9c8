/** Where a bench's jobs come from: modules, classic files, overrides, and whole directories of them. */

import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { applyOverride, parseConf } from "../../compat/upstart/mod.ts";
import type { DefinedJob } from "../author/conditions.ts";
import { isJobModule } from "../author/protocol.ts";
import type { JobDefinition } from "../model/job.ts";

/** What a bench takes as a job: what a module exports as its default, or what {@link conf} or {@link override} give. */
export type Source = DefinedJob | readonly DefinedJob[] | Classic | Overridden;

/** A job in the format of init(5). */
export class Classic {
  constructor(private readonly text: string, private readonly file: string) {}

  /** @throws {ParseError} for text that cannot be understood. */
  parse(name: string): JobDefinition {
    return parseConf(this.text, this.file, name);
  }
}

/** A job together with an `.override` file. */
export class Overridden {
  constructor(
    readonly source: Exclude<Source, Overridden>,
    private readonly text: string,
    private readonly file: string,
  ) {}

  /** @throws {ParseError} for text that cannot be understood. */
  apply(definition: JobDefinition): JobDefinition {
    return applyOverride(definition, this.text, this.file);
  }
}

/**
 * A job in the format of init(5), as a `.conf` file holds it: the text itself, or the file's URL.
 *
 *     bench({ database: conf("start on startup\nexec postgres"), web: conf(new URL("web.conf", import.meta.url)) })
 *
 * @throws {Error} when the file cannot be read. Whether it can be understood shows on the bench.
 */
export function conf(text: string | URL): Classic {
  const file = read(text);
  return new Classic(file.text, file.name);
}

/** A job with what an `.override` file says: the text itself, or the file's URL. */
export function override(job: Exclude<Source, Overridden>, text: string | URL): Overridden {
  const file = read(text);
  return new Overridden(job, file.text, file.name);
}

function read(text: string | URL): { text: string; name: string } {
  if (typeof text === "string") return { text, name: "conf" };
  // Like init, which takes a file's bytes as they are.
  return { text: readFileSync(text, "latin1"), name: fileURLToPath(text) };
}

/**
 * All jobs of a configuration directory, by name, as init would load them: modules, `.conf` and `.override`
 * files, also in directories below. Of files of one name the module counts.
 *
 *     const jobs = bench(await jobsIn(new URL("../etc/init/", import.meta.url)));
 *
 * @throws What a module throws that is imported.
 */
export async function jobsIn(directory: string | URL): Promise<Record<string, Source>> {
  const root = directory instanceof URL ? fileURLToPath(directory) : resolve(directory);
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).sort();
  const jobs: Record<string, Source> = {};
  const url = (file: string) => pathToFileURL(join(root, file));
  for (const file of files.filter((file) => file.endsWith(".conf"))) jobs[nameOf(file)] = conf(url(file));
  for (const file of files.filter(isJobModule)) {
    const { default: exported } = await import(url(file).href) as { default?: DefinedJob | DefinedJob[] };
    if (exported !== undefined) jobs[nameOf(file)] = exported;
  }
  for (const file of files.filter((file) => file.endsWith(".override"))) {
    const job = jobs[nameOf(file)];
    if (job) jobs[nameOf(file)] = override(job as Exclude<Source, Overridden>, url(file));
  }
  return jobs;
}

/** A file's path without its ending. */
function nameOf(file: string): string {
  return file.slice(0, file.lastIndexOf("."));
}
