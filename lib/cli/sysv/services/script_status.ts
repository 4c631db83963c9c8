/** The status of a service by its script; where that has no such action, by the pid file and the lock files. */

import { existsSync } from "node:fs";
import process from "node:process";
import { pidFileOf } from "../../../../compat/sysv/mod.ts";
import { readSource } from "../../../config/files.ts";
import { STATUS_EXIT, statusExitInWords } from "../../../model/sysv/lsb_exits.ts";
import { processStatus } from "../../../sys/process/procfs.ts";
import { cleanEnvironment, runScript, saysUsage, type ScriptEnd, SCRIPTS } from "./script.ts";

/** An exit status of `status`, and what is printed with it. */
interface ServiceStatus {
  exit: number;
  line: string;
}

/** What the script says. @param isUp What init thinks, which counts where neither the script nor a file tells otherwise */
export function statusByScript(name: string, isUp: boolean): ServiceStatus {
  const argv = [`${SCRIPTS}/${name}`, "status"];
  const end = runScript(argv, cleanEnvironment(process.env), {}, [1, 2]);
  if (hasStatus(end)) return { exit: end.status, line: end.output.trimEnd() };
  const exit = statusByFiles(name, isUp);
  return { exit, line: `${name}: ${statusExitInWords(exit)}` };
}

/** False for a script that has no such action: it says so, or says nothing at all and ends with success. */
function hasStatus({ status, output, problem }: ScriptEnd): boolean {
  return problem === undefined && !saysUsage(output) && (status !== 0 || output.trim() !== "");
}

function statusByFiles(name: string, isUp: boolean): number {
  const pidFile = pidFiles(name).find((path) => existsSync(path));
  if (pidFile !== undefined) return isAlive(pidFile) ? STATUS_EXIT.running : STATUS_EXIT.deadWithPidFile;
  if (isUp) return STATUS_EXIT.running;
  const isLocked = ["/var/lock/subsys", "/var/lock"].some((directory) => existsSync(`${directory}/${name}`));
  return isLocked ? STATUS_EXIT.deadWithLockFile : STATUS_EXIT.notRunning;
}

/** The file that the script names, and those that are usual. */
function pidFiles(name: string): string[] {
  const script = readSource(`${SCRIPTS}/${name}`);
  const named = script.state === "regular" ? pidFileOf(script.text) : undefined;
  return [...named === undefined ? [] : [named], `/var/run/${name}.pid`, `/var/run/${name}/${name}.pid`];
}

function isAlive(pidFile: string): boolean {
  const file = readSource(pidFile);
  const pid = file.state === "regular" ? /^\s*(\d{1,10})\b/.exec(file.text)?.[1] : undefined;
  const found = pid === undefined ? undefined : processStatus(Number(pid));
  return found !== undefined && found.state !== "Z";
}
