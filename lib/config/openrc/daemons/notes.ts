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

function wordsOf({ argv }: DaemonNote): string {
  return argv.map((word, index) => `argv_${index}=${word}\n`).join("");
}

/** The notes on a service's daemons, in their order. A file that cannot be read says nothing. */
export function readNotes(states: ServiceStates, service: string): DaemonNote[] {
  return states.daemonFiles(service).map(readNote);
}

/** Removes the note of a daemon. The numbers of the others stay without gaps. */
export function forgetDaemon(states: ServiceStates, service: string, wanted: DaemonNote): void {
  const files = states.daemonFiles(service);
  const found = files.findIndex((path) => isNoteOf(readNote(path), wanted));
  if (found < 0) return;
  const [gone = "", ...later] = files.slice(found);
  ifAllowed(() => rmSync(gone));
  later.forEach((path, index) => ifAllowed(() => renameSync(path, files[found + index]!)));
}

function readNote(path: string): DaemonNote {
  const state = readSource(path);
  return parseNote(state.state === "regular" ? state.text : "");
}

/** What the text of a note says. */
export function parseNote(text: string): DaemonNote {
  const argv: string[] = [];
  const values = new Map(
    text.split("\n").map((line) => {
      const [, key = "", value = ""] = /^([^=]*)=(.*)$/.exec(line) ?? [];
      return [key, value];
    }),
  );
  for (let word: string | undefined; (word = values.get(`argv_${argv.length}`)) !== undefined;) {
    argv.push(word);
  }
  return { exec: values.get("exec") || undefined, argv, pidFile: values.get("pidfile") || undefined };
}

/** True for a note that says of a daemon what is known of it. */
function isNoteOf(note: DaemonNote, { exec, argv, pidFile }: DaemonNote): boolean {
  const wanted = [
    ...exec === undefined ? [] : [note.exec === exec],
    ...argv.map((word, index) => note.argv[index] === word),
    ...pidFile === undefined ? [] : [note.pidFile === pidFile],
  ];
  return wanted.length > 0 && wanted.every((isSame) => isSame);
}
