/** SysV's program shutdown(8): brings the system down, now or later, and warns the users who are logged in. */

import { rmSync } from "node:fs";
import process from "node:process";
import { lastGiven, type ParsedOptions, valueOf } from "../../../model/command_line/options.ts";
import { SLEEP_TIME } from "../../../model/sysv/control_request.ts";
import { kill } from "../../../sys/process/processes.ts";
import { write } from "../../output.ts";
import { takePidFile, waitingShutdown } from "../pid_file.ts";
import { isPrivileged } from "../program.ts";
import { countDown, type Due, dueTime, type Warnings, warnsAt, warnsAtOnce } from "../schedule.ts";
import { broadcast, classicDate, harmless, sysvBanner } from "../wall.ts";
import { isAllowedUserThere } from "./allowed_users.ts";
import { type ClassicProgram, parseClassic, refuseUsage, reportFailure } from "./classic_usage.ts";
import { requestRunlevel } from "./init_request.ts";
import { writeMark } from "./write_mark.ts";

/** While this file exists, only root can log in (nologin(5)). */
const NO_LOGIN = "/run/nologin";

/** For how many minutes before the end only root can log in. */
const NO_LOGIN_MINUTES = 5;

/** Files that the next start looks for, by options. */
const MARKS: Readonly<Record<string, string>> = { "fast": "/fastboot", "force-fsck": "/forcefsck" };

/** What the system goes down to. */
interface Target {
  runlevel: string;
  /** As in "going down …". */
  purpose: string;
}

/** The targets by option. The option that is given last counts. */
const TARGETS: Readonly<Record<string, Target>> = {
  reboot: { runlevel: "6", purpose: "for reboot" },
  "halt-or-poweroff": { runlevel: "0", purpose: "for system halt" },
};
const MAINTENANCE: Target = { runlevel: "1", purpose: "to maintenance mode" };

/** INIT_HALT by option. The option that is given last counts. */
const HALTS: Readonly<Record<string, string>> = { halt: "HALT", poweroff: "POWEROFF" };

const SHUTDOWN: ClassicProgram = {
  name: "shutdown",
  arguments: "TIME [MESSAGE]...",
  summary: "Bring the system down.",
  help: "TIME is `now', +m or m for a number of minutes, +hh:mm, or hh:mm on the 24 hour clock.\n" +
    "Those who are logged in are told on their terminals, with MESSAGE if there is one. Until the time comes " +
    "the command stays in the foreground; Control-C cancels it, as does -c given to another. " +
    "Without -r or -h the system goes to runlevel 1.",
  options: [
    { short: "r", long: "reboot", help: "reboot after shutdown" },
    { short: "h", long: "halt-or-poweroff", help: "halt or power off after shutdown" },
    { short: "H", long: "halt", help: "with -h: halt, and leave the power on" },
    { short: "P", long: "poweroff", help: "with -h: power off" },
    { short: "c", long: "cancel", help: "cancel a shutdown that waits" },
    { short: "k", long: "warn-only", help: "only send warnings, don't shut down" },
    {
      short: "t",
      long: "sleep",
      argument: "SECONDS",
      help: `from SIGTERM to SIGKILL; ${SLEEP_TIME} by default`,
    },
    { short: "a", long: "allowed", help: "only if a user of /etc/shutdown.allow is at a console" },
    { short: "f", long: "fast", help: "no fsck at the next start (/fastboot)" },
    { short: "F", long: "force-fsck", help: "fsck at the next start (/forcefsck)" },
    { short: "n", long: "no-init", help: "without init: kill all processes, and end the machine" },
    { short: "q", long: "few", help: "warn each hour, and 10 and 5 minutes before" },
    { short: "Q", long: "none", help: "warn at the end alone" },
  ],
};

/** The program `shutdown`. Returns its exit status. */
export function main(args: string[]): Promise<number> {
  return reportFailure(SHUTDOWN.name, () => run(args, SHUTDOWN.name));
}

async function run(args: string[], name: string): Promise<number> {
  if (!isPrivileged()) return refuseUsage(SHUTDOWN, name, "you must be root to do that!");
  const parsed = parseClassic(SHUTDOWN, name, args);
  if (!parsed) return 1;
  const { options } = parsed;
  if (halt(parsed) !== undefined && !options.has("halt-or-poweroff")) {
    return refuseUsage(SHUTDOWN, name, "-H and -P flags can only be used along with -h flag.");
  }
  if (options.has("cancel")) return cancel(parsed.args);
  if (options.has("allowed") && !isAllowedUserThere(complain)) return tellConsole();
  const [time, ...words] = parsed.args;
  if (time === undefined) return refuseUsage(SHUTDOWN, name);
  const due = dueTime(time, new Date());
  if (!due) {
    // Below the whole usage nobody would see it.
    write(2, `${name}: ${harmless(time)}: not a time, such as now, +5 (minutes), +1:30 or 23:00\n`);
    return 1;
  }
  if (options.has("no-init") && targetOf(parsed) === MAINTENANCE) {
    write(2, 'shutdown: can use "-n" for halt or reboot only.\r\n');
    return 1;
  }
  return await perform(parsed, due, messageOf(words));
}

function halt({ options }: ParsedOptions): string | undefined {
  return HALTS[lastGiven(options, Object.keys(HALTS)) ?? ""];
}

function targetOf({ options }: ParsedOptions): Target {
  return TARGETS[lastGiven(options, Object.keys(TARGETS)) ?? ""] ?? MAINTENANCE;
}

