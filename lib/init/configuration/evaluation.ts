/**
 * Having job modules evaluated by short-lived children of this executable, each module as the user who owns
 * it, so that what root's init reads runs no one else's code as root. Nothing here waits or trusts: a child
 * that makes no progress is killed with its process group, what it prints is checked and bounded.
 */

import * as fs from "node:fs";
import { resolve } from "node:path";
import { COMPILED_IN, type ModuleReport, parseEvaluatorLine } from "../../author/protocol.ts";
import type { JobDefinition } from "../../model/job.ts";
import { SIGKILL } from "../../model/signals.ts";
import { validateJob, withSources } from "../../model/validate.ts";
import { close, O_RDWR, open, pipe } from "../../sys/descriptors.ts";
import { kill } from "../../sys/processes.ts";
import { spawn, type SpawnDescription } from "../../sys/spawn.ts";
import { type DescriptorReader, readDescriptor } from "../../sys/streams.ts";
import type { Report } from "./report.ts";

/** What became of a module: the jobs that it defines, or what is wrong with it. */
export type ModuleOutcome =
  & {
    module: string;
    /** Absolute paths of the local modules that it imports, as far as known. */
    imports: string[];
  }
  & ({ jobs: JobDefinition[]; report?: undefined } | { jobs?: undefined; report: Report });

/** Evaluates modules, tells the outcome of each as it is known, and resolves after the last. Never rejects. */
export type Evaluate = (modules: string[], onOutcome: (outcome: ModuleOutcome) => void) => Promise<void>;

/** How modules are evaluated. */
export interface EvaluatorOptions {
  /** The command that runs the program `evaluate` of this executable, without its arguments. */
  command: readonly string[];
  /** The configuration directories, which decide the jobs' names. */
  directories: readonly string[];
  /** `KEY=VALUE` strings: all that the child gets. Default: a PATH. */
  environment?: readonly string[];
  /** How long a child may go without progress, in milliseconds. Default 5,000. */
  patience?: number;
}

const LONGEST_LINE = 4 << 20;
const LONGEST_TAIL = 2048;
const MOST_IMPORTS = 1000;
/** Modules that one child is given at most; keeps its arguments within what the kernel takes. */
const BATCH = 200;
const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** After what part of its time a module no longer holds up others. So there are five children at most. */
const STUCK = 1 / 5;

interface Owner {
  uid: number;
  gid: number;
}

/** An {@link Evaluate} that has modules evaluated by children. */
export function evaluator(options: EvaluatorOptions): Evaluate {
  return async (modules, onOutcome) => {
    const batches = Map.groupBy(modules, ownerOf);
    const children: Child[] = [];
    for (const [owner, batch] of batches) {
      const left = new Set(batch);
      while (left.size > 0) {
        const child = new Child(options, owner, left, onOutcome);
        children.push(child);
        await Promise.race([child.done, child.stuck]);
      }
    }
    await Promise.all(children.map(({ done }) => done));
  };
}

const owners = new Map<string, Owner>();

/** Whom to evaluate a module as: its owner where init is root, and undefined for init's own user. */
function ownerOf(module: string): Owner | undefined {
  if (process.geteuid?.() !== 0 || module.startsWith(COMPILED_IN)) return undefined;
  const status = fs.statSync(module, { throwIfNoEntry: false });
  if (!status || status.uid === 0) return undefined;
  const key = `${status.uid}:${status.gid}`;
  const owner = owners.get(key) ?? { uid: status.uid, gid: status.gid };
  owners.set(key, owner);
  return owner;
}

/**
 * One evaluator child. It takes from `left` each module that it has settled, at least one. A module that takes long it
 * takes too, and leaves those behind to another child.
 */
class Child {
  /** Resolves when it has ended. */
  readonly done: Promise<void>;
  /** Resolves when a module takes long, which is all that is waited for from then on. */
  readonly stuck: Promise<void>;
  #finish!: () => void;
  #leaveOthers!: () => void;
  #pid = 0;
  #readers: DescriptorReader[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly #announced = new Set<string>();
  #current: string | undefined;
  #settled = 0;
  #line = "";
  /** The end of what the module printed itself; tells why a child died. */
  #tail = "";
  #arriving = "";
  #ending = false;
  readonly #decoder = new TextDecoder();
  /** The modules given to this child and not settled yet, by their absolute paths. */
  readonly #mine: Map<string, string>;

