/** The processes of inittab's lines: the engine's jobs run them, but for the lines of `rc`, which init carries out itself. */

import { ControlError } from "../../control/supervisor.ts";
import type { DefinitionChange } from "../../engine/effects.ts";
import type { Notice } from "../../model/requests.ts";
import { describeEnd, type Exit } from "../../model/exit.ts";
import type { InittabEntry } from "../../model/sysv/inittab.ts";
import { goesDown } from "../../model/sysv/runlevels.ts";
import { recordEnd, recordStart } from "../../sys/utmp/process_records.ts";
import type { Messages } from "../logs/messages.ts";
import type { Part } from "../parts/part.ts";
import type { RunningInit } from "../running.ts";
import { beginChange, type LevelProgress, ScriptLevels } from "../sysv/script_levels.ts";
import { entryJob, type EntrySurroundings, idOf, jobNameOf, surroundings } from "./entry_job.ts";
import { isWayDown, rcLevel } from "./native_rc.ts";
import type { SysvEnvironment } from "./sysv_environment.ts";

/** What is saved of {@link EntryProcesses}, by the IDs of lines: processes that have a record, and changes of the runlevel. */
export interface SavedProcesses {
  recorded: Array<[id: string, pid: number]>;
  changes: Array<[id: string, change: LevelProgress]>;
  /** How the last process of each line has ended. */
  exits: Array<[id: string, exit: Exit]>;
}

/** What {@link EntryProcesses} is given. */
interface EntryProcessesContext {
  init: RunningInit;
  messages: Messages;
  environment: SysvEnvironment;
  /** Called when what was started has ended, or could not be started. */
  onEnd(id: string): void;
  /** The present runlevel, and the one before. */
  levels(): { level: string; previous: string };
  /** Called when the services of the runlevel 0 or 6 are stopped, and it is for init to end the system. */
  onSystemEnd(environment: string[]): void;
}

/** A job that was defined for a line. */
interface DefinedEntry {
  entry: InittabEntry;
  surroundings: EntrySurroundings;
  /** The runlevel of a line of rc. */
  rc?: string | undefined;
}

/** What the lines have running. Each is known by its ID. */
export class EntryProcesses implements Part<SavedProcesses> {
  readonly #scripts: ScriptLevels;
  readonly #defined = new Map<string, DefinedEntry>();
  /** The changes of the runlevel that init carries out for a line. */
  readonly #changes = new Map<string, LevelProgress>();
  readonly #recorded = new Map<string, number>();
  /** How the last process of each line has ended. */
  readonly #exits = new Map<string, Exit>();
  #surroundings: EntrySurroundings = { console: "none", hasInitscript: false };

  constructor(private readonly context: EntryProcessesContext) {
    this.#scripts = new ScriptLevels(context.init);
  }

