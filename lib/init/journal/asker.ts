/** Who asks init for something, as the journal tells it. */

import type { Peer } from "../../control/supervisor.ts";
import type { Asker } from "../../model/insight/journal.ts";
import { printable } from "../../model/text/printable.ts";
import { processStatus } from "../../sys/process/procfs.ts";

/**
 * A client, and the names of its program and of the program that has started it. Command lines are not read: they are in the
 * memory of their processes, which init would have to wait for.
 */
export function askerOf({ pid, uid }: Peer): Asker {
  const client = processStatus(pid), parent = client && client.parent > 1 && processStatus(client.parent);
  return {
    pid,
    uid,
    ...(client && { command: printable(client.command) }),
    ...(parent && { parent: { pid: parent.pid, command: printable(parent.command) } }),
  };
}
