/**
 * Descriptors of processes (pidfd_open(2)), by which the end of a process is noticed that is no child of this one, and a
 * signal reaches no other process that has got the number since.
 */

import { close } from "../io/descriptors.ts";
import { poller } from "../io/poller.ts";
import { ENOSYS, ESRCH } from "../call/errno.ts";
import { call, kernel, required } from "../call/kernel.ts";
import { kill } from "./processes.ts";
import { type ProcessStatus, processStatus } from "./procfs.ts";

/**
 * Watches a process until it has ended. The process may be anybody's.
 * @param onEnd Called once, when it has; not after the watch was ended.
 * @returns a function that ends the watch; undefined when there is no such process.
 * @throws {SystemError} where the kernel has no such descriptors, or is short of them.
 */
export function watchProcess(pid: number, onEnd: () => void): (() => void) | undefined {
  // Descriptors of processes are close-on-exec.
  const fd = call("pidfd_open", pid, 0);
  if (fd === -ESRCH) return undefined;
  required(`watch process ${pid}`, fd);
  let isOpen = true;
  const end = () => {
    if (!isOpen) return;
    isOpen = false;
    poller().unwatch(fd);
    close(fd);
  };
  try {
    poller().watch(fd, () => {
      if (!isOpen || !hasEnded(fd)) return;
      end();
      onEnd();
    });
  } catch (error) {
    close(fd);
    throw error;
  }
  return end;
}

/** The poller may call without a reason: asks once more. */
function hasEnded(fd: number): boolean {
  const { address, bytes } = kernel().scratch, POLLIN = 1, atOnce = 16;
  bytes.fill(0, 0, atOnce + 16);
  bytes.writeInt32LE(fd, 0);
  bytes.writeInt32LE(POLLIN, 4);
  return call("ppoll", address, 1, address + atOnce, 0, 0) === 1;
}

/**
 * Blocks until one of some processes has ended, or the time is over. The event loop does not run meanwhile. Where the kernel
 * has no descriptors of processes it takes all the time.
 * @param time In ms
 */
export function awaitAnyEnd(pids: readonly number[], time: number): void {
  const { address, bytes } = kernel().scratch, POLLIN = 1, MOST = 256, SIZE = 8;
  const opened = pids.slice(0, MOST).map((pid) => call("pidfd_open", pid, 0));
  const open = opened.filter((fd) => fd >= 0);
  // One that cannot be opened may have ended.
  if (!opened.includes(-ESRCH)) {
    open.forEach((fd, index) => {
      bytes.writeInt32LE(fd, SIZE * index);
      bytes.writeInt32LE(POLLIN, SIZE * index + 4);
    });
    const time64 = SIZE * MOST;
    bytes.writeBigInt64LE(BigInt(Math.floor(time / 1000)), time64);
    bytes.writeBigInt64LE(BigInt(Math.floor(time % 1000 * 1e6)), time64 + 8);
    call("ppoll", address, open.length, address + time64, 0, 0);
  }
  open.forEach(close);
}

/**
 * Sends a signal to a process that was seen before. Another that has got its number since does not get it.
 * @returns false when there is no such process any more.
 * @throws {SystemError}
 */
export function signalSeen({ pid, startTime }: ProcessStatus, signal: number): boolean {
  const fd = call("pidfd_open", pid, 0);
  if (fd === -ESRCH) return false;
  const isSame = () => processStatus(pid)?.startTime === startTime;
  // A kernel before Linux 5.3.
  if (fd === -ENOSYS) return isSame() && kill(pid, signal);
  required(`open process ${pid}`, fd);
  try {
    if (!isSame()) return false;
    const result = call("pidfd_send_signal", fd, signal, 0, 0);
    return result !== -ESRCH && required(`send signal ${signal} to ${pid}`, result) === 0;
  } finally {
    close(fd);
  }
}
