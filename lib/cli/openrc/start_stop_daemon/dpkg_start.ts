/** `start-stop-daemon --start`, as dpkg has it. */

import { closeSync, constants, existsSync, openSync, writeSync } from "node:fs";
import { getPriority } from "node:os";
import process from "node:process";
import { isUntrustedLink } from "../../../config/openrc/daemons/pid_file.ts";
import { openOwn } from "../../../sys/access/own_place.ts";
import { supplementaryGroups } from "../../../sys/access/users.ts";
import { EACCES, EPERM, errnoMessage, errorReason } from "../../../sys/call/errno.ts";
import { unlessRefused } from "../../../sys/call/refused.ts";
import { close, O_APPEND, O_CREAT, O_NOCTTY, O_RDONLY, O_WRONLY } from "../../../sys/io/descriptors.ts";
import { restoreDescriptorLimit } from "../../../sys/process/limits.ts";
import { TAKEOVER_VARIABLES } from "../../../sys/runtime/variables.ts";
import type { SpawnDescription, SpawnFailure, SpawnStep } from "../../../sys/spawn/description.ts";
import { becomeProgram } from "../../../sys/spawn/in_place.ts";
import { spawnNoted } from "../../../sys/spawn/noted.ts";
import type { Speech } from "./dpkg.ts";
import { DpkgError, type DpkgRequest } from "./dpkg_request.ts";
import { DpkgTarget } from "./dpkg_target.ts";
import { NoticeSocket } from "../daemons/notice_socket.ts";

/** The mask with which pid files are made in the background. */
const PID_FILE_MASK = 0o022;

/**
 * Starts a program: in the background, or in place of this one. Returns the exit status.
 * @throws {DpkgError}
 */
export function startProgram(request: DpkgRequest, speech: Speech): number {
  const { exec, startas = "", test, idleStatus, background, umask, makesPidFile, pidFile } = request;
  if (new DpkgTarget(request).find().pids.length > 0) {
    speech.info(`${exec ?? "process"} already running.\n`);
    return idleStatus;
  }
  if (test) {
    speech.info(whatWouldStart(request));
    return 0;
  }
  speech.debug(`Starting ${startas}...\n`);
  if (background) return startInBackground(request, speech);
  if (umask !== undefined) process.umask(umask);
  if (makesPidFile) writePidFile(pidFile!, process.pid);
  const failed = tryWithIoPriority(request, speech, (wanted) => {
    const description = describe(wanted, { 0: 0, 1: 1, 2: 2 });
    return { failed: becomeProgram(description) };
  }).failed!;
  throw new DpkgError(failureText(failed, request));
}

function whatWouldStart(request: DpkgRequest): string {
  const { startas, args, user, group, gid, chroot, nice, scheduler, ioPriority } = request;
  const as = user &&
    ` (as user ${user.name}[${user.uid}]${group === undefined ? ")" : `, and group ${group}[${gid}])`}`;
  return [
    `Would start ${startas} `,
    ...args.map((word) => `${word} `),
    as ?? "",
    chroot === undefined ? "" : ` in directory ${chroot}`,
    nice === 0 ? "" : `, and add ${nice} to the priority`,
    scheduler ? `, with scheduling policy ${scheduler.name} with priority ${scheduler.value.priority}` : "",
    ioPriority ? `, with IO scheduling class ${ioPriority.name} with priority ${ioPriority.level}` : "",
    ".\n",
  ].join("");
}

/** Says what goes wrong with the program itself: that is no failure once it is in the background. */
function startInBackground(request: DpkgRequest, speech: Speech): number {
  const { startas, closes, output, makesPidFile, pidFile, awaitsNotice, noticeTime, user, gid } = request;
  speech.debug(`Detaching to start ${startas}...\n`);
  restoreDescriptorLimit();
  const notices = awaitsNotice ? new NoticeSocket(user?.uid, gid) : undefined;
  const opened: number[] = [];
  const openNoted = (path: string, flags: number) => {
    const fd = openFile(path, flags);
    opened.push(fd);
    return fd;
  };
  try {
    const input = closes ? openNoted("/dev/null", O_RDONLY) : 0;
    const out = output === undefined ? undefined : openNoted(output, O_CREAT | O_WRONLY | O_APPEND);
    let problem: DpkgError | undefined;
    const note = (pid: number) => {
      if (!makesPidFile) return;
      try {
        const before = process.umask(PID_FILE_MASK);
        writePidFile(pidFile!, pid);
        process.umask(before);
      } catch (error) {
        if (!(error instanceof DpkgError)) throw error;
        problem = error;
      }
    };
    const { failed } = tryWithIoPriority(request, speech, (wanted) => {
      const description = describe(wanted, { 0: input, 1: out ?? 1, 2: out ?? 2 });
      if (notices) description.environment.push(`NOTIFY_SOCKET=${notices.path}`);
      return spawnNoted({ ...description, newSession: true }, note);
    });
    if (problem) {
      speech.error(problem.message);
      throw new DpkgError("child returned error exit status 2");
    }
    if (failed) speech.error(failureText(failed, request));
    else speech.debug("Detaching complete...\n");
    const readiness = notices?.wait(noticeTime) ?? "ready";
    if (typeof readiness === "object") {
      throw new DpkgError(`program failed to initialize (${errnoMessage(readiness.errno)})`);
    }
    if (readiness !== "ready") throw new DpkgError("timed out waiting for a notification");
    return 0;
  } finally {
    opened.forEach(close);
    notices?.close();
  }
}

