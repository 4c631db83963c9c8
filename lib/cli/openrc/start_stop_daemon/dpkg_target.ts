/** The processes that dpkg's start-stop-daemon means, and what it says of a program that it is asked for. */

import { isDpkgMatch } from "../../../../compat/openrc/mod.ts";
import process from "node:process";
import { findProcess, findProcesses, runningStatus } from "../../../config/openrc/daemons/processes.ts";
import { isUntrustedLink, readPidFile } from "../../../config/openrc/daemons/pid_file.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { DpkgError, type DpkgRequest } from "./dpkg_request.ts";

/** The exit statuses of `--status`. */
export const STATUS = { runs: 0, deadWithPidFile: 1, dead: 3, unknown: 4 } as const;

/** What was found. */
export interface Found {
  pids: number[];
  /** One of {@link STATUS}. */
  status: number;
}

/** The processes of one request. The number in its pid file is read once. */
export class DpkgTarget {
  #noted: number | undefined;

  constructor(private readonly request: DpkgRequest) {}

  /** @throws {DpkgError} */
  find(): Found {
    const { pid, pidFile } = this.request;
    if (pid !== undefined) return this.#check(pid);
    if (pidFile !== undefined) return this.#inPidFile(pidFile);
    const pids = findProcesses((one) => isDpkgMatch(one, this.request)).map(({ pid }) => pid).reverse();
    return { pids, status: pids.length > 0 ? STATUS.runs : STATUS.dead };
  }

  /** A process by its number. One that is to be stopped is meant even if there is none, unless it should have more to it. */
  #check(pid: number): Found {
    const { program, parent, uid, name, action } = this.request;
    const hasMore = [program, parent, uid, name].some((criterion) => criterion !== undefined);
    const isMeant = hasMore
      ? findProcess(pid, (one) => isDpkgMatch(one, this.request)) !== undefined
      : action === "stop" || runningStatus(pid) !== undefined;
    return isMeant ? { pids: [pid], status: STATUS.runs } : { pids: [], status: STATUS.dead };
  }

  #inPidFile(path: string): Found {
    this.#noted ??= this.#read(path);
    if (this.#noted === undefined) return { pids: [], status: STATUS.dead };
    // A negative number would be that of a process group.
    if (this.#noted <= 0) return { pids: [], status: STATUS.unknown };
    const found = this.#check(this.#noted);
    return found.status === STATUS.dead ? { ...found, status: STATUS.deadWithPidFile } : found;
  }

  /** The number; 0 where there is none in the file, undefined where there is no file. */
  #read(path: string): number | undefined {
    const file = readPidFile(path);
    if (file.state === "unreadable") {
      if (file.error.code === "ENOENT") return undefined;
      throw new DpkgError(`unable to open pidfile ${path} (${errorReason(file.error)})`);
    }
    if (path !== "/dev/null") {
      const { uid, gid, mode } = file.status;
      const isOwn = [0, process.getuid?.()].includes(uid) && [0, process.getgid?.()].includes(gid);
      const { exec, name, owner, parent } = this.request;
      const isAlone = [exec, name, owner, parent].every((criterion) => criterion === undefined);
      if (isAlone && (!isOwn || isUntrustedLink(path, file.isLink))) {
        throw new DpkgError(`matching only on non-root pidfile ${path} is insecure`);
      }
      if ((mode & 0o002) !== 0) throw new DpkgError(`matching on world-writable pidfile ${path} is insecure`);
    }
    return file.state === "read" ? file.pid : 0;
  }
}
