/** The layout of OpenRC's messages: ` * text`, ` [ ok ]`, their colours on terminals, and what makes them quiet. */

/** The kind of a message. */
export type MessageKind = "info" | "warning" | "error";

/** What terminals are sent: the colours by the names that scripts know them by, and movements of the cursor. */
export interface Palette {
  GOOD: string;
  WARN: string;
  BAD: string;
  HILITE: string;
  BRACKET: string;
  NORMAL: string;
  /** Erases the rest of the line. */
  erase: string;
  /** Moves the cursor up by a line. */
  up: string;
}

/** The colours' numbers, which `EINFO_COLOR` may change: `good=2;1:bad=1;0:`. */
const COLOURS = { GOOD: 2, WARN: 3, BAD: 1, HILITE: 6, BRACKET: 4 } as const;

/** Terminals with colours, beside those whose names have `color` in them. */
const COLOURED =
  /^(?:Eterm|ansi|con(?:s25|ole|80x|132x)|cygwin|dtterm|gnome|konsole|kterm|linux|mach|mlterm|putty|rxvt|screen|st|tmux|wsvt25|xterm|alacritty|foot|kitty)/;

const ESCAPE = "\x1b", BOLD = `${ESCAPE}[1m`;

/** The colours for terminals of the environment's `TERM`; undefined where it has none, or the user wants none. */
export function paletteOf(environment: Readonly<Record<string, string | undefined>>): Palette | undefined {
  const { TERM = "", EINFO_COLOR: wanted = "" } = environment;
  if (isNo(wanted) || !TERM.includes("color") && !COLOURED.test(TERM)) return undefined;
  const normal = TERM.startsWith("linux") ? `${ESCAPE}[m\x0f` : `${ESCAPE}[0m`;
  const colour = (name: keyof typeof COLOURS) => {
    const given = new RegExp(`${name.toLowerCase()}=(\\d*)(?:[^:;]*;(\\d?))?`).exec(wanted);
    const number = given ? Number(given[1]) & 7 : COLOURS[name];
    return `${given?.[2] === "0" ? normal : BOLD}${ESCAPE}[3${number}m`;
  };
  return {
    GOOD: colour("GOOD"),
    WARN: colour("WARN"),
    BAD: colour("BAD"),
    HILITE: colour("HILITE"),
    BRACKET: colour("BRACKET"),
    NORMAL: normal,
    erase: `${ESCAPE}[K`,
    up: `${ESCAPE}[A`,
  };
}

/** How messages look at one moment. */
export interface MessageStyle {
  /** Undefined: without colours. */
  palette?: Palette | undefined;
  /** The width of the terminal. */
  columns: number;
  indent: number;
  /** What stands before each line, such as the service's name where several start at once. */
  prefix?: string | undefined;
}

const COLOUR_OF: Readonly<Record<MessageKind, "GOOD" | "WARN" | "BAD">> = {
  info: "GOOD",
  warning: "WARN",
  error: "BAD",
};

/** A message, without the end of its line. */
export function messageText(kind: MessageKind, text: string, style: MessageStyle): string {
  const { palette, indent, prefix } = style;
  const colour = palette?.[COLOUR_OF[kind]] ?? "", normal = palette?.NORMAL ?? "";
  const before = prefix === undefined ? "" : `${colour}${prefix}${normal}|`;
  return `${before} ${colour}*${normal} ${" ".repeat(indent)}${text}${palette?.erase ?? ""}`;
}

/**
 * How something ended: ` [ ok ]` or ` [ !! ]` at the end of the line above, or of this one.
 * @param used The width of the message that was printed for it, if there was one
 */
export function outcomeText(isGood: boolean, used: number, style: MessageStyle): string {
  return bracketText(isGood ? "ok" : "!!", isGood ? "GOOD" : "BAD", used, style);
}

/** A word in brackets, likewise. */
export function bracketText(
  word: string,
  colour: "GOOD" | "WARN" | "BAD",
  used: number,
  { palette, columns }: MessageStyle,
): string {
  const column = columns - word.length - 5;
  if (!palette || column <= 0) {
    return `${" ".repeat(used > 0 ? Math.max(0, column - used) : 0)} [ ${word} ]\n`;
  }
  const { BRACKET, NORMAL, up } = palette;
  return `${up}${ESCAPE}[${column + 1}G ${BRACKET}[${palette[colour]} ${word} ${BRACKET}]${NORMAL}\n`;
}

/** True where a variable, such as `EINFO_QUIET`, says yes. */
export function isYes(value: string | undefined): boolean {
  return /^(?:yes|y|true|on|1)$/i.test(value ?? "");
}

function isNo(value: string): boolean {
  return /^(?:no|n|false|off|0)$/i.test(value);
}
