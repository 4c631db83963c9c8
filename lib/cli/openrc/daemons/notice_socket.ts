/** The socket on which a daemon says that it is ready (sd_notify(3)). */

import { accessSync, chmodSync, chownSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { DatagramReceiver, openDatagramSocket } from "../../../sys/io/datagram.ts";
import { close } from "../../../sys/io/descriptors.ts";
import { awaitDescriptor, POLLIN } from "../../../sys/io/socket.ts";

/** Where root has it. */
const RUN = "/run";

/** What a daemon says: that it is ready or has failed, or that it takes longer, by so many ms from now on. */
type SocketNotice = "ready" | { errno: number } | { extension: number };

/** How a wait ended: as the daemon said, or because its time is over. */
export type Readiness = Exclude<SocketNotice, { extension: number }> | "late";

/** Nobody: the owner stays. */
const UNCHANGED = -1;

/** A socket, in a directory that the daemon's user and root can enter. */
export class NoticeSocket {
  readonly #directory: string;
  readonly #receiver = new DatagramReceiver();
  readonly fd: number;

  constructor(uid = UNCHANGED, gid = UNCHANGED) {
    const isRoots = process.getuid?.() === 0 && ifAllowed(() => accessSync(RUN)) === undefined;
    this.#directory = mkdtempSync(join(isRoots ? RUN : tmpdir(), ".s-s-d-notify."));
    this.fd = openDatagramSocket(this.path);
    chmodSync(this.path, 0o660);
    for (const path of [this.#directory, this.path]) chownSync(path, uid, gid);
  }

  get path(): string {
    return join(this.#directory, "notify");
  }

  /** What the next message says. Nothing is waited for: undefined where there is none, or it says nothing of that. */
  hear(): SocketNotice | undefined {
    const message = this.#receiver.receive(this.fd, () => false);
    let extension: SocketNotice | undefined;
    const text = typeof message === "number" ? "" : new TextDecoder().decode(message.bytes);
    for (const line of text.split("\n")) {
      const [, name, digits] = /^(READY|ERRNO|EXTEND_TIMEOUT_USEC)=(\d+)$/.exec(line) ?? [];
      if (name === "READY" && digits === "1") return "ready";
      if (name === "ERRNO") return { errno: Number(digits) };
      if (name === "EXTEND_TIMEOUT_USEC") extension = { extension: Number(digits) / 1000 };
    }
    return extension;
  }

  /**
   * Blocks until the daemon is ready. It may ask for more time.
   * @param seconds How long at most
   */
  wait(seconds: number): Readiness {
    for (let end = performance.now() + 1000 * seconds;;) {
      const left = end - performance.now();
      if (left <= 0) return "late";
      const said = awaitDescriptor(this.fd, POLLIN, left) ? this.hear() : undefined;
      if (typeof said === "object" && "extension" in said) end = performance.now() + said.extension;
      else if (said !== undefined) return said;
    }
  }

  close(): void {
    close(this.fd);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
