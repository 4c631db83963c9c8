/** Checks, which tell whether a job is ready (`ready`) or healthy (`alive`), and memory ceilings: plain data. */

import type { Environment } from "../environment.ts";
import { expand } from "../expand.ts";
import type { ProcessDefinition } from "../job.ts";

/** The kinds of checks that are made again and again, from outside of the job. */
const POLLED_KINDS = ["http", "tcp", "unix", "exec", "file"] as const;

/** The kinds by which the job tells of itself, once, that it is ready. */
const TOLD_KINDS = ["log", "notify", "fd", "stopped"] as const;

/** A kind of polled checks. */
export type PolledKind = (typeof POLLED_KINDS)[number];

/** A kind of checks. */
export type CheckKind = PolledKind | (typeof TOLD_KINDS)[number];

/** What is done with an unhealthy job: it is started again, only told of, or stopped, or init ends. */
export const REMEDIES = ["restart", "event", "stop", "exit"] as const;

/** What is done with an unhealthy job. */
export type Remedy = (typeof REMEDIES)[number];

/** What a check looks at, and what it expects there. Texts may hold the job's variables, as `$PORT`. */
export type CheckTarget =
  /** A GET over HTTP/1.1 that is answered with a status in this range (200 to 299), and with this text in its body. */
  | {
    kind: "http";
    url: string;
    status?: [lowest: number, highest: number];
    body?: string;
    /** Fields of the request's header, by their names. */
    header?: Record<string, string>;
  }
  /** A connection is accepted on a port of this host, or at `HOST:PORT`. */
  | { kind: "tcp"; address: string }
  /** A connection is accepted on a Unix socket. */
  | { kind: "unix"; path: string }
  /** A command ends with status 0. It runs as the job's user, in its surroundings. */
  | { kind: "exec"; command: CheckCommand }
  /** A file is there. */
  | { kind: "file"; path: string }
  /** The job prints a line that this regular expression matches. */
  | { kind: "log"; pattern: string }
  /** The job says READY=1 over NOTIFY_SOCKET (sd_notify(3)). */
  | { kind: "notify" }
  /** The job writes a line to this descriptor. */
  | { kind: "fd"; descriptor: number }
  /** The main process stops itself (SIGSTOP), and is continued. */
  | { kind: "stopped" };

/** The command of a check. */
export type CheckCommand = Extract<ProcessDefinition, { kind: "exec" | "arguments" }>;

/** When a check is made, and what follows. Absent fields have the values of {@link CHECK_DEFAULTS}. */
export interface CheckSettings {
  /** Seconds between the beginnings of two checks. */
  every?: number;
  /** Seconds after which a check without a result has failed. */
  timeout?: number;
  /** Of `alive` alone: so many failures in a row make the job unhealthy. */
  failures?: number;
  /** Of `alive` alone: what is done with the unhealthy job. */
  then?: Remedy;
}

/** A check of a job. */
export type CheckDefinition = CheckTarget & CheckSettings;

/** A check that is made again and again. */
export type PolledCheck = Extract<CheckDefinition, { kind: PolledKind }>;

/** Which field has a check. */
export type CheckUse = "ready" | "alive";

/** The kinds that each of the fields may have. */
export const CHECK_KINDS: Readonly<Record<CheckUse, readonly CheckKind[]>> = {
  ready: [...POLLED_KINDS, ...TOLD_KINDS],
  alive: POLLED_KINDS,
};

/** What holds where a check does not say it. `ready` begins quicker, and slows down to this period. */
export const CHECK_DEFAULTS = {
  every: { ready: 1, alive: 10 },
  timeout: 5,
  failures: 3,
  then: "restart",
  status: [200, 299],
} as const;

/** What a job may use at most (`restart above`). */
export interface Ceilings {
  /** Bytes of memory. */
  memory?: number;
}

/** True for a field that a request's header may have, in one line. */
export function isHeaderField(name: string, text: string): boolean {
  return /^[A-Za-z][\w!#$%&'*+.^`|~-]*$/.test(name) && !/[\r\n\0]/.test(text);
}

/** The shortest period and time limit of a check, in seconds. */
export const SHORTEST_SPAN = 0.01;

/** True for a check that is made again and again. */
export function isPolled(check: CheckDefinition): check is PolledCheck {
  return isPolledKind(check.kind);
}

/** True for a kind of checks that are made again and again. Only these have {@link CheckSettings}. */
export function isPolledKind(kind: CheckKind): boolean {
  return (POLLED_KINDS as readonly CheckKind[]).includes(kind);
}

/** The longest text of a check once its variables are put in, in characters. */
const LONGEST_TEXT = 4096;

/**
 * A check with an instance's variables put in. Those of a command are left to the shell, or to who runs it.
 * @throws {ExpansionError} when a variable is not set, or a text is too long.
 */
export function expandCheck(check: PolledCheck, environment: Environment): PolledCheck {
  const put = (text: string) => expand(text, environment, LONGEST_TEXT);
  switch (check.kind) {
    case "http": {
      const { url, body, header } = check;
      const fields = Object.entries(header ?? {}).map(([name, text]) => [name, put(text)]);
      return {
        ...check,
        url: put(url),
        ...(body !== undefined && { body: put(body) }),
        ...(header && { header: Object.fromEntries(fields) }),
      };
    }
    case "tcp":
      return { ...check, address: put(check.address) };
    case "unix":
    case "file":
      return { ...check, path: put(check.path) };
    case "exec":
      return check;
  }
}

/** Why a job is not ready before anything more is known. */
export function unreadyReason(check: CheckDefinition): string {
  switch (check.kind) {
    case "log":
      return `it has printed no line that matches /${check.pattern}/`;
    case "notify":
      return "it has not sent READY=1";
    case "fd":
      return `it has written nothing to descriptor ${check.descriptor}`;
    case "stopped":
      return "it has not stopped itself";
    default:
      return "no check has been made yet";
  }
}
