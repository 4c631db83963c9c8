/** From a job's process, as the engine asks for it, to a child: what to run, as whom, with which streams. */

import { Buffer } from "node:buffer";
import { encodeBytes } from "../model/bytes.ts";
import type { Console, InstanceProcess, JobDefinition, Limit, Program } from "../model/job.ts";
import { environment as parseEnvironment } from "../model/environment.ts";
import { expand } from "../model/expand.ts";
import { close, memfd } from "../sys/descriptors.ts";
import { SystemError } from "../sys/errno.ts";
import type { SpawnDescription, SpawnResult } from "../sys/spawn.ts";
import type { Spawner } from "../sys/spawner.ts";
import { lookupGroup, lookupUser, supplementaryGroups } from "../sys/users.ts";
import type { AppArmor } from "./apparmor.ts";
import type { ControlGroups } from "./control_groups.ts";
import type { JobOutput, ProcessOutput } from "./output/output.ts";

const SHELL = "/bin/sh";

/** Characters that give an `exec` line to the shell, as in Upstart. */
const SHELL_CHARACTERS = /[~`!$^&*()=|\\{}[\];"'<>?]/;

/** What a shell exits with when a command is not there, and when it cannot be run. */
const NOT_FOUND = 127, NOT_EXECUTABLE = 126;

/** The descriptor that a script is read from. Scripts can tell, so it is Upstart's. */
const SCRIPT_DESCRIPTOR = 9;

/** A process to be started. */
export interface ProcessRequest {
  definition: JobDefinition;
  instance: string;
  process: InstanceProcess;
  /** `KEY=VALUE` strings. */
  environment: string[];
}

/** What all processes are started with. */
export interface ProcessContext {
  spawner: Spawner;
  output: JobOutput;
  defaultConsole: Console;
  /** The command that runs the program `hook` of this executable, without its arguments. */
  hookCommand: readonly string[];
  /** Whether the `debug` stanza counts: in Upstart, too, it takes an init that runs with `--debug`. */
  stopsForDebug: boolean;
  /** The limit of descriptors that init itself was started with. */
  descriptorLimit: Limit;
  /** True when this process may change to any user and group. */
  privileged: boolean;
  controlGroups: ControlGroups;
  apparmor: AppArmor;
}

/**
 * A child that runs, or the reason why it does not: it reads on behind "Failed to spawn web main process: ". Or
 * the process is not needed here.
 */
export type Started =
  | { pid: number; output: ProcessOutput }
  | { reason: string; status?: number; isTemporary: boolean }
  | { skipped: true };

/** Errors that may be gone a moment later: the system, or init, has run out of something. */
const TEMPORARY = ["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"];

/** Starts a process of a job; `done` is called when it is known how that went, which may be at once. */
export function startProcess(
  request: ProcessRequest,
  context: ProcessContext,
  done: (started: Started) => void,
): void {
  const opened: number[] = [];
  let prepared: Prepared | undefined;
  try {
    prepared = prepare(request, context, opened);
  } catch (error) {
    opened.forEach(close);
    // Whatever it is, the job fails and not init.
    const isTemporary = error instanceof SystemError && TEMPORARY.includes(error.code);
    return done({ reason: (error as Error).message, isTemporary });
  }
  if (!prepared) return done({ skipped: true });
  const { description, output } = prepared;
  context.spawner.start(description, (result) => {
    output.spawned();
    opened.forEach(close);
    done(outcome(result, output));
  });
}

/** A child that can be started, and where its output goes. */
interface Prepared {
  description: SpawnDescription;
  output: ProcessOutput;
}

/** What a process is to be; undefined when it is not needed. Descriptors that are its alone are put into `opened`. */
function prepare(request: ProcessRequest, context: ProcessContext, opened: number[]): Prepared | undefined {
  const { definition, instance, process, environment } = request;
  const found = command(request, context);
  if (!found) return undefined;
  const { argv, script } = found;
  // What loads the job's profile is a helper of init's own.
  const settings = process === "security" ? {} : {
    ...stanzaSettings(request, context),
    ...findCredentials(definition, context.privileged),
  };
  const descriptors: Record<number, number> = {};
  if (script !== undefined) {
    const file = memfd(`${definition.name} ${process}`, Buffer.from(encodeBytes(script), "latin1"));
    opened.push(file);
    descriptors[SCRIPT_DESCRIPTOR] = file;
  }
  const output = context.output.open(definition.name, instance, definition.console ?? context.defaultConsole);
  const description = {
    argv,
    environment,
    descriptors: { ...descriptors, ...output.descriptors },
    newSession: !output.foreground,
    foreground: output.foreground ?? false,
    controllingTerminal: output.controllingTerminal,
    ...settings,
  };
  return { description, output };
}

function outcome({ pid, failed }: SpawnResult, output: ProcessOutput): Started {
  if (pid !== undefined) return { pid, output };
  const { step, code, message } = failed;
  const status = step === "execute" && code === "ENOENT" ? NOT_FOUND : NOT_EXECUTABLE;
  return { reason: message, status, isTemporary: TEMPORARY.includes(code) };
}

/** A process that cannot be started for what its definition says. */
class Refusal extends Error {}

/** The stanzas that the child sets up by itself, under the names that a spawn description has for them. */
function stanzaSettings(
  { definition, instance, process, environment }: ProcessRequest,
  { stopsForDebug, descriptorLimit, controlGroups, apparmor }: ProcessContext,
): Partial<SpawnDescription> {
  const { oomScore, umask, nice, chroot, chdir, limit, debug } = definition;
  const apparmorSwitch = process === "main" ? apparmor.switching(definition.apparmorSwitch) : undefined;
  return {
    cgroups: controlGroups.prepare(definition, instance, environment),
    limit: { nofile: descriptorLimit, ...limit },
    ...(umask !== undefined && { umask }),
    ...(nice !== undefined && { nice }),
    ...(oomScore !== undefined && { oomScore: oomScore === "never" ? -1000 : oomScore }),
    ...(chroot !== undefined && { chroot }),
    ...(chdir !== undefined && { chdir }),
    ...(apparmorSwitch !== undefined && { apparmorSwitch }),
    ...(process === "main" && debug && stopsForDebug && { stopped: true }),
  };
}

interface Command {
  argv: string[];
  /** What the shell, or the hook child, reads from {@link SCRIPT_DESCRIPTOR}. */
  script?: string;
}

/** What to run; undefined when there is nothing to be done. */
function command(request: ProcessRequest, context: ProcessContext): Command | undefined {
  if (request.process === "security") {
    const argv = context.apparmor.loading(request.definition.apparmorLoad ?? "");
    return argv && { argv };
  }
  const program = request.definition.processes[request.process];
  if (!program) throw new Refusal(`${request.definition.name} has no ${request.process} process`);
  const compose = COMMANDS[program.kind] as (
    program: Program,
    request: ProcessRequest,
    context: ProcessContext,
  ) => Command;
  return compose(program, request, context);
}

type Commands = {
  [Kind in Program["kind"]]: (
    program: Program & { kind: Kind },
    request: ProcessRequest,
    context: ProcessContext,
  ) => Command;
};

const COMMANDS: Commands = {
  // `exec` in front lets the shell out of the way: the process is the program, not a shell that waits for it.
  exec: ({ command }) =>
    SHELL_CHARACTERS.test(command)
      ? shell(`exec ${command}`)
      : { argv: command.split(/[ \t\r\n]+/).filter((word) => word !== "") },
  script: ({ text }) => shell(text),
  arguments({ words }, { environment }) {
    const variables = parseEnvironment(environment);
    return { argv: words.map((word) => expand(word, variables)) };
  },
  function: ({ module, job }, { process, definition: { sources } }, { hookCommand }) => ({
    argv: [...hookCommand, ...(sources ? ["--sources"] : []), module, job, process],
    ...(sources && { script: JSON.stringify(sources) }),
  }),
};

/** A single line is given to the shell as an argument, more through a descriptor, which the script does not inherit. */
function shell(script: string): Command {
  const line = script.replace(/\n+$/, "");
  if (!line.includes("\n")) return { argv: [SHELL, "-e", "-c", line, SHELL] };
  return {
    argv: [SHELL, "-e", `/proc/self/fd/${SCRIPT_DESCRIPTOR}`],
    script: `exec ${SCRIPT_DESCRIPTOR}<&-\n${script}`,
  };
}

/** The user and groups to run as: `setuid` brings the user's own groups, `setgid` that group alone. */
function findCredentials(
  { setuid, setgid }: JobDefinition,
  privileged: boolean,
): Pick<SpawnDescription, "uid" | "gid" | "groups"> {
  if (setuid === undefined && setgid === undefined) return {};
  const user = setuid === undefined ? undefined : lookupUser(setuid);
  if (setuid !== undefined && !user) throw new Refusal("unable to find setuid user");
  const group = setgid === undefined ? undefined : lookupGroup(setgid);
  if (setgid !== undefined && !group) throw new Refusal("unable to find setgid group");
  const gid = group?.gid ?? user?.gid;
  if (gid === undefined) return {};
  const groups = user && !group ? supplementaryGroups(user.name, gid) : [gid];
  return { gid, ...(privileged && { groups }), ...(user && { uid: user.uid }) };
}
