/**
 * What is changed in a compiled executable (elf(5), 64 bits): its entry point becomes the prologue (prologue.ts), and variables
 * by which the environment would take it over have no names any more.
 */

import { Buffer } from "node:buffer";
import { closeSync, openSync, readSync, writeSync } from "node:fs";
import { prologueFor } from "./prologue.ts";

/** The byte that the linker fills gaps between functions with: an instruction that never completes. */
const FILLER = 0xcc;
/** A gap must be longer than needed by so many bytes at either end, or it may be something else. */
const MARGIN = 32;

const JUMP = 0xe9, JUMP_SIZE = 5;
const PT_LOAD = 1, PF_X = 1, PF_R = 4;

/**
 * How the names begin of variables that have the runtime run what they name, or let others in: `BUN_OPTIONS` has modules
 * loaded, `BUN_INSPECT` opens a port for debuggers.
 */
const TAKEOVER_NAMES = ["BUN_OPTIONS", "BUN_INSPECT"];

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
    const segment = prologue && segmentOf(file, header, (flags) => (flags & PF_X) !== 0);
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

/**
 * Takes the names of {@link TAKEOVER_NAMES} from the runtime's constants: a name that begins with a zero byte is no
 * variable's. What is compiled in lies in another segment.
 * @throws {Error} when the file cannot be read or written.
 */
export function removeTakeoverNames(path: string): void {
  const file = openSync(path, "r+");
  try {
    const constants = segmentOf(file, readAt(file, 0, 64), (flags) => flags === PF_R);
    if (!constants) return;
    const { bytes, offset } = constants;
    for (const name of TAKEOVER_NAMES) {
      for (let at = -1; (at = bytes.indexOf(name, at + 1)) >= 0;) writeSync(file, NOTHING, 0, 1, offset + at);
    }
  } finally {
    closeSync(file);
  }
}

const NOTHING = Buffer.alloc(1);

/** The first segment with flags that will do. */
function segmentOf(file: number, header: Buffer, isWanted: (flags: number) => boolean): Segment | undefined {
  const table = Number(header.readBigUInt64LE(32));
  const size = header.readUInt16LE(54), count = header.readUInt16LE(56);
  for (let index = 0; index < count; index++) {
    const entry = readAt(file, table + index * size, size);
    if (entry.readUInt32LE(0) !== PT_LOAD || !isWanted(entry.readUInt32LE(4))) continue;
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
