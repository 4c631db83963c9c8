/** Error numbers of the kernel (errno(3)): their names, and the messages of strerror(3). */

/**
 * The table for x86-64 and aarch64: `[number, name, message]`. Made when it is asked for, because most programs end before
 * anything fails.
 */
const errors = (): [number, string, string][] => [
  [1, "EPERM", "Operation not permitted"],
  [2, "ENOENT", "No such file or directory"],
  [3, "ESRCH", "No such process"],
  [4, "EINTR", "Interrupted system call"],
  [5, "EIO", "Input/output error"],
  [6, "ENXIO", "No such device or address"],
  [7, "E2BIG", "Argument list too long"],
  [8, "ENOEXEC", "Exec format error"],
  [9, "EBADF", "Bad file descriptor"],
  [10, "ECHILD", "No child processes"],
  [11, "EAGAIN", "Resource temporarily unavailable"],
  [12, "ENOMEM", "Cannot allocate memory"],
  [13, "EACCES", "Permission denied"],
  [14, "EFAULT", "Bad address"],
  [15, "ENOTBLK", "Block device required"],
  [16, "EBUSY", "Device or resource busy"],
  [17, "EEXIST", "File exists"],
  [18, "EXDEV", "Invalid cross-device link"],
  [19, "ENODEV", "No such device"],
  [20, "ENOTDIR", "Not a directory"],
  [21, "EISDIR", "Is a directory"],
  [22, "EINVAL", "Invalid argument"],
  [23, "ENFILE", "Too many open files in system"],
  [24, "EMFILE", "Too many open files"],
  [25, "ENOTTY", "Inappropriate ioctl for device"],
  [26, "ETXTBSY", "Text file busy"],
  [27, "EFBIG", "File too large"],
  [28, "ENOSPC", "No space left on device"],
  [29, "ESPIPE", "Illegal seek"],
  [30, "EROFS", "Read-only file system"],
  [31, "EMLINK", "Too many links"],
  [32, "EPIPE", "Broken pipe"],
  [33, "EDOM", "Numerical argument out of domain"],
  [34, "ERANGE", "Numerical result out of range"],
  [35, "EDEADLK", "Resource deadlock avoided"],
  [36, "ENAMETOOLONG", "File name too long"],
  [37, "ENOLCK", "No locks available"],
  [38, "ENOSYS", "Function not implemented"],
  [39, "ENOTEMPTY", "Directory not empty"],
  [40, "ELOOP", "Too many levels of symbolic links"],
  [61, "ENODATA", "No data available"],
  [71, "EPROTO", "Protocol error"],
  [75, "EOVERFLOW", "Value too large for defined data type"],
  [79, "ELIBACC", "Can not access a needed shared library"],
  [80, "ELIBBAD", "Accessing a corrupted shared library"],
  [83, "ELIBEXEC", "Cannot exec a shared library directly"],
  [88, "ENOTSOCK", "Socket operation on non-socket"],
  [95, "EOPNOTSUPP", "Operation not supported"],
  [97, "EAFNOSUPPORT", "Address family not supported by protocol"],
  [98, "EADDRINUSE", "Address already in use"],
  [99, "EADDRNOTAVAIL", "Cannot assign requested address"],
  [103, "ECONNABORTED", "Software caused connection abort"],
  [104, "ECONNRESET", "Connection reset by peer"],
  [110, "ETIMEDOUT", "Connection timed out"],
  [111, "ECONNREFUSED", "Connection refused"],
  [116, "ESTALE", "Stale file handle"],
  [122, "EDQUOT", "Disk quota exceeded"],
];

/** The error numbers that the code refers to by name. */
export const EPERM = 1,
  ENOENT = 2,
  ESRCH = 3,
  EINTR = 4,
  EIO = 5,
  ENXIO = 6,
  E2BIG = 7,
  ENOEXEC = 8,
  EBADF = 9,
  ECHILD = 10,
  EAGAIN = 11,
  ENOMEM = 12,
  EACCES = 13,
  ENODEV = 19,
  ENOTDIR = 20,
  EINVAL = 22,
  ENOTTY = 25,
  ENOSPC = 28,
  EROFS = 30,
  EPIPE = 32,
  ENAMETOOLONG = 36,
  ENOSYS = 38,
  ELOOP = 40,
  EADDRINUSE = 98,
  ECONNABORTED = 103,
  ECONNRESET = 104;

/** The name of an error number, e.g. `ENOENT`; `errno 200` for a number that is not in the table. */
export function errnoName(errno: number): string {
  return errors().find(([number]) => number === errno)?.[1] ?? `errno ${errno}`;
}

/** The message of an error number, e.g. `No such file or directory`. */
export function errnoMessage(errno: number): string {
  return errors().find(([number]) => number === errno)?.[2] ?? `Unknown error ${errno}`;
}

/** The message of strerror(3) for an error of node:fs or lib/sys; for any other, its own. */
export function errorReason(error: unknown): string {
  const { errno, code, message } = error as { errno?: number; code?: unknown; message: string };
  // The errors of node:zlib (`Z_DATA_ERROR`, `ZSTD_error_…`) have numbers of their own.
  const isKernels = typeof errno === "number" && !String(code).startsWith("Z");
  return isKernels ? errnoMessage(Math.abs(errno)) : message;
}

const SHORTAGES = ["EAGAIN", "ENOMEM", "EMFILE", "ENFILE"];

/** True for the name of an error that may pass: processes, memory or descriptors are short. */
export function isShortage(code: string): boolean {
  return SHORTAGES.includes(code);
}

/** A failed system call: `message` says what could not be done and why, `errno` and `code` name the error. */
export class SystemError extends Error {
  /** The name of the error, e.g. `ENOENT`, as in Node's own errors. */
  readonly code: string;

  /** @param what What could not be done, to be put behind "unable to": `open /dev/ptmx` */
  constructor(what: string, readonly errno: number) {
    super(`unable to ${what}: ${errnoMessage(errno)}`);
    this.code = errnoName(errno);
  }
}

/** True for an error of a system call that may pass: see {@link isShortage}. */
export function isOfShortage(error: unknown): boolean {
  return error instanceof SystemError && isShortage(error.code);
}