/** Does without an I/O priority where it cannot be set. */
function tryWithIoPriority(
  request: DpkgRequest,
  speech: Speech,
  start: (request: DpkgRequest) => { failed?: SpawnFailure | undefined },
): { failed?: SpawnFailure | undefined } {
  const result = start(request);
  if (result.failed?.step !== "set I/O priority") return result;
  const { name, level } = request.ioPriority!;
  speech.warn(`unable to alter IO priority to ${name}:${level} (${errnoMessage(result.failed.errno)})`);
  return start({ ...request, ioPriority: undefined });
}

function openFile(path: string, flags: number): number {
  if (isUntrustedLink(path)) {
    throw new DpkgError(`unable to open '${path}' (somebody else could have made the link)`);
  }
  return unlessRefused(() => openOwn(path, flags | O_NOCTTY, 0o664), (error) => {
    throw new DpkgError(`unable to open '${path}' (${errorReason(error)})`);
  });
}

function describe(request: DpkgRequest, descriptors: Record<number, number>): SpawnDescription {
  const { startas = "", args, user, gid, chroot, chdir, umask, nice, scheduler, ioPriority } = request;
  const changesGroup = gid !== undefined && gid !== process.getgid?.();
  const changesUser = user !== undefined && user.uid !== process.getuid?.();
  const environment = { ...process.env };
  if (user && existsSync(user.home)) environment["HOME"] = user.home;
  for (const variable of TAKEOVER_VARIABLES) delete environment[variable];
  return {
    argv: [startas, ...args],
    environment: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
    descriptors,
    chdir,
    ...chroot !== undefined && { chroot },
    ...umask !== undefined && { umask },
    ...nice !== 0 && { nice: Math.max(-20, Math.min(19, getPriority() + nice)) },
    ...scheduler && { scheduler: scheduler.value },
    ...ioPriority && { ioPriority: ioPriority.value },
    ...changesGroup && { gid },
    ...user && (changesUser || changesGroup) && { groups: supplementaryGroups(user.name, gid ?? user.gid) },
    ...changesUser && { uid: user.uid },
  };
}

function failureText({ step, errno, fault }: SpawnFailure, request: DpkgRequest): string {
  if (fault) throw fault;
  const { nice, chroot, chdir, gid, user, startas } = request;
  // As nice(2) has it.
  const reason = errnoMessage(step === "set priority" && errno === EACCES ? EPERM : errno);
  const isGroup = gid !== process.getgid?.();
  const texts: Partial<Record<SpawnStep, string>> = {
    "set priority": `unable to alter nice level by ${nice}`,
    "set scheduler": "unable to set process scheduler",
    "change root directory": `unable to chroot() to ${chroot}`,
    "change working directory": `unable to chdir() to ${chdir}`,
    "initgroups": isGroup ? `unable to set gid to ${gid}` : `unable to set initgroups() with gid ${gid}`,
    "setgid": `unable to set gid to ${gid}`,
    "setuid": `unable to set uid to ${user?.name}`,
    "execute": `unable to start ${startas}`,
  };
  return `${texts[step] ?? `unable to ${step}`} (${reason})`;
}

/** Writes a pid file. No link is followed. @throws {DpkgError} */
function writePidFile(path: string, pid: number): void {
  const { O_CREAT, O_WRONLY, O_TRUNC, O_NOFOLLOW, O_NONBLOCK } = constants;
  unlessRefused(() => {
    const file = openSync(path, O_CREAT | O_WRONLY | O_TRUNC | O_NOFOLLOW | O_NONBLOCK, 0o666);
    writeSync(file, `${pid}\n`);
    closeSync(file);
  }, (error) => {
    throw new DpkgError(`unable to open pidfile '${path}' for writing (${errorReason(error)})`);
  });
}
