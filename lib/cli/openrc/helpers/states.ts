/** What scripts note of services, and ask of their daemons. */

import { existsSync } from "node:fs";
import { basename } from "node:path";
import process from "node:process";
import { hasCrashed } from "../../../config/openrc/daemons/crashed.ts";
import { readNotes } from "../../../config/openrc/daemons/notes.ts";
import { ServiceStates } from "../../../config/openrc/states.ts";
import type { ServiceState } from "../../../model/openrc/states.ts";
import { unlessRefused } from "../../../sys/call/refused.ts";
import { kill } from "../../../sys/process/processes.ts";
import { type OpenrcTool, ToolError } from "../tool.ts";

const SIGHUP = 1;

const STATES: readonly string[] = ["started", "stopped", "starting", "stopping", "inactive"];
const MARKS: readonly string[] = ["failed", "hotplugged"];

/** The words of a helper that is about one service. */
const FORMS = ["[SERVICE]"];

/** `mark_service_STATE`: a script says itself what a service is doing. openrc-run does nothing more then. */
export function markService(state: string): OpenrcTool {
  return {
    forms: FORMS,
    options: [],
    run({ args }, { name, messages }) {
      if (!STATES.includes(state) && !MARKS.includes(state)) throw new ToolError(`${name}: unknown applet`);
      const given = meant(name, args[0]), service = basename(given);
      if (!mark(given, service, state)) return 1;
      const openrcRun = Number(process.env["RC_OPENRC_PID"]);
      if (service !== process.env["RC_SVCNAME"] || !(openrcRun > 0)) return 0;
      unlessRefused(() => kill(openrcRun, SIGHUP), (error) => messages.error(`${name}: ${error.message}`));
      return 0;
    },
  };
}

function mark(given: string, service: string, state: string): boolean {
  const states = new ServiceStates(), script = states.script(given);
  if (script === undefined || state !== "stopped" && !existsSync(script)) return false;
  return unlessRefused(() => {
    if (MARKS.includes(state)) states.setMark(service, script, state as "failed" | "hotplugged");
    else states.setState(service, script, state as ServiceState);
    return true;
  }, () => false);
}

/** `service_crashed`: true where a daemon of the service has ended by itself. */
export const SERVICE_CRASHED: OpenrcTool = {
  forms: FORMS,
  options: [],
  run: ({ args }, { name }) => hasCrashed(new ServiceStates(), meant(name, args[0])) ? 0 : 1,
};

/** `service_started_daemon [SERVICE] PROGRAM [INDEX]`: true where the service has noted such a daemon, at that place. */
export const SERVICE_STARTED_DAEMON: OpenrcTool = {
  forms: ["[SERVICE] PROGRAM [INDEX]"],
  options: [],
  run({ args }, { name }) {
    const hasService = args.length > 2 || args.length === 2 && !/^\d/.test(args[1]!);
    const [program, index] = hasService ? args.slice(1) : args;
    const service = basename(meant(name, hasService ? args[0] : undefined));
    const notes = readNotes(new ServiceStates(), service);
    const place = index === undefined ? 0 : Number.parseInt(index, 10);
    const asked = place > 0 ? notes.slice(place - 1, place) : notes;
    return asked.some(({ exec }) => exec === program) ? 0 : 1;
  },
};

/** The service that is meant: the one that is named, or the one whose script calls. */
function meant(name: string, given: string | undefined): string {
  const service = given || process.env["RC_SVCNAME"];
  if (!service) throw new ToolError(`${name}: no service specified`);
  return service;
}