  constructor(
    private readonly options: EvaluatorOptions,
    owner: Owner | undefined,
    private readonly left: Set<string>,
    private readonly onOutcome: (outcome: ModuleOutcome) => void,
  ) {
    this.#mine = new Map([...left].slice(0, BATCH).map((module) => [absolute(module), module]));
    this.done = new Promise((resolve) => this.#finish = resolve);
    this.stuck = new Promise((resolve) => this.#leaveOthers = resolve);
    try {
      this.#start(owner);
    } catch (error) {
      this.#failAll(`Module cannot be evaluated: ${(error as Error).message}`);
      this.#end();
    }
  }

  #start(owner: Owner | undefined): void {
    const nothing = open("/dev/null", O_RDWR), report = pipe(), printed = pipe();
    const directories = this.options.directories.flatMap((directory) => ["--directory", absolute(directory)]);
    const description: SpawnDescription = {
      argv: [...this.options.command, ...directories, "--", ...this.#mine.keys()],
      environment: [...this.options.environment ?? [`PATH=${PATH}`]],
      descriptors: { 0: nothing, 1: report.writer, 2: printed.writer },
      newSession: true,
      limit: { core: { soft: 0, hard: 0 } },
      chdir: "/",
      umask: 0o077,
      ...(owner && { uid: owner.uid, gid: owner.gid, groups: [] }),
    };
    const result = spawn(description);
    for (const descriptor of [nothing, report.writer, printed.writer]) close(descriptor);
    this.#readers = [
      readDescriptor(report.reader, {
        onData: (bytes) => this.#read(bytes),
        onEnd: () => this.#giveUp("ended the evaluation before it was done"),
      }),
      readDescriptor(printed.reader, {
        onData: (bytes) => this.#hear(bytes),
        onEnd: () => {},
      }),
    ];
    if (result.failed) throw new Error(result.failed.message);
    this.#pid = result.pid;
    this.#wait();
  }

  #wait(): void {
    const { patience = 5000 } = this.options;
    const giveUp = () => this.#giveUp(`did not end within ${patience / 1000} s`);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#keepCurrent();
      this.#timer = setTimeout(giveUp, patience * (1 - STUCK));
    }, patience * STUCK);
  }

  /** While there is none, it is the child itself that is slow, and another one would not be faster. */
  #keepCurrent(): void {
    const module = this.#current === undefined ? undefined : this.#mine.get(this.#current);
    if (module === undefined) return;
    this.#mine.clear();
    this.#mine.set(this.#current!, module);
    this.left.delete(module);
    this.#leaveOthers();
  }

  #read(bytes: Uint8Array): void {
    const lines = (this.#line + this.#decoder.decode(bytes, { stream: true })).split("\n");
    this.#line = lines.pop()!;
    for (const line of lines) this.#take(line);
    if (this.#line.length > LONGEST_LINE) this.#giveUp("defines more than can be taken");
  }

  #hear(bytes: Uint8Array): void {
    this.#arriving += new TextDecoder().decode(bytes);
    // The module was announced before it printed: what says so is taken first.
    if (!this.#ending) this.#readers[0]?.drain();
    this.#tail = (this.#tail + this.#arriving).slice(-LONGEST_TAIL);
    this.#arriving = "";
  }

  #take(text: string): void {
    const line = text.length <= LONGEST_LINE ? parseEvaluatorLine(text) : undefined;
    if (!line || this.#ending) return;
    if ("evaluating" in line) {
      // Each once, or a module could announce for ever and never be given up.
      if (!this.#mine.has(line.evaluating) || this.#announced.has(line.evaluating)) return;
      this.#announced.add(line.evaluating);
      this.#current = line.evaluating;
      this.#tail = "";
    } else if (this.#mine.has(line.module)) {
      this.#settle(line.module, outcome(line, this.#mine.get(line.module)!));
    } else return;
    this.#wait();
    if (this.#mine.size === 0) this.#end();
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
    if (module !== undefined) this.#settle(this.#current!, broken(module, `Module ${why}`));
    else if (this.#settled === 0) this.#failAll(`Module cannot be evaluated: the evaluator ${why}`);
    this.#end();
  }

  #failAll(reason: string): void {
    for (const [path, module] of [...this.#mine]) this.#settle(path, broken(module, reason));
  }

  #end(): void {
    this.#ending = true;
    clearTimeout(this.#timer);
    for (const reader of this.#readers) reader.close();
    if (this.#pid > 0) killGroup(this.#pid);
    this.#pid = 0;
    this.#finish();
  }
}

/** Kills a child, which leads a session of its own, with whatever the module started there. */
function killGroup(leader: number): void {
  try {
    kill(-leader, SIGKILL);
  } catch {
    // What is left of it runs as somebody else by now, and is out of reach.
  }
}

function absolute(path: string): string {
  return path.startsWith(COMPILED_IN) ? path : resolve(path);
}

function broken(module: string, reason: string): ModuleOutcome {
  return { module, imports: [], report: { file: module, reason } };
}

/** A child's report on a module in a form that can be relied on. */
function outcome(line: ModuleReport, module: string): ModuleOutcome {
  const imports = line.imports.filter((path) => typeof path === "string" && path.startsWith("/"));
  const shared = { module, imports: imports.slice(0, MOST_IMPORTS) };
  if ("error" in line) return { ...shared, report: errorReport(line, module) };
  try {
    const { sources } = line;
    const jobs = line.jobs.map(validateJob).map((job) =>
      sources && hasFunctions(job) ? withSources(job, sources) : job
    );
    return { ...shared, jobs };
  } catch (error) {
    return { ...shared, report: { file: module, reason: (error as Error).message } };
  }
}

/** True for a job whose functions are to be what they are now. */
function hasFunctions({ processes }: JobDefinition): boolean {
  return Object.values(processes).some(({ kind }) => kind === "function");
}

function errorReport(report: ModuleReport & { error: unknown }, module: string): Report {
  const { file, line, column, reason } = report.error as Record<string, unknown>;
  return {
    file: typeof file === "string" && file !== "" && file !== report.module ? printable(file) : module,
    ...(typeof line === "number" && { line }),
    ...(typeof column === "number" && { column }),
    reason: typeof reason === "string" ? printable(reason) : "Module cannot be evaluated",
  };
}

/** The last line that a module printed, other than those of a stack trace. */
function lastWords(text: string): string | undefined {
  return text.split("\n").map((line) => printable(line).trimEnd())
    .findLast((line) => line !== "" && !/^\s*at /.test(line));
}

/** Text from a child in a form that cannot play tricks on a terminal or a log. */
function printable(text: string): string {
  // deno-lint-ignore no-control-regex
  const [colours, controls] = [/\x1b\[[0-9;]*m/g, /[\x00-\x1f\x7f]+/g];
  return text.slice(0, 2000).replace(colours, "").replace(controls, " ");
}
