/** The function `job()`, and the types of its argument. */

import type { Size } from "../model/checks/size.ts";
import type { CheckUse } from "../model/checks/check.ts";
import type { Duration } from "../model/duration.ts";
import type { LogTarget } from "../model/logs/settings.ts";
import type { Compression } from "../model/logs/log_names.ts";
import type { FieldName, FieldRow, Fields } from "../model/fields.ts";
import type { Resource } from "../model/job.ts";
import type { SignalName } from "../model/signals.ts";
import type { JobCheck } from "./checks.ts";
import {
  type Condition,
  definedAt,
  type DefinedJob,
  type LateReference,
  type stopped,
} from "./conditions.ts";
import type { HookContext } from "./context.ts";
import type { Completion } from "./dependencies.ts";

/** A signal's name, with or without `SIG`. Real-time signals only have numbers (signal(7)). */
export type Signal = SignalName | `SIG${SignalName}` | RealTimeSignal;

// deno-fmt-ignore
type RealTimeSignal =
  | 32 | 33 | 34 | 35 | 36 | 37 | 38 | 39 | 40 | 41 | 42 | 43 | 44 | 45 | 46 | 47 | 48 | 49
  | 50 | 51 | 52 | 53 | 54 | 55 | 56 | 57 | 58 | 59 | 60 | 61 | 62 | 63 | 64;

/** A resource limit: one value for soft and hard limit, or both. */
export type LimitValue =
  | number
  | "unlimited"
  | readonly [soft: number | "unlimited", hard: number | "unlimited"];

/** In `env`, the value of the variable that init itself was started with: `env: { LANG: inherited }`. */
export const inherited: unique symbol = Symbol.for("rouse.inherited");

/** The type of `env`, which may be the result of `parseEnv()` of `node:util`. Undefined values are left out. */
export type Variables = Readonly<Record<string, string | number | undefined | typeof inherited>>;

/**
 * The names of a table that are certain to be set: not those of a table that was read from a file. Optional properties
 * whose type does not include undefined, as in another job's table, count as set.
 */
type CertainIn<Env extends Variables> =
  & keyof {
    [
      Name in keyof Env as string extends Name ? never
        : undefined extends Env[Name] ? Record<never, never> extends Pick<Env, Name> ? Name : never
        : Name
    ]: unknown;
  }
  & string;

/** A command: a line, which is split at blanks, or given to `/bin/sh` if it needs a shell, or an array of words. */
export type Command = string | readonly string[];

/** What a process runs: a function, a command, or text for `/bin/sh -e`. */
export type Program<Context> =
  | ((context: Context) => unknown)
  | { readonly exec: Command }
  | { readonly script: string };

/** How a job is respawned (`respawn limit`, `respawn delay`). */
export interface Respawn {
  /**
   * More respawns than this `within` that time end the job. The default is `"unlimited"`, and 10 within 5 minutes for a job
   * with `endsInit`; with `semantics: "upstart"` 10 within 5 seconds.
   */
  readonly limit?: number | "unlimited";
  readonly within?: Duration;
  /** The delay of the first respawn; 0 for none. The default is 100 ms; with `semantics: "upstart"` none. */
  readonly delay?: Duration;
  /** Each further delay is so many times the one before. The default is 2. */
  readonly factor?: number;
  /** The longest delay. The default is 30 seconds. */
  readonly max?: Duration;
  /** Delays are longer or shorter by up to this part of them, 0 to 1, by chance. The default is 0.1. */
  readonly jitter?: number;
  /** After so long a run the next delay is the first one again. The default is a minute. */
  readonly resetAfter?: Duration;
}

/** A `cgroup` stanza. */
export interface CgroupSetting {
  readonly controller: string;
  readonly name?: string;
  readonly key?: string;
  readonly value?: string | number;
}

/** When a log is rotated, and what is kept of it (`log rotate`). */
export interface LogRotation {
  /** A log of this size is rotated: 10 MB. */
  readonly size?: Size;
  /** So is one that was begun so long ago, e.g. `"7d"`. */
  readonly age?: Duration;
  /** So many rotated logs are kept: 5. */
  readonly keep?: number;
  /** How they are compressed: `"gzip"`. */
  readonly compress?: Compression;
}