/** As sysvinit's: a blank behind each word. */
function messageOf(words: readonly string[]): string {
  return words.length === 0 ? "" : `${words.map((word) => `${harmless(word)} `).join("")}\r\n`;
}

/** Sees a shutdown through, from the first warning to the request to init. */
async function perform(parsed: ParsedOptions, due: Due, message: string): Promise<number> {
  using signals = new Cancellation();
  const target = targetOf(parsed);
  const release = takePidFile(complain);
  if (!release) {
    write(2, "\rshutdown: already running.\r\n");
    return 1;
  }
  process.chdir("/");
  const marks = Object.keys(MARKS).filter((option) => parsed.options.has(option))
    .filter((option) => writeMark(MARKS[option]!, "", complain));
  const goesOn = await wait({ due, warnings: warningsOf(parsed), target, message }, signals) &&
    !parsed.options.has("warn-only");
  release();
  rmSync(NO_LOGIN, { force: true });
  if (!goesOn) {
    for (const option of marks) rmSync(MARKS[option]!, { force: true });
    write(1, "\r\nShutdown cancelled.\r\n");
    return 0;
  }
  return await bringDown(parsed, target);
}

/** @throws {Error} with a message for the user, when neither init nor the kernel does it. */
async function bringDown(parsed: ParsedOptions, { runlevel }: Target): Promise<number> {
  const sleepTime = sleepTimeOf(parsed), how = halt(parsed);
  if (!parsed.options.has("no-init")) {
    await requestRunlevel(runlevel, { halt: how, sleepTime });
    return 0;
  }
  const { endMachine } = await import("./without_init.ts");
  return await endMachine(
    runlevel === "6" ? "restart" : how === "POWEROFF" ? "power-off" : "halt",
    sleepTime,
  );
}

function warningsOf({ options }: ParsedOptions): Warnings {
  return options.has("none") ? "none" : options.has("few") ? "few" : "all";
}

function sleepTimeOf(parsed: ParsedOptions): number {
  const given = valueOf(parsed, "sleep");
  if (given === undefined || /^\d{1,6}$/.test(given)) return Number(given ?? SLEEP_TIME);
  complain(`-t ${harmless(given)}: not a number of seconds; it is ${SLEEP_TIME}`);
  return SLEEP_TIME;
}

/** What is waited for, and what users are told of it. */
interface Wait {
  due: Due;
  warnings: Warnings;
  target: Target;
  message: string;
}

/** Waits, and sends warnings. False when the shutdown is cancelled. */
async function wait({ due, warnings, target, message }: Wait, signals: Cancellation): Promise<boolean> {
  const end = "at" in due ? undefined : performance.now() + due.minutes * 60_000;
  return await countDown({
    // A delay is a delay, whatever becomes of the clock.
    left: () => end === undefined ? Number((due as { at: Date }).at) - Date.now() : end - performance.now(),
    sleep: (duration) => signals.sleep(duration),
    onMinute(minutes, isFirst) {
      if (minutes <= NO_LOGIN_MINUTES && minutes > 0) {
        const at = classicDate(new Date(Date.now() + minutes * 60_000));
        writeMark(NO_LOGIN, `\rThe system is going down on ${at}\n\r\n${message}`, complain);
      }
      if (isFirst ? warnsAtOnce(minutes, warnings) : warnsAt(minutes, warnings)) {
        broadcast(`${sysvBanner()}${message}\r${warning(target, minutes)}\r\n`);
      }
    },
  });
}

function warning({ purpose }: Target, minutes: number): string {
  if (minutes === 0) return `The system is going down ${purpose} NOW!`;
  return `The system is going DOWN ${purpose} in ${minutes} minute${minutes === 1 ? "" : "s"}!`;
}

/** The signals that cancel a shutdown, while it lasts. Its terminal may go meanwhile, or want to stop it. */
class Cancellation implements Disposable {
  static readonly #CANCEL = ["SIGINT", "SIGTERM"] as const;
  static readonly #IGNORED = ["SIGHUP", "SIGQUIT", "SIGTSTP", "SIGTTIN", "SIGTTOU"] as const;
  #isCancelled = false;
  #wake = () => {};
  readonly #cancel = () => {
    this.#isCancelled = true;
    this.#wake();
  };
  readonly #ignore = () => {};

  constructor() {
    for (const signal of Cancellation.#CANCEL) process.on(signal, this.#cancel);
    for (const signal of Cancellation.#IGNORED) process.on(signal, this.#ignore);
  }

  /** Waits. False when the shutdown is cancelled. */
  async sleep(duration: number): Promise<boolean> {
    if (!this.#isCancelled) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, duration);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return !this.#isCancelled;
  }

  [Symbol.dispose](): void {
    for (const signal of Cancellation.#CANCEL) process.off(signal, this.#cancel);
  }
}

function cancel(words: readonly string[]): number {
  const waiting = waitingShutdown();
  if (waiting === "none") {
    complain("cannot find pid of running shutdown.");
    return 1;
  }
  if (waiting === "stale" || !kill(waiting, SIGINT)) {
    complain("not running.");
    return 1;
  }
  if (words.length > 0) broadcast(sysvBanner() + messageOf(words));
  return 0;
}

const SIGINT = 2;

/** Who is at the console learns why nothing happens. */
function tellConsole(): 1 {
  broadcast("\rshutdown: no authorized users logged in.\r\n", ["/dev/console"]);
  return 1;
}

function complain(line: string): void {
  write(2, `shutdown: ${line}\n`);
}
