/** The reading of a machine's init scripts as jobs, step by step: the scripts, their links, facilities, and what follows. */

import { existsSync, readdirSync, realpathSync, type Stats, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import {
  Catalog,
  expand,
  type Facilities,
  facilityCircle,
  LEVELS,
  type Link,
  NO_LEVELS,
  parseChkconfig,
  pidFileOf,
  readLevels,
  type ScriptFacts,
  type ScriptJobs,
  scriptJobs,
  type Service,
  serviceOf,
  STANDARD_FACILITIES,
  type Steps,
  weakest,
  words,
} from "../../../compat/sysv/mod.ts";
import type { Diagnostic } from "../../formats/diagnostic.ts";
import type { JobDefinition } from "../../model/job.ts";
import { Trust } from "../../sys/access/trust.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
import { directoryProblem } from "../files.ts";
import { readLink } from "./links.ts";
import {
  listDirectory,
  PLACES,
  type Places,
  readFacilities,
  type ReadScript,
  RED_HAT_SCRIPTS,
  Scripts,
} from "./scripts.ts";

/** The options of {@link ScriptScanner}. */
export interface ScanOptions {
  places: Places;
  /** How files are treated that somebody else can write; where it is absent nobody asks who can. */
  untrusted: "refused" | "warned of" | undefined;
}

/** What a scan has found. */
export interface ScanResult {
  jobs: JobDefinition[];
  problems: Diagnostic[];
  /** Names that scripts require and no script provides; a job of another kind may. */
  missing: ScriptJobs["missing"];
}

/** A script as it was read last. */
interface Known {
  stamp: string;
  script: ReadScript;
  pidFile: string | undefined;
  isOfChkconfig: boolean;
  hasDosLines: boolean;
}

/** The program of Red Hat's that runs the scripts of a level. Beside it, links of kind S are started in all levels. */
const RED_HAT_RC = "/etc/rc.d/rc";

/** What stands in the place of the script of a job that is Upstart's. */
const UPSTART_STAND_IN = "upstart-job";

/** Characters that a job's command cannot have, or that would end or forge the lines of `initctl list`. */
// deno-lint-ignore no-control-regex
const UNFIT_NAME = /[$\\\x00-\x1f\x7f-\x9f]/;

/** A change within so many ms of a look may not show in the file's times. */
const CLOCK_STEP = 1000;

/** Where this machine's scripts are. */
export function machinePlaces(): Places {
  const scripts = existsSync(PLACES.scripts) ? PLACES.scripts : RED_HAT_SCRIPTS;
  return { ...PLACES, scripts };
}

/** The directories of a level: the first one that is there counts. */
export function levelDirectories({ scripts }: Places, level: string): string[] {
  return [`/etc/rc${level}.d`, `/etc/rc.d/rc${level}.d`].map((path) =>
    scripts.startsWith("/etc/") ? path : join(scripts, "..", basename(path))
  );
}

/** Reads scripts, and remembers those that have not changed. */
export class ScriptScanner {
  readonly #known = new Map<string, Known>();

  constructor(private readonly options: ScanOptions) {}

  /**
   * Reads all, a file at each step. Gives the reason alone when the directory of the scripts cannot be read: nothing is
   * known then.
   * @throws nothing that the file system may refuse.
   */
  *scan(): Steps<ScanResult | Diagnostic> {
    const { places } = this.options;
    const problem = directoryProblem(places.scripts);
    const names = ifAllowed(() => readdirSync(places.scripts)) ?? this.#withoutScripts(problem);
    if (names === undefined) {
      return {
        file: places.scripts,
        reason: `Init scripts cannot be read: ${problem ?? "Permission denied"}`,
      };
    }
    return yield* new Scan(this.options, this.#known).run(names);
  }

  /** A machine may have no scripts. One that had some keeps these as jobs while their directory is away. */
  #withoutScripts(problem: string | undefined): string[] | undefined {
    return this.#known.size === 0 && problem === "No such file or directory" ? [] : undefined;
  }
}

/** One scan. */
class Scan {
  readonly #scripts: Scripts;
  readonly #problems: Diagnostic[] = [];
  readonly #trust = new Trust();
  #facilities: Facilities = { members: new Map(), interactive: new Set() };
  #links: Link[] = [];
  /** The levels of the links of each script. */
  readonly #levels = new Map<string, { start: number; stop: number }>();
  #hasLevels = false;

  constructor(private readonly options: ScanOptions, private readonly known: Map<string, Known>) {
    this.#scripts = new Scripts(options.places);
  }

  *run(names: readonly string[]): Steps<ScanResult> {
    const { places } = this.options;
    yield* this.#readLinks(new Set(names));
    this.#facilities = readFacilities(places.config, () => {});
    yield;
    const circle = facilityCircle(this.#facilities);
    if (circle) {
      this.#warn(places.config, `Each of ${circle.join(", ")} contains the next`);
    }
    const read = new Map<string, Known>();
    for (const name of names) {
      const known = this.#readScript(name);
      if (known) read.set(name, known);
      yield;
    }
    for (const name of this.known.keys()) if (!read.has(name)) this.known.delete(name);
    this.#addProvided(read.values());
    const catalog = new Catalog();
    const facts: ScriptFacts[] = [];
    for (const [name, known] of read) {
      facts.push(this.#factsOf(name, known, catalog));
      yield;
    }
    const { jobs, circles, missing } = yield* scriptJobs(facts, catalog, {
      facilities: this.#facilities,
      links: this.#links,
      downAction: existsSync(RED_HAT_RC) ? "start" : "stop",
    });
    for (const { kind, circle } of circles) {
      const [{ service, line } = { service: circle[0]!.then, line: 0 }] = weakest(circle).reasons;
      const way = [...circle, circle[0]!].map(({ first }) => first.script).join(", ");
      this.#warn(
        service.file,
        `Each of these scripts comes at the ${kind} before the next: ${way}; ` +
          `${weakest(circle).then.script} does not wait for ${weakest(circle).first.script}`,
        line,
      );
    }
    return { jobs, problems: this.#problems, missing };
  }

  #warn(file: string, reason: string, line?: number): void {
    this.#problems.push({ file, reason, isWarning: true, ...(line ? { line } : {}) });
  }

  *#readLinks(names: ReadonlySet<string>): Steps<void> {
    for (const [index, level] of LEVELS.entries()) {
      const directory = levelDirectories(this.options.places, level).find((path) => existsSync(path));
      if (directory === undefined || !this.#isTrusted(directory)) continue;
      this.#hasLevels = true;
      for (const name of listDirectory(directory)) {
        const link = readLink(directory, level, name);
        yield;
        if (!link) continue;
        if (!names.has(link.script)) {
          this.#warn(join(directory, name), "Link leads to no init script");
          continue;
        }
        this.#links.push(link);
        const levels = this.#levels.get(link.script) ?? { start: NO_LEVELS, stop: NO_LEVELS };
        levels[link.kind] |= 1 << index;
        this.#levels.set(link.script, levels);
      }
    }
  }

  /** Reads a script, if that is to be a job. */
  #readScript(name: string): Known | undefined {
    if (!this.#scripts.isValidName(name)) return undefined;
    const path = this.#scripts.path(name);
    const status = ifAllowed(() => statSync(path));
    if (status && !status.isFile() || this.#scripts.isAlias(name) || isStandIn(path)) return undefined;
    const stamp = status && stampOf(status);
    let known = this.known.get(name);
    if (!known || stamp === undefined || known.stamp !== stamp) {
      const script = this.#scripts.read(name);
      known = {
        // One that has just been written may be written again at the same time.
        stamp: status && Date.now() - status.ctimeMs > CLOCK_STEP ? stampOf(status) : "",
        script: { ...script, text: "" },
        pidFile: pidFileOf(script.text),
        isOfChkconfig: parseChkconfig(script.text) !== undefined,
        hasDosLines: /^[^\n]*\r\n/.test(script.text),
      };
      this.known.set(name, known);
    }
    return this.#isUsable(name, path, known, status) ? known : undefined;
  }

  /** Tells what is wrong with a script. False where it is no job for it. */
  #isUsable(name: string, path: string, known: Known, status: Stats | undefined): boolean {
    const { script: { problem, isExecutable, header, file }, hasDosLines } = known;
    const isLinked = this.#levels.has(name);
    if (problem !== undefined) {
      if (isLinked || problem !== "No such file or directory") {
        this.#problems.push({ file: path, reason: problem });
      }
      return false;
    }
    // A text beside the scripts, or a library of theirs.
    if (!header && !isLinked) return false;
    if (!isExecutable) {
      if (isLinked) this.#warn(path, "Init script is not executable, and is not run");
      return false;
    }
    if (UNFIT_NAME.test(path)) {
      this.#problems.push({ file: path, reason: "Init scripts with such a name cannot be run as jobs" });
      return false;
    }
    if (!this.#isTrusted(path, status)) return false;
    if (hasDosLines) {
      this.#warn(
        path,
        "Lines end with a carriage return: the kernel will not find the script's interpreter",
        1,
      );
    }
    if (header && header.end === undefined) {
      this.#warn(file, "Header has no END INIT INFO, and is read as far as the comment goes", header.begin);
    }
    return true;
  }

  #isTrusted(path: string, status?: Stats): boolean {
    const { untrusted } = this.options;
    const problem = untrusted &&
      this.#trust.problem(resolve(path), isLinkStatus(path) ? { wasThere: true } : { status });
    if (!problem) return true;
    if (untrusted === "refused") this.#problems.push({ file: path, reason: `Not read: ${problem}` });
    else this.#warn(path, `Read although ${problem}`);
    return untrusted !== "refused";
  }

  /** Scripts may provide a facility themselves, where no insserv.conf says which they are. */
  #addProvided(scripts: Iterable<Known>): void {
    for (const { script: { header, file } } of scripts) {
      for (const name of words(header, "Provides")) {
        if (!name.startsWith("$")) continue;
        const members = this.#facilities.members.get(name) ?? [];
        this.#facilities.members.set(name, [...members, { name: basename(file), optional: false }]);
      }
    }
  }

  #factsOf(name: string, { script, pidFile, isOfChkconfig }: Known, catalog: Catalog): ScriptFacts {
    const { file, header } = script;
    const service = serviceOf(name, file, header, this.#facilities);
    const levels = this.#levels.get(name);
    service.enabled = levels !== undefined;
    // A machine without directories of levels goes by the headers.
    if (levels || this.#hasLevels) Object.assign(service, levels ?? { start: NO_LEVELS, stop: NO_LEVELS });
    this.#tellUnknown(service);
    this.#enter(service, catalog);
    return {
      service,
      path: this.#scripts.path(name),
      pidFile,
      isNumbered: levels !== undefined && (!header || isOfChkconfig),
    };
  }

  #tellUnknown({ file, header }: Service): void {
    for (const field of ["Required-Start", "Required-Stop"] as const) {
      const { line } = header?.fields[field] ?? {};
      for (const word of words(header, field)) {
        for (const facility of expand(this.#facilities, word).unknown) {
          if (STANDARD_FACILITIES.includes(facility)) continue;
          this.#warn(file, `${field}: no file defines the facility ${facility}`, line);
        }
      }
    }
    for (const field of ["Default-Start", "Default-Stop"] as const) {
      const found = header?.fields[field];
      const { unknown } = readLevels(found?.words ?? []);
      for (const word of unknown) this.#warn(file, `${field}: ${word} is no runlevel`, found?.line);
    }
  }

  #enter(service: Service, catalog: Catalog): void {
    const taken = catalog.add(service);
    if (taken.length === 0) return;
    const line = service.header?.fields.Provides?.line;
    for (const other of taken) {
      this.#warn(service.file, `Provides: ${catalog.provider(other)!.script} provides ${other}, too`, line);
    }
    const left = service.provides.filter((name) => !taken.includes(name));
    service.provides = left.length > 0 ? left : [service.script];
    catalog.add(service);
  }
}

function stampOf({ ino, size, mtimeMs, ctimeMs, mode }: Stats): string {
  return [ino, size, mtimeMs, ctimeMs, mode].join(" ");
}

function isStandIn(path: string): boolean {
  return ifAllowed(() => basename(realpathSync(path))) === UPSTART_STAND_IN;
}

function isLinkStatus(path: string): boolean {
  return ifAllowed(() => realpathSync(path)) !== resolve(path);
}
