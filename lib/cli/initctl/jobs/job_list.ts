/** All jobs with the status of their instances, by one call, which only rouse answers. */

import type { Client } from "../../../control/client/client.ts";
import { MANAGER_PATH, ROUSE_INTERFACE } from "../../../control/names.ts";
import type { InstanceStatus, StatusRow } from "../../../control/status.ts";

export function statusOfRow([name, goal, state, processes, note = ""]: StatusRow): InstanceStatus {
  return { name, goal, state, processes, note };
}

/** The jobs in the order of their names. */
export type JobList = Array<[name: string, instances: InstanceStatus[]]>;

/** @throws {CallError} where init does not answer such a call, as genuine Upstart. */
export async function listAll(client: Client): Promise<JobList> {
  const [jobs] = await client.call(MANAGER_PATH, ROUSE_INTERFACE, "ListAll");
  return (jobs as Array<[string, StatusRow[]]>).map(([name, rows]) => [name, rows.map(statusOfRow)]);
}
