/** The line `# chkconfig: 2345 20 80` of an init script, as Red Hat has it: runlevels and numbers for its links. */

import { levelNamed, type Levels, NO_LEVELS } from "./levels.ts";

/** What the line says. */
export interface ChkconfigLine {
  /** The levels in which the script starts unless somebody says otherwise. */
  start: Levels;
  /** The number of the links by which it starts, 0 to 99. */
  startNumber: number;
  /** The number of those by which it stops, 0 to 99. */
  stopNumber: number;
  /** What `# description:` says; empty without it. */
  description: string;
}

const LINE = /^#[ \t]*chkconfig:[ \t]*([-0-9Ss]+)[ \t]+(\d{1,2})[ \t]+(\d{1,2})[ \t]*$/;
const DESCRIPTION = /^#[ \t]*description:[ \t]*([^]*)$/;

/** Finds the line in a script's text; undefined where there is none that can be read. `-` stands for no level. */
export function parseChkconfig(text: string): ChkconfigLine | undefined {
  const lines = text.split("\n").map((line) => line.trimEnd());
  for (const line of lines) {
    const [, levels, start, stop] = LINE.exec(line) ?? [];
    if (levels === undefined || levels.includes("-") && levels !== "-") continue;
    return {
      start: [...levels].reduce((all, level) => all | levelNamed(level), NO_LEVELS),
      startNumber: Number(start),
      stopNumber: Number(stop),
      description: descriptionIn(lines),
    };
  }
  return undefined;
}

/** The description, which goes on in the next line of comment where a backslash ends the line. */
function descriptionIn(lines: readonly string[]): string {
  const first = lines.findIndex((line) => DESCRIPTION.test(line));
  if (first < 0) return "";
  const parts: string[] = [];
  let rest = DESCRIPTION.exec(lines[first]!)![1]!;
  for (let next = first + 1; rest.endsWith("\\") && lines[next]?.startsWith("#"); next++) {
    parts.push(rest.slice(0, -1).trim());
    rest = lines[next]!.slice(1).trim();
  }
  return [...parts, rest].join(" ").trim();
}
