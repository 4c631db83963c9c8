/** One call of openrc-run: the service, what is known of it, and how its actions are to be done. */

import process from "node:process";
import { isYes, type Settings, type Tree } from "../../../../compat/openrc/mod.ts";
import { readSource } from "../../../config/files.ts";
import { isSet, readSettings } from "../../../config/openrc/rc_conf.ts";
import { allServices } from "../../../config/openrc/services.ts";
import type { ServiceLock } from "../../../config/openrc/lock.ts";
import { ServiceStates } from "../../../config/openrc/states.ts";
import type { ServiceState } from "../../../model/openrc/states.ts";
import { errorReason } from "../../../sys/call/errno.ts";
import { unlessRefused } from "../../../sys/call/refused.ts";
import { kill } from "../../../sys/process/processes.ts";
import { descendantsOf } from "../../../sys/process/procfs.ts";
import { OpenrcMessages } from "../messages.ts";
import { describeSystem, filterEnvironment, type ScriptVariables } from "./environment.ts";
import type { OpenrcService } from "./service.ts";

/** The end of a call before its actions are done. The user has been told why. */
export class Abort extends Error {
  override name = "Abort";

  constructor(readonly status: number) {
    super(`exit status ${status}`);
  }
}

/** A call of openrc-run. */
export class ServiceRun {
  readonly states: ServiceStates = new ServiceStates();
  readonly settings: Settings = readSettings();
  readonly messages: OpenrcMessages;
  readonly lock: ServiceLock;
  /** Services that this one depends on start and stop with it. */
  withDependencies = true;
  isDryRun = false;
  /** The script calls its interpreter by the old name. */
  isOldName = false;
  /** The service calls itself from the background, or a device calls it. */
  inBackground = false;
  /** The value of `IN_BACKGROUND`, which only this service's own script is told. */
  background: string | undefined;
  /** The process of the script, while it runs. */
  child: number | undefined;
  /** The script has noted a state itself: nothing more is done. */
  isHungUp = false;
  /** Other services print at the same time, in the same process. */
  isShared = false;
  /** Init's process has noted how the service is since it has changed. */
  isNoted = false;
  /** Init itself has called this, for the service's job. */
  isForInit = false;
  /** The dependency tree, where the caller has it. */
  tree: Tree | undefined;
  /** The services that start again when this one has. */
  restarted: string[] = [];
  #scriptText: string | undefined;

  constructor(readonly service: OpenrcService, readonly environment: ScriptVariables) {
    if (environment["RC_RUNLEVEL"] === undefined) {
      filterEnvironment(environment, this.settings);
      describeSystem(environment, this.settings, this.states);
    }
    const pid = String(process.pid);
    Object.assign(environment, {
      EINFO_LOG: service.script,
      RC_SVCNAME: service.name,
      RC_OPENRC_PID: pid,
      RC_RUNSCRIPT_PID: pid,
    });
    this.messages = new OpenrcMessages(environment);
    this.prefix = this.isParallel ? widePrefix(service.name) : undefined;
    this.lock = this.states.lock(service.name);
  }

  /** What stands before each line, where several services start at once. */
  get prefix(): string | undefined {
    return this.messages.prefix;
  }

  set prefix(prefix: string | undefined) {
    this.messages.prefix = prefix;
  }

  get runlevel(): string {
    return this.environment["RC_RUNLEVEL"]!;
  }

  get isParallel(): boolean {
    return isSet(this.settings, "rc_parallel");
  }

  /** The script; empty where it cannot be read, which the shell will say. */
  get scriptText(): string {
    if (this.#scriptText === undefined) {
      const state = readSource(this.service.script);
      this.#scriptText = state.state === "regular" ? state.text : "";
    }
    return this.#scriptText;
  }

  /** The script has a function for restarting of its own. */
  get hasOwnRestart(): boolean {
    return /^[ \t]*(?:function[ \t]+)?restart[ \t]*\([ \t]*\)/m.test(this.scriptText);
  }

  get state(): ServiceState {
    return this.states.state(this.service.name);
  }

  /** True where a variable of the environment says yes. */
  says(variable: string): boolean {
    return isYes(this.environment[variable]);
  }

  /** Notes what the service is doing. */
  note(state: ServiceState): void {
    const { name, script } = this.service;
    unlessRefused(() => this.states.setState(name, script, state), (error) => {
      this.fail(`${name}: Unable to note that it is ${state}: ${errorReason(error)}`);
    });
  }

  /** @throws {Abort} after an error message. */
  fail(message: string): never {
    this.messages.error(message);
    throw new Abort(1);
  }

  /** @throws {Abort} after a warning. */
  giveUp(message: string, status = 1): never {
    this.messages.warn(message);
    throw new Abort(status);
  }

  /** Undoes what has only begun, and lets go of the lock. */
  restore(): void {
    if (this.lock.descriptor === undefined) return;
    const { states, service: { name, script }, state } = this;
    const former = { stopping: "started", starting: "stopped" } as const;
    if (state === "stopping" || state === "starting") {
      this.note(states.is("wasinactive", name) ? "inactive" : former[state]);
      const isChanging = state === "stopping" ? states.isLeaving : states.isEntering;
      if (isChanging) states.setMark(name, script, "failed");
    }
    this.lock.release();
  }

  /** Sends a signal to the script, if it runs, and to what it runs. Daemons that it has started have other parents. */
  signalScript(signal: number): void {
    if (this.child === undefined) return;
    for (const pid of [this.child, ...descendantsOf(this.child)]) kill(pid, signal);
  }
}

/** The length of the longest name. */
let longest: number | undefined;

/** A service's name, as wide as the longest one. */
function widePrefix(service: string): string {
  longest ??= Math.max(...allServices().map((one) => one.length));
  return service.padEnd(longest);
}
