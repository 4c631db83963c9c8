/** The messages of the notification protocol (sd_notify(3)): lines `NAME=VALUE` in a datagram, from anybody. */

import { Buffer } from "node:buffer";
import type { Notification } from "../../model/checks/notification.ts";
import { printable } from "../../model/text/printable.ts";

/** A message, as far as it is understood. */
export interface NotifyMessage {
  told: Notification;
  /** The descriptor that came along is to be closed when all messages before are dealt with. */
  isBarrier: boolean;
  /** The descriptors that came along are to be kept for the next main process, under this name. */
  store?: string;
  /** The kept descriptors of this name are to be closed. */
  remove?: string;
}

/** The longest status that is kept, in characters. */
const LONGEST_STATUS = 200;

/** The longest time, in µs: about 300 years. */
const LONGEST_TIME = Number.MAX_SAFE_INTEGER;

/** Linux's highest process number. */
const HIGHEST_PID = 2 ** 22;

/** Names of kept descriptors, which `LISTEN_FDNAMES` lists with `:` between them; and the name of those without. */
const DESCRIPTOR_NAME = /^[!-9;-~]{1,255}$/, NO_NAME = "stored";

/** What a variable tells with a value; undefined for a value that it cannot have. */
type Reading = (value: string) => Notification | undefined;

const READINGS: Readonly<Record<string, Reading>> = {
  MAINPID: (value) => numbered(value, HIGHEST_PID, (mainPid) => ({ mainPid })),
  WATCHDOG_USEC: (value) => numbered(value, LONGEST_TIME, (time) => ({ watchdogTime: time / 1000 })),
  EXTEND_TIMEOUT_USEC: (value) => numbered(value, LONGEST_TIME, (time) => ({ extension: time / 1000 })),
  STATUS: (value) => ({ status: printable(value.slice(0, LONGEST_STATUS)) }),
  RELOADING: (value) => value === "1" ? { reloading: true } : undefined,
  STOPPING: (value) => value === "1" ? { stopping: true } : undefined,
  READY: (value) => value === "1" ? { ready: true } : undefined,
  WATCHDOG: (value) =>
    value === "1" ? { watchdog: "alive" } : value === "trigger" ? { watchdog: value } : undefined,
};

function numbered(value: string, highest: number, tell: (number: number) => Notification) {
  const number = /^\d{1,16}$/.test(value) ? Number(value) : 0;
  return number >= 1 && number <= highest ? tell(number) : undefined;
}

/** Reads a message. What is not understood tells nothing; of variables that stand there twice the last one counts. */
export function readMessage(bytes: Uint8Array): NotifyMessage {
  const told: Notification = {}, flags = new Set<string>();
  let name = NO_NAME;
  for (const line of Buffer.from(bytes).toString().split("\n")) {
    const at = line.indexOf("=");
    if (at < 0) continue;
    const variable = line.slice(0, at), value = line.slice(at + 1);
    if (Object.hasOwn(READINGS, variable)) Object.assign(told, READINGS[variable]!(value));
    else if (variable === "FDNAME" && DESCRIPTOR_NAME.test(value)) name = value;
    else if (value === "1") flags.add(variable);
  }
  return {
    told,
    isBarrier: flags.has("BARRIER"),
    ...(flags.has("FDSTORE") && { store: name }),
    ...(flags.has("FDSTOREREMOVE") && { remove: name }),
  };
}
