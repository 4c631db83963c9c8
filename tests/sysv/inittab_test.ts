/** Init as SysV's process 1: what was recorded of SysV's own, and what is ours. */

import assert from "node:assert/strict";
import { NAMESPACES_POSSIBLE } from "../support/namespace.ts";
import { type Independent, registerTogether } from "../support/together.ts";
import { InittabMachine } from "./inittab_player.ts";
import { type InittabCase, type InittabStep, recordedCases } from "./inittab_steps.ts";

const recorded = recordedCases();
const machineTests: Independent[] = [];

function machineTest(
  name: string,
  of: Omit<InittabCase, "about" | "steps">,
  steps: InittabStep[],
  look: (machine: InittabMachine) => void = () => {},
): void {
  machineTests.push({
    name,
    ignore: !NAMESPACES_POSSIBLE,
    async fn() {
      await using machine = new InittabMachine(of);
      // Where nobody boots, there are programs without an init.
      if (!("boot" in steps[0]!)) await machine.start(["sleep", "1000000"]);
      for (const step of steps) await machine.step(step);
      look(machine);
    },
  });
}

Deno.test("every recorded case is there", () => assert.equal(recorded.length, 54));

for (const [name, { about, steps, ...of }] of recorded) machineTest(`recorded, ${name}: ${about}`, of, steps);

machineTest("an emergency is a shell before anything else; then inittab is read", {
  inittab: ["id:2:initdefault:", "w2:2:wait:/t two"],
}, [
  { boot: ["emergency"] },
  { trace: ["shell"] },
  { write: "etc/inittab", text: "id:3:initdefault:\nsi::sysinit:/t mended\nw3:3:wait:/t three\n" },
  { write: "run/leave", text: "" },
  { trace: ["shell", "mended S N", "three 3 N"] },
]);

machineTest("the runlevel S without a line of its own is a shell", {
  inittab: ["id:2:initdefault:", "si::sysinit:/t sysinit", "w2:2:wait:/t two"],
}, [
  { boot: ["S"] },
  { trace: ["sysinit S N", "shell"] },
  { write: "run/leave", text: "" },
  { trace: ["sysinit S N", "shell", "two 2 N"] },
]);

machineTest("what does not end is killed", {
  inittab: ["id:2:initdefault:", "s:2:respawn:/stubborn s", "w3:3:wait:/t wait3"],
}, [
  { boot: [] },
  { traced: "s up" },
  { run: ["telinit", "-t", "1", "3"], once: true },
  { trace: ["s up", "s TERM ignored", "wait3 3 2"] },
]);

machineTest("a runlevel that is asked for during sysinit comes after it; the last one does not wait", {
  inittab: ["id:2:initdefault:", "si::sysinit:/d si", "w3:3:wait:/t three", "w6:6:wait:/t six"],
}, [
  { boot: [] },
  { traced: "si up" },
  { run: ["telinit", "3"], once: true },
  { run: ["telinit", "6"], once: true },
  { trace: ["si up S N", "si TERM", "six 6 N"] },
  { run: ["runlevel"], stdout: "N 6\n" },
]);

machineTest("lines are jobs, which initctl knows, and the jobs of /etc/init follow the runlevel", {
  inittab: ["id:2:initdefault:", "r:23:respawn:/d r", "o:2:off:/t never"],
  files: { "etc/init/follow.conf": "start on runlevel [3]\ntask\nexec /t follows\n" },
}, [
  { boot: [] },
  { traced: "r up" },
  { sh: "initctl status inittab/r | sed 's/[0-9]*$//'", stdout: "inittab/r start/running, process \n" },
  { sh: "initctl status inittab/o", stdout: "inittab/o stop/waiting\n" },
  { run: ["telinit", "3"], once: true },
  { trace: ["r up 2 N", "follows 3 2"] },
]);

/** Looks as a getty does for the record of its number, in the types of processes. */
const GETTY = `#!/bin/sh
found=none
od -An -td4 -w384 -v /run/utmp > /run/records
while read -r type pid rest; do
  [ "$pid" = $$ ] && found="a record of type $type"
done < /run/records
echo "$found" >> /trace
[ "$(wc -l < /trace)" -lt 4 ] || exec sleep 100000
`;

machineTest("a process finds its record from the first moment, and utmp does not grow by its next ones", {
  inittab: ["id:2:initdefault:", "1:2:respawn:/getty"],
  files: { getty: GETTY },
}, [
  { boot: [] },
  { trace: Array.from({ length: 4 }, () => "a record of type 5") },
  {
    utmp: "run/utmp",
    records: [["BOOT_TIME", "~~", "reboot"], ["RUN_LVL", "~~", "runlevel", "N2"], ["INIT_PROCESS", "1", ""]],
  },
]);

