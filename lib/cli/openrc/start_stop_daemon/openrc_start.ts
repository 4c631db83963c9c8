/** `start-stop-daemon --start`, as OpenRC has it. */

import { unlinkSync } from "node:fs";
import process from "node:process";
import { noteDaemon } from "../../../config/openrc/daemons/notes.ts";
import { readSettings } from "../../../config/openrc/rc_conf.ts";
import { ServiceStates } from "../../../config/openrc/states.ts";
import { leadingNumber } from "../../../../compat/openrc/mod.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { ifAllowed, isKernelError, unlessRefused } from "../../../sys/call/refused.ts";
import { close, O_RDWR, open, pipe } from "../../../sys/io/descriptors.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import { restoreDescriptorLimit } from "../../../sys/process/limits.ts";
import { awaitAnyEnd } from "../../../sys/process/pidfd.ts";
import { awaitEnd } from "../../../sys/process/processes.ts";
import { runningStatus } from "../../../config/openrc/daemons/processes.ts";
import type { SpawnDescription, SpawnResult } from "../../../sys/spawn/description.ts";
import { spawnNoted } from "../../../sys/spawn/noted.ts";
import { spawn } from "../../../sys/spawn/spawn.ts";
import { describeDaemon, failureText, isSilenced } from "../daemons/child.ts";
import { placeInChild, writePidFile } from "../daemons/made_pid_file.ts";
import { awaitNotice, type DaemonNotice, noticeOf } from "../daemons/notice.ts";
import { believedPid, NO_PID, processesOf } from "../daemons/targets.ts";
import { type ToolCall, ToolError } from "../tool.ts";
import type { StartStopRequest } from "./openrc_request.ts";

/**
 * Starts a daemon. Returns the exit status.
 * @throws {ToolError}
 */
export function startDaemon(request: StartStopRequest, call: ToolCall): number {
  const { argv, pidFile, user, test } = request, { name, messages } = call;
  const exec = request.exec!;
  const pid = pidFile === undefined ? 0 : believedPid(pidFile, name, messages, false);
  // A pid file without a number means that it does not run, whatever else does.
  const running = pid === NO_PID ? [] : processesOf({ exec, words: argv, uid: user?.uid, pid });
  if (running.length > 0) throw new ToolError(`${name}: ${exec} is already running`);
  if (test) return sayWhatWouldStart(request, call);
  if (messages.isVerbose) messages.begin(`Detaching to start \`${exec}'`);
  if (pidFile !== undefined) ifAllowed(() => unlinkSync(pidFile));
  const notice = request.notify === undefined
    ? undefined
    : noticeOf(request.notify, name, user?.uid, request.gid);
  try {
    return launchAndWait(request, call, notice);
  } finally {
    notice?.close();
  }
}

function launchAndWait(request: StartStopRequest, call: ToolCall, notice: DaemonNotice | undefined): number {
  const { pidFile, background } = request, { name } = call, exec = request.exec!;
  const child = launch(request, call, notice);
  if (!background) {
    const isGood = child !== undefined && (awaitEnd(child) as { status?: number }).status === 0;
    if (!isGood) throw new ToolError(`${name}: failed to start \`${exec}'`);
  }
  const wait = waitingTime(request);
  if (wait > 0 && !isUpAfter(wait, request, child, call)) throw new ToolError(`${name}: ${exec} died`);
  const isHopeless = () => background && (child === undefined || !runningStatus(child));
  if (notice && !awaitNotice(notice, isHopeless)) {
    throw new ToolError(`${name}: ${exec} has not said that it is ready`);
  }
  const service = process.env["RC_SVCNAME"];
  if (service) {
    unlessRefused(
      () => noteDaemon(new ServiceStates(), service, { exec, argv: request.words, pidFile }),
      (error) => {
        throw new ToolError(`${name}: unable to note the daemon of ${service}: ${errorReason(error)}`);
      },
    );
  }
  return 0;
}

