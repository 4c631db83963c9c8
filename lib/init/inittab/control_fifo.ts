/** The control FIFO of SysV's init, /run/initctl, and the requests that root's programs write to it. */

import { Buffer } from "node:buffer";
import { existsSync, lstatSync, symlinkSync } from "node:fs";
import {
  BadRequest,
  CONTROL_FIFO,
  type ControlRequest,
  decodeRequest,
  REQUEST_SIZE,
} from "../../model/sysv/control_request.ts";
import { ifAllowed, unlessRefused } from "../../sys/call/refused.ts";
import { close, read as readBytes } from "../../sys/io/descriptors.ts";
import { isOpenOn, makeFifo, openFifo } from "../../sys/io/fifo.ts";
import { poller } from "../../sys/io/poller.ts";
import { attempt } from "../host/attempt.ts";
import type { Part } from "../parts/part.ts";

/** Nobody but root may write to it. */
const MODE = 0o600;

/** The pause before it is watched again for which there was no memory, in ms. */
const RETRY_PAUSE = 1000;

/** Where older clients look for it. */
const OLD_PLACE = "/dev/initctl";

/** Who is told of requests. */
interface FifoListener {
  /** All requests that were there at a time. */
  requested(requests: ControlRequest[]): void;
  /** What was written is no request. */
  refused(reason: string): void;
  /** The FIFO cannot be made, or opened. */
  failed(reason: string): void;
}

/** What is saved of {@link ControlFifo}: null while it is not open. */
export type SavedFifo = {
  descriptor: number;
  /** The beginning of a request, in base64. */
  rest: string;
} | null;

/** The FIFO. What is read of it at a time is bounded, whatever is written to it. */
export class ControlFifo implements Part<SavedFifo> {
  #descriptor: number | undefined;
  /** The beginning of a request. */
  #rest: Buffer = Buffer.alloc(0);

  constructor(private readonly listener: FifoListener) {}

  /** Makes and opens the FIFO, unless it is open and still where it was. */
  open(): void {
    attempt(() => this.#open(), (reason) => this.listener.failed(reason));
  }

  #open(): void {
    if (this.#descriptor !== undefined) {
      if (isOpenOn(this.#descriptor, CONTROL_FIFO)) return;
      this.close();
    }
    if (!lstatSync(CONTROL_FIFO, { throwIfNoEntry: false })) makeFifo(CONTROL_FIFO, MODE);
    const descriptor = openFifo(CONTROL_FIFO, MODE);
    if (descriptor === undefined) return this.listener.failed(`${CONTROL_FIFO} is not a FIFO`);
    this.#watch(descriptor);
    // Where there is no such directory, or the link is there, nobody misses it.
    if (!existsSync(OLD_PLACE)) ifAllowed(() => symlinkSync(CONTROL_FIFO, OLD_PLACE));
  }

  #watch(descriptor: number): void {
    this.#descriptor = descriptor;
    unlessRefused(() => poller().watch(descriptor, () => this.#read(descriptor)), () => {
      // Memory is short now. What clients write meanwhile waits.
      setTimeout(() => this.#descriptor === descriptor && this.#watch(descriptor), RETRY_PAUSE);
    });
  }

  save(): SavedFifo {
    if (this.#descriptor === undefined) return null;
    return { descriptor: this.#descriptor, rest: this.#rest.toString("base64") };
  }

  restore(saved: SavedFifo): void {
    if (!saved) return;
    this.#rest = Buffer.from(saved.rest, "base64");
    this.#watch(saved.descriptor);
  }

  descriptors(): number[] {
    return this.#descriptor === undefined ? [] : [this.#descriptor];
  }

  /** Lets nobody write to it any more, until {@link open}. The file stays. */
  close(): void {
    if (this.#descriptor === undefined) return;
    poller().unwatch(this.#descriptor);
    close(this.#descriptor);
    this.#descriptor = undefined;
  }

  #read(descriptor: number): void {
    const read = readBytes(descriptor);
    if (typeof read === "number" || this.#descriptor !== descriptor) return;
    const bytes = Buffer.concat([this.#rest, read]);
    this.#rest = Buffer.alloc(0);
    const requests: ControlRequest[] = [];
    let problem: string | undefined;
    // Behind what is no request, nobody knows where the next one begins.
    for (let at = 0; at < bytes.length && problem === undefined; at += REQUEST_SIZE) {
      const piece = bytes.subarray(at, at + REQUEST_SIZE);
      // So much was written at a time that it could not be read at a time.
      if (piece.length < REQUEST_SIZE && read.length >= REQUEST_SIZE) this.#rest = Buffer.from(piece);
      else problem = this.#decode(piece, requests);
    }
    if (problem !== undefined) this.listener.refused(problem);
    if (requests.length > 0) this.listener.requested(requests);
  }

  /** Gives the reason when some bytes are no request. */
  #decode(bytes: Buffer, requests: ControlRequest[]): string | undefined {
    try {
      requests.push(decodeRequest(bytes));
      return undefined;
    } catch (error) {
      if (!(error instanceof BadRequest)) throw error;
      return error.message;
    }
  }
}
