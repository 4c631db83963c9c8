/**
 * The descriptors that init is passed on purpose: by its command line, and by the init whose place it takes. This is loaded
 * before the runtime has its flags, so it must load nothing else: the runtime may start no thread by then.
 */

import process from "node:process";

/**
 * The variable by which an init hands over: the descriptors of its state, of the signals that it has noted, and those that
 * its successor goes on with.
 */
export const STATE_VARIABLE = "ROUSE_STATE";

/** The name of the file in memory that the state is in. */
export const STATE_FILE = "rouse-state";

/**
 * The descriptors that arguments of init name, and those that are handed over. They are known before the options are read,
 * for they pass through the second start of the executable.
 */
export function namedDescriptors(
  args: readonly string[],
  handedOver = process.env[STATE_VARIABLE],
): number[] {
  const end = args.indexOf("--");
  const own = end < 0 ? args : args.slice(0, end);
  const values = own.flatMap((word, index) => {
    if (word === "--ready-fd") return own[index + 1] ?? [];
    return word.startsWith("--ready-fd=") ? word.slice("--ready-fd=".length) : [];
  });
  return [...values, ...handedOver?.split(",") ?? []].filter((value) => /^\d+$/.test(value)).map(Number);
}

/** The descriptors that an init is handed over. */
export interface HandedOver {
  state: number;
  signals: number;
  /** Those that the state has the numbers of. */
  others: number[];
}

/** What this init goes on from. No job is to have the variable, so it is gone then. */
export function takeHandedOver(): HandedOver | undefined {
  const value = process.env[STATE_VARIABLE];
  delete process.env[STATE_VARIABLE];
  const [state, signals, ...others] = namedDescriptors([], value);
  return state === undefined || signals === undefined ? undefined : { state, signals, others };
}
