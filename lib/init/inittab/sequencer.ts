/**
 * The sequencer of inittab(5): a state machine without I/O and time. What has happened goes in, what is to be done comes out.
 * It knows the phases of a boot, the changes of the runlevel, who waits for whom, and who is started again.
 */

import type { Inittab, InittabEntry } from "../../model/sysv/inittab.ts";
import { DEMANDS, RUNLEVELS } from "../../model/sysv/inittab.ts";
import type { BootFlags } from "../options.ts";
import { countStart, forgetStarts, REST_TIME, rests } from "./respawn_rate.ts";
import type { SequenceEffect, SequenceInput } from "./sequence_io.ts";
import {
  compareEntries,
  isBusy,
  isFor,
  newEntry,
  rowOf,
  type SequencedEntry,
  type SequenceState,
} from "./sequence_state.ts";

/** How long a process that was killed is waited for, in ms: one that waits for a device does not end by SIGKILL. */
const LOST_AFTER = 2000;

/** The runlevel where none is named, and nobody can be asked for one. */
const FALLBACK_LEVEL = "2";

/** The runlevels that cannot wait until the boot is over. */
const URGENT_LEVELS = ["0", "1", "6", "S"];

/** The line for a runlevel S that has none, and for an emergency: a shell for whoever knows root's password. */
const SULOGIN: InittabEntry = {
  // Longer than any ID of a file.
  id: "sulogin",
  levels: "S",
  action: "wait",
  process: "/sbin/sulogin",
  isRecorded: false,
  isDirect: false,
  file: "",
};

function isSulogin({ entry }: SequencedEntry): boolean {
  return entry.id === SULOGIN.id;
}

