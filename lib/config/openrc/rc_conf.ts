/** The settings of all services: rc.conf, rc.conf.d, the older /etc/conf.d/rc, and the kernel's command line. */

import { join } from "node:path";
import { kernelParameter, parseSettings, type Settings, yesOrNo } from "../../../compat/openrc/mod.ts";
import { LEVELS, OLD_RC_CONF, RC_CONF, RC_CONF_D } from "../../model/openrc/paths.ts";
import { readSource } from "../files.ts";
import { namesIn } from "./directory.ts";
import { levelExists } from "./levels.ts";
import { untrusted } from "./untrusted.ts";

/** The settings that the kernel's command line overrides. */
const OVERRIDDEN = ["rc_parallel"];

/** The files of settings that may be read, in the order in which a shell reads them. */
export function settingsFiles(): string[] {
  return allFiles().filter((path) => untrusted(path) === undefined);
}

/** The files of settings that root does not read, and why: sentences. */
export function unreadSettings(): string[] {
  return [OLD_RC_CONF, ...allFiles()].flatMap((path) => {
    const problem = untrusted(path);
    return problem === undefined ? [] : [`Not read: ${problem}`];
  });
}

function allFiles(): string[] {
  const further = namesIn(RC_CONF_D).filter((name) => name.endsWith(".conf"));
  return [RC_CONF, ...further.map((name) => join(RC_CONF_D, name))];
}

/** Reads the settings. What cannot be read counts as empty. */
export function readSettings(): Settings {
  const settings: Settings = new Map();
  const old = untrusted(OLD_RC_CONF) === undefined ? [OLD_RC_CONF] : [];
  for (const path of [...old, ...settingsFiles()]) {
    for (const [name, value] of parsed(path, textOf(path))) settings.set(name, value);
  }
  const commandLine = readCommandLine();
  for (const name of OVERRIDDEN) {
    const value = kernelParameter(commandLine, name);
    if (value !== undefined) settings.set(name, value);
  }
  return settings;
}

/** What the files said when they were read last: whoever changes the runlevel reads the settings for each service. */
const known = new Map<string, { text: string; settings: Settings }>();

function parsed(path: string, text: string): Settings {
  const former = known.get(path);
  if (former?.text === text) return former.settings;
  const settings = parseSettings(text);
  known.set(path, { text, settings });
  return settings;
}

/** The kernel's command line; empty where /proc is not mounted. */
export function readCommandLine(): string {
  return textOf("/proc/cmdline").split("\n", 1)[0]!;
}

/** The runlevel of the boot: what the kernel's command line asks for by `bootlevel=`, where that exists; else `boot`. */
export function bootLevel(): string {
  const level = kernelParameter(readCommandLine(), "bootlevel");
  return level !== undefined && levelExists(level) ? level : LEVELS.boot;
}

/** True where a setting says yes. @param otherwise What holds where it says neither yes nor no */
export function isSet(settings: Settings, name: string, otherwise = false): boolean {
  return yesOrNo(settings.get(name)) ?? otherwise;
}

function textOf(path: string): string {
  const state = readSource(path);
  return state.state === "regular" ? state.text : "";
}
