/** Children that are waited for while signals are heard. */

import type { Exit } from "../../../model/exit.ts";
import { restoreDescriptorLimit } from "../../../sys/process/limits.ts";
import { onChildChange, reapEnded } from "../../../sys/process/processes.ts";
import type { SpawnDescription } from "../../../sys/spawn/description.ts";
import { explain, spawn } from "../../../sys/spawn/spawn.ts";

/** A child, and its end. */
export interface Child {
  pid: number;
  end: Promise<Exit>;
}

const waiting = new Map<number, (exit: Exit) => void>();
let stopListening: (() => void) | undefined;

/**
 * Starts a child.
 * @throws {Error} that says why there is none.
 */
export function startChild(description: SpawnDescription): Child {
  stopListening ??= onChildChange(collect);
  restoreDescriptorLimit();
  const { pid, failed } = spawn(description);
  if (failed) {
    rest();
    throw new Error(explain(failed));
  }
  const end = new Promise<Exit>((resolve) => waiting.set(pid, resolve));
  // It may have ended before anybody listened.
  collect();
  return { pid, end };
}

/** Looks after the children started here alone: this module may be loaded a second time, by another chunk. */
function collect(): void {
  for (const [pid, tell] of waiting) {
    const exit = reapEnded(pid);
    if (!exit) continue;
    waiting.delete(pid);
    tell(exit);
  }
  rest();
}

/** Nothing keeps the program running while it has no children. */
function rest(): void {
  if (waiting.size > 0) return;
  stopListening?.();
  stopListening = undefined;
}
