/** What dpkg's start-stop-daemon is asked to do: its command line, checked. */

import { existsSync } from "node:fs";
import {
  dpkgSchedule,
  dpkgSignal,
  leadingNumber,
  ScheduleError,
  type ScheduleItem,
  wholeNumber,
} from "../../../../compat/openrc/mod.ts";
import type { IoPriority } from "../../../model/fields.ts";
import type { Option, ParsedOptions } from "../../../model/command_line/options.ts";
import { SIGTERM } from "../../../model/signals.ts";
import { lookupGroup, lookupUser, type User } from "../../../sys/access/users.ts";
import type { Scheduler } from "../../../sys/spawn/description.ts";
import { fileIdentity } from "../../../config/openrc/daemons/processes.ts";

/** The options. */
export const OPTIONS: readonly Option[] = [
  { short: "S", long: "start", help: "start a program with the arguments behind --" },
  { short: "K", long: "stop", help: "stop it" },
  { short: "T", long: "status", help: "say whether it runs" },
  { short: "x", long: "exec", argument: "PROGRAM", help: "the program" },
  { short: "p", long: "pidfile", argument: "FILE", help: "the file that has its process number" },
  { long: "pid", argument: "PID", help: "its process number" },
  { long: "ppid", argument: "PID", help: "its parent's" },
  { short: "n", long: "name", argument: "NAME", help: "its name, of 15 letters at most" },
  { short: "u", long: "user", argument: "USER", help: "the user that it runs as" },
  { short: "a", long: "startas", argument: "PATH", help: "what is started instead of --exec" },
  { short: "c", long: "chuid", argument: "USER[:GROUP]", help: "start it as this user" },
  { short: "g", long: "group", argument: "GROUP", help: "start it as this group" },
  { short: "r", long: "chroot", argument: "DIR", help: "its root directory" },
  { short: "d", long: "chdir", argument: "DIR", help: "its working directory; / by default" },
  { short: "k", long: "umask", argument: "MASK", help: "its file mode creation mask" },
  { short: "N", long: "nicelevel", argument: "N", help: "add to its nice value" },
  { short: "P", long: "procsched", argument: "POLICY[:N]", help: "other, fifo or rr" },
  { short: "I", long: "iosched", argument: "CLASS[:N]", help: "real-time, best-effort or idle" },
  { short: "b", long: "background", help: "start it in the background" },
  { short: "C", long: "no-close", help: "with --background: leave it the standard streams" },
  { short: "O", long: "output", argument: "FILE", help: "with --background: append its output to a file" },
  { long: "notify-await", help: "wait until it says that it is ready" },
  { long: "notify-timeout", argument: "SECONDS", help: "for so long; 60 by default" },
  { short: "m", long: "make-pidfile", help: "make its pid file" },
  { long: "remove-pidfile", help: "remove it when the program was stopped" },
  { short: "s", long: "signal", argument: "SIGNAL", help: "what it is sent; TERM by default" },
  {
    short: "R",
    long: "retry",
    argument: "SCHEDULE",
    help: "seconds, or as TERM/5/KILL/5: how it is stopped",
  },
  { short: "t", long: "test", help: "say what would be done" },
  { short: "o", long: "oknodo", help: "to have nothing to do is no failure" },
  { short: "q", long: "quiet", help: "say less" },
  { short: "v", long: "verbose", help: "say more" },
  { short: "V", long: "version", help: "print the version" },
  { short: "H", long: "help", help: "print this help" },
];

/** What is to be done. */
export type DpkgAction = "start" | "stop" | "status";

/** A request. What is undefined was not given. */
export interface DpkgRequest {
  action: DpkgAction;
  args: readonly string[];
  exec?: string | undefined;
  startas?: string | undefined;
  /** The file of `exec`, told apart from others. */
  program?: string | undefined;
  pidFile?: string | undefined;
  pid?: number | undefined;
  parent?: number | undefined;
  name?: string | undefined;
  /** Whose processes are meant: as given, and the number. */
  owner?: string | undefined;
  uid?: number | undefined;
  user?: User | undefined;
  gid?: number | undefined;
  /** The group as it was given; empty: the user's own. */
  group?: string | undefined;
  chroot?: string | undefined;
  chdir: string;
  umask?: number | undefined;
  /** What is added to the nice value. */
  nice: number;
  scheduler?: { name: string; value: Scheduler } | undefined;
  ioPriority?: { name: string; level: number; value: IoPriority } | undefined;
  background: boolean;
  closes: boolean;
  output?: string | undefined;
  awaitsNotice: boolean;
  /** In seconds. */
  noticeTime: number;
  makesPidFile: boolean;
  removesPidFile: boolean;
  signal: number;
  schedule?: readonly ScheduleItem[] | undefined;
  test: boolean;
  /** The exit status where there was nothing to do. */
  idleStatus: number;
  isQuiet: boolean;
  isVerbose: boolean;
}

