/** Probes of what the kernel lets this process do. They change nothing but this process, which is over in a moment. */

import { call } from "../call/kernel.ts";
import { EINVAL, ENOSYS, errnoMessage, SystemError } from "../call/errno.ts";
import { close, openPty } from "../io/descriptors.ts";
import { setChildSubreaper } from "../process/processes.ts";

/** What came of a probe: nothing where it is allowed, else the kernel's reason. */
export type ProbeResult = string | undefined;

/** A descriptor that nobody has. */
const NO_DESCRIPTOR = 0x7ffffffe;

/** The calls that are tried, with arguments for which a kernel that has the call answers EINVAL and does nothing. */
const HARMLESS: Readonly<Record<string, () => number>> = {
  clone3: () => call("clone3", 0, 0),
  close_range: () => call("close_range", NO_DESCRIPTOR, NO_DESCRIPTOR - 1, 0),
  pidfd_open: () => call("pidfd_open", 0, 0),
};

/** For each call of the kernel that old ones, and filters of containers, lack: why it is refused, if it is. */
export function refusedCalls(): Record<string, ProbeResult> {
  const outcome = (result: number) =>
    result >= 0 || result === -EINVAL
      ? undefined
      : result === -ENOSYS
      ? "the kernel, or a filter, does not have it"
      : errnoMessage(-result);
  return Object.fromEntries(Object.entries(HARMLESS).map(([name, attempt]) => [name, outcome(attempt())]));
}

/** Whether a pseudo-terminal can be opened. */
export function probePty(): ProbeResult {
  return refusal(() => {
    const { master, slave } = openPty();
    close(slave);
    close(master);
  });
}

/** Whether orphans can be taken in. */
export function probeSubreaper(): ProbeResult {
  return refusal(setChildSubreaper);
}

function refusal(action: () => void): ProbeResult {
  try {
    action();
    return undefined;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return errnoMessage(error.errno);
  }
}
