/** What all scripts' depend() say: told from their text where that can be, and by one shell for all others. */

import { dirname } from "node:path";
import {
  type DependLines,
  hasOverride,
  plainDepend,
  type PlainSettings,
  plainSettings,
} from "../../../../compat/openrc/mod.ts";
import { readSource } from "../../files.ts";
import { namesIn } from "../directory.ts";
import { askShell, type ShellOptions } from "./depend_shell.ts";
import { settingsFiles } from "../rc_conf.ts";
import { findScripts, type OpenrcScript } from "./scripts.ts";

/** How depend() is asked. */
export interface GatherOptions extends ShellOptions {
  /** Told what is wrong with a service: a sentence. */
  warn(problem: string): void;
}

/** Gathers what all services say. Those whose scripts cannot be read as such have no part in it. */
export async function gatherDependencies(options: GatherOptions): Promise<DependLines[]> {
  const scripts = findScripts(options.warn);
  const plain = new PlainReader();
  const found = new Map<string, DependLines["lines"]>();
  const asked: OpenrcScript[] = [];
  for (const script of scripts) {
    // It has its place in runlevels all the same: there it is told that it does not start.
    const lines = script.isRefused ? [] : plain.linesOf(script);
    if (lines) found.set(script.service, lines);
    else asked.push(script);
  }
  for (const [service, lines] of await askShell(asked, options)) found.set(service, lines);
  return scripts.flatMap(({ service }) => {
    const lines = found.get(service);
    return lines ? [{ service, lines }] : [];
  });
}

/** Tells without a shell what depend() says. */
class PlainReader {
  readonly #shared = settingsFiles().map(readPlainSettings);
  readonly #names = new Map<string, string[]>();

  linesOf({ service, path, text, settings }: OpenrcScript): DependLines["lines"] | undefined {
    const all = [...this.#shared, ...settings.map(readPlainSettings)];
    if (all.some((one) => one === undefined || hasOverride(one, service))) return undefined;
    return plainDepend(text, service, this.#namesIn(dirname(path)));
  }

  #namesIn(directory: string): string[] {
    const names = this.#names.get(directory) ?? namesIn(directory);
    this.#names.set(directory, names);
    return names;
  }
}

/** What a file sets; undefined where it is more than assignments. One that is not there sets nothing. */
function readPlainSettings(path: string): PlainSettings | undefined {
  const state = readSource(path);
  if (state.state === "absent") return { names: [] };
  return state.state === "regular" ? plainSettings(state.text) : undefined;
}
