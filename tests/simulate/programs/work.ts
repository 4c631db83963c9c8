/**
 * The program that simulated jobs run. Its arguments `KEY=VALUE` say what it does:
 *
 * - `life` in ms, absent for ever; `end` the exit status, or `sig` and the number of a signal that it dies of
 * - `lines` how many it prints, `every` so many ms; `size` of each in bytes
 * - `forks` how often it forks before it works, as daemons do, `pause` ms before each; `pidfile` where it writes its number
 * - `notify` ms after which it says that it is ready; `stop` raises SIGSTOP for that
 * - `term` what it does on SIGTERM: `ignore`, or a number of ms that it takes to end
 * - `left` how many children it leaves behind when it ends
 */

import { OpenNull, OpenRegular } from "../kernel/files.ts";
import { SIGKILL, SIGSTOP, SIGTERM } from "../kernel/process.ts";
import type { System } from "./system.ts";

/** Told of each line that a program has written as a whole, and not to /dev/null. */
export type LineListener = (job: string, instance: string, pid: number, line: number) => void;

/** The numbers of an argument list. */
class Settings {
  readonly #values: ReadonlyMap<string, string>;

  constructor(words: readonly string[]) {
    this.#values = new Map(
      words.filter((word) => word.includes("=")).map((word) => {
        const at = word.indexOf("=");
        return [word.slice(0, at), word.slice(at + 1)];
      }),
    );
  }

  text(name: string): string | undefined {
    return this.#values.get(name);
  }

  number(name: string, otherwise: number): number {
    return Number(this.#values.get(name) ?? otherwise);
  }
}

/** The program. @param onLine Told of what it has written. */
export function work(onLine: LineListener): (system: System) => Promise<number> {
  const run = async (system: System, settings: Settings, forks: number): Promise<number> => {
    if (forks > 0) {
      await system.sleep(settings.number("pause", 5));
      const child = system.fork((inner) => {
        // The first fork of a daemon leads a session, so that the second has no terminal.
        if (forks > 1) inner.makeSession();
        return run(inner, settings, forks - 1);
      });
      if (forks === 1) writePid(system, settings, child.pid);
      return 0;
    }
    if (settings.number("forks", 0) === 0) writePid(system, settings, system.process.pid);
    handleTerm(system, settings);
    announce(system, settings);
    const lines = settings.number("lines", 0), life = settings.number("life", -1);
    if (lines > 0) await print(system, settings, lines, onLine);
    if (life < 0) await system.forever();
    await system.sleep(life);
    for (let left = settings.number("left", 0); left > 0; left--) system.fork(leftover);
    return end(system, settings.text("end") ?? "0");
  };
  return async (system) => {
    const settings = new Settings(system.argv.slice(1));
    return await run(system, settings, settings.number("forks", 0));
  };
}

function writePid(system: System, settings: Settings, pid: number): void {
  const path = settings.text("pidfile");
  if (path !== undefined) system.writeFile(path, `${pid}\n`);
}

function handleTerm(system: System, settings: Settings): void {
  const term = settings.text("term");
  if (term === undefined) return;
  if (term === "ignore") return system.onSignal(SIGTERM, "ignore");
  system.onSignal(SIGTERM, () => {
    system.kernel.clock.after(Number(term), () => system.whenRunning(() => system.exit(0)));
  });
}

function announce(system: System, settings: Settings): void {
  const after = settings.text("notify"), socket = system.variable("NOTIFY_SOCKET");
  if (after !== undefined && socket !== undefined) {
    system.kernel.clock.after(Number(after), () => system.whenRunning(() => system.send(socket, "READY=1")));
  }
  if (settings.text("stop") !== undefined) {
    system.kernel.clock.after(settings.number("stop", 1), () => system.process.signal(SIGSTOP));
  }
}

async function print(system: System, settings: Settings, lines: number, onLine: LineListener): Promise<void> {
  const job = system.variable("UPSTART_JOB") ?? "?", instance = system.variable("UPSTART_INSTANCE") ?? "";
  const size = settings.number("size", 0), every = settings.number("every", 10), { pid } = system.process;
  for (let line = 1; line <= lines; line++) {
    const text = `${job} ${instance || "-"} ${pid} ${line} `.padEnd(size, "x") + "\n";
    // Where /dev/null cannot be opened, a file in memory stands in for it.
    const output = system.process.file(1);
    const isKept = !(output instanceof OpenNull || output instanceof OpenRegular);
    if (!await system.write(1, text)) return;
    if (isKept) onLine(job, instance, pid, line);
    if (every > 0) await system.sleep(every);
  }
}

/** A child that is left behind: it goes on for a while, and does not mind. */
async function leftover(system: System): Promise<void> {
  await system.sleep(system.kernel.random.between(10, 60_000));
}

function end(system: System, how: string): number {
  if (!how.startsWith("sig")) return Number(how);
  const signal = Number(how.slice(3)) || SIGKILL;
  system.process.actions.delete(signal);
  system.process.end({ signal });
  return 0;
}
