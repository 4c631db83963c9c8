/** The tables of variables that `initctl set-env` and its kin read and change. */

import { type Environment, environment, pairs } from "../model/environment.ts";
import { RequestFailure } from "../model/failure.ts";
import type { Instance } from "./instance.ts";
import type { Machine } from "./machine.ts";
import { findJob } from "./requests.ts";

/** Which table: everybody's, or, given an instance, that one's own. */
export interface InstanceName {
  job: string;
  instance: string;
}

/** Everybody's table, which new starts begin with, and the tables of the running instances. */
export class JobEnvironments {
  readonly #machine: Machine;
  readonly #original: Environment;

  /** @param original What `reset` goes back to. */
  constructor(machine: Machine, original: Environment) {
    this.#machine = machine;
    this.#original = original;
  }

  /** All variables as `KEY=VALUE`, sorted. @throws {RequestFailure} UnknownJob, UnknownInstance */
  list(name?: InstanceName): string[] {
    return pairs(this.#table(name)).sort();
  }

  /** The value of a variable. @throws {RequestFailure} UnknownJob, UnknownInstance */
  get(variable: string, name?: InstanceName): string | undefined {
    return this.#table(name).get(variable);
  }

  /**
   * Sets a variable; in everybody's table it reaches the running instances, too. With `replace` false one that is
   * set keeps its value. @throws {RequestFailure} UnknownJob, UnknownInstance
   */
  set(pair: string, replace: boolean, name?: InstanceName): void {
    for (const [variable, value] of environment([pair])) {
      for (const table of this.#tables(name)) {
        if (replace || !table.has(variable)) table.set(variable, value);
      }
    }
  }

  /** Removes a variable; everybody's from the running instances, too. @throws {RequestFailure} as `set` */
  unset(variable: string, name?: InstanceName): void {
    for (const table of this.#tables(name)) table.delete(variable);
  }

  /** Puts a table back to what it was before init or the job's definition was changed by anyone. */
  reset(name?: InstanceName): void {
    const table = this.#table(name);
    const fresh = name
      ? this.#machine.jobEnvironment(findJob(this.#machine, name.job).definition)
      : this.#original;
    table.clear();
    for (const [key, value] of fresh) table.set(key, value);
  }

  #table(name?: InstanceName): Environment {
    return name ? this.#instance(name).environment : this.#machine.defaults;
  }

  /** The table itself, and for everybody's those of the running instances. */
  #tables(name?: InstanceName): Environment[] {
    if (name) return [this.#table(name)];
    const instances = Array.from(this.#machine.jobs.values()).flatMap((job) => [...job.instances.values()]);
    return [this.#machine.defaults, ...instances.map((instance) => instance.environment)];
  }

  #instance({ job, instance }: InstanceName): Instance {
    const found = findJob(this.#machine, job).instances.get(instance);
    if (!found) throw new RequestFailure("UnknownInstance", `Unknown instance: ${instance} of job ${job}`);
    return found;
  }
}
