/** The actions of chaos, carried out. */

import { Buffer } from "node:buffer";
import { createConnection, type Socket } from "node:net";
import { CallError, type Client } from "../../lib/control/client/client.ts";
import {
  INSTANCE_INTERFACE,
  instancePath,
  JOB_INTERFACE,
  jobPath,
  MANAGER_INTERFACE,
  MANAGER_PATH,
  ROUSE_INTERFACE,
  socketPath,
} from "../../lib/control/names.ts";
import { clientHello } from "../../lib/dbus/handshake.ts";
import { encode, METHOD_CALL } from "../../lib/dbus/message.ts";
import { pause, until, within } from "../support/deadline.ts";
import type { Action, ActionOf } from "./plan.ts";
import { placesOf } from "./expectation.ts";
import { fileOf, respawnsOf, type Service } from "./services.ts";
import type { ChaosState } from "./state.ts";

/** How long a client waits for an answer, in ms. What is short meanwhile comes back sooner. */
const PATIENCE = 90_000;

/** After one shortage the next one waits so long, in ms: starts are tried again for ten seconds, not for ever. */
const REST = 4000;

/** The answers that say that a service is where it was asked to be already. */
const ALREADY = { start: ["AlreadyStarted"], stop: ["AlreadyStopped", "UnknownInstance"] };

/** Carries an action out. True when it was done; false when it did not fit. */
type Perform<Kind extends Action["kind"]> = (state: ChaosState, action: ActionOf<Kind>) => Promise<boolean>;

function chosen({ services }: ChaosState, number: number): Service {
  return services[number % services.length]!;
}

/** Calls of a client that wait, with the time they may take. */
function call(client: Client, ...what: Parameters<Client["call"]>): Promise<unknown[]> {
  return within(
    `the answer to ${what[2]} of ${what[0]} ${JSON.stringify(what[4] ?? [])}`,
    client.call(...what),
    PATIENCE,
  );
}

/** Emits an event. */
export function emit(
  client: Client,
  event: string,
  environment: string[],
  wait: boolean,
): Promise<unknown[]> {
  return call(client, MANAGER_PATH, MANAGER_INTERFACE, "EmitEvent", "sasb", [event, environment, wait]);
}

/** Calls the Start of a job, or the Stop of its instance. @throws {CallError} as they do. */
function request(client: Client, what: "start" | "stop", name: string): Promise<unknown[]> {
  return what === "start"
    ? call(client, jobPath(name), JOB_INTERFACE, "Start", "asb", [[], true])
    : call(client, instancePath(name, ""), INSTANCE_INTERFACE, "Stop", "b", [true]);
}

async function ask(state: ChaosState, { what, service: number, byEvent }: ActionOf<"ask">): Promise<boolean> {
  const service = chosen(state, number), { name } = service;
  const group = state.groupOf(service);
  if (group.isLocked) return false;
  const client = state.world.controller;
  await state.alone(service, async ({ asks }) => {
    const isUp = placesOf(group.services, asks).get(name) !== "waiting";
    asks.push({ what, name });
    if (byEvent) return await emit(client, what === "start" ? "raise" : "lower", [`JOB=${name}`], false);
    try {
      await request(client, what, name);
    } catch (error) {
      if (!(error instanceof CallError)) throw error;
      const isAlready = ALREADY[what].some((known) => error.is(known)) || error.isUnknownMethod;
      if (isAlready && isUp === (what === "start")) return;
      // Its process was killed while it was starting; or what it needs is down, and it waits for that.
      if (error.is("JobFailed") && respawnsOf(service) === "always") return;
      throw new Error(`${what} ${name}: ${error.name}: ${error.message}`);
    }
  });
  return true;
}

async function kill(state: ChaosState, { service: number }: ActionOf<"kill">): Promise<boolean> {
  const service = chosen(state, number), { name } = service, { world } = state;
  if (state.groupOf(service).isLocked) return false;
  let pid: number | undefined;
  await state.alone(service, async ({ asks }) => {
    const seen = (await world.look()).get(name);
    pid = seen?.state === "running" ? seen.main : undefined;
    if (pid === undefined) return;
    world.signal("KILL", [pid]);
    await until(`init has acted on the end of ${name}`, async () => {
      return (await world.look()).get(name)?.main !== pid;
    }, PATIENCE);
    asks.push({ what: "kill", name });
  });
  return pid !== undefined;
}

