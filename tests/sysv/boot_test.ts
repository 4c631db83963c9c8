/** Machines of SysV's that no inittab boots: the shipped jobs do, and a machine's own jobs go before them. */

import assert from "node:assert/strict";
import { until } from "../support/deadline.ts";
import { MINIMAL_ROOT_POSSIBLE, type MinimalOptions, MinimalRoot } from "../support/minimal_root.ts";

const PLACE = "/usr/local/bin/rouse";

/** A script that writes down how it was called. */
const SCRIPT = `#!/bin/sh
echo "\${0##*/} $1 \${RUNLEVEL-none} \${PREVLEVEL-none} $runlevel $previous" >> /trace
`;

/** Links of init scripts, by levels: `{ "2": "S01web K01cron" }`. */
function levelLinks(parent: string, levels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(levels).flatMap(([level, names]) =>
      names.split(" ").map((name) => [`${parent}/rc${level}.d/${name}`, `../init.d/${name.slice(3)}`])
    ),
  );
}

/** A machine that boots with these files. */
class Machine implements AsyncDisposable {
  private constructor(readonly root: MinimalRoot) {}

  static async boot(
    { files, links = {}, programs = [] }: MinimalOptions,
    ...words: string[]
  ): Promise<Machine> {
    return new Machine(
      await MinimalRoot.start([PLACE, "init", "--sysv", ...words], {
        files: { "var/run/utmp": "", "var/log/wtmp": "", ...files },
        links: { "dev/console": "null", ...links },
        programs: ["/bin/sh", "/bin/sleep", ...programs],
      }),
    );
  }

