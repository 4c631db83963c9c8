/** The runner of the engine's checks: it has each made by what can make it, and tells the engine of changes. */

import type { Effect, Input, InstanceCheck } from "../../engine/effects.ts";
import type { Exit } from "../../model/exit.ts";
import type { InitContext } from "../init_context.ts";
import type { Part } from "../parts/part.ts";
import { type Credentials, NOBODY } from "../spawn/own_child.ts";
import { CheckChild } from "./check_child.ts";
import { type CheckedInstance, commandProbe } from "./command_probe.ts";
import { MemoryWatch } from "./memory_watch.ts";
import { CheckSchedule } from "./schedule.ts";
import type { CheckListener } from "./schedule.ts";

type StartCheck = Effect & { kind: "start-check" };

/** What is saved of {@link CheckRunner}: the checks that are made. They begin anew, for init knows only what was told. */
export type SavedCheckStarts = StartCheck[];

/** What the runner needs of init. */
export interface CheckWorld
  extends Pick<InitContext, "messages" | "processes" | "session" | "checksCommand"> {
  /** Passes an input to the engine. */
  handle(input: Input): void;
  /** Calls the listener when a process of init's own has ended; `isAlone`: what is left of its group is killed then. */
  onEnd(pid: number, listener: (exit: Exit) => void, isAlone?: boolean): void;
  /** The processes that an instance has. */
  pidsOf(job: string, instance: string): number[];
  /** True once init is on its way down. */
  isStopping(): boolean;
}

/** A check that is made. */
interface RunningCheck {
  effect: StartCheck;
  stop(): void;
}

/** The checks that the engine has had started. */
export class CheckRunner implements Part<SavedCheckStarts> {
  readonly #running = new Map<number, RunningCheck>();
  /** What speaks with others needs no rights; files may be only root's to see. */
  readonly #children: Record<"network" | "files", CheckChild>;
  readonly #memory = new MemoryWatch();

  constructor(private readonly world: CheckWorld) {
    const { processes: { spawner, privileged }, checksCommand: command, messages, onEnd } = world;
    const child = (credentials?: Credentials) =>
      new CheckChild({ command, spawner, messages, onEnd, credentials });
    const files = child();
    this.#children = { files, network: privileged ? child(NOBODY) : files };
  }

  start(effect: StartCheck): void {
    const { check: number } = effect;
    const listener = {
      passed: () => this.world.handle({ kind: "check-passed", check: number }),
      failed: (reason: string) => this.world.handle({ kind: "check-failed", check: number, reason }),
    };
    this.#running.set(number, { effect, stop: this.#begin(number, effect, effect.what, listener) });
  }

  stop(number: number): void {
    this.#running.get(number)?.stop();
    this.#running.delete(number);
  }

  save(): SavedCheckStarts {
    return Array.from(this.#running.values(), ({ effect }) => effect);
  }

  restore(saved: SavedCheckStarts): void {
    for (const effect of saved) this.start(effect);
  }

  /** Begins a check. Returns what ends it. */
  #begin(
    number: number,
    instance: CheckedInstance,
    what: InstanceCheck,
    listener: CheckListener,
  ): () => void {
    if (what.use === "memory") return this.#watchMemory(number, instance, what.above, listener);
    if (what.check.kind === "exec") {
      const schedule = new CheckSchedule(what, commandProbe(instance, this.world), listener);
      return () => schedule.close();
    }
    const isOfNetwork = what.check.kind === "http" || what.check.kind === "tcp";
    const child = this.#children[isOfNetwork ? "network" : "files"];
    child.start(number, what, listener);
    return () => child.stop(number, this.world.isStopping());
  }

  #watchMemory(
    number: number,
    { definition, instance }: CheckedInstance,
    above: number,
    listener: CheckListener,
  ): () => void {
    const pids = () => this.world.pidsOf(definition.name, instance);
    this.#memory.start(number, { above, pids, hasGroup: definition.cgroups.length > 0, listener });
    return () => this.#memory.stop(number);
  }
}
