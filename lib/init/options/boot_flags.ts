/** What the kernel, or the boot loader, tells SysV's init by words that are no options (init(8), "BOOTFLAGS"). */

import { type BootFlags, OPTIONS } from "./option_table.ts";

/** The words of SysV's init by what they mean. Of those that name a runlevel the last counts. */
const BOOT_WORDS: ReadonlyArray<[word: RegExp, flags: (word: string) => BootFlags]> = [
  [/^(?:single|-s)$/, () => ({ runlevel: "S" })],
  [/^[0-9Ss]$/, (word) => ({ runlevel: word.toUpperCase() })],
  [/^(?:auto|-a)$/, () => ({ auto: true })],
  [/^(?:emergency|-b)$/, () => ({ emergency: true })],
];

/** An option of SysV's init that does nothing, with a value: it makes room for the title of the process. */
const PADDING = "-z";

/**
 * Reads the arguments of process 1 as SysV's init does. Words that it does not know are ignored: the kernel passes on all that
 * it does not know itself.
 */
export function bootFlags(args: readonly string[]): BootFlags {
  const flags: BootFlags = {};
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!;
    if (word === PADDING || takesNext(word)) at++;
    else Object.assign(flags, BOOT_WORDS.find(([pattern]) => pattern.test(word))?.[1](word));
  }
  return flags;
}

/** True for an option of ours whose value is the next word. */
function takesNext(word: string): boolean {
  return OPTIONS.some(({ long, argument }) => argument !== undefined && word === `--${long}`);
}
