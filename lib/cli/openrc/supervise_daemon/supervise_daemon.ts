/** The program supervise-daemon(8): starts a daemon with a supervisor, which starts it again when it ends, and stops both. */

import { existsSync, unlinkSync } from "node:fs";
import process from "node:process";
import { forgetDaemon } from "../../../config/openrc/daemons/notes.ts";
import { runningStatus } from "../../../config/openrc/daemons/processes.ts";
import { ServiceStates } from "../../../config/openrc/states.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { ifAllowed, unlessRefused } from "../../../sys/call/refused.ts";
import { close, O_NOFOLLOW, O_NONBLOCK, O_WRONLY, open, write } from "../../../sys/io/descriptors.ts";
import { awaitAnyEnd, signalSeen } from "../../../sys/process/pidfd.ts";
import { SIGTERM } from "../../../model/signals.ts";
import { findProgram } from "../daemons/program_file.ts";
import { SETTING_OPTIONS } from "../daemons/settings.ts";
import { runSchedule } from "../daemons/stopping.ts";
import { believedPid, NO_PID, processesOf } from "../daemons/targets.ts";
import { type OpenrcTool, runOpenrcTool, type ToolCall, ToolError } from "../tool.ts";
import { launchSupervisor } from "./launch.ts";
import { OWN_OPTIONS, requestOf, scheduleOf, type SuperviseRequest } from "./request.ts";

/** Returns the exit status. */
export function main([service = "", ...args]: string[], name: string): number | Promise<number> {
  const tool: OpenrcTool = {
    forms: [
      "SERVICE --start [OPTION]... PROGRAM [ARGUMENT]...",
      "SERVICE --stop [OPTION]...",
      "SERVICE --signal SIGNAL",
    ],
    options: [...OWN_OPTIONS, ...SETTING_OPTIONS],
    rules: { getopt: true },
    run(parsed, call) {
      const own = process.env["RC_SVCNAME"];
      if (!own) throw new ToolError(`${name}: The RC_SVCNAME environment variable is not set`);
      if (service !== own) {
        throw new ToolError(`${name}: the first argument is ${service} and must be ${own}`);
      }
      const request = requestOf(parsed, own, call);
      if (request.report !== undefined) return supervise(request, call);
      if (request.start) return start(request, args, call);
      if (request.stop) return stop(request, call);
      if (request.signal !== undefined) return signal(request, request.signal, call);
      throw new ToolError(`${name}: one of --start, --stop and --signal says what to do`);
    },
  };
  return runOpenrcTool(tool, service.startsWith("-") ? [service, ...args] : args, name);
}

async function supervise(request: SuperviseRequest, call: ToolCall): Promise<number> {
  const { DaemonSupervisor } = await import("./supervisor.ts");
  return new DaemonSupervisor(request, call).run();
}

async function start(request: SuperviseRequest, args: readonly string[], call: ToolCall): Promise<number> {
  const { argv: [exec], argv, service, pidFile, user, environment, chroot } = request,
    { name, messages } = call;
  if (exec === undefined) throw new ToolError(`${name}: nothing to start`);
  const file = findProgram(exec, environment["PATH"] ?? "", chroot);
  if (file === undefined || !existsSync(file)) throw new ToolError(`${name}: ${file ?? exec} does not exist`);
  const pid = believedPid(pidFile, name, messages, false);
  const running = pid === NO_PID ? [] : processesOf({ exec, words: argv, uid: user?.uid, pid });
  if (running.length > 0) throw new ToolError(`${name}: ${exec} is already running`);
  const { respawnDelay, limits: { max, period } } = request;
  if (period > 0 && respawnDelay * max > period) {
    messages.warn(
      `${name}: Please increase the value of --respawn-period to more than ${respawnDelay * max} ` +
        "to avoid infinite respawning",
    );
  }
  // What cannot be read is told before anything is started.
  scheduleOf(request, name);
  if (messages.isVerbose) messages.info(`Detaching to start \`${exec}'`);
  ifAllowed(() => unlinkSync(pidFile));
  const problem = await launchSupervisor([service, ...args], environment, name);
  if (problem !== undefined) throw new ToolError(problem);
  return 0;
}

function stop({ service, pidFile, retry }: SuperviseRequest, { name, messages }: ToolCall): number {
  const states = new ServiceStates(), pid = believedPid(pidFile, name, messages, true);
  const supervisor = runningStatus(pid);
  // The number of one that was killed may be another's by now.
  if (supervisor?.command === name.slice(0, 15)) {
    const isSent = unlessRefused(() => signalSeen(supervisor, SIGTERM), () => undefined);
    if (isSent === undefined) messages.warn("Unable to shut down the supervisor");
    else while (runningStatus(pid)?.startTime === supervisor.startTime) awaitAnyEnd([pid], 1000);
  } else stopOrphan(states, service, retry, { name, messages });
  ifAllowed(() => unlinkSync(pidFile));
  forgetDaemon(states, service, { argv: [], pidFile });
  const script = states.script(service);
  if (script !== undefined) states.setState(service, script, "stopped");
  return 0;
}

/** Stops a daemon whose supervisor was killed. */
function stopOrphan(
  states: ServiceStates,
  service: string,
  retry: string | undefined,
  call: Pick<ToolCall, "name" | "messages">,
): void {
  const pid = Number(states.value(service, "child_pid")), exec = states.value(service, "exec");
  const status = pid > 0 ? runningStatus(pid) : undefined;
  if (
    !status || exec === undefined || status.command !== exec.slice(exec.lastIndexOf("/") + 1).slice(0, 15)
  ) return;
  const schedule = scheduleOf(
    { retry: retry ?? states.value(service, "retry"), signal: undefined },
    call.name,
  );
  runSchedule({ pid, words: [] }, schedule, { test: false, progress: false }, call);
}

/** Has the supervisor send a signal to its daemon. */
function signal({ fifo }: SuperviseRequest, number: number, { name }: ToolCall): number {
  const fd = unlessRefused(() => open(fifo, O_WRONLY | O_NONBLOCK | O_NOFOLLOW), (error) => {
    throw new ToolError(`${name}: unable to open control fifo ${errorReason(error)}`);
  });
  write(fd, new TextEncoder().encode(`sig ${number}`));
  close(fd);
  return 0;
}
