/**
 * The names that init scripts provide, in events: what is told of a script is told of each of these names, too. So a job may
 * `start on started mta`, whichever script provides that. Nobody waits for these events.
 */

import { environment } from "../../model/environment.ts";
import type { Notice } from "../../model/requests.ts";
import type { RunningInit } from "../running.ts";

/** The events of jobs. */
const EVENTS: readonly string[] = ["starting", "started", "stopping", "stopped"];

/** Tells of provided names for as long as init runs. */
export function tellProvidedNames(init: Pick<RunningInit, "observe" | "handle" | "job">): void {
  init.observe((notice: Notice) => {
    if (notice.kind !== "event-emitted" || !EVENTS.includes(notice.event)) return;
    const variables = environment(notice.environment);
    const definition = init.job(variables.get("JOB") ?? "")?.definition;
    if (definition?.expect !== "script") return;
    for (const name of definition.provides) {
      if (init.job(name)) continue;
      variables.set("JOB", name);
      init.handle({ kind: "event", event: notice.event, environment: variables.pairs() });
    }
  }, ["event-emitted"]);
}
