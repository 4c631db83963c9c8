/** The state of init as bytes: what an init hands over to the one that takes its place. */

import { Buffer } from "node:buffer";
import { Engine } from "../../engine/engine.ts";
import { close, read } from "../../sys/io/descriptors.ts";
import { VERSION } from "../../model/version.ts";
import type { SavedProgram } from "../saved_program.ts";

/** The version of the state. It changes whenever a part saves something else than before. */
export const STATE_VERSION = 1;

/** What an executable says that can go on with a state. */
export const STATE_GOOD = "the state is good\n";

/** What is handed over. */
interface HandedOver {
  version: typeof STATE_VERSION;
  /** The version of the product that has written it, for messages. */
  writer: string;
  program: SavedProgram;
}

export function encodeState(program: SavedProgram): Uint8Array {
  const state: HandedOver = { version: STATE_VERSION, writer: VERSION, program };
  return Buffer.from(JSON.stringify(state));
}

/** The state that bytes stand for. @throws {Error} when it is not of the version that is read here. */
function decodeState(bytes: Uint8Array): SavedProgram {
  const { version, writer, program }: HandedOver = JSON.parse(Buffer.from(bytes).toString());
  if (version !== STATE_VERSION) {
    throw new Error(
      `the state is of version ${version}, by rouse ${writer}; rouse ${VERSION} reads version ${STATE_VERSION}`,
    );
  }
  return program;
}

/** @throws {Error} when this version of the product cannot go on with a state. */
export function checkState({ init: { engine } }: SavedProgram): void {
  Engine.restore(engine, engine.now);
}

/** Reads a state from a descriptor and closes it. @throws {Error} when it is not of the version that is read here. */
export function takeState(descriptor: number): SavedProgram {
  const pieces: Uint8Array[] = [];
  for (let piece; (piece = read(descriptor)) instanceof Uint8Array && piece.length > 0;) pieces.push(piece);
  close(descriptor);
  return decodeState(Buffer.concat(pieces));
}
