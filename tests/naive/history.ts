/** A history: steps that happen to an engine, and to the world around it. It yields the trace of what the engine does. */

import { Engine } from "../../lib/engine/engine.ts";
import type { Effect, Input, Time } from "../../lib/engine/effects.ts";
import type { Notification } from "../../lib/model/checks/notification.ts";
import type { Exit } from "../../lib/model/exit.ts";
import type { JobDefinition } from "../../lib/model/job.ts";
import type { Request } from "../../lib/model/requests.ts";
import type { Trace, TraceEntry } from "./compare.ts";

/** One step. `which` chooses among the spawns, processes, timers, checks and so on that there are: without any, nothing happens. */
export type Step =
  | { kind: "request"; what: Request }
  | { kind: "event"; event: string; environment: string[] }
  | { kind: "define"; definition: JobDefinition }
  | { kind: "remove"; job: string }
  /** A job's definition is as it was last, maybe but for its description. */
  | { kind: "put-back"; job: string; isChanged: boolean }
  | { kind: "spawned" | "spawn-failed" | "spawn-skipped" | "timer"; which: number }
  /** All spawns succeed that are requested, and those that follow. */
  | { kind: "spawn-all" }
  | { kind: "exit"; which: number; exit: Exit; forks: number }
  | { kind: "stopped"; which: number; signal: number }
  | { kind: "settled"; which: number; isCertain: boolean }
  | { kind: "check"; which: number; passes: boolean }
  | { kind: "ready"; job: string; instance: string }
  | { kind: "notification"; job: string; instance: string; told: Notification }
  | { kind: "pid-file"; which: number; isBelieved: boolean }
  | { kind: "leftovers"; which: number; count: number }
  /** A process was found that an init script has left behind. */
  | { kind: "left-behind"; which: number }
  | { kind: "adopt"; job: string; instance: string; environment: string[] }
  /** Time goes by (ms), and the timers expire that are due. */
  | { kind: "pass"; time: number }
  | { kind: "stop-all"; inOrder: boolean }
  | { kind: "set-env" | "unset-env" | "reset-env"; variable: string; replace: boolean; job?: string }
  /** The engine is saved and restored. */
  | { kind: "restore" };

type VariableStep = Extract<Step, { variable: string }>;

const ENVIRONMENT = [["HOME", "/root"], ["PATH", "/bin"], ["USER", "root"]] as const;

/** More spawns than a step may lead to. */
const MOST_SPAWNS = 300;

/** An engine, and all that is outside of it. */
export class History {
  readonly entries: TraceEntry[] = [];
  #engine = new Engine(ENVIRONMENT, ENVIRONMENT);
  #now = 0;
  #lastNumber = 1000;
  readonly #spawns = new Set<number>();
  readonly #pids = new Set<number>();
  readonly #timers = new Map<number, number>();
  readonly #checks = new Set<number>();
  readonly #files = new Map<string, { job: string; instance: string; main: number }>();
  readonly #definitions = new Map<string, JobDefinition>();
  readonly #searches = new Set<{ job: string; instance: string }>();
  #looks: { job: string; instance: string }[] = [];

