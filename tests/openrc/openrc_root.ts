/** A machine that is set up for OpenRC, as small as can be: its scripts, its runlevels, and the programs. */

import type { Outcome } from "../support/command.ts";
import { MinimalRoot } from "../support/minimal_root.ts";

const PLACE = "/usr/local/bin/rouse";

/** The programs of OpenRC that are there by their names. */
const NAMES = [
  "depscan.sh",
  "openrc",
  "openrc-run",
  "rc",
  "rc-depend",
  "rc-service",
  "rc-status",
  "rc-update",
  "runscript",
];

/** The programs of this machine that its scripts may call. */
const PROGRAMS = ["sh", "sleep", "mount", "cat", "ls", "mv", "rm", "mkdir", "touch"].map((name) =>
  `/bin/${name}`
);

/** What the machine has. */
export interface OpenrcOptions {
  /** Scripts without their first line. */
  scripts: Record<string, string>;
  /** The services of runlevels. */
  levels?: Record<string, string[]>;
  /** Further files, by path. */
  files?: Record<string, string>;
  /** The kernel's command line. */
  commandLine?: string;
  programs?: string[];
  /** Further links, by path. */
  links?: Record<string, string>;
  /** What process 1 does when all is there, a line of shell; it sleeps without it. */
  first?: string;
}

/** A script that tells what it does, in /trace, too. */
export function service(depend = ":"): string {
  const actions = ["start", "stop"].map((action) =>
    `${action}() {\n\tebegin "${action} $RC_SVCNAME"\n\techo "${action} $RC_SVCNAME" >>/trace\n\teend 0\n}\n`
  );
  return `depend() {\n\t${depend}\n}\n${actions.join("")}`;
}

/** The machine. */
export class OpenrcRoot implements AsyncDisposable {
  #seen = 0;

  private constructor(readonly root: MinimalRoot) {}

  static async make(
    { scripts, levels = {}, files, commandLine = "", programs = [], links, first = "exec sleep 100000" }:
      OpenrcOptions,
  ): Promise<OpenrcRoot> {
    const all = { sysinit: [], boot: [], default: [], nonetwork: [], shutdown: [], ...levels };
    const prepare = [
      "mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts",
      "mount --bind /cmdline /proc/cmdline",
      "mount -t tmpfs -o mode=755 none /run",
      "touch /run/ready",
      `{ ${first}; }`,
    ];
    const root = await MinimalRoot.start(["/bin/sh", "-c", prepare.join(" && ")], {
      files: {
        cmdline: `root=/dev/vda ${commandLine}\n`,
        trace: "",
        "dev/pts/.keep": "",
        "etc/conf.d/.keep": "",
        "etc/rc.conf": "",
        "etc/passwd": "root:x:0:0:root:/:/bin/sh\n",
        "etc/group": "root:x:0:\nuucp:x:10:\n",
        ...Object.fromEntries(Object.keys(all).map((level) => [`etc/runlevels/${level}/.keep`, ""])),
        ...Object.fromEntries(
          Object.entries(scripts).map((
            [name, text],
          ) => [`etc/init.d/${name}`, `#!/sbin/openrc-run\n${text}`]),
        ),
        ...files,
      },
      links: {
        "dev/ptmx": "pts/ptmx",
        ...Object.fromEntries(NAMES.map((name) => [`sbin/${name}`, PLACE])),
        ...Object.fromEntries(
          Object.entries(all).flatMap(([level, services]) =>
            services.map((name) => [`etc/runlevels/${level}/${name}`, `/etc/init.d/${name}`])
          ),
        ),
        ...links,
      },
      programs: [...PROGRAMS, ...programs],
    });
    await root.untilSucceeds("/bin/ls", "/run/ready");
    return new OpenrcRoot(root);
  }

  /** Runs a line of shell. */
  shell(line: string): Promise<Outcome> {
    return this.root.run("/bin/sh", "-c", `PATH=/sbin:/bin; ${line}`);
  }

  /** Boots, and enters a runlevel. Nothing is asked of what is printed. */
  async boot(level?: string): Promise<void> {
    await this.shell(`openrc sysinit; openrc boot; ${level === undefined ? "" : `openrc ${level}`}`);
  }

  /** What services have traced since the last call. */
  traced(): string[] {
    const lines = this.root.read("trace").split("\n").slice(this.#seen, -1);
    this.#seen += lines.length;
    return lines;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.root[Symbol.asyncDispose]();
  }
}
