/** The program update-rc.d(8): enables and disables init scripts as Debian's packages ask for it. */

import process from "node:process";
import { defaultLevels, type InitHeader, levelNames, type Link } from "../../../../compat/sysv/mod.ts";
import { isThere } from "../../../config/files.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { write } from "../../output.ts";
import { INCOMPLETE, main as insserv } from "../insserv.ts";
import { readLinks } from "../../../config/sysv/links.ts";
import { changeLinks, linkChanges } from "../links.ts";
import { PLACES, type Places, Scripts } from "../../../config/sysv/scripts.ts";
import { isFile, isLinkName } from "./script.ts";
import { plainLinks, removeLinks, toggleLinks } from "./runlevel_links.ts";

const USAGE = `usage: update-rc.d [-f] NAME remove
       update-rc.d [-f] NAME defaults
       update-rc.d [-f] NAME defaults-disabled
       update-rc.d NAME disable|enable [S|2|3|4|5]...

Links of init scripts in the directories of the runlevels, which insserv numbers by the scripts' headers.
-f and numbers behind an action are accepted for compatibility.
`;

/** The levels in which scripts are enabled and disabled. */
const TOGGLED = ["S", "2", "3", "4", "5"];

/** Where insserv may be: without it, and without its configuration, all links have the number 01. */
const INSSERV = ["/sbin/insserv", "/usr/sbin/insserv"];

/** The error that ends the program. */
class UpdateError extends Error {
  constructor(message: string, readonly isUsage = false) {
    super(message);
  }
}

/** What is asked for: a script's name, an action, and what stands behind it. */
interface Call {
  name: string;
  action: string;
  more: string[];
}

/** Runs the program. Returns the exit status. */
export function main(args: string[]): number {
  try {
    const call = parse(args);
    const action = Object.hasOwn(ACTIONS, call.action) ? ACTIONS[call.action]! : undefined;
    if (!action) throw new UpdateError("", true);
    action(new Update(call, process.env["DPKG_ROOT"] ?? ""));
    return 0;
  } catch (error) {
    if (!(error instanceof UpdateError)) throw error;
    if (error.message !== "") complain("error", error.message);
    if (error.isUsage) write(2, USAGE);
    return 1;
  }
}

/** @throws {UpdateError} where the command line is wrong. */
function parse(args: string[]): Call {
  const words = [...args];
  while (words[0]?.startsWith("-")) {
    const option = words.shift()!;
    if (option === "-h" || option === "--help") throw new UpdateError("", true);
    if (option !== "-f") throw new UpdateError("unknown option", true);
  }
  const [name, action, ...more] = words;
  if (name === undefined || action === undefined) throw new UpdateError("not enough arguments", true);
  return { name, action, more };
}

function complain(kind: "error" | "warning", message: string): void {
  write(2, `update-rc.d: ${kind}: ${message}\n`);
}

class Update {
  readonly #call: Call;
  readonly #root: string;
  readonly #scripts: Scripts;

  constructor(call: Call, root: string) {
    this.#call = call;
    this.#root = root;
    const below = Object.entries(PLACES).map(([key, path]) => [key, root + path]);
    this.#scripts = new Scripts(Object.fromEntries(below) as Places);
  }

