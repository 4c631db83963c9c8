/** The jobs that inittab's lines are: the engine runs their processes, the sequencer says when. */

import { existsSync } from "node:fs";
import { type ActionRow, INITTAB_ACTIONS, type InittabEntry } from "../../model/sysv/inittab.ts";
import { emptyJob, type JobDefinition } from "../../model/job.ts";
import { ifAllowed } from "../../sys/call/refused.ts";
import { close, isTerminal, O_NOCTTY, O_NONBLOCK, O_RDWR, open } from "../../sys/io/descriptors.ts";
import { selfCommand } from "../../sys/runtime/self.ts";

/** The system's console. */
export const CONSOLE = "/dev/console";

/** A script that is run in the place of each process (initscript(5)). */
const INITSCRIPT = "/etc/initscript";

/** What the names of the jobs begin with. */
const PREFIX = "inittab/";

/** The sequencer kills what does not end, sooner than this, in seconds. */
const KILL_TIMEOUT = 86_400;

/** What the jobs of all lines depend on. */
export interface EntrySurroundings {
  /** What there is in the console's place and can be opened. */
  console: "none" | "terminal" | "other";
  hasInitscript: boolean;
}

/** How things are now. */
export function surroundings(): EntrySurroundings {
  return {
    console: ifAllowed(() => {
      const descriptor = open(CONSOLE, O_RDWR | O_NOCTTY | O_NONBLOCK);
      const found = isTerminal(descriptor) ? "terminal" : "other";
      close(descriptor);
      return found;
    }) ?? "none",
    hasInitscript: existsSync(INITSCRIPT),
  };
}

/** Characters of an ID that a job's name cannot have everywhere; each becomes `%` and two hexadecimal digits. */
// deno-lint-ignore no-control-regex
const UNFIT = /[%/\x00-\x1f\x7f]/g;

/** The name of a line's job, by its ID. */
export function jobNameOf(id: string): string {
  const escaped = (character: string) => `%${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
  return PREFIX + id.replace(UNFIT, escaped);
}

/** The ID of the line of a job; undefined for a job of another kind. */
export function idOf(job: string): string | undefined {
  if (!job.startsWith(PREFIX)) return undefined;
  return job.slice(PREFIX.length).replace(/%(..)/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
}

/**
 * The job of a line.
 * @param rc The runlevel whose scripts init itself stops and starts for the line. Who starts its job by hand has the same.
 */
export function entryJob(
  entry: InittabEntry,
  { console, hasInitscript }: EntrySurroundings,
  rc?: string,
): JobDefinition {
  const row: ActionRow = INITTAB_ACTIONS[entry.action];
  const { id, levels, action, process, isDirect, file } = entry;
  const script = ["/bin/sh", INITSCRIPT, id, levels, action, process];
  const words = rc !== undefined
    ? [...selfCommand("sysv"), "rc", rc]
    : hasInitscript
    ? script
    : isDirect
    ? process.split(/[ \t]+/)
    : undefined;
  return {
    ...emptyJob(jobNameOf(id), file),
    description: levels === "" ? action : `${action} in ${levels}`,
    directed: true,
    killTimeout: KILL_TIMEOUT,
    // Only a terminal can have an owner.
    console: console === "none" ? "none" : console === "terminal" && row.waits ? "owner" : "output",
    ...(process !== "" && {
      processes: {
        main: words
          // Variables are not expanded: a dollar sign stands for itself.
          ? { kind: "arguments", words: words.map((word) => word.replaceAll("$", "${}")) }
          : { kind: "exec", command: process },
      },
    }),
  };
}
