/**
 * The socket that services send notifications to (sd_notify(3)), a file below init's runtime directory: one for all jobs,
 * opened when the first asks for it. Processes of all users can reach it, in any network namespace; those with a root
 * directory of their own (`chroot`) cannot.
 */

import * as fs from "node:fs";
import { isFault } from "../../sys/call/fault.ts";
import { EADDRINUSE, SystemError } from "../../sys/call/errno.ts";
import { type Datagram, DatagramReceiver, openDatagramSocket } from "../../sys/io/datagram.ts";
import { close } from "../../sys/io/descriptors.ts";
import { closeHurried } from "../../sys/io/hurried.ts";
import { unlessRefused } from "../../sys/call/refused.ts";
import { connectUnixDatagram } from "../../sys/io/socket.ts";
import { throttledPoller } from "../../sys/io/throttled_poller.ts";
import { makeRuntimeDirectory, runtimeDirectories } from "../host/directories.ts";
import type { Part } from "../parts/part.ts";

/** How many messages are received before other work gets its turn. */
const MESSAGES_A_TURN = 32;

/** The pause before the socket is watched again for which there was no memory, in ms. */
const RETRY_PAUSE = 1000;

/** How many inits can have their sockets in one directory. */
const MOST_SOCKETS = 1000;

/** What is saved of {@link NotifySocket}: null while it is not open. */
export type SavedSocket = { path: string; fd: number } | null;

/** The socket. */
export class NotifySocket implements Part<SavedSocket> {
  #open: { path: string; fd: number } | undefined;
  #receiver: DatagramReceiver | undefined;

  /**
   * @param isSession True: init is a user's.
   * @param mayPass Says of whom descriptors are taken. It must not throw.
   * @param onMessage Called with each message, whose descriptors it must close. It must not throw.
   */
  constructor(
    private readonly isSession: boolean,
    private readonly mayPass: (sender: Datagram["sender"]) => boolean,
    private readonly onMessage: (message: Datagram) => void,
  ) {}

  /**
   * The path of the socket, which is opened if it is not, or its file has been removed.
   * @throws {Error} when it can be opened nowhere, with the reasons.
   */
  path(): string {
    if (this.#open && fs.existsSync(this.#open.path)) return this.#open.path;
    this.close();
    const problems: string[] = [];
    for (const directory of runtimeDirectories(this.isSession, "notify")) {
      try {
        return this.#openIn(directory);
      } catch (error) {
        if (isFault(error)) throw error;
        problems.push((error as Error).message);
      }
    }
    throw new Error(`unable to receive notifications: ${problems.join("; ")}`);
  }

  /** Closes the socket and removes its file. */
  close(): void {
    if (!this.#open) return;
    const { path, fd } = this.#open;
    this.#open = undefined;
    throttledPoller().unwatch(fd);
    closeHurried(fd);
    fs.rmSync(path, { force: true });
  }

  save(): SavedSocket {
    return this.#open ?? null;
  }

  descriptors(): number[] {
    return this.#open ? [this.#open.fd] : [];
  }

  restore(saved: SavedSocket): void {
    if (saved) this.#watch(saved.path, saved.fd);
  }

  #openIn(directory: string): string {
    makeRuntimeDirectory(directory);
    for (let count = 0; count < MOST_SOCKETS; count++) {
      const path = `${directory}/notify${count === 0 ? "" : `-${count}`}`;
      if (hasReceiver(path)) continue;
      fs.rmSync(path, { force: true });
      const fd = bindUnlessTaken(path);
      if (fd === undefined) continue;
      // Who counts is decided by the credentials of each message.
      fs.chmodSync(path, 0o777);
      this.#watch(path, fd);
      return path;
    }
    throw new Error(`unable to receive notifications in ${directory}: too many others do`);
  }

  #watch(path: string, fd: number): void {
    this.#receiver ??= new DatagramReceiver();
    this.#open = { path, fd };
    // Throttled: whoever floods the socket takes a small part of the time.
    unlessRefused(() => throttledPoller().watch(fd, () => this.#receive(fd)), () => {
      // Memory is short now. What services send meanwhile waits.
      setTimeout(() => this.#open?.fd === fd && this.#watch(path, fd), RETRY_PAUSE);
    });
  }

  /** Receives messages. Returns how many bytes they had. */
  #receive(fd: number): number {
    let size = 0;
    for (let count = 0; count < MESSAGES_A_TURN && this.#open?.fd === fd; count++) {
      const message = this.#receiver!.receive(fd, this.mayPass);
      if (typeof message === "number") break;
      size += Math.max(1, message.bytes.length);
      this.onMessage(message);
    }
    return size;
  }
}

/** True when somebody receives on a socket file. */
function hasReceiver(path: string): boolean {
  try {
    close(connectUnixDatagram(path));
    return true;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return false;
  }
}

/** Binds a socket; undefined when another has been quicker. */
function bindUnlessTaken(path: string): number | undefined {
  try {
    return openDatagramSocket(path);
  } catch (error) {
    if (error instanceof SystemError && error.errno === EADDRINUSE) return undefined;
    throw error;
  }
}
