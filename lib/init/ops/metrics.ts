/** The metrics of a running init, in the text format of Prometheus. */

import process from "node:process";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { JobView, Supervisor } from "../../control/supervisor.ts";
import type { JobDefinition } from "../../model/job.ts";
import type { Notice } from "../../model/requests.ts";
import { VERSION } from "../../model/version.ts";
import type { LogLosses } from "../logs/files/log_store.ts";
import { NoticeCounters } from "./metrics_counters.ts";
import { cgroupUsage } from "./cgroup_usage.ts";
import { LoopDelay } from "./loop_delay.ts";
import { addUsage, ProcessTable, type ResourceUsage } from "./process_usage.ts";

/** How long one text is used for all requests, in ms: a flood of requests must not keep init busy. */
const CACHE_TIME = 1000;

/** A metric of each job, read when metrics are requested. */
interface JobMetric {
  name: string;
  help: string;
  /** The value for a job. Undefined where there is none. */
  value(
    job: JobView,
    usage: ResourceUsage | undefined,
    log: { losses: LogLosses | undefined; isFailing: boolean },
  ): number | undefined;
  /** True: the value only grows while the processes of the job live. */
  isCounter?: boolean;
}

/** What is known of jobs' logs. */
export interface LogSubject {
  /** What was lost of each job's output, where something was. */
  readonly logLosses: ReadonlyMap<string, LogLosses>;
  /** True where a log of a job cannot be written, or its output not be shipped. */
  isLogFailing(job: JobDefinition): boolean;
}

const JOB_METRICS: JobMetric[] = [
  {
    name: "rouse_job_running",
    help: "Instances of the job that are in the state running.",
    value: ({ instances }) =>
      Array.from(instances.values()).filter(({ state }) => state === "running").length,
  },
  {
    name: "rouse_job_processes",
    help: "Processes of the job: of its control group, or of the sessions of those that init started.",
    value: (_job, usage) => usage?.processes ?? 0,
  },
  {
    name: "rouse_job_resident_memory_bytes",
    help: "Memory of the job's control group, or resident memory of its processes, shared parts for each.",
    value: (_job, usage) => usage?.residentMemory,
  },
  {
    name: "rouse_job_cpu_seconds_total",
    help: "Processor time of the job's control group, or of its processes and those that they waited for.",
    value: (_job, usage) => usage?.cpuTime,
    isCounter: true,
  },
  {
    name: "rouse_job_log_lost_bytes_total",
    help: "Output of the job that no log took, as a disk was full or a collector away for too long.",
    value: (_job, _usage, { losses }) => losses?.lostBytes ?? 0,
    isCounter: true,
  },
  {
    name: "rouse_job_log_dropped_lines_total",
    help: "Lines of the job that were beyond its log limit, and left out.",
    value: (_job, _usage, { losses }) => losses?.droppedLines ?? 0,
    isCounter: true,
  },
  {
    name: "rouse_job_log_failing",
    help: "1 where a log of the job cannot be written, or its output not be shipped.",
    value: (_job, _usage, { isFailing }) => isFailing ? 1 : 0,
  },
];

