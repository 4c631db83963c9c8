/** The status of jobs as `status`, `list`, `start` and the others print it. */

import { displayName } from "../model/display_name.ts";

/** An instance's properties, as D-Bus gives them. */
export interface InstanceStatus {
  name: string;
  goal: string;
  state: string;
  /** Names and numbers of the processes that run. */
  processes: Array<[process: string, pid: number]>;
  /** What does not go as the job's definition says; only rouse tells. */
  note?: string;
}

/** An instance in the answers of rouse's own methods, such as GetStatus. */
export type StatusRow = [
  name: string,
  goal: string,
  state: string,
  processes: InstanceStatus["processes"],
  note?: string,
];

/** Processes whose number alone tells enough, since the state names them. */
const PLAIN = ["main", "pre-start", "post-stop"];

/** The line, or lines, for an instance of a job; for a job that has none when `instance` is absent. */
export function formatStatus(job: string, instance?: InstanceStatus | undefined): string {
  if (!instance) return `${job} stop/waiting`;
  // An instance may have any name, and a line is one instance's.
  const title = displayName(job, instance.name).replaceAll("\n", "\\n");
  const [first, ...others] = instance.processes;
  const process = first ? `, ${PLAIN.includes(first[0]) ? "" : `(${first[0]}) `}process ${first[1]}` : "";
  let more = "";
  for (const [name, pid] of others) more += `\n\t${name} process ${pid}`;
  const note = instance.note ? `\n\t${instance.note}` : "";
  return `${title} ${instance.goal}/${instance.state}${process}${more}${note}`;
}

/** The same as plain data; see docs/schema/status-line.json. */
export function statusAsData(job: string, status?: InstanceStatus | undefined): object {
  if (!status) return { job, instance: "", goal: "stop", state: "waiting", processes: [] };
  const { name, goal, state, note } = status;
  const processes: object[] = [];
  for (const [process, pid] of status.processes) processes.push({ name: process, pid });
  return { job, instance: name, goal, state, processes, ...note && { note } };
}
