/** The events that conditions may name, and their variables. Users add their own by declaration merging. */

/** The variables of the events that tell of a job's life (init(5), starting(7) …), beside what it exports. */
interface JobEvent {
  JOB: string;
  INSTANCE: string;
}

/** The variables of `stopping` and `stopped`. */
interface JobEndEvent extends JobEvent {
  /** `ok` or `failed`. */
  RESULT: string;
  /** The process that failed, e.g. `main` or `pre-start`, or `respawn`. */
  PROCESS: string;
  EXIT_STATUS: string;
  /** The signal's name without `SIG`, or its number. */
  EXIT_SIGNAL: string;
}

/** A device's variables in the events that bridges emit. */
interface DeviceEvent {
  KERNEL: string;
  DEVPATH: string;
  SUBSYSTEM: string;
  DEVNAME: string;
}

/**
 * Event names and their variables. An event of your own is made known with
 *
 *     declare module "rouse" {
 *       interface Events {
 *         "shop-open": { CITY: string };
 *       }
 *     }
 */
export interface Events {
  /** Init has started (startup(7)). */
  startup: Record<never, string>;
  starting: JobEvent;
  started: JobEvent;
  stopping: JobEndEvent;
  stopped: JobEndEvent;
  runlevel: { RUNLEVEL: string; PREVLEVEL: string; INIT_HALT: string };
  "control-alt-delete": Record<never, string>;
  "keyboard-request": Record<never, string>;
  "power-status-changed": Record<never, string>;
  "session-end": { TYPE: string };
  mounting: { MOUNTPOINT: string; DEVICE: string; TYPE: string; OPTIONS: string };
  mounted: { MOUNTPOINT: string; DEVICE: string; TYPE: string; OPTIONS: string };
  filesystem: Record<never, string>;
  "local-filesystems": Record<never, string>;
  "remote-filesystems": Record<never, string>;
  "virtual-filesystems": Record<never, string>;
  "all-swaps": Record<never, string>;
  "net-device-added": { INTERFACE: string } & DeviceEvent;
  "net-device-removed": { INTERFACE: string } & DeviceEvent;
  "net-device-up": { IFACE: string; LOGICAL: string; ADDRFAM: string; METHOD: string };
  "net-device-down": { IFACE: string; LOGICAL: string; ADDRFAM: string; METHOD: string };
  "static-network-up": Record<never, string>;
  /** The events of upstart-file-bridge(8). */
  file: { FILE: string; EVENT: string; MATCH: string };
  /** The events of upstart-socket-bridge(8). */
  socket: { PROTO: string; PORT: string; ADDR: string; PATH: string };
}

/** The name of a known event. */
export type EventName = Extract<keyof Events, string>;

/** The names of an event's variables. */
export type EventVariable<Name extends EventName> = Extract<keyof Events[Name], string>;
