/** The entry point of an executable (elf(5), 64 bits): it is made to be the prologue, see prologue.ts. */

import { Buffer } from "node:buffer";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { prologueFor } from "./prologue.ts";

/** The byte that the linker fills gaps between functions with: an instruction that never completes. */
const FILLER = 0xcc;
/** A gap must be longer than needed by so many bytes at either end, or it may be something else. */
const MARGIN = 32;

const JUMP = 0xe9, JUMP_SIZE = 5;
const PT_LOAD = 1, PF_X = 1;

/**
 * Writes the prologue into a gap between functions, and has the executable begin with it. Does nothing when it does so
 * already, for a machine that there is no prologue for, and where there is no such gap: then children get the limit that
 * the runtime has raised.
 * @throws {Error} when the file cannot be read or written.
 */
export function addPrologue(path: string): void {
  const file = openSync(path, "r+");
  try {
    const header = readAt(file, 0, 64);
    const prologue = prologueFor(header.readUInt16LE(18));
    const segment = prologue && codeSegment(file, header);
    if (!segment) return;
    const { code, data } = prologue;
    const entry = Number(header.readBigUInt64LE(24)) - segment.address;
    const { bytes } = segment;
    if (bytes.subarray(entry, entry + code.length).equals(code)) return;
    const size = code.length + JUMP_SIZE + data.length;
    const gap = bytes.indexOf(Buffer.alloc(size + 2 * MARGIN, FILLER));
    if (gap < 0) return;
    const place = gap + MARGIN;
    const jump = Buffer.alloc(JUMP_SIZE, JUMP);
    jump.writeInt32LE(entry - (place + code.length + JUMP_SIZE), 1);
    writeSync(file, Buffer.concat([code, jump, data]), 0, size, segment.offset + place);
    header.writeBigUInt64LE(BigInt(segment.address + place), 24);
    writeSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
}

/** A piece of the file that is loaded into memory. */
interface Segment {
  /** Where it is in the file. */
  offset: number;
  /** Where it is in memory. */
  address: number;
  bytes: Buffer;
}

/** The segment that holds the code. */
function codeSegment(file: number, header: Buffer): Segment | undefined {
  const table = Number(header.readBigUInt64LE(32));
  const size = header.readUInt16LE(54), count = header.readUInt16LE(56);
  for (let index = 0; index < count; index++) {
    const entry = readAt(file, table + index * size, size);
    if (entry.readUInt32LE(0) !== PT_LOAD || (entry.readUInt32LE(4) & PF_X) === 0) continue;
    const offset = Number(entry.readBigUInt64LE(8)), length = Number(entry.readBigUInt64LE(32));
    return { offset, address: Number(entry.readBigUInt64LE(16)), bytes: readAt(file, offset, length) };
  }
  return undefined;
}

function readAt(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  readSync(file, bytes, 0, length, position);
  return bytes;
}
