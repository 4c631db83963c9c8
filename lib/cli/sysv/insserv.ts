/** The program `insserv`: enables and disables init scripts, and numbers their links by what their headers say. */

import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import {
  computeOrder,
  dependFiles,
  type Facilities,
  facilityCircle,
  type Link,
  type Order,
  plannedLinks,
} from "../../../compat/sysv/mod.ts";
import { failureMessage, isThere } from "../../config/files.ts";
import { type CommandDescription, commandHelp } from "../../model/command_line/help.ts";
import { type Option, type ParsedOptions, parseOptions, valueOf } from "../../model/command_line/options.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { write } from "../output.ts";
import { isPrivileged } from "../system/program.ts";
import { changeLinks, linkChanges } from "./links.ts";
import { enable, parseRequest, requiredServices, type ScriptRequest } from "./request.ts";
import { circleMessages, missingRequirements } from "./requirements.ts";
import { PLACES, type Places, readFacilities, Scripts } from "../../config/sysv/scripts.ts";
import { FatalError, type Survey, survey, type SurveyMessages } from "./survey.ts";
import { writeFile } from "../write_file.ts";

/** The exit status where a link or a file could not be made or removed. */
export const INCOMPLETE = 2;

const OPTIONS: readonly Option[] = [
  { short: "r", long: "remove", help: "remove the links of the scripts" },
  { short: "d", long: "default", help: "use the runlevels of the headers, not those of the links" },
  { short: "f", long: "force", help: "go on without what is required, and through circles" },
  { short: "e", long: "recursive", help: "enable what the scripts require, too" },
  { short: "n", long: "dry-run", help: "change nothing, only tell" },
  { long: "dryrun" },
  { short: "s", long: "show-all", help: "print the links that there would be, and change nothing" },
  { long: "showall" },
  { short: "v", long: "verbose", help: "tell what is done; twice, what is read" },
  { short: "q", long: "silent", help: "print no warnings" },
  { short: "p", long: "path", argument: "DIR", help: `directory of the scripts, not ${PLACES.scripts}` },
  { short: "c", long: "config", argument: "FILE", help: `facilities, not ${PLACES.config}` },
  { short: "o", long: "override", argument: "DIR", help: `headers, not ${PLACES.overrides}` },
  { short: "i", long: "insserv-dir", argument: "DIR", help: "where the .depend files go" },
  { short: "u", long: "upstart-job", argument: "FILE", help: "accepted for compatibility" },
  { short: "h", long: "help", help: "display this help and exit" },
];

export const INSSERV: CommandDescription = {
  name: "insserv",
  arguments: "[SCRIPT[,start=LEVELS][,stop=LEVELS]|DIRECTORY]...",
  summary:
    "Enable init scripts, or disable them with -r, and number all links by what the scripts' headers say.",
  help: "Without a script, the links that are there are numbered anew.\n\n" +
    "Exit status: 0; 1 when something is wrong and nothing was changed; 2 when a link or a file could not be made or " +
    "removed, and the others were.",
  options: OPTIONS,
};

/** Runs the program. Returns the exit status. */
export function main(args: string[]): number {
  return follow(args, (insserv) => insserv.run());
}

/**
 * Prints the links that insserv would make for these arguments, one a line, such as `rc2.d/S03cron`. Returns the exit
 * status.
 */
export function printLinks(args: string[]): number {
  return follow(args, (insserv) => {
    const links = plannedLinks(insserv.prepare().order);
    write(1, links.map(({ level, name }) => `rc${level}.d/${name}\n`).join(""));
    return 0;
  });
}

function follow(args: string[], run: (insserv: Insserv) => number): number {
  try {
    return run(new Insserv(parseOptions(args, OPTIONS)));
  } catch (error) {
    if (error instanceof UsageError) {
      complain(wordsOfGetopt(error.message));
      complain("For help use: insserv -h");
    } else if (error instanceof FatalError) {
      for (const message of [error.message, error.last]) if (message !== "") complain(message);
    } else throw error;
    return 1;
  }
}

