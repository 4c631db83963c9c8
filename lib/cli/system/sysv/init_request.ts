/** Requests of SysV's programs to init: by its FIFO, as sysvinit's programs and init have it, so that each fits the other. */

import * as fs from "node:fs";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { type ControlRequest, encodeRequest } from "../../../model/sysv/control_request.ts";
import { type KernelError, unlessRefused } from "../../../sys/call/refused.ts";
import { changeRunlevel } from "../change_runlevel.ts";

/** Where init's FIFO is, and where it was before there was /run. */
const FIFOS = ["/run/initctl", "/dev/initctl"];

/** The seconds between SIGTERM and SIGKILL where nobody says another number. */
export const SLEEP_TIME = 3;

/** How long a FIFO that is full is tried, and the pause before that, in ms. */
const TIMEOUT = 3000, RETRY_DELAY = 50;

/**
 * Asks init for a runlevel. An init that has no FIFO is Rouse's without SysV, or Upstart's: it gets the event.
 * @param halt How the machine is to halt, for what comes last: the variable INIT_HALT. Undefined: it is taken away.
 * @throws {Error} with a message for the user, when there is no init that answers.
 */
export async function requestRunlevel(
  runlevel: string,
  { halt, sleepTime = SLEEP_TIME }: { halt?: string | undefined; sleepTime?: number },
): Promise<void> {
  const variable = halt === undefined ? "INIT_HALT" : `INIT_HALT=${halt}`;
  const sent = await send([
    { command: "environment", variables: [variable] },
    { command: "runlevel", runlevel, sleepTime },
  ]);
  if (!sent) await changeRunlevel(runlevel, process.env, halt === undefined ? [] : [variable]);
}

/** False when no init reads a FIFO. @throws {Error} when one that has it open does not read. */
async function send(requests: ControlRequest[]): Promise<boolean> {
  for (const path of FIFOS) {
    const descriptor = openFifo(path);
    if (descriptor === undefined) continue;
    try {
      for (const request of requests) await write(path, descriptor, encodeRequest(request));
      return true;
    } finally {
      fs.closeSync(descriptor);
    }
  }
  return false;
}

/** Opens a FIFO that somebody reads, if root has made it, or the owner of this process; undefined otherwise. */
function openFifo(path: string): number | undefined {
  const { O_WRONLY, O_NONBLOCK, O_NOFOLLOW, O_NOCTTY } = fs.constants;
  return unlessRefused(() => {
    const isFifo = ({ uid, isFIFO }: { uid: number; isFIFO: boolean }) =>
      isFIFO && (uid === 0 || uid === process.geteuid?.());
    const judge = (status: fs.Stats) => isFifo({ uid: status.uid, isFIFO: status.isFIFO() });
    if (!judge(fs.lstatSync(path))) return undefined;
    const descriptor = fs.openSync(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
    if (judge(fs.fstatSync(descriptor))) return descriptor;
    fs.closeSync(descriptor);
    return undefined;
  }, () => undefined);
}

/** Writes a whole request, or none of it: it is shorter than what a pipe takes at once (pipe(7), PIPE_BUF). */
async function write(path: string, descriptor: number, bytes: Uint8Array): Promise<void> {
  for (const deadline = Date.now() + TIMEOUT;;) {
    const refused = unlessRefused(() => void fs.writeSync(descriptor, bytes), (error) => error);
    if (refused === undefined) return;
    if (refused.code !== "EAGAIN" || Date.now() > deadline) throw new Error(reasonFor(path, refused));
    await pause(RETRY_DELAY);
  }
}

function reasonFor(path: string, { code, message }: KernelError): string {
  return code === "EAGAIN"
    ? `Unable to ask init: it does not read ${path}, which is full`
    : `Unable to ask init by ${path}: ${message}`;
}
