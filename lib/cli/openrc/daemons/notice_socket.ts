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

/** How a wait ended: as the daemon said, or because there is no point in it. */
export type Readiness = "ready" | "late" | "hopeless" | { errno: number };

/** How often it is asked whether there is still a point in waiting, in ms. */
const LOOKING = 500;

/** Nobody: the owner stays. */
const UNCHANGED = -1;

/** A socket, in a directory that the daemon's user and root can enter. */
export class NoticeSocket {
  readonly #directory: string;
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

  /**
   * Blocks until the daemon is ready. It may ask for more time.
   * @param seconds How long at most
   * @param isHopeless Asked from time to time: true where it will never be ready
   */
  wait(seconds: number, isHopeless: () => boolean = () => false): Readiness {
    const receiver = new DatagramReceiver();
    for (let end = performance.now() + 1000 * seconds;;) {
      const left = end - performance.now();
      if (left <= 0) return "late";
      if (!awaitDescriptor(this.fd, POLLIN, Math.min(left, LOOKING))) {
        // What it said before it ended counts.
        if (isHopeless() && !awaitDescriptor(this.fd, POLLIN, 0)) return "hopeless";
        continue;
      }
      const message = receiver.receive(this.fd, () => false);
      if (typeof message === "number") continue;
      for (const line of new TextDecoder().decode(message.bytes).split("\n")) {
        const [name, value = ""] = line.split(/=(.*)/s, 2);
        if (line === "READY=1") return "ready";
        if (name === "EXTEND_TIMEOUT_USEC" && /^\d+$/.test(value)) {
          end = performance.now() + Number(value) / 1000;
        }
        if (name === "ERRNO" && /^\d+$/.test(value)) return { errno: Number(value) };
      }
    }
  }

  close(): void {
    close(this.fd);
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
