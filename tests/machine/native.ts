/** A machine whose jobs are all Rouse's: without inittab, init.d and their programs. */

import assert from "node:assert/strict";
import type { Setup } from "./setups.ts";
import { inSeconds } from "./walk.ts";

/** Jobs of /etc/init, by their files; those that every such machine needs come first. */
const JOBS: Readonly<Record<string, string>> = {
  "hostname.conf": "start on startup\ntask\nexec hostname -F /etc/hostname\n",
  "root.conf": `description "checks the root file system, and makes it writable"
start on startup
task
env ROOT=@ROOT@
script
  fsck.ext4 -p $ROOT || [ $? -eq 1 ]
  mount -o remount,rw /
end script
`,
  "boot.conf": `start on stopped root RESULT=ok
task
script
  initctl notify-disk-writeable
  exec telinit 2
end script
`,
  "control-alt-delete.conf": `start on control-alt-delete
task
exec shutdown -r now "Control-Alt-Delete pressed"
`,
  "worker.conf": `description "a service that is killed, and comes back"
start on runlevel [2345]
stop on runlevel [!2345]
respawn
exec sleep 100000
`,
  "boots.ts": `import { appendFileSync } from "node:fs";
import { job, runlevel } from "rouse";

export default job({
  description: "keeps a list of its own starts",
  startOn: runlevel("[2345]"),
  stopOn: runlevel("[!2345]"),
  preStart({ env }) {
    appendFileSync("/var/lib/boots", env.RUNLEVEL === undefined ? "by hand\\n" : "by a runlevel\\n");
  },
  script: "echo ready; exec sleep 100000",
});
`,
};

/** A getty, as a job. */
function serial(device: string): string {
  return `start on runlevel [2345]
stop on runlevel [!2345]
respawn
exec /sbin/agetty --noclear 115200 ${device} vt100
`;
}

/** A name for what is started, and how its status looks then. */
const RUNNING = (name: string) => new RegExp(`^${name} start/running, process (\\d+)$`, "m");

export const NATIVE: Setup = {
  title: "jobs of its own",
  initramfs: "bare",
  files: ({ console, root }) => ({
    ...Object.fromEntries(
      Object.entries(JOBS).map(([name, text]) => [`etc/init/${name}`, text.replace("@ROOT@", root)]),
    ),
    "etc/init/serial.conf": serial(console),
    "etc/fstab": `${root} / ext4 defaults 0 1\n`,
  }),
  installation: `rm -rf /etc/inittab /etc/init.d /etc/rc?.d
mkdir -p /var/log/upstart
rouse --install -s --force /sbin`,
  steps: {
    "the kernel boots, Rouse starts, and a getty asks for the login": async (walk) => {
      return `after ${inSeconds(await walk.logIn())}`;
    },
    "Rouse is process 1 of a machine": async (walk) => {
      assert.equal(await walk.run("readlink /proc/1/exe"), "/usr/local/sbin/rouse");
      assert.equal(await walk.run("cat /proc/1/comm"), "init");
      return (await walk.run("uname -srm; initctl version")).replace("\n", ", ");
    },
    "init has mounted what was missing": async (walk) => {
      const mounts = await walk.run("cut -d' ' -f2,3 /proc/mounts");
      for (
        const mount of [
          "/proc proc",
          "/sys sysfs",
          "/dev devtmpfs",
          "/dev/pts devpts",
          "/dev/shm tmpfs",
          "/run tmpfs",
          "/sys/fs/cgroup cgroup2",
        ]
      ) assert(mounts.split("\n").includes(mount), `no ${mount} in:\n${mounts}`);
    },
    "a job has made / writable": async (walk) => {
      assert.match(await walk.run("grep ' / ext4 ' /proc/mounts"), /^\/dev\/\S+ \/ ext4 rw,/m);
      assert.equal(await walk.run("initctl status root"), "root stop/waiting");
    },
    "the runlevel and the boot are on record": async (walk) => {
      assert.equal(await walk.run("runlevel"), "N 2");
      assert.match(await walk.run("who -b"), /system boot/);
      assert.match(await walk.run("who"), /^root /m);
    },
    "initctl list has all jobs": async (walk) => {
      const list = await walk.run("initctl list");
      for (const name of ["boots", "serial", "worker"]) assert.match(list, RUNNING(name));
      for (const name of ["boot", "control-alt-delete", "hostname", "root"]) {
        assert.match(list, new RegExp(`^${name} stop/waiting$`, "m"));
      }
    },
    "the TypeScript job has run its function": async (walk) => {
      assert.equal(await walk.run("cat /var/lib/boots"), "by a runlevel");
      await walk.until("cat /var/log/upstart/boots.log", /^ready$/m);
    },
    "jobs are stopped and started": async (walk) => {
      assert.equal(await walk.run("initctl stop worker"), "worker stop/waiting");
      assert.match(await walk.run("initctl start worker"), RUNNING("worker"));
      assert.equal(await walk.run("initctl stop boots"), "boots stop/waiting");
      assert.match(await walk.run("initctl start boots"), RUNNING("boots"));
    },
    "a killed service comes back": async (walk) => {
      const [, pid] = await walk.until("initctl status worker", RUNNING("worker"));
      await walk.run(`kill -KILL ${pid}`);
      await walk.until(
        `initctl status worker | grep -v 'process ${pid}$'`,
        RUNNING("worker"),
      );
    },
    "a new job is read at once": async (walk) => {
      await walk.run(`printf 'task\\nexec echo from a new job\\n' > /etc/init/new.conf`);
      await walk.until("initctl status new", /^new stop\/waiting$/);
      assert.equal(await walk.run("initctl start new"), "new stop/waiting");
      await walk.until("cat /var/log/upstart/new.log", /^from a new job$/m);
    },
    "init is restarted in place": async (walk) => {
      const before = await walk.run("initctl status worker");
      const { exit, told } = await walk.try("initctl restart-init");
      assert.equal(await walk.run("initctl status worker"), before);
      if (exit === 0) return;
      // Init gives the new executable ten seconds to begin, which emulation may exceed, and stays as it is otherwise.
      assert(walk.machine.slowness > 1, told);
      assert.match(told, /it has not answered within \d+ s$/);
      return `not here: ${told}`;
    },
    "Ctrl-Alt-Delete restarts the machine": async (walk) => {
      await walk.machine.command("sendkey ctrl-alt-delete");
      const times = await walk.comesUpAgain();
      assert.equal(await walk.run("cat /var/lib/boots"), "by a runlevel\nby hand\nby a runlevel");
      return times;
    },
    "shutdown -r now restarts it": async (walk) => {
      const times = await walk.restart("shutdown -r now");
      assert.match(await walk.run("last -x reboot"), /^reboot .*\nreboot .*\nreboot /m);
      return times;
    },
    "reboot restarts it": (walk) => walk.restart("reboot"),
    "poweroff switches it off": (walk) => walk.switchOff("poweroff"),
    "the file system is clean": (walk) => Promise.resolve(walk.diskIsClean()),
  },
};
