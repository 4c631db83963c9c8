/** What a service tells of itself (sd_notify(3)), as plain data. */

/** A notification. What it does not say is absent. */
export interface Notification {
  /** The number of its main process from now on. */
  mainPid?: number;
  /** How long it may be without a sign of life from now on, in ms. */
  watchdogTime?: number;
  /** It needs this much time from now on for its start or stop, in ms. */
  extension?: number;
  /** What it does, in its own words: one printable line. */
  status?: string;
  /** It reads its configuration again. */
  reloading?: true;
  /** It is on its way down by itself. */
  stopping?: true;
  /** It is up; after a reload: again. */
  ready?: true;
  /** A sign of life, or the wish to be treated as if none had come in time. */
  watchdog?: "alive" | "trigger";
}
