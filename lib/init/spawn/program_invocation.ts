/** The invocation of a job's program: its arguments, and the script that it reads. */

import type { JobDefinition, ProcessDefinition } from "../../model/job.ts";
import { type Environment, environment as parseEnvironment } from "../../model/environment.ts";
import { expand, ExpansionError } from "../../model/expand.ts";
import { needsShell } from "../../model/text/shell.ts";
import { isEngineVariable } from "../../sys/runtime/variables.ts";

/** The shell that runs scripts. */
export const SHELL = "/bin/sh";

/** The descriptor that a script is read from. Scripts can see it, so it is the same as in Upstart. */
export const SCRIPT_DESCRIPTOR = 9;

/** So much of an argument is shown in a message. */
const LONGEST_SHOWN = 60;

/** The invocation of a program. */
export interface ProgramInvocation {
  argv: string[];
  /** The text that the shell, or the hook child, reads from {@link SCRIPT_DESCRIPTOR}. */
  script?: string;
  /** The environment, where it differs from the process's. */
  environment?: string[];
}

/** The process that a program is invoked for. */
interface ProgramContext {
  definition: JobDefinition;
  /** Which of the job's processes it is. */
  process: string;
  /** `KEY=VALUE` strings. */
  environment: readonly string[];
  /** The command that runs the program `hook` of this executable, without its arguments. */
  hookCommand: readonly string[];
}

/** The invocation of a program, by its kind. */
export function invocationOf(program: ProcessDefinition, context: ProgramContext): ProgramInvocation {
  const invocationOf = INVOCATIONS[program.kind] as (
    program: ProcessDefinition,
    context: ProgramContext,
  ) => ProgramInvocation;
  return invocationOf(program, context);
}

type Invocations = {
  [Kind in ProcessDefinition["kind"]]: (
    program: ProcessDefinition & { kind: Kind },
    context: ProgramContext,
  ) => ProgramInvocation;
};

const INVOCATIONS: Invocations = {
  // With `exec` the program replaces the shell, which would otherwise wait for it.
  exec: ({ command }) =>
    needsShell(command)
      ? shell(`exec ${command}`)
      : { argv: command.split(/[ \t\r\n]+/).filter((word) => word !== "") },
  script: ({ text }) => shell(text),
  arguments({ words }, { environment }) {
    const variables = parseEnvironment(environment);
    return { argv: words.map((word) => argument(word, variables)) };
  },
  function({ module, job }, { process, environment, definition: { sources }, hookCommand }) {
    const withheld = environment.filter(isEngineVariable);
    const given = (sources || withheld.length > 0) && JSON.stringify({ sources, environment: withheld });
    return {
      argv: [...hookCommand, ...(given ? ["--given"] : []), module, job, process],
      environment: environment.filter((variable) => !isEngineVariable(variable)),
      ...(given && { script: given }),
    };
  },
};

/** @throws {ExpansionError} which tells how a dollar sign gets to the program. */
function argument(word: string, variables: Environment): string {
  try {
    return expand(word, variables);
  } catch (error) {
    if (!(error instanceof ExpansionError)) throw error;
    const shown = word.length <= LONGEST_SHOWN ? word : `${word.slice(0, LONGEST_SHOWN)}…`;
    throw new ExpansionError(
      `${error.message} in the argument \`${shown}'; for a dollar sign that the program itself is to see, write \${}`,
    );
  }
}

/** A single line is an argument of the shell. More lines are read from a descriptor, which the script does not inherit. */
function shell(script: string): ProgramInvocation {
  let end = script.length;
  while (script[end - 1] === "\n") end--;
  const line = script.slice(0, end);
  if (!line.includes("\n")) return { argv: [SHELL, "-e", "-c", line, SHELL] };
  return {
    argv: [SHELL, "-e", `/proc/self/fd/${SCRIPT_DESCRIPTOR}`],
    script: `exec ${SCRIPT_DESCRIPTOR}<&-\n${script}`,
  };
}
