/** What the commands why and what-if read: the state of init's engine, what init remembers, and /proc. */

import type { CallError, Client } from "../../../control/client/client.ts";
import { describe, readJournal, readSnapshot } from "../../../control/client/insight.ts";
import { isOfThisNamespace } from "../../../control/client/server_identity.ts";
import { type EngineSnapshot, SNAPSHOT_VERSION } from "../../../engine/snapshot/engine_snapshot.ts";
import type { FactSources, ProcessFacts } from "../../../insight/why/facts.ts";
import type { JournalRecord } from "../../../model/insight/journal.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { commandLineOf, processStatus, ticksSinceBoot } from "../../../sys/process/procfs.ts";
import { BegunProcesses } from "../screens/left_behind.ts";
import { recordedRunlevel } from "../../../sys/utmp/records.ts";
import { OTHER_INIT } from "../command.ts";

/**
 * The state of init's engine.
 * @throws {Error} with a message for the user, when init does not tell it.
 */
export async function readState(client: Client): Promise<EngineSnapshot> {
  try {
    const snapshot = await readSnapshot(client);
    if (snapshot.version === SNAPSHOT_VERSION) return snapshot;
  } catch (error) {
    // The client has a class of its own.
    const { isUnknownMethod, name = "" } = error as Partial<CallError>;
    if (isUnknownMethod) throw new Error(`Unable to look into init: ${OTHER_INIT}`);
    if (!/AccessDenied|PermissionDenied/.test(name)) throw error;
    throw new Error("Unable to look into init: only root, and the user that it runs as, may do so");
  }
  throw new Error(
    "Unable to look into init: it is of another version than this executable; ask by its own one, " +
      `/proc/${client.server || "PID"}/exe initctl, or have it take this one over (\`initctl restart-init')`,
  );
}

/** What init remembers. */
export async function readHistory(client: Client): Promise<Pick<FactSources, "report" | "journal">> {
  const [report, journal] = await Promise.all([describe(client), wholeJournal(client)]);
  return { report, journal };
}

async function wholeJournal(client: Client): Promise<JournalRecord[]> {
  const journal: JournalRecord[] = [];
  for (let after = 0;;) {
    const { items, next } = await readJournal(client, { after });
    journal.push(...items);
    if (items.length === 0 || next === after) return journal;
    after = next;
  }
}

/** What this machine tells, where it is init's. @param hasRunlevels Init is a machine's, whose runlevel is recorded. */
export async function surroundingsOf(
  { server }: Client,
  hasRunlevels: boolean,
): Promise<Pick<FactSources, "runlevel" | "process" | "leftBehind">> {
  if (server === undefined || server <= 0 || !await isOfThisNamespace(server)) return {};
  const begun = new BegunProcesses(server);
  return {
    process: factsOf,
    leftBehind: (job, instance) => begun.of(job, instance),
    ...(hasRunlevels && { runlevel: presentRunlevel() }),
  };
}

function presentRunlevel(): string | undefined {
  const level = ifAllowed(() => recordedRunlevel())?.runlevel;
  return level === "N" ? undefined : level;
}

/** The kernel's ticks are hundredths of a second. */
const TICK = 10;

/** What /proc tells of a process. */
function factsOf(pid: number): ProcessFacts | undefined {
  const status = processStatus(pid);
  if (!status) return undefined;
  const command = commandLineOf(pid).join(" ") || `[${status.command}]`;
  return { command, since: Date.now() - (ticksSinceBoot() - status.startTime) * TICK };
}
