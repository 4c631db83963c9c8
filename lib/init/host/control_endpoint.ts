/** The control endpoint: the sockets that the control service listens on. */

import * as fs from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import {
  socketPath,
  spareAddresses,
  SYSTEM_ADDRESS,
  SYSTEM_FILE_ADDRESS,
  SYSTEM_PRIVATE_ADDRESS,
} from "../../control/names.ts";
import { type ControlService, type SavedService, serve } from "../../control/service/service.ts";
import type { Supervisor } from "../../control/supervisor.ts";
import { close, peerCredentials } from "../../sys/io/descriptors.ts";
import { ifAllowed, unlessRefused } from "../../sys/call/refused.ts";
import { connectUnix } from "../../sys/io/socket.ts";
import { untrustedWriterAt } from "../../sys/access/trust.ts";
import { directoryProblem } from "../../config/files.ts";
import type { Part } from "../parts/part.ts";
import type { Messages } from "../logs/messages.ts";
import { isFault } from "../../sys/call/fault.ts";

/** What is saved of {@link ControlEndpoint}. */
export interface SavedEndpoint {
  /** The addresses, with the sockets and clients of each; null where these cannot be gone on with. */
  services: Array<[address: string, service: SavedService | null]>;
}

/** How often, and after how many ms each, it is tried again to listen after a restart. */
const MOST_TRIES = 50, PAUSE = 20;

/** The control service of a running init, on the addresses that are free. */
export class ControlEndpoint implements Part<SavedEndpoint> {
  readonly #services = new Map<string, ControlService>();

  /** @param session The address of a user's session. Absent: init is a system's. */
  constructor(
    private readonly supervisor: Supervisor,
    private readonly messages: Messages,
    private readonly session?: string,
    /** True where the socket files are enough: SysV's init has no abstract one, and nobody misses it. */
    private readonly isSysv = false,
  ) {}

  /** The addresses that init listens on. */
  get addresses(): string[] {
    return Array.from(this.#services.keys());
  }

  /**
   * Listens. When called again, only on addresses whose socket file was removed. A session has one address. A system's
   * init listens on the abstract socket, on the file below /run and on one beside it for its own user, and if none of
   * these is free, on the first spare file that is. If none is free at all, init goes on without.
   */
  open(): void {
    this.#report(this.#open());
  }

  /**
   * The same where another init of this process has listened before. Processes that were being started when it ended may have
   * its sockets for a moment, and with them the addresses.
   */
  async reopen(): Promise<void> {
    let problems = this.#open();
    for (let tries = 0; this.addresses.length === 0 && tries < MOST_TRIES; tries++) {
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      problems = this.#open();
    }
    this.#report(problems);
  }

  /** Returns why addresses cannot be listened on. */
  #open(): string[] {
    const problems: string[] = [];
    const onFailure = (error: Error) => void problems.push(error.message);
    for (const address of this.session ? [this.session] : [SYSTEM_ADDRESS, SYSTEM_FILE_ADDRESS]) {
      this.#listen(address, onFailure);
    }
    // A failure here has the same reason as one with the other file.
    if (this.addresses.includes(SYSTEM_FILE_ADDRESS)) this.#listen(SYSTEM_PRIVATE_ADDRESS, () => {});
    const spare = this.session ? [] : spareAddresses(process.env, process.geteuid?.() ?? 0);
    for (const address of spare) if (this.addresses.length === 0) this.#listen(address, onFailure);
    return problems;
  }

