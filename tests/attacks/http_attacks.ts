/** What hostile clients do at the port of `--http`: each attack goes on until its process is killed. */

import { connect, type Socket } from "node:net";
import { pause } from "../support/deadline.ts";

/** An attack on an HTTP port. */
type HttpAttack = (port: number) => Promise<void>;

const CONNECTIONS = 40;

function head(path: string, ...lines: string[]): string {
  return [`GET ${path} HTTP/1.1`, "Host: x", ...lines, "", ""].join("\r\n");
}

/** Has as many connections as it can, says something on each, then something more again and again. */
function holding(first: string, more: string, reads: boolean): HttpAttack {
  return async (port) => {
    const open = new Set<Socket>();
    for (;;) {
      while (open.size < CONNECTIONS) {
        const socket = connect(port, "127.0.0.1");
        open.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => open.delete(socket));
        if (reads) socket.resume();
        else socket.pause();
        if (first !== "") socket.write(first);
      }
      for (const socket of open) if (more !== "" && socket.writableLength < 65_536) socket.write(more);
      await pause(1);
    }
  };
}

/** The attacks, by name. */
export const HTTP_ATTACKS: Record<string, HttpAttack> = {
  "HTTP: connections that say nothing": holding("", "", false),
  "HTTP: heads that come byte by byte": holding("GET /metrics HTTP/1.1\r\nA: ", "b", false),
  "HTTP: heads without an end": holding("GET / HTTP/1.1\r\nA: ", "b".repeat(4000), false),
  "HTTP: requests, not read": holding(head("/metrics").repeat(50), head("/metrics").repeat(50), false),
  "HTTP: requests one after another": holding(
    head("/metrics", "Connection: keep-alive"),
    head("/healthz", "Connection: keep-alive"),
    true,
  ),
};
