/** A test bench: an engine in virtual time, whose processes are made up. */

import { type Duration, milliseconds } from "../../model/duration.ts";
import { Environment, environment, pairs } from "../../model/environment.ts";
import type { Exit } from "../../model/exit.ts";
import type { InstanceProcess, JobDefinition } from "../../model/job.ts";
import { SIGKILL, type SignalName, signalName, signalNumber, SIGSTOP } from "../../model/signals.ts";
import type { Effect, Input, Notice, Request } from "../effects.ts";
import { Engine } from "../engine.ts";

/** Variables by their names: those of an event, of a request, or a process's environment. */
export type Variables = Record<string, string>;

/**
 * What a made-up process does: it `stays` until it is told to end, and then ends by the signal it got; it is
 * `stubborn` and ends by SIGKILL alone; it ends by itself, at once or `after` some time; or it cannot even be spawned, for a reason.
 */
export type Behaviour = "stays" | "stubborn" | (End & { after?: Duration }) | { spawnFails: string };

/** How a process ends: with an exit status, or by a signal, which is named without `SIG` or given as a number, maybe with a core dump. */
export type End = { status: number } | { signal: SignalName | number; core?: boolean };

/** What became of a request. It fills in as the answer comes, maybe only once time has gone by. */
export class Reply {
  /** Undefined as long as there is no answer, as when `start` waits; `done`, or the error's message. */
  outcome: string | undefined;
  /** The name of the error, such as `JobFailed`. */
  error: string | undefined;
  /** The name of the instance that the request was about. */
  instance: string | undefined;
}

/** A process that runs, as the bench has made it up. */
export interface Running {
  job: string;
  instance: string;
  process: InstanceProcess;
  behaviour: Behaviour;
}

/** Which process of a job is meant. */
export interface Which {
  /** The main process is the default. */
  process?: InstanceProcess;
  /** The instance's name; that of a job with a single instance is empty, which is the default. */
  instance?: string;
}

/** More about a request. */
export interface Options {
  /** False: the answer comes at once, as with `--no-wait`. */
  wait?: boolean;
}

const FIRST_PID = 1000;
/** More than may follow from one call. */
const MOST_INPUTS = 10_000;

/**
 * An engine with jobs, driven in virtual time. Hooks succeed at once and main processes stay, unless
 * {@link Bench.behave} says otherwise. After each call everything that follows from it has happened.
 *
 * `Reference` is what stands for a job: its name, or more where `nameOf` knows more.
 */
export class Bench<Reference = string> {
  /** The engine itself, for its own tests. */
  readonly engine: Engine;
  /** The virtual time, in ms; it begins with 0. */
  now = 0;
  /** All that happened, one line each: states, events, processes, signals. */
  readonly trace: string[] = [];
  /** What the engine told init's log, such as `web main process (1001) terminated with status 1`. */
  readonly log: string[] = [];
  /** The processes that run, by their numbers. */
  readonly running: Map<number, Running> = new Map();
  readonly #nameOf: (job: Reference) => string;
  readonly #behaviours = new Map<string, Behaviour[]>();
  readonly #environments = new Map<string, Variables>();
  readonly #timers = new Map<number, number>();
  /** What will happen by itself, by time. */
  readonly #coming: Array<{ at: number; input: Input }> = [];
  readonly #replies = new Map<number, Reply>();
  readonly #inputs: Input[] = [];
  #lastPid = FIRST_PID;

  /**
   * @param jobs The jobs to begin with.
   * @param initEnvironment Init's own environment.
   * @param nameOf The name of the job that is referred to.
   */
  constructor(
    jobs: JobDefinition[] = [],
    initEnvironment: Variables = {},
    nameOf: (job: Reference) => string = String,
  ) {
    this.engine = new Engine(new Map(), new Map(Object.entries(initEnvironment)));
    this.#nameOf = nameOf;
    this.define(...jobs);
  }

