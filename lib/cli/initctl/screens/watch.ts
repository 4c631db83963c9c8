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
    const ended = () => ending ??= endedByKey() ? 0 : undefined;
    let before: Sighting | undefined;
    while (ended() === undefined) {
      const look = await unlessEnded(looking(invocation, listing), ended);
      if (!look) break;
      addShares(look, before);
      before = look;
      await showFor(PERIOD, look, style, ended);
    }
    return ended();
  } finally {
    writeStyled(OUTPUT, LEAVE);
    restore();
    for (const signal of SIGNALS) process.off(signal, end);
  }
}

/** Looks at the jobs. An init that does not answer stops neither keys nor signals from being heard. */
async function looking(invocation: Invocation, listing: Listing): Promise<Sighting | undefined> {
  const client = await invocation.client();
  client.whenLate(GLANCE, () => {});
  return await lookAt(invocation, listing);
}

/** Tells how it has been ended; undefined: it has not. */
type Ended = () => number | undefined;

/** What a promise gives; undefined where it is ended before that. After a while it is said what is waited for. */
async function unlessEnded<Result>(
  promise: Promise<Result>,
  ended: Ended,
): Promise<Result | undefined> {
  let isOver = false;
  const over = () => void (isOver = true);
  promise.then(over, over);
  for (let waited = 0; !isOver; waited += GLANCE) {
    if (waited === PERIOD) writeStyled(OUTPUT, `${HOME}${EMPTY}init does not answer; q ends this`);
    await settledWithin(GLANCE, promise);
    if (ended() !== undefined) return undefined;
  }
  return await promise;
}

/** Shows a list until some time has passed or it is ended, and draws it anew when the terminal's size changes. */
async function showFor(time: number, look: Sighting, style: Style, ended: Ended): Promise<void> {
  let drawn: TerminalSize | undefined;
  for (let left = time; left > 0; left -= GLANCE) {
    const size = terminalSize(OUTPUT) ?? { columns: 0, rows: 0 };
    if (size.columns !== drawn?.columns || size.rows !== drawn.rows) draw(look, style, size);
    drawn = size;
    awaitDescriptor(INPUT, POLLIN, GLANCE);
    // Signals are told in between.
    await new Promise((resolve) => setTimeout(resolve));
    if (ended() !== undefined) return;
  }
}

/** Reads the keys that have been typed. True where one of them ends it, or the terminal is gone. */
function endedByKey(): boolean {
  while (awaitDescriptor(INPUT, POLLIN, 0)) {
    const key = readOne(INPUT);
    if (key === undefined || ENDING.includes(key)) return true;
  }
  return false;
}

/** Waits for a promise for so many ms. @throws {Error} as it does. */
async function settledWithin(milliseconds: number, promise: Promise<unknown>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await Promise.race([promise, new Promise((resolve) => timer = setTimeout(resolve, milliseconds))]);
  } finally {
    clearTimeout(timer);
  }
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
