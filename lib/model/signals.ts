/** Signals by number and name (signal(7)). The numbers are those of x86-64 and aarch64. */

const NAMES = [
  "HUP",
  "INT",
  "QUIT",
  "ILL",
  "TRAP",
  "ABRT",
  "BUS",
  "FPE",
  "KILL",
  "USR1",
  "SEGV",
  "USR2",
  "PIPE",
  "ALRM",
  "TERM",
  "STKFLT",
  "CHLD",
  "CONT",
  "STOP",
  "TSTP",
  "TTIN",
  "TTOU",
  "URG",
  "XCPU",
  "XFSZ",
  "VTALRM",
  "PROF",
  "WINCH",
  "IO",
  "PWR",
  "SYS",
] as const;

/** The name of a signal, without `SIG`. */
export type SignalName = (typeof NAMES)[number];

const ALIASES: Record<string, string> = { IOT: "ABRT", CLD: "CHLD", POLL: "IO" };

/** The signals that the code refers to by name. */
export const SIGHUP = 1,
  SIGINT = 2,
  SIGQUIT = 3,
  SIGABRT = 6,
  SIGKILL = 9,
  SIGTERM = 15,
  SIGCONT = 18,
  SIGSTOP = 19,
  SIGPWR = 30;

/** The first real-time signal that the C library leaves to programs. */
export const SIGRTMIN = 34;

/** The highest signal number there is (SIGRTMAX). */
export const LAST_SIGNAL = 64;

/** The name of a signal without `SIG`, or undefined for one that has none (real-time signals). */
export function signalName(number: number): SignalName | undefined {
  return NAMES[number - 1];
}

/** The number of a signal given as `TERM` or `SIGTERM`; undefined when there is none. */
export function signalNumber(name: string): number | undefined {
  const short = name.startsWith("SIG") ? name.slice(3) : name;
  const index = (NAMES as readonly string[]).indexOf(ALIASES[short] ?? short);
  return index < 0 ? undefined : index + 1;
}
