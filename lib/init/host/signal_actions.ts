/** The table of signals and actions: what init does on which signal, in each role. */

import process from "node:process";
import type { KNOWN_EVENTS } from "../../author/known_events.ts";
import { signalNumber, SIGPWR, SIGRTMIN } from "../../model/signals.ts";
import { noteSignals, type SignalNotes, takeSignals } from "../../sys/runtime/signal_handlers.ts";
import { unlessRefused } from "../../sys/call/refused.ts";
import { blockSignals } from "../../sys/process/signals.ts";
import type { Role } from "./role.ts";

/**
 * What is done on a signal. `forward`: the signal is sent to the main process of the job `main`. `silence`: SysV's clients are
 * listened to no longer. `halt`: the runlevel 0 is entered.
 */
type Action = "stop" | "reload" | "listen" | "list" | "forward" | "event" | "warn" | "silence" | "halt";

/** An action; of `event`, with the event's name. */
type SignalAction = Exclude<Action, "event"> | ["event", keyof typeof KNOWN_EVENTS];

type ActionTable = Partial<Record<NodeJS.Signals, SignalAction>>;

const COMMON_SIGNALS: ActionTable = { SIGHUP: "reload", SIGUSR1: "listen", SIGUSR2: "list" };
const PROCESS_SIGNALS: ActionTable = { ...COMMON_SIGNALS, SIGTERM: "stop", SIGINT: "stop", SIGQUIT: "stop" };

/**
 * The signals that have an action, by role. The kernel sends a machine's process 1 SIGINT for Ctrl-Alt-Delete and
 * SIGWINCH for Alt-ArrowUp. A machine is shut down by shutdown(8), not by a signal that was sent by mistake.
 */
const ROLE_SIGNALS: Readonly<Record<Role, ActionTable>> = {
  machine: {
    ...COMMON_SIGNALS,
    SIGINT: ["event", "control-alt-delete"],
    SIGWINCH: ["event", "keyboard-request"],
    SIGTERM: "warn",
    SIGQUIT: "warn",
  },
  container: PROCESS_SIGNALS,
  session: PROCESS_SIGNALS,
};

/** The same where init is SysV's, which a container's host may ask to end, too. */
const SYSV_SIGNALS: Readonly<Record<Role, ActionTable>> = {
  machine: { ...ROLE_SIGNALS.machine, SIGUSR2: "silence" },
  container: { ...ROLE_SIGNALS.machine, SIGUSR2: "silence", SIGTERM: "halt" },
  session: PROCESS_SIGNALS,
};

/** The same for `rouse run`: signals are for the command, except SIGTERM, which ends containers and so stops all jobs. */
const RUN_SIGNALS: ActionTable = {
  SIGTERM: "stop",
  SIGHUP: "forward",
  SIGINT: "forward",
  SIGQUIT: "forward",
  SIGUSR1: "forward",
  SIGUSR2: "forward",
  SIGWINCH: "forward",
  SIGCONT: "forward",
  SIGTSTP: "forward",
};

/**
 * The signals of the host, which the runtime does not pass to JavaScript. A machine gets SIGPWR from the kernel, or from a
 * monitor of the power supply, when the power fails or is back. LXC and systemd-nspawn stop a container by these signals.
 */
const HOST_SIGNALS: Readonly<Record<Role, Record<number, SignalAction>>> = {
  machine: { [SIGPWR]: ["event", "power-status-changed"] },
  container: { [SIGPWR]: "stop", [SIGRTMIN + 3]: "stop" },
  session: {},
};

/** Those that can be blocked: by SIGPWR the runtime stops its threads. */
const HELD_HOST_SIGNALS = [SIGRTMIN + 3];

/** The same where init is SysV's. */
const SYSV_HOST_SIGNALS: Readonly<Record<Role, Record<number, SignalAction>>> = {
  machine: HOST_SIGNALS.machine,
  container: { ...HOST_SIGNALS.machine, [SIGRTMIN + 3]: "halt" },
  session: {},
};

/** The pause before these are tried again, in ms. */
const RETRY_PAUSE = 1000;

/** What init is, as far as signals are concerned. */
interface SignalManner {
  role: Role;
  /** True where init runs a command. */
  runsCommand: boolean;
  /** True where it is SysV's. */
  isSysv: boolean;
}

/**
 * Blocks all signals that have an action in any role, until there is a {@link SignalTable}. The kernel would drop a signal
 * to process 1 that arrives before there is a handler for it.
 */
export function holdSignals(): void {
  const names = [...Object.values(ROLE_SIGNALS), RUN_SIGNALS].flatMap((table) => Object.keys(table));
  blockSignals([...names.map((name) => signalNumber(name)!), ...HELD_HOST_SIGNALS]);
}

/** The functions that perform the actions. `event` is the name of the event, for the action `event`. */
export type SignalActions = Record<Action, (signal: number, event: string) => void>;

/** The handlers of all signals. Signals that arrive before the actions are known are kept until {@link SignalTable.act}. */
export class SignalTable {
  #actions: SignalActions | undefined;
  #early: Array<(actions: SignalActions) => void> = [];
  readonly #table: ReadonlyMap<number, SignalAction>;
  readonly #hosts: number[];

  constructor({ role, runsCommand, isSysv }: SignalManner) {
    const table = runsCommand ? RUN_SIGNALS : (isSysv ? SYSV_SIGNALS : ROLE_SIGNALS)[role];
    const hosts = (isSysv ? SYSV_HOST_SIGNALS : HOST_SIGNALS)[role];
    const named = Object.entries(table).map(([name, action]): [number, SignalAction] => [
      signalNumber(name)!,
      action,
    ]);
    this.#hosts = Object.keys(hosts).map(Number);
    this.#table = new Map([
      ...named,
      ...this.#hosts.map((signal): [number, SignalAction] => [signal, hosts[signal]!]),
    ]);
    for (const name of Object.keys(table)) {
      process.on(name as NodeJS.Signals, () => this.received(signalNumber(name)!));
    }
    blockSignals(HELD_HOST_SIGNALS);
  }

  /** Has all these signals noted from now on, for the init that takes this one's place. */
  note(): SignalNotes {
    return noteSignals([...this.#table.keys()]);
  }

  /** Performs the actions from now on, also for the signals that have arrived already. */
  act(actions: SignalActions): void {
    this.#actions = actions;
    for (const act of this.#early) act(actions);
    this.#early = [];
    this.#takeHosts();
  }

  /** Listens to the host's signals, which stay blocked as long as the kernel is short of what that takes. */
  #takeHosts(): void {
    unlessRefused(() => {
      takeSignals(this.#hosts, (signal) => this.received(signal));
      blockSignals([]);
    }, () => {
      blockSignals(HELD_HOST_SIGNALS);
      setTimeout(() => this.#takeHosts(), RETRY_PAUSE);
    });
  }

  /** A signal has come. */
  received(signal: number): void {
    const action = this.#table.get(signal);
    if (!action) return;
    const [kind, event = ""] = [action].flat() as [Action, string?];
    const act = (actions: SignalActions) => actions[kind](signal, event);
    if (this.#actions) act(this.#actions);
    else this.#early.push(act);
  }
}
