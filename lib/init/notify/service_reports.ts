/**
 * What services tell of themselves: notifications over a socket (sd_notify(3)), a line on a descriptor, and lines of their
 * output. It is passed to the engine as far as it comes from processes of the instance, and nobody is believed without the
 * kernel's word.
 */

import type { Input } from "../../engine/effects.ts";
import type { Engine } from "../../engine/engine.ts";
import { displayName } from "../../model/display_name.ts";
import type { InstanceProcess, JobDefinition } from "../../model/job.ts";
import { accountName, trustedUsers } from "../../sys/access/trust.ts";
import type { Datagram } from "../../sys/io/datagram.ts";
import { close } from "../../sys/io/descriptors.ts";
import { closeHurried } from "../../sys/io/hurried.ts";
import { usersOf } from "../../sys/process/procfs.ts";
import type { JobOutput } from "../logs/job_output.ts";
import type { Messages } from "../logs/messages.ts";
import { descriptorsOf, type Part, type Parts, restoreParts, saveParts } from "../parts/part.ts";
import type { ControlGroups } from "../spawn/control_groups.ts";
import { SCRIPT_DESCRIPTOR } from "../spawn/program_invocation.ts";
import { DescriptorStore, type SavedDescriptors } from "./descriptor_store.ts";
import { type NotifyMessage, readMessage } from "./message.ts";
import { NotifySocket, type SavedSocket } from "./notify_socket.ts";
import { ReadinessPipes, type SavedPipes } from "./readiness_pipes.ts";
import { type Owner, ownerOfProcess } from "./senders.ts";

/** What the reports are made of, and where they go. */
interface ReportContext {
  /** True: init is a user's. */
  isSession: boolean;
  messages: Pick<Messages, "log" | "logOnce" | "attempt">;
  output: Pick<JobOutput, "watchLines" | "onMatch">;
  controlGroups: Pick<ControlGroups, "processesOf">;
  engine(): Pick<Engine, "ownerOf" | "jobs">;
  /** Passes an input to the engine. */
  handle(input: Input): void;
  /** Takes up the outcome of starts: a process may tell of itself before init has seen that it runs. */
  collectStarts(): void;
  /** Called with a main process that may be no child of init's. */
  onMain(pid: number): void;
}

/** A process that is to be started. */
interface StartedProcess {
  definition: JobDefinition;
  instance: string;
  process: InstanceProcess;
}

/** What a process is given to tell of itself. */
export interface ReportChannels {
  /** `KEY=VALUE` strings. */
  environment: string[];
  /** Init's descriptors, by the numbers that they have in the process. */
  descriptors: Record<number, number>;
  /** True: `LISTEN_PID` has to be the process's own number. */
  needsListenPid: boolean;
}

/** The first descriptor of those that are passed (sd_listen_fds(3)). */
const FIRST_PASSED = 3;

/** So many users are told of whose messages are refused. */
const MOST_REFUSED = 20;

/** What is saved of {@link ServiceReports}. */
export interface SavedReports {
  socket: SavedSocket;
  pipes: SavedPipes;
  descriptors: SavedDescriptors;
}

/** The reports of all services. */
export class ServiceReports implements Part<SavedReports> {
  readonly #socket: NotifySocket;
  readonly #pipes: ReadinessPipes;
  readonly #store = new DescriptorStore();
  readonly #refused = new Set<number | undefined>();

