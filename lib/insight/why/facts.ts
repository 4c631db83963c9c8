/** The facts from which `why` draws its reasons: the engine as it is now, and what init remembers of what has happened. */

import type { EngineState } from "../../engine/engine_state.ts";
import type { Event } from "../../engine/events/event.ts";
import type { Instance } from "../../engine/instance.ts";
import type { JournalEntry, JournalRecord } from "../../model/insight/journal.ts";
import type { InstanceReport, JobReport, Report } from "../../model/insight/report.ts";
import { Emitters } from "./emitters.ts";
import { Holders } from "./holders.ts";

/** What /proc tells of a process. */
export interface ProcessFacts {
  /** Its command line, one line. */
  command: string;
  /** When it was started (ms since 1970). */
  since: number;
}

/** What facts are made of. All but the engine may be missing: then less is told. */
export interface FactSources {
  engine: EngineState;
  report?: Report;
  /** The oldest first. */
  journal?: readonly JournalRecord[];
  /** The present runlevel. */
  runlevel?: string | undefined;
  /** What /proc tells of a process of init's namespace; undefined where that is not known. */
  process?(pid: number): ProcessFacts | undefined;
  /** The processes that still run of an instance that is gone. */
  leftBehind?(job: string, instance: string): number[];
}

/** The record of an event in the journal. */
export type EventRecord = JournalRecord & JournalEntry & { kind: "event" };

/** The facts. */
export class Facts {
  readonly engine: EngineState;
  readonly journal: readonly JournalRecord[];
  readonly runlevel: string | undefined;
  readonly report: Report | undefined;
  readonly emitters: Emitters;
  readonly holders: Holders;
  readonly #process: FactSources["process"];
  readonly #leftBehind: FactSources["leftBehind"];
  readonly #jobs: ReadonlyMap<string, JobReport>;
  readonly #events = new Map<string, EventRecord[]>();

  constructor({ engine, report, journal = [], runlevel, process, leftBehind }: FactSources) {
    this.engine = engine;
    this.report = report;
    this.journal = journal;
    this.#process = process;
    this.#leftBehind = leftBehind;
    this.#jobs = new Map(report?.jobs.map((job) => [job.name, job]));
    for (const record of journal) {
      if (record.kind !== "event") continue;
      const known = this.#events.get(record.event);
      if (known) known.push(record);
      else this.#events.set(record.event, [record]);
    }
    this.runlevel = runlevel ?? levelOf(this.#events.get("runlevel")?.at(-1));
    this.emitters = new Emitters(engine);
    this.holders = new Holders(engine);
  }

  /** The present time by init's clock (ms since 1970). */
  get now(): number {
    return this.engine.wall;
  }

  /** A time of the engine as ms since 1970. */
  wall(monotonic: number): number {
    return this.engine.wall + monotonic - this.engine.now;
  }

  /** What init reports of a job. */
  job(name: string): JobReport | undefined {
    return this.#jobs.get(name);
  }

  /** What init reports of an instance that is there. */
  instance({ job, name }: Instance): InstanceReport | undefined {
    return this.job(job.name)?.instances.find((report) => report.name === name);
  }

  /** The events of this name that the journal has, the oldest first. */
  eventsCalled(name: string): readonly EventRecord[] {
    return this.#events.get(name) ?? [];
  }

  /** The names of all events that the journal has. */
  get eventNames(): Iterable<string> {
    return this.#events.keys();
  }

  /** The record of an event that the engine still has: the last one that is the same. */
  recordOf({ name, environment }: Event): EventRecord | undefined {
    const pairs = environment.pairs().join("\0");
    return this.eventsCalled(name).findLast((record) => record.environment.join("\0") === pairs);
  }

  /** The processes that still run of an instance that is gone; none where that is not known. */
  leftBehind(job: string, instance: string): number[] {
    return this.#leftBehind?.(job, instance) ?? [];
  }

  /** What is known of a process. */
  process(pid: number): ProcessFacts | undefined {
    return this.#process?.(pid);
  }
}

function levelOf(record: EventRecord | undefined): string | undefined {
  return record?.environment.find((pair) => pair.startsWith("RUNLEVEL="))?.slice("RUNLEVEL=".length);
}