  constructor(definitions: readonly JobDefinition[]) {
    this.#engine.endsWithRunlevel = true;
    for (const definition of definitions) this.#definitions.set(definition.name, definition);
    this.#input({
      kind: "definitions",
      changes: definitions.map((definition) => ({ name: definition.name, definition })),
    });
  }

  get trace(): Trace {
    return {
      defaults: ENVIRONMENT,
      initEnvironment: ENVIRONMENT,
      endsWithRunlevel: true,
      entries: this.entries,
    };
  }

  /** Performs a step. */
  step(step: Step): void {
    switch (step.kind) {
      case "request":
        return this.#input({ kind: "request", request: ++this.#lastNumber, what: step.what });
      case "define":
        return this.#define(step.definition.name, step.definition);
      case "remove":
        return this.#define(step.job, undefined);
      case "put-back": {
        const definition = this.#definitions.get(step.job);
        const changes = step.isChanged ? { description: `${++this.#lastNumber}` } : {};
        return definition && this.#define(step.job, { ...definition, ...changes });
      }
      case "spawned":
        return choose(this.#spawns, step.which, (spawn) => this.#spawned(spawn));
      case "spawn-all":
        for (let count = 0; count < MOST_SPAWNS && this.#spawns.size > 0; count++) {
          choose(this.#spawns, 0, (spawn) => this.#spawned(spawn));
        }
        return;
      case "spawn-failed":
        return choose(this.#spawns, step.which, (spawn) => {
          this.#spawns.delete(spawn);
          this.#input({
            kind: "spawn-failed",
            spawn,
            reason: "no such file",
            isForCaller: step.which % 2 === 0,
          });
        });
      case "spawn-skipped":
        return choose(this.#spawns, step.which, (spawn) => {
          this.#spawns.delete(spawn);
          this.#input({ kind: "spawn-skipped", spawn });
        });
      case "timer":
        return choose([...this.#timers.keys()], step.which, (timer) => this.#timer(timer));
      case "exit":
        return choose(this.#pids, step.which, (pid) => this.#exit(pid, step.exit, step.forks));
      case "stopped":
        return choose(
          this.#pids,
          step.which,
          (pid) => this.#input({ kind: "stopped", pid, signal: step.signal }),
        );
      case "settled":
        return choose(
          this.#pids,
          step.which,
          (pid) => this.#input({ kind: "settled", pid, isCertain: step.isCertain }),
        );
      case "check":
        return choose(this.#checks, step.which, (check) => this.#check(check, step.passes));
      case "pid-file":
        return choose([...this.#files.values()], step.which, (file) => this.#file(file, step.isBelieved));
      case "leftovers":
        return choose(this.#looks, step.which, (look) => this.#looked(look, step.count));
      case "left-behind":
        return choose(this.#searches, step.which, (place) => {
          this.#searches.delete(place);
          this.#input({ kind: "left-behind", ...place, process: { pid: this.#newPid(), forks: 0 } });
        });
      case "adopt":
        return this.#input({ ...step, pid: this.#newPid() });
      case "pass":
        return this.#pass(step.time);
      case "restore":
        return this.#restore();
      case "set-env":
      case "unset-env":
      case "reset-env":
        return this.#changeVariables(step);
      default:
        return this.#input(step);
    }
  }

  #define(name: string, definition: JobDefinition | undefined): void {
    if (definition) this.#definitions.set(name, definition);
    this.#input({ kind: "definitions", changes: [{ name, definition }] });
  }

  #newPid(): number {
    const pid = ++this.#lastNumber;
    this.#pids.add(pid);
    return pid;
  }

  #spawned(spawn: number): void {
    this.#spawns.delete(spawn);
    this.#input({ kind: "spawned", spawn, pid: this.#newPid() });
  }

  #exit(pid: number, exit: Exit, forks: number): void {
    this.#pids.delete(pid);
    if (forks === 0 || !this.#engine.tracksForks(pid, exit, this.#now)) {
      return this.#input({ kind: "exited", pid, exit });
    }
    const child = this.#newPid(), session = forks > 1 ? { session: pid } : {};
    this.#input({ kind: "exited", pid, exit, trackedProcess: { pid: child, forks, ...session } });
  }

  #check(check: number, passes: boolean): void {
    this.#input(
      passes ? { kind: "check-passed", check } : { kind: "check-failed", check, reason: "it says so" },
    );
  }

  #file({ job, instance, main }: { job: string; instance: string; main: number }, isBelieved: boolean): void {
    if (!isBelieved) return this.#input({ kind: "pid-file-refused", job, instance, reason: "it is stale" });
    const pid = this.#pids.has(main) ? main : this.#newPid();
    this.#input({ kind: "pid-file", job, instance, pid, session: pid });
  }

  #looked(look: { job: string; instance: string }, count: number): void {
    this.#looks = this.#looks.filter((other) => other !== look);
    const pids = Array.from({ length: count }, (_, index) => 100_000 + index);
    this.#input({ kind: "leftovers", ...look, pids });
  }

  #timer(timer: number): void {
    this.#timers.delete(timer);
    this.#input({ kind: "timer", timer });
  }

  #pass(time: number): void {
    const end = this.#now + time;
    for (let count = 0; count < MOST_SPAWNS; count++) {
      const [next] = [...this.#timers].filter(([, due]) => due <= end).sort((one, other) =>
        one[1] - other[1]
      );
      if (!next) break;
      this.#now = Math.max(this.#now, next[1]);
      this.#timer(next[0]);
    }
    this.#now = end;
  }

  #restore(): void {
    const snapshot = JSON.parse(JSON.stringify(this.#engine.save(this.#time)));
    this.#engine = Engine.restore(snapshot, this.#time);
    this.#engine.endsWithRunlevel = true;
  }

  #changeVariables({ kind, variable, replace, job }: VariableStep): void {
    const names = [...this.#engine.jobs.get(job ?? "")?.instances.keys() ?? []];
    const tables = job === undefined ? [undefined] : names.map((instance) => ({ job, instance }));
    const { environments } = this.#engine;
    for (const table of tables) {
      const change = { kind, variable, replace, ...(table && { table }) };
      if (kind === "set-env") environments.set(variable, replace, table);
      else if (kind === "unset-env") environments.unset(variable, table);
      else environments.reset(table);
      this.entries.push({ change });
    }
  }

  get #time(): Time {
    return { monotonic: this.#now, wall: this.#now };
  }

  #input(input: Input): void {
    const now = this.#time, effects = this.#engine.handle(input, now);
    this.entries.push({ input, now, effects });
    for (const effect of effects) this.#take(effect);
  }

  #take(effect: Effect): void {
    switch (effect.kind) {
      case "spawn":
        return void this.#spawns.add(effect.spawn);
      case "set-timer":
        return void this.#timers.set(effect.timer, this.#now + effect.delay);
      case "clear-timer":
        return void this.#timers.delete(effect.timer);
      case "start-check":
        return void this.#checks.add(effect.check);
      case "stop-check":
        return void this.#checks.delete(effect.check);
      case "end-leftovers":
        return void this.#looks.push({ job: effect.job, instance: effect.instance });
      case "find-left-behind":
        return void this.#searches.add({ job: effect.job, instance: effect.instance });
      case "await-pid-file":
        return void this.#files.set(`${effect.job}/${effect.instance}`, effect);
      case "forget-pid-file":
        return void this.#files.delete(`${effect.job}/${effect.instance}`);
    }
  }
}

function choose<Item>(items: Iterable<Item>, which: number, then: (item: Item) => void): void {
  const all = Array.from(items);
  if (all.length > 0) then(all[which % all.length]!);
}
