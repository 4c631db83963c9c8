/** The tables of known events, which init and the usual bridges emit, and of their variables. */

/** Variables of job events (init(5), starting(7) …), besides those that the job exports. */
const JOB = ["JOB", "INSTANCE"] as const;

/** Variables of the events of a job's end, whose values are in {@link KNOWN_VALUES}. */
const JOB_END = [...JOB, "RESULT", "PROCESS", "EXIT_STATUS", "EXIT_SIGNAL"] as const;

/** Variables of the events that start and stop init scripts: as rc's, by both names. */
const SCRIPTS = ["RUNLEVEL", "PREVLEVEL", "runlevel", "previous"] as const;

const DEVICE = ["INTERFACE", "KERNEL", "DEVPATH", "SUBSYSTEM", "DEVNAME"] as const;
const INTERFACE = ["IFACE", "LOGICAL", "ADDRFAM", "METHOD"] as const;
const MOUNT = ["MOUNTPOINT", "DEVICE", "TYPE", "OPTIONS"] as const;

/**
 * The possible values of variables that have few: the job's result, and the process that failed. The process is `respawn`
 * when the job was respawned too often, `timeout` when its start took too long, and `needs` when something that it needs
 * failed.
 */
export const KNOWN_VALUES = {
  RESULT: ["ok", "failed"],
  PROCESS: [
    "main",
    "pre-start",
    "post-start",
    "pre-stop",
    "post-stop",
    "respawn",
    "timeout",
    "health",
    "needs",
  ],
} as const satisfies Record<string, readonly string[]>;

/** The known events and their variables. The types in events.ts are made from this table. */
export const KNOWN_EVENTS = {
  /** Init has started (startup(7)). */
  "startup": [],
  /** A job is about to start. It waits until the jobs that this starts are up or done (starting(7)). */
  "starting": JOB,
  /** A job is up (started(7)). */
  "started": JOB,
  /** A job is about to stop. It waits until the jobs that this starts are up or done (stopping(7)). */
  "stopping": JOB_END,
  /** A job is down (stopped(7)). */
  "stopped": JOB_END,
  /** The check of a job's health (`alive`) fails. */
  "unhealthy": [...JOB, "REASON"],
  /** It passes again. */
  "healthy": JOB,
  /** A job with `onGiveUp: "event"` was respawned too often. */
  "gave-up": JOB_END,
  /** The runlevel has changed (runlevel(7)). */
  "runlevel": ["RUNLEVEL", "PREVLEVEL", "INIT_HALT"],
  /** The runlevel changes where init scripts are jobs: scripts that have but a stop take their places (docs/sysv.md). */
  "rc-prepare": SCRIPTS,
  /** Then scripts are stopped. */
  "rc-stop": SCRIPTS,
  /** Then scripts are started. */
  "rc-start": SCRIPTS,
  /** Ctrl-Alt-Delete was pressed (control-alt-delete(7)). */
  "control-alt-delete": [],
  /** Alt-Up was pressed (keyboard-request(7)). */
  "keyboard-request": [],
  /** The UPS reports a power failure, or its end (power-status-changed(7)). */
  "power-status-changed": [],
  /** The user's session ends (session-end(7)). */
  "session-end": ["TYPE"],
  "mounting": MOUNT,
  "mounted": MOUNT,
  "filesystem": [],
  "local-filesystems": [],
  "remote-filesystems": [],
  "virtual-filesystems": [],
  "all-swaps": [],
  "net-device-added": DEVICE,
  "net-device-removed": DEVICE,
  "net-device-up": INTERFACE,
  "net-device-down": INTERFACE,
  "static-network-up": [],
  /** A file was created, modified or deleted (upstart-file-bridge(8)). */
  "file": ["FILE", "EVENT", "MATCH"],
  /** A client connects to a socket (upstart-socket-bridge(8)). */
  "socket": ["PROTO", "PORT", "ADDR", "PATH"],
} as const satisfies Record<string, readonly string[]>;

/** The programs that emitted events on Ubuntu, the system that Upstart's jobs were written for, other than init. */
export const EVENT_SOURCES: Readonly<Record<string, string>> = {
  ...from("mountall(8)", [
    "mounting",
    "mounted",
    "filesystem",
    "local-filesystems",
    "remote-filesystems",
    "virtual-filesystems",
    "all-swaps",
  ]),
  ...from("upstart-udev-bridge(8)", ["net-device-added", "net-device-removed", "net-device-changed"]),
  ...from("ifup(8)", ["net-device-up", "static-network-up"]),
  ...from("ifdown(8)", ["net-device-down"]),
  ...from("upstart-file-bridge(8)", ["file"]),
  ...from("upstart-socket-bridge(8)", ["socket"]),
  ...from("upstart-dbus-bridge(8)", ["dbus", "dbus-activation"]),
  ...from("its display manager", ["login-session-start", "desktop-session-start", "desktop-shutdown"]),
};

function from(source: string, events: readonly string[]): Record<string, string> {
  return Object.fromEntries(events.map((event) => [event, source]));
}
