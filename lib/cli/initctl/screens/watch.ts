/** The list that is drawn anew each second, until q or ^C is typed. */

import process from "node:process";
import { count } from "../../../insight/words.ts";
import type { Style } from "../../../insight/screen/style.ts";
import { awaitDescriptor, POLLIN } from "../../../sys/io/socket.ts";
import { readOne, takeKeys, type TerminalSize, terminalSize } from "../../../sys/machine/terminal.ts";
import { writeStyled } from "../../output.ts";
import type { Invocation } from "../command.ts";
import { linesOf, type Listing, lookAt, type Sighting } from "./listing.ts";

const INPUT = 0, OUTPUT = 1;

/** How often the list is made anew, and how often the terminal's size is looked at, in ms. */
const PERIOD = 1000, GLANCE = 100;

/** The other screen of xterm(1) and its like, without a cursor; and back. */
const ENTER = "\x1b[?1049h\x1b[?25l", LEAVE = "\x1b[?25h\x1b[?1049l";

/** The start of the screen; an empty line; the screen below the cursor empty. */
const HOME = "\x1b[H", EMPTY = "\x1b[2K", BELOW = "\r\n\x1b[J";

/** Keys that end it: q, ^C, ^D. */
const ENDING = ["q", "Q", "\x03", "\x04"];

/** Signals that end it; the terminal is put back first. */
const SIGNALS = ["SIGTERM", "SIGHUP", "SIGINT"] as const;

/**
 * Shows the list until a key ends it. Returns the exit status; undefined where init does not tell enough.
 * @throws {Error} without a terminal, and when init is gone.
 */
export async function watch(
  invocation: Invocation,
  listing: Listing,
  style: Style,
): Promise<number | undefined> {
  const restore = invocation.isTerminal(OUTPUT) ? takeKeys(INPUT, true, false) : undefined;
  if (!restore) throw new Error("Unable to watch: standard input and output have to be a terminal");
  let ending: number | undefined;
  const end = () => void (ending = 1);
  for (const signal of SIGNALS) process.on(signal, end);
  writeStyled(OUTPUT, ENTER);
  try {
    let before: Sighting | undefined;
    while (ending === undefined) {
      const look = await lookAt(invocation, listing);
      if (!look) return undefined;
      addShares(look, before);
      before = look;
      ending = await showFor(PERIOD, look, style, () => ending);
    }
    return ending;
  } finally {
    writeStyled(OUTPUT, LEAVE);
    restore();
    for (const signal of SIGNALS) process.off(signal, end);
  }
}

/** Shows a list for a time, and draws it anew when the terminal's size changes. Gives the exit status when it is over. */
async function showFor(
  time: number,
  look: Sighting,
  style: Style,
  ending: () => number | undefined,
): Promise<number | undefined> {
  let drawn: TerminalSize | undefined;
  for (let left = time; left > 0; left -= GLANCE) {
    const size = terminalSize(OUTPUT) ?? { columns: 0, rows: 0 };
    if (size.columns !== drawn?.columns || size.rows !== drawn.rows) draw(look, style, size);
    drawn = size;
    if (awaitDescriptor(INPUT, POLLIN, GLANCE)) {
      const key = readOne(INPUT);
      if (key === undefined || ENDING.includes(key)) return 0;
    }
    // Signals are told in between.
    await new Promise((resolve) => setTimeout(resolve));
    if (ending() !== undefined) return ending();
  }
  return undefined;
}

/** Draws the list over what was there, all at once, so that nothing flickers. */
function draw(look: Sighting, style: Style, { columns, rows }: TerminalSize): void {
  const lines = linesOf(look, { width: columns || 80, style }), room = rows || 24;
  const shown = lines.length <= room
    ? lines
    : [...lines.slice(0, room - 1), style(`${count(lines.length - room + 1, "more row")}`, "dim")];
  const text = shown.map((line) => EMPTY + line).join("\r\n");
  writeStyled(OUTPUT, HOME + text + (shown.length < room ? BELOW : ""));
}

/** Adds the share of a processor that each row has had since the last look. */
function addShares(look: Sighting, before: Sighting | undefined): void {
  const times = new Map(before?.rows.map(({ title, pid, cpuTime }) => [`${title}\0${pid}`, cpuTime]));
  const seconds = (look.report.now - (before?.report.now ?? 0)) / 1000;
  for (const row of look.rows) {
    const then = times.get(`${row.title}\0${row.pid}`);
    if (row.cpuTime === undefined) continue;
    row.cpuShare = then === undefined || seconds <= 0 ? 0 : Math.max(0, row.cpuTime - then) / seconds;
  }
}
