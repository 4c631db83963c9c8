/** An assembler for tests: GNU as or LLVM's, whichever is installed. */

import type { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { TemporaryDirectory } from "./directory.ts";

/** An architecture that we have machine code for, as `process.arch` names it. */
export type Architecture = "x64" | "arm64";

/** How an architecture's assemblers are called, the first that is installed counts; they read standard input. */
const ASSEMBLERS: Record<Architecture, string[][]> = {
  x64: [["x86_64-linux-gnu-as"], ["llvm-mc", "--triple=x86_64", "--filetype=obj"]],
  arm64: [["aarch64-linux-gnu-as"], ["llvm-mc", "--triple=aarch64", "--filetype=obj"]],
};
if (process.arch === "x64" || process.arch === "arm64") ASSEMBLERS[process.arch].unshift(["as"]);

/** What comes before the text, so that it is read as our listings are written. */
const SYNTAX: Record<Architecture, string> = { x64: ".intel_syntax noprefix\n", arm64: "" };

function assembler(architecture: Architecture): string[] | undefined {
  return ASSEMBLERS[architecture].find(([program]) => spawnSync(program!, ["--version"]).status === 0);
}

/** True where {@link assemble} works for an architecture. */
export function canAssemble(architecture: Architecture): boolean {
  return assembler(architecture) !== undefined;
}

/**
 * The machine code of an assembly text, in hexadecimal.
 * @throws {Error} with what the assembler says against it.
 */
export function assemble(architecture: Architecture, text: string): string {
  using directory = new TemporaryDirectory();
  const object = `${directory.path}/object`;
  const [program, ...options] = assembler(architecture)!;
  const { status, stderr } = spawnSync(program!, [...options, "-o", object, "-"], {
    input: `${SYNTAX[architecture]}${text}`,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return codeOf(readFileSync(object)).toString("hex");
}

/** The `.text` section of an object file (elf(5), 64 bits). */
function codeOf(object: Buffer): Buffer {
  const SHF_EXECINSTR = 4n;
  const table = Number(object.readBigUInt64LE(40)), count = object.readUInt16LE(60);
  for (let at = table; at < table + 64 * count; at += 64) {
    if ((object.readBigUInt64LE(at + 8) & SHF_EXECINSTR) === 0n) continue;
    const offset = Number(object.readBigUInt64LE(at + 24));
    return object.subarray(offset, offset + Number(object.readBigUInt64LE(at + 32)));
  }
  throw new Error("the object file holds no code");
}

/** The assembly text of a listing (see lib/sys/call/stub.ts): without the bytes and the comments. */
export function sourceOf(listing: string): string {
  return listing.replaceAll(/;.*/g, "").replaceAll(/^ {4}[0-9a-f]+ /gm, "");
}
