/** The restart of init in place: its executable, as it is now, or another one goes on where this init has stopped. */

import process from "node:process";
import { ControlError } from "../../control/supervisor.ts";
import { canAdopt } from "../../sys/server/server.ts";
import { openReserve } from "../../sys/process/limits.ts";
import { blockSignals } from "../../sys/process/signals.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
import { ownArguments } from "../../sys/process/execute.ts";
import { isCompiled } from "../../sys/runtime/self.ts";
import type { SpawnQueue } from "../../sys/spawn/spawn_queue.ts";
import { holdSignals, type SignalTable } from "../host/signal_actions.ts";
import type { Messages } from "../logs/messages.ts";
import { descriptorsOf, type Part, type Parts, saveParts } from "../parts/part.ts";
import type { RunningInit } from "../running.ts";
import type { SavedProgram } from "../saved_program.ts";
import { encodeState } from "./state_file.ts";
import { executeWithState } from "./successor.ts";
import { tryState } from "./trial.ts";

/** How long the client who has asked for a restart has to read the answer, in ms, before it begins. */
const REPLY_TIME = 1;

/** What a restart is about. */
interface RestartSubject {
  init(): RunningInit;
  messages: Messages;
  spawner: SpawnQueue;
  parts(): Parts<SavedProgram>;
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

  /**
   * Tries the executable, and has it take init's place soon. What is asked for while init still starts is done after that.
   *
   * @throws {ControlError} when it cannot be done (the promise rejects).
   */
  async ask(signals: SignalTable | undefined, executable = process.execPath): Promise<void> {
    const argv = this.#argv;
    if (!isCompiled() || !canAdopt || !signals || !argv) {
      throw new ControlError("NotSupported", "Unable to restart init in place: stop it and start it again");
    }
    if (this.#next && this.#next.executable !== executable) {
      throw new ControlError(
        "Failed",
        `Unable to restart init as ${executable}: another restart is under way`,
      );
    }
    this.#next ??= { executable, trial: this.#try(signals, argv, executable) };
    await this.#next.trial;
  }

  async #try(signals: SignalTable, argv: Uint8Array, executable: string): Promise<void> {
    const { begun, init, messages, parts } = this.subject, giveBack = openReserve();
    try {
      await begun;
      await tryState(executable, encodeState(saveParts(parts()), init().running()), init().childWorld);
    } catch (error) {
      this.#next = undefined;
      giveBack();
      throw error;
    }
    setTimeout(() => {
      this.#replace(signals, argv, executable).catch((error) => messages.fault("the restart of init", error))
        .finally(() => {
          this.#next = undefined;
          giveBack();
        });
    }, REPLY_TIME);
  }

  async #replace(signals: SignalTable, argv: Uint8Array, executable: string): Promise<void> {
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
        const state = encodeState(saveParts(parts()), init.running());
        // Nothing may happen between the save and the end of this program.
        const error = executeWithState(executable, {
          argv,
          state,
          signals: notes.reader,
          descriptors: descriptorsOf(parts()),
        });
        messages.log("error", `Unable to restart init as ${executable}: ${error.message}`);
      } finally {
        init.startAgain();
      }
    } finally {
      const noted = notes.end();
      blockSignals([]);
      for (const signal of noted) signals.received(signal);
    }
  }
}
