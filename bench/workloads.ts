/** What is measured. Each workload starts an init of its own and gives one figure; smaller is better unless said. */

import { pause, until } from "../tests/support/deadline.ts";
import { RunningInit } from "../tests/support/init.ts";
import { procFile } from "../tests/support/processes.ts";
import { readdirSync } from "node:fs";

/** One workload. */
export interface Workload {
  about: string;
  unit: string;
  /** How often it is measured; the median counts. */
  rounds: number;
  /** True when a larger figure is better. */
  larger?: boolean;
  /** Measures once, with the programs of a folder. */
  measure(programs: string): Promise<number>;
}

/** All workloads, by the names that `deno task bench NAME` takes. */
export const WORKLOADS: Record<string, Workload> = {
  "one-shots": {
    about: "500 tasks (exec /bin/true) by one emit, until emit returns",
    unit: "ms",
    rounds: 5,
    async measure(programs) {
      await using init = await withJobs(programs, 500, "start on go\ntask\nexec /bin/true\n");
      return await milliseconds(() => init.ask("emit", "go"));
    },
  },
  status: {
    about: "initctl status of a running job, from a shell",
    unit: "ms",
    rounds: 9,
    async measure(programs) {
      await using init = await withJobs(programs, 1, "exec sleep 600\n");
      await init.ask("start", "job0");
      return await perCommand(init, "initctl status job0");
    },
  },
  event: {
    about: "initctl emit of an event that no job waits for, 2,000 jobs loaded",
    unit: "ms",
    rounds: 5,
    async measure(programs) {
      await using init = await withJobs(programs, 2000, "start on go\nexec true\n");
      return await perCommand(init, "initctl emit nothing");
    },
  },
  list: {
    about: "initctl list of 2,000 jobs",
    unit: "ms",
    rounds: 5,
    async measure(programs) {
      await using init = await withJobs(programs, 2000, "start on go\nexec true\n");
      return await milliseconds(() => init.ask("list"));
    },
  },
  load: {
    about: "init's start with 2,000 files, until it knows the last job",
    unit: "ms",
    rounds: 5,
    measure: (programs) =>
      milliseconds(async () => {
        await using _ = await withJobs(programs, 2000, "start on go\nexec true\n");
      }),
  },
  spawns: {
    about: "starts a second of one respawning job (a shell that writes a line)",
    unit: "/s",
    rounds: 3,
    larger: true,
    async measure(programs) {
      const job = "start on go\nrespawn\nrespawn limit unlimited\nexec echo >> @DIR@/starts\n";
      await using init = await withJobs(programs, 1, job);
      await init.ask("emit", "go");
      const count = () => (init.read("starts") ?? "").length;
      await until("the job has started", () => count() > 0);
      const [first, began] = [count(), performance.now()];
      await pause(2000);
      return (count() - first) / (performance.now() - began) * 1000;
    },
  },
  memory: {
    about: "private memory (RssAnon) of init with 10 services, a minute after they started",
    unit: "kB",
    rounds: 1,
    async measure(programs) {
      await using init = await idle(programs);
      return Number(/^RssAnon:\s+(\d+) kB/m.exec(procFile(init.pid, "status"))![1]);
    },
  },
  wakeups: {
    about: "wake-ups a second of all of init's threads with 10 services, a minute after they started",
    unit: "/s",
    rounds: 1,
    async measure(programs) {
      await using init = await idle(programs);
      const [first, began] = [contextSwitches(init.pid), performance.now()];
      await pause(5000);
      let count = 0;
      for (const [thread, switches] of contextSwitches(init.pid)) {
        count += switches - (first.get(thread) ?? 0);
      }
      return count / (performance.now() - began) * 1000;
    },
  },
};

/** An init with so many jobs of the same text, job0, job1 and so on, once it knows them all. */
async function withJobs(programs: string, count: number, text: string): Promise<RunningInit> {
  const jobs = Object.fromEntries(Array.from({ length: count }, (_, index) => [`job${index}.conf`, text]));
  const init = await RunningInit.start({ jobs, programs });
  for (const name of ["job0", `job${count - 1}`]) {
    await init.until(["status", name], `${name} stop/waiting\n`);
  }
  return init;
}

/** An init with 10 running services that has had the time to come to rest. */
async function idle(programs: string): Promise<RunningInit> {
  const init = await withJobs(programs, 10, "start on go\nexec sleep 600\n");
  await init.ask("emit", "go");
  await pause(60_000);
  return init;
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** Milliseconds of one command, when a shell runs it many times in a row. */
async function perCommand(init: RunningInit, command: string): Promise<number> {
  const times = 30;
  const loop = `i=0; while [ $i -lt ${times} ]; do ${command} > /dev/null || exit 1; i=$((i + 1)); done`;
  const time = await milliseconds(async () => {
    const { exit, stderr } = await init.shell(loop);
    if (exit !== 0) throw new Error(`${command}: exit ${exit}: ${stderr}`);
  });
  return time / times;
}

/** How often each thread of a process has been taken off a processor, by itself or by the kernel. */
function contextSwitches(pid: number): Map<string, number> {
  return new Map(
    readdirSync(`/proc/${pid}/task`).map((thread) => {
      const counts = procFile(pid, `task/${thread}/status`).matchAll(
        /^(?:non)?voluntary_ctxt_switches:\s+(\d+)$/gm,
      );
      return [thread, [...counts].reduce((sum, [, count]) => sum + Number(count), 0)];
    }),
  );
}
