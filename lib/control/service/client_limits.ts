/** Limits of what init keeps and does for a client: wide ones for trusted clients, narrow ones for all others. */

/** Limits of one connection, and of all connections of a kind together. Lengths are in bytes. */
export interface ClientLimits {
  /** The largest message taken. */
  message: number;
  /** How many variants a message may hold. Each has a signature, which takes time to parse. */
  variants: number;
  /** Bytes kept for all such connections together: of messages that have not arrived whole, and of answers not read. */
  kept: number;
  /** While more than this waits to be read by the client, its calls wait too. */
  backlog: number;
  /** A client that lets more than this pile up is dropped: it gets signals and does not read them. */
  largestBacklog: number;
  /** Calls that have not been answered yet; more have to wait. */
  calls: number;
  /** How long (ms) a message may take to arrive once it has begun. */
  messageTime: number;
  /** How long (ms) answers may wait to be read when there are more than `backlog`; absent: for ever. */
  backlogTime?: number;
}

/** Root, and the user that init runs as. The arguments of a process may be 2 MB (execve(2)). */
export const PRIVILEGED_LIMITS: ClientLimits = {
  message: 4 << 20,
  variants: 1024,
  kept: 64 << 20,
  backlog: 256 << 10,
  largestBacklog: 8 << 20,
  calls: 1024,
  messageTime: 60_000,
};

/** Everybody else, who may ask how things stand: a question fits into a few kilobytes. */
export const OTHERS_LIMITS: ClientLimits = {
  message: 8 << 10,
  variants: 64,
  kept: 8 << 20,
  backlog: 32 << 10,
  largestBacklog: 256 << 10,
  calls: 16,
  messageTime: 10_000,
  backlogTime: 10_000,
};
