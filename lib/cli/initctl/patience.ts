/** What is shown on a terminal of a change that takes long, or fails. Nothing of it is loaded before. */

import type { Invocation } from "./command.ts";

/** A change of a job, as its method is called. */
export type JobChange = "Start" | "Stop" | "Restart";

/** What was asked for. */
export type AskedChange =
  | { change: JobChange; job: string }
  | { change: JobChange; jobs: string[] }
  | { change: "Emit"; event: string };

/** The jobs that a change is asked of; none: the change is no one's in particular. */
export function jobsOf(asked: AskedChange): string[] {
  return "job" in asked ? [asked.job] : "jobs" in asked ? asked.jobs : [];
}

/** So long nothing is shown, in ms. */
const LONG = 500;

/** On a terminal, tells how a job has failed since a time (ms since 1970), where it has. */
export async function tellFailure(invocation: Invocation, asked: AskedChange, since: number): Promise<void> {
  const { isTerminal, isJson, client, complain } = invocation;
  if (!isTerminal(2) || isJson) return;
  const { failures } = await import("./reading/reasons.ts");
  const lines = await failures(await client(), { asked, since, message: "" }).catch(() => []);
  if (lines.length > 0) complain(lines.join("\n"));
}

/** What stands behind an error on a terminal, each line with a newline in front of it; elsewhere nothing. */
export async function whyFailed(
  { isTerminal, isJson, client }: Invocation,
  error: Error,
  change: { asked: AskedChange; since: number; args: readonly string[] },
): Promise<string> {
  if (!isTerminal(2) || isJson) return "";
  const { reasonsOf } = await import("./reading/reasons.ts");
  return await reasonsOf(await client(), error, change);
}

/**
 * Waits for the answer to a change. On a terminal it is shown meanwhile what init waits for, and behind the error why it is
 * so; elsewhere all is as Upstart has it.
 * @throws {Error} as the answer does.
 */
export async function patiently<Result>(
  invocation: Invocation,
  asked: AskedChange,
  answer: () => Promise<Result>,
): Promise<Result> {
  if (!invocation.isTerminal(2) || invocation.isJson) return await answer();
  const client = await invocation.client(), since = Date.now();
  let hide = () => {}, isOver = false;
  const end = () => {
    isOver = true;
    hide();
  };
  client.whenLate(LONG, async () => {
    const { showProgress } = await import("./reading/progress.ts");
    if (!isOver) hide = showProgress(invocation, asked, since);
  });
  try {
    return await answer();
  } catch (error) {
    end();
    if (error instanceof Error) {
      error.message += await whyFailed(invocation, error, { asked, since, args: invocation.args });
    }
    throw error;
  } finally {
    end();
  }
}
