/** Plays recorded cases of service, invoke-rc.d and update-rc.d: each in a root directory of its own, by chroot(8). */

import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { LEVELS } from "../../compat/sysv/mod.ts";
import { FIELD, RECORD_SIZE, RUN_LVL } from "../../lib/sys/utmp/records.ts";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { type Outcome, run } from "../support/command.ts";
import { EXECUTABLE, installed } from "../support/programs.ts";
import { scriptText } from "./player.ts";

/** True where such roots can be had. */
export const ROOTS_POSSIBLE = Deno.uid() === 0 && ["unshare", "mount", "chroot"].every(installed);

/** A file, with its mode where that is not the usual one. */
type FileFacts = string | { text: string; mode?: string };

/** What is done in a case, and what was seen then. */
export interface ServiceStep {
  run?: string[];
  env?: Record<string, string>;
  sort?: boolean;
  ignore?: string[];
  add_utmp?: { runlevel: string };
  write?: string;
  text?: string;
  mode?: string;
  remove?: string;
  file?: string;
  links?: boolean;
  // deno-lint-ignore no-explicit-any
  expect?: any;
}

/** A recorded case. */
export interface ServiceCase {
  id: string;
  about: string;
  files?: Record<string, FileFacts>;
  scripts?: Record<string, Parameters<typeof scriptText>[0]>;
  links?: Record<string, string>;
  /** Programs that are not there. */
  without?: string[];
  utmp?: boolean;
  steps: ServiceStep[];
}

/** All recorded cases. */
export function readServiceCases(): ServiceCase[] {
  const directory = join(import.meta.dirname!, "cases/tools");
  return readdirSync(directory).sort().map((name) => JSON.parse(readFileSync(join(directory, name), "utf8")));
}

/** The programs of a machine. */
const PROGRAMS = ["chkconfig", "init", "insserv", "invoke-rc.d", "service", "update-rc.d"];

/** Directories of this machine that are there, too, read-only. */
const SHARED = ["bin", "lib", "lib32", "lib64"];

const ENVIRONMENT = {
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  LANG: "C",
  LC_ALL: "C",
  TERM: "linux",
  HOME: "/root",
};

/** A root directory with the scripts of a case. */
export class ServiceRoot implements Disposable {
  readonly #temporary = new TemporaryDirectory();
  readonly path = join(this.#temporary.path, "root");

  constructor(facts: Pick<ServiceCase, "files" | "scripts" | "links" | "without" | "utmp">) {
    for (const level of LEVELS) this.#directory(`etc/rc${level}.d`);
    for (const name of ["etc/init.d", "dev", "proc", "run", "tmp", "var", "usr/sbin"]) this.#directory(name);
    symlinkSync("/run", join(this.path, "var/run"));
    for (const name of SHARED.filter((name) => existsSync(`/usr/${name}`))) {
      this.#directory(`usr/${name}`);
      symlinkSync(`usr/${name}`, join(this.path, name));
    }
    symlinkSync("usr/sbin", join(this.path, "sbin"));
    this.put("usr/sbin/rouse", "");
    for (const name of PROGRAMS.filter((name) => !facts.without?.includes(name))) {
      symlinkSync("rouse", join(this.path, "usr/sbin", name));
    }
    if (facts.utmp !== false) this.put("run/utmp", "");
    for (const [name, script] of Object.entries(facts.scripts ?? {})) {
      this.put(`etc/init.d/${name}`, scriptText(script), script.mode ?? "755");
    }
    for (const [name, file] of Object.entries(facts.files ?? {})) {
      if (typeof file === "string") this.put(name, file);
      else this.put(name, file.text, file.mode);
    }
    for (const [name, target] of Object.entries(facts.links ?? {})) {
      symlinkSync(target, join(this.path, name));
    }
  }

  [Symbol.dispose](): void {
    this.#temporary[Symbol.dispose]();
  }

  #directory(name: string): void {
    mkdirSync(join(this.path, name), { recursive: true });
  }

  /** Writes a file. */
  put(name: string, text: string | Uint8Array, mode = "644"): void {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, parseInt(mode, 8));
  }

  /** Writes a record of a runlevel, such as `N2`: the previous one and the present one. */
  record([previous, runlevel]: string): void {
    const record = new Uint8Array(RECORD_SIZE);
    record[FIELD.type] = RUN_LVL;
    record[FIELD.pid] = runlevel!.charCodeAt(0);
    record[FIELD.pid + 1] = previous!.charCodeAt(0);
    this.put("run/utmp", record);
  }

  /** Runs a program in the root. */
  run(words: string[], environment: Record<string, string> = {}): Promise<Outcome> {
    const mounts = [
      `mount --bind '${EXECUTABLE}' '${this.path}/usr/sbin/rouse'`,
      ...SHARED.filter((name) => existsSync(`/usr/${name}`)).map((name) =>
        `mount --bind /usr/${name} '${this.path}/usr/${name}'`
      ),
      ...["dev", "proc"].map((name) => `mount --rbind /${name} '${this.path}/${name}'`),
    ];
    const variables = Object.entries({ ...ENVIRONMENT, ...environment }).map((pair) => pair.join("="));
    const script = [...mounts, `exec chroot '${this.path}' /usr/bin/env -i "$@"`].join(" && ");
    const words_ = ["unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script, "sh"];
    return run([...words_, ...variables, ...words], {
      environment: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
      directory: "/",
      timeout: 60_000,
    });
  }

  /** The text of a file; undefined where there is none. */
  read(name: string): string | undefined {
    const path = join(this.path, name);
    return existsSync(path) ? readFileSync(path, "utf8") : undefined;
  }

  /** The links that there are, by runlevels. All have to lead to the script of their name. */
  links(): Record<string, string[]> {
    const all = LEVELS.map((level) => {
      const directory = join(this.path, `etc/rc${level}.d`), names = readdirSync(directory).sort();
      for (const name of names) {
        assert.equal(readlinkSync(join(directory, name)), `../init.d/${name.slice(3)}`);
      }
      return [level, names] as const;
    });
    return Object.fromEntries(all.filter(([, names]) => names.length > 0));
  }

  /** Does what a step says, and compares what is seen. @param isLoose The error output counts for nothing */
  async play(step: ServiceStep, isLoose: boolean): Promise<void> {
    if (step.add_utmp) return this.record(step.add_utmp.runlevel);
    if (step.write !== undefined) return this.put(step.write, step.text!, step.mode);
    if (step.remove !== undefined) return rmSync(join(this.path, step.remove));
    const { expect } = step;
    if (step.file !== undefined) return assert.deepEqual(this.read(step.file), expect.text);
    if (step.links) {
      return assert.deepEqual(this.links(), sortedLinks(expect.links));
    }
    const { exit, stdout, stderr } = await this.run(step.run!, step.env);
    const lines = (text: string) => step.sort ? text.split("\n").sort().join("\n") : usage(text);
    assert.equal(exit, expect.exit, stderr);
    if (expect.stdout !== undefined) assert.equal(lines(stdout), lines(expect.stdout));
    if (expect.stderr !== undefined && !isLoose) assert.equal(lines(stderr), lines(expect.stderr));
  }
}

/** A usage text of three lines and more is each program's own. */
function usage(text: string): string {
  const at = text.search(/^usage:/im);
  return at >= 0 && text.slice(at).split("\n").length > 3 ? `${text.slice(0, at)}USAGE\n` : text;
}

function sortedLinks(links: Record<string, string[]>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(links).map(([level, names]) => [level, [...names].sort()]));
}
