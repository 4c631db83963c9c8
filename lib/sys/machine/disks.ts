/** Leaving disks clean before the machine ends: file systems and swap space. */

import { unlessRefused } from "../call/refused.ts";
import { mounts, remountReadOnly, swapOff, swaps, unmount } from "./mounts.ts";

/** Takes all swap space off. @param onProblem Receives the reason why some cannot be. The rest is. */
export function releaseSwap(onProblem: (reason: string) => void): void {
  for (const path of swaps()) attempt(() => swapOff(path), onProblem);
}

/**
 * Unmounts the file systems that are on devices, the latest first. Those that are in use, such as `/`, become read-only,
 * so that they are clean when they are mounted next. Network file systems are left alone: a server that does not answer
 * would block the halt for ever.
 *
 * @param onProblem Receives the reason why a file system can be neither. The others are.
 * @param root Only mount points below it are touched; for tests.
 */
export function releaseDisks(onProblem: (reason: string) => void, root = "/"): void {
  const freeze = (point: string) => attempt(() => remountReadOnly(point), onProblem);
  const onDevices = mounts().filter(({ source, point }) =>
    source.startsWith("/dev/") && point.startsWith(root)
  );
  for (const { point } of onDevices.reverse()) {
    if (point === "/") freeze(point);
    else attempt(() => unmount(point), () => freeze(point));
  }
}

function attempt(step: () => void, onRefusal: (reason: string) => void): void {
  unlessRefused(step, ({ message }) => onRefusal(message));
}
