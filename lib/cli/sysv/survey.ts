/** What init scripts there are and what their links say, as insserv takes it in: links, then scripts named, then all. */

import {
  ALL,
  Catalog,
  expand,
  type Facilities,
  type InitHeader,
  levelWords,
  type Link,
  missingFields,
  NO_LEVELS,
  overlap,
  readLevels,
  RELATIONS,
  type Service,
  serviceOf,
  words,
} from "../../../compat/sysv/mod.ts";
import { linkedLevels, readLinks } from "../../config/sysv/links.ts";
import type { Scripts } from "../../config/sysv/scripts.ts";

/** An end that insserv puts to all, with the line that it says last. */
export class FatalError extends Error {
  override name = "FatalError";

  constructor(message: string | undefined, readonly last = "exiting now!") {
    super(message);
  }
}

/**
 * Where messages go. `warn` is silenced by `-q`; `load` is said to those who want to hear all. With `goesOn` a header without
 * an end is warned of, and counts as far as it goes.
 */
export interface SurveyMessages {
  goesOn: boolean;
  warn(message: string): void;
  load(label: string): void;
}

/** What has been found. */
export interface Survey {
  catalog: Catalog;
  links: Link[];
}

/** How fields are named in complaints, with what insserv puts behind the name. */
const MISSING: Readonly<Record<string, string>> = {
  "Provides": "`Provides:' entry: please add.",
  "Required-Start": "`Required-Start:' entry: please add even if empty.",
  "Required-Stop": "`Required-Stop:'  entry: please add even if empty.",
  "Default-Start": "`Default-Start:'  entry: please add even if empty.",
  "Default-Stop": "`Default-Stop:'   entry: please add even if empty.",
};

/**
 * Reads links and scripts.
 * @param asked The scripts that the command line names
 * @throws {FatalError} where a script is so broken that insserv changes nothing.
 */
export function survey(
  scripts: Scripts,
  facilities: Facilities,
  asked: readonly string[],
  messages: SurveyMessages,
): Survey {
  return new Surveyor(scripts, facilities, messages).run(asked);
}

/** The same for tools: a script that is broken is told of by `complain` and left out, or read as far as it goes. */
export function surveyAll(
  scripts: Scripts,
  facilities: Facilities,
  complain: (message: string) => void,
): Survey {
  const quiet = { goesOn: false, warn: () => {}, load: () => {} };
  return new Surveyor(scripts, facilities, quiet, complain).run([]);
}

class Surveyor {
  readonly #catalog = new Catalog();
  #links: Link[] = [];

  constructor(
    readonly scripts: Scripts,
    readonly facilities: Facilities,
    readonly messages: SurveyMessages,
    /** Where a fault is told that does not end all. */
    readonly onFault?: (message: string) => void,
  ) {}

  run(asked: readonly string[]): Survey {
    this.#links = readLinks(this.scripts);
    for (const link of this.#links) this.#scanLink(link);
    const valid = asked.filter((name) => this.#isOwn(name));
    for (const name of valid) this.#load(name, name, true);
    for (const name of new Set([...valid.slice(0, 1), ...this.scripts.names()])) {
      if (!this.scripts.isAlias(name)) this.#scanScript(name);
    }
    return { catalog: this.#catalog, links: this.#links };
  }

  #isOwn(name: string): boolean {
    if (!this.scripts.isScriptName(name)) this.messages.warn(`script name ${name} is not valid, skipped!`);
    else if (this.scripts.isAlias(name)) {
      this.messages.warn(`script ${name} is a symlink to another script, skipped!`);
    } else return true;
    return false;
  }

  /** A link's script is known by its levels. One that is read without a name that it provides is read at each link. */
  #scanLink({ script, name }: Link): void {
    const known = this.#catalog.ofScript(script);
    if (known && !(known.header && !known.header.fields.Provides)) return this.messages.load(name);
    const service = this.#load(script, name);
    if (service) this.#mentionAll(service.header);
  }

  #scanScript(name: string): void {
    const service = this.#load(name, name);
    if (!service) return;
    this.#mentionAll(service.header);
    const { header } = service;
    for (const kind of ["Start", "Stop"] as const) {
      const field = header?.fields[`Default-${kind}`];
      const { refused } = readLevels(levelWords(field));
      if (refused !== undefined) this.#fail(name, `Wrong runlevel key '${refused}'`, "");
      const level = kind === "Start" ? "start" : "stop";
      if (field || service.enabled && service[level] !== NO_LEVELS) continue;
      const padded = `Default-${kind}`.padEnd(13);
      this.messages.warn(`${padded} undefined, assuming empty ${level} runlevel(s) for script \`${name}'`);
    }
    if (header && overlap(header).length > 0) {
      const [start, stop] = [header.fields["Default-Start"]!.text, header.fields["Default-Stop"]!.text];
      this.messages.warn(
        `Script \`${name}' has overlapping Default-Start and Default-Stop runlevels ` +
          `(${start}) and (${stop}). This should be fixed.`,
      );
    }
  }

  /** Reads a script and enters its service, which stands as it was where it is known already. */
  #load(name: string, label: string, isAsked = false): Service | undefined {
    this.messages.load(label);
    const { file, header, problem, isExecutable } = this.scripts.read(name);
    if (problem !== undefined) {
      if (label === name) this.messages.warn(`Could not read script ${name}: ${problem}`);
      return undefined;
    }
    if (!isExecutable) {
      // What nobody asks for and no link leads to is a text that lies there.
      if (isAsked || label !== name) {
        this.messages.warn(`script ${name} is not an executable file, will be skipped in boot sequence!`);
      }
      return undefined;
    }
    this.#complain(name, label, header);
    const service = serviceOf(name, file, header, this.facilities);
    const known = this.#catalog.ofScript(name);
    if (known) return known;
    const taken = this.#catalog.add(service);
    for (const other of taken) this.messages.warn(`script ${name}: service ${other} already provided!`);
    if (taken.length > 0 && isAsked) throw new FatalError(undefined);
    if (taken.length > 0) return undefined;
    this.#applyLinks(service);
    return service;
  }

  /** Links count more than what the header asks for. */
  #applyLinks(service: Service): void {
    if (!this.#links.some(({ script }) => script === service.script)) return;
    service.enabled = true;
    service.start = linkedLevels(this.#links, service.script, "start");
    service.stop = linkedLevels(this.#links, service.script, "stop");
  }

  #complain(name: string, label: string, header: InitHeader | undefined): void {
    if (!header) return this.messages.warn(`warning: script '${label}' missing LSB tags`);
    if (header.end === undefined) {
      const problem = `script ${name} is broken: missing end of LSB comment.`;
      if (this.messages.goesOn) {
        this.messages.warn(problem);
        return this.messages.warn(`warning: script '${label}' missing LSB tags`);
      }
      this.#fail(name, `FATAL: ${problem}`);
    }
    const missing = missingFields(header);
    if (missing.length === 0) return;
    this.messages.warn(`script ${name} is broken: incomplete LSB comment.`);
    for (const field of missing) this.messages.warn(`missing ${MISSING[field]}`);
  }

  /** @throws {FatalError} where nobody wants to go on. */
  #fail(script: string, message: string, last?: string): void {
    if (!this.onFault) throw new FatalError(message, last);
    this.onFault(`${this.scripts.path(script)}: ${message.replace(/^FATAL: /, "")}`);
  }

  #mentionAll(header: InitHeader | undefined): void {
    for (const name of RELATIONS.flatMap((field) => words(header, field))) {
      if (name === ALL) continue;
      for (const member of expand(this.facilities, name).services) this.#catalog.mention(member.name);
    }
  }
}
