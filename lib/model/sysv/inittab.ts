/** The lines of inittab(5): what they hold, and what their actions mean, as a table. */

/** When processes of an action are due. `demand`: from when telinit(8) asks for one of the runlevels a, b, c. */
export type InittabPhase = "sysinit" | "boot" | "level" | "demand" | "trigger" | "never";

/** What has init start the processes of some actions. */
export type InittabTrigger =
  | "ctrlaltdel"
  | "kbrequest"
  | "power-fails"
  | "power-fails-now"
  | "power-is-back";

/** What an action means. */
export interface ActionRow {
  phase: InittabPhase;
  /** Whatever stands below waits until the process has ended. The console is its controlling terminal. */
  waits?: true;
  /** The process is started again when it has ended. */
  respawns?: true;
  trigger?: InittabTrigger;
}

/** The actions. */
export const INITTAB_ACTIONS = {
  respawn: { phase: "level", respawns: true },
  wait: { phase: "level", waits: true },
  once: { phase: "level" },
  boot: { phase: "boot" },
  bootwait: { phase: "boot", waits: true },
  off: { phase: "never" },
  ondemand: { phase: "demand", respawns: true },
  initdefault: { phase: "never" },
  sysinit: { phase: "sysinit", waits: true },
  powerwait: { phase: "trigger", trigger: "power-fails", waits: true },
  powerfail: { phase: "trigger", trigger: "power-fails" },
  powerokwait: { phase: "trigger", trigger: "power-is-back", waits: true },
  powerfailnow: { phase: "trigger", trigger: "power-fails-now" },
  ctrlaltdel: { phase: "trigger", trigger: "ctrlaltdel" },
  kbrequest: { phase: "trigger", trigger: "kbrequest" },
} as const satisfies Record<string, ActionRow>;

/** The name of an action. */
export type InittabAction = keyof typeof INITTAB_ACTIONS;

/** A line of inittab. */
export interface InittabEntry {
  /** One to four characters. */
  id: string;
  /** Its runlevels, each a letter of {@link RUNLEVELS} or {@link DEMANDS}; empty for all that have a number. */
  levels: string;
  action: InittabAction;
  /** The command, without the marks before it. */
  process: string;
  /** The process gets records in utmp and wtmp: not with the mark `+`. */
  isRecorded: boolean;
  /** The command is never given to a shell: the mark `@`. */
  isDirect: boolean;
  /** The file that the line stands in. */
  file: string;
}

/** The runlevels by their letters. */
export const RUNLEVELS = "0123456789S";

/** What telinit(8) asks for besides: entries of these letters are started, and the runlevel stays. */
export const DEMANDS = "ABC";

/** What a file of this format says. */
export interface Inittab {
  entries: InittabEntry[];
  /** The runlevel of `initdefault`, if it names one. */
  initdefault?: string;
}