/** The sequencer. */
export class Sequencer {
  #state: SequenceState = {
    phase: "sysinit",
    level: "S",
    previous: "N",
    entries: [],
    isAsking: false,
    isEmptyTold: false,
  };
  #effects: SequenceEffect[] = [];
  /** The lines by ID, and the IDs of those that {@link isBusy} holds for. Absent: they have to be looked up. */
  #index: { byId: Map<string, SequencedEntry>; busy: Set<string> } | undefined;
  /** The time of the input, in ms. */
  #now = 0;

  get level(): string {
    return this.#state.level;
  }

  get previous(): string {
    return this.#state.previous;
  }

  save(): SequenceState {
    return this.#state;
  }

  restore(state: SequenceState): void {
    this.#state = state;
    this.#index = undefined;
  }

  /** Takes an input. @param now The time, in ms from any origin. */
  handle(input: SequenceInput, now: number): SequenceEffect[] {
    this.#now = now;
    this.#effects = [];
    if (input.kind === "ended" && this.#isQuiet(input.id)) return [];
    this.#take(input);
    this.#index = undefined;
    while (this.#goOn());
    return this.#effects;
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
    this.#markEnded(one);
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
        return this.#ended(input.id);
      case "trigger":
        for (const one of this.#entries) if (rowOf(one).trigger === input.trigger) one.isDue = true;
        return;
      case "answer":
        return this.#answered(input.text);
      case "timer":
        return input.timer === "kill" ? this.#killTimer() : this.#setRestTimer();
    }
  }

  get #entries(): SequencedEntry[] {
    return this.#state.entries;
  }

  #do(effect: SequenceEffect): void {
    this.#effects.push(effect);
  }

  #say(text: string): void {
    this.#do({ kind: "message", text });
  }

  // The boot.

  #boot({ entries, initdefault }: Inittab, { runlevel, emergency }: BootFlags): void {
    const state = this.#state;
    if (!emergency) state.entries = entries.map(newEntry);
    if (initdefault !== undefined) state.initdefault = initdefault;
    if (runlevel !== undefined) state.target = runlevel;
    if (!emergency) return;
    state.phase = "emergency";
    this.#addSulogin();
  }

  /** Does one step further. False when something has to happen first. */
  #goOn(): boolean {
    const state = this.#state;
    if (state.awaited || this.#entries.some((one) => one.state === "stopping")) return false;
    if (state.ending) {
      delete state.ending;
      this.#do({ kind: "timer", timer: "kill" });
    }
    this.#startTriggered();
    if (state.isAsking || this.#startDue()) return false;
    switch (state.phase) {
      case "emergency":
        this.#removeSulogin();
        state.phase = "sysinit";
        this.#read({ sleepTime: 0 });
        return false;
      case "sysinit":
        this.#afterSysinit();
        return true;
      case "single":
        if (this.#isBusy || this.#hasRests) return false;
        this.#removeSulogin();
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
    this.#needSulogin();
  }

  /** True while processes of the runlevel run. */
  get #isBusy(): boolean {
    return this.#entries.some(isBusy);
  }

  get #hasRests(): boolean {
    return this.#entries.some((one) => rests(one, this.#now) && this.#isHere(one));
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
      if (this.#hasRests) return false;
      this.#removeSulogin();
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
    this.#endRests();
    if (awaited.level !== undefined) ended.push(...this.#change(awaited.level));
    this.#end(ended, awaited.sleepTime);
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
    if (level === "S") this.#needSulogin();
    this.#endRests();
    const others = this.#entries.filter((one) => {
      const { phase, respawns } = rowOf(one);
      const isExempt = phase === "boot" || phase === "sysinit" || one.isAsked && respawns;
      return !isExempt && !isFor(one, level);
    });
    for (const one of others) if (rowOf(one).phase === "level") one.isDue = true;
    return others.filter((one) => one.state === "running");
  }

  /** Asks processes to end. They get some time for it. */
  #end(ended: readonly SequencedEntry[], sleepTime: number): void {
    if (ended.length === 0) return;
    this.#say("Sending processes configured via /etc/inittab the TERM signal");
    for (const one of ended) {
      one.state = "stopping";
      this.#do({ kind: "stop", id: one.entry.id });
    }
    const isFirst = this.#state.ending === undefined;
    this.#state.ending = "TERM";
    if (sleepTime === 0) this.#killTimer();
    // Those that wait already do not get more time than they had.
    else if (isFirst) this.#do({ kind: "timer", timer: "kill", delay: sleepTime * 1000 });
  }

  #killTimer(): void {
    const stopping = this.#entries.filter(({ state }) => state === "stopping");
    if (this.#state.ending === "KILL") {
      for (const one of stopping) one.state = "lost";
      return;
    }
    if (stopping.length === 0) return;
    this.#state.ending = "KILL";
    this.#say("Sending processes configured via /etc/inittab the KILL signal");
    for (const one of stopping) this.#do({ kind: "kill", id: one.entry.id });
    this.#do({ kind: "timer", timer: "kill", delay: LOST_AFTER });
  }

  // Starts and ends.

  #ended(id: string): void {
    const one = this.#entries.find(({ entry }) => entry.id === id);
    if (!one || one.state === "idle") return;
    this.#markEnded(one);
    if (one.isGone) this.#state.entries = this.#entries.filter((other) => other !== one);
  }

  #markEnded(one: SequencedEntry): void {
    one.state = "idle";
    if (!rowOf(one).respawns) one.isAsked = false;
  }

  /** Starts what keys and the power supply have asked for: at once, whoever else is waited for. */
  #startTriggered(): void {
    for (const one of this.#entries) {
      if (rowOf(one).phase !== "trigger") continue;
      if (one.isDue && one.state === "idle" && isFor(one, this.#state.level)) this.#start(one);
      if (rowOf(one).waits && one.state === "running") return;
    }
  }

  /** Starts what is due, in the order of the lines. True when one of them has to end before it goes on. */
  #startDue(): boolean {
    for (const one of this.#entries) {
      if (!this.#isHere(one)) continue;
      if (one.isDue && one.state === "idle") this.#start(one);
      if (rowOf(one).waits && one.state === "running") return true;
    }
    return false;
  }

  /** True for a line of this phase, and of this runlevel. */
  #isHere(one: SequencedEntry): boolean {
    const { phase, level } = this.#state, row = rowOf(one);
    if (isSulogin(one)) {
      return phase === "emergency" || level === "S" && (phase === "single" || phase === "level");
    }
    if (one.entry.process === "" || one.isGone) return false;
    if (phase === "sysinit" || phase === "boot") return row.phase === phase;
    if (phase === "emergency" || row.phase !== "level" && row.phase !== "demand") return false;
    return one.isAsked || row.phase === "level" && isFor(one, level);
  }

  #start(one: SequencedEntry): void {
    const { respawns } = rowOf(one);
    if (respawns && !this.#mayStart(one)) return;
    if (!respawns) one.isDue = false;
    one.state = "running";
    this.#state.isEmptyTold = false;
    const { level, previous } = this.#state;
    this.#do({ kind: "start", entry: one.entry, level, previous });
  }

  /** Counts a start. False when there were too many of late: the line rests. */
  #mayStart(one: SequencedEntry): boolean {
    if (rests(one, this.#now)) return false;
    if (countStart(one, this.#now)) return true;
    this.#say(`Id "${one.entry.id}" respawning too fast: disabled for ${REST_TIME / 60_000} minutes`);
    this.#setRestTimer();
    return false;
  }

  /** Lets all that rest be started again. */
  #endRests(): void {
    for (const one of this.#entries) forgetStarts(one);
  }

  #setRestTimer(): void {
    const ends = this.#entries.filter((one) => rests(one, this.#now)).map(({ restsUntil }) => restsUntil!);
    if (ends.length === 0) return this.#do({ kind: "timer", timer: "rest" });
    this.#do({ kind: "timer", timer: "rest", delay: Math.min(...ends) - this.#now });
  }

  // The shell of the runlevel S.

  /** Adds the shell where no line is for the runlevel S. */
  #needSulogin(): void {
    const isThere = this.#entries.some((one) =>
      one.entry.process !== "" && rowOf(one).phase === "level" && isFor(one, "S")
    );
    if (!isThere) this.#addSulogin();
  }

  #addSulogin(): void {
    const shell = this.#entries.find(isSulogin);
    if (shell) shell.isDue = true;
    else this.#entries.push(newEntry(SULOGIN));
  }

  #removeSulogin(): void {
    this.#state.entries = this.#entries.filter((one) => !isSulogin(one));
  }
}
