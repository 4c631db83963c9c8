/** What OpenRC's start-stop-daemon is asked to do: its command line, checked. */

import { existsSync } from "node:fs";
import { leadingNumber, openrcSignal } from "../../../../compat/openrc/mod.ts";
import type { Option, ParsedOptions } from "../../../model/command_line/options.ts";
import { SIGINT, SIGKILL, SIGQUIT, SIGTERM } from "../../../model/signals.ts";
import { expandHome, findProgram, interpreterOf } from "../daemons/program_file.ts";
import { type DaemonSettings, numberIn, type Setter, SETTERS, settingsOf } from "../daemons/settings.ts";
import { type ToolCall, ToolError } from "../tool.ts";

/** The options beside those of {@link SETTING_OPTIONS}. */
export const OWN_OPTIONS: readonly Option[] = [
  { short: "S", long: "start", help: "start a daemon" },
  { short: "K", long: "stop", help: "stop it" },
  { short: "s", long: "signal", argument: "SIGNAL", help: "send it a signal; with --stop: instead of TERM" },
  { short: "x", long: "exec", argument: "PROGRAM", help: "its program" },
  { short: "p", long: "pidfile", argument: "FILE", help: "the file that has its process number" },
  { short: "n", long: "name", argument: "NAME", help: "its name: the first word of its command line" },
  { short: "i", long: "interpreted", help: "its program is a script: look for its interpreter" },
  { short: "b", long: "background", help: "start it in the background" },
  { short: "m", long: "make-pidfile", help: "make its pid file" },
  { short: "w", long: "wait", argument: "MS", help: "look whether it still runs after so many milliseconds" },
  {
    short: "R",
    long: "retry",
    argument: "SCHEDULE",
    help: "seconds, or as TERM/5/KILL/5: how it is stopped",
  },
  { long: "notify", argument: "WAY", help: "wait until it says that it is ready: fd:NUMBER or socket:ready" },
  { short: "P", long: "progress", help: "print a dot for each second that is waited" },
  { short: "t", long: "test", help: "say what would be done" },
  { short: "3", long: "stdout-logger", argument: "COMMAND", help: "a command that reads its output" },
  { short: "4", long: "stderr-logger", argument: "COMMAND", help: "a command that reads its error output" },
  { long: "scheduler", argument: "POLICY", help: "other, fifo, rr, batch or idle" },
  { long: "scheduler-priority", argument: "N", help: "its priority with that policy" },
  { short: "a", long: "startas", argument: "NAME", help: "deprecated: use --exec or --name" },
  { short: "c", long: "chuid", argument: "USER[:GROUP]", help: "deprecated: use --user" },
  { short: "o", long: "oknodo", help: "deprecated" },
];

/** What the options say. */
interface Draft extends DaemonSettings {
  start: boolean;
  stop: boolean;
  signal?: number;
  exec?: string;
  startas?: string;
  name?: string;
  pidFile?: string;
  interpreted: boolean;
  background: boolean;
  makePidFile: boolean;
  /** In ms. */
  wait: number;
  retry?: string;
  /** How it says that it is ready. */
  notify?: string;
  progress: boolean;
  test: boolean;
  oknodo: boolean;
  /** Commands that read the output and the error output. */
  loggers: { 1?: string; 2?: string };
}

/** What is to be done. */
export interface StartStopRequest extends Omit<Draft, "signal"> {
  /** True: a daemon is to be stopped, or signalled. */
  stops: boolean;
  /** What it is sent first. */
  signal: number;
  /** The command line of a daemon that is started. */
  argv: string[];
  /** The first words of the command line of one that runs. */
  words: string[];
}

const DEPRECATED = "is deprecated and will be removed in the future";

const OWN: Readonly<Record<string, Setter<Draft>>> = {
  start: (draft) => draft.start = true,
  stop: (draft) => draft.stop = true,
  signal(draft, value, name) {
    if (value === "") return delete draft.signal;
    const signal = openrcSignal(value);
    if (signal === undefined) throw new ToolError(`${name}: \`${value}' is not a valid signal`);
    draft.signal = signal;
  },
  exec: (draft, value) => draft.exec = value,
  pidfile: (draft, value) => draft.pidFile = value,
  name: (draft, value) => draft.name = value,
  interpreted: (draft) => draft.interpreted = true,
  background: (draft) => draft.background = true,
  "make-pidfile": (draft) => draft.makePidFile = true,
  wait: (draft, value, name) => draft.wait = numberIn(value, `${name}: \`${value}' not a number`),
  retry: (draft, value) => draft.retry = value,
  notify: (draft, value) => draft.notify = value,
  progress: (draft) => draft.progress = true,
  test: (draft) => draft.test = true,
  "stdout-logger": (draft, value) => draft.loggers[1] = value,
  "stderr-logger": (draft, value) => draft.loggers[2] = value,
  scheduler: (draft, value) => draft.scheduler = value,
  "scheduler-priority"(draft, value) {
    const priority = leadingNumber(value);
    if (priority !== undefined) draft.schedulerPriority = priority;
  },
  startas: (draft, value) => draft.startas = value,
  chuid: SETTERS["user"]!,
  oknodo: (draft) => draft.oknodo = true,
};

