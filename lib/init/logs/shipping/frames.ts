/** What init and the child that ships logs say to each other: frames of output one way, lines of JSON the other. */

import { Buffer } from "node:buffer";
import type { LogTarget } from "../../../model/logs/settings.ts";
import { jsonObject } from "../../../model/text/json_object.ts";

/** Whose output a frame holds. */
export interface OutputOrigin {
  job: string;
  instance: string;
}

/** Some output of an instance. */
export interface OutputFrame extends OutputOrigin {
  targets: LogTarget[];
  /** When it was read, in ms since 1970. */
  time: number;
  bytes: Uint8Array;
}

/** What the child tells of a target, or of output that it has dealt with. */
export type ShippingReport =
  | { failing: string; job: string; reason: string }
  | { working: string }
  /** So many bytes of a job's output are dealt with; so many of those did not get to all their targets. */
  | { done: string; bytes: number; lost: number };

const NEWLINE = 10;

/** A frame as it is written: a line of JSON, which tells how many bytes follow. */
export function formatFrame({ bytes, ...head }: OutputFrame): Uint8Array {
  return Buffer.concat([Buffer.from(`${JSON.stringify({ ...head, size: bytes.length })}\n`), bytes]);
}

/** Takes frames out of a stream. */
export class FrameReader {
  #rest: Buffer = Buffer.alloc(0);

  /** The frames that are whole now. The bytes given may change later. */
  take(bytes: Uint8Array): OutputFrame[] {
    const frames: OutputFrame[] = [];
    let all = Buffer.concat([this.#rest, bytes]);
    for (let end = all.indexOf(NEWLINE); end >= 0; end = all.indexOf(NEWLINE)) {
      const { size, ...head } = JSON.parse(all.toString("utf8", 0, end));
      const next = end + 1 + size;
      if (all.length < next) break;
      frames.push({ ...head, bytes: all.subarray(end + 1, next) });
      all = all.subarray(next);
    }
    this.#rest = all;
    return frames;
  }
}

/** A report that init was given; undefined for what is none. */
export function parseShippingReport(line: string): ShippingReport | undefined {
  const report = jsonObject(line);
  if (!report) return undefined;
  const { failing, job, reason, working, done, lost, bytes } = report;
  if (typeof failing === "string" && typeof job === "string" && typeof reason === "string") {
    return { failing, job, reason };
  }
  if (typeof working === "string") return { working };
  const isDone = typeof done === "string" && isCount(bytes) && isCount(lost) && lost <= bytes;
  return isDone ? { done, bytes, lost } : undefined;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
