/** Signals as the programs that stop daemons know them: by number, or by name. */

import { LAST_SIGNAL, signalNumber } from "../../../lib/model/signals.ts";

/** The names that OpenRC does not have. */
const NOT_OPENRC = ["STKFLT", "IOT", "CLD", "POLL"];

/** The names that dpkg has. */
const DPKG_NAMES =
  "ABRT ALRM FPE HUP ILL INT KILL PIPE QUIT SEGV TERM USR1 USR2 CHLD CONT STOP TSTP TTIN TTOU".split(" ");

/** A signal as OpenRC reads it: a number, or a name with or without `SIG`; undefined for what is none. `NULL` is 0. */
export function openrcSignal(text: string): number | undefined {
  const [, digits] = /^\s*\+?(\d+)/.exec(text) ?? [];
  if (digits !== undefined) return Number(digits) <= LAST_SIGNAL ? Number(digits) : undefined;
  const name = text.startsWith("SIG") ? text.slice(3) : text;
  if (name === "NULL") return 0;
  return NOT_OPENRC.includes(name) || name.startsWith("SIG") ? undefined : signalNumber(name);
}

/** A signal as dpkg reads it: a number, or a name without `SIG`; undefined for what is none. */
export function dpkgSignal(text: string): number | undefined {
  return wholeNumber(text) ?? (DPKG_NAMES.includes(text) ? signalNumber(text) : undefined);
}

/** The most that a C program's `int` holds. */
const MOST = 2 ** 31 - 1;

/** A text that is a number without sign, of base 10; undefined for any other, and for one that is too large. */
export function wholeNumber(text: string): number | undefined {
  if (!/^\s*\+?\d+$/.test(text)) return undefined;
  const number = Number(text);
  return number <= MOST ? number : undefined;
}

/** The number at the beginning of a text, as scanf(3) reads it; undefined where there is none. */
export function leadingNumber(text: string): number | undefined {
  const [, digits] = /^\s*([+-]?\d+)/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits);
}
