/** Checks by a connection: that one is accepted, over TCP or on a Unix socket. */

import { lookup } from "node:dns";
import { connect as connectSocket, type LookupFunction, type Socket } from "node:net";
import type { NetworkAddress } from "../../../model/checks/target.ts";
import { PatientTimer } from "../../../sys/io/patient_timer.ts";
import type { CheckResult } from "../schedule.ts";
import { SharedQuestions } from "./shared_questions.ts";

/** Where to connect. */
export type Endpoint = NetworkAddress | { path: string };

/** What an attempt to connect leads to. */
interface AttemptEvents {
  /** It is there. Without this, that is all that is wanted. */
  onConnected?(socket: Socket): void;
  onDone(result: CheckResult): void;
}

/** How a connection is opened, and the event that tells that it is there. */
export interface SocketOpener {
  open(): Socket;
  event: "connect" | "secureConnect";
}

/** Errors that say nothing of the other side, but that something is short on this one. */
const SHORTAGES = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EADDRNOTAVAIL"]);

const REASONS: Record<string, (where: string) => string> = {
  ECONNREFUSED: (where) => `connection refused on ${where}`,
  ECONNRESET: (where) => `connection reset by ${where}`,
  EPIPE: (where) => `connection reset by ${where}`,
  ENOENT: (where) => `there is no ${where}`,
  EACCES: (where) => `permission denied on ${where}`,
  ENOTFOUND: (where) => `no address is known for ${where}`,
  EAI_AGAIN: (where) => `no address is known for ${where}`,
  EHOSTUNREACH: (where) => `${where} cannot be reached`,
  ENETUNREACH: (where) => `${where} cannot be reached`,
  ETIMEDOUT: (where) => `no connection to ${where}`,
};

/** What an error of a connection says. */
export function resultOf(error: unknown, where: string): CheckResult {
  const { code = "", message, errors } = error as NodeJS.ErrnoException & { errors?: unknown[] };
  // Of a host with several addresses, each has failed.
  if (code === "" && errors && errors.length > 0) return resultOf(errors[0], where);
  if (SHORTAGES.has(code)) return { outcome: "none" };
  return { outcome: "failed", reason: REASONS[code]?.(where) ?? `${where}: ${message}` };
}

/** Connects, within so many ms. Returns what cancels it. */
export function connectTo(
  endpoint: Endpoint,
  timeout: number,
  { onConnected, onDone }: AttemptEvents,
  { open, event }: SocketOpener = {
    open: () => connectSocket({ ...endpoint, lookup: lookUp }),
    event: "connect",
  },
): () => void {
  const where = nameOf(endpoint);
  let isConnected = false, socket: Socket | undefined;
  const finish = (result: CheckResult | undefined) => {
    deadline.cancel();
    socket?.removeAllListeners();
    // A connection that is still being made may fail later.
    socket?.on("error", () => {});
    socket?.destroy();
    if (result) onDone(result);
  };
  const deadline = new PatientTimer(timeout, () => {
    const what = isConnected ? `no answer from ${where}` : `no connection to ${where}`;
    finish({ outcome: "failed", reason: `${what} within ${timeout / 1000} s` });
  });
  try {
    socket = open();
    socket.on("error", (error) => finish(resultOf(error, where)));
    socket.on(event, () => {
      isConnected = true;
      if (onConnected) onConnected(socket!);
      else finish({ outcome: "passed" });
    });
  } catch (error) {
    const result = resultOf(error, where);
    queueMicrotask(() => finish(result));
  }
  return () => finish(undefined);
}

/** What a look-up gives: an error, or addresses. */
type Found = Parameters<Parameters<LookupFunction>[2]>;

/** The names that are being looked up. */
const names = new SharedQuestions<Found>();

/** Looks a name up for a connection. */
export const lookUp: LookupFunction = (host, options, done) => {
  names.ask(
    JSON.stringify([host, options]),
    (answer) => lookup(host, options, (...found: Found) => answer(found)),
    (found) => done(...found),
  );
};

/** How messages call it. */
function nameOf(endpoint: Endpoint): string {
  if ("path" in endpoint) return endpoint.path;
  const { host, port } = endpoint;
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}
