/** Which files of a directory hold the output of which instances. */

import { COMPRESSIONS, logPath, rotatedLogs, stampTime } from "../../model/logs/log_names.ts";

/** A file with output of an instance. */
export interface LogFileName {
  path: string;
  compression: "none" | "gzip" | "zstd";
  /** When it was rotated by init, as its name says (ms since 1970). */
  until?: number;
}

/** An instance, and its files, the oldest first. */
export interface InstanceFiles {
  job: string;
  instance: string;
  files: LogFileName[];
}

/** A log that logrotate(8) has moved away: `web.log.1`, `web.log.2.gz`. */
const NUMBERED = /^\.(\d+)(\.gz|\.zst)?$/;

const basename = (path: string) => path.slice(path.lastIndexOf("/") + 1);

/**
 * The files of an instance, the oldest first.
 * @param log The path of its log
 * @param names The names of the files in the log's directory
 */
export function filesOfLog(log: string, names: readonly string[]): LogFileName[] {
  const name = basename(log), directory = log.slice(0, -name.length);
  const numbered = names.flatMap((one) => {
    const [, number, ending = ""] = (one.startsWith(name) && NUMBERED.exec(one.slice(name.length))) || [];
    return number === undefined ? [] : [{ number: Number(number), name: one, compression: byEnding(ending) }];
  }).sort((one, other) => other.number - one.number);
  return [
    ...numbered.map(({ name, compression }) => ({ path: directory + name, compression })),
    ...rotatedLogs(name, names).map(({ name, stamp, compression }) => ({
      path: directory + name,
      compression,
      until: stampTime(stamp),
    })),
    ...names.includes(name) ? [{ path: log, compression: "none" as const }] : [],
  ];
}

function byEnding(ending: string): LogFileName["compression"] {
  const found = Object.entries(COMPRESSIONS).find(([, one]) => one === ending);
  return found![0] as LogFileName["compression"];
}

/**
 * The instances of jobs that have logs in a directory.
 * @param jobs The names of all jobs: what begins with a job's name may be another one's log
 * @param wanted The jobs whose instances are asked for
 * @param known Instances that are known to be, by their jobs
 */
export function instancesWithLogs(
  directory: string,
  names: readonly string[],
  jobs: readonly string[],
  wanted: readonly string[],
  known: ReadonlyMap<string, ReadonlySet<string>>,
): InstanceFiles[] {
  const present = new Set(names), taken = new Set<string>();
  const found: InstanceFiles[] = [];
  const take = (job: string, instance: string, log: string) => {
    const files = filesOfLog(log, names);
    for (const { path } of files) taken.add(basename(path));
    if (wanted.includes(job)) found.push({ job, instance, files });
  };
  for (const job of jobs) {
    for (const instance of new Set(["", ...known.get(job) ?? []])) {
      take(job, instance, logPath(directory, job, instance));
    }
  }
  // What is left may be of instances that are long gone. The longest name of a job fits best.
  const byLength = [...jobs].sort((one, other) => other.length - one.length);
  for (const name of present) {
    const log = /^(.*\.log)(?:\.\d.*)?$/s.exec(name)?.[1];
    if (log === undefined || taken.has(name)) continue;
    const job = byLength.find((one) => log.startsWith(`${one.replaceAll("/", "_")}-`));
    if (job !== undefined) take(job, log.slice(job.length + 1, -".log".length), `${directory}/${log}`);
  }
  return found.filter(({ files }) => files.length > 0);
}
