/** The numbers of the system calls that are used, by name. */

import process from "node:process";

/** `[x86-64, aarch64]`. aarch64 has the generic table and lacks the calls that newer ones replace. */
const NUMBERS = {
  chdir: [80, 49],
  chroot: [161, 51],
  clone: [56, 220],
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
  futex: [202, 98],
  getpgid: [121, 155],
  getpid: [39, 172],
  getsockopt: [55, 209],
  inotify_add_watch: [254, 27],
  inotify_init1: [294, 26],
  inotify_rm_watch: [255, 28],
  ioctl: [16, 29],
  kill: [62, 129],
  lseek: [8, 62],
  madvise: [28, 233],
  memfd_create: [319, 279],
  mmap: [9, 222],
  mount: [165, 40],
  mprotect: [10, 226],
  openat: [257, 56],
  pipe2: [293, 59],
  ppoll: [271, 73],
  prctl: [157, 167],
  prlimit64: [302, 261],
  read: [0, 63],
  reboot: [169, 142],
  rt_sigaction: [13, 134],
  rt_sigprocmask: [14, 135],
  sched_yield: [24, 124],
  setgid: [106, 144],
  setgroups: [116, 159],
  setpgid: [109, 154],
  setpriority: [141, 140],
  setsid: [112, 157],
  setuid: [105, 146],
  swapoff: [168, 225],
  sync: [162, 81],
  socket: [41, 198],
  umask: [95, 166],
  umount2: [166, 39],
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
