/** Signals to this process: listening to them, blocking them, and dying of one. */

import process from "node:process";
import { call, kernel } from "../call/kernel.ts";

/** The longest interval of a timer, in ms. */
const FOR_EVER = 2 ** 31 - 1;

/**
 * Calls the listener when a signal has come. Unlike `process.on`, it keeps the program running. There may be one call for
 * several signals.
 * @returns a function that unsubscribes the listener.
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

/** Blocks these signals and no others, in this thread and those that it starts. They stay pending, also after execve(2). */
export function blockSignals(signals: readonly number[]): void {
  const mask = new BigUint64Array([signals.reduce((bits, signal) => bits | 1n << BigInt(signal - 1), 0n)]);
  call("rt_sigprocmask", SIG_SETMASK, new Uint8Array(mask.buffer), 0, SIGNAL_SET_SIZE);
}

/** Gives a signal its default action, whatever the runtime has made of it. */
export function defaultAction(signal: number): void {
  const { address, bytes } = kernel().scratch;
  bytes.fill(0, 0, 32); // struct sigaction: SIG_DFL, no flags, no mask
  call("rt_sigaction", signal, address, 0, SIGNAL_SET_SIZE);
}

/**
 * Ends this process by a signal, whatever handler the runtime has for it: some keep theirs after the last listener was
 * removed. Returns only when the signal does not end processes.
 */
export function dieOf(signal: number): void {
  defaultAction(signal);
  call("kill", process.pid, signal);
}
