/** The part of Bun's sockets that lib/sys/runtime/server_bun.ts uses. */

import { Buffer } from "node:buffer";
import { EAGAIN, IN, OUT } from "../kernel/open_file.ts";
import { Socket } from "../kernel/sockets.ts";
import type { Runtime } from "./runtime.ts";

/** The functions that the runtime calls. */
interface Handlers {
  open(socket: BunSocket): void;
  data(socket: BunSocket, bytes: Buffer): void;
  drain(socket: BunSocket): void;
  end(socket: BunSocket): void;
  close(socket: BunSocket): void;
  error(socket: BunSocket): void;
}

interface Options {
  fd: number;
  data: unknown;
  socket: Handlers;
}

/** How long the runtime takes from one turn to the next, in ms, and how much it reads in one, in bytes. */
const TURN = 0.02, READ_SIZE = 65536;

/** A socket that the runtime reads and writes. */
class BunSocket {
  readonly data: unknown;
  readonly #file: Socket;
  readonly #unsubscribe: () => void;
  #isPaused = false;
  #isScheduled = false;
  #isClosed = false;
  #isEnded = false;
  #wantsDrain = false;

  constructor(private readonly runtime: Runtime, private readonly options: Options, file: Socket) {
    this.data = options.data;
    this.#file = file;
    this.#unsubscribe = file.onChange(() => this.#schedule());
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    this.runtime.later(TURN, () => {
      this.#isScheduled = false;
      this.turn();
    });
  }

  turn(): void {
    const { socket } = this.options;
    if (this.#isClosed) return;
    if (this.#wantsDrain && this.#file.events & OUT) {
      this.#wantsDrain = false;
      this.runtime.enter(() => socket.drain(this));
    }
    if (this.#isClosed || this.#isPaused || this.#isEnded || !(this.#file.events & IN)) return;
    const bytes = this.#file.read(READ_SIZE);
    if (bytes === EAGAIN) return;
    if (typeof bytes === "number") return this.#close();
    if (bytes.length === 0) {
      this.#isEnded = true;
      return this.runtime.enter(() => socket.end(this));
    }
    this.#schedule();
    this.runtime.enter(() => socket.data(this, Buffer.from(bytes)));
  }

  write(bytes: Uint8Array): number {
    if (this.#isClosed || this.runtime.isOver) return -1;
    const result = this.#file.write(bytes);
    if (result < 0 && result !== EAGAIN) {
      this.runtime.later(TURN, () => this.#close());
      return -1;
    }
    if (result < bytes.length) this.#wantsDrain = true;
    return Math.max(result, 0);
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#schedule();
  }

  terminate(): void {
    this.#close();
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unsubscribe();
    if (!this.runtime.isOver) this.runtime.subject.close(this.options.fd);
    this.runtime.later(TURN, () => this.options.socket.close(this));
  }
}

/** `Bun.connect`, which goes on with a descriptor. */
export function connectSockets(runtime: Runtime): (options: Options) => Promise<unknown> {
  return (options) => {
    const file = runtime.subject.file(options.fd);
    if (!(file instanceof Socket)) {
      return Promise.reject(Object.assign(new Error("EBADF"), { code: "EBADF" }));
    }
    const socket = new BunSocket(runtime, options, file);
    runtime.later(TURN, () => {
      options.socket.open(socket);
      socket.turn();
    });
    return Promise.resolve(socket);
  };
}