  /** Puts definitions in force. */
  define(...jobs: JobDefinition[]): void {
    this.#do({
      kind: "definitions",
      changes: jobs.map((definition) => ({ name: definition.name, definition })),
    });
  }

  /** Removes jobs, as when their files are deleted. */
  remove(...jobs: Reference[]): void {
    const changes = jobs.map((job) => ({ name: this.#nameOf(job), definition: undefined }));
    this.#do({ kind: "definitions", changes });
  }

  /**
   * Says what a process does from its next run on; of several behaviours one a run, the last for all others:
   * `behave("web", "main", { status: 1 }, "stays")` ends once and then stays.
   */
  behave(job: Reference, process: InstanceProcess, ...behaviours: Behaviour[]): void {
    this.#behaviours.set(`${this.#nameOf(job)} ${process}`, behaviours);
  }

  /** Starts a job as `start JOB KEY=VALUE…` does. */
  start(job: Reference, variables: Variables = {}, options: Options = {}): Reply {
    return this.#ask({ kind: "start", job: this.#nameOf(job), ...asked(variables, options) });
  }

  /** Stops a job as `stop JOB KEY=VALUE…` does. */
  stop(job: Reference, variables: Variables = {}, options: Options = {}): Reply {
    return this.#ask({ kind: "stop", job: this.#nameOf(job), ...asked(variables, options) });
  }

  /** Restarts a job as `restart JOB KEY=VALUE…` does. */
  restart(job: Reference, variables: Variables = {}, options: Options = {}): Reply {
    return this.#ask({ kind: "restart", job: this.#nameOf(job), ...asked(variables, options) });
  }

  /**
   * What a command without arguments asks for from within a job's process; `stop` from a pre-start and
   * `start` from a pre-stop are what `cancel()` does in functions.
   */
  fromWithin(kind: "start" | "stop" | "restart", job: Reference, instance = ""): Reply {
    return this.#ask({ kind, job: this.#nameOf(job), instance, wait: false });
  }

  /** Emits an event as `initctl emit EVENT KEY=VALUE…` does. */
  emit(event: string, variables: Variables = {}, options: Options = {}): Reply {
    return this.#ask({ kind: "emit", event, ...asked(variables, options) });
  }

  /** Any request, as it is. */
  request(what: Request): Reply {
    return this.#ask(what);
  }

  /** An event of init's own, such as `startup`. */
  event(event: string, variables: Variables = {}): void {
    this.#do({ kind: "event", event, environment: pairs(new Environment(Object.entries(variables))) });
  }

  /** Stops all jobs, as when init is told to end: at once, or in the order that their conditions imply. */
  stopAll(inOrder = false): void {
    this.#do({ kind: "stop-all", inOrder });
  }

  /** Ends a process. Throws when it does not run. */
  exit(job: Reference, end: End = { status: 0 }, which: Which = {}): void {
    const pid = this.pid(job, which);
    this.#do({ kind: "exited", pid, exit: exitOf(end) });
  }

  /** Main forks and exits; where the engine follows, the child is told of. Returns the child's pid. */
  fork(job: Reference, which: Which = {}): number {
    const pid = this.pid(job, which);
    const parent = this.running.get(pid)!;
    const child = ++this.#lastPid;
    const follows = this.engine.follows(pid, this.now);
    if (follows) this.running.set(child, parent);
    this.#do({
      kind: "exited",
      pid,
      exit: { status: 0 },
      ...(follows && { successor: { pid: child, forks: 1 } }),
    });
    return child;
  }

  /** A process stops itself, as one does that is ready and whose job says `expect stop`. */
  raise(job: Reference, signal: number = SIGSTOP, which: Which = {}): void {
    this.#do({ kind: "stopped", pid: this.pid(job, which), signal });
  }

  /** Lets time go by; all that happens by itself meanwhile happens in its order. */
  advance(duration: Duration): void {
    const end = this.now + milliseconds(duration);
    for (;;) {
      const next = this.#coming.reduce<number | undefined>(
        (best, { at }, index) =>
          at <= end && (best === undefined || at < this.#coming[best]!.at) ? index : best,
        undefined,
      );
      if (next === undefined) break;
      const [{ at, input }] = this.#coming.splice(next, 1) as [{ at: number; input: Input }];
      this.now = Math.max(this.now, at);
      if (input.kind === "timer" && !this.#timers.delete(input.timer)) continue;
      if (input.kind === "exited" && !this.running.has(input.pid)) continue;
      this.#do(input);
    }
    this.now = end;
  }

  /** `GOAL/STATE` as `status` shows it, e.g. `start/running`; `stop/waiting` for what does not exist. */
  state(job: Reference, instance = ""): string {
    const found = this.#instance(job, instance);
    return found ? `${found.goal}/${found.state}` : "stop/waiting";
  }

  /** The names of the instances that a job has at present. */
  instances(job: Reference): string[] {
    return [...this.engine.jobs.get(this.#nameOf(job))?.instances.keys() ?? []];
  }

  /** The number of a running process; throws when there is none. */
  pid(job: Reference, { process = "main", instance = "" }: Which = {}): number {
    const pid = this.#instance(job, instance)?.pids.get(process);
    if (pid === undefined) {
      throw new Error(`${display(this.#nameOf(job), instance)} has no ${process} process that runs`);
    }
    return pid;
  }

  /** True while the process runs. */
  runs(job: Reference, { process = "main", instance = "" }: Which = {}): boolean {
    return this.#instance(job, instance)?.pids.has(process) ?? false;
  }

  /** The environment that a job's process was last spawned with; empty when it never was. */
  environment(job: Reference, process: InstanceProcess = "main"): Variables {
    return this.#environments.get(`${this.#nameOf(job)} ${process}`) ?? {};
  }

  /** The lines of the trace that a pattern matches. */
  traced(pattern: RegExp): string[] {
    return this.trace.filter((line) => pattern.test(line));
  }

  /** The states that a job's instances have been through. */
  states(job: Reference): string[] {
    const name = this.#nameOf(job);
    return this.traced(/ -> /)
      .filter((line) => line.startsWith(`${name} -> `) || line.startsWith(`${name} (`))
      .map((line) => line.replace(/^.*-> /, ""));
  }

  /** The events that have been dealt with, as `NAME KEY=VALUE …`: all, or those whose name is this or matches. */
  events(name: string | RegExp = /^/): string[] {
    const wanted = (event: string) => typeof name === "string" ? event === name : name.test(event);
    return this.traced(/^event /)
      .map((line) => line.slice("event ".length))
      .filter((line) => wanted(line.split(" ")[0]!));
  }

  /** How many timers are set. */
  get timers(): number {
    return this.#timers.size;
  }

  #instance(job: Reference, instance: string) {
    return this.engine.jobs.get(this.#nameOf(job))?.instances.get(instance);
  }

  #ask(what: Request): Reply {
    const request = this.#replies.size + 1;
    const reply = new Reply();
    this.#replies.set(request, reply);
    this.#do({ kind: "request", request, what });
    return reply;
  }

  #do(input: Input): void {
    this.#inputs.push(input);
    let count = 0;
    for (let next = this.#inputs.shift(); next; next = this.#inputs.shift()) {
      if (++count > MOST_INPUTS) throw new Error("jobs go on for ever without any time going by");
      if (next.kind === "exited") this.#ended(next.pid, next.exit);
      for (const effect of this.engine.handle(next, this.now)) this.#take(effect);
    }
  }

  #ended(pid: number, exit: Exit): void {
    const { job, instance, process } = this.running.get(pid)!;
    this.running.delete(pid);
    const how = "status" in exit ? String(exit.status) : signalName(exit.signal) ?? String(exit.signal);
    this.trace.push(`${display(job, instance)} ${process} ends ${how}`);
  }

  #take(effect: Effect): void {
    switch (effect.kind) {
      case "spawn":
        return this.#spawn(effect);
      case "kill":
        return this.#kill(effect.pid, effect.signal);
      case "set-timer":
        return this.#setTimer(effect.timer, effect.delay);
      case "clear-timer":
        this.#timers.delete(effect.timer);
        return;
      case "answer":
        return this.#answer(effect);
      case "log":
        this.log.push(effect.message);
        return;
      case "notice":
        return this.#notice(effect.notice);
    }
  }

  /** A timer takes a millisecond at least, so that time goes on whatever jobs do. */
  #setTimer(timer: number, delay: number): void {
    const at = this.now + Math.max(delay, 1);
    this.#timers.set(timer, at);
    this.#coming.push({ at, input: { kind: "timer", timer } });
  }

  #spawn(effect: Effect & { kind: "spawn" }): void {
    const { spawn, instance, process } = effect;
    const job = effect.definition.name;
    const variables = Object.fromEntries(environment(effect.environment));
    this.#environments.set(`${job} ${process}`, variables);
    const behaviour = this.#nextBehaviour(job, process);
    if (typeof behaviour === "object" && "spawnFails" in behaviour) {
      this.trace.push(`${display(job, instance)} ${process} fails to spawn`);
      this.#inputs.push({ kind: "spawn-failed", spawn, reason: behaviour.spawnFails });
      return;
    }
    const pid = ++this.#lastPid;
    this.running.set(pid, { job, instance, process, behaviour });
    this.trace.push(`${display(job, instance)} ${process} runs`);
    this.#inputs.push({ kind: "spawned", spawn, pid });
    if (typeof behaviour === "string") return;
    const { after, ...end } = behaviour;
    const input: Input = { kind: "exited", pid, exit: exitOf(end) };
    if (after === undefined) this.#inputs.push(input);
    else this.#coming.push({ at: this.now + milliseconds(after), input });
  }

  #nextBehaviour(job: string, process: InstanceProcess): Behaviour {
    const behaviours = this.#behaviours.get(`${job} ${process}`);
    const next = behaviours && behaviours.length > 1 ? behaviours.shift() : behaviours?.[0];
    return next ?? (process === "main" ? "stays" : { status: 0 });
  }

  #kill(pid: number, signal: number): void {
    const running = this.running.get(pid);
    if (!running) throw new Error(`signal ${signal} for process ${pid}, which does not run`);
    const { job, instance, process, behaviour } = running;
    this.trace.push(`${display(job, instance)} ${process} gets ${signalName(signal) ?? signal}`);
    const ends = behaviour === "stubborn" ? signal === SIGKILL : signalName(signal) !== "CONT";
    if (ends) this.#inputs.push({ kind: "exited", pid, exit: { signal } });
  }

  #answer(effect: Effect & { kind: "answer" }): void {
    const reply = this.#replies.get(effect.request);
    if (!reply || reply.outcome !== undefined) throw new Error(`request ${effect.request} answered twice`);
    reply.outcome = effect.error?.message ?? "done";
    reply.error = effect.error?.name;
    reply.instance = effect.instance;
  }

  #notice(notice: Notice): void {
    switch (notice.kind) {
      case "state-changed":
        this.trace.push(`${display(notice.job, notice.instance)} -> ${notice.state}`);
        return;
      case "goal-changed":
        this.trace.push(`${display(notice.job, notice.instance)} goal ${notice.goal}`);
        return;
      case "failed":
        this.trace.push(`${display(notice.job, notice.instance)} failed`);
        return;
      case "event-emitted":
        this.trace.push(["event", notice.event, ...notice.environment].join(" "));
    }
  }
}

function exitOf(end: End): Exit {
  if ("status" in end) return { status: end.status };
  const signal = typeof end.signal === "number" ? end.signal : signalNumber(end.signal);
  if (signal === undefined) throw new RangeError(`there is no signal ${end.signal}`);
  return { signal, ...(end.core && { core: true }) };
}

function display(job: string, instance: string): string {
  return instance === "" ? job : `${job} (${instance})`;
}

function asked(variables: Variables, { wait = true }: Options): { environment: string[]; wait: boolean } {
  return { environment: pairs(new Environment(Object.entries(variables))), wait };
}
