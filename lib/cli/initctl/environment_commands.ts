/** The commands on jobs' environment variables: get-env, list-env, reset-env, set-env, unset-env. */

import { MANAGER_INTERFACE, MANAGER_PATH } from "../../control/names.ts";
import type { CommandGroup, InitctlCommand, Invocation } from "./command.ts";
import type { Option } from "../../model/command_line/options.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";

const GLOBAL: Option = { short: "g", long: "global", help: "use the table of all jobs, even inside a job" };

/** The job and the instance whose table of variables is meant, or nothing for the table of all jobs. */
function tableOwner({ environment: { UPSTART_JOB, UPSTART_INSTANCE }, has }: Invocation): string[] {
  if (has("global") || UPSTART_JOB === undefined) return [];
  if (UPSTART_INSTANCE === undefined) throw new UsageError("missing job name");
  return [UPSTART_JOB, UPSTART_INSTANCE];
}

/**
 * A command that calls one method of the manager.
 * @param missing the name of the first argument, which is then required, for the error message.
 */
function calling(
  member: string,
  signature: string,
  values: (invocation: Invocation) => unknown[],
  missing?: string,
  answer?: Answer,
): InitctlCommand["run"] {
  return async (invocation) => {
    if (missing !== undefined && invocation.args.length === 0) {
      throw new UsageError(`missing variable ${missing}`);
    }
    const body = [tableOwner(invocation), ...values(invocation)];
    const client = await invocation.client();
    const [result] = await client.call(MANAGER_PATH, MANAGER_INTERFACE, member, `as${signature}`, body);
    if (!answer) return;
    for (const line of answer.lines(result)) invocation.say(line);
    if (invocation.isJson) invocation.tell(answer.data(result, invocation.args));
  };
}

/** What a command prints of its method's result. */
interface Answer {
  lines(result: unknown): string[];
  /** The same for `--json`. */
  data(result: unknown, args: string[]): object;
}

const VALUE: Answer = {
  lines: (value) => [value as string],
  data: (value, [name]) => ({ name, value }),
};

const VARIABLES: Answer = {
  lines: (pairs) => (pairs as string[]).sort(),
  data: (pairs) => ({ variables: Object.fromEntries((pairs as string[]).sort().map(splitPair)) }),
};

function splitPair(pair: string): [name: string, value: string] {
  const equals = pair.indexOf("=");
  return [pair.slice(0, equals), pair.slice(equals + 1)];
}

/** The commands under the heading "Environment". */
export const environmentCommands = (): CommandGroup => ({
  title: "Environment",
  commands: [
    {
      name: "get-env",
      arguments: "VARIABLE",
      summary: "Retrieve value of a job environment variable.",
      help: "Prints the value that VARIABLE has for jobs; inside a job, for that job.",
      options: [GLOBAL],
      examples: ["initctl get-env --global PATH"],
      run: calling("GetEnv", "s", ({ args }) => [args[0]], "name", VALUE),
    },
    {
      name: "list-env",
      summary: "Show all job environment variables.",
      help: "Prints all variables that jobs are given, sorted by name; inside a job, those of that job.",
      options: [GLOBAL],
      examples: ["initctl list-env"],
      isListing: true,
      run: calling("ListEnv", "", () => [], undefined, VARIABLES),
    },
    {
      name: "reset-env",
      summary: "Forget all changes to job environment variables.",
      help: "Gives jobs the variables that they had at first; inside a job, that job.",
      options: [GLOBAL],
      examples: ["initctl reset-env"],
      run: calling("ResetEnv", "", () => []),
    },
    {
      name: "set-env",
      arguments: "VARIABLE[=VALUE]",
      summary: "Set job environment variables.",
      help:
        "Sets variables for jobs, running ones too: their next process sees them. Inside a job, for that job.",
      options: [GLOBAL, {
        short: "r",
        long: "retain",
        help: "keep the value of a variable that is set already",
      }],
      examples: ["initctl set-env --global LANG=C.UTF-8"],
      run: calling("SetEnvList", "asb", ({ args, has }) => [args, !has("retain")], "value"),
    },
    {
      name: "unset-env",
      arguments: "VARIABLE",
      summary: "Remove job environment variables.",
      help: "Removes variables from what jobs are given; inside a job, from what that job is given.",
      options: [GLOBAL],
      examples: ["initctl unset-env LANG"],
      run: calling("UnsetEnvList", "as", ({ args }) => [args], "name"),
    },
  ],
});
