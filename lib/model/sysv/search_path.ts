/** Where the programs of init scripts, and of inittab's processes, are looked up. */
export const SYSV_PATH = "/sbin:/usr/sbin:/bin:/usr/bin";