/** What is said of options that should not be used. */
const WARNINGS: Readonly<Record<string, string>> = {
  chuid: `-c/--chuid ${DEPRECATED}, please use -u/--user instead`,
  oknodo: `-o/--oknodo ${DEPRECATED}`,
  startas: `-a/--startas ${DEPRECATED}, please use -x/--exec or -n/--name instead`,
};

/** Signals that end a daemon: that there is none is no failure then, without `--stop`, either. */
const ENDING: ReadonlyArray<number | undefined> = [SIGINT, SIGTERM, SIGQUIT, SIGKILL];

/** @throws {ToolError} where the command line asks for what cannot be done. */
export function requestOf(
  parsed: ParsedOptions,
  { name, messages, environment }: ToolCall,
): StartStopRequest {
  const draft: Draft = {
    ...settingsOf(environment, name, (text) => messages.error(text)),
    start: false,
    stop: false,
    interpreted: false,
    background: false,
    makePidFile: false,
    wait: 0,
    progress: false,
    test: false,
    oknodo: false,
    loggers: {},
  };
  for (const [option, value] of parsed.given) {
    if (Object.hasOwn(WARNINGS, option)) messages.warn(`WARNING: ${WARNINGS[option]}`);
    (OWN[option] ?? SETTERS[option])?.(draft, value, name);
  }
  const stops = draft.stop || draft.signal !== undefined;
  if (!draft.start && !draft.stop && !ENDING.includes(draft.signal)) draft.oknodo = true;
  const request: StartStopRequest = {
    ...draft,
    stops,
    oknodo: draft.oknodo || stops && !draft.stop,
    signal: draft.signal ?? SIGTERM,
    ...programOf(draft, parsed.args),
    words: [],
  };
  if (stops) checkStop(request, name, (text) => messages.warn(text));
  else checkStart(request, name);
  const file = locate(request, name);
  if (request.start && request.retry !== undefined) {
    messages.warn("using --retry with --start has no effect, use --wait instead");
  }
  const isScript = request.interpreted && request.pidFile === undefined && file !== undefined;
  request.words = [...isScript ? interpreterOf(file) : [], ...request.argv];
  return request;
}

/** The program and the command line. */
function programOf(
  draft: Draft,
  args: readonly string[],
): Pick<StartStopRequest, "argv"> & { exec?: string; name?: string } {
  const { startas, start } = draft;
  const exec = draft.exec ?? startas, name = draft.exec === undefined ? draft.name : draft.name ?? startas;
  if (exec !== undefined) return { exec, ...name !== undefined && { name }, argv: [name ?? exec, ...args] };
  const program = args[0] ?? name;
  return {
    ...program !== undefined && { exec: program },
    argv: name !== undefined && start ? [name, ...args.slice(1)] : [...args],
  };
}

function checkStop(request: StartStopRequest, name: string, warn: (text: string) => void): void {
  const { argv, pidFile, name: called, user, outputs, loggers } = request;
  const refuse = (what: string) => {
    throw new ToolError(`${name}: ${what} only relevant with --start`);
  };
  if (argv.length === 0 && pidFile === undefined && called === undefined && !user?.uid) {
    throw new ToolError(`${name}: --stop needs --exec, --pidfile, --name or --user`);
  }
  if (request.background) refuse("--background is");
  if (request.makePidFile) refuse("--make-pidfile is");
  if (hasAny(outputs)) refuse("--stdout and --stderr are");
  if (hasAny(loggers)) refuse("--stdout-logger and --stderr-logger are");
  if (request.wait > 0) warn("using --wait with --stop has no effect, use --retry instead");
}

function checkStart(
  { exec, makePidFile, pidFile, background, outputs, loggers }: StartStopRequest,
  name: string,
): void {
  const refuse = (what: string) => {
    throw new ToolError(`${name}: ${what}`);
  };
  if (exec === undefined) refuse("nothing to start");
  if (makePidFile && pidFile === undefined) refuse("--make-pidfile is only relevant with --pidfile");
  if (hasAny(outputs) && !background) refuse("--stdout and --stderr are only relevant with --background");
  if (hasAny(loggers) && !background) {
    refuse("--stdout-logger and --stderr-logger are only relevant with --background");
  }
  if (outputs[1] !== undefined && loggers[1] !== undefined) {
    refuse("do not use --stdout and --stdout-logger together");
  }
  if (outputs[2] !== undefined && loggers[2] !== undefined) {
    refuse("do not use --stderr and --stderr-logger together");
  }
}

function hasAny(streams: { 1?: string; 2?: string }): boolean {
  return streams[1] !== undefined || streams[2] !== undefined;
}

/** The file of the program. Paths that begin with `~` are expanded. */
function locate(request: StartStopRequest, name: string): string | undefined {
  const { environment, user } = request, home = user?.home ?? environment["HOME"];
  if (request.chdir !== undefined) request.chdir = expandHome(request.chdir, home);
  if (request.chroot !== undefined) request.chroot = expandHome(request.chroot, home);
  if (request.exec === undefined) return undefined;
  request.exec = expandHome(request.exec, home);
  const file = findProgram(request.exec, environment["PATH"] ?? "", request.chroot);
  if (request.start && (file === undefined || !existsSync(file))) {
    throw new ToolError(`${name}: ${file ?? request.exec} does not exist`);
  }
  return file;
}
