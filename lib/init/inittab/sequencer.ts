/**
 * The sequencer of inittab(5): a state machine without I/O and time. What has happened goes in, what is to be done comes out.
 * It knows the phases of a boot, the changes of the runlevel, who waits for whom, and who is started again.
 */

import type { Inittab } from "../../model/sysv/inittab.ts";
import { DEMANDS, RUNLEVELS } from "../../model/sysv/inittab.ts";
import type { BootFlags } from "../options/option_table.ts";
import { endLines, killLines, lineEnded, markEnded } from "./line_ends.ts";
import { endRests, hasRests, setRestTimer, startDue, startTriggered } from "./line_starts.ts";
import { perform, say, type SequenceEffect, type SequenceInput, type SequenceRun } from "./sequence_io.ts";
import {
  compareEntries,
  isBusy,
  isFor,
  movedBy,
  newEntry,
  rowOf,
  type SequencedEntry,
  type SequenceState,
} from "./sequence_state.ts";
import { addSulogin, isSulogin, needSulogin, removeSulogin } from "./sulogin.ts";

/** The runlevel where none is named, and nobody can be asked for one. */
const FALLBACK_LEVEL = "2";

/** The runlevels that cannot wait until the boot is over. */
const URGENT_LEVELS = ["0", "1", "6", "S"];

