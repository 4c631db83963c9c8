/** What signals make init do. */

import process from "node:process";
import type { KNOWN_EVENTS } from "../author/known_events.ts";
import { signalNumber } from "../model/signals.ts";
import { blockSignals } from "../sys/signals.ts";
import type { Place } from "./place.ts";

/** What is done on a signal. `forward`: the main process of the job `main` gets it. */
type Action = "stop" | "reload" | "listen" | "list" | "forward" | "event" | "tell";

/** What signals do. */
type Table = Partial<Record<NodeJS.Signals, Exclude<Action, "event"> | ["event", keyof typeof KNOWN_EVENTS]>>;

const EVERYWHERE: Table = { SIGHUP: "reload", SIGUSR1: "listen", SIGUSR2: "list" };
const ORDINARY: Table = { ...EVERYWHERE, SIGTERM: "stop", SIGINT: "stop", SIGQUIT: "stop" };

/**
 * The signals that mean something, by place. The kernel sends a machine's process 1 SIGINT for Ctrl-Alt-Delete and
 * SIGWINCH for Alt-ArrowUp; a machine is brought down by shutdown(8), not by a signal that strays.
 */
const SIGNALS: Readonly<Record<Place, Table>> = {
  machine: {
    ...EVERYWHERE,
    SIGINT: ["event", "control-alt-delete"],
    SIGWINCH: ["event", "keyboard-request"],
    SIGTERM: "tell",
    SIGQUIT: "tell",
  },
  container: ORDINARY,
  session: ORDINARY,
};

/** The same for `rouse run`: the command gets all signals, and that which ends containers ends all jobs. */
const RUN_SIGNALS: Table = {
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
 * Has the kernel keep all signals that mean something anywhere until there is a {@link SignalTable}: process 1 does not
 * get those that come before it listens.
 */
export function holdSignals(): void {
  const names = [...Object.values(SIGNALS), RUN_SIGNALS].flatMap((table) => Object.keys(table));
  blockSignals(names.map((name) => signalNumber(name)!));
}

/** How the actions are done. */
export type Actions = Record<Action, (signal: number, about: string) => void>;

/** Listens to the signals. Those that come before the actions are known are kept until {@link SignalTable.act}. */
export class SignalTable {
  #actions: Actions | undefined;
  #early: Array<(actions: Actions) => void> = [];

  constructor(place: Place, runsCommand: boolean) {
    for (const [name, action] of Object.entries(runsCommand ? RUN_SIGNALS : SIGNALS[place])) {
      const [what, about = ""] = [action].flat() as [Action, string?];
      const signal = signalNumber(name)!;
      process.on(name as NodeJS.Signals, () => this.#received((actions) => actions[what](signal, about)));
    }
    blockSignals([]);
  }

  /** From now on this is what signals do, also those that have come already. */
  act(actions: Actions): void {
    this.#actions = actions;
    for (const act of this.#early) act(actions);
    this.#early = [];
  }

  #received(act: (actions: Actions) => void): void {
    if (this.#actions) act(this.#actions);
    else this.#early.push(act);
  }
}