/** Those that are respawned for ever may be killed at any time: it changes nothing about where they have to be. */
async function killMany(state: ChaosState, { services }: ActionOf<"kill-many">): Promise<boolean> {
  const look = await state.world.look();
  const pids = new Set(
    services.map((number) => chosen(state, number))
      .filter((service) => respawnsOf(service) === "always" && !state.groupOf(service).isRemoved)
      .map(({ name }) => look.get(name)?.main).filter((pid) => pid !== undefined),
  );
  state.world.signal("KILL", [...pids]);
  state.count("processes killed", pids.size);
  return pids.size > 0;
}

/** Halts processes for a while. */
async function halt(state: ChaosState, pids: number[], time: number): Promise<boolean> {
  state.world.signal("STOP", pids);
  await pause(time);
  state.world.signal("CONT", pids);
  return pids.length > 0;
}

function helper(state: ChaosState, nth: number): number[] {
  const pids = state.world.helpers();
  return pids.length === 0 ? [] : [pids[nth % pids.length]!];
}

async function remove(state: ChaosState, { service: number }: ActionOf<"remove">): Promise<boolean> {
  const service = chosen(state, number), group = state.groupOf(service);
  // What waits for a service that is not there fails.
  const isWaitedFor = placesOf(group.services, group.asks).values().some((place) => place === "starting");
  if (group.isLocked || isWaitedFor) return false;
  group.isRemoved = true;
  await state.alone(service, async () => {
    Deno.removeSync(state.world.path(fileOf(service)));
    await pause(200);
    state.edit(service);
    await isKnown(state, service);
  });
  group.isRemoved = false;
  return true;
}

/** Waits until init knows a job. */
function isKnown({ world: { controller } }: ChaosState, { name }: Service): Promise<unknown> {
  return until(`init knows ${name}`, async () => {
    try {
      return await controller.call(MANAGER_PATH, MANAGER_INTERFACE, "GetJobByName", "s", [name]);
    } catch (error) {
      if (error instanceof CallError) return undefined;
      throw error;
    }
  }, PATIENCE);
}

async function storm(state: ChaosState, { tasks, noise }: ActionOf<"storm">): Promise<boolean> {
  const client = state.world.controller;
  const work = Array.from({ length: tasks }, async () => {
    const number = state.nextTask();
    await emit(client, "work", [`N=${number}`], true);
    state.tasks.push(number);
  });
  const other = Array.from({ length: noise }, (_, index) => emit(client, "noise", [`N=${index}`], false));
  await Promise.all([...work, ...other]);
  state.count("events", tasks + noise);
  return true;
}

/** A client by hand, which says what it is told to, and then no more. */
async function rawClient(state: ChaosState, ...messages: Uint8Array[]): Promise<Socket> {
  const socket = createConnection(socketPath(state.world.address));
  socket.on("error", () => {});
  await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
  socket.write(Buffer.concat([Buffer.from(clientHello(0), "latin1"), ...messages]));
  return socket;
}

/** A client that asks for tasks and has gone before they are done, in the middle of its last message. */
async function vanish(state: ChaosState, { tasks, share }: ActionOf<"vanish">): Promise<boolean> {
  const messages = Array.from({ length: tasks }, (_, index) => {
    const number = state.nextTask();
    state.vanished.push(number);
    const where = { path: MANAGER_PATH, interface: MANAGER_INTERFACE, member: "EmitEvent" };
    const body = ["work", [`N=${number}`], true];
    return encode({ ...where, type: METHOD_CALL, flags: 0, serial: index + 1, signature: "sasb", body });
  });
  const whole = Buffer.concat(messages);
  const socket = await rawClient(state, whole.subarray(0, Math.round(whole.length * share)));
  await pause(20);
  socket.destroy();
  return true;
}

/** A client that all signals are for, and that reads none. */
async function deaf(state: ChaosState, { time }: ActionOf<"deaf">): Promise<boolean> {
  const socket = await rawClient(state);
  socket.pause();
  await pause(time);
  socket.destroy();
  return true;
}

