/** The events that init and the usual bridges emit, and their variables. */

/** What tells of a job's life (init(5), starting(7) …), beside what the job exports. */
const JOB = ["JOB", "INSTANCE"] as const;

/**
 * `RESULT` is `ok` or `failed`, `PROCESS` the process that failed or `respawn`, `EXIT_SIGNAL` a name without
 * `SIG`, or a number.
 */
const JOB_END = [...JOB, "RESULT", "PROCESS", "EXIT_STATUS", "EXIT_SIGNAL"] as const;

const DEVICE = ["INTERFACE", "KERNEL", "DEVPATH", "SUBSYSTEM", "DEVNAME"] as const;
const INTERFACE = ["IFACE", "LOGICAL", "ADDRFAM", "METHOD"] as const;
const MOUNT = ["MOUNTPOINT", "DEVICE", "TYPE", "OPTIONS"] as const;

/** Names and variables; from this the types are made, too. */
export const KNOWN_EVENTS = {
  /** Init has started (startup(7)). */
  "startup": [],
  /** A job is about to start, and waits until all that this sets off is up or done (starting(7)). */
  "starting": JOB,
  /** A job is up (started(7)). */
  "started": JOB,
  /** A job is about to stop, and waits (stopping(7)). */
  "stopping": JOB_END,
  /** A job is down (stopped(7)). */
  "stopped": JOB_END,
  /** The runlevel is another one (runlevel(7)). */
  "runlevel": ["RUNLEVEL", "PREVLEVEL", "INIT_HALT"],
  /** Ctrl-Alt-Delete was pressed (control-alt-delete(7)). */
  "control-alt-delete": [],
  /** Alt-Up was pressed (keyboard-request(7)). */
  "keyboard-request": [],
  /** The UPS tells of a power failure or its end (power-status-changed(7)). */
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
  /** A file came, changed or went (upstart-file-bridge(8)). */
  "file": ["FILE", "EVENT", "MATCH"],
  /** Somebody connects to a socket (upstart-socket-bridge(8)). */
  "socket": ["PROTO", "PORT", "ADDR", "PATH"],
} as const satisfies Record<string, readonly string[]>;
