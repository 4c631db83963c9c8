/** The log of clients that init has dropped for a limit: they decide how many there are, so few lines tell of them. */

import { isPrivileged } from "../privilege.ts";
import type { Peer } from "../supervisor.ts";

/** How long the next ones are counted before they are told of, in ms. */
const MINUTE = 60_000;

/** Tells of the first client at once, and of those within a minute from then on by their number: for each kind of users. */
export class DropLog {
  /** How many more there were. */
  readonly #more = new Map<string, number>();

  /**
   * @param log Logs a line.
   * @param time How long the next ones are counted, in ms
   */
  constructor(private readonly log: (line: string) => void, private readonly time = MINUTE) {}

  /** @param reason What the client has done, such as `has not read …`. */
  dropped({ pid, uid }: Peer, reason: string): void {
    const users = isPrivileged(uid) ? "root and init's own user" : "other users";
    const more = this.#more.get(users);
    if (more !== undefined) return void this.#more.set(users, more + 1);
    this.log(`Dropped a client, process ${pid} of user ${uid}: it ${reason}`);
    this.#more.set(users, 0);
    setTimeout(() => this.#tellMore(users), this.time).unref();
  }

  #tellMore(users: string): void {
    const more = this.#more.get(users);
    this.#more.delete(users);
    if (more) this.log(`Dropped ${more} more clients of ${users} within a minute`);
  }
}