machineTest("the status of a line says why it has no process", {
  inittab: [
    "id:3:initdefault:",
    "l2:2:wait:/etc/init.d/rc 2",
    "ff:23:respawn:/bin/sh -c 'exit 3'",
    "k:3:once:/bin/sh -c 'kill -9 $$'",
    "g:3:once:/missing",
  ],
  files: {
    "etc/init.d/rc": "#!/bin/sh\n",
    "etc/init.d/slow": `#!/bin/sh
### BEGIN INIT INFO
# Provides: slow
# Default-Start: 2
# Default-Stop:
### END INIT INFO
while [ ! -e /run/leave ]; do sleep 0.1; done
`,
  },
}, [
  { boot: [] },
  {
    sh: "initctl status inittab/ff | sed 's/in [0-9]* s/in N s/'",
    stdout: "inittab/ff stop/waiting\n\t" +
      "respawning too fast: the next try is in N s; its last process ended with status 3\n",
  },
  {
    run: ["initctl", "status", "inittab/k"],
    stdout: "inittab/k stop/waiting\n\tits last process was killed by KILL\n",
  },
  {
    run: ["initctl", "status", "inittab/g"],
    stdout: "inittab/g stop/waiting\n\tits last process ended with status 127\n",
  },
  { sh: "ln -sf ../init.d/slow /etc/rc2.d/S01slow; initctl reload-configuration; telinit 2", once: true },
  {
    run: ["initctl", "status", "inittab/l2"],
    stdout: "inittab/l2 stop/waiting\n\tinit itself carries out the runlevel 2 for it\n",
  },
]);

/** A script of level 3 that says what it is told. */
const WEB = `#!/bin/sh
### BEGIN INIT INFO
# Provides: web
# Default-Start: 3
# Default-Stop:
### END INIT INFO
echo "web $1 $RUNLEVEL $PREVLEVEL" >> /trace
echo "web is told to $1 in"
echo "level $RUNLEVEL, after $PREVLEVEL"
`;

machineTest("a line of rc is init's own, also by hand, and the console shows what scripts print", {
  inittab: [
    "id:2:initdefault:",
    "l2:2:wait:/etc/init.d/rc 2",
    "l3:3:wait:/etc/init.d/rc 3",
    "w2:2:wait:/t two",
  ],
  files: {
    "etc/init.d/rc": "#!/bin/sh\necho rc as a process >> /trace\n",
    "etc/init.d/web": WEB,
    "etc/rc3.d/S01web": "",
  },
}, [
  { boot: [] },
  { trace: ["two 2 N"] },
  { sh: "ln -sf ../init.d/web /etc/rc3.d/S01web; initctl reload-configuration", once: true },
  // Logs cannot be written, as at the end of a halt.
  { sh: "mount -t tmpfs none /var/log; mkdir /var/log/upstart; mount -o remount,ro /var/log", once: true },
  { run: ["telinit", "3"], once: true },
  { trace: ["two 2 N", "web start 3 2"] },
  { console: "\nweb is told to start in\nlevel 3, after 2\n" },
  { run: ["runlevel"], stdout: "2 3\n" },
  { sh: "initctl start inittab/l3 > /run/out", once: true },
  { trace: ["two 2 N", "web start 3 2", "web start 3 N"] },
  { console: "\nweb is told to start in\nlevel 3, after N\n" },
  { run: ["runlevel"], stdout: "2 3\n" },
], (machine) => assert.doesNotMatch(machine.console(), /unable to write/));

machineTest("without inittab, the job rc has the console show what scripts print", {
  files: { "etc/init.d/web": WEB, "etc/rc3.d/S01web": "" },
}, [
  { boot: ["--sysv"] },
  { run: ["runlevel"], stdout: "N 2\n" },
  { sh: "ln -sf ../init.d/web /etc/rc3.d/S01web; initctl reload-configuration", once: true },
  { run: ["telinit", "3"], once: true },
  { trace: ["web start 3 2"] },
  { console: "\nweb is told to start in\nlevel 3, after 2\n" },
]);

/** A script that says what it is told, and whose stop waits for a file. */
const scriptOf = (name: string, start: string, stop: string) =>
  `#!/bin/sh
### BEGIN INIT INFO
# Provides: ${name}
# Default-Start: ${start}
# Default-Stop: ${stop}
### END INIT INFO
echo "${name} $1 $RUNLEVEL $PREVLEVEL" >> /trace
[ $1 = start ] || until [ -e /run/go ]; do sleep 0.02; done
`;

