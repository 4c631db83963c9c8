/**
 * Native rc: the init scripts of a runlevel, which are jobs, are stopped and started by two events, one after the other.
 * The dependencies of the jobs say in which order.
 */

import { ControlError } from "../../control/supervisor.ts";
import type { Input } from "../../engine/effects.ts";
import type { Request } from "../../model/requests.ts";
import { RC_EVENTS, RUNLEVEL_EVENT } from "../../model/init_events.ts";
import type { Part } from "../parts/part.ts";

/** What is asked of init. */
interface LevelRequests {
  request(what: Request): string | Promise<string>;
  /** The number of the request that is made next, by which {@link answerTo} knows it. */
  readonly nextRequest: number;
  /** The answer to a request of before a restart of init. */
  answerTo(request: number): string | Promise<string>;
  /** Has the console show what scripts print that start from now on, until the function is called that it returns. */
  showScripts(): () => void;
  fault(where: string, error: unknown): void;
}

/** A change of the runlevel, and how far it is: plain data. */
export interface LevelProgress {
  level: string;
  previous: string;
  /** The events that are still to be emitted and waited for, the first of them maybe so already. */
  events: string[];
  /** The request by which the first event is waited for. */
  request?: number;
  /** True: the console shows what scripts print. */
  isShown?: boolean;
}

function keyOf({ level, previous }: LevelProgress): string {
  return `${previous} ${level}`;
}

/** The level before the first one. */
const NO_LEVEL = "N";

/**
 * A change that has not begun. In the first level after the boot nothing is stopped, as in a classic rc.
 * @param level `0` to `6`, or `S`, which is entered at boot.
 * @param previous The level before, `N` when there was none.
 */
export function beginChange(level: string, previous: string): LevelProgress {
  const { prepare, stop, start } = RC_EVENTS;
  return { level, previous, events: previous === NO_LEVEL ? [start] : [prepare, stop, start] };
}

/** The runlevel that an input enters by its event; undefined for any other input. */
export function enteredLevel(input: Input): string | undefined {
  const emitted = input.kind === "request" ? input.what : input;
  if (emitted.kind !== "emit" && emitted.kind !== "event" || emitted.event !== RUNLEVEL_EVENT) {
    return undefined;
  }
  const key = "RUNLEVEL=";
  return emitted.environment.find((pair) => pair.startsWith(key))?.slice(key.length);
}

/** Enters runlevels. */
export class ScriptLevels implements Part<LevelProgress[]> {
  /** The changes that are carried out, and what hides the output of their scripts again. */
  readonly #hides = new Map<LevelProgress, () => void>();

  /** The changes that an earlier init has begun. */
  readonly #resumed = new Map<string, Promise<void>>();

  constructor(private readonly init: LevelRequests) {}

  save(): LevelProgress[] {
    return [...this.#hides.keys()];
  }

  /** To be called when the requests are restored. */
  restore(saved: LevelProgress[]): void {
    for (const change of saved) {
      const key = keyOf(change);
      this.#resumed.set(key, this.carryOn(change).finally(() => this.#resumed.delete(key)));
    }
  }

  /** Changes the level, see {@link carryOn}. A change that an earlier init has begun is carried on already. */
  enter(level: string, previous: string, isShown: boolean): Promise<void> {
    const change = { ...beginChange(level, previous), isShown };
    return this.#resumed.get(keyOf(change)) ?? this.carryOn(change);
  }

  /**
   * Stops the scripts that a runlevel has links of kind K for, then starts those that it has links of kind S for. The promise
   * resolves when all are where they are to be, or have failed; it never rejects. The change tells how far this is.
   */
  async carryOn(change: LevelProgress): Promise<void> {
    this.#hides.set(change, change.isShown ? this.init.showScripts() : () => {});
    for (let event; (event = change.events[0]) !== undefined;) {
      await this.#wait(event, change);
      delete change.request;
      change.events.shift();
    }
    this.#end(change);
  }

  /** Has a change go no further: another level is entered. What it has told to stop or start goes on. */
  cancel(change: LevelProgress): void {
    change.events = [];
    this.#end(change);
  }

  /** Cancels all changes to other levels than this one. */
  supersede(level: string): void {
    for (const change of this.#hides.keys()) if (change.level !== level) this.cancel(change);
  }

  #end(change: LevelProgress): void {
    this.#hides.get(change)?.();
    this.#hides.delete(change);
  }

  async #wait(event: string, change: LevelProgress): Promise<void> {
    try {
      await (change.request === undefined ? this.#emit(event, change) : this.init.answerTo(change.request));
    } catch (error) {
      // One of the jobs has failed, which has been told. The others are up.
      if (!(error instanceof ControlError)) this.init.fault(`the event ${event}`, error);
    }
  }

  #emit(event: string, change: LevelProgress): string | Promise<string> {
    const { level, previous } = change;
    const environment = [
      `RUNLEVEL=${level}`,
      `PREVLEVEL=${previous}`,
      // Scripts know them by these names, too.
      `runlevel=${level}`,
      `previous=${previous}`,
    ];
    change.request = this.init.nextRequest;
    return this.init.request({ kind: "emit", event, environment, wait: true });
  }
}
