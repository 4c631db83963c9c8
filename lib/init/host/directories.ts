/** The directories of job files, of logs, and of what init keeps while it runs. */

import * as fs from "node:fs";
import { homedir } from "node:os";
import { resolve } from "node:path";
import { untrustedWriterAt } from "../../sys/access/trust.ts";
import { isFault } from "../../sys/call/fault.ts";
import process from "node:process";
import type { InitOptions } from "../options/option_table.ts";

/** The configuration directories in the order of their precedence. */
export function configurationDirectories(options: InitOptions): string[] {
  const base = options.confdir.length > 0
    ? options.confdir
    : options.user
    ? userDirectories(process.env)
    : ["/etc/init"];
  return [...options.prependConfdir, ...base, ...options.appendConfdir];
}

/** What tells an init from others of the user that have other jobs, or run another command. */
export function configurationName(options: InitOptions): string {
  const directories = configurationDirectories(options).map((path) => resolve(path));
  return JSON.stringify({ user: options.user, directories, command: options.command ?? [] });
}

/** The configuration directories that the command line or the environment names: these are expected to exist. */
export function namedDirectories({ prependConfdir, confdir, appendConfdir }: InitOptions): string[] {
  return [...prependConfdir, ...confdir, ...appendConfdir];
}

/** init(5), "User Session Mode". */
function userDirectories(env: NodeJS.ProcessEnv): string[] {
  const configHome = env.XDG_CONFIG_HOME || `${home()}/.config`;
  const configDirectories = (env.XDG_CONFIG_DIRS || "/etc/xdg").split(":").filter((path) => path !== "");
  return [
    `${configHome}/upstart`,
    `${home()}/.init`,
    ...configDirectories.map((path) => `${path}/upstart`),
    "/usr/share/upstart/sessions",
  ];
}

/** The directory of job logs. Undefined with `--no-log`. */
export function logDirectory(options: InitOptions): string | undefined {
  if (!options.log) return undefined;
  if (options.logdir !== undefined) return options.logdir;
  if (!options.user) return "/var/log/upstart";
  return `${process.env.XDG_CACHE_HOME || `${home()}/.cache`}/upstart`;
}

/**
 * The directories for the files of an init that runs; the first that can be used is to be.
 *
 * @param isSession True: init is a user's.
 * @param purpose A word in the name of one in /tmp, which is the last of them. Without it there is none.
 */
export function runtimeDirectories(isSession: boolean, purpose?: string): string[] {
  const { XDG_RUNTIME_DIR } = process.env, user = process.geteuid?.() ?? 0;
  const own = XDG_RUNTIME_DIR ? [`${XDG_RUNTIME_DIR}/rouse`] : [];
  const ordered = isSession ? [...own, "/run/rouse"] : ["/run/rouse", ...own];
  return purpose === undefined ? ordered : [...ordered, `/tmp/rouse-${purpose}-${user}`];
}

/** Makes such a directory, unless it is there. @throws {Error} when it cannot be made, or others can write to it. */
export function makeRuntimeDirectory(directory: string): void {
  fs.mkdirSync(directory, { mode: 0o755, recursive: true });
  const problem = fs.lstatSync(directory).uid === process.geteuid?.()
    ? untrustedWriterAt(directory)
    : `${directory} belongs to someone else`;
  if (problem) throw new Error(problem);
}

/** The user's home directory, or `/` for a user without an entry in passwd(5). */
function home(): string {
  try {
    return homedir();
  } catch (error) {
    if (isFault(error)) throw error;
    return "/";
  }
}
