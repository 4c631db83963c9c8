/** `checkpath`: makes sure of a file, its mode and its owner. */

import { accessSync, chownSync, constants, mkdirSync, type Stats, statSync } from "node:fs";
import process from "node:process";
import { lastGiven, type ParsedOptions, valueOf } from "../../../model/command_line/options.ts";
import { enterDirectory, type Place, WayError } from "../../../sys/access/own_place.ts";
import { lookupGroup, lookupUser } from "../../../sys/access/users.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { unlessRefused } from "../../../sys/call/refused.ts";
import {
  close,
  fchmod,
  O_CREAT,
  O_NOCTTY,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_WRONLY,
  open,
} from "../../../sys/io/descriptors.ts";
import { makeFifo } from "../../../sys/io/fifo.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import type { OpenrcMessages } from "../messages.ts";
import { type OpenrcTool, ToolError } from "../tool.ts";

/** What a path is to be. */
type Kind = "directory" | "file" | "fifo";

/** The kinds by their options; some empty what is there. */
const KINDS: Readonly<Record<string, Kind>> = {
  directory: "directory",
  "directory-truncate": "directory",
  file: "file",
  "file-truncate": "file",
  pipe: "fifo",
};

/** What is asked for. */
interface Wish {
  name: string;
  kind: Kind | undefined;
  isEmptied: boolean;
  mode: number | undefined;
  owner: { uid: number; gid: number } | undefined;
}

export const CHECKPATH: OpenrcTool = {
  forms: ["[-p|-f|-F|-d|-D] [-m MODE] [-o OWNER] [-W] [-q] PATH..."],
  options: [
    { short: "d", long: "directory", help: "make a directory where none is" },
    { short: "D", long: "directory-truncate", help: "the same" },
    { short: "f", long: "file", help: "make a file where none is" },
    { short: "F", long: "file-truncate", help: "the same, and empty it" },
    { short: "p", long: "pipe", help: "make a FIFO where none is" },
    { short: "m", long: "mode", argument: "MODE", help: "the mode, in octal digits" },
    { short: "o", long: "owner", argument: "USER[:GROUP]", help: "the owner" },
    { short: "s", long: "symlinks", help: "follow links on the way, which is done anyway where it is safe" },
    { short: "W", long: "writable", help: "tell whether the path can be written" },
  ],
  rules: { valuesInClusters: true },
  run(parsed, { name, messages }) {
    if (parsed.args.length === 0) {
      writeAll(1, `Usage: ${name} ${this.forms[0]}\n`);
      return 1;
    }
    const wish = wishOf(parsed, name);
    if (parsed.options.has("writable")) {
      if (wish.kind) throw new ToolError(`${name}: -W cannot be specified along with -d, -f or -p`);
      return mayWrite(parsed.args[0]!) ? 0 : 1;
    }
    return Math.max(...parsed.args.map((path) => check(cleanPath(path), wish, messages)));
  },
};

function wishOf(parsed: ParsedOptions, name: string): Wish {
  const kind = lastGiven(parsed.options, Object.keys(KINDS));
  const mode = valueOf(parsed, "mode"), owner = valueOf(parsed, "owner");
  if (mode !== undefined && !/^[0-7]{1,4}$/.test(mode)) {
    throw new ToolError(`${name}: invalid mode \`${mode}'`);
  }
  return {
    name,
    kind: kind === undefined ? undefined : KINDS[kind],
    isEmptied: kind === "file-truncate",
    mode: mode === undefined ? undefined : parseInt(mode, 8) || undefined,
    owner: owner === undefined ? undefined : ownerOf(owner, name),
  };
}

/** The ids of `USER`, `USER:GROUP` or `:GROUP`. A user's group is the one of the account. */
function ownerOf(text: string, name: string): { uid: number; gid: number } {
  const [user = "", group = ""] = text.split(":", 2);
  const account = user === "" ? { uid: process.geteuid!(), gid: process.getgid!() } : lookupUser(user);
  const named = group === "" ? account : lookupGroup(group);
  if (!account || !named) throw new ToolError(`${name}: owner \`${text}' not found`);
  return { uid: account.uid, gid: named.gid };
}

function mayWrite(path: string): boolean {
  return unlessRefused(() => {
    accessSync(path, constants.W_OK);
    return true;
  }, () => false);
}

function cleanPath(path: string): string {
  return path.replace(/\/{2,}/g, "/").replace(/(?<=.)\/$/, "");
}

