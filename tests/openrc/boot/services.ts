/** Sixty services such as a small server has, made for a root directory: their scripts, settings and runlevels. */

/** How a service does its work. */
type Kind = "oneshot" | "background" | "forking" | "prepared" | "own";

/** A service. */
export interface BootService {
  level: string;
  kind: Kind;
  /** The lines of its depend(). */
  depend: readonly string[];
}

/** A line each: name, runlevel, kind, and what its depend() says. */
const TABLE = `
  devices         sysinit  oneshot     before kernel-log
  control-groups  sysinit  oneshot
  kernel-log      sysinit  oneshot
  device-manager  sysinit  background  need devices; provide dev; after kernel-log
  early-seed      sysinit  oneshot     need devices
  host-name       boot     oneshot
  clock           boot     oneshot     before local-disks
  modules         boot     oneshot     want device-manager
  disk-check      boot     oneshot     need dev; use clock
  local-disks     boot     oneshot     need disk-check; provide localfs; after clock modules
  swap            boot     oneshot     after local-disks
  kernel-settings boot     oneshot     before loopback; after modules
  temporary-files boot     prepared    need localfs
  loopback        boot     oneshot     provide lo; after modules kernel-settings
  random-seed     boot     oneshot     need localfs
  user-records    boot     oneshot     need localfs; after temporary-files
  key-map         boot     oneshot     need localfs
  console-font    boot     oneshot     need localfs; after key-map
  system-log      boot     background  need localfs; use host-name; provide logger
  power-events    boot     forking     use logger
  network         default  oneshot     need lo localfs; provide net; after kernel-settings
  firewall        default  oneshot     before network; provide filter
  name-cache      default  background  need net; use logger; provide dns
  clock-sync      default  forking     need net; use dns logger
  secure-shell    default  forking     need net; use logger dns
  cron-table      default  background  use logger clock-sync; provide cron
  at-jobs         default  background  use logger
  message-bus     default  prepared    need localfs; use logger; provide bus
  announcer       default  background  need bus net; use dns
  accounts        default  background  need bus
  mail            default  forking     need net; use logger dns; provide mta
  mail-filter     default  background  need net; before mail; use logger
  mail-boxes      default  prepared    need localfs net; use logger; after mail
  database        default  own         need localfs; use net logger; after clock-sync
  database-copy   default  background  need database net
  key-store       default  prepared    need localfs; use net logger; provide cache
  message-queue   default  own         need net; use logger dns
  search-index    default  background  need localfs net; use logger
  file-server     default  forking     need net localfs; use dns logger
  print-server    default  prepared    use net logger bus
  print-browser   default  background  need print-server announcer
  web             default  forking     need net; use dns logger; provide httpd; after shop-1 shop-2 shop-3
  web-cache       default  background  need net; before web; use logger
  shop-1          default  background  need database cache; use logger
  shop-2          default  background  need database cache; use logger
  shop-3          default  background  need database cache; use logger
  shop-worker-1   default  background  need database message-queue
  shop-worker-2   default  background  need database message-queue
  shop-worker-3   default  own         need database message-queue
  shop-mailer     default  background  need message-queue mta
  shop-search     default  background  need search-index; use shop-1
  measures        default  prepared    use net logger
  measures-host   default  background  need measures
  measures-disk   default  background  need measures localfs
  alarms          default  background  need measures; use mta
  backup          default  background  need localfs; use cron; after database
  updates         default  oneshot     use net
  web-hooks       default  background  need net message-queue; use web
  watchdog        default  forking     after *
  greeting        default  oneshot     after *`;

/** By their names, in the order of the table. */
export const SERVICES: ReadonlyMap<string, BootService> = new Map(
  TABLE.trim().split("\n").map((line) => {
    const [, name, level, kind, depend] = /^\s*(\S+)\s+(\S+)\s+(\S+)\s*(.*)$/.exec(line)!;
    return [name!, { level: level!, kind: kind as Kind, depend: depend!.split("; ").filter(Boolean) }];
  }),
);

/** The runlevels that have services. */
const LEVELS = ["sysinit", "boot", "default"];

/** True for a service that leaves a process behind. */
export function isDaemon(name: string): boolean {
  return SERVICES.get(name)!.kind !== "oneshot";
}

