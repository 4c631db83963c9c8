/** The engine of an init, guarded: it is set back to before an input that it fails at, and can be saved after a fault, too. */

import type { Effect, Input, Time } from "../../engine/effects.ts";
import { Engine } from "../../engine/engine.ts";
import { Checkpoint } from "../../engine/snapshot/checkpoint.ts";
import type { EngineSnapshot } from "../../engine/snapshot/engine_snapshot.ts";
import type { InitContext } from "../init_context.ts";
import type { Part, PartFault } from "./part.ts";

/** What is saved of {@link GuardedEngine}. */
export type SavedEngine = EngineSnapshot;

/** What the engine is guarded by. */
interface EngineGuard extends Pick<InitContext, "messages" | "crashed" | "onMain" | "endsWithRunlevel"> {
  now(): Time;
  /** Called when the engine was replaced by another one. */
  onReplaced(): void;
}

/** The engine. */
export class GuardedEngine implements Part<SavedEngine> {
  #engine: Engine;
  readonly #checkpoint = new Checkpoint();

  constructor(engine: Engine, private readonly guard: EngineGuard) {
    this.#engine = this.#prepared(engine);
  }

  get engine(): Engine {
    return this.#engine;
  }

  #prepared(engine: Engine): Engine {
    engine.endsWithRunlevel = this.guard.endsWithRunlevel;
    engine.environments.onChange = () => this.#checkpoint.forget();
    return engine;
  }

  #replace(engine: Engine): void {
    this.#engine = this.#prepared(engine);
    this.guard.onReplaced();
  }

  /**
   * Handles an input. Returns its effects; none where the engine has failed.
   *
   * @throws the engine's fault, where the input is a request: its client is to be told.
   */
  handle(input: Input): Effect[] {
    const now = this.guard.now();
    let effects: Effect[];
    try {
      this.#checkpoint.note(this.#engine, input, now);
      effects = this.#engine.handle(input, now);
    } catch (error) {
      this.#undo(input, error);
      if (input.kind === "request") throw error;
      return [];
    }
    const main = mainOf(input);
    if (main !== undefined) this.#noteMain(main);
    return effects;
  }

  /** Goes back to what the engine was before an input. The effects of those before have been queued. */
  #undo(input: Input, error: unknown): void {
    const { messages, crashed } = this.guard;
    messages.attempt("the undoing of an input", () => this.#replace(this.#checkpoint.undo()));
    crashed(`the engine's input ${input.kind}`, error, input);
  }

  /** Tells of a process that may be the main process of an instance from now on. */
  #noteMain(pid: number): void {
    const { onMain, messages } = this.guard, owner = this.#engine.ownerOf(pid);
    if (owner?.process !== "main" || !onMain) return;
    const { job, instance } = owner;
    const environment = this.#engine.jobs.get(job)?.instances.get(instance)?.environment.pairs() ?? [];
    messages.attempt("the record of what runs", () => onMain({ job, instance, pid, environment }));
  }

  /** After a fault it is made sure that what is saved can be restored: else it is made anew from the checkpoint. */
  save(onFault?: PartFault): SavedEngine {
    const now = this.guard.now();
    if (!onFault) return this.#engine.save(now);
    try {
      return Engine.restore(this.#engine.save(now), now).save(now);
    } catch (error) {
      this.guard.messages.fault("the state of the engine", error);
      return this.#checkpoint.rebuild().save(now);
    }
  }

  restore(saved: SavedEngine): void {
    this.#replace(Engine.restore(saved, this.guard.now()));
  }
}

/** The process that an input tells of, and that may be the main process of an instance from now on. */
function mainOf(input: Input): number | undefined {
  switch (input.kind) {
    case "spawned":
    case "pid-file":
    case "adopt":
      return input.pid;
    case "exited":
      return input.trackedProcess?.pid;
    case "left-behind":
      return input.process.pid;
    case "notification":
      return input.told.mainPid;
    default:
      return undefined;
  }
}
