/** The back-off of respawns (`respawn delay`): each failure in a row has the next start wait longer. */

import type { Backoff } from "../../model/job.ts";
import type { Instance } from "../instance.ts";
import { inSeconds } from "./notes.ts";

/**
 * How long the respawn after this many failures waits, in ms. The jitter has the instances of a host start apart from each
 * other. It comes from the name and the count alone, so that the same inputs have the same effects.
 */
export function respawnDelay(name: string, failures: number, backoff: Backoff): number {
  const { delay, factor, max, jitter } = backoff;
  const plain = Math.min(max, delay * factor ** (failures - 1));
  return Math.round(plain * 1000 * (1 + jitter * spread(`${name} ${failures}`)));
}

/** When an instance that has failed is tried again, behind these words: ` in 0.4 s`; empty where that is not known. */
export function whenTriedAgain({ timers, nextStartAt }: Instance, now: number): string {
  const at = timers.get("start-delay")?.deadline ?? nextStartAt;
  if (at === undefined) return "";
  return at > now ? ` in ${inSeconds(at - now)}` : " at once";
}

/** A number from −1 to 1 that a text always has, and others hardly (FNV-1a). */
function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  // The last bits of similar texts differ most; the first ones count here.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 13)) >>> 0) / 0x7fffffff - 1;
}
