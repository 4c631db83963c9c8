/** The replacement of init: another program in the same process goes on with its state, its children and its descriptors. */

import process from "node:process";
import { close, memfd } from "../../sys/io/descriptors.ts";
import { executeSuccessor } from "../../sys/process/execute.ts";
import { STATE_VARIABLE } from "../host/passed_descriptors.ts";

/**
 * Replaces this program.
 *
 * @param descriptors Those that the state has the numbers of.
 * @returns only when it fails: the error.
 */
export function executeWithState(
  executable: string,
  state: Uint8Array,
  descriptors: readonly number[],
): Error {
  let file: number;
  try {
    file = memfd("rouse-state", state);
  } catch (error) {
    return error as Error;
  }
  const handedOver = [file, ...descriptors];
  // Not as /proc shows them: the title may have been written over them.
  const argv = [process.argv0, ...process.argv.slice(2)];
  const error = executeSuccessor(
    executable,
    argv,
    [`${STATE_VARIABLE}=${handedOver.join(",")}`],
    handedOver,
  );
  close(file);
  return error;
}