  save(): SavedProcesses {
    return { recorded: [...this.#recorded], changes: [...this.#changes], exits: [...this.#exits] };
  }

  /** To be called when the engine and its requests are restored. */
  restore({ recorded, changes, exits }: SavedProcesses): void {
    for (const [id, exit] of exits) this.#exits.set(id, exit);
    for (const [id, pid] of recorded) this.#recorded.set(id, pid);
    for (const [id, change] of changes) this.#enterLevel(id, change);
  }

  /** Defines the jobs of lines, and removes those of lines that are gone. */
  define(entries: readonly InittabEntry[]): void {
    this.#surroundings = surroundings();
    const gone = new Set(this.#defined.keys());
    for (const { id } of entries) gone.delete(id);
    const changes: DefinitionChange[] = entries.flatMap((entry) => this.#changeOf(entry));
    for (const id of gone) {
      this.#defined.delete(id);
      this.#exits.delete(id);
      changes.push({ name: jobNameOf(id), definition: undefined });
    }
    if (changes.length > 0) this.context.init.handle({ kind: "definitions", changes });
  }

  /** The change that defines the job of a line; none when it is defined like that. */
  #changeOf(entry: InittabEntry): DefinitionChange[] {
    const rc = rcLevel(entry.process), { id } = entry;
    const defined: DefinedEntry = { entry, surroundings: this.#surroundings, rc };
    if (JSON.stringify(this.#defined.get(id)) === JSON.stringify(defined)) return [];
    this.#defined.set(id, defined);
    return [{ name: jobNameOf(id), definition: entryJob(entry, this.#surroundings, rc) }];
  }

  /** Starts what a line says. */
  start(entry: InittabEntry, level: string, previous: string): void {
    const { init } = this.context, { id } = entry;
    const changes = this.#changeOf(entry);
    if (changes.length > 0) init.handle({ kind: "definitions", changes });
    const rc = this.#defined.get(id)?.rc;
    if (rc !== undefined) return this.#enterLevel(id, beginChange(rc, previous));
    // A shell or a getty on the console has the last word there.
    init.showPrinted();
    const environment = this.context.environment.ofProcess(level, previous);
    this.#ask({ kind: "start", job: jobNameOf(id), environment, wait: false }, (error) => {
      if (error.errorName === "AlreadyStarted") return;
      this.context.messages.log("warn", `Failed to start ${jobNameOf(id)}: ${error.message}`);
      this.context.onEnd(id);
    });
  }

  /** Has init itself stop and start the services of a runlevel. */
  #enterLevel(id: string, change: LevelProgress): void {
    this.#changes.set(id, change);
    const done = () => {
      // Somebody may have stopped it, and started it again.
      if (this.#changes.get(id) !== change) return;
      this.#changes.delete(id);
      const { level, previous } = change;
      if (goesDown(level)) {
        this.context.onSystemEnd(this.context.environment.ofLevel(level, previous));
      }
      this.context.onEnd(id);
    };
    Promise.try(() => this.#scripts.carryOn(Object.assign(change, { isShown: true }))).then(done, (error) => {
      this.context.messages.fault("the change of the runlevel", error);
      done();
    });
  }

  /** Asks what a line has running to end, or with `force` ends it. */
  stop(id: string, force: boolean): void {
    const change = this.#changes.get(id);
    if (change) {
      this.#changes.delete(id);
      this.#scripts.cancel(change);
      return void setImmediate(() => this.context.onEnd(id));
    }
    // As SysV's init does: once when it is asked to end, and once when it has.
    const pid = this.#recorded.get(id);
    if (pid !== undefined && !force) recordEnd({ id, pid }, {});
    const request = { kind: "stop" as const, job: jobNameOf(id), environment: [], wait: false, force };
    this.#ask(request, (error) => {
      if (error.errorName !== "AlreadyStopped") this.context.onEnd(id);
    });
  }

  /** Makes a request of the engine. What it refuses is told later, when the present effects are done. */
  #ask(request: Parameters<RunningInit["request"]>[0], onRefusal: (error: ControlError) => void): void {
    Promise.try(() => this.context.init.request(request)).catch((error) => {
      if (error instanceof ControlError) onRefusal(error);
      else this.context.messages.fault("a request of inittab's", error);
    });
  }

  /** What init does for a line of rc, or how the last process of a line has ended; empty where there was none. */
  remark(id: string): string {
    const change = this.#changes.get(id), exit = this.#exits.get(id);
    if (change) return `init itself carries out the runlevel ${change.level} for it`;
    return exit ? `its last process ${describeEnd(exit)}` : "";
  }

  /** Takes what the engine tells of its jobs. */
  noticed(notice: Notice): void {
    if (notice.kind !== "instance-removed") return;
    const id = idOf(notice.job);
    if (id === undefined) return;
    const { exit } = notice, pid = this.#recorded.get(id);
    if (pid !== undefined) recordEnd({ id, pid }, exit);
    this.#recorded.delete(id);
    this.#exits.set(id, exit);
    // Of a line of rc, somebody has started the job by hand.
    if (this.#changes.has(id)) return;
    if (this.#isEndOfWayDown(id)) {
      const { level, previous } = this.context.levels();
      this.context.onSystemEnd(this.context.environment.ofLevel(level, previous));
    }
    this.context.onEnd(id);
  }

  /** True for a line of OpenRC's that has stopped all services, and that no line comes after to halt the machine. */
  #isEndOfWayDown(id: string): boolean {
    const { level } = this.context.levels(), process = this.#defined.get(id)?.entry.process;
    if (process === undefined || !goesDown(level) || !isWayDown(process)) return false;
    const ids = [...this.#defined.keys()];
    return !ids.slice(ids.indexOf(id) + 1).some((one) =>
      this.#defined.get(one)!.entry.levels.includes(level)
    );
  }

  /**
   * Records a process of a line's before it does anything: a getty looks for the record of its number, and adds one of its
   * own where there is none.
   */
  forked(job: string, pid: number): void {
    const id = idOf(job);
    if (id === undefined || !this.#defined.get(id)?.entry.isRecorded) return;
    this.#recorded.set(id, pid);
    recordStart({ id, pid });
  }
}
