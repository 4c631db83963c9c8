/** The program shutdown(8): brings the system down, now or later, and warns the users who are logged in. */

import { rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { changeRunlevel } from "./change_runlevel.ts";
import { takePidFile, waitingShutdown } from "./pid_file.ts";
import { requireRoot, runProgram, type SystemInvocation, type SystemProgram } from "./program.ts";
import { warnsAt } from "./schedule.ts";
import { wall } from "./wall.ts";

const ALREADY_RUNNING = "Another shutdown is already running";

/** While this file exists, only root can log in (nologin(5)). */
const NO_LOGIN = "/etc/nologin";

/** For how many minutes before the end only root can log in. */
const NO_LOGIN_MINUTES = 5;

/** The runlevel that the options ask for, and its purpose. */
interface Target {
  runlevel: string;
  /** Variables of the event, besides RUNLEVEL and PREVLEVEL. */
  variables: string[];
  /** As in "going down for …". */
  purpose: string;
}

/** The targets by option. The option that is given last counts. */
const TARGETS: Record<string, Target> = {
  reboot: { runlevel: "6", variables: [], purpose: "reboot" },
  "halt-or-poweroff": { runlevel: "0", variables: [], purpose: "halt" },
  halt: { runlevel: "0", variables: ["INIT_HALT=HALT"], purpose: "halt" },
  poweroff: { runlevel: "0", variables: ["INIT_HALT=POWEROFF"], purpose: "power off" },
};
const MAINTENANCE: Target = { runlevel: "1", variables: [], purpose: "maintenance" };

export const SHUTDOWN: SystemProgram = {
  name: "shutdown",
  arguments: "TIME [MESSAGE]",
  summary: "Bring the system down.",
  help: "TIME is `now', or +m for a number of minutes, or hh:mm on the 24 hour clock.\n" +
    "Those who are logged in are told on their terminals, with MESSAGE if there is one. Until the time comes " +
    "the command stays in the foreground; Control-C cancels it, as does -c given to another.\n" +
    "Without -r, -h, -H or -P the system goes to single-user mode.",
  options: [
    { short: "r", long: "reboot", help: "reboot after shutdown" },
    { short: "h", long: "halt-or-poweroff", help: "halt or power off after shutdown" },
    { short: "H", long: "halt", help: "halt after shutdown (implies -h)" },
    { short: "P", long: "poweroff", help: "power off after shutdown (implies -h)" },
    { short: "c", long: "cancel", help: "cancel a running shutdown" },
    { short: "k", long: "warn-only", help: "only send warnings, don't shutdown" },
    { short: "g", long: "time", argument: "TIME" },
    ...["a", "n", "f", "F", "y"].map((short) => ({ short, long: "" })),
    { short: "i", long: "", argument: "LEVEL" },
    { short: "t", long: "", argument: "SECS" },
  ],
  async run(call) {
    const cancels = call.has("cancel");
    const words = [...call.args];
    const when = call.values("time").at(-1) ?? (cancels ? undefined : words.shift());
    if (when === undefined && !cancels) throw new UsageError("time expected");
    const minutes = when === undefined ? 0 : minutesUntil(when, new Date());
    const message = words.length === 0 ? "" : `${words.join(" ")}\r\n`;
    requireRoot();
    if (cancels) return cancel(call, message);
    if (typeof waitingShutdown() === "number") throw new Error(ALREADY_RUNNING);
    const target = TARGETS[call.last(...Object.keys(TARGETS)) ?? ""] ?? MAINTENANCE;
    wall(warning(target, minutes, message));
    if (call.has("warn-only")) return 0;
    process.chdir("/");
    if (minutes > 0 && !await countdown(call, target, minutes, message)) return 0;
    await changeRunlevel(target.runlevel, call.environment, target.variables);
    return 0;
  },
};

/** The minutes from a time until `TIME`. @throws {UsageError} when that is no time. */
export function minutesUntil(when: string, now: Date): number {
  if (when === "now") return 0;
  const [hours, minutes] = when.split(":");
  if (minutes === undefined) {
    if (!/^\+?\d{1,9}$/.test(when)) throw new UsageError("illegal time value");
    return Number(when);
  }
  if (!/^\d{1,2}$/.test(hours!) || Number(hours) > 23) throw new UsageError("illegal hour value");
  if (!/^[^:]*:\d{1,2}$/.test(when) || Number(minutes) > 59) throw new UsageError("illegal minute value");
  const difference = Number(hours) * 60 + Number(minutes) - (now.getHours() * 60 + now.getMinutes());
  return difference < 0 ? difference + 24 * 60 : difference;
}

function warning({ purpose }: Target, minutes: number, message: string): string {
  const time = minutes === 0 ? "NOW" : `in ${minutes} minute${minutes === 1 ? "" : "s"}`;
  return `\rThe system is going down for ${purpose} ${time}!\r\n${message}`;
}

/** Waits, and sends warnings. Resolves to false when the shutdown was cancelled. */
function countdown(
  call: SystemInvocation,
  target: Target,
  minutes: number,
  message: string,
): Promise<boolean> {
  const release = takePidFile(call.complain);
  if (!release) throw new Error(ALREADY_RUNNING);
  for (const signal of ["SIGHUP", "SIGTSTP", "SIGTTIN", "SIGTTOU"] as const) process.on(signal, () => {});
  return new Promise((resolve) => {
    let left = minutes;
    const end = (goesOn: boolean) => {
      clearInterval(timer);
      rmSync(NO_LOGIN, { force: true });
      release();
      resolve(goesOn);
    };
    const timer = setInterval(() => {
      left--;
      const text = warning(target, left, message);
      if (left <= NO_LOGIN_MINUTES) forbidLogins(text);
      if (warnsAt(left)) wall(text);
      if (left === 0) end(true);
    }, 60_000);
    for (const signal of ["SIGINT", "SIGQUIT", "SIGTERM"] as const) {
      process.on(signal, () => {
        call.complain("Shutdown cancelled");
        end(false);
      });
    }
  });
}

function forbidLogins(text: string): void {
  try {
    writeFileSync(NO_LOGIN, text);
  } catch {
    // The shutdown goes on, also where the file system is read-only.
  }
}

function cancel({ complain }: SystemInvocation, message: string): number {
  const pid = waitingShutdown();
  if (typeof pid !== "number") {
    complain("Cannot find pid of running shutdown");
    return 1;
  }
  process.kill(pid, "SIGINT");
  if (message !== "") wall(message);
  return 0;
}

/** The program `shutdown`. Returns its exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runProgram(SHUTDOWN, args, name);
}
