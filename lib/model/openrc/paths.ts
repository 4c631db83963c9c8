/** Where OpenRC keeps its files. */

/** The state of services, which ends with the machine's. */
export const RC_DIR = "/run/openrc";

/** The scripts. */
export const INIT_D = "/etc/init.d";

/** The scripts that an administrator wrote: they count before those of the system. */
export const LOCAL_INIT_D = "/usr/local/etc/init.d";

/** A file of variables for each service. */
export const CONF_D = "/etc/conf.d";

/** A directory of links to scripts for each runlevel. */
export const RUNLEVEL_DIRECTORIES = "/etc/runlevels";

/** The settings of all services; the directory has further files, which end with `.conf`. */
export const RC_CONF = "/etc/rc.conf", RC_CONF_D = "/etc/rc.conf.d";

/** Where older systems have the same settings. */
export const OLD_RC_CONF = "/etc/conf.d/rc";

/** Below {@link RC_DIR}: the present runlevel, and the one that the kernel's command line asks for instead of `default`. */
export const SOFTLEVEL = "softlevel", KERNEL_LEVEL = "krunlevel";

/** Below {@link RC_DIR}: there while a runlevel is entered or left. */
export const ENTERING = "rc.starting", LEAVING = "rc.stopping";

/** The runlevels with a meaning of their own. */
export const LEVELS = {
  sysinit: "sysinit",
  boot: "boot",
  default: "default",
  single: "single",
  shutdown: "shutdown",
} as const;
