/** The environment of inittab's processes (init(8)). */

import { type Environment, environment, INIT_VARIABLES, isPair, setPair } from "../../model/environment.ts";
import { SYSV_PATH } from "../../model/sysv/search_path.ts";
import { SYSVINIT_VERSION } from "../../model/version.ts";
import { TAKEOVER_VARIABLES } from "../../sys/runtime/variables.ts";
import { initEnvironment } from "../host/job_environment.ts";
import type { BootFlags } from "../options/option_table.ts";
import { CONSOLE } from "./entry_job.ts";

/** What SysV's init sets, whatever it was given. */
const FIXED = [
  `PATH=${SYSV_PATH}`,
  "SHELL=/bin/sh",
  `CONSOLE=${CONSOLE}`,
  `INIT_VERSION=sysvinit-${SYSVINIT_VERSION}`,
];

/** Clients may set variables whose names begin with this, and so many of them. */
const CLIENTS_PREFIX = "INIT_", MAX_VARIABLES = 16;

/** The variables that init was given, those that it sets, and those that clients have set. */
export class SysvEnvironment {
  readonly #given: Environment;
  readonly #set = new Map<string, string>();

  constructor({ auto }: BootFlags) {
    this.#given = initEnvironment();
    for (const name of [...TAKEOVER_VARIABLES, ...INIT_VARIABLES]) this.#given.delete(name);
    for (const pair of [...FIXED, ...auto ? ["AUTOBOOT=YES"] : []]) setPair(this.#given, pair);
  }

  /** The variables that clients have set, as `NAME=VALUE`. */
  get variables(): string[] {
    return Array.from(this.#set, ([name, value]) => `${name}=${value}`);
  }

  /** Sets variables, and removes those without a value. Others than clients may set are ignored. */
  set(variables: readonly string[]): void {
    for (const variable of variables) {
      if (!variable.startsWith(CLIENTS_PREFIX)) continue;
      const [[name, value] = [variable, ""]] = environment([variable]);
      if (!isPair(variable)) this.#set.delete(variable);
      else if (this.#set.has(name) || this.#set.size < MAX_VARIABLES) this.#set.set(name, value);
    }
  }

  /** The variables of the event of a runlevel. */
  ofLevel(level: string, previous: string): string[] {
    return [`RUNLEVEL=${level}`, `PREVLEVEL=${previous}`, ...this.variables];
  }

  /** Those of a process. */
  ofProcess(level: string, previous: string): string[] {
    return environment([...this.#given.pairs(), ...this.ofLevel(level, previous)]).pairs();
  }
}
