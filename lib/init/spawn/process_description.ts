/** The description of a job's process for the spawner: what it runs, as which user, with which streams and settings. */

import { Buffer } from "node:buffer";
import { FORMATS } from "../../config/formats.ts";
import { formatOfPath } from "../../formats/claims.ts";
import { encodeBytes } from "../../model/text/bytes.ts";
import { environment as parseEnvironment, USER_VARIABLES } from "../../model/environment.ts";
import type { Console, InstanceProcess, JobDefinition, Limit } from "../../model/job.ts";
import {
  lookupGroup,
  lookupUser,
  supplementaryGroups,
  type User,
  userVariables,
} from "../../sys/access/users.ts";
import { close, memfd } from "../../sys/io/descriptors.ts";
import type { SpawnDescription } from "../../sys/spawn/spawn.ts";
import type { SpawnQueue } from "../../sys/spawn/spawn_queue.ts";
import type { ReportChannels, ServiceReports } from "../notify/service_reports.ts";
import type { JobOutput } from "../logs/job_output.ts";
import { consoleOf, type ProcessOutput } from "../logs/process_output.ts";
import type { AppArmor } from "./apparmor.ts";
import type { ControlGroups } from "./control_groups.ts";
import { invocationOf, type ProgramInvocation, SCRIPT_DESCRIPTOR, SHELL } from "./program_invocation.ts";

/** A process to be started. */
export interface ProcessRequest {
  definition: JobDefinition;
  instance: string;
  process: InstanceProcess;
  /** `KEY=VALUE` strings. */
  environment: string[];
}

/** The parts and settings that all processes are started with. */
export interface ProcessContext {
  spawner: SpawnQueue;
  output: JobOutput;
  defaultConsole: Console;
  /** The command that runs the program `hook` of this executable, without its arguments. */
  hookCommand: readonly string[];
  /** True when the `debug` stanza has an effect: as in Upstart, only with `--debug`. */
  stopsForDebug: boolean;
  /** The umask and directory of processes whose jobs set none. */
  defaults: Pick<SpawnDescription, "umask" | "chdir">;
  /** The limit of descriptors that init itself was started with. */
  descriptorLimit: Limit;
  /** True when this process may change to any user and group. */
  privileged: boolean;
  controlGroups: ControlGroups;
  apparmor: AppArmor;
  /** What a job's processes tell of themselves by. Absent: by nothing, as commands of checks. */
  reports?: Pick<ServiceReports, "prepare">;
}

/** A process that is ready to be spawned, and its output. */
export interface DescribedProcess {
  description: SpawnDescription;
  output: ProcessOutput;
}

/**
 * Describes a process.
 *
 * @param cleanups Receives functions that close what the child alone needs. They are to be called after the spawn, or after
 * an error.
 * @returns Undefined when the process is not needed here.
 * @throws {Refusal} when the definition does not allow a start.
 * @throws {Error} when something else is missing.
 */
export function describeProcess(
  request: ProcessRequest,
  context: ProcessContext,
  cleanups: Array<() => void>,
): DescribedProcess | undefined {
  const { definition, instance, process } = request;
  const invocation = findInvocation(request, context);
  if (!invocation) return undefined;
  const { argv, script, environment: given = request.environment } = invocation;
  const channels = context.reports?.prepare(request, cleanups) ?? NO_CHANNELS;
  const environment = [...given.filter(isNotSetBy(channels.environment)), ...channels.environment];
  const user = findUser(definition);
  // The program that loads the job's AppArmor profile is init's own.
  const settings = process === "security" ? {} : {
    ...stanzaSettings(request, context),
    ...findCredentials(definition, user, context.privileged),
  };
  const descriptors = { ...channels.descriptors };
  if (script !== undefined) {
    if (SCRIPT_DESCRIPTOR in descriptors) {
      throw new Refusal(
        `its script is read from descriptor ${SCRIPT_DESCRIPTOR}, which it cannot write to`,
        true,
      );
    }
    const file = memfd(`${definition.name} ${process}`, Buffer.from(encodeBytes(script), "latin1"));
    cleanups.push(() => close(file));
    descriptors[SCRIPT_DESCRIPTOR] = file;
  }
  const output = openOutput(definition, instance, context);
  cleanups.push(() => output.spawned());
  const description = {
    argv: channels.needsListenPid ? withListenPid(argv) : argv,
    environment: [...environment, ...missingUserVariables(environment, user)],
    descriptors: { ...descriptors, ...output.descriptors },
    newSession: !output.foreground,
    foreground: output.foreground ?? false,
    controllingTerminal: output.controllingTerminal,
    ...context.defaults,
    ...settings,
    ...directoryOf(settings, context.defaults),
  };
  return { description, output };
}

/** The streams of a process. */
function openOutput(
  definition: JobDefinition,
  instance: string,
  { output, defaultConsole }: ProcessContext,
): ProcessOutput {
  const { name, semantics, expect, logRotate: rotate, logLimit: limit, logTo: to } = definition;
  return output.open(name, instance, consoleOf(definition, defaultConsole), {
    isScript: expect === "script",
    isPlain: semantics === "rouse",
    rotate,
    limit,
    to,
  });
}