  constructor(private readonly context: ReportContext) {
    const { isSession, messages, output } = context;
    this.#socket = new NotifySocket(
      isSession,
      (sender) =>
        messages.attempt("a look at who notifies", () => this.#senderOf(sender) !== undefined) ?? false,
      (message) => messages.attempt("a notification", () => this.#receive(message)),
    );
    output.onMatch = (job, instance) => this.#ready(job, instance);
    this.#pipes = new ReadinessPipes((job, instance) => this.#ready(job, instance));
  }

  get #parts(): Parts<SavedReports> {
    return { socket: this.#socket, pipes: this.#pipes, descriptors: this.#store };
  }

  save(): SavedReports {
    return saveParts(this.#parts);
  }

  restore(saved: SavedReports): Promise<void> {
    return restoreParts(this.#parts, saved);
  }

  descriptors(): number[] {
    return descriptorsOf(this.#parts);
  }

  /**
   * Prepares what a process is to have so that it can tell of itself.
   *
   * @param cleanups Receives functions that close what the child alone needs, to be called after the spawn.
   * @throws {Error} when something cannot be opened.
   */
  prepare(
    { definition, instance, process }: StartedProcess,
    cleanups: Array<() => void>,
  ): ReportChannels {
    const { name, ready, watchdog = 0 } = definition;
    const channels: ReportChannels = { environment: [], descriptors: {}, needsListenPid: false };
    if (notifies(definition)) channels.environment.push(`NOTIFY_SOCKET=${this.#socket.path()}`);
    if (process !== "main") return channels;
    if (watchdog > 0) channels.environment.push(`WATCHDOG_USEC=${Math.round(watchdog * 1e6)}`);
    if (ready?.kind === "log") {
      this.context.output.watchLines(name, instance, ready.pattern);
    }
    if (ready?.kind === "fd") {
      const writer = this.#pipes.open(name, instance);
      cleanups.push(() => close(writer));
      channels.descriptors[ready.descriptor] = writer;
    } else this.#passStored(name, instance, channels);
    return channels;
  }

  /** Passes the descriptors that the service has left here to its next main process. */
  #passStored(job: string, instance: string, channels: ReportChannels): void {
    const kept = this.#store.of(job, instance);
    if (kept.length === 0) return;
    for (const [index, { fd }] of kept.entries()) channels.descriptors[FIRST_PASSED + index] = fd;
    const names = kept.map(({ name }) => name).join(":");
    channels.environment.push(`LISTEN_FDS=${kept.length}`, `LISTEN_FDNAMES=${names}`);
    channels.needsListenPid = true;
  }

  /** Closes what an instance has left here, as it has ended. */
  release(job: string, instance: string): void {
    this.#pipes.release(job, instance);
    this.#store.remove(job, instance);
  }

  /** Receives nothing any more. */
  close(): void {
    this.#socket.close();
    this.#pipes.close();
    this.#store.close();
  }

  #ready(job: string, instance: string): void {
    this.context.messages.attempt("a service's readiness", () => {
      this.context.collectStarts();
      this.context.handle({ kind: "ready", job, instance });
    });
  }

  #receive({ bytes, isCut, sender, descriptors }: Datagram): void {
    try {
      const from = this.#senderOf(sender);
      if (!from) return this.#refuse(sender);
      const { owner, definition } = from;
      if (isCut) return this.#warn(owner, "has sent a notification that is too long");
      this.#follow(owner, readMessage(bytes), definition, descriptors);
    } finally {
      // Those that are kept are taken out of the list. A barrier's is closed now that all before it has been dealt with.
      descriptors.forEach(closeHurried);
    }
  }

  /** The instance that a message is of, and its definition. Undefined for a message that does not count. */
  #senderOf(sender: Datagram["sender"]): { owner: Owner; definition: JobDefinition } | undefined {
    if (!sender) return undefined;
    this.context.collectStarts();
    const owner = this.#ownerOf(sender.pid);
    const definition = owner && this.context.engine().jobs.get(owner.job)?.definition;
    if (!definition || !notifies(definition)) return undefined;
    // A sender may have ended, and another user's process have got its number.
    const isSame = trustedUsers().includes(sender.uid) || usersOf(sender.pid).includes(sender.uid);
    return isSame ? { owner, definition } : undefined;
  }

  /** The instance of a process, by its ancestors, or by a control group that the instance alone has. */
  #ownerOf(pid: number): Owner | undefined {
    const { engine, controlGroups } = this.context;
    const owner = ownerOfProcess(pid, engine());
    if (owner) return owner;
    for (const { definition, instances } of engine().jobs.values()) {
      if (definition.cgroups.length === 0 || !notifies(definition)) continue;
      for (const instance of instances.keys()) {
        const isIn = controlGroups.processesOf(definition.name, instance).includes(pid);
        if (isIn) return { job: definition.name, instance };
      }
    }
    return undefined;
  }

  #follow(
    owner: Owner,
    { told, store, remove }: NotifyMessage,
    definition: JobDefinition,
    descriptors: number[],
  ): void {
    const { mainPid } = told, { job, instance } = owner;
    if (mainPid !== undefined && !this.#isOf(owner, mainPid)) {
      delete told.mainPid;
      this.#warn(owner, `says that its main process is another one, which is none of its processes`);
    }
    if (Object.keys(told).length > 0) {
      this.context.handle({ kind: "notification", job, instance, told });
      if (told.mainPid !== undefined) this.context.onMain(told.mainPid);
    }
    if (remove !== undefined) this.#store.remove(job, instance, remove);
    if (store !== undefined) this.#keep(owner, store, definition, descriptors.splice(0));
  }

  /** True for a living process of the instance. */
  #isOf({ job, instance }: Owner, pid: number): boolean {
    const owner = this.#ownerOf(pid);
    return owner?.job === job && owner.instance === instance;
  }

  #keep(owner: Owner, name: string, definition: JobDefinition, descriptors: number[]): void {
    if (definition.ready?.kind === "fd") {
      descriptors.forEach(closeHurried);
      return this.#warn(owner, "leaves descriptors to init, which cannot be passed along with `ready fd`");
    }
    const rest = this.#store.add(owner.job, owner.instance, name, descriptors, mostStored(definition));
    if (rest > 0) this.#warn(owner, "leaves more descriptors to init than are kept: some are closed");
  }

  /** Once for each instance and matter, as a service may send as many messages as it likes. */
  #warn({ job, instance }: Owner, what: string): void {
    this.context.messages.logOnce("warn", `${displayName(job, instance)} ${what}`);
  }

  /** Tells of a message that does not count, once for each user. */
  #refuse(sender: Datagram["sender"]): void {
    if (this.#refused.has(sender?.uid) || this.#refused.size >= MOST_REFUSED) return;
    this.#refused.add(sender?.uid);
    const who = sender ? `process ${sender.pid} of user ${accountName(sender.uid)}` : "an unknown process";
    this.context.messages.log(
      "warn",
      `Refused a notification of ${who}, which is no process of a job with \`ready notify\` or \`watchdog\`; ` +
        "further ones are refused without a word",
    );
  }
}

/** True for a job whose processes are given the socket, and whose notifications count. */
function notifies({ ready, watchdog = 0 }: JobDefinition): boolean {
  return ready?.kind === "notify" || watchdog > 0;
}

/** How many descriptors can be passed: those of a script end where the script is read from. */
function mostStored({ processes: { main } }: JobDefinition): number | undefined {
  return main?.kind === "script" || main?.kind === "function" ? SCRIPT_DESCRIPTOR - FIRST_PASSED : undefined;
}
