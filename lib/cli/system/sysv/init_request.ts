/** Requests of SysV's programs to init: by its FIFO, as sysvinit's programs and init have it, so that each fits the other. */

import * as fs from "node:fs";
import process from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import {
  CONTROL_FIFO,
  type ControlRequest,
  encodeRequest,
  SLEEP_TIME,
} from "../../../model/sysv/control_request.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { type KernelError, unlessRefused } from "../../../sys/call/refused.ts";
import { changeRunlevel } from "../change_runlevel.ts";

/** Where init's FIFO is, and where it was before there was /run. */
const FIFOS = [CONTROL_FIFO, "/dev/initctl"];

/** How long a FIFO that is full, or that nobody reads, is tried, and the pause before that, in ms. */
const TIMEOUT = 3000, RETRY_DELAY = 50;

/** Why a FIFO was not opened. */
interface Unopened {
  reason: string;
  /** It is there, and nobody reads it. */
  isUnread: boolean;
}

/**
 * Sends init a request as telinit(8) does. An init that does not read its FIFO is waited for.
 * @throws {Error} with a message for the user, when it does not listen.
 */
export async function sendRequest(request: ControlRequest): Promise<void> {
  for (const deadline = performance.now() + TIMEOUT;;) {
    const unopened = await send([request]);
    if (!unopened) return;
    if (!unopened.isUnread) throw new Error(`${CONTROL_FIFO}: ${unopened.reason}`);
    if (performance.now() > deadline) {
      throw new Error(`timeout opening/writing control channel ${CONTROL_FIFO}`);
    }
    await pause(RETRY_DELAY);
  }
}

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
  const unopened = await send([
    { command: "environment", variables: [variable] },
    { command: "runlevel", runlevel, sleepTime },
  ]);
  if (unopened) await changeRunlevel(runlevel, process.env, halt === undefined ? [] : [variable]);
}

/**
 * Writes requests to the first FIFO that init reads. Gives why the first one could not be opened, where none can be.
 * @throws {Error} with a message for the user, when the one that has it open does not read.
 */
async function send(requests: ControlRequest[]): Promise<Unopened | undefined> {
  let first: Unopened | undefined;
  for (const path of FIFOS) {
    const opened = openFifo(path);
    if (typeof opened !== "number") {
      first ??= opened;
      continue;
    }
    try {
      for (const request of requests) await write(path, opened, encodeRequest(request));
      return undefined;
    } finally {
      fs.closeSync(opened);
    }
  }
  return first;
}

/** Opens a FIFO that somebody reads, if root has made it, or the owner of this process. */
function openFifo(path: string): number | Unopened {
  const { O_WRONLY, O_NONBLOCK, O_NOFOLLOW, O_NOCTTY } = fs.constants;
  const isOurs = (status: fs.Stats) =>
    status.isFIFO() && (status.uid === 0 || status.uid === process.geteuid?.());
  const other: Unopened = { reason: "Not a FIFO of init's", isUnread: false };
  return unlessRefused(
    () => {
      if (!isOurs(fs.lstatSync(path))) return other;
      const descriptor = fs.openSync(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY);
      if (isOurs(fs.fstatSync(descriptor))) return descriptor;
      fs.closeSync(descriptor);
      return other;
    },
    (error): Unopened => ({ reason: errorReason(error), isUnread: error.code === "ENXIO" }),
  );
}

/** Writes a whole request, or none of it: it is shorter than what a pipe takes at once (pipe(7), PIPE_BUF). */
async function write(path: string, descriptor: number, bytes: Uint8Array): Promise<void> {
  for (const deadline = performance.now() + TIMEOUT;;) {
    const refused = unlessRefused(() => void fs.writeSync(descriptor, bytes), (error) => error);
    if (refused === undefined) return;
    if (refused.code !== "EAGAIN" || performance.now() > deadline) throw new Error(reasonFor(path, refused));
    await pause(RETRY_DELAY);
  }
}

function reasonFor(path: string, error: KernelError): string {
  return error.code === "EAGAIN"
    ? `Unable to ask init: it does not read ${path}, which is full`
    : `Unable to ask init by ${path}: ${errorReason(error)}`;
}
