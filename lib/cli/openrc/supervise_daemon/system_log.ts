/** Messages to the system's log (syslog(3)). Where there is none, they are lost. */

import process from "node:process";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { close, write } from "../../../sys/io/descriptors.ts";
import { connectUnixDatagram } from "../../../sys/io/socket.ts";

const SOCKET = "/dev/log";

/** The facility of daemons, and the severities. */
const DAEMON = 3 << 3, SEVERITIES = { error: 3, warning: 4, info: 6 } as const;

/** The log, as a program writes to it. */
export class SystemLog {
  constructor(private readonly name: string) {}

  /** Writes a message. It is not waited for. */
  write(severity: keyof typeof SEVERITIES, text: string): void {
    ifAllowed(() => {
      const socket = connectUnixDatagram(SOCKET);
      const line = `<${DAEMON | SEVERITIES[severity]}>${this.name}[${process.pid}]: ${text}`;
      write(socket, new TextEncoder().encode(line));
      close(socket);
    });
  }
}