function sayWhatWouldStart(request: StartStopRequest, { messages }: ToolCall): number {
  if (messages.isQuiet) return 0;
  const { argv, user, gid, chroot, chdir, nice, name } = request;
  messages.openInfo("Would start");
  print(`${argv.map((word) => ` ${word}`).join("")}\n`);
  const details = [
    user?.uid ? `as user id ${user.uid}` : undefined,
    gid ? `as group id ${gid}` : undefined,
    chroot === undefined ? undefined : `in root \`${chroot}'`,
    chdir === undefined ? undefined : `in dir \`${chdir}'`,
    nice ? `with a priority of ${nice}` : undefined,
    name === undefined ? undefined : `with a process name of ${name}`,
  ];
  for (const detail of details) if (detail !== undefined) messages.info(`  ${detail}`);
  return 0;
}

/**
 * Starts the process. Says what goes wrong: a daemon in the background that cannot be started is told, and is no failure.
 * Gives its number, if there is one.
 */
function launch(request: StartStopRequest, call: ToolCall, notice?: DaemonNotice): number | undefined {
  const { background, loggers, outputs, makePidFile, pidFile } = request, exec = request.exec!;
  restoreDescriptorLimit();
  const nothing = open("/dev/null", O_RDWR), opened = [nothing];
  const stream = (target: 1 | 2) => {
    const command = loggers[target];
    if (command === undefined) return background || isSilenced(request.environment) ? nothing : target;
    const { reader, writer } = pipe();
    opened.push(reader, writer);
    const logger = describeDaemon({ ...request, outputs: {} }, "/bin/sh", ["sh", "-c", command], {
      0: reader,
      1: nothing,
      2: nothing,
    });
    report(spawn(logger), request, command, call);
    return writer;
  };
  try {
    const descriptors: Record<number, number> = { ...notice?.descriptors, 0: background ? nothing : 0 };
    for (const target of [1, 2] as const) {
      if (outputs[target] === undefined) descriptors[target] = stream(target);
    }
    const environment = { ...request.environment, ...notice?.environment };
    const description = describeDaemon({ ...request, environment }, exec, request.argv, descriptors);
    const path = makePidFile ? placeInChild(pidFile!, request) : undefined;
    const result = path === undefined ? spawn(description) : spawnWithPidFile(description, path, request);
    if (result.failed && path !== undefined) ifAllowed(() => unlinkSync(path));
    return report(result, request, exec, call);
  } catch (error) {
    if (!isKernelError(error)) throw error;
    call.messages.error(`${call.name}: fopen \`${pidFile}': ${errorReason(error)}`);
    return undefined;
  } finally {
    opened.forEach(close);
  }
}

function spawnWithPidFile(
  description: SpawnDescription,
  path: string,
  { umask }: StartStopRequest,
): SpawnResult {
  return spawnNoted(description, (pid) => writePidFile(path, pid, umask));
}

function report(
  result: SpawnResult,
  request: StartStopRequest,
  program: string,
  { name, messages }: ToolCall,
) {
  if (result.failed) messages.error(failureText(result.failed, request, program, name));
  return result.pid;
}

/** How long to look after a daemon, in ms. */
function waitingTime({ wait, environment }: StartStopRequest): number {
  if (wait > 0) return wait;
  const text = environment["SSD_STARTWAIT"] ?? readSettings().get("rc_start_wait") ?? "";
  return Math.max(0, leadingNumber(text) ?? 0);
}

/** True for a daemon that still runs after a time. */
function isUpAfter(
  wait: number,
  request: StartStopRequest,
  child: number | undefined,
  { name, messages }: ToolCall,
): boolean {
  const { background, pidFile, exec, words, user } = request;
  if (background) {
    if (child === undefined) return false;
    for (const end = performance.now() + wait;;) {
      if (!runningStatus(child)) return false;
      const left = end - performance.now();
      if (left <= 0) return true;
      awaitAnyEnd([child], left);
    }
  }
  pause(wait);
  const pid = pidFile === undefined ? 0 : believedPid(pidFile, name, messages, false);
  if (pid === NO_PID) throw new ToolError(`${name}: did not create a valid pid in \`${pidFile}'`);
  return processesOf({ exec, words, uid: user?.uid, pid }).length > 0;
}

function pause(time: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, time);
}

function print(text: string): void {
  writeAll(1, text);
}
