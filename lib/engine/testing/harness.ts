/** A harness for property tests: anything may happen to an engine in any order, and all that it does is checked. */

import assert from "node:assert/strict";
import type { Exit } from "../../model/exit.ts";
import type { InstanceProcess, JobDefinition } from "../../model/job.ts";
import type { Notification } from "../../model/checks/notification.ts";
import type { Effect, EngineNotice, Input, Time } from "../effects.ts";
import type { Request } from "../../model/requests.ts";
import { Engine } from "../engine.ts";
import type { EngineSnapshot } from "../snapshot/engine_snapshot.ts";
import type { EngineView } from "../snapshot/engine_view.ts";
import { UNDONE } from "../services/init_script.ts";
import { type State, STATES } from "../states.ts";

/** One step of a history. `which` chooses among the processes, spawns or timers that there are; without any, the step does nothing. */
export type Step =
  | { kind: "request"; what: Request }
  | { kind: "event"; event: string; environment: string[] }
  | { kind: "define"; definition: JobDefinition }
  | { kind: "remove"; job: string }
  | { kind: "spawned" | "spawn-failed" | "timer" | "raise"; which: number }
  | { kind: "exit"; which: number; exit: Exit; forked: boolean }
  | { kind: "check"; which: number; passes: boolean }
  | { kind: "ready"; job: string }
  | { kind: "notification"; job: string; told: Notification }
  /** A pid file that is waited for names a process, or is refused. */
  | { kind: "pid-file"; which: number; isBelieved: boolean }
  /** Init has looked for what a main process has left behind, and seen so many. */
  | { kind: "leftovers"; which: number; count: number }
  | { kind: "pass"; time: number }
  | { kind: "stop-all"; inOrder?: boolean }
  /** Sets or unsets a variable in the global table, or in that of each instance of a job. */
  | { kind: "set-env" | "unset-env"; variable: string; job?: string };

/** More effects than one input may have. */
const MOST_EFFECTS = 50_000;
/** More steps than it may take until everything has ended. */
const MOST_STEPS = 2_000;

const SIGSTOP = 19;

/** The states from which a respawn may lead to `stopping`, beside the table. */
const RESPAWNED: State[] = ["security", "pre-start", "spawned", "post-start", "running"];

/** An engine that was restored, and how far its clock is ahead (ms). */
interface RestoredEngine {
  engine: Engine;
  shift: number;
}

const ENVIRONMENT = [["HOME", "/"], ["PATH", "/bin"]] as const;

/** An engine as the harness begins with. */
export function newEngine(): Engine {
  const engine = new Engine(ENVIRONMENT, ENVIRONMENT);
  engine.endsWithRunlevel = true;
  return engine;
}

/** An engine, and all that is outside of it. */
export class Harness {
  readonly inputs: Array<[Input, Time]> = [];
  readonly effects: Effect[][] = [];
  readonly #engine = newEngine();
  /** The engine that was restored last from a snapshot of this one. */
  #restored: RestoredEngine | undefined;
  #now = 0;
  #lastPid = 100;
  #requests = 0;
  readonly #unanswered = new Set<number>();
  readonly #spawns = new Map<number, string>();
  /** Running processes, as `JOB/INSTANCE/PROCESS`. */
  readonly #processes = new Map<number, string>();
  readonly #timers = new Set<number>();
  readonly #checks = new Set<number>();
  /** The instances whose pid files are waited for, as `JOB/INSTANCE`. */
  readonly #pidFiles = new Map<string, { job: string; instance: string }>();
  /** Where init is to look for what main processes have left behind. */
  #looks: Array<{ job: string; instance: string }> = [];
  readonly #states = new Map<string, State>();