  #report(problems: string[]): void {
    const usual = this.session ?? SYSTEM_ADDRESS, { addresses } = this;
    const holder = addresses.includes(usual) ? undefined : foreignListener(usual);
    if (holder) {
      this.messages.logOnce(
        "error",
        `Unable to listen on init's usual address ${usual}: ${holder} holds it, and may be taken for init`,
      );
    }
    if (addresses.length === 0) {
      this.messages.logOnce("error", `Nobody can control init: ${problems.join("; ")}`);
    } else if (problems.length > 0 && !this.session) {
      const priority = addresses.includes(usual) || this.isSysv ? "info" : "warn";
      this.messages.logOnce(priority, `${problems.join("; ")}; listening on ${addresses.join(" and ")}`);
    }
  }

  save(): SavedEndpoint {
    return {
      services: Array.from(this.#services, ([address, service]) => [address, service.save()]),
    };
  }

  descriptors(): number[] {
    const saved = this.save().services.flatMap(([, service]) => service ?? []);
    return saved.flatMap(({ listener, connections }) => [
      listener,
      ...connections.map(({ descriptor }) => descriptor),
    ]);
  }

  /** Goes on with the same sockets and clients; where that cannot be, listens on the addresses that are free. */
  restore({ services }: SavedEndpoint): void {
    const problems: string[] = [];
    for (const [address, service] of services) {
      this.#listen(address, (error) => void problems.push(error.message), service ?? undefined);
    }
    if (services.length > 0) this.#report(problems);
  }

  /** True when clients find init without `UPSTART_SESSION`. */
  get isUsual(): boolean {
    return this.addresses.includes(SYSTEM_ADDRESS) || this.addresses.includes(SYSTEM_FILE_ADDRESS);
  }

  close(): void {
    for (const [address, service] of this.#services) {
      service.close();
      const path = socketPath(address);
      if (path.startsWith("/tmp/")) removeEmpty(dirname(path));
    }
    this.#services.clear();
  }

  #listen(address: string, onFailure: (error: Error) => void, saved?: SavedService): void {
    const existing = this.#services.get(address);
    if (existing && exists(address)) return;
    existing?.close();
    this.#services.delete(address);
    try {
      if (!saved) prepare(address);
      const othersMayRead = !this.session && address !== SYSTEM_PRIVATE_ADDRESS;
      this.#services.set(address, serve(this.supervisor, { address, othersMayRead }, saved));
    } catch (error) {
      if (isFault(error)) this.messages.fault("the opening of a socket", error);
      else onFailure(error as Error);
    }
  }
}

/** Directories that are made for a socket file where a container image lacks them. */
const CREATED_DIRECTORIES = ["/run", "/tmp"];

/**
 * Makes the directory of a socket file.
 *
 * @throws {Error} when it is not this user's alone, or another init listens on the file.
 */
function prepare(address: string): void {
  const path = socketPath(address);
  if (path.startsWith("\0")) return;
  const directory = dirname(path), around = dirname(directory);
  // XDG_RUNTIME_DIR is made at login: if it is missing, it is not made here.
  const missing = CREATED_DIRECTORIES.includes(around) ? undefined : directoryProblem(around);
  if (missing) throw new Error(`Unable to listen on ${address}: ${around}: ${missing}`);
  fs.mkdirSync(directory, { recursive: true, mode: directory.startsWith("/tmp/") ? 0o700 : 0o755 });
  const problem = fs.lstatSync(directory).uid === process.geteuid?.()
    ? untrustedWriterAt(directory)
    : "the directory belongs to someone else";
  if (problem) throw new Error(`Unable to listen on ${address}: ${problem}`);
  if (fs.existsSync(path) && hasListener(path)) {
    throw new Error(`Unable to listen on ${address}: another init does`);
  }
}

/** False for a socket file that has been removed. */
function exists(address: string): boolean {
  const path = socketPath(address);
  return path.startsWith("\0") || fs.existsSync(path);
}

/** Removes a directory, unless there are other files in it. */
function removeEmpty(directory: string): void {
  // It may have files, or be gone.
  ifAllowed(() => fs.rmdirSync(directory));
}

/** True when a process listens on a socket file. */
function hasListener(path: string): boolean {
  return unlessRefused(() => {
    close(connectUnix(path));
    return true;
  }, ({ code }) => code === "EAGAIN");
}

/** The process that listens on an address, if it is neither of root nor of this user. */
function foreignListener(address: string): string | undefined {
  return ifAllowed(() => {
    const socket = connectUnix(socketPath(address)), { pid, uid } = peerCredentials(socket);
    close(socket);
    return uid === 0 || uid === process.geteuid?.() ? undefined : `process ${pid} of user ${uid}`;
  });
}
