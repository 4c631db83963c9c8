/** The directories of job files and of logs. */

import { homedir } from "node:os";
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

/** The user's home directory, or `/` for a user without an entry in passwd(5). */
function home(): string {
  try {
    return homedir();
  } catch (error) {
    if (isFault(error)) throw error;
    return "/";
  }
}
