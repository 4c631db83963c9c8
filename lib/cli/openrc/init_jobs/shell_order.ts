/** Having init's process do an action by a shell alone, without a process of this program between them. */

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { paletteOf } from "../../../../compat/openrc/mod.ts";
import { readSource } from "../../../config/files.ts";
import { SH, shellFor } from "../../../config/openrc/shells.ts";
import { writeWhole } from "../../../config/openrc/states.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { JOB_VARIABLES, jobProgram } from "../library/mod.ts";
import type { ScriptVariables } from "../run/environment.ts";
import type { ServiceRun } from "../run/service_run.ts";
import { HangWatch, sourcedFiles, timeLimit } from "../run/shell.ts";
import type { ServiceChange } from "./by_init.ts";

/** The file of the shell's program, and those of the results, below the directory of the states. */
const LIBRARY = "job.sh", RESULTS = "tmp";

/** Paths that stand in a list with blanks, and mean nothing else to a shell. */
const PLAIN_PATHS = /^[\w./:@%+=,-]*$/;

/** What the shell is told, and what it has told when init's process has ended. */
export class ShellOrder {
  readonly #watch: HangWatch;

  private constructor(
    run: ServiceRun,
    action: ServiceChange,
    readonly variables: string[],
    readonly result: string,
  ) {
    this.#watch = new HangWatch(run, action, undefined);
  }

  /** The order for an action; undefined where more is asked than a shell does alone, such as a limit of its time. */
  static for(run: ServiceRun, action: ServiceChange): ShellOrder | undefined {
    const { states, service: { name, script }, scriptText } = run;
    const files = sourcedFiles(run);
    const isPlain = shellFor(scriptText, files) === SH && timeLimit(run, files) === undefined;
    if (!isPlain || !files.every((file) => PLAIN_PATHS.test(file))) return undefined;
    const library = libraryFor(run);
    if (library === undefined) return undefined;
    const result = join(states.directory, RESULTS, `${name}.${action}.${process.pid}`);
    const variables = {
      [JOB_VARIABLES.library]: library,
      [JOB_VARIABLES.files]: files.join(" "),
      [JOB_VARIABLES.result]: result,
      RC_SERVICE: script,
      SVCNAME: name,
    };
    const words = Object.entries(variables).map(([variable, value]) => `${variable}=${value}`);
    return new ShellOrder(run, action, words, result);
  }

  /** True where the script has succeeded. Nothing is noted of that. */
  get isDone(): boolean {
    return existsSync(this.result);
  }

  end(): void {
    this.#watch.end();
    ifAllowed(() => rmSync(this.result, { force: true }));
  }
}

/** The programs that this process has made, by their colours, and those that it has seen to be in their files. */
const programs = new Map<string, string>(), known = new Set<string>();

/** The shell's program. What it says of the machine is looked up once. */
function programFor(environment: ScriptVariables): string {
  const palette = paletteOf(environment), key = JSON.stringify(palette ?? {});
  let text = programs.get(key);
  if (text === undefined) programs.set(key, text = jobProgram({ palette, columns: 80 }));
  return text;
}

/** The path of the shell's program, which is made where it is missing or another executable's. */
function libraryFor({ states, environment }: ServiceRun): string | undefined {
  const path = join(states.directory, LIBRARY), text = programFor(environment);
  if (known.has(text)) return path;
  const state = readSource(path);
  const isThere = state.state === "regular" && state.text === text ||
    ifAllowed(() => (writeWhole(path, text), true)) !== undefined;
  if (!isThere) return undefined;
  known.clear();
  known.add(text);
  return path;
}
