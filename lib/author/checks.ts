/** The checks that a job's `ready` and `alive` take, and how they become those of a definition. */

import {
  CHECK_KINDS,
  type CheckDefinition,
  type CheckKind,
  type CheckUse,
  isHeaderField,
  REMEDIES,
  type Remedy,
  SHORTEST_SPAN,
} from "../model/checks/check.ts";
import { mayBeAddress, mayBeUrl } from "../model/checks/target.ts";
import { patternProblem } from "../model/text/line_pattern.ts";
import type { Duration } from "../model/duration.ts";
import { stopped } from "./conditions.ts";
import type { Command } from "./job.ts";
import * as values from "./values.ts";
import { refuse } from "./values.ts";

/** When a check is made. */
export interface CheckOptions {
  /** The time between two checks: 10 seconds; for `ready` one second, and less at first. */
  readonly every?: Duration;
  /** The time after which a check without a result has failed: 5 seconds. */
  readonly timeout?: Duration;
}

/** What follows from the failures of `alive`. */
export interface HealthOptions extends CheckOptions {
  /** So many failures in a row make the job unhealthy: 3. */
  readonly failures?: number;
  /**
   * What is done with the unhealthy job: it is started again (`"restart"`, as when its main process fails), only the events
   * `unhealthy` and `healthy` tell of it (`"event"`), it is stopped (`"stop"`), or init ends, with a failure (`"exit"`).
   */
  readonly then?: Remedy;
}

/** What is expected of the answer to an HTTP request. */
export interface HttpOptions {
  /** The status, or the lowest and the highest: `[200, 299]`. */
  readonly status?: number | readonly [lowest: number, highest: number];
  /** Text in the answer's first 64 KiB. */
  readonly body?: string;
  /** Header lines of the request. */
  readonly header?: Readonly<Record<string, string>>;
}

/** A check, made by {@link http} and its like. `Use` tells which fields may have it. */
export class JobCheck<Use extends CheckUse = CheckUse> {
  declare protected readonly fits: (use: Use) => void;

  /** @param settings What it was given, which is looked at when the job is defined. */
  constructor(readonly kind: CheckKind, readonly settings: Readonly<Record<string, unknown>>) {}
}

/**
 * Passes when a GET of this URL, `http:` or `https:`, is answered as expected: with a status from 200 to 299, unless
 * `status` says otherwise. Redirections are not followed.
 *
 *     ready: http("http://127.0.0.1:8080/healthz")
 */
export function http(url: string, options?: HttpOptions & CheckOptions): JobCheck;
export function http(url: string, options: HttpOptions & HealthOptions): JobCheck<"alive">;
export function http(url: string, options: HttpOptions & HealthOptions = {}): JobCheck {
  return new JobCheck("http", { ...options, url });
}

/** Passes when a TCP connection is accepted on this port of the host's own (127.0.0.1), or at `host:port`. */
export function tcp(address: number | string, options?: CheckOptions): JobCheck;
export function tcp(address: number | string, options: HealthOptions): JobCheck<"alive">;
export function tcp(address: number | string, options: HealthOptions = {}): JobCheck {
  return new JobCheck("tcp", { ...options, address });
}

/** Passes when a connection is accepted on the Unix socket of this path. */
export function unix(path: string, options?: CheckOptions): JobCheck;
export function unix(path: string, options: HealthOptions): JobCheck<"alive">;
export function unix(path: string, options: HealthOptions = {}): JobCheck {
  return new JobCheck("unix", { ...options, path });
}

/** Passes when the command ends with status 0. It runs as the job's user, with its environment and limits. */
export function command(command: Command, options?: CheckOptions): JobCheck;
export function command(command: Command, options: HealthOptions): JobCheck<"alive">;
export function command(command: Command, options: HealthOptions = {}): JobCheck {
  return new JobCheck("exec", { ...options, command });
}

/** Passes when there is a file of this path. */
export function file(path: string, options?: CheckOptions): JobCheck;
export function file(path: string, options: HealthOptions): JobCheck<"alive">;
export function file(path: string, options: HealthOptions = {}): JobCheck {
  return new JobCheck("file", { ...options, path });
}

/** Ready when the job prints a line that matches: `ready: log(/listening on/)`. */
export function log(pattern: RegExp): JobCheck<"ready"> {
  return new JobCheck("log", { pattern });
}

