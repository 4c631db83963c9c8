/** The restart of init in place: its executable, as it is now, or another one goes on where this init has stopped. */

import { resolve } from "node:path";
import process from "node:process";
import { ControlError } from "../../control/supervisor.ts";
import type { RunningMain } from "../../engine/services/adoption.ts";
import { untrustedWriterAt } from "../../sys/access/trust.ts";
import { canAdopt } from "../../sys/server/server.ts";
import { withReserve } from "../../sys/process/limits.ts";
import { blockSignals } from "../../sys/process/signals.ts";
import { ifAllowed, isKernelError } from "../../sys/call/refused.ts";
import { ownArguments } from "../../sys/process/execute.ts";
import { isCompiled } from "../../sys/runtime/self.ts";
import type { SpawnQueue } from "../../sys/spawn/spawn_queue.ts";
import { holdSignals, type SignalTable } from "../host/signal_actions.ts";
import type { Messages } from "../logs/messages.ts";
import { descriptorsOf, type Part, type PartFault, type Parts, saveParts } from "../parts/part.ts";
import type { RunningInit } from "../running.ts";
import type { SavedProgram } from "../saved_program.ts";
import { encodeState } from "./state_file.ts";
import { executeWithState } from "./successor.ts";
import { tryState } from "./trial.ts";

/** How long the client who has asked for a restart has to read the answer, in ms, before it begins. */
const REPLY_TIME = 1;

/** The executable that the process runs, also when its file was renamed or replaced (proc(5)). */
const RUNNING = "/proc/self/exe";

/** What a restart is about. */
interface RestartSubject {
  init(): RunningInit;
  messages: Messages;
  spawner: SpawnQueue;
  parts(): Parts<SavedProgram>;
  /** Undefined before init runs. */
  signals(): SignalTable | undefined;
  /** Resolves when init has started what it starts by itself. */
  begun: Promise<void>;
}

/** What is saved of {@link Restart}: how often there was one before. */
export type SavedRestarts = number;

/** The restart. */
export class Restart implements Part<SavedRestarts> {
  /** How often init was restarted. */
  count = 0;
  /** Undefined where there is no /proc. A title may be written over them later. */
  readonly #argv = ifAllowed(ownArguments);
  /** The restart that is to come. */
  #next: { executable: string; trial: Promise<void> } | undefined;
  #isOver = false;
  #isReplacing = false;

  constructor(private readonly subject: RestartSubject) {}

  save(): SavedRestarts {
    return this.count;
  }

  restore(saved: SavedRestarts): void {
    this.count = saved + 1;
  }

  /** True from when init has been asked for a restart until there was one, or it has failed. */
  get isUnderWay(): boolean {
    return this.#next !== undefined;
  }

  /** Nothing takes init's place any more: it is about to exit. */
  close(): void {
    this.#isOver = true;
  }

  /** True where init can be restarted in place. */
  get isPossible(): boolean {
    return isCompiled() && canAdopt && this.#argv !== undefined;
  }

  /**
   * Tries the executable, and has it take init's place soon. What is asked for while init still starts is done after that.
   *
   * @throws {ControlError} when it cannot be done (the promise rejects).
   */
  async ask(executable = process.execPath): Promise<void> {
    if (!this.isPossible) {
      throw new ControlError("NotSupported", "Unable to restart init in place: stop it and start it again");
    }
    // What others can write would run with init's rights, from the trial on.
    const writer = executable === process.execPath ? undefined : untrustedWriterAt(resolve(executable));
    if (writer !== undefined) {
      const cure = "put it where root and init's user alone can write, with `install -m 755'";
      throw new ControlError("Failed", `Unable to restart init as ${executable}: ${writer}; ${cure}`);
    }
    if (this.#next && this.#next.executable !== executable) {
      throw new ControlError(
        "Failed",
        `Unable to restart init as ${executable}: another restart is under way`,
      );
    }
    this.#next ??= { executable, trial: this.#try(executable) };
    await this.#next.trial;
  }

  async #try(executable: string): Promise<void> {
    const { begun, init, messages, parts } = this.subject;
    try {
      await begun;
      await withReserve(() =>
        tryState(executable, encodeState(saveParts(parts()), init().running()), init().childWorld)
      );
    } catch (error) {
      this.#next = undefined;
      throw error;
    }
    setTimeout(() => {
      this.#replace(executable).catch((error) => {
        if (isKernelError(error)) messages.log("error", failureOf(executable, error));
        else messages.fault("the restart of init", error);
      }).finally(() => this.#next = undefined);
    }, REPLY_TIME);
  }

  /**
   * Has the executable that this process runs take init's place, after an internal error. What has a fault of its own is left
   * out of the state. Resolves only when it has failed.
   */
  async recover(): Promise<void> {
    const { begun, messages } = this.subject;
    await begun;
    await this.#replace(RUNNING, (part, error) => {
      messages.fault(`the restart of init: its ${part} cannot be saved`, error);
    });
  }

  /** @param onFault Where faults are to be expected: receives them. */
  async #replace(executable: string, onFault?: PartFault): Promise<void> {
    const signals = this.subject.signals(), argv = this.#argv;
    if (!signals || !argv || this.#isReplacing) return;
    this.#isReplacing = true;
    try {
      await withReserve(() => this.#handOver(executable, signals, argv, onFault));
    } finally {
      this.#isReplacing = false;
    }
  }

  /** @throws {SystemError} where signals cannot be noted, for the kernel is short of what that takes. */
  async #handOver(
    executable: string,
    signals: SignalTable,
    argv: Uint8Array,
    onFault: PartFault | undefined,
  ): Promise<void> {
    const { messages, spawner, parts } = this.subject, init = this.subject.init();
    await init.settled();
    // From now on signals are for the successor, and what has come before that is handled here.
    const notes = signals.note();
    holdSignals();
    try {
      for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
      if (this.#isOver) return;
      spawner.abandon();
      try {
        const state = this.#state(onFault);
        // Nothing may happen between the save and the end of this program.
        const error = executeWithState(executable, {
          argv,
          state,
          signals: notes.reader,
          descriptors: descriptorsOf(parts(), onFault),
        });
        messages.log("error", failureOf(executable, error));
      } finally {
        init.startAgain();
      }
    } finally {
      const noted = notes.end();
      blockSignals([]);
      for (const signal of noted) signals.received(signal);
    }
  }

  #state(onFault: PartFault | undefined): Uint8Array {
    const { init, parts } = this.subject;
    if (!onFault) return encodeState(saveParts(parts()), init().running());
    let running: RunningMain[] = [];
    try {
      running = init().running();
      return encodeState(saveParts(parts(), onFault), running);
    } catch (error) {
      // What runs is adopted.
      onFault("state", error);
      return encodeState({}, running);
    }
  }
}

/** The message of a restart that the kernel does not allow for now. */
function failureOf(executable: string, { message }: Error): string {
  return `Unable to restart init as ${executable}: ${message}`;
}