/** The error that ends the program. The message is for the user; the help is pointed to for a wrong command line. */
export class DpkgError extends Error {
  override name = "DpkgError";

  constructor(message: string, readonly isUsage = false) {
    super(message);
  }
}

/** How long a notice is waited for, in seconds. */
const NOTICE_TIME = 60;

/** The longest name of a program that the kernel keeps. */
const LONGEST_NAME = 15;

const ACTIONS: readonly DpkgAction[] = ["start", "stop", "status"];

/** The action of a command line, as far as it says one. */
export function actionOf({ options }: ParsedOptions): DpkgAction | undefined {
  return ACTIONS.find((action) => options.has(action));
}

/**
 * Reads a command line.
 * @param warn Is told what is doubtful
 * @throws {DpkgError}
 */
export function requestOf(parsed: ParsedOptions, warn: (text: string) => void): DpkgRequest {
  const { options } = parsed;
  const has = (option: string) => options.has(option);
  const value = (option: string) => options.get(option)?.at(-1);
  if (ACTIONS.filter(has).length > 1) usage("only one command can be specified");
  const [account, ownGroup] = (value("chuid") ?? "").split(/:(.*)/s, 2);
  if (ownGroup === "") throw new DpkgError("missing group name");
  const given = (option: string, read: (text: string) => number | undefined, problem: string) => {
    const text = value(option), number = text === undefined ? undefined : read(text);
    if (text !== undefined && number === undefined) usage(problem);
    return number;
  };
  const pid = given("pid", positive, "pid value must be a number greater than 0");
  const parent = given("ppid", positive, "ppid value must be a number greater than 0");
  const signal =
    given("signal", dpkgSignal, "signal value must be numeric or name of signal (KILL, INT, ...)") ??
      SIGTERM;
  const schedule = scheduleOf(value("retry"), signal);
  const scheduler = schedulerOf(value("procsched")), ioPriority = ioPriorityOf(value("iosched"));
  const umask = given("umask", maskIn, "umask value must be a positive number");
  const output = value("output");
  if (output !== undefined && !output.startsWith("/")) {
    usage("--output file needs to be an absolute filename");
  }
  const noticeTime = given("notify-timeout", wholeNumber, "invalid notify timeout value") ?? NOTICE_TIME;
  const request: DpkgRequest = {
    action: actionOf(parsed) ?? usage("need one of --start or --stop or --status"),
    args: parsed.args,
    exec: value("exec"),
    startas: value("startas") ?? value("exec"),
    pidFile: value("pidfile"),
    pid,
    parent,
    name: value("name"),
    owner: value("user"),
    group: lastGroup(parsed, ownGroup),
    chroot: value("chroot"),
    chdir: value("chdir") ?? "/",
    umask,
    nice: leadingNumber(value("nicelevel") ?? "") ?? 0,
    scheduler,
    ioPriority,
    background: has("background"),
    closes: !has("no-close"),
    output,
    awaitsNotice: has("notify-await"),
    noticeTime,
    makesPidFile: has("make-pidfile"),
    removesPidFile: has("remove-pidfile"),
    signal,
    schedule,
    test: has("test"),
    idleStatus: has("oknodo") ? 0 : 1,
    // The last of the two counts.
    isQuiet: [...options.keys()].findLast((option) => ["quiet", "verbose"].includes(option)) === "quiet",
    isVerbose: [...options.keys()].findLast((option) => ["quiet", "verbose"].includes(option)) === "verbose",
  };
  check(request, warn);
  resolveNames(request, account === "" ? undefined : account);
  return request;
}

/** The group: of --chuid or --group, what was given last. */
function lastGroup({ given }: ParsedOptions, ofUser: string | undefined): string | undefined {
  const [option, value] =
    given.findLast(([option, value]) => option === "group" || option === "chuid" && value.includes(":")) ??
      [];
  return option === "chuid" ? ofUser : value;
}

function usage(message: string): never {
  throw new DpkgError(message, true);
}

function positive(text: string): number | undefined {
  return wholeNumber(text) || undefined;
}

/** A mask as C programs write numbers: octal after a 0, hexadecimal after 0x. */
function maskIn(text: string): number | undefined {
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^0x[\da-f]+$/i.test(text) ? Number(text) : wholeNumber(text);
}

