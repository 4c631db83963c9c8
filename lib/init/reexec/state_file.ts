/**
 * The state of init as bytes: what an init hands over to the one that takes its place. It is two lines of JSON. The first has
 * what every version reads: which processes run. The second has all else.
 */

import { Buffer } from "node:buffer";
import type { RunningMain } from "../../engine/services/adoption.ts";
import { Engine } from "../../engine/engine.ts";
import { close, readToEnd } from "../../sys/io/descriptors.ts";
import { VERSION } from "../../model/version.ts";
import type { SavedProgram } from "../saved_program.ts";
import { STATE_VERSION, upgradeState } from "./state_versions.ts";

/** What an executable says that can go on with a state. */
export const STATE_GOOD = "the state is good\n";

/** The first line. */
interface StateHeader {
  version: number;
  /** The version of the product that has written it, for messages. */
  writer: string;
  /** The processes to be adopted where the rest cannot be gone on with. */
  running: RunningMain[];
}

/** A state. Whatever could be read of it is there. */
export interface HandedState {
  running: RunningMain[];
  program?: SavedProgram;
  /** Why something is missing. */
  problem?: unknown;
}

export function encodeState(program: Partial<SavedProgram>, running: RunningMain[]): Uint8Array {
  const header: StateHeader = { version: STATE_VERSION, writer: VERSION, running };
  return Buffer.from(`${JSON.stringify(header)}\n${JSON.stringify(program)}`);
}

/** Reads a state as well as it can be read, and closes the descriptor. */
export function takeState(descriptor: number): HandedState {
  const state: HandedState = { running: [] };
  try {
    const [first, second] = linesOf(descriptor);
    const { running, version, writer } = JSON.parse(first) as StateHeader;
    if (Array.isArray(running)) state.running = running.filter(isRunningMain);
    state.program = upgradeState(JSON.parse(second), version, writer);
  } catch (problem) {
    state.problem = problem;
  }
  return state;
}

/** True for what can be adopted. Another version may have written the list, or a part of it be damaged. */
function isRunningMain(value: unknown): value is RunningMain {
  const { job, instance, pid, environment } = (value ?? {}) as Partial<RunningMain>;
  return typeof job === "string" && typeof instance === "string" && Number.isSafeInteger(pid) && pid! > 0 &&
    Array.isArray(environment) && environment.every((pair) => typeof pair === "string");
}

/** Reads a state. @throws {Error} when this version of the product cannot go on with it. */
export function checkState(descriptor: number): void {
  const [first, second] = linesOf(descriptor);
  const { version, writer }: StateHeader = JSON.parse(first);
  const { init: { engine } } = upgradeState(JSON.parse(second), version, writer);
  Engine.restore(engine, engine.now);
}

function linesOf(descriptor: number): [first: string, second: string] {
  try {
    const text = readToEnd(descriptor).toString(), end = text.indexOf("\n");
    return [text.slice(0, end), text.slice(end + 1)];
  } finally {
    close(descriptor);
  }
}