  /** Waits until the trace has come to this line; gives the lines since the last call. */
  async traced(last: string): Promise<string[]> {
    try {
      const lines = await until(`the trace ends with ${last}`, () => {
        const found = this.root.read("trace").split("\n").slice(this.#seen, -1);
        return found.includes(last) ? found : undefined;
      });
      this.#seen += lines.length;
      return lines;
    } catch (error) {
      throw new Error(
        `${(error as Error).message}; it is\n${this.root.read("trace")}\n${this.root.output()}`,
      );
    }
  }

  #seen = 0;

  /** Runs a program of the executable, which has to succeed; gives what it prints. */
  async run(...words: string[]): Promise<string> {
    const { exit, stdout, stderr } = await this.root.run(PLACE, ...words);
    assert.equal(exit, 0, stderr + this.root.output());
    return stdout;
  }

  /** Enters a runlevel, when the scripts of the one before are done. */
  async enter(level: string): Promise<void> {
    await until("rc is done", async () => (await this.run("status", "rc")) === "rc stop/waiting\n");
    await this.run("telinit", level);
  }

  /** Waits until a job runs. */
  async untilRunning(job: string): Promise<void> {
    await until(
      `${job} runs`,
      async () => (await this.run("status", job)).startsWith(`${job} start/running`),
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.root[Symbol.asyncDispose]();
  }
}

/** Such a script with a header. */
function requiring(name: string, required: string, levels: string): string {
  return SCRIPT.replace(
    "\n",
    `
### BEGIN INIT INFO
# Provides: ${name}
# Required-Start: ${required}
# Required-Stop: ${required}
# Default-Start: ${levels}
# Default-Stop: 0 1 6
### END INIT INFO
`,
  );
}

/** What lets the administrator's shell run without a terminal. */
const NO_TERMINAL = { "etc/init/sulogin.override": "console none\nexec /bin/sleep 1000\n" };

const DEBIAN: MinimalOptions = {
  files: {
    "etc/init.d/early": requiring("early", "", "S"),
    "etc/init.d/web": requiring("web", "", "2 3"),
    "etc/init.d/more": requiring("more", "web", "3"),
    ...NO_TERMINAL,
  },
  links: levelLinks("etc", {
    S: "S01early",
    0: "K01more K02web",
    1: "K01more K02web",
    2: "S02web K01more",
    3: "S02web S03more",
  }),
};

Deno.test("a machine without an inittab boots by the links of Debian's directories", {
  ignore: !MINIMAL_ROOT_POSSIBLE,
}, async () => {
  await using machine = await Machine.boot(DEBIAN);
  assert.deepEqual(await machine.traced("web start 2 N 2 N"), ["early start S N S N", "web start 2 N 2 N"]);
  assert.equal(await machine.run("runlevel"), "N 2\n");
  await machine.untilRunning("web");
  await machine.enter("3");
  assert.deepEqual(await machine.traced("more start 3 2 3 2"), ["more start 3 2 3 2"]);
  await machine.untilRunning("more");
  await machine.enter("1");
  assert.deepEqual(await machine.traced("web stop 1 3 1 3"), ["more stop 1 3 1 3", "web stop 1 3 1 3"]);
  await machine.untilRunning("sulogin");
  assert.equal(await machine.run("runlevel"), "3 1\n");
  await machine.enter("2");
  await machine.traced("web start 2 1 2 1");
  await machine.untilRunning("web");
  await machine.run("shutdown", "-h", "now");
  await machine.root.ended();
  assert.equal((await machine.traced("web stop 0 2 0 2"))[0], "web stop 0 2 0 2");
});

Deno.test("the first runlevel is that of init's arguments, or of an inittab that names no more", {
  ignore: !MINIMAL_ROOT_POSSIBLE,
}, async () => {
  const withDefault = {
    ...DEBIAN,
    files: { ...DEBIAN.files, "etc/inittab": "# all else\nid:3:initdefault:\n" },
  };
  await using machine = await Machine.boot(withDefault);
  await machine.traced("more start 3 N 3 N");
  assert.equal(await machine.run("runlevel"), "N 3\n");
  await using single = await Machine.boot(withDefault, "single");
  await single.traced("early start S N S N");
  await single.untilRunning("sulogin");
  assert.equal(await single.run("runlevel"), "N S\n");
});

/** Red Hat's scripts, in small: a lock file says that a service runs. */
const LOCKED = `${SCRIPT}name=\${0##*/}
lock=/var/lock/subsys/\${name#[SK][0-9][0-9]}
case $1 in
  start) : > "$lock" ;;
  stop) /bin/rm -f "$lock" ;;
esac
`;

const RED_HAT: MinimalOptions = {
  files: {
    "etc/rc.d/rc.sysinit": '#!/bin/sh\necho "rc.sysinit" >> /trace\n',
    "etc/rc.d/init.d/syslog": LOCKED,
    "etc/rc.d/init.d/web": LOCKED,
    "etc/inittab": "id:3:initdefault:\n",
    "var/lock/subsys/.keep": "",
    "etc/sysconfig/init": "ACTIVE_CONSOLES=/dev/null\n",
    "sbin/mingetty": '#!/bin/sh\necho "mingetty $1" >> /trace\nexec /bin/sleep 1000\n',
    ...NO_TERMINAL,
  },
  // The runner of the machine's own is ours: by that name it runs the scripts itself.
  links: {
    "etc/rc.d/rc": PLACE,
    ...levelLinks("etc/rc.d", {
      0: "K01web K02syslog",
      1: "K01web K02syslog",
      2: "K01web S01syslog",
      3: "S01syslog S02web",
    }),
  },
  programs: ["/bin/rm"],
};

Deno.test("a machine without an inittab boots by Red Hat's rc.sysinit and rc, which passes over what runs", {
  ignore: !MINIMAL_ROOT_POSSIBLE,
}, async () => {
  await using machine = await Machine.boot(RED_HAT);
  assert.deepEqual(await machine.traced("mingetty null"), [
    "rc.sysinit",
    "S01syslog start 3 N 3 N",
    "S02web start 3 N 3 N",
    "mingetty null",
  ]);
  await machine.enter("2");
  assert.deepEqual(await machine.traced("K01web stop 2 3 2 3"), ["K01web stop 2 3 2 3"]);
  await machine.enter("1");
  assert.deepEqual(await machine.traced("K02syslog stop 1 2 1 2"), ["K02syslog stop 1 2 1 2"]);
  await machine.untilRunning("sulogin");
  // Whoever comes too late with a login of the level before.
  await machine.root.run(PLACE, "start", "tty", "TTY=null");
  assert.doesNotMatch(await machine.run("initctl", "list"), /^tty \(.*running/m);
  await machine.enter("3");
  assert(!(await machine.traced("S01syslog start 3 1 3 1")).includes("mingetty null"));
  await machine.traced("mingetty null");
  await machine.run("shutdown", "-h", "now");
  await machine.root.ended();
  assert.deepEqual(await machine.traced("K02syslog stop 0 3 0 3"), [
    "K01web stop 0 3 0 3",
    "K02syslog stop 0 3 0 3",
  ]);
});

Deno.test("Red Hat's scripts are jobs where nothing of the machine's own runs them", {
  ignore: !MINIMAL_ROOT_POSSIBLE,
}, async () => {
  const { "etc/rc.d/rc": _, ...links } = RED_HAT.links!;
  await using machine = await Machine.boot({ ...RED_HAT, links });
  assert.deepEqual(await machine.traced("mingetty null"), [
    "rc.sysinit",
    "syslog start 3 N 3 N",
    "web start 3 N 3 N",
    "mingetty null",
  ]);
  await machine.untilRunning("web");
  await machine.enter("2");
  assert.deepEqual(await machine.traced("web stop 2 3 2 3"), ["web stop 2 3 2 3"]);
});

/** A machine's own jobs, as Red Hat's Upstart had them. */
const OWN_JOBS = {
  "etc/init/rcS.conf": `start on startup
stop on runlevel
task
export PREVLEVEL
exec /etc/rc.d/rc.sysinit
post-stop script
  [ "$UPSTART_EVENTS" != startup ] || exec telinit 5
end script
`,
  "etc/init/rc.conf": `start on runlevel [0123456]
stop on runlevel [!$RUNLEVEL]
task
export RUNLEVEL
console output
exec /etc/rc.d/rc $RUNLEVEL
`,
  "etc/init/tty.conf": `stop on runlevel [S016]
respawn
instance $TTY
exec /sbin/mingetty $TTY
`,
  "etc/init/start-ttys.conf": `start on stopped rc RUNLEVEL=[2345]
env ACTIVE_CONSOLES=/dev/tty[1-6]
env X_TTY=/dev/tty1
task
script
  . /etc/sysconfig/init
  for terminal in $(echo $ACTIVE_CONSOLES); do
    [ "$RUNLEVEL" = 5 ] && [ "$terminal" = "$X_TTY" ] && continue
    initctl start tty TTY="$terminal"
  done
end script
`,
  "etc/init/prefdm.conf": `start on stopped rc RUNLEVEL=5
stop on starting rc RUNLEVEL=[!5]
console output
respawn
respawn limit 10 120
exec /etc/X11/prefdm -nodaemon
`,
};

Deno.test("a machine's own jobs go before those that ship: Red Hat's, with its rc", {
  ignore: !MINIMAL_ROOT_POSSIBLE,
}, async () => {
  await using machine = await Machine.boot({
    files: {
      ...RED_HAT.files,
      ...OWN_JOBS,
      "etc/X11/prefdm": '#!/bin/sh\necho "prefdm $1" >> /trace\nexec /bin/sleep 1000\n',
    },
    programs: ["/bin/rm"],
    links: {
      ...levelLinks("etc/rc.d", { 3: "K01web S01syslog", 5: "S01syslog S02web" }),
      "etc/rc.d/rc": PLACE,
      "sbin/telinit": PLACE,
      "sbin/initctl": PLACE,
    },
  });
  const booted = await machine.traced("prefdm -nodaemon");
  assert.deepEqual(booted.filter((line) => !line.startsWith("mingetty")), [
    "rc.sysinit",
    "S01syslog start 5 N 5 N",
    "S02web start 5 N 5 N",
    "prefdm -nodaemon",
  ]);
  assert.equal(await machine.run("runlevel"), "N 5\n");
  assert.doesNotMatch(await machine.run("initctl", "list"), /^(?:failsafe|rc-sysinit|sulogin) /m);
  await machine.enter("3");
  assert.deepEqual((await machine.traced("K01web stop 3 5 3 5")).filter((line) => /^[SK]\d/.test(line)), [
    "K01web stop 3 5 3 5",
  ]);
  await until(
    "prefdm is stopped",
    async () => (await machine.run("status", "prefdm")) === "prefdm stop/waiting\n",
  );
  await machine.run("shutdown", "-h", "now");
  await machine.root.ended();
});

Deno.test("a script that hangs does not hold up another change of the level", {
  ignore: !MINIMAL_ROOT_POSSIBLE,
}, async () => {
  const hang = `${SCRIPT}[ "$1" = stop ] || exec /bin/sleep 1000\n`;
  await using machine = await Machine.boot({
    ...RED_HAT,
    files: { ...RED_HAT.files, "etc/rc.d/init.d/hang": hang },
    links: { "etc/rc.d/rc": PLACE, ...levelLinks("etc/rc.d", { 2: "S02web", 3: "S01hang S02web" }) },
  });
  await machine.traced("S01hang start 3 N 3 N");
  await machine.run("telinit", "2");
  assert.deepEqual(await machine.traced("S02web start 2 3 2 3"), ["S02web start 2 3 2 3"]);
});

Deno.test("without SysV nothing that ships is in force", { ignore: !MINIMAL_ROOT_POSSIBLE }, async () => {
  const { files, links = {} } = DEBIAN;
  await using root = await MinimalRoot.start([PLACE, "init"], {
    files: { ...files, "etc/init/web.conf": "start on startup\nexec /bin/sleep 1000\n" },
    links,
    programs: ["/bin/sh", "/bin/sleep"],
  });
  await root.untilSucceeds(PLACE, "status", "web");
  const { stdout } = await root.run(PLACE, "initctl", "list");
  assert.match(stdout, /^web start\/running, process \d+\n$/);
});
