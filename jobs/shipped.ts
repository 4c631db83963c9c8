/** The jobs that ship inside every executable. Init has them in force where it boots a machine of SysV's (docs/sysv.md). */

/** Their modules by their names. */
export const SHIPPED_JOBS: Readonly<Record<string, () => Promise<{ default?: unknown }>>> = {
  "control-alt-delete": () => import("./control-alt-delete.ts"),
  "failsafe": () => import("./failsafe.ts"),
  "rc": () => import("./rc.ts"),
  "rc-sysinit": () => import("./rc-sysinit.ts"),
  "rcS": () => import("./rcS.ts"),
  "sulogin": () => import("./sulogin.ts"),
  "start-ttys": () => import("./start-ttys.ts"),
  "tty": () => import("./tty.ts"),
};
