/** The performer: does what actions say to the world. */

import {
  JOB_INTERFACE,
  jobPath,
  MANAGER_INTERFACE,
  MANAGER_PATH,
  ROUSE_INTERFACE,
} from "../../lib/control/names.ts";
import type { Action, RequestAction } from "./actions.ts";
import type { Process } from "./kernel/process.ts";
import { type CallRecord, client, type MethodCall } from "./programs/client.ts";
import { CONFIGURATION, LOGS, type World } from "./world.ts";

/** The limit of descriptors while they are few. */
const FEW = 40;

function method(path: string, of: string, member: string, signature = "", body: unknown[] = []): MethodCall {
  return { path, interface: of, member, signature, body };
}

/** The call of each request. */
const CALLS: Record<RequestAction["what"], (action: RequestAction) => MethodCall> = {
  start: ({ name, environment, wait }) => ofJob(name, "Start", environment, wait),
  stop: ({ name, environment, wait }) => ofJob(name, "Stop", environment, wait),
  restart: ({ name, environment, wait }) => ofJob(name, "Restart", environment, wait),
  emit: ({ name, environment, wait }) =>
    method(MANAGER_PATH, MANAGER_INTERFACE, "EmitEvent", "sasb", [name, environment, wait]),
  status: ({ name, environment }) =>
    method(MANAGER_PATH, ROUSE_INTERFACE, "GetStatus", "asas", [[name], environment]),
  list: () => method(MANAGER_PATH, ROUSE_INTERFACE, "ListAll"),
  reload: () => method(MANAGER_PATH, MANAGER_INTERFACE, "ReloadConfiguration"),
  "force-stop": ({ name, environment, wait }) =>
    method(MANAGER_PATH, ROUSE_INTERFACE, "ForceStop", "asasb", [[name], environment, wait]),
  env: () => method(MANAGER_PATH, MANAGER_INTERFACE, "ListEnv", "as", [[]]),
};

function ofJob(name: string, member: string, environment: string[], wait: boolean): MethodCall {
  return method(jobPath(name), JOB_INTERFACE, member, "asb", [environment, wait]);
}

/** The performer. */
export class Performer {
  /** All calls of clients. */
  readonly calls: CallRecord[] = [];
  /** Logs that were removed, as they were. */
  readonly archive: string[] = [];
  /** What disturbances are to be ended by. */
  readonly #ends = new Set<() => void>();

  constructor(private readonly world: World) {}

  /** True while something is disturbed: faults, a full disk. */
  get isDisturbed(): boolean {
    return this.#ends.size > 0;
  }

  /** Ends all disturbances at once. */
  calm(): void {
    for (const end of [...this.#ends]) end();
    for (const process of this.#jobProcesses()) if (process.isStopped) process.signal(18);
  }

  perform(action: Action): void {
    const { world } = this;
    world.kernel.trace(0, `action ${action.kind}`, 0);
    const perform = this.#performers[action.kind] as (action: Action) => void;
    perform(action);
  }

  readonly #performers: { [Kind in Action["kind"]]: (action: Action & { kind: Kind }) => void } = {
    request: (action) => this.#request(action),
    write: ({ file, text, inPlace }) => this.world.write(`${CONFIGURATION}/${file}`, text, inPlace),
    remove: ({ file }) => this.world.kernel.files.remove(`${CONFIGURATION}/${file}`, "other"),
    signal: ({ signal }) => this.world.kernel.init.signal(signal),
    kill: ({ signal, share }) => {
      const all = this.#jobProcesses();
      all[Math.floor(share * all.length)]?.signal(signal);
    },
    faults: ({ rate, duration }) => {
      const { faults } = this.world.kernel;
      this.#disturb(duration, () => faults.rate = rate, () => faults.rate = 0);
    },
    "full-disk": ({ duration }) => {
      const { disk } = this.world.kernel;
      this.#disturb(duration, () => disk.isFull = true, () => disk.isFull = false);
    },
    deaf: ({ duration }) =>
      this.#disturb(duration, () => this.world.isDeaf = true, () => this.world.isDeaf = false),
    "few-descriptors": ({ duration }) => {
      const { init } = this.world.kernel, { soft, hard } = init.descriptorLimit;
      if (soft <= FEW) return;
      this.#disturb(
        duration,
        () => init.descriptorLimit = { soft: FEW, hard },
        () => init.descriptorLimit = { soft, hard },
      );
    },
    jump: ({ by }) => void (this.world.kernel.clock.wallOffset += by),
    "re-execute": () => this.#call(0, [method(MANAGER_PATH, MANAGER_INTERFACE, "Restart")], {}),
    "remove-log": ({ job }) => {
      const path = `${LOGS}/${job}.log`, found = this.world.kernel.files.find(path);
      if (typeof found === "number") return;
      this.archive.push(found.bytes.toString());
      this.world.kernel.files.remove(path, "other");
    },
  };

  #disturb(duration: number, begin: () => void, end: () => void): void {
    const over = () => {
      if (this.#ends.delete(over)) end();
    };
    begin();
    this.#ends.add(over);
    this.world.kernel.clock.after(duration, over);
  }

  /** Asks init something, as root and as others reach it, that it must answer. */
  probe(): void {
    const calls = () => [CALLS.list({} as RequestAction)];
    for (const addresses of Object.values(this.world.options.setting.addresses)) {
      this.#call(0, calls(), { addresses });
    }
  }

  #request(action: RequestAction): void {
    const calls = Array.from({ length: action.times }, () => CALLS[action.what](action));
    this.#call(action.uid, calls, action);
  }

  #call(
    uid: number,
    calls: MethodCall[],
    more: Partial<RequestAction> & { addresses?: readonly string[] },
  ): void {
    const { patience, slowness = 0 } = more;
    const records = calls.map((call): CallRecord => ({ call, uid, answers: 0, isOver: false }));
    this.calls.push(...records);
    const addresses = more.addresses ??
      this.world.options.setting.addresses[uid === 0 ? "privileged" : "others"];
    const manner = { addresses, calls: records, slowness, ...patience !== undefined && { patience } };
    this.world.run(client(manner), uid);
  }

  /** The processes that jobs have started, and what those have. */
  #jobProcesses(): Process[] {
    const { processes } = this.world.kernel;
    return [...processes.all.values()].filter(({ parent, hasEnded, hasExecuted, command }) =>
      parent && !hasEnded && hasExecuted && command !== "rouse"
    );
  }
}
