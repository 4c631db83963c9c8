/** Steps that the kernel may refuse. */

import { unlessRefused } from "../../sys/call/refused.ts";

/**
 * Does a step.
 *
 * @param onRefusal Receives the reason when the kernel refuses it.
 * @throws whatever else the step throws.
 */
export function attempt(step: () => void, onRefusal: (reason: string) => void): void {
  unlessRefused(step, ({ message }) => onRefusal(message));
}
