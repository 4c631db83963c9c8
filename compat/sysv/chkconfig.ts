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
}

const LINE = /^#[ \t]*chkconfig:[ \t]*([-0-9Ss]+)[ \t]+(\d{1,2})[ \t]+(\d{1,2})[ \t]*$/;

/** Finds the line in a script's text; undefined where there is none that can be read. `-` stands for no level. */
export function parseChkconfig(text: string): ChkconfigLine | undefined {
  // Init reads all scripts before it starts any, and few have the line.
  if (!text.includes("chkconfig:")) return undefined;
  for (const line of text.split("\n")) {
    const [, levels, start, stop] = LINE.exec(line.trimEnd()) ?? [];
    if (levels === undefined || levels.includes("-") && levels !== "-") continue;
    return {
      start: [...levels].reduce((all, level) => all | levelNamed(level), NO_LEVELS),
      startNumber: Number(start),
      stopNumber: Number(stop),
    };
  }
  return undefined;
}
