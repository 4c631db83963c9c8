/** inittab(5): its text becomes plain data, and what is wrong with it is told by line. */

import {
  DEMANDS,
  type Inittab,
  INITTAB_ACTIONS,
  type InittabAction,
  type InittabEntry,
  RUNLEVELS,
} from "../../lib/model/sysv/inittab.ts";
import { decodeBytes } from "../../lib/model/text/bytes.ts";

/** The most characters of a field. */
const MAX_ID = 4, MAX_PROCESS = 127;

/** So many entries a file has at most: each is a job. */
const MAX_ENTRIES = 10_000;

/** Something wrong with a line. The line is passed over, unless it is a mere remark. */
interface InittabProblem {
  /** Counted from 1. */
  line: number;
  message: string;
}

/** A file, read. */
interface ParsedInittab extends Inittab {
  problems: InittabProblem[];
}

/**
 * Parses a file. Of lines with the same ID the first counts.
 *
 * @param text One character for each byte.
 * @param file Its path.
 * @param before What other files say, which goes before this one.
 */
export function parseInittab(text: string, file: string, before?: Inittab): ParsedInittab {
  const parsed: ParsedInittab = { entries: [], problems: [] };
  const ids = new Set(before?.entries.map(({ id }) => id));
  let { initdefault } = before ?? {};
  for (const [index, bytes] of text.split("\n").entries()) {
    const report = (message: string) => parsed.problems.push({ line: index + 1, message });
    const line = bytes.replace(/^[ \t]+/, "").replace(/\r$/, "");
    if (line.trim() === "" || line.startsWith("#")) continue;
    const entry = parseLine(decodeBytes(line), file, report);
    if (typeof entry === "string" || ids.has(entry.id)) {
      report(typeof entry === "string" ? entry : `duplicate ID field "${entry.id}"`);
      continue;
    }
    if (ids.size >= MAX_ENTRIES) {
      report(`too many entries (max ${MAX_ENTRIES}): this one and all below are passed over`);
      break;
    }
    if (bytes.endsWith("\r")) report("carriage return at the end of the line, which is left out");
    ids.add(entry.id);
    if (entry.action !== "initdefault") {
      parsed.entries.push(entry);
      continue;
    }
    const level = defaultLevel(entry.levels);
    if (level === undefined) report("initdefault names no runlevel that one can boot to");
    initdefault ??= level;
  }
  return { ...parsed, ...(initdefault !== undefined && { initdefault }) };
}

/** The entry of a line, or the reason why it is passed over: an exception for each would take long, where all are wrong. */
function parseLine(line: string, file: string, report: (message: string) => void): InittabEntry | string {
  const [id = "", levels, action, ...rest] = line.split(":");
  const command = rest.join(":").replace(/^[ \t]+/, "");
  if (id === "") return "missing id field";
  if (levels === undefined) return "missing runlevel field";
  if (!action) return "missing action field";
  if (id.length > MAX_ID) return `id field too long (max ${MAX_ID} characters)`;
  if (command.length > MAX_PROCESS) {
    return `process field too long (max ${MAX_PROCESS} characters)`;
  }
  if (!Object.hasOwn(INITTAB_ACTIONS, action.toLowerCase())) {
    return `${action}: unknown action field`;
  }
  if (/\0/.test(line)) return "null character";
  const [, marks = "", process = ""] = /^(\+?@?)(.*)$/s.exec(command) ?? [];
  return {
    id,
    levels: levelsOf(levels, report),
    action: action.toLowerCase() as InittabAction,
    process,
    isRecorded: !marks.includes("+"),
    isDirect: marks.includes("@"),
    file,
  };
}

/** The known letters of a field. */
function levelsOf(field: string, report: (message: string) => void): string {
  const letters = [...field.toUpperCase()].filter((letter) => letter !== " ");
  const unknown = letters.filter((letter) => !(RUNLEVELS + DEMANDS).includes(letter));
  if (unknown.length > 0) report(`unknown runlevel: ${[...new Set(unknown)].slice(0, MAX_ID).join("")}`);
  return [...new Set(letters)].filter((letter) => !unknown.includes(letter)).join("") ||
    (letters.length > 0 ? NOWHERE : "");
}

/** The levels of a line none of whose runlevels is known: an empty field would mean all. */
const NOWHERE = "-";

/** The runlevel of `initdefault`: of several the highest. Undefined when there is none that one can boot to. */
function defaultLevel(levels: string): string | undefined {
  const numbers = [...levels].filter((level) => RUNLEVELS.includes(level) && level !== "S");
  return numbers.sort().at(-1) ?? (levels.includes("S") ? "S" : undefined);
}
