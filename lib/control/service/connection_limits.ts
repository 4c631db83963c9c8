/** Limits of the number of connections, so that no user can keep root or other users from connecting. */

import { descriptorLimit } from "../../sys/process/limits.ts";
import { isPrivileged } from "../privilege.ts";
import type { Peer } from "../supervisor.ts";

/** Connections at one time: of root and init's own user, of all others together, and of each of those. */
const MOST_PRIVILEGED = 512, MOST_OTHERS = 64, MOST_OF_ONE = 16;

/** A connection that there is. */
export interface OpenConnection {
  readonly peer: Peer;
  /** False while the client has not authenticated. */
  readonly authenticated: boolean;
}

/** A connection that has just been accepted. */
export interface NewConnection {
  readonly peer: Peer;
  /** True when it has taken the last descriptor. */
  readonly scarce: boolean;
}

/** Decides by how many connections there are. Clients get a part of init's descriptors at most: jobs need some, too. */
export class ConnectionLimits {
  readonly #mostPrivileged: number;
  readonly #mostOthers: number;

  /** @param othersMayRead Whether users other than init's own and root are let in at all. */
  constructor(othersMayRead: boolean, limit = descriptorLimit()) {
    this.#mostPrivileged = Math.min(MOST_PRIVILEGED, Math.ceil(limit / 3));
    this.#mostOthers = othersMayRead ? Math.min(MOST_OTHERS, Math.ceil(limit / 16)) : 0;
  }

  /**
   * False when the new connection has to be closed; else the one to be closed in its place, if there has to be one.
   *
   * @param others The connections that there are, oldest first.
   */
  decide<Some extends OpenConnection>(
    connection: NewConnection,
    others: readonly Some[],
  ): { instead?: Some } | false {
    const privileged = isPrivileged(connection.peer.uid);
    const alike = others.filter(({ peer }) => isPrivileged(peer.uid) === privileged);
    return privileged
      ? this.#decidePrivileged(connection, alike, others)
      : !connection.scarce && this.#decideOther(connection, alike);
  }

  #decidePrivileged<Some extends OpenConnection>(
    { scarce }: NewConnection,
    alike: Some[],
    others: readonly Some[],
  ) {
    if (!scarce && alike.length < this.#mostPrivileged) return {};
    const other = scarce ? others.find(({ peer }) => !isPrivileged(peer.uid)) : undefined;
    // A client that has not authenticated yet gives way.
    const instead = other ?? silentOf(alike);
    if (instead) return { instead };
    return scarce && {};
  }

  #decideOther<Some extends OpenConnection>({ peer }: NewConnection, alike: Some[]) {
    if (this.#mostOthers === 0) return false;
    const byUser = Map.groupBy(alike, (open) => open.peer.uid);
    const own = byUser.get(peer.uid) ?? [];
    if (own.length >= MOST_OF_ONE) return replaced(silentOf(own));
    if (alike.length < this.#mostOthers) return {};
    const silent = silentOf(alike);
    if (silent) return { instead: silent };
    const most = [...byUser.values()].reduce((most, some) => some.length > most.length ? some : most);
    return most.length > own.length + 1 ? replaced(most[0]) : false;
  }
}

function silentOf<Some extends OpenConnection>(others: readonly Some[]): Some | undefined {
  return others.find((open) => !open.authenticated);
}

function replaced<Some>(open: Some | undefined): { instead: Some } | false {
  return open !== undefined && { instead: open };
}
