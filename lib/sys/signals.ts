/** Listening to signals. */

import process from "node:process";
import { call, kernel } from "./kernel.ts";

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

const SIG_SETMASK = 2, SIGNAL_SET_SIZE = 8;

/** Blocks these signals and no others, in this thread and those that it starts: they wait, also through execve(2). */
export function blockSignals(signals: readonly number[]): void {
  const mask = new BigUint64Array([signals.reduce((bits, signal) => bits | 1n << BigInt(signal - 1), 0n)]);
  call("rt_sigprocmask", SIG_SETMASK, new Uint8Array(mask.buffer), 0, SIGNAL_SET_SIZE);
}

/**
 * Ends this process by a signal, whatever the runtime does with it: Deno keeps its handler when the last listener has
 * gone. Returns only where the signal does not end processes.
 */
export function dieOf(signal: number): void {
  const { address, bytes } = kernel().scratch;
  bytes.fill(0, 0, 32); // struct sigaction: SIG_DFL, no flags, no mask
  call("rt_sigaction", signal, address, 0, 8);
  call("kill", process.pid, signal);
}
