/** This process's own resource limits (setrlimit(2)). */

import type { Limit } from "../model/job.ts";
import { call, kernel, required } from "./kernel.ts";

const RLIMIT_NOFILE = 7;

/**
 * Lets this process have as many descriptors as its hard limit allows. Returns the limit of before, which
 * children are to be given back: programs that use select(2) or close all descriptors in turn depend on it.
 * Throws SystemError.
 */
export function raiseDescriptorLimit(): Limit {
  const { address, bytes } = kernel().scratch;
  required("read the limit of descriptors", call("prlimit64", 0, RLIMIT_NOFILE, 0, address));
  const former = { soft: limitAt(bytes.readBigUInt64LE(0)), hard: limitAt(bytes.readBigUInt64LE(8)) };
  bytes.copy(bytes, 0, 8, 16);
  required("raise the limit of descriptors", call("prlimit64", 0, RLIMIT_NOFILE, address, 0));
  return former;
}

function limitAt(word: bigint): number | "unlimited" {
  return word === 2n ** 64n - 1n ? "unlimited" : Number(word);
}
