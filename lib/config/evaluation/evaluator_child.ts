/**
 * An evaluator child, as its parent sees it. The parent neither waits for it nor trusts it: a child that makes no progress
 * or breaks the protocol is killed, its output is checked and bounded, and no process that its modules have started
 * outlives it or this process.
 */

import { resolve } from "node:path";
import { SIGKILL } from "../../model/signals.ts";
import { PatientTimer } from "../../sys/io/patient_timer.ts";
import { close, O_RDWR, open, pipe } from "../../sys/io/descriptors.ts";
import { isShortage } from "../../sys/call/errno.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
import { isFault } from "../../sys/call/fault.ts";
import { killReachesOtherUsers } from "../../sys/spawn/confinement.ts";
import { kill } from "../../sys/process/processes.ts";
import { SINGLE_THREAD_FLAGS } from "../../sys/runtime/variables.ts";
import { explain, spawn, type SpawnDescription } from "../../sys/spawn/spawn.ts";
import { type DescriptorReader, readDescriptor } from "../../sys/io/streams.ts";
import type { EvaluatorOptions, ModuleOutcome } from "./evaluator.ts";
import { failureOf, INTERNAL_ERROR, lastWords, outcomeOf } from "./outcome.ts";
import { environmentOf, type ModuleOwner } from "./owner.ts";
import {
  COMPILED_IN,
  type ModuleReport,
  parseEvaluatorLine,
  REPORT_DESCRIPTOR,
} from "../../author/protocol.ts";

/** The longest line of the protocol, in characters. */
const LONGEST_LINE = 4 << 20;
/** How much of the modules' output is kept, in characters. */
const LONGEST_TAIL = 2048;
/** The most modules that a child is given, which keeps its arguments within the kernel's limit. */
const BATCH = 200;
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The part of its time limit after which a module no longer holds up others. So there are at most five children. */
const STUCK = 1 / 5;

/** How long a child may take until its first module begins, in ms: no module is at fault there, the machine is slow. */
const SLOWEST_START = 60_000;

/** The child's descriptor of the reading end of its confinement pipe (lib/sys/spawn/confinement.ts). */
const CONFINEMENT_DESCRIPTOR = REPORT_DESCRIPTOR + 1;

/**
 * A child that evaluates modules. It removes from `left` each module that it has settled, at least one. It also removes a
 * module that takes long, and leaves the following ones to another child.
 */
export class EvaluatorChild {
  /** The reason why no child could be started, when processes, memory or descriptors are short. Then nothing is settled. */
  readonly shortage: string | undefined;
  /** Resolves when it has ended. */
  readonly done: Promise<void>;
  /** Resolves when a module takes long. From then on this child only waits for that module. */
  readonly stuck: Promise<void>;
  #finish!: () => void;
  #leaveOthers!: () => void;
  #pid = 0;
  /** The writing end of the confinement pipe, or -1. */
  #confinement = -1;
  #readers: DescriptorReader[] = [];
  #deadline: PatientTimer | undefined;
  readonly #announced = new Set<string>();
  #current: string | undefined;
  #settled = 0;
  /** The pieces of a line that is not complete yet. */
  #line: string[] = [];
  /** Their length in all. */
  #length = 0;
  /** The end of the module's own output, which tells why a child died. */
  #tail = "";
  /** Output that is being taken in. */
  #arriving = "";
  #ending = false;
  readonly #decoder = new TextDecoder();
  /** The modules that this child has still to settle, by their absolute paths. */
  readonly #mine: Map<string, string>;

  /** @param owner the user as whom the child runs, when that is not this process's own. */
  constructor(
    private readonly options: EvaluatorOptions,
    private readonly owner: ModuleOwner | undefined,
    private readonly left: Set<string>,
    private readonly onOutcome: (outcome: ModuleOutcome) => void,
  ) {
    this.#mine = new Map([...left].slice(0, BATCH).map((module) => [absolute(module), module]));
    this.done = new Promise((resolve) => this.#finish = resolve);
    this.stuck = new Promise((resolve) => this.#leaveOthers = resolve);
    const opened: number[] = [];
    try {
      this.#start(opened);
    } catch (error) {
      const { message, code = "" } = error as NodeJS.ErrnoException;
      if (isFault(error)) {
        options.onFault?.(error);
        this.#failAll(INTERNAL_ERROR);
      } else if (isShortage(code)) this.shortage = message;
      else this.#failAll(`Module cannot be evaluated: ${message}`);
      this.#end();
    } finally {
      opened.forEach(close);
    }
  }

  /** Starts the process. Puts descriptors that only the child needs into `opened`. */
  #start(opened: number[]): void {
    const nothing = open("/dev/null", O_RDWR);
    opened.push(nothing);
    const report = this.#listen(opened, {
      onData: (bytes) => this.#read(bytes),
      onEnd: () => this.#giveUp("ended the evaluation before it was done"),
    });
    const printed = this.#listen(opened, { onData: (bytes) => this.#takeOutput(bytes), onEnd: () => {} });
    const confinement = pipe();
    opened.push(confinement.reader);
    this.#confinement = confinement.writer;
    const directories = this.options.directories.flatMap((directory) => ["--directory", absolute(directory)]);
    const { owner } = this;
    const description: SpawnDescription = {
      argv: [...this.options.command, ...directories, "--", ...this.#mine.keys()],
      environment: [
        ...this.options.environment ?? [`PATH=${PATH}`, ...environmentOf(owner?.uid)],
        ...SINGLE_THREAD_FLAGS,
      ],
      descriptors: {
        0: nothing,
        1: printed,
        2: printed,
        [REPORT_DESCRIPTOR]: report,
        [CONFINEMENT_DESCRIPTOR]: confinement.reader,
      },
      newSession: true,
      confinementPipe: CONFINEMENT_DESCRIPTOR,
      diesWithParent: owner !== undefined && !killReachesOtherUsers(),
      limit: { core: { soft: 0, hard: 0 } },
      chdir: "/",
      umask: 0o077,
      ...(owner && { ...owner, groups: [] }),
    };
    const { failed, pid } = spawn(description);
    if (failed?.fault !== undefined) throw failed.fault;
    if (failed) throw Object.assign(new Error(explain(failed)), { code: failed.code });
    this.#pid = pid;
    this.#wait();
  }

