/** A hostile world for an engine: anything may happen in any order, and what the engine does is checked. */

import assert from "node:assert/strict";
import type { Exit } from "../../model/exit.ts";
import type { InstanceProcess, JobDefinition } from "../../model/job.ts";
import type { Effect, Input, Notice, Request } from "../effects.ts";
import { Engine } from "../engine.ts";
import type { Snapshot } from "../snapshot.ts";
import { type State, STATES } from "../states.ts";

/** Something that may happen. Numbers choose among what there is at the time; without a choice nothing happens. */
export type Step =
  | { kind: "request"; what: Request }
  | { kind: "event"; event: string; environment: string[] }
  | { kind: "define"; definition: JobDefinition }
  | { kind: "remove"; job: string }
  | { kind: "spawned" | "spawn-failed" | "timer" | "raise"; which: number }
  | { kind: "exit"; which: number; exit: Exit; forked: boolean }
  | { kind: "pass"; time: number }
  | { kind: "stop-all" };

/** More effects than any input may have here. */
const MOST_EFFECTS = 50_000;
/** More steps than it may take until all has come to its end. */
const MOST_STEPS = 2_000;

const SIGSTOP = 19;

/** Where an instance may go beside the table: main ends and is respawned. */
const RESPAWNED: State[] = ["spawned", "post-start", "running"];

/** An engine and everything outside of it. */
export class World {
  readonly inputs: Array<[Input, number]> = [];
  readonly effects: Effect[][] = [];
  readonly #engine = new Engine();
  #now = 0;
  #lastPid = 100;
  #requests = 0;
  readonly #unanswered = new Set<number>();
  readonly #spawns = new Map<number, string>();
  /** Running processes, as `JOB/INSTANCE/PROCESS`. */
  readonly #processes = new Map<number, string>();
  readonly #timers = new Set<number>();
  readonly #states = new Map<string, State>();