const NO_CHANNELS: ReportChannels = { environment: [], descriptors: {}, needsListenPid: false };

/** Finds the variables that are not set by others. */
function isNotSetBy(others: readonly string[]): (pair: string) => boolean {
  const names = others.map((pair) => pair.slice(0, pair.indexOf("=") + 1));
  return (pair) => !names.some((name) => pair.startsWith(name));
}

/** Has a shell, which the program replaces, put its process number into LISTEN_PID: the program's own (sd_listen_fds(3)). */
function withListenPid(argv: string[]): string[] {
  return [SHELL, "-c", 'LISTEN_PID=$$; export LISTEN_PID; exec "$@"', SHELL, ...argv];
}

/** A relative directory is relative to the root directory, unless jobs inherit init's. */
function directoryOf(
  { chroot, chdir = "" }: Partial<SpawnDescription>,
  defaults: ProcessContext["defaults"],
): { chdir?: string } {
  // With chroot, a process in a directory outside would not be confined.
  const isAtRoot = chroot !== undefined || defaults.chdir === "/";
  return isAtRoot && !chdir.startsWith("/") ? { chdir: `/${chdir}` } : {};
}

/** A process that cannot be started because of its definition. */
export class Refusal extends Error {
  constructor(message: string, readonly isForCaller: boolean) {
    super(message);
  }
}

/** The stanzas that are settings of the child, as a spawn description has them. */
function stanzaSettings(
  { definition, instance, process, environment }: ProcessRequest,
  { stopsForDebug, descriptorLimit, controlGroups, apparmor }: ProcessContext,
): Partial<SpawnDescription> {
  const { oomScore, umask, nice, ioPriority, chroot, chdir, limit, debug } = definition;
  const apparmorSwitch = process === "main"
    ? apparmor.availableProfile(definition.apparmorSwitch)
    : undefined;
  return {
    cgroups: controlGroups.prepare(definition, instance, environment),
    limit: { nofile: descriptorLimit, ...limit },
    ...(umask !== undefined && { umask }),
    ...(nice !== undefined && { nice }),
    ...(ioPriority !== undefined && { ioPriority }),
    ...(oomScore !== undefined && { oomScore: oomScore === "never" ? -1000 : oomScore }),
    ...(chroot !== undefined && { chroot }),
    ...(chdir !== undefined && { chdir }),
    ...(apparmorSwitch !== undefined && { apparmorSwitch }),
    ...(process === "main" && debug && stopsForDebug && { stopped: true }),
  };
}

/** What the process runs. Undefined when there is nothing to be done. */
function findInvocation(request: ProcessRequest, context: ProcessContext): ProgramInvocation | undefined {
  if (request.process === "security") {
    const argv = context.apparmor.loadCommand(request.definition.apparmorLoad ?? "");
    return argv && { argv };
  }
  const program = request.definition.processes[request.process];
  if (!program) throw new Refusal(`${request.definition.name} has no ${request.process} process`, true);
  const { definition, process, environment } = request;
  return invocationOf(program, { definition, process, environment, hookCommand: context.hookCommand });
}

/** True for a job of a format whose failures are reported as Upstart reports them. */
export function reportsAsUpstart({ source }: JobDefinition): boolean {
  return formatOfPath(FORMATS, source)?.reportsAsUpstart === true;
}

/** The user of `setuid`. Undefined without that stanza. */
function findUser({ setuid }: JobDefinition): User | undefined {
  const user = setuid === undefined ? undefined : lookupUser(setuid);
  if (setuid !== undefined && !user) throw new Refusal(`unable to find setuid user ${setuid}`, true);
  return user;
}

/** The credentials. `setuid` sets the user's own groups, `setgid` that group alone. */
function findCredentials(
  definition: JobDefinition,
  user: User | undefined,
  privileged: boolean,
): Pick<SpawnDescription, "uid" | "gid" | "groups"> {
  const { setgid } = definition;
  const group = setgid === undefined ? undefined : lookupGroup(setgid);
  if (setgid !== undefined && !group) {
    const isForCaller = !reportsAsUpstart(definition);
    throw new Refusal(`unable to find setgid group${isForCaller ? ` ${setgid}` : ""}`, isForCaller);
  }
  const gid = group?.gid ?? user?.gid;
  if (gid === undefined) return {};
  const groups = user && !group ? supplementaryGroups(user.name, gid) : [gid];
  return { gid, ...(privileged && { groups }), ...(user && { uid: user.uid }) };
}

/** The variables that describe the user (HOME and the like), except those that the job sets. */
function missingUserVariables(environment: readonly string[], user: User | undefined): string[] {
  if (!user) return [];
  const given = parseEnvironment(environment), known = userVariables(user);
  return USER_VARIABLES.flatMap((name) => given.has(name) ? [] : [`${name}=${known[name]}`]);
}
