/** The control channel of SysV's init as its clients use it: requests are written to /run/initctl. */

import { CONTROL_FIFO, type ControlRequest, encodeRequest } from "../../../model/sysv/control_request.ts";
import { EAGAIN, EINTR, errorReason } from "../../../sys/call/errno.ts";
import { unlessRefused } from "../../../sys/call/refused.ts";
import { isFifo } from "../../../sys/io/fifo.ts";
import { close, O_NOCTTY, O_NONBLOCK, O_WRONLY, open, write } from "../../../sys/io/descriptors.ts";

/** How long init may not listen, and the pause before it is tried again, in ms. */
const TIMEOUT = 3000, PAUSE = 50;

/**
 * Sends init a request. It is not told what becomes of it.
 *
 * @throws {Error} with a message for the user, when init does not listen.
 */
export async function sendRequest(request: ControlRequest): Promise<void> {
  const bytes = encodeRequest(request), deadline = performance.now() + TIMEOUT;
  while (!tryToSend(bytes)) {
    if (performance.now() >= deadline) {
      throw new Error(`timeout opening/writing control channel ${CONTROL_FIFO}`);
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

/** False when nobody reads the channel, or what waits in it already is too much. */
function tryToSend(bytes: Uint8Array): boolean {
  const fail = (reason: string): never => {
    throw new Error(`${CONTROL_FIFO}: ${reason}`);
  };
  const channel = unlessRefused(
    () => open(CONTROL_FIFO, O_WRONLY | O_NONBLOCK | O_NOCTTY),
    (error) => error.code === "ENXIO" ? undefined : fail(errorReason(error)),
  );
  if (channel === undefined) return false;
  try {
    if (!isFifo(channel)) fail("Not a FIFO");
    const result = write(channel, bytes);
    if (result === bytes.length) return true;
    return result === -EAGAIN || result === -EINTR ? false : fail("Unable to write");
  } finally {
    close(channel);
  }
}
