/** The names that the running init knows: jobs, instances, events. */

import process from "node:process";
import { type Client, connect } from "../../control/client/client.ts";
import { inTime } from "../../control/client/in_time.ts";
import { describe } from "../../control/client/insight.ts";
import { connectToSystem } from "../../control/client/system.ts";
import { MANAGER_INTERFACE, MANAGER_PATH } from "../../control/names.ts";
import { EMITTED_EVENTS } from "../../model/init_events.ts";
import type { Candidate } from "./candidates.ts";

/** Who completes a line does not wait for an init that is busy, in ms. */
const PATIENCE = 1000;

/** What is asked of init. */
type Question = (client: Client) => Promise<Candidate[]>;

/** The answer; nothing where no init answers in time. */
export async function askInit(question: Question): Promise<Candidate[]> {
  let client: Client | undefined;
  try {
    const { UPSTART_SESSION } = process.env;
    client = UPSTART_SESSION
      ? await connect(UPSTART_SESSION, undefined, PATIENCE)
      : await connectToSystem(process.env, hastily, () => {});
    client.silence();
    return await inTime(client, PATIENCE, question) ?? [];
  } catch {
    return []; // What is typed is to be seen, and no error in its midst.
  } finally {
    client?.close();
  }
}

/** Connects where there is room for one more client soon. */
const hastily: typeof connect = (address, destination, patience = PATIENCE) =>
  connect(address, destination, Math.min(patience, PATIENCE));

/** All jobs, with their descriptions. */
export const jobNames: Question = async (client) => {
  const { jobs, broken } = await describe(client);
  return [
    ...jobs.map(({ name, description = "" }) => ({ word: name, text: description })),
    ...broken.map(({ job }) => ({ word: job, text: "its file is broken" })),
  ];
};

/** The variables that name the instances of a job which are there. */
export const instanceNames = (job: string): Question => async (client) => {
  const [path] = await client.call(MANAGER_PATH, MANAGER_INTERFACE, "GetJobByName", "s", [job]);
  const properties = await client.getAll(path as string, "");
  const variable = /^\$\{?(\w+)\}?$/.exec(String(properties["instance"] ?? ""))?.[1];
  if (variable === undefined) return [];
  const { jobs } = await describe(client, [job]);
  const [report] = jobs;
  return (report?.instances ?? []).map(({ name, goal, state }) => ({
    word: `${variable}=${name}`,
    text: `${goal}/${state}`,
  }));
};

/** The events that jobs wait for or emit, and those of init. */
export const eventNames: Question = async (client) => {
  const [paths] = await client.call(MANAGER_PATH, MANAGER_INTERFACE, "GetAllJobs");
  const names = new Set<string>(EMITTED_EVENTS);
  for (const properties of await Promise.all((paths as string[]).map((path) => client.getAll(path, "")))) {
    const { emits, start_on, stop_on } = properties as Record<string, unknown>;
    for (const name of emits as string[] ?? []) names.add(name);
    for (const term of [...start_on as string[][] ?? [], ...stop_on as string[][] ?? []]) {
      if (term[0] !== undefined && !/^\//.test(term[0])) names.add(term[0]);
    }
  }
  return [...names].sort().map((word) => ({ word, text: "" }));
};
