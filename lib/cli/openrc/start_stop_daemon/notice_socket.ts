/** The socket on which a daemon says that it is ready (sd_notify(3)). */

import { accessSync, chmodSync, chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { errnoMessage } from "../../../sys/call/errno.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { DatagramReceiver, openDatagramSocket } from "../../../sys/io/datagram.ts";
import { close } from "../../../sys/io/descriptors.ts";
import { awaitDescriptor, POLLIN } from "../../../sys/io/socket.ts";
import { DpkgError } from "./dpkg_request.ts";

/** Where root has it. */
const RUN = "/run";

/** Nobody: the owner stays. */
const UNCHANGED = -1;

/** A socket, in a directory that the daemon's user and root can enter. */
export class NoticeSocket {
  readonly #directory: string;
  readonly #fd: number;

  constructor(uid = UNCHANGED, gid = UNCHANGED) {
    const isRoots = process.getuid?.() === 0 && ifAllowed(() => accessSync(RUN)) === undefined;
    this.#directory = mkdtempSync(join(isRoots ? RUN : tmpdir(), ".s-s-d-notify."));
    this.#fd = openDatagramSocket(this.path);
    chmodSync(this.path, 0o660);
    for (const path of [this.#directory, this.path]) chownSync(path, uid, gid);
  }

  get path(): string {
    return join(this.#directory, "notify");
  }

  /**
   * Blocks until the daemon is ready. It may ask for more time.
   * @param seconds How long at most
   * @throws {DpkgError} when it is not, or says that it failed.
   */
  wait(seconds: number): void {
    const receiver = new DatagramReceiver();
    for (let end = performance.now() + 1000 * seconds;;) {
      const left = end - performance.now();
      if (left <= 0) throw new DpkgError("timed out waiting for a notification");
      if (!awaitDescriptor(this.#fd, POLLIN, left)) continue;
      const message = receiver.receive(this.#fd, () => false);
      if (typeof message === "number") continue;
      for (const line of new TextDecoder().decode(message.bytes).split("\n")) {
        const [name, value = ""] = line.split(/=(.*)/s, 2);
        if (line === "READY=1") return;
        if (name === "EXTEND_TIMEOUT_USEC" && /^\d+$/.test(value)) {
          end = performance.now() + Number(value) / 1000;
        }
        if (name === "ERRNO" && /^\d+$/.test(value)) {
          throw new DpkgError(`program failed to initialize (${errnoMessage(Number(value))})`);
        }
      }
    }
  }

  close(): void {
    close(this.#fd);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
