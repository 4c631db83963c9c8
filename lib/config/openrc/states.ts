/**
 * The states of services, as OpenRC keeps them: links in the directories of /run/openrc. Scripts, users and OpenRC's own
 * tools read them too. A file appears whole or not at all, and no link is followed.
 */

import * as fs from "node:fs";
import { basename, join } from "node:path";
import process from "node:process";
import {
  ENTERING,
  INIT_D,
  LEAVING,
  LEVELS,
  LOCAL_INIT_D,
  RC_DIR,
  SOFTLEVEL,
} from "../../model/openrc/paths.ts";
import {
  MARK_DIRECTORIES,
  type ServiceMark,
  type ServiceState,
  STATE_DIRECTORIES,
} from "../../model/openrc/states.ts";
import { ifAllowed, unlessRefused } from "../../sys/call/refused.ts";
import { ServiceLock } from "./lock.ts";

/** The directories below /run/openrc. */
const DIRECTORIES = [
  ...STATE_DIRECTORIES,
  ...MARK_DIRECTORIES,
  "scheduled",
  "exclusive",
  "options",
  "daemons",
  "tmp",
];

/** States in which nothing is done with a service, so that none need be waited for. */
const SETTLED: readonly ServiceState[] = ["started", "stopped", "inactive"];

/** The states of all services. Nothing is remembered: each question asks the files. */
export class ServiceStates {
  /** @param directory Where they are kept */
  constructor(readonly directory: string = RC_DIR) {}

