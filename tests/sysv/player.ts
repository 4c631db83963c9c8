/** Plays a recorded case: makes its files in a directory, and runs insserv there. */

import { chmodSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { LEVELS } from "../../compat/sysv/mod.ts";
import { type Outcome, run } from "../support/command.ts";
import { EXECUTABLE } from "../support/programs.ts";

/** The fields of a header, and what else is known of a script. */
type ScriptFacts = Record<string, string | string[] | boolean> & {
  text?: string;
  body?: string;
  mode?: string;
};

/** What insserv did with these arguments. */
export interface RecordedStep {
  insserv: string[];
  exit: number;
  /** By runlevels. Those without links are left out. */
  links: Record<string, string[]>;
  stdout?: string;
  stderr?: string;
}

/** A recorded case. */
export interface RecordedCase {
  id: string;
  about: string;
  files: Record<string, string>;
  links?: Record<string, string>;
  scripts: Record<string, ScriptFacts>;
  steps: RecordedStep[];
}

const FIELDS: Record<string, string> = {
  provides: "Provides",
  required_start: "Required-Start",
  required_stop: "Required-Stop",
  should_start: "Should-Start",
  should_stop: "Should-Stop",
  start_before: "X-Start-Before",
  stop_after: "X-Stop-After",
  default_start: "Default-Start",
  default_stop: "Default-Stop",
  interactive: "X-Interactive",
};

/** All recorded cases. */
export function readRecorded(): RecordedCase[] {
  const directory = join(import.meta.dirname!, "cases");
  return readdirSync(directory).filter((name) => name.endsWith(".json")).sort().map((name) =>
    JSON.parse(readFileSync(join(directory, name), "utf8"))
  );
}

/** A script with the header that facts describe. */
export function scriptText(facts: ScriptFacts): string {
  if (facts.text !== undefined) return facts.text;
  const lines = Object.entries(FIELDS).filter(([key]) => facts[key] !== undefined)
    .map(([key, name]) => `# ${name}: ${[facts[key]!].flat().join(" ")}`.trimEnd());
  const header = ["### BEGIN INIT INFO", ...lines, "# Short-Description: x", "### END INIT INFO"];
  return ["#!/bin/sh", ...facts.no_header ? [] : header, facts.body ?? "exit 0", ""].join("\n");
}

/** A machine's /etc, below a directory. */
export class ScriptRoot {
  constructor(
    readonly path: string,
    { files, links, scripts }: Omit<RecordedCase, "id" | "about" | "steps">,
  ) {
    for (const level of LEVELS) mkdirSync(join(path, `etc/rc${level}.d`), { recursive: true });
    for (const [name, text] of Object.entries(files)) this.#put(name, text, "644");
    for (const [name, facts] of Object.entries(scripts)) {
      this.#put(`etc/init.d/${name}`, scriptText(facts), facts.mode ?? "755");
    }
    for (const [name, target] of Object.entries(links ?? {})) symlinkSync(target, join(path, name));
  }

  #put(name: string, text: string, mode: string): void {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, parseInt(mode, 8));
  }

  /** The options by which programs look here. */
  get options(): string[] {
    const etc = join(this.path, "etc");
    return ["-p", `${etc}/init.d`, "-c", `${etc}/insserv.conf`, "-o", `${etc}/insserv/overrides`];
  }

  /** Runs insserv. Paths in what it says are those of a machine. */
  async insserv(words: readonly string[]): Promise<Outcome> {
    const args = words.map((word) => word.startsWith("/") ? this.path + word : word);
    const dependencies = ["-i", join(this.path, "etc/init.d")];
    return await this.rouse("insserv", ...this.options, ...dependencies, ...args);
  }

  /** Runs `rouse sysv`. */
  async rouse(...words: string[]): Promise<Outcome> {
    const environment = { PATH: process.env["PATH"]! };
    const outcome = await run([EXECUTABLE, "sysv", ...words], { environment, directory: this.path });
    const plain = (text: string) => text.replaceAll(this.path, "");
    return { exit: outcome.exit, stdout: plain(outcome.stdout), stderr: plain(outcome.stderr) };
  }

  /** The links that there are, by runlevels. */
  links(): Record<string, string[]> {
    const all = LEVELS.map((level) =>
      [level, readdirSync(join(this.path, `etc/rc${level}.d`)).sort()] as const
    );
    return Object.fromEntries(all.filter(([, names]) => names.length > 0));
  }
}
