/** The daemons of services, as start-stop-daemon notes them: whether they are still there. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { ifAllowed, unlessRefused } from "../../sys/call/refused.ts";
import { readSource } from "../files.ts";
import type { ServiceStates } from "./states.ts";

/** What is noted of a daemon. */
interface NotedDaemon {
  /** Its words, or its executable's path alone. */
  argv: string[];
  pidFile?: string;
}

/** True for a service of which a daemon has ended by itself. */
export function hasCrashed(states: ServiceStates, service: string): boolean {
  const root = states.value(service, "chroot") ?? "";
  return states.daemonFiles(service).some((path) => {
    const state = readSource(path);
    return state.state === "regular" && !isRunning(parseDaemon(state.text), root);
  });
}

function parseDaemon(text: string): NotedDaemon {
  const values = text.split("\n").map((line) => {
    const [, key = "", value = ""] = /^([^=]*)=(.*)$/.exec(line) ?? [];
    return { key, value };
  }).filter(({ value }) => value !== "");
  const valueOf = (wanted: string) => values.find(({ key }) => key === wanted)?.value;
  const words = values.filter(({ key }) => key.startsWith("argv_")).map(({ value }) => value);
  const executable = valueOf("exec"), pidFile = valueOf("pidfile");
  return {
    argv: words.length === 0 && executable !== undefined ? [executable] : words,
    ...pidFile !== undefined && { pidFile },
  };
}

function isRunning({ argv, pidFile }: NotedDaemon, root: string): boolean {
  if (pidFile === undefined) return argv.length > 0 && processIds().some((pid) => hasArguments(pid, argv));
  const state = readSource(root + pidFile);
  const pid = state.state === "regular" ? Number.parseInt(state.text, 10) : NaN;
  return pid > 0 && unlessRefused(() => process.kill(pid, 0), ({ code }) => code !== "ESRCH");
}

function processIds(): string[] {
  return (ifAllowed(() => readdirSync("/proc")) ?? []).filter((name) => /^\d+$/.test(name));
}

/** True for a process whose command line begins with these words. */
function hasArguments(pid: string, argv: readonly string[]): boolean {
  const text = ifAllowed(() => readFileSync(join("/proc", pid, "cmdline"), "utf8"));
  return text?.startsWith(argv.map((word) => `${word}\0`).join("")) ?? false;
}
