/** A client for tests, which have the service in their own process: it must not sleep until it is answered. */

import type { Buffer } from "node:buffer";
import { once } from "node:events";
import { createConnection } from "node:net";
import { Client } from "../client/client.ts";
import { socketPath } from "../names.ts";

/** As `connect` of client.ts does it, by the runtime's own sockets. */
export async function connectBeside(address: string): Promise<Client> {
  const path = socketPath(address);
  const socket = createConnection(path);
  try {
    await once(socket, "connect");
  } catch {
    throw new Error(`Failed to connect to socket ${path.replace("\0", "")}: Connection refused`);
  }
  socket.on("error", () => {});
  const client = new Client((user) => {
    socket.on("data", (chunk: Buffer) => user.receive(chunk));
    socket.on("close", () => user.ended());
    return {
      send: (bytes) => void socket.write(bytes),
      close: () => void socket.destroy(),
      whenLate(after, act) {
        const timer = setTimeout(() => user.waits && act(), after);
        socket.on("close", () => clearTimeout(timer));
      },
      endUnread() {},
    };
  });
  client.silence();
  return client;
}
