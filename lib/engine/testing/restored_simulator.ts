/** A simulator for tests of snapshots. */

import type { Effect, Input } from "../effects.ts";
import { Simulator } from "../simulator/simulator.ts";

/** A simulator whose engine is saved and restored before each input, and when time has gone by. */
export class RestoredSimulator extends Simulator {
  override advance(duration: number): void {
    super.advance(duration);
    this.restore();
  }

  protected override handleAlone(input: Input): Effect[] {
    this.restore();
    return super.handleAlone(input);
  }
}