/** Ready when the job says `READY=1` over `NOTIFY_SOCKET` (sd_notify(3)): `ready: notify`. */
export const notify: JobCheck<"ready"> = new JobCheck("notify", {});

/** Ready when the job writes a line to this descriptor: `ready: fd(3)`. */
export function fd(descriptor: number): JobCheck<"ready"> {
  return new JobCheck("fd", { descriptor });
}

/** What `ready: stopped` stands for: the function that is a condition elsewhere. */
const STOPPED: JobCheck<"ready"> = new JobCheck("stopped", {});

type Reader = (field: string, value: unknown) => unknown;

/** What each kind's settings are read by; those that all checks may have come on top. */
const TARGETS: Record<CheckKind, Record<string, Reader>> = {
  http: { url, status, body: notEmpty, header },
  tcp: { address },
  unix: { path: notEmpty },
  exec: { command: values.command },
  file: { path: notEmpty },
  log: { pattern },
  notify: {},
  fd: { descriptor: (field, value) => values.integer(field, value, 3, 1023) },
  stopped: {},
};

const SETTINGS: Record<CheckUse, Record<string, Reader>> = {
  ready: { every: span, timeout: span },
  alive: {
    every: span,
    timeout: span,
    failures: (field, value) => values.integer(field, value, 1, Number.MAX_SAFE_INTEGER),
    then: (field, value) => values.oneOf(field, value, REMEDIES),
  },
};

/**
 * The check of a field.
 * @throws {FieldError} when it is none, or has a wrong setting.
 */
export function readCheck(field: string, given: unknown, use: CheckUse): CheckDefinition {
  const value = given === stopped ? STOPPED : given;
  if (!(value instanceof JobCheck)) refuse(field, "a check such as http(…), tcp(…) or command(…)", value);
  if (!CHECK_KINDS[use].includes(value.kind)) {
    refuse(field, `a check that can be made again, such as http(…)`, `${value.kind}(…)`);
  }
  const readers = { ...TARGETS[value.kind], ...SETTINGS[use] };
  const settings = values.entries(field, value.settings, Object.keys(readers)).map((
    [key, setting],
  ) => [key, readers[key]!(key, setting)]);
  return { kind: value.kind, ...Object.fromEntries(settings) } as CheckDefinition;
}

function span(field: string, value: unknown): number {
  const seconds = values.seconds(field, value);
  return seconds >= SHORTEST_SPAN ? seconds : refuse(field, `${SHORTEST_SPAN * 1000} ms or longer`, value);
}

function notEmpty(field: string, value: unknown): string {
  return values.text(field, value) || refuse(field, "text that is not empty", value);
}

function url(field: string, value: unknown): string {
  const text = values.text(field, value);
  return mayBeUrl(text) ? text : refuse(field, "a URL that begins with http: or https:, with a host", value);
}

function pattern(field: string, value: unknown): string {
  if (!(value instanceof RegExp) || value.flags !== "") {
    refuse(field, "a regular expression without flags", value);
  }
  // A slash has to be escaped in a module alone.
  const source = value.source.replace(/\\(.)/gs, (pair, character) => character === "/" ? "/" : pair);
  const problem = patternProblem(source);
  if (problem !== undefined) {
    refuse(field, `a regular expression that takes linear time (${problem})`, String(value));
  }
  return source;
}

function address(field: string, value: unknown): string {
  if (typeof value === "number") return String(values.integer(field, value, 1, 65535));
  const text = values.text(field, value);
  return mayBeAddress(text)
    ? text
    : refuse(field, 'a port, or a host and a port like "localhost:5432"', value);
}

function status(field: string, value: unknown): [number, number] {
  const [lowest, highest = lowest, ...more] = values.list(value);
  if (more.length > 0) refuse(field, "a status, or the lowest and the highest", value);
  const first = values.integer(field, lowest, 100, 599);
  return [first, values.integer(field, highest, first, 599)];
}

function header(field: string, value: unknown): Record<string, string> {
  const given = values.entries(field, value).map(([name, text]) => [name, values.text(name, text)] as const);
  const wrong = given.find(([name, text]) => !isHeaderField(name, text));
  if (wrong) refuse(field, "fields of a request's header, each in one line", wrong.join(": "));
  return Object.fromEntries(given);
}