/** The sequencer. */
export class Sequencer {
  readonly #run: SequenceRun = {
    state: {
      phase: "sysinit",
      level: "S",
      previous: "N",
      entries: [],
      isAsking: false,
      isEmptyTold: false,
    },
    now: 0,
    effects: [],
  };
  /** The lines by ID, and the IDs of those that {@link isBusy} holds for. Absent: they have to be looked up. */
  #index: { byId: Map<string, SequencedEntry>; busy: Set<string> } | undefined;

  get #state(): SequenceState {
    return this.#run.state;
  }

  get level(): string {
    return this.#state.level;
  }

  get previous(): string {
    return this.#state.previous;
  }

  /** How long a line rests still, since it was started too often, in ms. */
  restOf(id: string, now: number): number {
    const { restsUntil = now } = this.#state.entries.find(({ entry }) => entry.id === id) ?? {};
    return Math.max(0, restsUntil - now);
  }

  /** @param now The time, as {@link handle} is told it. */
  save(now: number): SequenceState {
    return movedBy(this.#state, -now);
  }

  /** @param now The time, from what origin ever. */
  restore(state: SequenceState, now: number): void {
    this.#run.state = movedBy(state, now);
    this.#index = undefined;
  }

  /** Takes an input. @param now The time, in ms from any origin. */
  handle(input: SequenceInput, now: number): SequenceEffect[] {
    this.#run.now = now;
    this.#run.effects = [];
    if (input.kind === "ended" && this.#isQuiet(input.id)) return [];
    this.#take(input);
    this.#index = undefined;
    while (this.#goOn());
    return this.#run.effects;
  }

  /** Takes the end of a process that nobody waits for and nothing follows, so that the lines need not be looked through. */
  #isQuiet(id: string): boolean {
    const { byId, busy } = this.#index ??= {
      byId: new Map(this.#entries.map((one) => [one.entry.id, one])),
      busy: new Set(this.#entries.filter(isBusy).map(({ entry }) => entry.id)),
    };
    const one = byId.get(id);
    if (!one || one.state !== "running" || one.isGone || one.isDue || busy.size < 2) return false;
    const { waits, respawns } = rowOf(one);
    if (waits || respawns || !busy.delete(id)) return false;
    markEnded(one);
    return true;
  }

  #take(input: SequenceInput): void {
    switch (input.kind) {
      case "boot":
        return this.#boot(input.inittab, input.flags);
      case "request":
        return this.#request(input.level, input.sleepTime);
      case "reload":
        return this.#read({ sleepTime: input.sleepTime });
      case "read":
        return this.#compare(input.inittab);
      case "ended":
        return lineEnded(this.#state, input.id);
      case "trigger":
        for (const one of this.#entries) if (rowOf(one).trigger === input.trigger) one.isDue = true;
        return;
      case "answer":
        return this.#answered(input.text);
      case "timer":
        return input.timer === "kill" ? killLines(this.#run) : setRestTimer(this.#run);
    }
  }

  /** The lines. */
  get entries(): readonly SequencedEntry[] {
    return this.#state.entries;
  }

  get #entries(): SequencedEntry[] {
    return this.#state.entries;
  }

  #do(effect: SequenceEffect): void {
    perform(this.#run, effect);
  }

  #say(text: string): void {
    say(this.#run, text);
  }

  // The boot.

  #boot({ entries, initdefault }: Inittab, { runlevel, emergency }: BootFlags): void {
    const state = this.#state;
    if (!emergency) state.entries = entries.map(newEntry);
    if (initdefault !== undefined) state.initdefault = initdefault;
    if (runlevel !== undefined) state.target = runlevel;
    if (!emergency) return;
    state.phase = "emergency";
    addSulogin(state);
  }

  /** Does one step further. False when something has to happen first. */
  #goOn(): boolean {
    const state = this.#state;
    if (state.awaited || this.#entries.some((one) => one.state === "stopping")) return false;
    if (state.ending) {
      delete state.ending;
      this.#do({ kind: "timer", timer: "kill" });
    }
    startTriggered(this.#run);
    if (state.isAsking || startDue(this.#run)) return false;
    switch (state.phase) {
      case "emergency":
        removeSulogin(state);
        state.phase = "sysinit";
        this.#read({ sleepTime: 0 });
        return false;
      case "sysinit":
        this.#afterSysinit();
        return true;
      case "single":
        if (this.#isBusy || hasRests(this.#run)) return false;
        removeSulogin(state);
        state.phase = "boot";
        delete state.target;
        return true;
      case "boot":
        return this.#enterDefault(state.target ?? state.initdefault);
      case "level":
        return this.#isBusy ? false : this.#leaveEmpty();
    }
  }

  #afterSysinit(): void {
    const state = this.#state;
    this.#do({ kind: "booted" });
    if (state.target === undefined && state.initdefault !== undefined) state.target = state.initdefault;
    if (state.target === "S") this.#enterSingle();
    else state.phase = "boot";
  }

  /** Enters the runlevel S of a boot, which is no change on record. */
  #enterSingle(): void {
    const state = this.#state;
    state.phase = "single";
    for (const one of this.#entries) if (rowOf(one).phase === "level" && isFor(one, "S")) one.isDue = true;
    this.#do({ kind: "level", level: "S", previous: state.previous, isRecorded: false });
    needSulogin(state);
  }

  /** True while processes of the runlevel run. */
  get #isBusy(): boolean {
    return this.#entries.some(isBusy);
  }

  /** Enters a runlevel, of which nobody has said when it is to be left, or asks for it. */
  #enterDefault(target: string | undefined): boolean {
    if (target !== undefined && target !== "S") {
      delete this.#state.target;
      this.#say(`Entering runlevel: ${target}`);
      this.#setLevel(target);
      return true;
    }
    this.#state.isAsking = true;
    this.#do({ kind: "ask" });
    return false;
  }

  /** The runlevel has no processes. From S the system goes on to where it boots to. */
  #leaveEmpty(): boolean {
    const state = this.#state;
    if (state.level === "S") {
      if (hasRests(this.#run)) return false;
      removeSulogin(state);
      return this.#enterDefault(state.initdefault);
    }
    if (!state.isEmptyTold) this.#say("no more processes left in this runlevel");
    state.isEmptyTold = true;
    return false;
  }

  #answered(text: string | undefined): void {
    const state = this.#state;
    if (!state.isAsking) return;
    const level = text === undefined ? FALLBACK_LEVEL : text.trim().slice(0, 1).toUpperCase();
    if (text === undefined) this.#say(`nobody can be asked for a runlevel: going to ${level}`);
    if (level === "" || !RUNLEVELS.includes(level)) return this.#do({ kind: "ask" });
    state.isAsking = false;
    if (level !== "S") this.#enterDefault(level);
    else if (state.phase === "boot") this.#enterSingle();
    else this.#setLevel(level);
  }

  // Changes of the runlevel.

  #request(letter: string, sleepTime: number): void {
    const state = this.#state, level = letter.toUpperCase();
    if (level !== "" && DEMANDS.includes(level)) return this.#demand(level);
    if (level === "" || !RUNLEVELS.includes(level)) return this.#say(`bad runlevel: ${level}`);
    const isBooting = state.phase !== "level" && state.phase !== "single";
    if (isBooting && !state.isAsking && !URGENT_LEVELS.includes(level)) {
      state.target = level;
      return;
    }
    if (state.isAsking) this.#do({ kind: "stop-asking" });
    state.isAsking = false;
    if (level === state.level && !isBooting) return;
    this.#say(level === "S" ? "Going single user" : `Switching to runlevel: ${level}`);
    this.#read({ level, sleepTime });
  }

  /** telinit(8) with a, b or c: the lines of that letter are started, and stay for all runlevels if they are to. */
  #demand(letter: string): void {
    for (const one of this.#entries) {
      if (!one.entry.levels.includes(letter) || one.isGone) continue;
      one.isDue = one.isAsked = true;
    }
  }

  #read(change: NonNullable<SequenceState["awaited"]>): void {
    const { awaited } = this.#state;
    this.#state.awaited = { ...awaited, ...change };
    if (!awaited) this.#do({ kind: "read" });
  }

  #compare(inittab: Inittab | undefined): void {
    const state = this.#state, { awaited } = state;
    if (!awaited) return;
    delete state.awaited;
    const ended = inittab ? this.#replaceEntries(inittab) : [];
    endRests(state);
    if (awaited.level !== undefined) ended.push(...this.#change(awaited.level));
    endLines(this.#run, ended, awaited.sleepTime);
  }

  #replaceEntries(inittab: Inittab): SequencedEntry[] {
    const state = this.#state, shell = this.#entries.filter(isSulogin);
    const others = this.#entries.filter((one) => !isSulogin(one));
    const { entries, ended } = compareEntries(others, inittab.entries);
    state.entries = [...entries, ...shell];
    if (inittab.initdefault === undefined) delete state.initdefault;
    else state.initdefault = inittab.initdefault;
    return ended;
  }

  /** Enters a runlevel that somebody has asked for. Gives those whose processes are to end. */
  #change(level: string): SequencedEntry[] {
    const { phase } = this.#state;
    if (phase === "level" || phase === "single") return this.#setLevel(level);
    // What the boot waits for keeps it from going on.
    const ended = this.#entries.filter((one) => one.state === "running" && rowOf(one).waits);
    if (phase !== "boot") this.#do({ kind: "booted" });
    if (level === "S") this.#enterSingle();
    else this.#setLevel(level);
    return ended;
  }

  /** Enters a runlevel. Gives those whose processes are not for it. */
  #setLevel(level: string): SequencedEntry[] {
    const state = this.#state;
    if (state.phase === "level" || state.phase === "single") state.previous = state.level;
    state.phase = "level";
    state.level = level;
    state.isEmptyTold = false;
    delete state.target;
    this.#do({ kind: "level", level, previous: state.previous, isRecorded: true });
    if (level === "S") needSulogin(state);
    endRests(state);
    const others = this.#entries.filter((one) => {
      const { phase, respawns } = rowOf(one);
      const isExempt = phase === "boot" || phase === "sysinit" || one.isAsked && respawns;
      return !isExempt && !isFor(one, level);
    });
    for (const one of others) if (rowOf(one).phase === "level") one.isDue = true;
    return others.filter((one) => one.state === "running");
  }
}