/** Makes sure of one path. Returns the exit status. @throws {ToolError} where a directory on the way cannot be entered. */
function check(path: string, wish: Wish, messages: OpenrcMessages): number {
  const place = enter(path, wish.name);
  let file: number | undefined;
  try {
    file = openOrMake(path, place, wish, messages);
    return correct(path, file, wish, messages);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    messages.error(error.message);
    return 1;
  } finally {
    if (file !== undefined) close(file);
    close(place.directory);
  }
}

/** @throws {ToolError} where the way ends, or somebody else could have laid it. */
function enter(path: string, name: string): Place {
  if (!path.startsWith("/")) throw new ToolError(`${name}: empty or relative path`);
  try {
    return enterDirectory(path);
  } catch (error) {
    if (!(error instanceof WayError)) throw error;
    throw new ToolError(`${name}: ${path}: ${error.message}`);
  }
}

/** Why something is not done: a message. */
class Refusal extends Error {}

/** Does what the kernel may refuse. @throws {Refusal} with its reason */
function attempt<Result>(what: string, action: () => Result): Result {
  return unlessRefused(action, (error) => {
    throw new Refusal(`${what}: ${errorReason(error)}`);
  });
}

const READING = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW;

/** The modes of what is made where none is asked for. */
const USUAL_MODES: Readonly<Record<Kind, number>> = { directory: 0o775, file: 0o664, fifo: 0o600 };

/** Opens what is there, and never what a link of that name leads to; makes it where it is missing. */
function openOrMake(path: string, place: Place, wish: Wish, messages: OpenrcMessages): number {
  const { name, kind, isEmptied } = wish;
  const openPlace = () => open(place.path, READING);
  const found = isEmptied ? undefined : unlessRefused(openPlace, () => undefined);
  if (found !== undefined) return found;
  if (!kind) return attempt(`fstat: ${path}`, openPlace);
  messages.info(`${path}: creating ${kind}`);
  const former = process.umask(0);
  try {
    return MAKERS[kind](place.path, wish.mode ?? USUAL_MODES[kind], isEmptied, name);
  } finally {
    process.umask(former);
  }
}

/** How each kind is made, if it is not there, and opened. */
const MAKERS: Readonly<
  Record<Kind, (path: string, mode: number, isEmptied: boolean, name: string) => number>
> = {
  file(path, mode, isEmptied, name) {
    const flags = O_CREAT | O_WRONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW |
      (isEmptied ? constants.O_TRUNC : 0);
    return attempt(`${name}: open`, () => open(path, flags, mode));
  },
  directory(path, mode, _, name) {
    attempt(`${name}: mkdirat`, () => unlessThere(() => mkdirSync(path, mode)));
    return attempt(`${name}: unable to open directory`, () => open(path, READING));
  },
  fifo(path, mode, _, name) {
    attempt(`${name}: mkfifo`, () => unlessThere(() => makeFifo(path, mode)));
    return attempt(`${name}: unable to open fifo`, () => open(path, READING));
  },
};

function unlessThere(action: () => unknown): void {
  unlessRefused(action, (error) => {
    if (error.code !== "EEXIST") throw error;
  });
}

/** What a file is that should be another kind, in words. */
function kindOf(status: Stats): Kind | undefined {
  return status.isDirectory() ? "directory" : status.isFile() ? "file" : status.isFIFO() ? "fifo" : undefined;
}

/** Gives an open file the mode and the owner. Returns the exit status. */
function correct(path: string, file: number, wish: Wish, messages: OpenrcMessages): number {
  const { name, kind, mode, owner } = wish, self = `/proc/self/fd/${file}`;
  const status = statSync(self), found = kindOf(status);
  if (found !== kind && found !== undefined) throw new Refusal(`${path}: is a ${found}`);
  // Whoever can make a second link to a file can have it anywhere.
  const refuseLinks = (what: string) => {
    if (found !== "directory" && status.nlink > 1) {
      throw new Refusal(`${name}: ${what}: Too many hard links to ${path}`);
    }
  };
  if (mode !== undefined && (status.mode & 0o777) !== mode) {
    refuseLinks("chmod");
    messages.info(`${path}: correcting mode`);
    attempt(`${name}: chmod`, () => fchmod(file, mode));
  }
  if (owner && (status.uid !== owner.uid || status.gid !== owner.gid)) {
    refuseLinks("chown");
    messages.info(`${path}: correcting owner`);
    attempt(`${name}: chown`, () => chownSync(self, owner.uid, owner.gid));
  }
  return 0;
}
