/** A supervisor for tests: jobs that change at once, with no process behind them. */

import { setImmediate } from "node:timers";
import type { InstanceProcess } from "../model/job.ts";
import { emptyJob, type JobDefinition } from "../model/job.ts";
import {
  ControlError,
  type ControlRequest,
  type InstanceView,
  type JobEnvironment,
  type JobView,
  type LogPriority,
  type Notice,
  type Peer,
  type Supervisor,
} from "./supervisor.ts";

class FakeInstance implements InstanceView {
  constructor(
    readonly name: string,
    public goal = "start",
    public state = "running",
    readonly running: Array<[InstanceProcess, number]> = [["main", 4242]],
  ) {}

  note = "";

  processes(): Array<[InstanceProcess, number]> {
    return this.running;
  }
}

interface FakeJob extends JobView {
  readonly instances: Map<string, InstanceView>;
}

/** Answers as init would; `requests` holds what it was asked. */
export class FakeSupervisor implements Supervisor {
  readonly version = "init (upstart 1.13.2) fake";
  logPriority: LogPriority = "message";
  readonly requests: Array<{ request: ControlRequest; peer: Peer }> = [];
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
  request(request: ControlRequest, peer: Peer): string | Promise<string> {
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

  #change(request: Exclude<ControlRequest, { kind: "emit" }>): string {
    const { job, kind } = request;
    const name = "instance" in request ? request.instance : this.instanceName(job, request.environment);
    const { instances } = this.#jobs.get(job)!;
    const title = name === "" ? job : `${job} (${name})`;
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

  observe(listener: (notice: Notice) => void): () => void {
    this.listeners.add(listener);
    this.listenersChanged();
    return () => {
      this.listeners.delete(listener);
      this.listenersChanged();
    };
  }

  readonly problems = new Map<string, string>();

  problem(job: string): string | undefined {
    return this.problems.get(job);
  }

  reloadConfiguration(): Promise<void> {
    this.called.push("reloadConfiguration");
    return Promise.resolve();
  }

  snapshot(): unknown {
    return { jobs: Array.from(this.#jobs.keys()) };
  }

  notifyDiskWriteable(): void {
    this.called.push("notifyDiskWriteable");
  }

  endSession(): void {
    this.called.push("endSession");
  }

  restart(): void {
    this.called.push("restart");
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
