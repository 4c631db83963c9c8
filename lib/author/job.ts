/** `job({…})` and the types of what it takes. */

import type { Duration } from "../model/duration.ts";
import type { Console, Expectation, Resource } from "../model/job.ts";
import type { SignalName } from "../model/signals.ts";
import { type Condition, definedAt, type DefinedJob } from "./conditions.ts";
import type { HookContext } from "./context.ts";

/** A signal's name, with or without `SIG`; real-time signals have numbers alone (signal(7)). */
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

/** Stands in `env` for the value that init itself was started with: `env: { LANG: inherited }`. */
export const inherited: unique symbol = Symbol.for("rouse.inherited");

/** The table that `env` takes. */
export type Variables = Readonly<Record<string, string | number | typeof inherited>>;

/** A command: a line that is split at blanks, or given to `/bin/sh` if it needs one; or its words, without a shell. */
export type Command = string | readonly string[];

/** What a process runs: a function, a command, or text for `/bin/sh -e`. */
export type Program<Context> =
  | ((context: Context) => unknown)
  | { readonly exec: Command }
  | { readonly script: string };

/** A `cgroup` stanza. */
export interface CgroupSetting {
  readonly controller: string;
  readonly name?: string;
  readonly key?: string;
  readonly value?: string | number;
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

/**
 * All that a job can say. Fields bear the names of init(5)'s stanzas; what is left out has the stanza's default.
 *
 * `Env` is the type of the `env` table, `Instance` the text of `instance`, `Start` and `Stop` are the variables
 * of the events of `startOn` and `stopOn`: together they make the variables that functions see in their `env`.
 */
export interface JobSpecification<
  Env extends Variables = Variables,
  Instance extends string = string,
  Start extends string = string,
  Stop extends string = string,
> {
  /** The job's name; without it, the file's. Needed where a module has several jobs. */
  readonly name?: string;
  readonly description?: string;
  readonly author?: string;
  readonly version?: string;
  /** How to call the job by hand, shown by `initctl usage`. */
  readonly usage?: string;

  /** When to start (`start on`). Without it the job is started by hand alone. */
  readonly startOn?: Condition<Start>;
  /** When to stop (`stop on`). */
  readonly stopOn?: Condition<Stop>;
  /** True: `startOn` does not count, the job is started by hand alone. */
  readonly manual?: boolean;
  /** Events that the job emits itself, for tools that check configurations. */
  readonly emits?: string | readonly string[];

  /** Variables for all processes; {@link inherited} takes init's own value. */
  readonly env?: Env;
  /** Names of variables to add to the job's own events: of `env`, of `instance` or of the events of `startOn`. */
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
  /** Runs before the main process; the job fails if it fails (`pre-start`). */
  readonly preStart?: Program<ContextOf<NoInfer<Env>, NoInfer<Instance>, NoInfer<Start | Stop>>>;
  /** Runs once the main process is there; `started` waits for it (`post-start`). */
  readonly postStart?: Program<ContextOf<NoInfer<Env>, NoInfer<Instance>, NoInfer<Start | Stop>>>;
  /** Runs before the main process is told to end; may cancel that (`pre-stop`). */
  readonly preStop?: Program<ContextOf<NoInfer<Env>, NoInfer<Instance>, NoInfer<Start | Stop>>>;
  /** Runs when the main process is gone, also after failures (`post-stop`). */
  readonly postStop?: Program<ContextOf<NoInfer<Env>, NoInfer<Instance>, NoInfer<Start | Stop>>>;

  /** True: the job is done when its main process ends; else it is up as long as that runs. */
  readonly task?: boolean;
  /**
   * True: start the main process again when it ends on its own. The limit is 10 times in 5 seconds, or what
   * is given: more than `limit` respawns `within` that time end the job (`respawn`, `respawn limit`).
   */
  readonly respawn?: boolean | { readonly limit: number; readonly within?: Duration } | {
    readonly limit: "unlimited";
  };
  /**
   * Exit statuses and signals that are no failure and lead to no respawn (`normal exit`). Numbers are statuses; a
   * signal without a name is its number times 256.
   */
  readonly normalExit?: number | Signal | ReadonlyArray<number | Signal>;
  /** How the main process tells that it is ready; `"none"` is the default. */
  readonly expect?: Expectation;
  /** How long a process has between {@link killSignal} and SIGKILL; 5 seconds is the default. */
  readonly killTimeout?: Duration;
  /** What tells the main process to end; `"TERM"` is the default. */
  readonly killSignal?: Signal;
  /** What `reload` sends; `"HUP"` is the default. */
  readonly reloadSignal?: Signal;

  /**
   * Where output goes; init's `--default-console` is the default, which is `"log"`: a terminal, so that programs print
   * line by line. `"pipe"` is a log, too, for programs that print much.
   */
  readonly console?: Console;
  /** Runs as this user: a name or a number (`setuid`). */
  readonly user?: string | number;
  /** Runs as this group: a name or a number (`setgid`). */
  readonly group?: string | number;
  /** File mode creation mask, as a number (`0o022`) or in octal digits (`"022"`). */
  readonly umask?: number | string;
  /** Scheduling priority, −20 (most urgent) to 19. */
  readonly nice?: number;
  /** −999 (least likely to be killed when memory runs out) to 1000, or `"never"` (`oom score`). */
  readonly oomScore?: number | "never";
  /** Resource limits, in the units of setrlimit(2). */
  readonly limit?: { readonly [Name in Resource]?: LimitValue };
  /** Working directory; `/` is the default. */
  readonly chdir?: string;
  /** Root directory. */
  readonly chroot?: string;
  /** Control groups to run in, and their settings. */
  readonly cgroup?: CgroupSetting | readonly CgroupSetting[];
  /** An AppArmor profile to load first, and the name of the one to run under. */
  readonly apparmor?: { readonly load?: string; readonly switch?: string };
  /** True: init ends when the job does, with its exit status, as with `--exit-with`; `.conf` cannot say it. */
  readonly endsInit?: boolean;
  /** True: the main process stops itself before it runs its command, for a debugger. */
  readonly debug?: boolean;
}

type Exportable<Env extends Variables, Instance extends string, Start extends string> =
  | keyof Env & string
  | VariablesIn<Instance>
  | Start;

type ContextOf<Env extends Variables, Instance extends string, Event extends string> = HookContext<
  (keyof Env & string) | VariablesIn<Instance>,
  Event
>;

/** A job: what was given to {@link job}, to be exported as a module's `default`, spread into others, or referred to. */
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
 * @throws {TypeError} when it is given no object. Fields are checked when the module has been loaded.
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
  // Not enumerable, so that a spread copy is a specification again and no defined job.
  return Object.defineProperty({ ...specification }, definedAt, { value: new Error().stack ?? "" }) as Job<
    Env,
    Instance,
    Start,
    Stop
  >;
}
