/** The processes that go on when the instance of a job is gone as which they were begun. */

import { ifAllowed } from "../../../sys/call/refused.ts";
import { descendantsOf, environmentOf } from "../../../sys/process/procfs.ts";

/** The variables by which a process knows its job and its instance. */
const JOB = "UPSTART_JOB=", INSTANCE = "UPSTART_INSTANCE=";

/** The processes of an init, by the instances of jobs as which they were begun, or what has begun them. */
export class BegunProcesses {
  /** It takes long to look at all of them, so that is done once. */
  #pids: ReadonlyMap<string, number[]> | undefined;

  /** @param init The process of init, in this namespace. */
  constructor(private readonly init: number) {}

  /** Those of an instance, be that gone or not. */
  of(job: string, instance: string): number[] {
    this.#pids ??= Map.groupBy(ifAllowed(() => descendantsOf(this.init)) ?? [], (pid) => {
      const environment = environmentOf(pid);
      const valueOf = (name: string) => environment.find((pair) => pair.startsWith(name))?.slice(name.length);
      return keyOf(valueOf(JOB), valueOf(INSTANCE));
    });
    return this.#pids.get(keyOf(job, instance)) ?? [];
  }
}

/** No name has a null byte in it. */
function keyOf(job = "", instance?: string): string {
  return `${job}\0${instance}`;
}
