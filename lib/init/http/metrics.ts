/** The figures of a running init in the text format of Prometheus. */

import process from "node:process";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { JobView, Notice, Supervisor } from "../../control/supervisor.ts";
import { VERSION } from "../../model/version.ts";
import { Counters } from "./counters.ts";
import { groupUsage } from "./group_usage.ts";
import { add, ProcessTable, type Usage } from "./usage.ts";

/** How often the loop is asked whether it is late, in ms. */
const LOOP_INTERVAL = 500;

/** How long one text serves all who ask, in ms: a flood of questions must not keep init busy. */
const FRESH = 1000;

/** A figure that is looked up when it is asked for. */
interface Look {
  name: string;
  help: string;
  /** The value of a job; undefined where there is none. */
  value(job: JobView, usage: Usage | undefined): number | undefined;
  /** True for what only grows while the job's processes live. */
  grows?: boolean;
}

const LOOKS: Look[] = [
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
    grows: true,
  },
];

/** Counts what happens, and looks at the rest when asked. */
export class Metrics {
  readonly #registry = new Registry();
  readonly #counters = new Counters(this.#registry);
  readonly #jobs: Gauge;
  readonly #state: Gauge<"job" | "instance" | "goal" | "state">;
  readonly #looks: Array<[Look, Gauge<"job"> | Counter<"job">]>;
  readonly #loopTimer: ReturnType<typeof setTimeout>;
  #latest: { text: Promise<Uint8Array>; at: number } | undefined;

  constructor(private readonly init: Pick<Supervisor, "jobs">) {
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
    this.#looks = LOOKS.map((look) => {
      const options = { name: look.name, help: look.help, labelNames: ["job"] as const, registers };
      return [look, look.grows ? new Counter(options) : new Gauge(options)];
    });
    this.#loopTimer = watchLoop(
      new Histogram({
        name: "rouse_loop_delay_seconds",
        help: "How late init's loop came to a timer, twice a second.",
        buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
        registers,
      }),
    );
    this.#collectInit(registers);
  }

  /** The media type of {@link render}. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** To be told of everything that happens. */
  observe(notice: Notice): void {
    this.#counters.observe(notice);
  }

  /** All figures, at most a second old. */
  render(): Promise<Uint8Array> {
    const now = performance.now();
    if (!this.#latest || now - this.#latest.at > FRESH) this.#latest = { text: this.#render(), at: now };
    return this.#latest.text;
  }

  close(): void {
    clearInterval(this.#loopTimer);
  }

  /** Others get their turn after each figure: with thousands of jobs, all at once would take too long. */
  async #render(): Promise<Uint8Array> {
    const table = await ProcessTable.read();
    const jobs = Array.from(this.init.jobs());
    this.#jobs.set(jobs.length);
    this.#collectStates(jobs);
    const usages = jobs.map((job) => usageOf(job, table));
    for (const [look, figure] of this.#looks) {
      await turn();
      figure.reset();
      for (const [index, job] of jobs.entries()) {
        const value = look.value(job, usages[index]);
        if (value !== undefined) figure.inc({ job: job.definition.name }, value);
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

  /** Init's own figures, by the names that exporters share. */
  #collectInit(registers: Registry[]): void {
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

/** By the job's control groups where it has some, by the sessions of its processes otherwise. */
function usageOf({ definition, instances }: JobView, table: ProcessTable): Usage | undefined {
  let sum: Usage | undefined;
  for (const instance of instances.values()) {
    const pids = instance.processes().map(([, pid]) => pid);
    if (pids.length === 0) continue;
    const group = definition.cgroups.length > 0 ? groupUsage(pids[0]!) : undefined;
    const usage = { ...table.usage(pids), ...group };
    sum = sum ? add(sum, usage) : usage;
  }
  return sum;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function watchLoop(histogram: Histogram): ReturnType<typeof setTimeout> {
  let due = performance.now() + LOOP_INTERVAL;
  return setInterval(() => {
    const now = performance.now();
    histogram.observe(Math.max(0, now - due) / 1000);
    due = now + LOOP_INTERVAL;
  }, LOOP_INTERVAL);
}
