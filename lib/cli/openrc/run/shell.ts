/** The shell that runs a script's actions. */

import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { paletteOf, parseSettings, providedIn } from "../../../../compat/openrc/mod.ts";
import { readSource } from "../../../config/files.ts";
import { treeText } from "../../../config/openrc/depend/tree.ts";
import { settingsFiles } from "../../../config/openrc/rc_conf.ts";
import { shellFor } from "../../../config/openrc/shells.ts";
import { refusal } from "../../../config/openrc/untrusted.ts";
import { PatientTimer } from "../../../sys/io/patient_timer.ts";
import { close, isTerminal, memfd } from "../../../sys/io/descriptors.ts";
import { scriptProgram } from "../library/mod.ts";
import { columnsOf } from "../messages.ts";
import { type Child, startChild } from "./children.ts";
import type { PipedOutput } from "./piped_output.ts";
import type { PrefixedOutput } from "./prefixed_output.ts";
import type { ServiceRun } from "./service_run.ts";

/**
 * The descriptor of the shell's program. It is no argument: those are seen by ps(1), and pgrep(1) would find every script by
 * a word of the program.
 */
const PROGRAM = 3;

/** How often it is told that a script takes long, in s. */
const REPORT_TIME = 60;

/** The time that a script has to end after SIGTERM, in s. */
const GRACE_TIME = 5;

const SIGTERM = 15, SIGKILL = 9, SIGNALLED = 128;

/**
 * Runs actions of the service's script one after another, in one shell.
 * @returns the exit status, as a shell tells it.
 * @throws {Abort} where others than root could have written the script.
 */
export async function runActions(run: ServiceRun, ...actions: string[]): Promise<number> {
  const { service: { script }, messages } = run;
  requireTrust(run, "run");
  const files = sourcedFiles(run);
  const shell = shellFor(run.scriptText, files);
  if (messages.isVerbose) messages.info(`Executing: ${shell} ${script} ${actions.join(" ")}`);
  const output = await sharedOutput(run);
  const file = memfd("openrc", new TextEncoder().encode(program(run, files, actions)));
  let child: Child;
  try {
    child = startChild({
      argv: [shell, "-c", `. /proc/self/fd/${PROGRAM}`, script, ...actions],
      environment: scriptVariables(run),
      descriptors: { 0: 0, 1: 1, 2: 2, ...output?.descriptors, [PROGRAM]: file },
      chdir: "/",
    });
  } finally {
    close(file);
  }
  output?.begin();
  run.child = child.pid;
  run.lock.noteScript(child.pid);
  const watch = new HangWatch(run, actions.join(" "), timeLimit(run, files));
  const exit = await child.end;
  watch.end();
  run.child = undefined;
  run.lock.noteScript(undefined);
  output?.end();
  return "status" in exit ? exit.status : SIGNALLED + exit.signal;
}

/** The output of a script that shares the streams with others; undefined where it has them to itself. */
async function sharedOutput(run: ServiceRun): Promise<PrefixedOutput | PipedOutput | undefined> {
  if (run.prefix !== undefined && isTerminal(1)) {
    const { PrefixedOutput } = await import("./prefixed_output.ts");
    return new PrefixedOutput(run);
  }
  if (!run.isShared) return undefined;
  const { PipedOutput } = await import("./piped_output.ts");
  return new PipedOutput(run.messages.sink);
}

function program(run: ServiceRun, files: readonly string[], actions: readonly string[]): string {
  const { environment } = run;
  const columns = columnsOf(isTerminal(1) ? 1 : 2, environment);
  const hasOwnRestart = actions.includes("restart") && run.hasOwnRestart;
  // The shell has another descriptor of the file that it reads, which no other program gets.
  const begin = `exec ${PROGRAM}<&-`;
  return [begin, scriptProgram({ palette: paletteOf(environment), columns }, files, hasOwnRestart)].join(
    "\n",
  );
}

function scriptVariables({ service: { name, script }, environment }: ServiceRun): string[] {
  return Object.entries({ ...environment, RC_SERVICE: script, SVCNAME: name })
    .flatMap(([key, value]) => value === undefined ? [] : [`${key}=${value}`]);
}

/** The files of settings that are read before the script: those of all services, and the service's own. */
export function sourcedFiles(run: ServiceRun): string[] {
  return [...settingsFiles().filter((file) => existsSync(file)), ...ownFiles(run)];
}

/** The files of settings of what the service provides, and its own, or of each of these the one of the runlevel. */
function ownFiles({ service: { name, script }, environment, tree }: ServiceRun): string[] {
  const [shared = ""] = name.split(".", 1);
  const provided = tree?.related(name, "iprovide") ??
    providedIn(treeText() ?? "", name);
  const names = new Set([...provided, ...shared === "" ? [] : [shared], name]);
  return [...names].flatMap((one) => {
    const path = `${dirname(script)}/../conf.d/${one}`;
    return [`${path}.${environment["RC_RUNLEVEL"]}`, path].find((file) => existsSync(file)) ?? [];
  });
}

/**
 * Refuses a service that others than root could have written: nothing of it is run, for its script would do what they want.
 * @param action What is not done
 * @throws {Abort} after an error message.
 */
export function requireTrust(run: ServiceRun, action: "start" | "stop" | "run"): void {
  const { service: { name, script } } = run;
  const problem = refusal(name, action, script, ...ownFiles(run));
  if (problem !== undefined) run.fail(problem);
}

/** Warns of files from another system: a shell takes the CR before each newline for a part of a value, or a word. */
export function tellCarriageReturns(run: ServiceRun): void {
  for (const file of [run.service.script, ...sourcedFiles(run)]) {
    if (textOf(file).includes("\r\n")) {
      run.messages.warn(`${resolve(file)}: its lines end in CR LF, and the CR is taken for a part of them`);
    }
  }
}

function textOf(path: string): string {
  const state = readSource(path);
  return state.state === "regular" ? state.text : "";
}

const TIME_LIMIT = "rc_timeout";

/** The time that actions may take by `rc_timeout`, in s; undefined where nobody limits it. */
export function timeLimit({ settings }: ServiceRun, files: readonly string[]): number | undefined {
  const shared = settingsFiles();
  const own = files.filter((file) => !shared.includes(file)).map((file) =>
    parseSettings(textOf(file)).get(TIME_LIMIT)
  );
  const limit = Number(own.findLast((value) => value !== undefined) ?? settings.get(TIME_LIMIT));
  return limit > 0 ? limit : undefined;
}

/** Tells of a script that takes long, and ends one that takes longer than it may. */
export class HangWatch {
  #timer: PatientTimer;
  #seconds = 0;

  constructor(
    private readonly run: ServiceRun,
    private readonly actions: string,
    private readonly limit: number | undefined,
  ) {
    this.#timer = this.#wait();
  }

  end(): void {
    this.#timer.cancel();
  }

  #wait(): PatientTimer {
    const time = Math.min(REPORT_TIME, (this.limit ?? Infinity) - this.#seconds);
    return new PatientTimer(time * 1000, () => {
      this.#seconds += time;
      const { service: { name }, messages } = this.run;
      if (this.limit !== undefined && this.#seconds >= this.limit) {
        messages.error(
          `${name}: ${this.actions} takes more than ${this.limit} s (rc_timeout), and is ended`,
        );
        this.run.signalScript(SIGTERM);
        this.#timer = new PatientTimer(GRACE_TIME * 1000, () => this.run.signalScript(SIGKILL));
      } else {
        messages.warn(`${name}: ${this.actions} has not ended after ${this.#seconds} seconds`);
        this.#timer = this.#wait();
      }
    });
  }
}
