/** Listening to signals. */

import process from "node:process";

/** The longest interval that timers know. */
const FOR_EVER = 2 ** 31 - 1;

/**
 * Calls the listener when a signal has come, until the function returned is called. Unlike `process.on` it keeps the
 * program running meanwhile. Several signals at once may bring one call.
 */
export function onSignal(signal: NodeJS.Signals, listener: () => void): () => void {
  const alive = setInterval(() => {}, FOR_EVER);
  process.on(signal, listener);
  return () => {
    clearInterval(alive);
    process.off(signal, listener);
  };
}
