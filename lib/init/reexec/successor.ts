/** The successor of init: another program in the same process, which goes on with its state, children and descriptors. */

import { isKernelError } from "../../sys/call/refused.ts";
import { close, memfd } from "../../sys/io/descriptors.ts";
import { executeSuccessor } from "../../sys/process/execute.ts";
import { STATE_FILE, STATE_VARIABLE } from "../host/passed_descriptors.ts";

/** What is handed over. */
interface Handover {
  /** The command line, see `ownArguments`. */
  argv: Uint8Array;
  state: Uint8Array;
  /** The descriptor of the signals that are noted. */
  signals: number;
  /** Those that the state has the numbers of. */
  descriptors: readonly number[];
}

/** Replaces this program. @returns only when it fails: the error. */
export function executeWithState(executable: string, { argv, state, signals, descriptors }: Handover): Error {
  let file: number | undefined;
  try {
    file = memfd(STATE_FILE, state);
    const handedOver = [file, signals, ...descriptors];
    return executeSuccessor(executable, argv, [`${STATE_VARIABLE}=${handedOver.join(",")}`], handedOver);
  } catch (error) {
    if (!isKernelError(error)) throw error;
    return error;
  } finally {
    if (file !== undefined) close(file);
  }
}