  get #path(): string {
    return this.#scripts.path(this.#call.name);
  }

  /** False where insserv is not there, or is not set up: then nothing has a number of its own. */
  get #isOrdered(): boolean {
    return isFile(this.#scripts.places.config) && INSSERV.some((path) => isFile(this.#root + path));
  }

  /** @throws {UpdateError} where the name is none of a script, or there is no such script. */
  #header(missing: string): InitHeader | undefined {
    if (!isLinkName(this.#call.name) || !isFile(this.#path)) throw new UpdateError(missing);
    const { header, problem } = this.#scripts.read(this.#call.name);
    if (problem !== undefined) throw new UpdateError(`unable to read ${this.#path}: ${problem}`);
    return header;
  }

  #hasLinks(): boolean {
    return readLinks(this.#scripts).some(({ script }) => script === this.#call.name);
  }

  /** Makes the links that the header asks for; `isDisabled`: those of a script that starts in no runlevel. */
  enable(isDisabled: boolean): void {
    const isOrdered = this.#isOrdered;
    const header = this.#header(
      isOrdered ? `initscript does not exist: ${this.#path}` : `unable to read ${this.#path}`,
    );
    const { start, stop } = defaultLevels(header);
    if ((isDisabled || !isOrdered) && this.#hasLinks()) return;
    if (!isOrdered) {
      const levels = isDisabled ? { start: 0, stop: start | stop } : { start, stop };
      return this.#change(plainLinks(this.#call.name, levels));
    }
    const levels = isDisabled ? `,stop=${levelNames(start | stop).join(",")}` : "";
    this.#order(this.#call.name + levels);
  }

  /** Has insserv number the links, with what it is to enable, or with `-r` to disable. Circles do not keep it from that. */
  #order(...words: string[]): void {
    const { scripts, config, overrides, dependencies } = this.#scripts.places;
    const places = this.#root === ""
      ? []
      : ["-p", scripts, "-c", config, "-o", overrides, "-i", dependencies];
    const exit = insserv(["-f", ...places, ...words]);
    if (exit === INCOMPLETE) throw new UpdateError("insserv could not change all links");
    if (exit !== 0) throw new UpdateError("insserv rejected the script header");
  }

  #change(wanted: Link[]): void {
    changeLinks(linkChanges(this.#scripts, [], wanted), (message) => complain("error", message));
  }

  /** The old forms with numbers and levels: the header counts instead. */
  enableNumbered(): void {
    complain("warning", "start and stop actions are no longer supported; falling back to defaults");
    const header = this.#header(`initscript does not exist: ${this.#path}`);
    const given = levelsOfSets([this.#call.action, ...this.#call.more]);
    const levels = defaultLevels(header);
    for (const kind of ["start", "stop"] as const) {
      const wanted = levelNames(levels[kind]).join(" "), asked = given[kind].join(" ");
      if (wanted === asked) continue;
      const field = kind === "start" ? "Default-Start" : "Default-Stop";
      complain(
        "warning",
        `${kind} runlevel arguments (${asked || "none"}) do not match ${this.#call.name} ${field} values ` +
          `(${wanted || "none"})`,
      );
    }
    this.enable(false);
  }

  /** Enables or disables the script in some levels. Each link is renamed, in one step. */
  toggle(kind: Link["kind"]): void {
    const { name, action, more } = this.#call;
    const header = this.#header(`cannot find a LSB script for ${name}`);
    const defaults = levelNames(defaultLevels(header).start);
    if (more.length === 0 && defaults.length === 0) {
      throw new UpdateError(`${name} Default-Start contains no runlevels, aborting.`);
    }
    for (const level of more.filter((level) => !TOGGLED.includes(level))) {
      complain("warning", `${action} action will have no effect on runlevel ${level}`);
    }
    const levels = more.length > 0 ? more.filter((level) => TOGGLED.includes(level)) : defaults;
    try {
      if (toggleLinks(this.#scripts, name, levels, kind) === 0) {
        throw new UpdateError("no runlevel symlinks to modify, aborting!");
      }
    } catch (error) {
      if (error instanceof UpdateError) throw error;
      throw new UpdateError(`unable to ${action} ${name}: ${errorReason(error)}`);
    }
    if (this.#isOrdered) this.#order(name);
  }

  remove(): void {
    const { name } = this.#call;
    if (!isLinkName(name)) throw new UpdateError(`not a name of a script: ${name}`);
    const isOrdered = this.#isOrdered;
    if (isOrdered && isThere(this.#path)) this.#order("-r", name);
    removeLinks(this.#scripts, name, (message) => complain("error", message));
    if (isOrdered && !isThere(this.#path)) this.#order();
  }
}

/** The levels of sets such as `start 20 2 3 . stop 80 0 .`, as they are written. */
function levelsOfSets(words: readonly string[]): { start: string[]; stop: string[] } {
  const levels = { start: [] as string[], stop: [] as string[] };
  let kind: "start" | "stop" | undefined, isNumber = false;
  for (const word of words) {
    if (word === ".") kind = undefined;
    else if (kind === undefined) {
      if (word === "start" || word === "stop") [kind, isNumber] = [word, true];
    } else if (isNumber) isNumber = false;
    else levels[kind].push(word);
  }
  return levels;
}

const ACTIONS: Readonly<Record<string, (update: Update) => void>> = {
  "defaults": (update) => update.enable(false),
  "defaults-disabled": (update) => update.enable(true),
  "start": (update) => update.enableNumbered(),
  "stop": (update) => update.enableNumbered(),
  "enable": (update) => update.toggle("start"),
  "disable": (update) => update.toggle("stop"),
  "remove": (update) => update.remove(),
};
