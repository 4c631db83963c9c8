/** What root does not read of OpenRC's scripts and settings: what others could have written. All that reads them asks here. */

import { isAbsolute } from "node:path";
import process from "node:process";
import { Trust } from "../../sys/access/trust.ts";

/**
 * Why root does not read a file, and the command that helps: a sentence without its full stop. Undefined where root alone
 * can write it, and for other users, who can do no more by a file than they can without it.
 */
export function untrusted(...paths: string[]): string | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const trust = new Trust();
  for (const path of paths) {
    // What ".." means depends on links: it is for the check of each directory on the way.
    const problem = trust.problem(isAbsolute(path) ? path : `${process.cwd()}/${path}`);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** What is not done with a service that root does not read. */
const REFUSED = { start: "started", stop: "stopped", run: "run" } as const;

/** The message that something is not done with a service, as others than root could have written one of its files. */
export function refusal(
  service: string,
  action: keyof typeof REFUSED,
  ...paths: string[]
): string | undefined {
  const problem = untrusted(...paths);
  return problem && `ERROR: ${service} not ${REFUSED[action]}: ${problem}`;
}
