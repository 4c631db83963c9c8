/** inittab(5) at work: what the sequencer says is done by the engine's jobs, and SysV's clients are listened to. */

import { ControlError } from "../../control/supervisor.ts";
import { NO_DIRECTORY, readInittab } from "../../config/sysv/inittab.ts";
import { RUNLEVEL_EVENT } from "../../model/init_events.ts";
import { type ControlRequest, SLEEP_TIME } from "../../model/sysv/control_request.ts";
import {
  DEMANDS,
  type Inittab,
  INITTAB_ACTIONS,
  type InittabTrigger,
  RUNLEVELS,
} from "../../model/sysv/inittab.ts";
import { SYSVINIT_VERSION } from "../../model/version.ts";
import { unlessRefused } from "../../sys/call/refused.ts";
import { setProcessTitle } from "../../sys/process/title.ts";
import { recordBoot, recordLevel } from "../../sys/utmp/process_records.ts";
import type { BootFlags } from "../options/option_table.ts";
import { attempt } from "../host/attempt.ts";
import { makeUtmp } from "../host/machine_boot.ts";
import type { Messages } from "../logs/messages.ts";
import { Deadline, type SavedDeadline } from "../parts/deadline.ts";
import type { Part } from "../parts/part.ts";
import type { RunningInit } from "../running.ts";
import { type ShippedBoot, shippedBoot } from "../sysv/shipped_jobs.ts";
import { ControlFifo, type SavedFifo } from "./control_fifo.ts";
import { idOf } from "./entry_job.ts";
import { EntryProcesses, type SavedProcesses } from "./entry_processes.ts";
import { takePowerStatus } from "./power_status.ts";
import { RunlevelPrompt } from "./runlevel_prompt.ts";
import type { SequenceState } from "./sequence_state.ts";
import type { SequenceEffect, SequenceInput, SequenceTimer } from "./sequence_io.ts";
import { Sequencer } from "./sequencer.ts";
import { SysvEnvironment } from "./sysv_environment.ts";

/** What is saved of {@link InittabSequence}. */
export interface SavedInittab {
  /** Times in it are by a clock that was 0 when it was saved. */
  sequence: SequenceState;
  /** Variables that clients have set, as `NAME=VALUE`. */
  variables: string[];
  processes: SavedProcesses;
  plainLevel: string;
  timers: Record<SequenceTimer, SavedDeadline>;
  drives: boolean;
  fifo: SavedFifo;
  /** True while the runlevel is asked for on the console. */
  asks: boolean;
  /** It was told that there is no directory of files. */
  isAbsenceTold: boolean;
}

/** What the sequence is given. */
interface InittabContext {
  init: RunningInit;
  messages: Messages;
  boot: BootFlags;
  /** Called when init itself has stopped the scripts of the runlevel 0 or 6: the system is to end. */
  onSystemEnd(environment: string[]): void;
}

/** The events for which init's own signals stand, and what they start in inittab. */
const EVENT_TRIGGERS: Readonly<Record<string, () => InittabTrigger>> = {
  "control-alt-delete": () => "ctrlaltdel",
  "keyboard-request": () => "kbrequest",
  "power-status-changed": takePowerStatus,
};

/** So often it is told in a runlevel that a request is refused, or is none. */
const MAX_REFUSALS = 10;

