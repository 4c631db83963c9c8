/** An init with init scripts of its own as jobs, as process 1 of namespaces in which /etc is the test's. */

import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { until } from "../support/deadline.ts";
import { NamespaceInit } from "../support/namespace.ts";

/** A script: its header's fields, and the shell commands of its actions. */
export interface Script {
  required?: string;
  should?: string;
  /** The runlevels that it has links for. */
  start?: string;
  stop?: string;
  onStart?: string;
  onStop?: string;
  /** Further cases of the script, for other actions. What they are called with is not noted. */
  others?: string;
  /** Lines that come first. */
  lines?: string;
  /** The number of its links. */
  number?: string;
  hasHeader?: boolean;
}

/** What a program needs of /etc to find users and libraries. */
const COPIED = ["passwd", "group", "nsswitch.conf", "ld.so.cache"];

/** A container may have been told to start no service. */
const WITHOUT_POLICY = "policy=/usr/sbin/policy-rc.d; [ ! -e $policy ] || mount --bind /dev/null $policy";

/** Where init has its logs when nobody says otherwise. */
const LOGS = "/var/log/upstart";

const LEVELS = [..."0123456S"];

/** The files of /etc of such an init. */
export class Etc implements Disposable {
  readonly #temporary = new TemporaryDirectory({ mode: 0o755 });
  readonly path = join(this.#temporary.path, "etc");

  constructor(scripts: Readonly<Record<string, Script>>) {
    for (const name of ["", "init", "init.d", ...LEVELS.map((level) => `rc${level}.d`)]) {
      mkdirSync(join(this.path, name));
    }
    for (const name of COPIED) {
      if (existsSync(join("/etc", name))) copyFileSync(join("/etc", name), join(this.path, name));
    }
    for (const [name, script] of Object.entries(scripts)) this.add(name, script);
  }

  /** Writes a file, to be read at once as a whole. */
  write(name: string, text: string, mode = 0o644): void {
    writeFileSync(join(this.path, name), text, { mode });
    chmodSync(join(this.path, name), mode);
  }

  /** Adds a script with its links. Whatever it is called with is noted in /run/trace. */
  add(name: string, script: Script): void {
    this.write(`init.d/${name}`, textOf(name, script), 0o755);
    const { start = "", stop = "", number = "01" } = script;
    for (const level of start) this.link(level, `S${number}${name}`);
    for (const level of stop) this.link(level, `K${number}${name}`);
  }

  link(level: string, name: string): void {
    symlinkSync(`../init.d/${name.slice(3)}`, join(this.path, `rc${level}.d`, name));
  }

  unlink(level: string, name: string): void {
    rmSync(join(this.path, `rc${level}.d`, name));
  }

  /** Gives a link another number. */
  relink(level: string, from: string, to: string): void {
    this.unlink(level, from);
    this.link(level, to);
  }

  /** Changes a file, and its mode. */
  edit(name: string, change: (text: string) => string, mode: number): void {
    this.write(name, change(readFileSync(join(this.path, name), "utf8")), mode);
  }

  /** A script with these levels in its header; links are another matter. */
  headerOf(name: string, start: string, stop: string): string {
    return textOf(name, { start: start.replaceAll(" ", ""), stop: stop.replaceAll(" ", "") });
  }

  [Symbol.dispose](): void {
    this.#temporary.remove();
  }
}

function textOf(name: string, script: Script): string {
  const { required = "", should = "", onStart = ":", onStop = ":", lines = "", hasHeader = true } = script;
  const { others = "" } = script;
  const header = `### BEGIN INIT INFO
# Provides:          ${name}
# Required-Start:    ${required}
# Required-Stop:     ${required.replace("$all", "")}
# Should-Start:      ${should}
# Default-Start:     ${[...script.start ?? ""].join(" ")}
# Default-Stop:      ${[...script.stop ?? ""].join(" ")}
# Short-Description: ${name} of a test
### END INIT INFO
`;
  return `#!/bin/sh
${hasHeader ? header : ""}${lines}
case $1 in
  start | stop) ;;
  ${others}
esac
case $1 in start | stop) ;; *) exit ;; esac
echo "$1 ${name} begins" >> /run/trace
case $1 in
  start) ${onStart} ;;
  stop) ${onStop} ;;
esac
echo "$1 ${name} ends" >> /run/trace
`;
}

/** Such an init that runs. */
export class ScriptsInit implements AsyncDisposable {
  private constructor(readonly etc: Etc, readonly init: NamespaceInit) {}

  static async start(
    scripts: Readonly<Record<string, Script>>,
    prepare: (etc: Etc) => void = () => {},
  ): Promise<ScriptsInit> {
    const etc = new Etc(scripts);
    try {
      prepare(etc);
      const init = await NamespaceInit.startWithin(
        `mount --bind ${etc.path} /etc\nmkdir ${LOGS}\n${WITHOUT_POLICY}`,
        {},
        "--sysv",
        "--no-startup-event",
        "--confdir",
        "/etc/init",
        "--logdir",
        LOGS,
      );
      return new ScriptsInit(etc, init);
    } catch (error) {
      etc[Symbol.dispose]();
      throw error;
    }
  }

  /** Has the scripts of a level started, and waits for them. True when none has failed. */
  async enter(level: string, previous = "N"): Promise<boolean> {
    const events = previous === "N" ? ["rc-start"] : ["rc-prepare", "rc-stop", "rc-start"];
    let isGood = true;
    for (const event of events) {
      const words = [event, `RUNLEVEL=${level}`, `PREVLEVEL=${previous}`, `runlevel=${level}`];
      const { exit } = await this.init.run("initctl", "emit", ...words, `previous=${previous}`);
      isGood &&= exit === 0;
    }
    return isGood;
  }

  /** The lines in which scripts have told what they do. */
  async trace(): Promise<string[]> {
    const { stdout } = await this.init.shell("cat /run/trace 2>&1 || :");
    return stdout.trimEnd().split("\n");
  }

  /** What `initctl status` says of a job. */
  async status(job: string): Promise<string> {
    return (await this.init.ask("status", job)).trimEnd();
  }

  /** Waits until `initctl status` says this. */
  async untilStatus(job: string, pattern: RegExp): Promise<string> {
    let last = "";
    try {
      return await until(`the status of ${job} is ${pattern}`, async () => {
        const { stdout } = await this.init.run("initctl", "status", job);
        last = stdout.trimEnd();
        return pattern.test(last) && last;
      });
    } catch (error) {
      const jobs = await this.init.ask("list"), trace = (await this.trace()).join("\n");
      const told = [`The last status was ${last}`, this.init.messages(), jobs, "Trace:", trace];
      throw new Error(told.join("\n"), { cause: error });
    }
  }

  /** Waits until init has said this. */
  async untilSaid(pattern: RegExp): Promise<void> {
    await until(`init says ${pattern}`, () => pattern.test(this.init.messages()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.init[Symbol.asyncDispose]();
    this.etc[Symbol.dispose]();
  }
}
