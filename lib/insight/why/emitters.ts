/** Who emits which events, as far as definitions tell: by `emits`, and by commands and functions that emit them. */

import { matchesPattern } from "../../engine/conditions/pattern.ts";
import type { EngineState } from "../../engine/engine_state.ts";
import type { JobDefinition, ProcessDefinition } from "../../model/job.ts";

/** A job that emits an event. */
export interface Emitter {
  job: string;
  /** The process whose program emits it; absent where only `emits` says so. */
  process?: string;
}

/** `initctl emit NAME` in a command, with options in between. Names with variables in them are not known. */
const COMMAND = /\binitctl\b(?:\s+-\S+)*\s+emit\b(?:\s+-\S+)*\s+["']?([\w./:@+-]+)(?!\$)/g;

/** `emit("NAME"` in a module. */
const CALL = /\bemit\(\s*["'`]([\w./:@+-]+)["'`]/g;

/** Emitters by their events. They are looked for when they are first asked for. */
export class Emitters {
  #known:
    | { byName: Map<string, Emitter[]>; patterns: Array<[pattern: string, emitter: Emitter]> }
    | undefined;

  constructor(private readonly engine: EngineState) {}

  /** The jobs that emit an event. */
  of(event: string): Emitter[] {
    const { byName, patterns } = this.#all();
    const matching = patterns.flatMap(([pattern, emitter]) =>
      matchesPattern(pattern, event) ? [emitter] : []
    );
    return [...byName.get(event) ?? [], ...matching];
  }

  /** The names of all events that jobs emit. */
  get names(): string[] {
    return [...this.#all().byName.keys()];
  }

  /** The events that the processes of a job emit, as far as their text tells. */
  emittedBy(job: string): string[] {
    return [...this.#all().byName].flatMap(([event, emitters]) =>
      emitters.some((emitter) => emitter.job === job && emitter.process !== undefined) ? [event] : []
    );
  }

  /** The first job one of whose commands runs a program of this name. */
  runs(program: string): string | undefined {
    const word = new RegExp(`(^|[\\s/'"])${program.replace(/[^\w-]/g, "\\$&")}($|[\\s'";&|])`);
    for (const { definition } of this.engine.jobs.values()) {
      if (Object.values(definition.processes).some((process) => word.test(textOf(process)))) {
        return definition.name;
      }
    }
    return undefined;
  }

  #all() {
    return this.#known ??= emittersIn(Array.from(this.engine.jobs.values(), ({ definition }) => definition));
  }
}

function emittersIn(definitions: readonly JobDefinition[]) {
  const byName = new Map<string, Emitter[]>();
  const patterns: Array<[string, Emitter]> = [];
  const add = (event: string, emitter: Emitter) => {
    const known = byName.get(event);
    if (!known) byName.set(event, [emitter]);
    else if (!known.some(({ job, process }) => job === emitter.job && process === emitter.process)) {
      known.push(emitter);
    }
  };
  for (const { name: job, emits, processes, sources } of definitions) {
    for (const [process, program] of Object.entries(processes)) {
      for (const event of eventsIn(textOf(program), COMMAND)) add(event, { job, process });
    }
    for (const text of Object.values(sources ?? {})) {
      for (const event of [...eventsIn(text, COMMAND), ...eventsIn(text, CALL)]) {
        add(event, { job, process: "module" });
      }
    }
    for (const event of emits) {
      if (/[*?[\\]/.test(event)) patterns.push([event, { job }]);
      else if (!byName.get(event)?.some((emitter) => emitter.job === job)) add(event, { job });
    }
  }
  return { byName, patterns };
}

function eventsIn(text: string, pattern: RegExp): string[] {
  return Array.from(text.matchAll(pattern), ([, event = ""]) => event);
}

/** What a process runs, as one text; a module's functions are in its sources. */
function textOf(program: ProcessDefinition): string {
  switch (program.kind) {
    case "exec":
      return program.command;
    case "script":
      return program.text;
    case "arguments":
      return program.words.join(" ");
    case "function":
      return "";
  }
}
