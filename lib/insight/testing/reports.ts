/** Reports of init for tests, as of one moment. */

import type { RunResult } from "../../model/insight/journal.ts";
import type { InstanceReport, JobReport, Report } from "../../model/insight/report.ts";
import type { ObservedInstance } from "../screen/observed.ts";

/** The moment: 2026-03-01 12:00:00 UTC. */
export const NOW = Date.UTC(2026, 2, 1, 12);

const SECOND = 1000, MINUTE = 60 * SECOND;

/** A job with nothing remarkable. */
export function job(name: string, more: Partial<JobReport> = {}): JobReport {
  return {
    name,
    source: `/etc/init/${name}.conf`,
    semantics: "upstart",
    isTask: false,
    isChanged: false,
    isCompleted: false,
    limits: {},
    instances: [],
    past: [],
    ...more,
  };
}

/** An instance that runs. */
export function instance(more: Partial<InstanceReport> = {}): InstanceReport {
  return {
    name: "",
    goal: "start",
    state: "running",
    since: NOW - 2 * MINUTE,
    processes: [{ name: "main", pid: 100 }],
    restarts: 0,
    timers: [],
    checks: [],
    waitsFor: [],
    ...more,
  };
}

/** The last run of an instance that is gone. */
export function gone(last: RunResult, more: Partial<InstanceReport> = {}): InstanceReport {
  return instance({ goal: "stop", state: "waiting", since: last.at, processes: [], last, ...more });
}

/** A result: a main process that exited with 44, two minutes ago, having run for three seconds. */
export function result(more: Partial<RunResult> = {}): RunResult {
  return {
    at: NOW - 2 * MINUTE,
    duration: 3 * SECOND,
    process: "main",
    exit: { status: 44 },
    isFailure: true,
    ...more,
  };
}

/** A report with jobs of all sorts. */
export const REPORT: Report = {
  now: NOW,
  since: NOW - 60 * MINUTE,
  jobs: [
    job("api", {
      description: "the shop's API",
      instances: [instance({ restarts: 3, processes: [{ name: "main", pid: 812 }] })],
    }),
    job("db", {
      instances: [instance({
        processes: [{ name: "main", pid: 700 }],
        checks: [
          { use: "ready", kind: "tcp", what: "127.0.0.1:5432", passes: true, since: NOW - 2 * MINUTE },
          {
            use: "health",
            kind: "exec",
            what: "pg_isready",
            passes: false,
            reason: "exit status 2",
            since: NOW - 5 * SECOND,
          },
        ],
      })],
    }),
    job("migrate", {
      isTask: true,
      isCompleted: true,
      past: [gone(result({ exit: { status: 0 }, isFailure: false }))],
    }),
    job("tty", {
      instances: [
        instance({ name: "1", processes: [{ name: "main", pid: 21 }] }),
        instance({ name: "2", state: "pre-start", processes: [{ name: "pre-start", pid: 22 }] }),
      ],
    }),
    job("web", {
      description: "日本語の説明 of what this does, at length",
      past: [gone(result({ failures: 5, failuresSince: NOW - 12 * MINUTE, gaveUp: true }))],
    }),
    job("\x1b[31mred", {}),
  ],
  broken: [{ job: "typo", problem: "/etc/init/typo.conf:3: Unknown stanza" }],
};

/** What is seen of the processes in it. */
export function observe(job: string, { name, processes }: InstanceReport): ObservedInstance {
  return {
    job,
    instance: name,
    processes: processes.flatMap(({ name, pid }) => [
      { pid, depth: 0, name, command: `/usr/bin/${job} --serve`, cpuTime: 2.5, memory: 12 << 20 },
      { pid: pid + 1, depth: 1, command: `${job}: worker`, cpuTime: 61, memory: 900 << 10 },
    ]),
    cpuTime: 63.5,
    memory: (12 << 20) + (900 << 10),
    sockets: ["tcp 0.0.0.0:8080", "unix /run/api.sock"],
    limits: [{ what: "open files", pid: 812, used: 1000, limit: 1024 }],
  };
}