  /**
   * Makes the directories, where they are missing.
   * @throws the kernel's error.
   */
  prepare(): void {
    for (const name of DIRECTORIES) fs.mkdirSync(this.#at(name), { recursive: true, mode: 0o755 });
  }

  /** What a service is doing. */
  state(service: string): ServiceState {
    return STATE_DIRECTORIES.findLast((state) => this.#has(state, service)) ?? "stopped";
  }

  /** True for a service of which this is known, too. */
  is(mark: ServiceMark, service: string): boolean {
    if (mark !== "scheduled") return this.#has(mark, service);
    return this.state(service) === "stopped" && this.schedulers(service).length > 0;
  }

  /** True for a service that was starting or stopping when what did that was killed: nobody holds its lock. */
  isAbandoned(service: string): boolean {
    // In this order: one that has just started lets go of its lock after it has noted that.
    return !this.lock(service).isHeld && !SETTLED.includes(this.state(service));
  }

  /** The services that are in a state or have a mark, in the order of the alphabet. */
  services(state: Exclude<ServiceState, "stopped"> | Exclude<ServiceMark, "scheduled">): string[] {
    return this.#list(state);
  }

  /** The path of a service's script, as it was when it started; else where there is one. */
  script(service: string): string | undefined {
    if (service.startsWith("/")) return service;
    for (const state of ["started", "inactive"]) {
      const target = ifAllowed(() => fs.readlinkSync(this.#at(state, service)));
      if (target !== undefined) return target;
    }
    return [LOCAL_INIT_D, INIT_D].map((directory) => join(directory, service)).find((path) =>
      fs.existsSync(path)
    );
  }

  /**
   * Notes what a service is doing from now on. That it is stopped forgets its values and its daemons.
   * @param script The path of its script
   * @throws the kernel's error.
   */
  setState(service: string, script: string, state: ServiceState): void {
    if (state !== "stopped") this.#link(state, service, script);
    const begins = state === "starting" || state === "stopping";
    if (begins && this.#has("inactive", service)) this.#link("wasinactive", service, script);
    else this.#unlink("wasinactive", service);
    for (const other of STATE_DIRECTORIES) if (other !== state) this.#unlink(other, service);
    this.#unlink("failed", service);
    if (SETTLED.includes(state)) this.#unlink("exclusive", service);
    if (state === "stopped") {
      for (const kept of ["options", "daemons"]) this.#remove(kept, service);
      this.#remove("scheduled", service);
    }
    if (state === "started" || state === "stopped") this.#unschedule(service);
  }

  /**
   * Notes something else of a service.
   * @throws the kernel's error.
   */
  setMark(service: string, script: string, mark: "hotplugged" | "failed"): void {
    this.#link(mark, service, script);
  }

  /** Forgets it. */
  clearMark(service: string, mark: Exclude<ServiceMark, "scheduled">): void {
    this.#unlink(mark, service);
  }

  /**
   * Has a service start when another one has.
   * @throws the kernel's error.
   */
  schedule(service: string, script: string, when: string): void {
    this.#makeDirectory("scheduled", basename(when));
    this.#link(join("scheduled", basename(when)), service, script);
  }

  /** The services that start when this one has. */
  scheduledBy(service: string): string[] {
    return this.#list("scheduled", service);
  }

  /** The services whose start this one waits for. */
  schedulers(service: string): string[] {
    return this.#list("scheduled").filter((other) => this.#has(join("scheduled", other), service));
  }

  /** A value that a service's script keeps; undefined where it keeps none of that name. */
  value(service: string, key: string): string | undefined {
    const path = this.#at("options", service, key);
    return ifAllowed(() => readPlainFile(path));
  }

  /**
   * Keeps a value of a service.
   * @throws the kernel's error.
   */
  setValue(service: string, key: string, value: string | undefined): void {
    if (value === undefined) return this.#unlink(join("options", service), key);
    this.#makeDirectory("options", service);
    writeWhole(this.#at("options", service, key), value);
  }

  /** The files on a service's daemons, as start-stop-daemon notes them, in their order. */
  daemonFiles(service: string): string[] {
    return this.#list("daemons", service).map((name) => this.#at("daemons", service, name));
  }

  /** The directory of the files on a service's daemons, which is made. */
  daemonDirectory(service: string): string {
    this.#makeDirectory("daemons", service);
    return this.#at("daemons", service);
  }

  /** The present runlevel: `sysinit` until the first is entered. */
  get runlevel(): string {
    const text = ifAllowed(() => readPlainFile(this.#at(SOFTLEVEL)));
    return text?.split("\n", 1)[0] || LEVELS.sysinit;
  }

  /** @throws the kernel's error. */
  set runlevel(level: string) {
    writeWhole(this.#at(SOFTLEVEL), level);
  }

  /** True where a runlevel was entered since the machine started. */
  get isBooted(): boolean {
    return fs.existsSync(this.#at(SOFTLEVEL));
  }

  /** True while a runlevel is entered. */
  get isEntering(): boolean {
    return fs.existsSync(this.#at(ENTERING));
  }

  /** True while a runlevel is left. */
  get isLeaving(): boolean {
    return fs.existsSync(this.#at(LEAVING));
  }

  /** The lock of a service: who changes its state holds it. */
  lock(service: string): ServiceLock {
    return new ServiceLock(this.#at("exclusive", service));
  }

  #at(...names: string[]): string {
    return join(this.directory, ...names.map((name, index) => index === 0 ? name : basename(name)));
  }

  #has(kind: string, service: string): boolean {
    const status = ifAllowed(() => fs.lstatSync(this.#at(kind, service), { throwIfNoEntry: false }));
    return status !== undefined;
  }

  #list(...names: string[]): string[] {
    const entries = ifAllowed(() => fs.readdirSync(this.#at(...names))) ?? [];
    return entries.filter((name) => !name.startsWith(".")).sort();
  }

  #makeDirectory(...names: string[]): void {
    fs.mkdirSync(this.#at(...names), { recursive: true, mode: 0o755 });
  }

  /** Makes a link, or replaces one that leads elsewhere, without a moment in which there is none. */
  #link(kind: string, service: string, script: string): void {
    const path = this.#at(kind, service);
    if (ifAllowed(() => fs.readlinkSync(path)) === script) return;
    const place = temporaryName(path);
    unlessRefused(() => fs.symlinkSync(script, place), (error) => {
      if (error.code !== "ENOENT") throw error;
      this.#makeDirectory(kind);
      fs.symlinkSync(script, place);
    });
    fs.renameSync(place, path);
  }

  #unlink(kind: string, service: string): void {
    unlessRefused(() => fs.unlinkSync(this.#at(kind, service)), (error) => {
      if (error.code !== "ENOENT") throw error;
    });
  }

  #remove(kind: string, service: string): void {
    fs.rmSync(this.#at(kind, service), { recursive: true, force: true });
  }

  /** Takes a service off all lists of what starts later. */
  #unschedule(service: string): void {
    for (const other of this.#list("scheduled")) {
      this.#unlink(join("scheduled", other), service);
      ifAllowed(() => fs.rmdirSync(this.#at("scheduled", other)));
    }
  }
}

/** A name beside a file's, which lists of services pass over. */
function temporaryName(path: string): string {
  const name = basename(path);
  return join(path.slice(0, -name.length), `.${name}.${process.pid}`);
}

/**
 * Writes a file of /run/openrc, which is seen whole or not at all. No link is followed.
 * @throws the kernel's error.
 */
export function writeWhole(path: string, text: string): void {
  const place = temporaryName(path);
  fs.rmSync(place, { force: true });
  try {
    fs.writeFileSync(place, text, { flag: "wx", mode: 0o644 });
    fs.renameSync(place, path);
  } catch (error) {
    fs.rmSync(place, { force: true });
    throw error;
  }
}

function readPlainFile(path: string): string {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = fs.constants;
  const file = fs.openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    return fs.readFileSync(file, "utf8");
  } finally {
    fs.closeSync(file);
  }
}
