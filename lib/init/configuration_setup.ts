/** The set-up of the configuration, by the options and the role of init. */

import { COMPILED_IN_JOBS } from "rouse:jobs";
import { evaluator, type EvaluatorOptions } from "../config/evaluation/evaluator.ts";
import { emptyJob, type JobDefinition, withDefaultsOf } from "../model/job.ts";
import { selfCommand } from "../sys/runtime/self.ts";
import { COMMAND_JOB, commandJob, defaultCommandJob } from "./command_job.ts";
import type { DefinitionChange } from "../engine/effects.ts";
import { Configuration, type ConfigurationOptions } from "../config/configuration.ts";
import { FORMATS } from "../config/formats.ts";
import { machinePlaces } from "../config/sysv/script_scan.ts";
import { fileNamesOf } from "../config/known_files.ts";
import { type Diagnostic, formatDiagnostic, formatInFull } from "../formats/diagnostic.ts";
import { configurationDirectories, namedDirectories } from "./host/directories.ts";
import type { Messages } from "./logs/messages.ts";
import type { InitOptions } from "./options/option_table.ts";
import type { Role } from "./host/role.ts";
import { ROLE_DEFAULTS } from "./host/role_defaults.ts";
import { openrcWanted, sysvWanted } from "./host/sysv.ts";
import type { RunningInit } from "./running.ts";

/**
 * Sets up the configuration, whose changes go to init and whose reports become messages. With a command, the job `main`
 * runs it. The first to end of the jobs that the command line names for that (`--exit-with`) ends init, as does the command.
 *
 * @param shutdownTimeout How long the teardown may take, in seconds.
 * @param shipped The jobs of those that ship that are in force.
 */
export function setUpConfiguration(
  options: InitOptions,
  role: Role,
  init: RunningInit,
  messages: Messages,
  shutdownTimeout: number | undefined,
  shipped: readonly string[],
): Configuration {
  const { command: words, startupEvent, exitWith } = options;
  const { killTimeout } = emptyJob("", "");
  const command = words && { words, startupEvent, killTimeout: shutdownTimeout ?? killTimeout };
  const withOptions = (definition: JobDefinition): JobDefinition => {
    if (command && definition.name === COMMAND_JOB) return commandJob(command, definition);
    const isExit = exitWith.includes(definition.name);
    return isExit ? withDefaultsOf(definition, { endsInit: true }) : definition;
  };
  const change = ({ name, definition }: DefinitionChange): DefinitionChange => ({
    name,
    definition: definition && withOptions(definition),
  });
  const isSysv = sysvWanted(options, role);
  const directories = configurationDirectories(options);
  const files = directories.flatMap((path) =>
    fileNamesOf(FORMATS, COMMAND_JOB).map((name) => `${path}/${name}`)
  );
  const onShortage = (reason: string) =>
    messages.log("warn", `Failed to evaluate modules for now, trying again: ${reason}`);
  const onFault = (error: unknown) => messages.fault("the evaluation of modules", error);
  const isOfCommand = ({ file, concerns = [] }: Diagnostic) =>
    files.includes(file) || concerns.some((path) => files.includes(path));
  return new Configuration({
    directories,
    expected: namedDirectories(options),
    compiledIn: [...new Set([...Object.keys(COMPILED_IN_JOBS), ...shipped])],
    evaluate: evaluator({
      command: selfCommand("evaluate"),
      directories,
      onShortage,
      onFault,
    }),
    ...(command && { withheld: defaultCommandJob(command) }),
    onChanges: (changes) => init.handle({ kind: "definitions", changes: changes.map(change) }),
    onFault: (where, error) => messages.fault(where, error),
    untrusted: ROLE_DEFAULTS[role].untrusted,
    ...scriptsOf(options, role, { onShortage, onFault }),
    onDiagnostic: (report) => {
      // If the command cannot run for it, checkStart says so, with this reason, when all files have been read.
      if (command && !report.isWarning && !init.jobTable.has(COMMAND_JOB) && isOfCommand(report)) return;
      // No machine of SysV's has programs that read what Upstart would have said.
      const format = isSysv || messages.prints("info") ? formatInFull : formatDiagnostic;
      messages.report(report.isWarning ? "warn" : "error", format(report));
    },
  });
}

/** How long the reading of runscripts may take, in ms: depend() of some may have to be asked by a shell. */
const RUNSCRIPT_PATIENCE = 120_000;

/** The scripts that are jobs: OpenRC's or SysV's, as init is the one's or the other's. */
function scriptsOf(
  options: InitOptions,
  role: Role,
  reports: Pick<EvaluatorOptions, "onShortage" | "onFault">,
): Pick<ConfigurationOptions, "scripts" | "runscripts"> {
  if (!sysvWanted(options, role)) return {};
  if (!openrcWanted(options, role)) return { scripts: machinePlaces() };
  const command = selfCommand("runscript-jobs");
  const runscripts = evaluator({ command, directories: [], patience: RUNSCRIPT_PATIENCE, ...reports });
  return { runscripts };
}
