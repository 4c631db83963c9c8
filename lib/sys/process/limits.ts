/** The limit of descriptors of this process (setrlimit(2), RLIMIT_NOFILE). */

import type { Limit } from "../../model/job.ts";
import { call, kernel, required } from "../call/kernel.ts";
import { notedDescriptorLimit } from "../runtime/prologue.ts";

const RLIMIT_NOFILE = 7;

/** How many descriptors are in reserve, and what part of all at most. */
const RESERVED = 32, PART_RESERVED = 1 / 8;

/**
 * Raises the soft limit to the hard limit, less a reserve: see {@link openReserve}.
 * @returns the limit that this process was given. Children must get it back: programs that use select(2) or close all
 * descriptors one by one depend on it.
 * @throws {SystemError}
 */
export function raiseDescriptorLimit(): Limit {
  const given = givenDescriptorLimit();
  const { hard } = given;
  setSoftLimit(hard === "unlimited" ? hard : hard - Math.min(RESERVED, Math.floor(hard * PART_RESERVED)));
  return given;
}

/** How many use the reserve now, and the soft limit from before. */
let users = 0, usual: Limit["soft"] = "unlimited";

/**
 * Lets this process have descriptors up to the hard limit, for what matters most: root's commands and the end of init.
 * @returns a function that gives what is left of the reserve back.
 * @throws {SystemError}
 */
export function openReserve(): () => void {
  const { soft, hard } = presentLimit();
  if (users++ === 0) {
    usual = soft;
    setSoftLimit(hard);
  }
  let isOpen = true;
  return () => {
    if (isOpen && --users === 0) setSoftLimit(lower(usual, presentLimit().hard));
    isOpen = false;
  };
}

/** Does something with the reserve open: see {@link openReserve}. @throws {SystemError} */
export async function withReserve<Result>(work: () => Promise<Result>): Promise<Result> {
  const giveBack = openReserve();
  try {
    return await work();
  } finally {
    giveBack();
  }
}

function lower(one: Limit["soft"], other: Limit["soft"]): Limit["soft"] {
  return one === "unlimited" || (other !== "unlimited" && other < one) ? other : one;
}

/**
 * The soft limit; Infinity where there is none.
 * @throws {SystemError}
 */
export function descriptorLimit(): number {
  const { soft } = presentLimit();
  return soft === "unlimited" ? Infinity : soft;
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
