/**
 * Native rc: the init scripts of a runlevel, which are jobs, are stopped and started by two events, one after the other.
 * The dependencies of the jobs say in which order.
 */

import { ControlError } from "../../control/supervisor.ts";
import type { Request } from "../../model/requests.ts";
import { RC_EVENTS } from "../../model/init_events.ts";

/** What is asked of init. */
export interface LevelRequests {
  request(what: Request): string | Promise<string>;
  fault(where: string, error: unknown): void;
}

/** The level before the first one. */
const NO_LEVEL = "N";

/** Enters runlevels. */
export class ScriptLevels {
  constructor(private readonly init: LevelRequests) {}

  /**
   * Stops the scripts that a runlevel has links of kind K for, then starts those that it has links of kind S for. The promise
   * resolves when all are where they are to be, or have failed; it never rejects. In the first level after the boot nothing
   * is stopped, as in a classic rc.
   * @param level `0` to `6`, or `S`, which is entered at boot.
   * @param previous The level before, `N` when there was none.
   */
  async enter(level: string, previous: string): Promise<void> {
    const environment = [
      `RUNLEVEL=${level}`,
      `PREVLEVEL=${previous}`,
      // Scripts know them by these names, too.
      `runlevel=${level}`,
      `previous=${previous}`,
    ];
    if (previous !== NO_LEVEL) {
      await this.#emit(RC_EVENTS.prepare, environment);
      await this.#emit(RC_EVENTS.stop, environment);
    }
    await this.#emit(RC_EVENTS.start, environment);
  }

  async #emit(event: string, environment: string[]): Promise<void> {
    try {
      await this.init.request({ kind: "emit", event, environment, wait: true });
    } catch (error) {
      // One of the jobs has failed, which has been told. The others are up.
      if (!(error instanceof ControlError)) this.init.fault(`the event ${event}`, error);
    }
  }
}
