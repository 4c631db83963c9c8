/** The set-up of the running init, by the options and the role of init. */

import process from "node:process";
import type { Configuration } from "../config/configuration.ts";
import { formatDiagnostic, formatInFull } from "../formats/diagnostic.ts";
import { raiseDescriptorLimit } from "../sys/process/limits.ts";
import { selfCommand } from "../sys/runtime/self.ts";
import type { SpawnQueue } from "../sys/spawn/spawn_queue.ts";
import { defaultEnvironment, initEnvironment, processDefaults } from "./host/job_environment.ts";
import type { Role } from "./host/role.ts";
import { defaultConsole } from "./host/role_defaults.ts";
import type { InitContext } from "./init_context.ts";
import type { JobOutput } from "./logs/job_output.ts";
import type { Messages } from "./logs/messages.ts";
import type { InitOptions } from "./options/option_table.ts";
import { RunningInit } from "./running.ts";
import { AppArmor } from "./spawn/apparmor.ts";
import { ControlGroups } from "./spawn/control_groups.ts";

/** The members of the context that the program itself knows, and what the others are made of. */
export interface ProgramContext extends
  Pick<
    InitContext,
    | "session"
    | "hasScripts"
    | "loaded"
    | "reloadConfiguration"
    | "endSession"
    | "restart"
    | "restarts"
    | "restarting"
    | "crashes"
    | "crashed"
    | "onMain"
    | "onIdle"
  > {
  messages: Messages;
  spawner: SpawnQueue;
  output: JobOutput;
  configuration(): Configuration;
}

/** Sets up the running init. */
export function setUpRunning(
  options: InitOptions,
  role: Role,
  { messages, spawner, output, configuration, ...program }: ProgramContext,
): RunningInit {
  const warn = (message: string) => messages.logOnce("warn", message);
  return new RunningInit(defaultEnvironment(options, role), initEnvironment(), {
    ...program,
    messages,
    processes: {
      spawner,
      output,
      defaultConsole: defaultConsole(options, role),
      hookCommand: selfCommand("hook"),
      stopsForDebug: options.priority === "debug",
      defaults: processDefaults(options, role),
      descriptorLimit: raiseDescriptorLimit(),
      privileged: process.geteuid?.() === 0,
      controlGroups: new ControlGroups({ enabled: options.controlGroups, warn }),
      apparmor: new AppArmor({ warn }),
    },
    checksCommand: selfCommand("checks"),
    logCommands: { tidy: selfCommand("tidy-logs"), ship: selfCommand("ship-logs") },
    isSession: options.user,
    endsWithRunlevel: role !== "session",
    problem(job) {
      const report = configuration().problem(job);
      return report && formatInFull(report);
    },
    overrideOf: (job) => configuration().overrideOf(job),
    problems: () =>
      configuration().problems().map(({ diagnostic, isMissed }) => ({
        problem: formatDiagnostic(diagnostic),
        isMissed,
      })),
    brokenJobs: () =>
      configuration().brokenJobs().map(({ job, diagnostic }) => (
        { job, problem: formatInFull(diagnostic) }
      )),
    configurationSources: () => configuration().sources(),
  });
}