function scheduleOf(text: string | undefined, signal: number): ScheduleItem[] | undefined {
  try {
    return text === undefined ? undefined : dpkgSchedule(text, signal);
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error;
    return usage(error.message);
  }
}

/** The policies with their numbers, and the priorities that they have (sched(7)). */
const POLICIES: Readonly<Record<string, [policy: number, least: number, most: number]>> = {
  other: [0, 0, 0],
  fifo: [1, 1, 99],
  rr: [2, 1, 99],
};

function schedulerOf(text: string | undefined): DpkgRequest["scheduler"] {
  if (text === undefined) return undefined;
  const [name = "", level] = text.split(/:(.*)/s, 2);
  const given = level === undefined ? 0 : wholeNumber(level);
  if (given === undefined) throw new DpkgError("invalid process scheduler priority");
  if (!Object.hasOwn(POLICIES, name)) usage("invalid process scheduler policy");
  const [policy, least, most] = POLICIES[name]!, priority = name === "other" ? 0 : given;
  if (priority < least) usage("process scheduler priority less than min");
  if (priority > most) usage("process scheduler priority greater than max");
  return { name, value: { policy, priority } };
}

/** The lowest I/O priority of a class. */
const LAST_IO_LEVEL = 7;

function ioPriorityOf(text: string | undefined): DpkgRequest["ioPriority"] {
  if (text === undefined) return undefined;
  const [name = "", given] = text.split(/:(.*)/s, 2), level = given === undefined ? 4 : wholeNumber(given);
  if (level === undefined) throw new DpkgError("invalid IO scheduler priority");
  if (name === "idle") return { name, level: LAST_IO_LEVEL, value: "idle" };
  if (name !== "real-time" && name !== "best-effort") usage("invalid IO scheduler policy");
  if (level > LAST_IO_LEVEL) usage("IO scheduler priority greater than max");
  const own = name === "real-time" ? "realtime" : name;
  return { name, level, value: `${own} ${level}` as IoPriority };
}

/** Checks what does not go together. */
function check(request: DpkgRequest, warn: (text: string) => void): void {
  const { action, exec, name, owner, pid, parent, pidFile, background } = request;
  if ([exec, name, owner, pid, parent, pidFile].every((criterion) => criterion === undefined)) {
    usage("need at least one of --exec, --pid, --ppid, --pidfile, --user or --name");
  }
  if (name !== undefined && name.length > LONGEST_NAME) {
    warn(
      `this system is not able to track process names\nlonger than ${LONGEST_NAME} characters, please use --exec ` +
        "instead of --name.",
    );
  }
  if (action === "start" && request.startas === undefined) usage("--start needs --exec or --startas");
  if (request.makesPidFile && pidFile === undefined) usage("--make-pidfile requires --pidfile");
  if (request.removesPidFile && pidFile === undefined) usage("--remove-pidfile requires --pidfile");
  if (pid !== undefined && pidFile !== undefined) usage("need either --pid or --pidfile, not both");
  if (background && action !== "start") usage("--background is only relevant with --start");
  if (!request.closes && !background) usage("--no-close is only relevant with --background");
  if (request.output !== undefined && !background) usage("--output is only relevant with --background");
  if (request.closes) request.output ??= "/dev/null";
}

/** Looks up the file, users and groups. @param account The user to change to */
function resolveNames(request: DpkgRequest, account: string | undefined): void {
  const { chroot, chdir, owner, group } = request;
  if (request.exec !== undefined) {
    if (!request.exec.startsWith("/")) {
      const isSame = request.startas === request.exec;
      request.exec = `${chdir}/${request.exec}`;
      if (isSame) request.startas = request.exec;
    }
    const file = chroot === undefined ? request.exec : `${chroot}/${request.exec}`;
    request.program = fileIdentity(file);
    if (request.program === undefined) {
      throw new DpkgError(
        `unable to stat ${file} (${existsSync(file) ? "Permission denied" : "No such file or directory"})`,
      );
    }
  }
  if (owner !== undefined) request.uid = wholeNumber(owner) ?? required(lookupUser(owner), "user", owner).uid;
  if (group !== undefined) {
    request.gid = wholeNumber(group) ?? required(lookupGroup(group), "group", group).gid;
  }
  if (account === undefined) return;
  const user = request.user = required(lookupUser(account), "user", account);
  if (group === undefined) {
    request.gid = user.gid;
    request.group = "";
  }
}

function required<Found>(found: Found | undefined, what: string, name: string): Found {
  if (found === undefined) throw new DpkgError(`${what} '${name}' not found`);
  return found;
}
