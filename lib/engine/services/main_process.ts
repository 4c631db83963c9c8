/** The main process of an instance, where it is another than the one that was spawned. */

import type { EngineState } from "../engine_state.ts";
import type { Instance } from "../instance.ts";

/** Makes a process the main process. The one before, if it still runs, is of no interest any more. */
export function setMain(engine: EngineState, instance: Instance, pid: number): void {
  const previous = instance.pids.get("main");
  if (previous !== undefined) engine.processes.delete(previous);
  instance.pids.set("main", pid);
  // What these leave behind is the instance's, too.
  instance.leaders = [...instance.leaders.filter((leader) => leader !== pid), pid];
  engine.processes.set(pid, { instance, name: "main" });
}