/** All metrics. Notices are counted as they come; the rest is read when metrics are requested. */
export class Metrics {
  readonly #registry = new Registry();
  /** The counts of notices, which hold across time. */
  readonly counters = new NoticeCounters(this.#registry);
  readonly #jobs: Gauge;
  readonly #state: Gauge<"job" | "instance" | "goal" | "state">;
  readonly #jobMetrics: Array<[JobMetric, Gauge<"job"> | Counter<"job">]>;
  readonly #loopDelay: LoopDelay;
  #latest: { text: Promise<Uint8Array>; at: number } | undefined;

  constructor(
    private readonly init: Pick<Supervisor, "jobs" | "settled" | "restarts" | "crashes"> & LogSubject,
  ) {
    const registers = [this.#registry];
    const info = { name: "rouse_info", help: "1, for the version.", labelNames: ["version"], registers };
    new Gauge(info).set({ version: VERSION }, 1);
    new Gauge({ name: "rouse_start_time_seconds", help: "When init began, in Unix time.", registers })
      .set(Date.now() / 1000 - process.uptime());
    this.#jobs = new Gauge({ name: "rouse_jobs", help: "Jobs that are defined.", registers });
    this.#state = new Gauge({
      name: "rouse_job_state",
      help: "1 for the goal and the state of each instance; a job at rest has none.",
      labelNames: ["job", "instance", "goal", "state"],
      registers,
    });
    this.#jobMetrics = JOB_METRICS.map((metric) => {
      const options = { name: metric.name, help: metric.help, labelNames: ["job"] as const, registers };
      return [metric, metric.isCounter ? new Counter(options) : new Gauge(options)];
    });
    const loopDelay = new Histogram({
      name: "rouse_loop_delay_seconds",
      help: "How late init's loop came to a timer, twice a second while something happens.",
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    });
    this.#loopDelay = new LoopDelay((delay) => loopDelay.observe(delay));
    this.#loopDelay.busy();
    this.#collectInit(registers);
  }

  /** The media type of {@link render}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** To be called with every notice. */
  observe(notice: Notice): void {
    this.counters.observe(notice);
    this.#loopDelay.busy();
  }

  /** The text of all metrics, at most a second old. */
  render(): Promise<Uint8Array> {
    this.#loopDelay.busy();
    const now = performance.now();
    if (!this.#latest || now - this.#latest.at > CACHE_TIME) this.#latest = { text: this.#render(), at: now };
    return this.#latest.text;
  }

  close(): void {
    this.#loopDelay.close();
  }

  /** Other work gets its turn after each metric: with thousands of jobs, all at once would take too long. */
  async #render(): Promise<Uint8Array> {
    await this.init.settled();
    const table = await ProcessTable.read();
    const jobs = Array.from(this.init.jobs());
    this.#jobs.set(jobs.length);
    this.#collectStates(jobs);
    const usages = jobs.map((job) => usageOf(job, table));
    for (const [jobMetric, metric] of this.#jobMetrics) {
      await turn();
      metric.reset();
      for (const [index, job] of jobs.entries()) {
        const { definition } = job, losses = this.init.logLosses.get(definition.name);
        const log = { losses, isFailing: this.init.isLogFailing(definition) };
        const value = jobMetric.value(job, usages[index], log);
        if (value !== undefined) metric.inc({ job: definition.name }, value);
      }
    }
    const texts: string[] = [];
    for (const { name } of this.#registry.getMetricsAsArray()) {
      await turn();
      texts.push(await this.#registry.getSingleMetricAsString(name));
    }
    return new TextEncoder().encode(texts.join("\n\n") + "\n");
  }

  #collectStates(jobs: JobView[]): void {
    this.#state.reset();
    for (const { definition: { name: job }, instances } of jobs) {
      for (const { name: instance, goal, state } of instances.values()) {
        this.#state.set({ job, instance, goal, state }, 1);
      }
    }
  }

  /** The metrics of init's own process, by the names that exporters have in common. */
  #collectInit(registers: Registry[]): void {
    const { init } = this;
    new Counter({
      name: "rouse_restarts_total",
      help: "Times that init was restarted in place.",
      registers,
      collect() {
        this.reset();
        this.inc(init.restarts);
      },
    });
    new Counter({
      name: "rouse_crashes_total",
      help: "Times that init was restarted in place for an internal error.",
      registers,
      collect() {
        this.reset();
        this.inc(init.crashes);
      },
    });
    new Counter({
      name: "process_cpu_seconds_total",
      help: "Processor time of init itself.",
      registers,
      collect() {
        const { user, system } = process.cpuUsage();
        this.reset();
        this.inc((user + system) / 1e6);
      },
    });
    new Gauge({
      name: "process_resident_memory_bytes",
      help: "Resident memory of init itself.",
      registers,
      collect() {
        this.set(process.memoryUsage.rss());
      },
    });
  }
}

/** The usage of a job: of its control groups if it has some, otherwise of the sessions of its processes. */
function usageOf({ definition, instances }: JobView, table: ProcessTable): ResourceUsage | undefined {
  let sum: ResourceUsage | undefined;
  for (const instance of instances.values()) {
    const pids = instance.processes().map(([, pid]) => pid);
    if (pids.length === 0) continue;
    const group = definition.cgroups.length > 0 ? cgroupUsage(pids[0]!) : undefined;
    const usage = { ...table.usage(pids), ...group };
    sum = sum ? addUsage(sum, usage) : usage;
  }
  return sum;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
