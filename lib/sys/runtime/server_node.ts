/** A server of Unix sockets by `node:net`, for runtimes other than Bun. */

import type { Socket } from "node:net";
import type { Server, ServerSocket, ServerSocketEvents } from "../io/server.ts";

/** See `listen` in lib/sys/io/server.ts. */
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
  // E.g. EMFILE at accept(2): that client waits, the others are served.
  server.on("error", () => {});
  return { descriptor: undefined, close: () => void server.close() };
}

class Served implements ServerSocket {
  readonly scarce = false;

  constructor(private readonly socket: Socket) {
    socket.on("error", () => socket.destroy());
  }

  /** `node:net` documents no way to the descriptor. */
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

  /** `node:net` shows nothing of it. */
  get unwritten(): Uint8Array {
    return new Uint8Array();
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
