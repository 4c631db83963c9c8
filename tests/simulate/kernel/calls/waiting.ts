/** System calls that wait for something: epoll(7), poll(2), futex(2), inotify(7). */

import { O_CLOEXEC, O_NONBLOCK } from "../../../../lib/sys/io/descriptors.ts";
import { EVENT_SIZE } from "../../../../lib/sys/io/epoll.ts";
import type { CallName } from "../../../../lib/sys/call/numbers.ts";
import { Epoll, Inotify } from "../epoll.ts";
import { Inode } from "../inodes.ts";
import type { Kernel } from "../kernel.ts";
import { EAGAIN, EBADF, EINVAL, ENOTDIR, ERR, HUP } from "../open_file.ts";
import type { Blocked, Call, Handler } from "../thread.ts";

const ADD = 1, DELETE = 2, EVENT_DATA = EVENT_SIZE - 8, ETIMEDOUT = -110;

const FUTEX_WAIT = 0, FUTEX_WAKE = 1;

/** Those who sleep on words of memory, by the words' addresses. */
const sleepers = new WeakMap<Kernel, Map<number, Set<() => void>>>();

function sleepersOn(kernel: Kernel, address: number): Set<() => void> {
  let all = sleepers.get(kernel);
  if (!all) sleepers.set(kernel, all = new Map());
  let found = all.get(address);
  if (!found) all.set(address, found = new Set());
  return found;
}

function futex({ kernel, memory, args: [address, operation, value, timeout] }: Call): number | Blocked {
  const sleeping = sleepersOn(kernel, address!);
  if ((operation! & 127) === FUTEX_WAKE) {
    const woken = [...sleeping].slice(0, value);
    for (const wake of woken) wake();
    return woken.length;
  }
  if ((operation! & 127) !== FUTEX_WAIT) return EINVAL;
  if (memory.at(address!, 4).readInt32LE(0) !== value) return EAGAIN;
  return {
    wait(wake) {
      const end = (result: number) => {
        if (!sleeping.delete(woken)) return;
        alarm.isCancelled = true;
        wake(result);
      };
      const woken = () => end(0);
      const time = memory.word(timeout!) * 1000 + memory.word(timeout! + 8) / 1e6;
      const alarm = kernel.clock.after(time, () => end(ETIMEDOUT));
      sleeping.add(woken);
    },
  };
}

function epollWait({ process, memory, args: [fd, address, most, time] }: Call): number | Blocked {
  const epoll = process.file(fd!);
  if (!(epoll instanceof Epoll)) return EBADF;
  const found = epoll.ready(most!);
  if (found.length === 0 && time !== 0) {
    return {
      wait(wake) {
        const end = epoll.onChange(() => {
          end();
          wake();
        });
      },
    };
  }
  found.forEach(({ events, data }, index) => {
    const event = memory.at(address! + index * EVENT_SIZE, EVENT_SIZE);
    event.writeUInt32LE(events, 0);
    event.writeInt32LE(data, EVENT_DATA);
  });
  return found.length;
}

/** The calls. */
export const WAITING_CALLS: Partial<Record<CallName, Handler>> = {
  futex,
  epoll_pwait: epollWait,
  epoll_create1: ({ process, args: [flags] }) => process.open(new Epoll(0), (flags! & O_CLOEXEC) !== 0),
  epoll_ctl({ process, memory, args: [epfd, operation, fd, address] }) {
    const epoll = process.file(epfd!), file = process.file(fd!);
    if (!(epoll instanceof Epoll) || !file) return EBADF;
    if (operation === DELETE) return epoll.remove(fd!, file);
    if (operation !== ADD) return EINVAL;
    const event = memory.at(address!, EVENT_SIZE);
    return epoll.add(fd!, file, event.readUInt32LE(0), event.readInt32LE(EVENT_DATA));
  },
  ppoll({ process, memory, args: [address, count, limit] }) {
    let ready = 0;
    for (let at = address!; at < address! + 8 * count!; at += 8) {
      const entry = memory.at(at, 8), fd = entry.readInt32LE(0);
      const events = fd < 0 ? 0 : process.file(fd)?.events ?? 0x20;
      const found = events & (entry.readInt16LE(4) | HUP | ERR | 0x20);
      entry.writeInt16LE(found, 6);
      if (found) ready++;
    }
    const isAtOnce = limit !== 0 && memory.word(limit!) === 0 && memory.word(limit! + 8) === 0;
    return ready > 0 || isAtOnce ? ready : { wait() {} };
  },
  inotify_init1({ kernel, process, args: [flags] }) {
    return process.open(new Inotify(flags! & O_NONBLOCK, kernel.inotify), (flags! & O_CLOEXEC) !== 0);
  },
  inotify_add_watch({ kernel, process, memory, args: [fd, path, mask] }) {
    const instance = process.file(fd!), found = kernel.files.find(memory.text(path!), process.directory);
    if (!(instance instanceof Inotify)) return EBADF;
    if (!(found instanceof Inode)) return found;
    return found.kind === "directory" ? instance.watch(found, mask!) : ENOTDIR;
  },
  inotify_rm_watch({ process, args: [fd, watch] }) {
    const instance = process.file(fd!);
    return instance instanceof Inotify ? instance.unwatch(watch!) : EBADF;
  },
};
