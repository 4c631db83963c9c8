import assert from "node:assert/strict";
import process from "node:process";
import { call, kernel } from "../call/kernel.ts";
import { close, O_RDONLY, open, pipe } from "../io/descriptors.ts";
import { noteSignals } from "./signal_handlers.ts";

const RLIMIT_NOFILE = 7, SIGUSR2 = 12;

/** Leaves so many descriptors free. @returns what makes all free again. */
function leaveFree(count: number): () => void {
  const { address, bytes } = kernel().scratch;
  /** Sets the soft limit alone, and gives what it was. */
  const setLimit = (limit: bigint) => {
    call("prlimit64", 0, RLIMIT_NOFILE, 0, address);
    const before = bytes.readBigUInt64LE(0);
    bytes.writeBigUInt64LE(limit, 0);
    call("prlimit64", 0, RLIMIT_NOFILE, address, 0);
    return before;
  };
  // Below the last of these all are taken.
  const taken = Array.from({ length: 50 }, () => open("/dev/null", O_RDONLY));
  const soft = setLimit(BigInt(Math.max(...taken) + 1));
  taken.splice(-count).forEach(close);
  return () => {
    taken.forEach(close);
    setLimit(soft);
  };
}

Deno.test("signals that cannot be noted leave no descriptors open", () => {
  const ignore = () => {};
  process.on("SIGHUP", ignore);
  // The first handlers load what takes descriptors.
  noteSignals([SIGUSR2]).end();
  const giveBack = leaveFree(2);
  try {
    // A pipe takes both, and the file of the handlers has none.
    assert.throws(() => noteSignals([SIGUSR2]), { code: "EMFILE" });
    const { reader, writer } = pipe();
    close(reader);
    close(writer);
  } finally {
    giveBack();
    process.off("SIGHUP", ignore);
  }
});
