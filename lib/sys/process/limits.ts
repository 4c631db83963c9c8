/** The limit of descriptors of this process (setrlimit(2), RLIMIT_NOFILE). */

import type { Limit } from "../../model/job.ts";
import { call, kernel, required } from "../call/kernel.ts";
import { notedDescriptorLimit } from "../runtime/prologue.ts";

const RLIMIT_NOFILE = 7;

/**
 * Raises the soft limit to the hard limit.
 * @returns the limit that this process was given. Children must get it back: programs that use select(2) or close all
 * descriptors one by one depend on it.
 * @throws {SystemError}
 */
export function raiseDescriptorLimit(): Limit {
  const given = givenDescriptorLimit();
  setSoftLimit(given.hard);
  return given;
}

/**
 * The soft limit; Infinity where there is none.
 * @throws {SystemError}
 */
export function descriptorLimit(): number {
  const { soft } = presentLimit();
  return soft === "unlimited" ? Infinity : soft;
}

/** The most descriptors that are kept for root's commands, and the part of all. */
const MOST_RESERVED = 32, PART_RESERVED = 1 / 8;

/**
 * True for a new descriptor of the last ones that there are, which are for root's commands: the kernel gives the lowest number
 * that is free.
 */
export function isShort(fd: number): boolean {
  const limit = descriptorLimit();
  return fd >= limit - Math.min(MOST_RESERVED, limit * PART_RESERVED);
}

/**
 * Sets the soft limit to what this process was given: the runtimes raise it.
 * @throws {SystemError}
 */
export function restoreDescriptorLimit(): void {
  setSoftLimit(givenDescriptorLimit().soft);
}

/** The limit that this process was given. The runtimes raise it before any TypeScript runs: see runtime/prologue.ts. */
function givenDescriptorLimit(): Limit {
  const { soft, hard } = presentLimit();
  const noted = notedDescriptorLimit();
  const wasRaised = noted !== undefined && (soft === "unlimited" || noted < soft);
  return { soft: wasRaised ? noted : soft, hard };
}

function presentLimit(): Limit {
  const { address, bytes } = kernel().scratch;
  required("read the limit of descriptors", call("prlimit64", 0, RLIMIT_NOFILE, 0, address));
  return { soft: limitAt(bytes.readBigUInt64LE(0)), hard: limitAt(bytes.readBigUInt64LE(8)) };
}

function setSoftLimit(soft: Limit["soft"]): void {
  const { address, bytes } = kernel().scratch;
  bytes.writeBigUInt64LE(limitWord(presentLimit().hard), 8);
  bytes.writeBigUInt64LE(limitWord(soft), 0);
  required("set the limit of descriptors", call("prlimit64", 0, RLIMIT_NOFILE, address, 0));
}

const UNLIMITED = 2n ** 64n - 1n;

function limitWord(limit: Limit["soft"]): bigint {
  return limit === "unlimited" ? UNLIMITED : BigInt(limit);
}

function limitAt(word: bigint): number | "unlimited" {
  return word === UNLIMITED ? "unlimited" : Number(word);
}