const OVERTAKEN: InittabStep[] = [
  { run: ["runlevel"], stdout: "N 2\n" },
  {
    sh: "cd /etc; for l in 4/S 3/K 2/K; do ln -s ../init.d/slow rc${l%/*}.d/${l#*/}01slow; done",
    once: true,
  },
  {
    sh: "cd /etc; for l in 3/S 2/K 4/K; do ln -s ../init.d/three rc${l%/*}.d/${l#*/}01three; done",
    once: true,
  },
  { run: ["initctl", "reload-configuration"], once: true },
  { run: ["telinit", "4"], once: true },
  { trace: ["slow start 4 2"] },
  { sh: "initctl status slow", stdout: "slow start/running\n" },
  { run: ["telinit", "3"], once: true },
  { trace: ["slow start 4 2", "slow stop 3 4"] },
  { run: ["telinit", "4"], once: true },
  { run: ["runlevel"], stdout: "3 4\n" },
  { sh: ": > /run/go", once: true },
  { trace: ["slow start 4 2", "slow stop 3 4", "slow start 4 3"] },
  { sh: "initctl status slow", stdout: "slow start/running\n" },
  { run: ["telinit", "2"], once: true },
  { trace: ["slow start 4 2", "slow stop 3 4", "slow start 4 3", "slow stop 2 4"] },
];

for (const drives of [true, false]) {
  machineTest(`a runlevel that another one overtakes starts nothing, with${drives ? "" : "out"} inittab`, {
    inittab: drives
      ? ["id:2:initdefault:", ...[2, 3, 4].map((level) => `l${level}:${level}:wait:/etc/init.d/rc ${level}`)]
      : [],
    files: {
      "etc/init.d/rc": "#!/bin/sh\n",
      "etc/init.d/slow": scriptOf("slow", "4", "2 3"),
      "etc/init.d/three": scriptOf("three", "3", "2 4"),
      ...Object.fromEntries([3, 4].map((level) => [`etc/rc${level}.d/.keep`, ""])),
    },
  }, [{ boot: drives ? [] : ["--sysv"] }, ...OVERTAKEN]);
}

machineTest("that there is no directory of files is told once", {
  inittab: ["id:2:initdefault:", "w2:2:wait:/t two"],
}, [
  { boot: [] },
  { traced: "two" },
  { run: ["telinit", "q"], once: true },
  { run: ["telinit", "3"], once: true },
  { run: ["runlevel"], stdout: "2 3\n" },
], (machine) => assert.equal(machine.console().match(/No inittab\.d directory found/g)?.length, 1));

machineTest("a file that is no inittab leaves the lines that were there", {
  inittab: ["id:2:initdefault:", "r:2:respawn:/d r", "w3:3:wait:/t three"],
}, [
  { boot: [] },
  { traced: "r up" },
  { sh: "rm /etc/inittab; mkfifo /etc/inittab; telinit q", once: true },
  { console: "/etc/inittab: Not a regular file" },
  { run: ["telinit", "3"], once: true },
  { trace: ["r up 2 N", "r TERM", "three 3 2"] },
]);

machineTest("telinit u restarts init in place: processes, lines and the FIFO go on", {
  inittab: [
    "id:2:initdefault:",
    "s:23:respawn:/stubborn s",
    "w2:2:wait:/t two",
    "w3:3:wait:/t three",
    "o3:3:once:/t once",
  ],
}, [
  { boot: [] },
  { traced: "s up" },
  { traced: "two 2 N" },
  { run: ["telinit", "u"], once: true },
  { sh: "initctl restart-init | grep -c rouse", stdout: "1\n", once: true },
  { sh: "tr -d '\\0' < /proc/1/cmdline", stdout: "init [2]" },
  { run: ["telinit", "3"], once: true },
  { traced: "once 3 2" },
  { sh: "runlevel", stdout: "2 3\n" },
]);

machineTest("what is no request is refused, and the next one is heard", {
  inittab: ["id:2:initdefault:", "w2:2:wait:/t two", "w3:3:wait:/t three"],
}, [
  { boot: [] },
  { traced: "two" },
  { sh: "head -c 1000000 /dev/zero > /run/initctl", once: true },
  { console: "got bogus initrequest" },
  { sh: "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15; do telinit u; done", once: true },
  { run: ["telinit", "3"], once: true },
  { trace: ["two 2 N", "three 3 2"] },
  { sh: "rm /run/initctl", once: true },
  { signal: "USR1" },
  { exists: "run/initctl", is: true },
], (machine) => {
  const told = machine.console().match(/got bogus initrequest/g) ?? [];
  assert(told.length <= 10, told.join("\n"));
});

machineTest("without an option, and with PATH as containers have it, inittab counts for nothing", {
  inittab: ["id:2:initdefault:", "w2:2:wait:/t two"],
  files: { "etc/init/plain.conf": "start on startup\ntask\nexec /t plain\n" },
}, [
  { boot: [], environment: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } },
  { trace: ["plain none none"] },
  { exists: "run/initctl", is: false },
]);

machineTest("an option has it in a container, too", { inittab: ["id:2:initdefault:", "w2:2:wait:/t two"] }, [
  { boot: ["--sysv"], environment: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" } },
  { trace: ["two 2 N"] },
]);

registerTogether(machineTests, 6);
