/** The probe that runs a command, as the job's user and in its surroundings. It is init's own child, and none of the job's processes. */

import { describeExit, type Exit, isSuccess } from "../../model/exit.ts";
import type { CheckCommand } from "../../model/checks/check.ts";
import type { JobDefinition, ProcessDefinition } from "../../model/job.ts";
import { SIGKILL } from "../../model/signals.ts";
import { needsShell } from "../../model/text/shell.ts";
import { PatientTimer } from "../../sys/io/patient_timer.ts";
import { processEnvironment } from "../host/job_environment.ts";
import type { InitContext } from "../init_context.ts";
import { startProcess } from "../spawn/process_start.ts";
import { signalProcess } from "../spawn/signalling.ts";
import type { CheckResult, Probe } from "./schedule.ts";

/** The instance that a command is about. */
export interface CheckedInstance {
  definition: JobDefinition;
  instance: string;
  /** `KEY=VALUE` strings. */
  environment: string[];
}

/** What commands are run with. */
interface CommandContext extends Pick<InitContext, "messages" | "processes" | "session"> {
  /** Calls the listener when the process has ended and been reaped; `isAlone`: what is left of its group is killed. */
  onEnd(pid: number, listener: (exit: Exit) => void, isAlone: boolean): void;
}

/** Makes the probe for an instance. */
export function commandProbe(
  { definition, instance, environment }: CheckedInstance,
  context: CommandContext,
): Probe {
  return (check, timeout, done) => {
    if (check.kind !== "exec") throw new Error(`a check of the kind ${check.kind} is no command`);
    const command = programOf(check.command);
    return new CommandRun(
      { ...definition, console: "none", processes: { "post-start": command } },
      { instance, environment },
      context,
      timeout,
      done,
    ).cancel;
  };
}

/** A line for the shell is run as a script: after `exec`, only its first command would be. */
function programOf(command: CheckCommand): ProcessDefinition {
  const isScript = command.kind === "exec" && needsShell(command.command);
  return isScript ? { kind: "script", text: command.command } : command;
}

/** One run of a command. */
class CommandRun {
  #pid: number | undefined;
  #isOver = false;
  readonly #deadline: PatientTimer;
  /** How the run is to be told, when its process has been killed. */
  #result: CheckResult | undefined;

  constructor(
    definition: JobDefinition,
    { instance, environment }: Omit<CheckedInstance, "definition">,
    private readonly context: CommandContext,
    timeout: number,
    private readonly done: (result: CheckResult) => void,
  ) {
    const session = context.session();
    const variables = processEnvironment(environment, { job: definition.name, instance, session });
    this.#deadline = new PatientTimer(timeout, () => {
      this.#result = { outcome: "failed", reason: `its command did not end within ${timeout / 1000} s` };
      this.#kill();
    });
    startProcess(
      { definition, instance, process: "post-start", environment: variables },
      context.processes,
      (outcome) => {
        if ("pid" in outcome) return this.#started(outcome.pid);
        if ("reason" in outcome && !outcome.isTemporary) {
          return this.#finish({ outcome: "failed", reason: `its command cannot be run: ${outcome.reason}` });
        }
        this.#finish({ outcome: "none" });
      },
      (error) => context.messages.fault("the start of a check", error),
    );
  }

  #started(pid: number): void {
    this.#pid = pid;
    this.context.onEnd(pid, (exit) => {
      this.#pid = undefined;
      this.#finish(this.#result ?? resultOf(exit));
    }, true);
    // It may have been cancelled, or its time may be over, while it was being started.
    if (this.#isOver || this.#result) this.#kill();
  }

  /** Ends the run with the whole process group of the command, which leads a session of its own. */
  readonly cancel = (): void => {
    this.#isOver = true;
    this.#deadline.cancel();
    this.#kill();
  };

  #kill(): void {
    if (this.#pid !== undefined) signalProcess(this.#pid, SIGKILL, true, this.context.messages);
  }

  #finish(result: CheckResult): void {
    this.#deadline.cancel();
    if (this.#isOver) return;
    this.#isOver = true;
    this.done(result);
  }
}

function resultOf(exit: Exit): CheckResult {
  if (isSuccess(exit)) return { outcome: "passed" };
  return { outcome: "failed", reason: `its command ended with ${describeExit(exit)}` };
}