  /** @param isCompared False: the engine's state is not compared with the harness's after each input, which takes long. */
  constructor(definitions: JobDefinition[], private readonly isCompared = true) {
    this.#input({
      kind: "definitions",
      changes: definitions.map((definition) => ({ name: definition.name, definition })),
    });
  }

  /** Performs a step. */
  step(step: Step): void {
    switch (step.kind) {
      case "request":
        this.#unanswered.add(++this.#requests);
        if (step.what.kind === "forget" && "instance" in step.what) this.#forget(step.what);
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
      case "set-env":
      case "unset-env":
        return this.#changeEnvironment(step);
      case "exit":
        return choose(this.#processes.keys(), step.which, (pid) => this.#exit(pid, step.exit, step.forked));
      case "raise":
        return choose(
          this.#processes.keys(),
          step.which,
          (pid) => this.#input({ kind: "stopped", pid, signal: SIGSTOP }),
        );
      case "check":
        return choose(
          this.#checks,
          step.which,
          (check) =>
            this.#input(
              step.passes
                ? { kind: "check-passed", check }
                : { kind: "check-failed", check, reason: "it says so" },
            ),
        );
      case "ready":
        return this.#input({ kind: "ready", job: step.job, instance: "" });
      case "notification":
        return this.#input({ kind: "notification", job: step.job, instance: "", told: step.told });
      case "pid-file":
        return choose(this.#pidFiles.keys(), step.which, (key) => this.#pidFile(key, step.isBelieved));
      case "timer":
        return choose(this.#timers, step.which, (timer) => this.#timer(timer));
      case "spawned":
        return choose(this.#spawns.keys(), step.which, (spawn) => this.#spawned(spawn));
      case "leftovers":
        return choose(this.#looks, step.which, (look) => this.#looked(look, step.count));
      case "spawn-failed":
        return choose(this.#spawns.keys(), step.which, (spawn) => {
          this.#spawns.delete(spawn);
          this.#input({ kind: "spawn-failed", spawn, reason: "there is no such program" });
        });
    }
  }

  /** Removes all jobs, stops everything, and goes on until all has ended: then nothing may be left. */
  end(): void {
    for (const { definition } of this.#engine.view().jobs) this.#change(definition.name, undefined);
    this.#input({ kind: "stop-all" });
    for (let steps = 0; this.#endDelay(); steps++) {
      assert(steps < MOST_STEPS, "everything comes to its end");
    }
    const { jobs, events } = this.#engine.view();
    assert.deepEqual({ jobs, events }, { jobs: [], events: [] });
    assert.deepEqual([...this.#unanswered], [], "every request is answered");
    assert.deepEqual([...this.#checks], [], "every check is ended");
    assert.deepEqual([...this.#pidFiles], [], "no pid file is waited for any more");
    assert.equal(this.#engine.hasProcesses, false);
  }

  /** Checks that the same inputs lead to the same effects. */
  replay(): void {
    const engine = newEngine();
    this.inputs.forEach(([input, now], index) => {
      assert.equal(JSON.stringify(engine.handle(input, now)), JSON.stringify(this.effects[index]));
    });
  }

  /**
   * Saves the engine and restores it from JSON, with a clock that is ahead by `shift` ms. From now on the restored engine
   * gets all inputs, too, and has to do the same. When there is one already, that is saved and replaced.
   */
  restore(shift: number): void {
    const { engine, shift: shiftSoFar } = this.#restored ?? { engine: this.#engine, shift: 0 };
    const now = this.#time(shiftSoFar), later = this.#time(shiftSoFar + shift);
    const text = JSON.stringify(engine.save(now));
    assert.equal(JSON.stringify(Engine.restore(JSON.parse(text), now).save(now)), text);
    const restored = Engine.restore(JSON.parse(text), later);
    assert.deepEqual(restored.timers(later), engine.timers(now));
    assert.deepEqual(
      new Set(restored.timers(later).map((effect) => "timer" in effect && effect.timer)),
      this.#timers,
    );
    this.#restored = { engine: restored, shift: shiftSoFar + shift };
  }

  /** The engine's state. */
  snapshot(): EngineSnapshot {
    return this.#engine.save(this.#time());
  }

  /** Performs something that would happen by itself. False when there is nothing. */
  #endDelay(): boolean {
    for (const spawn of this.#spawns.keys()) return this.#spawned(spawn), true;
    for (const pid of this.#processes.keys()) return this.#exit(pid, { status: 0 }, false), true;
    for (const look of this.#looks) return this.#looked(look, 0), true;
    for (const timer of this.#timers) return this.#timer(timer), true;
    return false;
  }

  #changeEnvironment({ kind, variable, job }: Step & { kind: "set-env" | "unset-env" }): void {
    const names = Array.from(this.#engine.jobs.get(job ?? "")?.instances.keys() ?? []);
    const tables = job === undefined ? [undefined] : names.map((instance) => ({ job, instance }));
    for (const engine of [this.#engine, this.#restored?.engine]) {
      for (const table of tables) {
        if (kind === "set-env") engine?.environments.set(`${variable}=set`, true, table);
        else engine?.environments.unset(variable, table);
      }
    }
  }

  #time(shift = 0): Time {
    return { monotonic: this.#now + shift, wall: this.#now };
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
    if (!forked || !this.#engine.tracksForks(pid, exit, this.#now)) {
      return this.#input({ kind: "exited", pid, exit });
    }
    const child = ++this.#lastPid;
    this.#processes.set(child, process);
    this.#input({ kind: "exited", pid, exit, trackedProcess: { pid: child, forks: 1 } });
  }

  /** A pid file names the main process, where that runs still; else one that it has left behind. */
  #pidFile(key: string, isBelieved: boolean): void {
    const { job, instance } = this.#pidFiles.get(key)!;
    if (!isBelieved) return this.#input({ kind: "pid-file-refused", job, instance, reason: "it is stale" });
    const running = Array.from(this.#processes).find(([, process]) => process === `${key}/main`);
    const pid = running?.[0] ?? ++this.#lastPid;
    this.#processes.set(pid, `${key}/main`);
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

  #input(input: Input): void {
    const now = this.#time();
    this.inputs.push([input, now]);
    const effects = this.#engine.handle(input, now);
    if (this.#restored) {
      const { engine, shift } = this.#restored;
      assert.equal(JSON.stringify(engine.handle(input, this.#time(shift))), JSON.stringify(effects));
    }
    this.effects.push(effects);
    assert(effects.length < MOST_EFFECTS, "an input has a bounded number of effects");
    for (const effect of effects) this.#take(effect);
    if (this.isCompared) this.#compare(this.#engine.view());
  }

  /** The processes of an instance go on, and are none of the engine's any more. */
  #forget({ job, instance }: { job: string; instance: string }): void {
    for (const known of [this.#processes, this.#spawns]) {
      for (const [key, process] of known) if (process.startsWith(`${job}/${instance}/`)) known.delete(key);
    }
  }

  #take(effect: Effect): void {
    switch (effect.kind) {
      case "spawn":
        return this.#spawn(`${effect.definition.name}/${effect.instance}`, effect.process, effect.spawn);
      case "kill":
        assert(this.#processes.has(effect.pid), "only running processes are sent signals");
        return;
      case "end-leftovers":
        this.#looks.push({ job: effect.job, instance: effect.instance });
        return;
      case "set-timer":
        assert(!this.#timers.has(effect.timer), "a timer is set once");
        this.#timers.add(effect.timer);
        return;
      case "clear-timer":
        assert(this.#timers.delete(effect.timer), "only timers that are set are cleared");
        return;
      case "start-check":
        assert(!this.#checks.has(effect.check), "a check is started once");
        this.#checks.add(effect.check);
        return;
      case "stop-check":
        assert(this.#checks.delete(effect.check), "only checks that are made are ended");
        return;
      case "await-pid-file": {
        const { job, instance } = effect, key = `${job}/${instance}`;
        assert(!this.#pidFiles.has(key), "a pid file is waited for once");
        this.#pidFiles.set(key, { job, instance });
        return;
      }
      case "forget-pid-file":
        // One whose path cannot be told is never waited for.
        this.#pidFiles.delete(`${effect.job}/${effect.instance}`);
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

  #notice(notice: EngineNotice): void {
    if (notice.kind === "instance-added") this.#states.set(`${notice.job}/${notice.instance}`, "waiting");
    if (notice.kind === "instance-removed") this.#states.delete(`${notice.job}/${notice.instance}`);
    if (notice.kind !== "state-changed") return;
    const name = `${notice.job}/${notice.instance}`;
    const from = this.#states.get(name);
    const to = notice.state as State;
    assert(from !== undefined, "only instances that exist change their state");
    const { start, stop, respawn } = STATES[from];
    const allowed = [start, stop, respawn, ...(RESPAWNED.includes(from) ? ["stopping"] : [])];
    if (UNDONE.includes(from)) allowed.push("pre-stopping");
    assert(allowed.includes(to), `${from} is not followed by ${to}`);
    this.#states.set(name, to);
  }

  /** Checks that the engine has the same processes, spawns and timers as the harness. */
  #compare(view: EngineView): void {
    const instances = view.jobs.flatMap(({ definition, instances }) =>
      instances.map((instance) => ({ ...instance, name: `${definition.name}/${instance.name}` }))
    );
    const known = instances.flatMap(({ name, processes }) =>
      Object.entries(processes).map(([process, pid]) => `${pid} ${name}/${process}`)
    );
    const running = Array.from(this.#processes, ([pid, process]) => `${pid} ${process}`);
    assert.deepEqual(known.sort(), running.sort(), "no process is lost, and none is made up");
    assert.equal(instances.filter(({ spawning }) => spawning).length, this.#spawns.size);
    const timers = this.#engine.timers(this.#time()).map((effect) => "timer" in effect && effect.timer);
    assert.deepEqual(new Set(timers), this.#timers, "timers are set or cleared as they are needed");
    if (view.events.some(({ progress }) => progress === "pending") || view.putOff.length > 0) {
      assert(timers.length > 0, "what is put off goes on later");
    }
    assert.deepEqual(JSON.parse(JSON.stringify(view)), view, "a view survives JSON");
  }
}

function choose<Item>(items: Iterable<Item>, which: number, then: (item: Item) => void): void {
  const all = Array.from(items);
  if (all.length > 0) then(all[which % all.length]!);
}
