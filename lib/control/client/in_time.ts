/** The limit of patience with an init that does not answer. */

import type { Client } from "./client.ts";

/**
 * What is asked of an init; undefined where it has not answered within so many ms.
 * @throws {Error} as the question does.
 */
export async function inTime<Answer>(
  client: Client,
  patience: number,
  question: (client: Client) => Promise<Answer>,
): Promise<Answer | undefined> {
  // A timer would not go off: the program sleeps while it waits for an answer.
  const late = new Promise<undefined>((resolve) => client.whenLate(patience, () => resolve(undefined)));
  return await Promise.race([question(client), late]);
}
