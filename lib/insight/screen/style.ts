/** The colours of what is shown on a terminal, and the rule when there are any. */

/** What a colour says. */
export type Paint = "good" | "bad" | "warn" | "dim" | "strong";

/** The codes of ECMA-48's Select Graphic Rendition. */
const CODES: Readonly<Record<Paint, string>> = { good: "32", bad: "31", warn: "33", dim: "2", strong: "1" };

/** Colours a text, or leaves it as it is. The text has no control characters. */
export type Style = (text: string, paint: Paint | undefined) => string;

export const PLAIN: Style = (text) => text;

export const COLOURED: Style = (text, paint) =>
  paint === undefined || text === "" ? text : `\x1b[${CODES[paint]}m${text}\x1b[0m`;

/** When there are colours, by the option's value; `auto`, where it was not given. */
const CHOICES: Readonly<Record<string, (isTerminal: boolean, environment: Environment) => boolean>> = {
  auto: (isTerminal, { NO_COLOR, TERM }) => isTerminal && !NO_COLOR && TERM !== "dumb",
  always: () => true,
  never: () => false,
};

type Environment = Record<string, string | undefined>;

/**
 * The style of an output.
 * @param choice The value of `--color`, if it was given
 * @throws {Error} for another value than the three.
 */
export function styleFor(choice: string | undefined, isTerminal: boolean, environment: Environment): Style {
  const name = choice ?? "auto";
  const rule = Object.hasOwn(CHOICES, name) ? CHOICES[name] : undefined;
  if (!rule) {
    throw new Error(`invalid value for --color: ${name}; it is one of ${Object.keys(CHOICES).join(", ")}`);
  }
  return rule(isTerminal, environment) ? COLOURED : PLAIN;
}