/** The program of a service's daemon: each has its own, so that `/proc/PID/exe` tells them apart. */
export function program(name: string): string {
  return `/usr/local/sbin/${name}d`;
}

/** Where a service shows that it is up: its number, or that its work is done. */
export function evidence(name: string): string {
  return `/run/${name}.${isDaemon(name) ? "pid" : "done"}`;
}

/** The lines of a stop() that ends a daemon which the script has not told by `command`. */
function stopping(name: string): string {
  return `	ebegin "Stopping ${name}"
	start-stop-daemon --stop --pidfile ${evidence(name)} --exec ${program(name)}
	eend $? "Failed to stop ${name}"
`;
}

/** What the scripts of a kind have beside depend(). */
const BODIES: Readonly<Record<Kind, (name: string) => string>> = {
  oneshot: (name) =>
    `start() {
	ebegin "Setting up ${name}"
	echo "$RC_RUNLEVEL" >${evidence(name)}
	eend $? "Unable to set up ${name}"
}

stop() {
	ebegin "Stopping ${name}"
	rm ${evidence(name)}
	eend $? "Unable to stop ${name}"
}
`,
  background: (name) =>
    `command=${program(name)}
command_args="$seconds"
command_background=yes
pidfile=/run/$RC_SVCNAME.pid
`,
  forking: (name) =>
    `pidfile=/run/$RC_SVCNAME.pid
command=${FORKING}
command_args="$pidfile ${program(name)} $seconds"

stop() {
${stopping(name)}}
`,
  prepared: (name) =>
    `${BODIES.background(name)}
start_pre() {
	checkpath --directory --mode 0755 --owner root:root "/run/$RC_SVCNAME"
}
`,
  own: (name) =>
    `start() {
	ebegin "Starting ${name}"
	start-stop-daemon --start --background --make-pidfile --pidfile ${evidence(name)} \\
		--exec ${program(name)} -- "$seconds"
	eend $? "Failed to start ${name}"
}

stop() {
${stopping(name)}}
`,
};

/** A program that goes to the background by itself, and writes the number of its daemon. */
const FORKING = "/usr/local/sbin/forking";

const FORKING_TEXT = `#!/bin/sh
file=$1
shift
"$@" </dev/null >/dev/null 2>&1 &
echo $! >"$file"
`;

function script(name: string): string {
  const { kind, depend } = SERVICES.get(name)!;
  const lines = depend.map((line) => `\t${line}\n`).join("");
  return `#!/sbin/openrc-run
description="${name}, which does nothing"

depend() {
${lines || "\t:\n"}}

${BODIES[kind](name)}`;
}

/** What a root has for the services: paths are those in the root, without the first slash. */
export interface BootFiles {
  files: Record<string, string>;
  /** By the paths of the links. */
  targets: Record<string, string>;
  /** Further names of sleep(1). */
  daemons: string[];
}

/** All that a root needs to have the services. */
export function bootFiles(): BootFiles {
  const names = [...SERVICES.keys()];
  const daemons = names.filter(isDaemon);
  return {
    files: {
      ...Object.fromEntries(names.map((name) => [`etc/init.d/${name}`, script(name)])),
      ...Object.fromEntries(daemons.map((name) => [`etc/conf.d/${name}`, "seconds=1000000\n"])),
      [FORKING.slice(1)]: FORKING_TEXT,
      "etc/inittab": INITTAB,
    },
    targets: Object.fromEntries(
      Array.from(SERVICES, ([name, { level }]) => [`etc/runlevels/${level}/${name}`, `/etc/init.d/${name}`]),
    ),
    daemons: daemons.map((name) => program(name).slice(1)),
  };
}

/** The lines that OpenRC's users have. */
const INITTAB = `id:3:initdefault:
si::sysinit:/sbin/openrc sysinit
rc::bootwait:/sbin/openrc boot
l0:0:wait:/sbin/openrc shutdown
l0s:0:wait:/sbin/halt -dhp
l3:3:wait:/sbin/openrc default
l6:6:wait:/sbin/openrc reboot
l6r:6:wait:/sbin/reboot -dk
`;

/** The runlevels whose directories have to be there. */
export const RUNLEVELS: readonly string[] = [...LEVELS, "nonetwork", "shutdown"];
