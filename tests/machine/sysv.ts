/** A machine as Debian's packages of sysvinit set it up: inittab, init scripts, runlevels. */

import assert from "node:assert/strict";
import type { Setup } from "./setups.ts";
import { inSeconds, PASSWORD } from "./walk.ts";

export const SYSV: Setup = {
  title: "SysV's scripts and inittab",
  initramfs: "debian",
  files: ({ root }) => ({ "etc/fstab": `${root} / ext4 defaults 0 1\n` }),
  installation: `for name in init telinit halt poweroff reboot shutdown runlevel insserv; do
  dpkg-divert --local --rename --add /sbin/$name
done
rouse --install --sysv --skip-existing /sbin
sed -i '/getty.*tty[1-6]/d' /etc/inittab
echo "T0:2345:respawn:/sbin/agetty --noclear 115200 $CONSOLE vt100" >> /etc/inittab`,
  steps: {
    "the kernel boots, Rouse runs the scripts, and inittab's getty asks for the login": async (walk) => {
      return `after ${inSeconds(await walk.logIn())}`;
    },
    "Rouse is process 1 of a machine": async (walk) => {
      await walk.run("[ /proc/1/exe -ef /usr/local/sbin/rouse ]");
      return (await walk.run("uname -srm; initctl version")).replace("\n", ", ");
    },
    "the scripts have made / writable": async (walk) => {
      assert.match(await walk.run("grep ' / ext4 ' /proc/mounts"), /^\/dev\/\S+ \/ ext4 rw,/m);
    },
    "the runlevel and the boot are on record": async (walk) => {
      await walk.until("runlevel", /^N 2$/);
      assert.match(await walk.run("who -r"), /run-level 2 .*last=S$/);
      assert.match(await walk.run("who -b"), /system boot/);
    },
    "scripts and inittab's lines are jobs": async (walk) => {
      const list = await walk.run("initctl list");
      for (const name of ["checkroot.sh", "mountall.sh", "udev"]) {
        assert.match(list, new RegExp(`^${name.replace(".", "\\.")} start/running`, "m"), list);
      }
      assert.match(await walk.run("service --status-all"), /^ \[ \+ \] +udev$/m);
      return await walk.run("initctl list | grep -c start/running") + " of them run";
    },
    "telinit 1 leaves sulogin alone, and telinit 2 comes back": async (walk) => {
      const { console } = walk.machine;
      console.type("telinit 1\n");
      await console.expect(
        "sulogin's question",
        /Give root password for maintenance/,
        walk.machine.patience(90),
      );
      console.type(`${PASSWORD}\n`);
      await console.takeShell(walk.machine.patience(30));
      assert.equal(await walk.run("runlevel"), "1 S");
      console.type("telinit 2\n");
      await walk.logIn();
      await walk.until("runlevel", /^S 2$/);
    },
    "Ctrl-Alt-Delete runs inittab's line, and restarts the machine": async (walk) => {
      await walk.run("echo from before > /var/lib/before");
      await walk.machine.command("sendkey ctrl-alt-delete");
      const times = await walk.comesUpAgain();
      assert.equal(await walk.run("cat /var/lib/before"), "from before");
      return times;
    },
    "reboot restarts it": (walk) => walk.restart("reboot"),
    "shutdown -h now switches it off": (walk) => walk.switchOff("shutdown -h now"),
    "the file system is clean": (walk) => Promise.resolve(walk.diskIsClean()),
  },
};