  constructor(definitions: JobDefinition[]) {
    this.#input({
      kind: "definitions",
      changes: definitions.map((definition) => ({ name: definition.name, definition })),
    });
  }

  /** Lets something happen. */
  step(step: Step): void {
    switch (step.kind) {
      case "request":
        this.#unanswered.add(++this.#requests);
        return this.#input({ kind: "request", request: this.#requests, what: step.what });
      case "event":
      case "stop-all":
        return this.#input(step);
      case "define":
        return this.#change(step.definition.name, step.definition);
      case "remove":
        return this.#change(step.job, undefined);
      case "pass":
        this.#now += step.time;
        return;
      case "exit":
        return choose(this.#processes.keys(), step.which, (pid) => this.#exit(pid, step.exit, step.forked));
      case "raise":
        return choose(
          this.#processes.keys(),
          step.which,
          (pid) => this.#input({ kind: "stopped", pid, signal: SIGSTOP }),
        );
      case "timer":
        return choose(this.#timers, step.which, (timer) => this.#timer(timer));
      case "spawned":
        return choose(this.#spawns.keys(), step.which, (spawn) => this.#spawned(spawn));
      case "spawn-failed":
        return choose(this.#spawns.keys(), step.which, (spawn) => {
          this.#spawns.delete(spawn);
          this.#input({ kind: "spawn-failed", spawn, reason: "there is no such program" });
        });
    }
  }

  /** Removes all jobs, stops everything, and lets all come to its end: nothing and nobody may be left. */
  end(): void {
    for (const { definition } of this.#engine.snapshot().jobs) this.#change(definition.name, undefined);
    this.#input({ kind: "stop-all" });
    for (let steps = 0; this.#goOn(); steps++) {
      assert(steps < MOST_STEPS, "everything comes to its end");
    }
    const { jobs, events } = this.#engine.snapshot();
    assert.deepEqual({ jobs, events }, { jobs: [], events: [] });
    assert.deepEqual([...this.#unanswered], [], "every request is answered");
    assert.equal(this.#engine.hasProcesses, false);
  }

  /** The same inputs lead to the same effects. */
  replay(): void {
    const engine = new Engine();
    this.inputs.forEach(([input, now], index) => {
      assert.equal(JSON.stringify(engine.handle(input, now)), JSON.stringify(this.effects[index]));
    });
  }

  /** True when something that was to happen by itself has happened. */
  #goOn(): boolean {
    for (const spawn of this.#spawns.keys()) return this.#spawned(spawn), true;
    for (const pid of this.#processes.keys()) return this.#exit(pid, { status: 0 }, false), true;
    for (const timer of this.#timers) return this.#timer(timer), true;
    return false;
  }

  #change(name: string, definition: JobDefinition | undefined): void {
    this.#input({ kind: "definitions", changes: [{ name, definition }] });
  }

  #spawned(spawn: number): void {
    const process = this.#spawns.get(spawn)!;
    this.#spawns.delete(spawn);
    const pid = ++this.#lastPid;
    this.#processes.set(pid, process);
    this.#input({ kind: "spawned", spawn, pid });
  }

  #exit(pid: number, exit: Exit, forked: boolean): void {
    const process = this.#processes.get(pid)!;
    this.#processes.delete(pid);
    if (!forked || !this.#engine.follows(pid, this.#now)) return this.#input({ kind: "exited", pid, exit });
    const successor = ++this.#lastPid;
    this.#processes.set(successor, process);
    this.#input({ kind: "exited", pid, exit: { status: 0 }, successor: { pid: successor, forks: 1 } });
  }

  #timer(timer: number): void {
    this.#timers.delete(timer);
    this.#input({ kind: "timer", timer });
  }

  #input(input: Input): void {
    this.inputs.push([input, this.#now]);
    const effects = this.#engine.handle(input, this.#now);
    this.effects.push(effects);
    assert(effects.length < MOST_EFFECTS, "an input has a bounded number of effects");
    for (const effect of effects) this.#take(effect);
    this.#compare(this.#engine.snapshot());
  }

  #take(effect: Effect): void {
    switch (effect.kind) {
      case "spawn":
        return this.#spawn(`${effect.definition.name}/${effect.instance}`, effect.process, effect.spawn);
      case "kill":
        assert(this.#processes.has(effect.pid), "only running processes are sent signals");
        return;
      case "set-timer":
        assert(!this.#timers.has(effect.timer), "a timer is set once");
        this.#timers.add(effect.timer);
        return;
      case "clear-timer":
        assert(this.#timers.delete(effect.timer), "only timers that are set are cleared");
        return;
      case "answer":
        assert(this.#unanswered.delete(effect.request), "a request is answered once");
        return;
      case "notice":
        return this.#notice(effect.notice);
    }
  }

  #spawn(instance: string, process: InstanceProcess, spawn: number): void {
    const all = [...this.#processes.values(), ...this.#spawns.values()];
    assert(!all.includes(`${instance}/${process}`), "no instance has two processes of one name");
    this.#spawns.set(spawn, `${instance}/${process}`);
  }

  #notice(notice: Notice): void {
    if (notice.kind === "instance-added") this.#states.set(`${notice.job}/${notice.instance}`, "waiting");
    if (notice.kind === "instance-removed") this.#states.delete(`${notice.job}/${notice.instance}`);
    if (notice.kind !== "state-changed") return;
    const name = `${notice.job}/${notice.instance}`;
    const from = this.#states.get(name);
    const to = notice.state as State;
    assert(from !== undefined, "only instances that exist change their state");
    const { start, stop, respawn } = STATES[from];
    const allowed = [start, stop, respawn, ...(RESPAWNED.includes(from) ? ["stopping"] : [])];
    assert(allowed.includes(to), `${from} is not followed by ${to}`);
    this.#states.set(name, to);
  }

  /** The engine knows of the same processes, spawns and timers as the world. */
  #compare(snapshot: Snapshot): void {
    const instances = snapshot.jobs.flatMap(({ definition, instances }) =>
      instances.map((instance) => ({ ...instance, name: `${definition.name}/${instance.name}` }))
    );
    const known = instances.flatMap(({ name, processes }) =>
      Object.entries(processes).map(([process, pid]) => `${pid} ${name}/${process}`)
    );
    const running = Array.from(this.#processes, ([pid, process]) => `${pid} ${process}`);
    assert.deepEqual(known.sort(), running.sort(), "no process is lost, and none is made up");
    assert.equal(instances.filter(({ spawning }) => spawning).length, this.#spawns.size);
    const timers = instances.filter(({ timer }) => timer).length;
    // There may be one more: the one after which the rest of very many events are dealt with.
    const others = this.#timers.size - timers;
    const needed = snapshot.events.some(({ progress }) => progress === "pending") ? 1 : 0;
    assert(others >= needed && others <= 1, "timers are set or cleared as they are needed");
    assert.deepEqual(JSON.parse(JSON.stringify(snapshot)), snapshot, "a snapshot survives JSON");
  }
}

function choose<Item>(items: Iterable<Item>, which: number, then: (item: Item) => void): void {
  const all = Array.from(items);
  if (all.length > 0) then(all[which % all.length]!);
}