/** The message of getopt(3) for a wrong option. */
function wordsOfGetopt(message: string): string {
  const [, dashes, name] = /^invalid option: (--?)(.*)/.exec(message) ?? [];
  if (dashes === undefined) return message;
  return dashes === "-" ? `invalid option -- '${name}'` : `unrecognized option '--${name}'`;
}

function complain(message: string): void {
  write(2, `insserv: ${message}\n`);
}

/** What is known before anything is changed. */
interface Prepared {
  scripts: Scripts;
  found: Survey;
  order: Order;
}

class Insserv {
  readonly #given: ParsedOptions;
  readonly #verbosity: number;
  readonly #isDry: boolean;

  constructor(given: ParsedOptions) {
    this.#given = given;
    this.#isDry = this.#has("dry-run") || this.#has("dryrun");
    this.#verbosity = (given.options.get("verbose")?.length ?? 0) + (this.#isDry ? 1 : 0);
  }

  #has(option: string): boolean {
    return this.#given.options.has(option);
  }

  run(): number {
    if (this.#has("help")) {
      write(1, commandHelp("insserv", INSSERV, OPTIONS));
      return 0;
    }
    const isShown = this.#has("show-all") || this.#has("showall");
    const isMachines = this.#places().places.scripts === PLACES.scripts;
    if (!isShown && !this.#isDry && isMachines && !isPrivileged()) {
      throw new FatalError("Need to be root", "");
    }
    const prepared = this.prepare();
    if (!isShown) return this.#carryOut(prepared) ? 0 : INCOMPLETE;
    showAll(prepared.order);
    return 0;
  }

  /**
   * Reads all, applies what is asked for, and computes the order.
   * @throws {FatalError} where insserv changes nothing.
   */
  prepare(): Prepared {
    if (this.#has("remove") && this.#given.args.length === 0) {
      throw new FatalError("usage: insserv [[-r] init_script|init_directory]", "");
    }
    const { places, names } = this.#places();
    const requests = names.map(parseRequest);
    const scripts = new Scripts(places);
    for (const { script } of requests) {
      if (scripts.read(script).problem === undefined) continue;
      throw new FatalError(`${script}: ${scripts.read(script).problem}`, "");
    }
    const facilities = this.#facilities(places);
    const asked = requests.map(({ script }) => script);
    const found = survey(scripts, facilities, asked, this.#messages());
    this.#apply(requests, found, facilities);
    const order = computeOrder(found.catalog, facilities);
    this.#check(order, found, facilities, new Set(asked));
    return { scripts, found, order };
  }

  /** Where all is: a script that is named with a directory says where the others are. */
  #places(): { places: Places; names: string[] } {
    const places = {
      scripts: valueOf(this.#given, "path") ?? PLACES.scripts,
      config: valueOf(this.#given, "config") ?? PLACES.config,
      overrides: valueOf(this.#given, "override") ?? PLACES.overrides,
      dependencies: valueOf(this.#given, "insserv-dir") ?? PLACES.dependencies,
    };
    const names = this.#given.args.flatMap((argument) => {
      if (!argument.includes("/")) return [argument];
      const isDirectory = statSync(argument, { throwIfNoEntry: false })?.isDirectory() ?? false;
      places.scripts = isDirectory ? argument.replace(/\/+$/, "") : dirname(argument);
      return isDirectory ? [] : [basename(argument)];
    });
    return { places, names };
  }

  #messages(): SurveyMessages {
    return {
      goesOn: this.#has("force"),
      warn: (message) => this.#warn(message),
      load: (label) => {
        if (this.#verbosity > 1) complain(`Loading ${label}`);
      },
    };
  }

  #warn(message: string): void {
    if (!this.#has("silent")) complain(message);
  }

  #facilities({ config }: Places): Facilities {
    if (this.#verbosity > 1) complain(`Loading ${config}`);
    const facilities = readFacilities(config, (reason) => this.#warn(`fopen(${config}): ${reason}`));
    const circle = facilityCircle(facilities);
    if (!circle) return facilities;
    const names = circle.join(" ");
    throw new FatalError(
      `Loop detected during expanding system facilities in the insserv.conf file(s): ${names}`,
      "",
    );
  }

  #apply(requests: readonly ScriptRequest[], { catalog }: Survey, facilities: Facilities): void {
    const rules = { useDefaults: this.#has("default"), useGiven: this.#has("force") };
    for (const request of requests) {
      const service = catalog.ofScript(request.script);
      if (!service) continue;
      const services = this.#has("recursive") && !this.#has("remove")
        ? requiredServices(service, catalog, facilities)
        : [service];
      for (const one of services) {
        if (this.#has("remove")) one.enabled = false;
        else if (one === service || !one.enabled) {
          enable(one, request, rules).forEach((text) => this.#warn(text));
        }
      }
    }
    if (requests.length > 0 || !rules.useDefaults) return;
    for (const service of catalog.all()) {
      if (service.enabled) enable(service, { script: service.script }, rules);
    }
  }

  /** @throws {FatalError} where a circle or a missing service is in the way, unless all is forced. */
  #check(order: Order, { catalog }: Survey, facilities: Facilities, asked: ReadonlySet<string>): void {
    for (const { name } of order.unknown) this.#warn(`warning: could not find all dependencies for ${name}`);
    for (const message of circleMessages(order.circles)) this.#warn(message);
    const isForced = this.#has("force");
    if (order.circles.length > 0 && !isForced) {
      throw new FatalError(undefined, "exiting now without changing boot order!");
    }
    const none = new Set<string>();
    const [added, removed] = this.#has("remove") ? [none, asked] : [asked, none];
    const missing = missingRequirements(catalog, facilities, { added, removed });
    missing.forEach(complain);
    if (missing.length > 0 && !isForced) throw new FatalError(undefined);
  }

  /** Makes the links and the .depend files. False when one of them could not be made, which is told. */
  #carryOut({ scripts, found, order }: Prepared): boolean {
    // A script that is there and cannot be read keeps its links: nobody knows what it is to have.
    const own = found.links.filter(({ script }) =>
      found.catalog.ofScript(script) || !isThere(scripts.path(script))
    );
    const changes = linkChanges(scripts, own, plannedLinks(order));
    for (const { action, path, script } of changes) {
      if (this.#verbosity === 0) break;
      complain(
        action === "enable" ? `enable service ../init.d/${script} -> ${path}` : `remove service ${path}`,
      );
    }
    const { dependencies } = scripts.places;
    if (this.#isDry) {
      const files = "depend.boot, depend.start, and depend.stop";
      complain(`dryrun, not creating ${files} in ${dependencies}/.`);
      return true;
    }
    let isDone = true;
    const fail = (message: string) => {
      complain(message);
      isDone = false;
    };
    changeLinks(changes, fail);
    for (const [kind, text] of Object.entries(dependFiles(order))) {
      const path = `${dependencies}/.depend.${kind}`;
      if (this.#verbosity > 0) complain(`creating ${path}`);
      try {
        writeFile(path, text);
      } catch (error) {
        fail(failureMessage(error));
      }
    }
    return isDone;
  }
}

/** Prints all links, one number of a script a line: `S:02:2 3 4 5:cron`. */
function showAll(order: Order): void {
  const links = plannedLinks(order);
  for (const letter of ["K", "S"] as const) {
    const kind = letter === "S" ? "start" : "stop";
    const lines = order[kind].graph.services.flatMap(({ script }) => {
      const own = links.filter((link) => link.script === script && link.kind === kind);
      const ofBoot = (isBoot: boolean): Link[] => own.filter(({ level }) => (level === "S") === isBoot);
      return [ofBoot(false), ofBoot(true)].flatMap((group) => {
        if (group.length === 0) return [];
        const number = group[0]!.name.slice(1, 3);
        return [`${letter}:${number}:${group.map(({ level }) => level).join(" ")}:${script}\n`];
      });
    });
    write(1, lines.join(""));
  }
}
