/** The trial of an executable that is to take init's place: a child that is to read init's state. */

import { Buffer } from "node:buffer";
import { ControlError } from "../../control/supervisor.ts";
import { printable } from "../../model/text/printable.ts";
import { AS_PROGRAM } from "../../sys/runtime/self.ts";
import { STATE_GOOD } from "./state_file.ts";
import { type ChildWorld, OwnChild } from "../spawn/own_child.ts";

/** How long the trial may take, in ms. */
const LONGEST_TRIAL = 10_000;

/** So many bytes are kept of each piece that the child says; what says more pieces than this is no rouse. */
const LONGEST_REASON = 500, MOST_PIECES = 100;

const NO_ROUSE = "it is no rouse, or an older one";

/**
 * Resolves when the executable runs here and can go on with the state.
 *
 * @throws {ControlError} Failed, when not (the promise rejects).
 */
export async function tryState(executable: string, state: Uint8Array, world: ChildWorld): Promise<void> {
  const said: Uint8Array[] = [], { promise, resolve } = Promise.withResolvers<string>();
  const timer = setTimeout(
    () => resolve(`it has not answered within ${LONGEST_TRIAL / 1000} s`),
    LONGEST_TRIAL,
  );
  const child = new OwnChild([executable, AS_PROGRAM, "check-state"], "the trial of an executable", world, {
    onData(bytes) {
      const pieces = said.push(new Uint8Array(bytes.subarray(0, LONGEST_REASON)));
      if (pieces > MOST_PIECES) resolve(NO_ROUSE);
    },
    onProgress: () => endIfRead(),
    onEnd(end) {
      if (typeof end === "string") return resolve(end);
      const text = Buffer.concat(said).toString();
      if (text === STATE_GOOD) return resolve("");
      const isSaid = "status" in end && end.status !== 0 && text.trim() !== "";
      resolve(isSaid ? printable(text.trim()) : NO_ROUSE);
    },
  }, { tellsErrors: true });
  const endIfRead = () => child.waiting === 0 && child.endInput();
  child.write(state);
  endIfRead();
  const problem = await promise;
  clearTimeout(timer);
  child.close();
  if (problem) throw new ControlError("Failed", `Unable to restart init as ${executable}: ${problem}`);
}
