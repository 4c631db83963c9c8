/** Where the control service listens. */

import * as fs from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { socketPath, spareAddresses, SYSTEM_ADDRESS, SYSTEM_FILE_ADDRESS } from "../control/names.ts";
import { type ControlService, serve } from "../control/service.ts";
import type { Supervisor } from "../control/supervisor.ts";
import { close } from "../sys/descriptors.ts";
import { EAGAIN, SystemError } from "../sys/errno.ts";
import { connectUnix } from "../sys/socket.ts";
import type { Messages } from "./messages.ts";

/** The control service of a running init, at the first addresses that can be had. */
export class Listening {
  readonly #services = new Map<string, ControlService>();

  /** @param session The address of a user's session; absent for a system's init. */
  constructor(
    private readonly supervisor: Supervisor,
    private readonly messages: Messages,
    private readonly session?: string,
  ) {}

  /** Where init listens. */
  get addresses(): string[] {
    return Array.from(this.#services.keys());
  }

  /**
   * Listens; called again, only where it does not any more, as the socket's file was removed. A session has its one
   * address. A system's init listens on the abstract socket and on the file below /run, and if it can have neither,
   * on the first spare file. Init goes on without any.
   */
  async open(): Promise<void> {
    const problems: string[] = [];
    const failed = (error: Error) => void problems.push(error.message);
    for (const address of this.session ? [this.session] : [SYSTEM_ADDRESS, SYSTEM_FILE_ADDRESS]) {
      await this.#listen(address, failed);
    }
    const spare = this.session ? [] : spareAddresses(process.env, process.geteuid?.() ?? 0);
    for (const address of spare) if (this.addresses.length === 0) await this.#listen(address, failed);
    if (this.addresses.length === 0) {
      this.messages.tellOnce("error", `Nobody can control init: ${problems.join("; ")}`);
    } else if (problems.length > 0 && !this.session) {
      const where = this.addresses.join(" and ");
      const isFound = this.addresses.includes(SYSTEM_ADDRESS);
      this.messages.tellOnce(isFound ? "info" : "warn", `${problems.join("; ")}; listening on ${where}`);
    }
  }

  /** True when clients find init without being told where it is. */
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

  async #listen(address: string, failed: (error: Error) => void): Promise<void> {
    const existing = this.#services.get(address);
    if (existing && isThere(address)) return;
    existing?.close();
    this.#services.delete(address);
    try {
      prepare(address);
      const othersMayRead = !this.session;
      this.#services.set(address, await serve(this.supervisor, { addresses: [address], othersMayRead }));
    } catch (error) {
      failed(error as Error);
    }
  }
}

/**
 * Makes the directory of a socket file, which must be this user's, and sees to it that no other init's file is replaced.
 *
 * @throws Error when the address cannot be had.
 */
function prepare(address: string): void {
  const path = socketPath(address);
  if (path.startsWith("\0")) return;
  const directory = dirname(path);
  fs.mkdirSync(directory, { recursive: true, mode: directory.startsWith("/tmp/") ? 0o700 : 0o755 });
  if (fs.lstatSync(directory).uid !== process.geteuid?.()) {
    throw new Error(`Unable to listen on ${address}: the directory belongs to someone else`);
  }
  if (fs.existsSync(path) && answers(path)) {
    throw new Error(`Unable to listen on ${address}: another init does`);
  }
}

/** False for a socket file that has been removed. */
function isThere(address: string): boolean {
  const path = socketPath(address);
  return path.startsWith("\0") || fs.existsSync(path);
}

/** Removes a directory unless it is of use to somebody else. */
function removeEmpty(directory: string): void {
  try {
    fs.rmdirSync(directory);
  } catch {
    // It is, or it is gone.
  }
}

/** True when somebody listens on a socket file. */
function answers(path: string): boolean {
  try {
    close(connectUnix(path));
    return true;
  } catch (error) {
    return error instanceof SystemError && error.errno === EAGAIN;
  }
}
