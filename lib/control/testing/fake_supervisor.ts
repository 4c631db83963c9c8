/** A supervisor for tests: jobs that change at once, with no process behind them. */

import { setImmediate } from "node:timers";
import { Engine } from "../../engine/engine.ts";
import type { EngineSnapshot } from "../../engine/snapshot/engine_snapshot.ts";
import type { EngineView } from "../../engine/snapshot/engine_view.ts";
import { displayName } from "../../model/display_name.ts";
import type { InstanceProcess } from "../../model/job.ts";
import { emptyJob, type JobDefinition } from "../../model/job.ts";
import type { JournalRecord, OutputLine, Page, PageQuery } from "../../model/insight/journal.ts";
import type { Report } from "../../model/insight/report.ts";
import {
  ControlError,
  type Insight,
  type InstanceView,
  type JobEnvironment,
  type JobView,
  type LogPriority,
  type Peer,
  type Supervisor,
} from "../supervisor.ts";
import type { Notice, Request } from "../../model/requests.ts";

class FakeInstance implements InstanceView {
  readonly isUnhealthy = false;

  constructor(
    readonly name: string,
    public goal = "start",
    public state = "running",
    readonly running: Array<[InstanceProcess, number]> = [["main", 4242]],
  ) {}

  note(): string {
    return "";
  }

  processes(): Array<[InstanceProcess, number]> {
    return this.running;
  }
}

interface FakeJob extends JobView {
  readonly instances: Map<string, InstanceView>;
}

/** A journal, output and reports that tests fill. */
class FakeInsight implements Insight {
  readonly records: JournalRecord[] = [];
  readonly lines: OutputLine[] = [];
  report: Report = { now: 0, since: 0, jobs: [], broken: [] };
  readonly #listeners = new Set<() => void>();

  /** How many wait for more. */
  get waiting(): number {
    return this.#listeners.size;
  }

  /** Adds a record, and tells those who wait. */
  add(record: JournalRecord): void {
    this.records.push(record);
    for (const listener of this.#listeners) listener();
  }

  journal(query: PageQuery): Page<JournalRecord> {
    return pageOf(this.records, query);
  }

  output(query: PageQuery): Page<OutputLine> {
    return pageOf(this.lines, query);
  }

  onMore(_what: "journal" | "output", listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  describe(): Report {
    return this.report;
  }

  engine(): EngineSnapshot {
    return new Engine().save({ monotonic: 0, wall: 0 });
  }
}

function pageOf<Item extends { number: number }>(all: Item[], { after, most }: PageQuery): Page<Item> {
  const items = all.filter(({ number }) => number > after).slice(0, most);
  return { items, next: items.at(-1)?.number ?? after, lost: 0 };
}

/** Answers as init would; `requests` holds what it was asked. */
export class FakeSupervisor implements Supervisor {
  readonly version = "init (upstart 1.13.2) fake";
  readonly now = 0;
  logPriority: LogPriority = "message";
  readonly insight = new FakeInsight();
  readonly requests: Array<{ request: Request; peer: Peer }> = [];
  /** Names of the methods without an answer that were called. */
  readonly called: string[] = [];
  readonly listeners = new Set<(notice: Notice) => void>();
  /** Called whenever {@link listeners} changes. */
  listenersChanged = () => {};
  readonly #jobs = new Map<string, FakeJob>();

  /** Adds a job with these running instances. */
  add(name: string, fields: Partial<JobDefinition> = {}, instances: string[] = []): void {
    const definition = { ...emptyJob(name, `${name}.conf`), ...fields };
    this.#jobs.set(name, {
      definition,
      instances: new Map(instances.map((one) => [one, new FakeInstance(one)])),
    });
  }

  loaded(): Promise<void> | undefined {
    return undefined;
  }

  /** What {@link settled} gives. */
  settling: Promise<void> | undefined;

  settled(): Promise<void> | undefined {
    return this.settling;
  }

  jobs(): Iterable<JobView> {
    return this.#jobs.values();
  }

  job(name: string): JobView | undefined {
    return this.#jobs.get(name);
  }

