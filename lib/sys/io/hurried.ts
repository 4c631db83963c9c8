/**
 * System calls that get rid of what clients have sent. Descriptors may lie in a socket (unix(7), SCM_RIGHTS), also where nobody
 * takes them: the kernel closes them in the process that reads the bytes beside them, or closes the socket. To close a TCP
 * socket with SO_LINGER takes as long as its owner likes. A signal ends that.
 */

import process from "node:process";
import { call, kernel } from "../call/kernel.ts";
import { close } from "./descriptors.ts";

/** How long the kernel may sleep over descriptors, in ms. */
const PATIENCE = 1;

const CLOCK_MONOTONIC = 1, SIGEV_THREAD_ID = 4, SIGURG = 23;

/** Addresses of two `struct itimerspec`, and the timer's number. */
interface Alarm {
  timer: number;
  on: number;
  off: number;
}

let made: Alarm | null | undefined;

/** Makes the timer that signals this thread; null where there can be none. */
function makeAlarm(): Alarm | null {
  // What is ignored wakes nobody.
  process.on("SIGURG", () => {});
  const memory = kernel(), event = memory.keep(64), place = memory.keep(8);
  const [on, off] = [memory.keep(32), memory.keep(32)];
  memory.view(event, 64).writeInt32LE(SIGURG, 8);
  memory.view(event, 64).writeInt32LE(SIGEV_THREAD_ID, 12);
  memory.view(event, 64).writeInt32LE(call("gettid"), 16);
  for (const field of [8, 24]) memory.setWord(on + field, PATIENCE * 1e6);
  if (call("timer_create", CLOCK_MONOTONIC, event, place) < 0) return null;
  return { timer: memory.view(place, 4).readInt32LE(0), on, off };
}

/** Does something that makes system calls, with a signal every millisecond meanwhile. */
export function hurried<Result>(action: () => Result): Result {
  const alarm = made === undefined ? made = makeAlarm() : made;
  if (!alarm) return action();
  call("timer_settime", alarm.timer, 0, alarm.on, 0);
  try {
    return action();
  } finally {
    call("timer_settime", alarm.timer, 0, alarm.off, 0);
  }
}

/** Closes a socket that a client may have sent descriptors to. */
export function closeHurried(fd: number): void {
  hurried(() => close(fd));
}
