/** Serving sockets with `node:net`. */

import type { Socket } from "node:net";
import type { Server, ServerSocket, ServerSocketEvents } from "./server.ts";

/** See {@link listen}. */
export async function serveWithNode(
  path: string,
  connected: (socket: ServerSocket) => void,
): Promise<Server> {
  const { createServer } = await import("node:net");
  const server = createServer((socket) => connected(new Served(socket)));
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(path, resolve);
  });
  // Such as EMFILE at accept(2): that client waits, the others go on.
  server.on("error", () => {});
  return { close: () => void server.close() };
}

class Served implements ServerSocket {
  constructor(private readonly socket: Socket) {
    socket.on("error", () => socket.destroy());
  }

  get fd(): number {
    const { _handle } = this.socket as unknown as { _handle: { fd: number } };
    return _handle.fd;
  }

  get closed(): boolean {
    return this.socket.destroyed;
  }

  get paused(): boolean {
    return this.socket.isPaused();
  }

  get waiting(): number {
    return this.socket.writableLength;
  }

  start({ onData, onDrain, onClose }: ServerSocketEvents): void {
    this.socket.on("data", onData);
    this.socket.on("drain", onDrain);
    this.socket.on("close", onClose);
  }

  write(bytes: Uint8Array): void {
    if (!this.closed) this.socket.write(bytes);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(): void {
    this.socket.destroy();
  }
}
