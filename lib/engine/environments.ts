/** The tables of variables that `initctl set-env`, `get-env` and so on read and change. */

import { type Environment, environment, EVENT_VARIABLES } from "../model/environment.ts";
import { RequestFailure } from "../model/failure.ts";
import type { EngineState } from "./engine_state.ts";
import type { Instance } from "./instance.ts";
import { findJob } from "./requests.ts";

/** The instance whose table is meant. Where none is given, the global table is. */
interface InstanceName {
  job: string;
  instance: string;
}

/** The global table, with which new starts begin, and the tables of the instances. */
export class JobEnvironments {
  readonly #state: EngineState;
  /** Called when a variable is about to change. */
  onChange: () => void = () => {};

  constructor(engine: EngineState) {
    this.#state = engine;
  }

  /**
   * All variables as `KEY=VALUE`, sorted.
   * @throws {RequestFailure} UnknownJob, UnknownInstance
   */
  list(name?: InstanceName): string[] {
    return this.#table(name).pairs().sort();
  }

  /**
   * The value of a variable.
   * @throws {RequestFailure} UnknownJob, UnknownInstance
   */
  get(variable: string, name?: InstanceName): string | undefined {
    return this.#table(name).get(variable);
  }

  /**
   * Sets a variable. In the global table, it is set in the tables of all instances, too. With `replace` false, a variable
   * that is set keeps its value. The {@link EVENT_VARIABLES} are ignored: only the engine sets them.
   * @throws {RequestFailure} UnknownJob, UnknownInstance
   */
  set(pair: string, replace: boolean, name?: InstanceName): void {
    this.onChange();
    for (const [variable, value] of environment([pair])) {
      if (EVENT_VARIABLES.includes(variable)) continue;
      for (const table of this.#tables(name)) {
        if (replace || !table.has(variable)) table.set(variable, value);
      }
    }
  }

  /**
   * Removes a variable; from the global table, also from the tables of all instances.
   * @throws {RequestFailure} UnknownJob, UnknownInstance
   */
  unset(variable: string, name?: InstanceName): void {
    this.onChange();
    for (const table of this.#tables(name)) table.delete(variable);
  }

  /**
   * Restores a table: the global one as init began, an instance's as the job's definition says.
   * @throws {RequestFailure} UnknownJob, UnknownInstance
   */
  reset(name?: InstanceName): void {
    const table = this.#table(name);
    const fresh = name
      ? this.#state.jobEnvironment(findJob(this.#state, name.job).definition)
      : this.#state.originalDefaults;
    this.onChange();
    table.clear();
    for (const [key, value] of fresh) table.set(key, value);
  }

  #table(name?: InstanceName): Environment {
    return name ? this.#instance(name).environment : this.#state.defaults;
  }

  /** The table itself; for the global one, also those of all instances. */
  #tables(name?: InstanceName): Environment[] {
    if (name) return [this.#table(name)];
    const instances = Array.from(this.#state.jobs.values()).flatMap((job) => [...job.instances.values()]);
    return [this.#state.defaults, ...instances.map((instance) => instance.environment)];
  }

  #instance({ job, instance }: InstanceName): Instance {
    const found = findJob(this.#state, job).instances.get(instance);
    if (!found) throw new RequestFailure("UnknownInstance", `Unknown instance: ${instance} of job ${job}`);
    return found;
  }
}