/** The lines of inittab, from the boot to the last runlevel. */
export class InittabSequence implements Part<SavedInittab> {
  readonly #sequencer = new Sequencer();
  readonly #timers: Record<SequenceTimer, Deadline> = {
    kill: new Deadline(() => this.#take({ kind: "timer", timer: "kill" })),
    rest: new Deadline(() => this.#take({ kind: "timer", timer: "rest" })),
  };
  readonly #prompt = new RunlevelPrompt((text) => this.#take({ kind: "answer", text }));
  readonly #environment: SysvEnvironment;
  readonly #processes: EntryProcesses;
  readonly #fifo = new ControlFifo({
    requested: (requests) => this.#requested(requests),
    refused: (reason) => this.#refused(reason),
    failed: (reason) =>
      this.context.messages.logOnce("warn", `Failed to listen to SysV's clients: ${reason}`),
  });
  /** What was read before the boot. */
  readonly #first: Inittab | undefined;
  readonly #firstMessages: string[];
  /** True where the lines drive the boot. Without any but `initdefault` the jobs do, which follow the event `runlevel`. */
  drives: boolean;
  /** How many requests were refused in this runlevel. */
  #refusals = 0;
  /** It was told that there is no directory of files. */
  #isAbsenceTold = false;
  /** The runlevel that was asked for last, where the jobs drive the boot. */
  #plainLevel = "N";

  constructor(private readonly context: InittabContext) {
    this.#environment = new SysvEnvironment(context.boot);
    this.#processes = new EntryProcesses({
      init: context.init,
      messages: context.messages,
      environment: this.#environment,
      onEnd: (id) => this.#take({ kind: "ended", id }),
      levels: () => this.#sequencer,
      onSystemEnd: context.onSystemEnd,
    });
    context.init.directBy({
      forked: (job, pid) => this.#processes.forked(job, pid),
      remark: (job) => this.#remark(idOf(job) ?? ""),
    });
    const { inittab, messages } = readInittab();
    this.#first = inittab;
    this.#firstMessages = messages;
    this.drives = (inittab?.entries.length ?? 0) > 0;
  }

  /**
   * The boot by jobs that ship with init, where the lines do not drive it.
   * @param directories The machine's own directories of jobs
   * @param usual The first runlevel where nothing says one
   */
  shippedBoot(directories: readonly string[], usual?: string): ShippedBoot | undefined {
    if (this.drives) return undefined;
    return shippedBoot(directories, this.context.boot.runlevel ?? this.#first?.initdefault ?? usual);
  }

  /** Why a line has no process at present, as far as there is something to be said. */
  #remark(id: string): string {
    const rest = this.#sequencer.restOf(id, performance.now());
    const rests = rest > 0 ? `respawning too fast: the next try is in ${Math.ceil(rest / 1000)} s` : "";
    return [rests, this.#processes.remark(id)].filter(Boolean).join("; ");
  }

  /** Boots, where the lines drive it. */
  start(): void {
    const { messages, boot } = this.context;
    if (!this.drives) return this.#fifo.open();
    this.#follow();
    messages.logSysv(`version ${SYSVINIT_VERSION} booting`);
    // In an emergency the files may be mended first: they are read when it is over.
    if (!boot.emergency) this.#tell(this.#firstMessages);
    this.#fifo.open();
    const inittab = this.#first ?? { entries: [] };
    this.#processes.define(inittab.entries);
    this.#take({ kind: "boot", inittab, flags: boot });
  }

  /** Follows the ends of the processes. */
  #follow(): void {
    this.context.init.observe((notice) => this.#processes.noticed(notice), ["instance-removed"]);
  }

  /** Reads inittab anew (telinit(8), q). */
  reload(sleepTime = SLEEP_TIME): void {
    this.#fifo.open();
    if (!this.drives) return;
    this.#take({ kind: "reload", sleepTime });
  }

  /** Makes the control FIFO anew where it is gone. */
  openFifo(): void {
    this.#fifo.open();
  }

  /** Listens to no client any more, until {@link openFifo}. */
  closeFifo(): void {
    this.#fifo.close();
  }

  /** Enters a runlevel, as telinit(8) asks for it. */
  request(level: string, sleepTime = SLEEP_TIME): void {
    if (this.context.init.stopping) return this.#refused(`runlevel ${level} ignored: the system goes down`);
    if (!this.drives) return this.#requestPlain(level.toUpperCase());
    this.#take({ kind: "request", level, sleepTime });
  }

  /** Tells the jobs of a runlevel, and records it. */
  #requestPlain(level: string): void {
    if (level === "" || !RUNLEVELS.includes(level)) return;
    const previous = this.#plainLevel;
    this.#plainLevel = level;
    this.#refusals = 0;
    if (previous === "N") recordBoot();
    recordLevel(level, previous);
    this.#emitRunlevel(level, previous);
  }

  #emitRunlevel(level: string, previous: string): void {
    const environment = this.#environment.ofLevel(level, previous);
    this.context.init.handle({ kind: "event", event: RUNLEVEL_EVENT, environment });
  }

  /** Starts what stands in inittab for an event of init's own. False when nothing does. */
  takesEvent(event: string): boolean {
    const trigger = EVENT_TRIGGERS[event]?.();
    if (trigger === undefined || !this.drives || !this.#hasAction(trigger)) return false;
    this.#take({ kind: "trigger", trigger });
    return true;
  }

  /** True when a line has the action of a trigger, or of another of its kind. */
  #hasAction(trigger: InittabTrigger): boolean {
    const kind = (name: string | undefined) => name?.split("-")[0];
    return this.#sequencer.entries.some(({ entry: { action } }) => {
      const row = INITTAB_ACTIONS[action];
      return "trigger" in row && kind(row.trigger) === kind(trigger);
    });
  }

  close(): void {
    this.#fifo.close();
    this.#prompt.stop();
    for (const timer of Object.values(this.#timers)) timer.clear();
  }

  save(): SavedInittab {
    return {
      sequence: this.#sequencer.save(performance.now()),
      variables: this.#environment.variables,
      processes: this.#processes.save(),
      plainLevel: this.#plainLevel,
      timers: { kill: this.#timers.kill.save(), rest: this.#timers.rest.save() },
      drives: this.drives,
      fifo: this.#fifo.save(),
      asks: this.#prompt.isAsking,
      isAbsenceTold: this.#isAbsenceTold,
    };
  }

  descriptors(): number[] {
    return this.#fifo.descriptors();
  }

  /** To be called when the engine is restored. */
  restore(saved: SavedInittab): void {
    const { sequence, variables, processes, plainLevel, timers, drives, fifo, asks } = saved;
    this.#isAbsenceTold = saved.isAbsenceTold;
    this.#plainLevel = plainLevel;
    this.drives = drives;
    this.#sequencer.restore(sequence, performance.now());
    this.#environment.set(variables);
    if (drives) this.#follow();
    if (sequence.level !== "") showLevel(sequence.level);
    this.#processes.define(sequence.entries.map(({ entry }) => entry));
    this.#processes.restore(processes);
    this.#fifo.restore(fifo);
    if (asks) this.#prompt.ask();
    this.#timers.kill.restore(timers.kill);
    this.#timers.rest.restore(timers.rest);
  }

  /** Tells what there is to say of the files. That there is no directory of them is nothing new the second time. */
  #tell(messages: readonly string[]): void {
    const isNew = (message: string) => message !== NO_DIRECTORY || !this.#isAbsenceTold;
    for (const message of messages.filter(isNew)) this.context.messages.logSysv(message);
    this.#isAbsenceTold = messages.includes(NO_DIRECTORY);
  }

  /** Passes an input to the sequencer, and does what follows. */
  #take(input: SequenceInput): void {
    if (this.context.init.stopping) return;
    for (const effect of this.#sequencer.handle(input, performance.now())) {
      this.context.messages.attempt(`inittab's ${effect.kind}`, () => this.#perform(effect));
    }
  }

  #perform(effect: SequenceEffect): void {
    switch (effect.kind) {
      case "message":
        return this.context.messages.logSysv(effect.text);
      case "start":
        return this.#processes.start(effect.entry, effect.level, effect.previous);
      case "stop":
      case "kill":
        return this.#processes.stop(effect.id, effect.kind === "kill");
      case "timer": {
        const timer = this.#timers[effect.timer];
        return effect.delay === undefined ? timer.clear() : timer.set(effect.delay);
      }
      case "read":
        return this.#read();
      case "ask":
        return this.#prompt.ask();
      case "stop-asking":
        return this.#prompt.stop();
      case "booted":
        attempt(
          makeUtmp,
          (reason) => this.context.messages.log("warn", `Failed to make the file of logins: ${reason}`),
        );
        return recordBoot();
      case "level":
        return this.#levelChanged(effect);
    }
  }

  #levelChanged({ level, previous, isRecorded }: SequenceEffect & { kind: "level" }): void {
    this.#prompt.stop();
    this.#fifo.open();
    this.#refusals = 0;
    if (isRecorded) recordLevel(level, previous);
    showLevel(level);
    this.#emitRunlevel(level, previous);
  }

  #read(): void {
    const { inittab, messages } = readInittab();
    this.#tell(messages);
    if (inittab) this.#processes.define(inittab.entries);
    this.#take({ kind: "read", inittab });
  }

  /** Tells why a request is refused, but not without end. */
  #refused(reason: string): void {
    if (++this.#refusals <= MAX_REFUSALS) this.context.messages.logSysv(reason);
  }

  #restart(): void {
    this.context.init.restart().catch((error) => {
      if (error instanceof ControlError) this.#refused(error.message);
      else this.context.messages.fault("the restart of init", error);
    });
  }

  #requested(requests: readonly ControlRequest[]): void {
    let last = "";
    for (const request of requests) {
      const text = JSON.stringify(request);
      // Whoever asks for the same a hundred times gets it once.
      if (text !== last) this.#requestedOne(request);
      last = text;
    }
  }

  #requestedOne(request: ControlRequest): void {
    switch (request.command) {
      case "environment":
        return this.#environment.set(request.variables);
      case "runlevel": {
        const { runlevel, sleepTime } = request, letter = runlevel.toUpperCase();
        if (letter === "U") return this.#restart();
        if (letter === "Q") return this.reload(sleepTime);
        if (letter === "" || !(RUNLEVELS + DEMANDS).includes(letter)) {
          return this.#refused(`bad runlevel: ${letter}`);
        }
        return this.request(letter, sleepTime);
      }
      default:
        if (this.drives) return this.#take({ kind: "trigger", trigger: request.command });
        return this.context.init.handle({ kind: "event", event: "power-status-changed", environment: [] });
    }
  }
}

/** Shows the runlevel in ps(1). It is a help for those who look, no more. */
function showLevel(level: string): void {
  unlessRefused(() => setProcessTitle(`init [${level}]`), () => {});
}
