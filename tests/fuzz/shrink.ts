/** The shrinking of an input that fails: pieces are left out as long as it fails in the same way. */

import { Buffer } from "node:buffer";
import { fileURLToPath } from "node:url";
import type { Target } from "./target.ts";

/** So often is something left out at most, and so long, in ms. */
const MOST_TRIALS = 3000, LONGEST = 10_000;

/** How an input fails; undefined where it does not. */
export async function failureOf(target: Target, bytes: Buffer): Promise<unknown> {
  try {
    await target.read(Buffer.from(bytes));
    return undefined;
  } catch (error) {
    return error ?? new Error("nothing was thrown");
  }
}

/** What tells faults apart: the kind of error, and where in the product's code or in the target it was thrown. */
export function kindOf(error: unknown): string {
  const { name = "", stack = "" } = error instanceof Error ? error : {};
  const [, file, line] = /(file:\/\/\S+\/(?:lib|compat|tests\/fuzz\/targets)\/\S+?\.ts):(\d+)/.exec(stack) ??
    [];
  return file === undefined
    ? `${name} ${String(error).slice(0, 60)}`
    : `${name} ${fileURLToPath(file)}:${line}`;
}

/** The shortest input that is found to fail as this one does. */
export async function shrunk(target: Target, input: Buffer): Promise<Buffer> {
  const kind = kindOf(await failureOf(target, input));
  const end = Date.now() + LONGEST;
  let shortest = input, trials = 0;
  const fails = async (bytes: Buffer) => {
    const error = trials++ < MOST_TRIALS && Date.now() < end ? await failureOf(target, bytes) : undefined;
    return error !== undefined && kindOf(error) === kind;
  };
  for (let size = input.length >> 1; size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < shortest.length;) {
      const shorter = Buffer.concat([shortest.subarray(0, at), shortest.subarray(at + size)]);
      if (await fails(shorter)) shortest = shorter;
      else at += size;
    }
  }
  return shortest;
}
