/** The files that say what init scripts there are: the scripts, overrides of their headers, insserv.conf. Nothing is trusted. */

import { readdirSync, realpathSync, type Stats } from "node:fs";
import { dirname, join } from "node:path";
import { type Facilities, type InitHeader, parseFacilities, parseHeader } from "../../../compat/sysv/mod.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
import { isLink, readSource } from "../files.ts";

/** Where the files are. */
export interface Places {
  /** The directory of the scripts. Those of the runlevels lie beside it. */
  scripts: string;
  /** insserv.conf; `.d` behind it is the directory of further files. */
  config: string;
  /** A directory of headers that count instead of those of the scripts. */
  overrides: string;
  /** Where the .depend files go. */
  dependencies: string;
}

export const PLACES: Places = {
  scripts: "/etc/init.d",
  config: "/etc/insserv.conf",
  overrides: "/etc/insserv/overrides",
  dependencies: "/etc/init.d",
};

/** Where Red Hat's machines have the scripts. */
export const RED_HAT_SCRIPTS = "/etc/rc.d/init.d";

/** Overrides that packages bring, for scripts without a header. */
const SHARED_OVERRIDES = "/usr/share/insserv/overrides";

const FILE_FILTERS = "/etc/insserv/file-filters";

/** Names of copies and of what package managers leave. */
const LEFTOVER = /^[$.#%_+\-\\*[\]^:()~]|\.(?:dpkg|ucf|rpm|ba)|\.(?:old|new|org|orig|save|swp|core)$|~$/;

/** Names of what lies beside init scripts and is none: programs that run them, an example, texts. */
const NO_SCRIPT = /^(?:README|Makefile|powerfail|skeleton)|^(?:core|rc|rcS|rx)$/;

/** A script that has been read. */
export interface ReadScript {
  /** What its header stands in. */
  file: string;
  header: InitHeader | undefined;
  /** Why the script cannot be read. */
  problem?: string;
  isExecutable: boolean;
  /** The script's text and status, where it can be read. */
  text: string;
  status?: Stats;
}

/** The scripts of a directory, and what belongs to them. */
export class Scripts {
  readonly #filtered: string[];

  constructor(readonly places: Places) {
    this.#filtered = (textOf(FILE_FILTERS) ?? "").split("\n").map((line) => line.trim()).filter(Boolean);
  }

  path(name: string): string {
    return join(this.places.scripts, name);
  }

  /** The names in the directory that may be scripts, in its own order. */
  names(): string[] {
    return listDirectory(this.places.scripts).filter((name) =>
      this.isScriptName(name) &&
      ["regular", "unreadable"].includes(readSource(this.path(name), false).state)
    );
  }

  /** True for a name that insserv takes for an init script's. */
  isScriptName(name: string): boolean {
    return this.isValidName(name) && !NO_SCRIPT.test(name);
  }

  /** False for the name of a copy, whose links count nowhere. */
  isValidName(name: string): boolean {
    return !LEFTOVER.test(name) && !this.#filtered.some((extension) => name.endsWith(`.${extension}`));
  }

  /** True for a link to another script of the directory, which would be a second name of it. */
  isAlias(name: string): boolean {
    if (!isLink(this.path(name))) return false;
    const target = realPath(this.path(name));
    return target !== undefined && dirname(target) === realPath(this.places.scripts);
  }

  /** Reads a script, or the override that counts instead of its header. */
  read(name: string): ReadScript {
    const file = this.path(name);
    const found = readSource(file);
    if (found.state !== "regular") {
      const problem = "reason" in found
        ? found.reason
        : found.state === "absent"
        ? "No such file or directory"
        : "Not a regular file";
      return { file, header: undefined, problem, isExecutable: false, text: "" };
    }
    const { text, status } = found, isExecutable = mayRun(status);
    const own = parseHeader(text);
    for (const directory of [this.places.overrides, ...own ? [] : [SHARED_OVERRIDES]]) {
      const override = join(directory, name);
      const header = parseHeader(textOf(override) ?? "");
      if (header) return { file: override, header, isExecutable, text, status };
    }
    return { file, header: own, isExecutable, text, status };
  }
}

/** Reads insserv.conf and what lies beside it. `missing` is told where there is none. */
export function readFacilities(config: string, missing: (reason: string) => void): Facilities {
  const main = readSource(config);
  if (main.state !== "regular") missing("reason" in main ? main.reason : "No such file or directory");
  const directory = `${config}.d`;
  const further = listDirectory(directory).sort().filter((name) => !LEFTOVER.test(name));
  const texts = [config, ...further.map((name) => join(directory, name))].map((path) => textOf(path) ?? "");
  return parseFacilities(texts);
}

/** True for a file that somebody may run. */
export function mayRun(status: Stats): boolean {
  return (status.mode & 0o111) !== 0;
}

function textOf(path: string): string | undefined {
  const found = readSource(path);
  return found.state === "regular" ? found.text : undefined;
}

function realPath(path: string): string | undefined {
  return ifAllowed(() => realpathSync(path));
}

/** The names in a directory, in its own order, which is that of insserv's lists; none where it cannot be read. */
export function listDirectory(path: string): string[] {
  return ifAllowed(() => readdirSync(path)) ?? [];
}