  /** The value of N names the instance of a job whose `instance` is `$N`. */
  instanceName(job: string, environment: string[]): string {
    if (this.#jobs.get(job)!.definition.instance === "") return "";
    const given = environment.findLast((pair) => pair.startsWith("N="));
    if (given === undefined) throw new ControlError("UnknownParameter", "Unknown parameter: N");
    return given.slice(2);
  }

  /** An event that is called `never` does not end, one called `bad` fails, one called `late` ends later. */
  request(request: Request, peer: Peer): string | Promise<string> {
    this.requests.push({ request, peer });
    if (request.kind !== "emit") return this.#change(request);
    const { event, environment } = request;
    if (event === "never") return new Promise(() => {});
    if (event === "bad") return Promise.reject(new ControlError("EventFailed", "Event failed"));
    if (event !== "late") return "";
    return new Promise((resolve) =>
      setImmediate(() => {
        this.tell({ kind: "event-emitted", event, environment });
        resolve("");
      })
    );
  }

  #change(request: Exclude<Request, { kind: "emit" }>): string {
    const { job, kind } = request;
    const name = "instance" in request ? request.instance : this.instanceName(job, request.environment);
    const { instances } = this.#jobs.get(job)!;
    const title = displayName(job, name);
    if (kind === "start") {
      if (instances.has(name)) throw new ControlError("AlreadyStarted", `Job is already running: ${title}`);
      instances.set(name, new FakeInstance(name));
      this.tell({ kind: "instance-added", job, instance: name });
    } else {
      if (!instances.has(name)) throw new ControlError("UnknownInstance", `Unknown instance: ${name}`);
      if (kind === "stop") instances.delete(name);
    }
    return name;
  }

  /** Tells the listeners. */
  tell(notice: Notice): void {
    for (const listener of this.listeners) listener(notice);
  }

  received(): void {}

  /** What {@link warn} was told. */
  readonly warnings: string[] = [];

  warn(message: string): void {
    this.warnings.push(message);
  }

  /** What {@link fault} was told. */
  readonly faults: Array<{ where: string; error: unknown }> = [];

  fault(where: string, error: unknown): void {
    this.faults.push({ where, error });
  }

  observe(listener: (notice: Notice) => void): () => void {
    this.listeners.add(listener);
    this.listenersChanged();
    return () => {
      this.listeners.delete(listener);
      this.listenersChanged();
    };
  }

  readonly problems = new Map<string, string>();

  logProblem(): string {
    return "";
  }

  remark(): string {
    return "";
  }

  problem(job: string): string | undefined {
    return this.problems.get(job);
  }

  reloadConfiguration(): Promise<void> {
    this.called.push("reloadConfiguration");
    return Promise.resolve();
  }

  snapshot(): EngineView {
    const jobs = Array.from(this.#jobs.values(), ({ definition }) => ({
      definition,
      startOn: [],
      instances: [],
    }));
    return { now: 0, stopping: false, environment: [], jobs, putOff: [], events: [] };
  }

  get nextRequest(): number {
    return this.requests.length + 1;
  }

  answerTo(): string {
    return "";
  }

  notifyDiskWriteable(): void {
    this.called.push("notifyDiskWriteable");
  }

  enterLevel(level: string, previous: string, isShown: boolean): Promise<void> | undefined {
    this.called.push(`enterLevel ${level} ${previous}${isShown ? " shown" : ""}`);
    return level === "S" ? undefined : Promise.resolve();
  }

  endSession(): void {
    this.called.push("endSession");
  }

  readonly restarts = 0;
  readonly crashes = 0;
  readonly restarting = false;

  restart(): Promise<void> {
    this.called.push("restart");
    return Promise.resolve();
  }

  readonly #variables = new Map<string, string>([["TERM", "linux"]]);

  readonly jobEnvironment: JobEnvironment = {
    list: () => Array.from(this.#variables, ([name, value]) => `${name}=${value}`),
    get: (name) => this.#variables.get(name),
    set: (pair, replace) => {
      const [name, value] = pair.split("=") as [string, string];
      if (replace || !this.#variables.has(name)) this.#variables.set(name, value);
    },
    unset: (name) => void this.#variables.delete(name),
    reset: () => this.#variables.clear(),
  };
}