async function crowd(state: ChaosState, { connections, time }: ActionOf<"crowd">): Promise<boolean> {
  const sockets = await Promise.all(Array.from({ length: connections }, () => rawClient(state)));
  await pause(time);
  for (const socket of sockets) socket.destroy();
  return true;
}

/** Does something of which there may be one at a time. */
async function inLane(state: ChaosState, lane: string, act: () => Promise<void>): Promise<boolean> {
  if (state.lanes.has(lane)) return false;
  state.lanes.add(lane);
  await act();
  state.lanes.delete(lane);
  return true;
}

/** Has something short for a while. */
function shortage(state: ChaosState, time: number, set: (isShort: boolean) => void): Promise<boolean> {
  return inLane(state, "shortage", async () => {
    set(true);
    await pause(time);
    set(false);
    await pause(REST);
  });
}

function freeze(state: ChaosState, { time }: ActionOf<"freeze">): Promise<boolean> {
  return inLane(state, "restart", async () => {
    const from = Date.now();
    state.world.freeze(true);
    await pause(time);
    state.world.freeze(false);
    state.pauses.push({ from, until: Date.now(), isRestart: false });
  });
}

/** Has init replaced in place. While something is short, or its trial was killed, it may say no, and is asked again. */
export function restart(state: ChaosState): Promise<boolean> {
  const { controller } = state.world;
  return inLane(state, "restart", async () => {
    const restarts = () => controller.get(MANAGER_PATH, ROUSE_INTERFACE, "restarts") as Promise<number>;
    const before = await restarts(), from = Date.now();
    await until("init is replaced", async () => {
      try {
        await controller.call(MANAGER_PATH, MANAGER_INTERFACE, "Restart");
      } catch (error) {
        if (!(error instanceof CallError)) throw error;
        state.count("restarts refused");
        return false;
      }
      return await until("init is another", async () => await restarts() > before);
    }, PATIENCE);
    state.pauses.push({ from, until: Date.now(), isRestart: true });
  });
}

/** How each action is carried out. */
const PERFORM: { [Kind in Action["kind"]]: Perform<Kind> } = {
  ask,
  kill,
  "kill-many": killMany,
  async halt(state, { service, time }) {
    const pid = (await state.world.look()).get(chosen(state, service).name)?.main;
    return await halt(state, pid === undefined ? [] : [pid], time);
  },
  "kill-helper"(state, { nth }) {
    const pids = helper(state, nth);
    state.world.signal("KILL", pids);
    return Promise.resolve(pids.length > 0);
  },
  "halt-helper": (state, { nth, time }) => halt(state, helper(state, nth), time),
  edit: (state, { service: number }) => {
    const service = chosen(state, number);
    if (state.groupOf(service).isRemoved) return Promise.resolve(false);
    state.edit(service);
    return Promise.resolve(true);
  },
  break: (state, { service: number }) => {
    const service = chosen(state, number);
    if (state.groupOf(service).isRemoved) return Promise.resolve(false);
    state.broken.add(service);
    state.put(service, "nonsense {\n");
    return Promise.resolve(true);
  },
  remove,
  async reload({ world: { controller } }) {
    await call(controller, MANAGER_PATH, MANAGER_INTERFACE, "ReloadConfiguration");
    return true;
  },
  storm,
  vanish,
  deaf,
  crowd,
  disk: (state, { time }) => shortage(state, time, (isShort) => state.world.fillDisk(isShort)),
  descriptors: (state, { room, time }) =>
    shortage(state, time, (isShort) => state.world.limitDescriptors(isShort ? room : undefined)),
  processes: (state, { room, time }) =>
    shortage(state, time, (isShort) => state.world.limitProcesses(isShort ? room : undefined)),
  freeze,
  restart,
};

/** Carries an action out, and counts it. */
export async function perform<Kind extends Action["kind"]>(
  state: ChaosState,
  action: ActionOf<Kind> & { kind: Kind },
): Promise<void> {
  const done = await (PERFORM[action.kind] as Perform<Kind>)(state, action);
  state.count(done ? action.kind : `${action.kind} left out`);
}
