/** The numbers of the system calls that are used. numbers_test.ts compares them with the kernel's headers. */

import process from "node:process";

/** The numbers `[x86-64, aarch64]`. aarch64 has the kernel's generic table, without calls that newer ones replace. */
export const NUMBERS = {
  accept4: [288, 242],
  bind: [49, 200],
  capset: [126, 91],
  chdir: [80, 49],
  chroot: [161, 51],
  clock_gettime: [228, 113],
  clone: [56, 220],
  clone3: [435, 435],
  close: [3, 57],
  close_range: [436, 436],
  connect: [42, 203],
  dup3: [292, 24],
  epoll_create1: [291, 20],
  epoll_ctl: [233, 21],
  epoll_pwait: [281, 22],
  execve: [59, 221],
  exit: [60, 93],
  fchmod: [91, 52],
  fcntl: [72, 25],
  flock: [73, 32],
  futex: [202, 98],
  getpgid: [121, 155],
  getpid: [39, 172],
  getsockname: [51, 204],
  getsockopt: [55, 209],
  gettid: [186, 178],
  inotify_add_watch: [254, 27],
  inotify_init1: [294, 26],
  inotify_rm_watch: [255, 28],
  ioctl: [16, 29],
  ioprio_set: [251, 30],
  kill: [62, 129],
  listen: [50, 201],
  lseek: [8, 62],
  madvise: [28, 233],
  memfd_create: [319, 279],
  mknodat: [259, 33],
  mmap: [9, 222],
  mount: [165, 40],
  mprotect: [10, 226],
  openat: [257, 56],
  openat2: [437, 437],
  pidfd_open: [434, 434],
  pidfd_send_signal: [424, 424],
  pipe2: [293, 59],
  ppoll: [271, 73],
  prctl: [157, 167],
  prlimit64: [302, 261],
  read: [0, 63],
  reboot: [169, 142],
  recvmsg: [47, 212],
  rt_sigaction: [13, 134],
  rt_sigprocmask: [14, 135],
  sched_setparam: [142, 118],
  sched_setscheduler: [144, 119],
  setgid: [106, 144],
  setgroups: [116, 159],
  setns: [308, 268],
  setpgid: [109, 154],
  setpriority: [141, 140],
  setsid: [112, 157],
  setsockopt: [54, 208],
  setuid: [105, 146],
  shutdown: [48, 210],
  swapoff: [168, 225],
  sync: [162, 81],
  socket: [41, 198],
  timer_create: [222, 107],
  timer_settime: [223, 110],
  umask: [95, 166],
  umount2: [166, 39],
  unshare: [272, 97],
  waitid: [247, 95],
  write: [1, 64],
} as const;

/** The name of a system call. */
export type CallName = keyof typeof NUMBERS;

const COLUMN = process.arch === "arm64" ? 1 : 0;

/** The number of a system call on this machine. */
export function callNumber(name: CallName): number {
  return NUMBERS[name][COLUMN];
}

/** Those that are filtered for programs of 32 bits, too (lib/sys/spawn/confinement.ts): `[i386, arm]`. */
export const NUMBERS_32 = {
  clone: [120, 120],
  clone3: [435, 435],
  kill: [37, 37],
  setns: [346, 375],
  setpgid: [57, 57],
  setsid: [66, 66],
  unshare: [310, 337],
} as const;

/** The number of a system call in programs of 32 bits that this machine runs. */
export function callNumber32(name: keyof typeof NUMBERS_32): number {
  return NUMBERS_32[name][COLUMN];
}