/** How much a job may print within a time (`log limit`). */
export interface LogLimits {
  readonly lines?: number;
  readonly bytes?: Size;
  /** The time: 30 seconds. */
  readonly per?: Duration;
}

/** The names of the variables in text such as `$HOST-${PORT}`. */
export type VariablesIn<Text extends string> = Text extends `${string}$${infer Rest}`
  ? Exclude<NameAtStart<Rest extends `{${infer Inside}` ? Inside : Rest>, ""> | VariablesIn<Rest>
  : never;

type NameAtStart<Text extends string, Name extends string = ""> = Text extends `${infer First}${infer Rest}`
  ? First extends NameCharacter ? NameAtStart<Rest, `${Name}${First}`> : Name
  : Name;
// deno-fmt-ignore
type Letter = "a"|"b"|"c"|"d"|"e"|"f"|"g"|"h"|"i"|"j"|"k"|"l"|"m"|"n"|"o"|"p"|"q"|"r"|"s"|"t"|"u"|"v"|"w"|"x"|"y"|"z";
type NameCharacter = Letter | Uppercase<Letter> | `${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9}` | "_";

/** What job modules give for each kind of values that is the same for all jobs. */
interface WrittenValues {
  text: string;
  flag: boolean;
  integer: number;
  seconds: Duration;
  timeLimit: Duration | "none";
  signal: Signal;
  mask: number | string;
  account: string | number;
  words: string | readonly string[];
  exits: number | Signal | ReadonlyArray<number | Signal>;
  oomScore: number | "never";
  limits: { readonly [Name in Resource]?: LimitValue };
  cgroups: CgroupSetting | readonly CgroupSetting[];
  ceilings: { readonly memory?: Size };
  rotation: LogRotation | "none";
  logLimit: LogLimits;
  logTargets: LogTarget | readonly LogTarget[];
}

/** What fields that name jobs take: one of these, or an array of them. */
type Several<Item> = Item | readonly Item[];

/** The rows of the table of fields that job modules have under the same name, with values of those kinds. */
type PlainField = {
  [Name in FieldName]: Fields[Name] extends { module: string } | { within: string } ? never
    : Fields[Name]["kind"] extends keyof WrittenValues | "choice" | "references" | "check" ? Name
    : never;
}[FieldName];

/** The fields of these rows. Editors show the comments of the rows. */
type WrittenFields<Rows extends Record<string, FieldRow>> = {
  readonly [Name in keyof Rows]?: Rows[Name] extends { choices: readonly (infer Choice)[] } ? Choice
    : Rows[Name] extends { completions: true } ? Several<LateReference | Completion>
    : Rows[Name] extends { completions: false } ? Several<LateReference>
    : Rows[Name] extends { use: infer Use extends CheckUse }
      ? JobCheck<Use> | (Use extends "ready" ? typeof stopped : never)
    : WrittenValues[Rows[Name]["kind"] & keyof WrittenValues];
};

/**
 * A job's fields, which have the names of init(5)'s stanzas: those of the table (lib/model/fields.ts), and here those that
 * depend on one another, or are otherwise than the stanza. A field that is left out has its default, which for some depends on
 * `semantics`.
 *
 * `Env` is the type of the `env` table and `Instance` the text of `instance`. `Start` and `Stop` are the variables of the
 * events of `startOn` and `stopOn`. Together they give the variables that functions see in their `env`.
 */
export interface JobSpecification<
  Env extends Variables = Variables,
  Instance extends string = string,
  Start extends string = string,
  Stop extends string = string,
