/** What init keeps of what has happened, and what it tells of it. */

import type { Insight } from "../../control/supervisor.ts";
import type { Time } from "../../engine/effects.ts";
import type { Engine } from "../../engine/engine.ts";
import type { EngineSnapshot } from "../../engine/snapshot/engine_snapshot.ts";
import type { Asker, JournalRecord, OutputLine, Page, PageQuery } from "../../model/insight/journal.ts";
import type { Report } from "../../model/insight/report.ts";
import type { JobDefinition } from "../../model/job.ts";
import type { Notice, Request } from "../../model/requests.ts";
import type { InitContext } from "../init_context.ts";
import { type Part, type Parts, restoreParts, saveParts } from "../parts/part.ts";
import { Backlog, type Happening } from "./backlog.ts";
import { RECORDED } from "./entries.ts";
import { Histories, type SavedHistories } from "./histories.ts";
import { Journal, type SavedJournal } from "./journal.ts";
import { reportOf, type ReportSources } from "./reports.ts";
import { shortText } from "./short.ts";
import { Wakeups } from "./wakeups.ts";

/** How many jobs one answer describes at most. */
const MOST_JOBS = 200;

/** How many broken files a report names. */
const MOST_BROKEN = 200;

/** The notices that are followed. */
export const FOLLOWED: ReadonlySet<string> = new Set<Notice["kind"]>([
  ...RECORDED,
  "instance-added",
  "instance-removed",
  "failed",
  "respawned",
]);

/** What the insight is made of. */
interface InsightSources extends Pick<ReportSources, "problem" | "remark"> {
  context: InitContext;
  engine(): Engine;
  now(): Time;
  /** The time by the clock of `now().wall` alone. */
  wall(): number;
}

/** What is saved of {@link InitInsight}. */
export interface SavedInsight {
  journal: SavedJournal;
  histories: SavedHistories;
  start: SavedBeginning;
}

/** When init began (ms since 1970). */
type SavedBeginning = number;

/** The journal, the histories of instances, and the recent output of jobs, for those who ask. */
export class InitInsight implements Insight, Part<SavedInsight> {
  readonly #journal = new Journal();
  readonly #histories = new Histories();
  readonly #backlog: Backlog;
  readonly #more: Readonly<Record<"journal" | "output", Wakeups>>;
  #since: SavedBeginning;

  constructor(private readonly sources: InsightSources) {
    const { messages, processes: { output } } = sources.context;
    const attempt = (listener: () => void) => messages.attempt("an answer to who waits for more", listener);
    this.#more = { journal: new Wakeups(attempt), output: new Wakeups(attempt) };
    this.#since = sources.now().wall;
    this.#backlog = new Backlog(
      (happening, at) => this.#follow(happening, at),
      (error) => messages.fault("the journal", error),
    );
    output.recent.onMore = () => this.#more.output.wake();
    messages.onMessage = (priority, message) =>
      this.#add({ number: 0, at: 0, kind: "message", priority, message: shortText(message) });
    this.#histories.onFailure = ({ job, instance }, result) =>
      this.#journal.add({ kind: "failed", job, instance, result }, result.at);
  }

  get #parts(): Parts<SavedInsight> {
    return {
      journal: this.#journal,
      histories: this.#histories,
      start: { save: () => this.#since, restore: (since) => void (this.#since = since) },
    };
  }

  save(): SavedInsight {
    this.#backlog.flush();
    return saveParts(this.#parts);
  }

  restore(saved: SavedInsight): Promise<void> {
    return restoreParts(this.#parts, saved);
  }

  /** Records a notice. It must not change any more. */
  observe(notice: Notice): void {
    this.#add(notice);
  }

  #add(happening: Happening): void {
    this.#backlog.add(happening, this.sources.wall());
    this.#more.journal.wake();
  }

  #follow(happening: Happening, at: number): void {
    if (happening.kind === "message" || happening.kind === "request") {
      this.#journal.append(happening, at);
      return;
    }
    this.#journal.observe(happening, at);
    this.#histories.observe(happening, at);
  }

  /**
   * Records a request before it is done.
   * @returns what records that it was refused.
   */
  asked(what: Exclude<Request, { kind: "emit" }>, asker: Asker): (error: Error) => void {
    return this.#asked(inWords(what), shortText(what.job), asker);
  }

  /** Records that a restart of init was asked for. It returns what {@link asked} does. */
  askedForRestart(executable: string | undefined, asker: Asker): (error: Error) => void {
    return this.#asked(shortText(`restart-init ${executable ?? ""}`.trim()), "", asker);
  }

  #asked(what: string, job: string, asker: Asker): (error: Error) => void {
    const record = { number: 0, at: 0, kind: "request" as const, what, job, asker };
    this.#add(record);
    return ({ message }) => this.#journal.amend(record, { error: shortText(message) });
  }

  journal(query: PageQuery): Page<JournalRecord> {
    this.#backlog.flush();
    return this.#journal.read(query);
  }

  output(query: PageQuery): Page<OutputLine> {
    return this.sources.context.processes.output.recent.read(query);
  }

  onMore(what: "journal" | "output", listener: () => void): () => void {
    return this.#more[what].add(listener);
  }

  describe(jobs: string[], after: string): Report {
    this.#backlog.flush();
    const { context: { processes: { output, defaultConsole }, brokenJobs } } = this.sources;
    const now = this.sources.now(), all = this.sources.engine().jobs;
    const named = jobs.length === 0 ? [...all.keys()] : [...new Set(jobs)].filter((name) => all.has(name));
    const names = named.filter((name) => name > after).sort();
    const chosen = names.slice(0, MOST_JOBS), isMore = chosen.length < names.length;
    // A job that has kept its definition over a restart of init is none of them, though its file was never right since.
    const broken = brokenJobs().filter(({ job }) =>
      !all.has(job) && (jobs.length === 0 || jobs.includes(job))
    );
    const sources = {
      ...this.sources,
      histories: this.#histories,
      defaultConsole,
      overrideOf: this.sources.context.overrideOf,
      logOf: output.logOf.bind(output),
      logProblem: ({ name, logTo }: JobDefinition) => output.problem(name, logTo),
    };
    return {
      now: now.wall,
      since: this.#since,
      jobs: chosen.map((name) => reportOf(all.get(name)!, now, sources)),
      ...(isMore && { next: chosen.at(-1)! }),
      broken: broken.slice(0, MOST_BROKEN),
    };
  }

  engine(): EngineSnapshot {
    return this.sources.engine().save(this.sources.now());
  }
}

/** A request in the words of initctl. */
function inWords(what: Exclude<Request, { kind: "emit" }>): string {
  const instance = "instance" in what && what.instance !== "" ? ` (${what.instance})` : "";
  const isForced = "force" in what && what.force;
  return shortText(`${what.kind} ${isForced ? "--force " : ""}${what.job}${instance}`);
}