  /** Opens a pipe and reads from it. Returns its writing end, for the child. */
  #listen(opened: number[], events: { onData(bytes: Uint8Array): void; onEnd(): void }): number {
    const { reader, writer } = pipe();
    opened.push(writer);
    this.#readers.push(readDescriptor(reader, events));
    return writer;
  }

  #wait(): void {
    const { patience: limit = 5000 } = this.options;
    const patience = this.#announced.size === 0 ? Math.max(limit, SLOWEST_START) : limit;
    const giveUp = () => this.#giveUp(`did not end within ${patience / 1000} s`);
    this.#deadline?.cancel();
    this.#deadline = new PatientTimer(patience * STUCK, () => {
      this.#keepCurrent();
      this.#deadline = new PatientTimer(patience * (1 - STUCK), giveUp);
    });
  }

  /**
   * Leaves the other modules to another child, because the current one takes long. When there is no current module, the
   * child itself is slow to start, and another would not be faster. But when modules have been settled, unfinished work of
   * the last one keeps the next one from being begun: then this child ends.
   */
  #keepCurrent(): void {
    const module = this.#current === undefined ? undefined : this.#mine.get(this.#current);
    if (module === undefined) return this.#settled > 0 ? this.#end() : undefined;
    this.#mine.clear();
    this.#mine.set(this.#current!, module);
    this.left.delete(module);
    this.#leaveOthers();
  }

  #read(bytes: Uint8Array): void {
    const [more = "", ...lines] = this.#decoder.decode(bytes, { stream: true }).split("\n");
    this.#line.push(more);
    this.#length += more.length;
    for (const line of lines) {
      this.#takeLine(this.#line.join(""));
      this.#line = [line];
      this.#length = line.length;
    }
    if (this.#length > LONGEST_LINE) this.#giveUp("defines more than can be taken");
  }

  #takeOutput(bytes: Uint8Array): void {
    this.#arriving += new TextDecoder().decode(bytes);
    // The module was announced before it printed, so the announcement is read first.
    if (!this.#ending) this.#readers[0]?.drain();
    this.#tail = (this.#tail + this.#arriving).slice(-LONGEST_TAIL);
    this.#arriving = "";
  }

  /** Handles a line: the announcement of a module, once for each, or the report on the module announced last. */
  #takeLine(text: string): void {
    if (this.#ending) return;
    const line = text.length <= LONGEST_LINE ? parseEvaluatorLine(text) : undefined;
    if (
      line && "evaluating" in line && this.#mine.has(line.evaluating) && !this.#announced.has(line.evaluating)
    ) {
      this.#announced.add(line.evaluating);
      this.#current = line.evaluating;
      this.#tail = "";
    } else if (line && "module" in line && line.module === this.#current && this.#mine.has(line.module)) {
      this.#settle(line.module, this.#outcomeOf(line));
    } else return this.#giveUp("spoke out of turn to init");
    this.#wait();
    if (this.#mine.size === 0) this.#end();
  }

  /** The outcome of a report. Where init cannot tell by a fault of its own, the module counts as broken. */
  #outcomeOf(report: ModuleReport): ModuleOutcome {
    const module = this.#mine.get(report.module)!;
    try {
      return outcomeOf(report, module, this.owner);
    } catch (error) {
      this.options.onFault?.(error);
      return failureOf(module, INTERNAL_ERROR);
    }
  }

  #settle(path: string, outcome: ModuleOutcome): void {
    this.#settled++;
    this.#mine.delete(path);
    this.left.delete(outcome.module);
    this.onOutcome(outcome);
  }

  #giveUp(what: string): void {
    if (this.#ending) return;
    this.#ending = true;
    this.#readers[1]?.drain();
    const last = lastWords(this.#tail + this.#arriving);
    const why = last ? `${what}: ${last}` : what;
    const module = this.#current === undefined ? undefined : this.#mine.get(this.#current);
    if (module !== undefined) this.#settle(this.#current!, failureOf(module, `Module ${why}`));
    else if (this.#settled === 0) this.#failAll(`Module cannot be evaluated: the evaluator ${why}`);
    this.#end();
  }

  #failAll(reason: string): void {
    for (const [path, module] of [...this.#mine]) this.#settle(path, failureOf(module, reason));
  }

  /** Kills the child at once with all processes of its modules. No further outcomes follow. */
  close(): void {
    if (!this.#ending) this.#end();
  }

  #end(): void {
    this.#ending = true;
    this.#deadline?.cancel();
    for (const reader of this.#readers) reader.close();
    if (this.#pid > 0) killGroup(this.#pid);
    this.#pid = 0;
    if (this.#confinement >= 0) close(this.#confinement);
    this.#confinement = -1;
    this.#finish();
  }
}

/** Kills a child with all processes that its modules have started: none of them can have left its process group. */
function killGroup(leader: number): void {
  // The group may have no process left. A confined process gains no privileges that would forbid the signal.
  ifAllowed(() => kill(-leader, SIGKILL));
}

function absolute(path: string): string {
  return path.startsWith(COMPILED_IN) ? path : resolve(path);
}
