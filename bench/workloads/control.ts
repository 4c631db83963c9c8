/** Asking a running supervisor: from the shell, over one connection, about many jobs, with many events. */

import { writeFileSync } from "node:fs";
import { encode, METHOD_CALL } from "../../lib/dbus/message.ts";
import {
  INSTANCE_INTERFACE,
  JOB_INTERFACE,
  MANAGER_INTERFACE,
  MANAGER_PATH,
  PROPERTIES,
} from "../../lib/control/names.ts";
import type { Init } from "../peers/initctl.ts";
import type { Action, Peer, Service } from "../peers/peer.ts";
import { PROBE, timeCalls, timeCommands } from "../probe.ts";
import { hasEvents, median, supervises, supervisesMany, times, type Workload } from "./workload.ts";

/** What jobs run that just are to be there. */
const WAIT = ["sleep", "100000"];

const SHELL_ROUNDS = 15, CALLS = 300, EVENTS = 10_000;

const loaded = (count: number, startOn?: (index: number) => string): Service[] =>
  times(count, (index) => ({
    name: `job${index}`,
    command: WAIT,
    ...(startOn && { startOn: startOn(index) }),
  }));

/** A method call as bytes in a file of the supervision's folder; the path of that. */
function call(
  init: Init,
  name: string,
  path: string,
  of: string,
  signature = "",
  body: unknown[] = [],
): string {
  const message = { type: METHOD_CALL, serial: 1, flags: 0, path, interface: of, member: name, body };
  const file = init.path(`${name}.${path.length}.message`);
  writeFileSync(file, encode(signature === "" ? message : { ...message, signature }));
  return file;
}

function emit(init: Init, event: string, environment: string[] = []): string {
  return call(init, "EmitEvent", MANAGER_PATH, MANAGER_INTERFACE, "sasb", [event, environment, true]);
}

/** Workloads about control, by name. */
export const CONTROL: Record<string, Workload> = {
  "shell": {
    rounds: 5,
    figures: {
      "status": { about: "status of a service, from the shell", unit: "ms" },
      "start": { about: "start of a service, from the shell", unit: "ms" },
      "stop-one": { about: "stop of a service, from the shell", unit: "ms" },
      "emit": { about: "an event that nobody waits for, from the shell", unit: "ms" },
    },
    suits: supervises,
    async measure(peer) {
      await using supervision = await peer.prepare([{ name: "job0", command: [PROBE, "stay", "/dev/null"] }])
        .start();
      await supervision.introduce();
      const actions: [figure: string, Action][] = [
        ["start", "start"],
        ["status", "status"],
        ["stop-one", "stop"],
        ["emit", "emit"],
      ];
      const present = actions.flatMap(([figure, action]) => {
        const words = supervision.command(action, "job0");
        return words ? [{ figure, words }] : [];
      });
      const count = peer.name === "pm2" || peer.name === "supervisord" ? 3 : SHELL_ROUNDS;
      const results = timeCommands(present.map(({ words }) => words), count, supervision.environment);
      return Object.fromEntries(present.map(({ figure }, index) => [figure, median(results[index]!)]));
    },
  },
  "connection": {
    rounds: 5,
    figures: {
      "get-all": { about: "an instance's properties, over one connection", unit: "ms" },
      "start-call": { about: "start of a service, over one connection", unit: "ms" },
      "stop-call": { about: "stop of a service, over one connection", unit: "ms" },
      "emit-call": { about: "an event that nobody waits for, over one connection", unit: "ms" },
    },
    suits: hasEvents,
    async measure(peer) {
      const services = [{ name: "job0", command: [PROBE, "stay", "/dev/null"] }];
      await using supervision = await peer.prepare(services).start();
      const init = supervision as Init;
      const path = `${MANAGER_PATH}/jobs/job0`;
      await init.run(["initctl", "start", "job0"]);
      // By itself, as a program that is being executed would take the processor that the answer needs.
      const getAll = call(init, "GetAll", `${path}/_`, PROPERTIES, "s", [INSTANCE_INTERFACE]);
      const [properties] = timeCalls(init.address, [getAll], CALLS);
      await init.run(["initctl", "stop", "job0"]);
      const [start, stop, event] = timeCalls(init.address, [
        call(init, "Start", path, JOB_INTERFACE, "asb", [[], true]),
        call(init, "Stop", path, JOB_INTERFACE, "asb", [[], true]),
        emit(init, "nobody-listens"),
      ], CALLS);
      return {
        "get-all": median(properties!),
        "start-call": median(start!),
        "stop-call": median(stop!),
        "emit-call": median(event!),
      };
    },
  },
  "events": {
    rounds: 3,
    figures: {
      "event": { about: "an event that nobody waits for, 2,000 jobs loaded", unit: "ms" },
      "events": { about: "10,000 events, 2,000 jobs loaded, 20 of them ask for that event", unit: "ms" },
    },
    suits: hasEvents,
    async measure(peer) {
      const startOn = (index: number) => index % 100 === 0 ? `tick NUMBER=${index}x` : `other${index}`;
      await using supervision = await peer.prepare(loaded(2000, startOn)).start();
      const init = supervision as Init;
      const [unheard] = timeCalls(init.address, [emit(init, "nobody-listens")], CALLS);
      const [heard] = timeCalls(init.address, [emit(init, "tick", ["NUMBER=1"])], EVENTS);
      return { event: median(unheard!), events: heard!.reduce((sum, one) => sum + one, 0) };
    },
  },
  "list": {
    rounds: 5,
    figures: {
      "list-500": { about: "the list of 500 jobs, from the shell", unit: "ms" },
    },
    suits: supervisesMany,
    async measure(peer) {
      const [list] = await timeWith(peer, 500, ["list"]);
      return { "list-500": list };
    },
  },
  "list-2000": {
    rounds: 5,
    figures: {
      "list-2000": { about: "the list of 2,000 jobs, from the shell", unit: "ms" },
      "reload": { about: "reload of 2,000 job files that have not changed, from the shell", unit: "ms" },
    },
    suits: hasEvents,
    async measure(peer) {
      const [list, reload] = await timeWith(peer, 2000, ["list", "reload"]);
      return { "list-2000": list, reload };
    },
  },
};

/** The times of commands, in ms, when so many jobs are loaded. */
async function timeWith(peer: Peer, jobs: number, actions: Action[]): Promise<Array<number | undefined>> {
  await using supervision = await peer.prepare(loaded(jobs)).start();
  return actions.map((action) => {
    const words = supervision.command(action, "job0");
    return words && median(timeCommands([words], 5, supervision.environment)[0]!);
  });
}