> extends WrittenFields<Pick<Fields, PlainField>> {
  /** The job's name, which is the file's by default. Required where a module has several jobs. */
  readonly name?: string;

  /** When to start (`start on`). Without it the job is only started by hand. */
  readonly startOn?: Condition<Start>;
  /** When to stop (`stop on`). */
  readonly stopOn?: Condition<Stop>;
  /** True: `startOn` is ignored, and the job is only started by hand. */
  readonly manual?: boolean;

  /** Variables for all processes. {@link inherited} stands for init's own value. */
  readonly env?: Env;
  /** Names of variables that are added to the job's events: of `env`, of `instance` or of the events of `startOn`. */
  readonly export?:
    | Exportable<NoInfer<Env>, NoInfer<Instance>, NoInfer<Start>>
    | ReadonlyArray<Exportable<NoInfer<Env>, NoInfer<Instance>, NoInfer<Start>>>;
  /** The name of each instance, e.g. `$PORT`: the job runs once for each value. */
  readonly instance?: Instance;

  /** The command of the main process. */
  readonly exec?: Command;
  /** Text for `/bin/sh -e` as the main process. */
  readonly script?: string;
  /** The main process as a function. It ends when the function is done and nothing is left to wait for. */
  readonly main?: Program<ContextOf<NoInfer<Env>, NoInfer<Instance>, NoInfer<Start | Stop>>>;
  /** Runs before the main process. When it fails, the job fails (`pre-start`). */
  readonly preStart?: Program<ContextOf<NoInfer<Env>, NoInfer<Instance>, NoInfer<Start | Stop>>>;
  /** Runs once the main process runs. The event `started` waits for it (`post-start`). */
  readonly postStart?: Program<ContextOf<NoInfer<Env>, NoInfer<Instance>, NoInfer<Start | Stop>>>;
  /** Runs before the main process is told to end, and may cancel that (`pre-stop`). */
  readonly preStop?: Program<ContextOf<NoInfer<Env>, NoInfer<Instance>, NoInfer<Start | Stop>>>;
  /** Runs when the main process has ended, also after a failure (`post-stop`). */
  readonly postStop?: Program<ContextOf<NoInfer<Env>, NoInfer<Instance>, NoInfer<Start | Stop>>>;

  /** True: the main process is started again when it ends on its own, after a short delay (`respawn`). */
  readonly respawn?: boolean | Respawn;

  /** The user to run as: a name or a number (`setuid`). */
  readonly user?: WrittenValues["account"];
  /** The group to run as: a name or a number (`setgid`). */
  readonly group?: WrittenValues["account"];
  /** Control groups to run in, and their settings. */
  readonly cgroup?: WrittenValues["cgroups"];
  /** An AppArmor profile to load first, and the name of the one to run under. */
  readonly apparmor?: { readonly load?: string; readonly switch?: string };
}

type Exportable<Env extends Variables, Instance extends string, Start extends string> =
  | keyof Env & string
  | VariablesIn<Instance>
  | Start;

type ContextOf<Env extends Variables, Instance extends string, Event extends string> = HookContext<
  CertainIn<Env> | VariablesIn<Instance>,
  Event | Exclude<keyof Env & string, CertainIn<Env>>
>;

/** A job made by {@link job}, which is exported as a module's `default`, spread into others, or referred to. */
export type Job<
  Env extends Variables = Variables,
  Instance extends string = string,
  Start extends string = string,
  Stop extends string = string,
> = JobSpecification<Env, Instance, Start, Stop> & DefinedJob;

/**
 * Defines a job. A module exports it, or an array of them, as its `default`:
 *
 *     export default job({ description: "a web server", exec: "/usr/sbin/httpd -f", respawn: true });
 *
 * @throws {TypeError} when the argument is no object. Fields are checked after the module has been loaded.
 */
export function job<
  Env extends Variables = Record<never, string>,
  const Instance extends string = "",
  Start extends string = never,
  Stop extends string = never,
>(specification: JobSpecification<Env, Instance, Start, Stop>): Job<Env, Instance, Start, Stop> {
  if (typeof specification !== "object" || specification === null) {
    throw new TypeError("job() takes an object with the job's fields");
  }
  // Not enumerable, so that a spread copy is a specification and not a defined job.
  return Object.defineProperty({ ...specification }, definedAt, { value: new Error().stack ?? "" }) as Job<
    Env,
    Instance,
    Start,
    Stop
  >;
}
