/**
 * The notes on services' daemons: start-stop-daemon leaves a file for each daemon in the directory of its service, numbered
 * from `001`, so that OpenRC can tell whether it still runs.
 */

import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { readSource } from "../../files.ts";
import { type ServiceStates, writeWhole } from "../states.ts";

/** What is noted of a daemon. */
export interface DaemonNote {
  exec?: string | undefined;
  /** Its command line. */
  argv: readonly string[];
  pidFile?: string | undefined;
}

/**
 * Notes a daemon that has started, in place of the same one's earlier note.
 * @throws the kernel's error.
 */
export function noteDaemon(states: ServiceStates, service: string, note: DaemonNote): void {
  forgetDaemon(states, service, note);
  const number = states.daemonFiles(service).length + 1;
  const path = join(states.daemonDirectory(service), String(number).padStart(3, "0"));
  writeWhole(path, `exec=${note.exec ?? ""}\n${wordsOf(note)}pidfile=${note.pidFile ?? ""}\n`);
}

/** Removes the note of a daemon. The numbers of the others stay without gaps. */
export function forgetDaemon(states: ServiceStates, service: string, note: DaemonNote): void {
  const files = states.daemonFiles(service), found = files.findIndex((path) => isNoteOf(path, note));
  if (found < 0) return;
  const [gone = "", ...later] = files.slice(found);
  ifAllowed(() => rmSync(gone));
  later.forEach((path, index) => ifAllowed(() => renameSync(path, files[found + index]!)));
}

function wordsOf({ argv }: DaemonNote): string {
  return argv.map((word, index) => `argv_${index}=${word}\n`).join("");
}

/** True for a file that says of a daemon what is known of it. */
function isNoteOf(path: string, note: DaemonNote): boolean {
  const { exec, argv, pidFile } = note;
  const state = readSource(path);
  if (state.state !== "regular") return false;
  const lines = state.text.split("\n");
  const wanted = [
    ...exec === undefined ? [] : [`exec=${exec}`],
    ...argv.map((word, index) => `argv_${index}=${word}`),
    ...pidFile === undefined ? [] : [`pidfile=${pidFile}`],
  ];
  return wanted.length > 0 && wanted.every((line) => lines.includes(line));
}
