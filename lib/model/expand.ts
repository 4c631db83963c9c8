/** Expansion of variables in text outside of any shell: `instance` names, `stop on` values, word lists. */

import type { Environment } from "./environment.ts";

/** An expansion that failed: a variable is not set, braces do not match, or the result is too long. */
export class ExpansionError extends Error {}

/** The default for the longest result of an expansion, in characters: a short text can repeat a long value. */
const LONGEST = 2 ** 20;

/** So much of a name that is no variable's is told, in characters: values may have become a part of it. */
const LONGEST_NAME = 200;

/** How deep braces may be nested. The reader recurses as deep. */
const DEEPEST = 100;

/**
 * Expands `$VAR`, `${VAR}`, `${VAR:-word}`, `${VAR-word}`, `${VAR:+word}`, `${VAR+word}` and `${}` (a dollar
 * sign). They may be nested: `${$NAME}`. A dollar sign before anything else stands for itself.
 * The messages are Upstart's, but for results that are too long and braces that are nested too deep.
 *
 * @param longest The most characters of the result.
 * @throws {ExpansionError} when a variable is not set, braces do not match, or the result is too long or nested too deep.
 */
export function expand(text: string, environment: Environment, longest = LONGEST): string {
  if (text.includes("$")) return new Expansion(text, environment, longest).until("");
  return checked(text, longest);
}

function checked(text: string, longest: number): string {
  if (text.length <= longest) return text;
  throw new ExpansionError(`Longer than ${longest} characters`);
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;

class Expansion {
  #position = 0;
  #depth = 0;

  constructor(readonly text: string, readonly environment: Environment, readonly longest: number) {}

  /** Expands up to one of the terminators, which is not consumed, or to the end. */
  until(terminators: string): string {
    if (this.#depth > DEEPEST) throw new ExpansionError(`Braces nested deeper than ${DEEPEST}`);
    let result = "";
    while (this.#position < this.text.length) {
      const character = this.text.charAt(this.#position);
      if (terminators.includes(character)) break;
      this.#position++;
      result = checked(result + (character === "$" ? this.#reference() : character), this.longest);
    }
    return result;
  }

  #reference(): string {
    if (this.#take("{}")) return "$";
    if (this.#take("{")) return this.#braced();
    NAME.lastIndex = this.#position;
    const name = NAME.exec(this.text)?.[0];
    if (name === undefined) return "$";
    this.#position += name.length;
    return this.#value(name);
  }

  #braced(): string {
    this.#depth++;
    const name = this.until("}:-+");
    const operator = [":-", ":+", "-", "+"].find((candidate) => this.#take(candidate));
    const word = this.until("}");
    this.#depth--;
    if (!this.#take("}")) throw new ExpansionError("Mismatched braces");
    if (operator === undefined) {
      if (word !== "") throw new ExpansionError("Expected operator");
      return this.#value(name);
    }
    const value = this.environment.get(name);
    const isSet = value !== undefined && !(operator.startsWith(":") && value === "");
    if (operator.endsWith("-")) return isSet ? value : word;
    return isSet ? word : "";
  }

  #value(name: string): string {
    const value = this.environment.get(name);
    if (value === undefined) {
      const shown = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
      throw new ExpansionError(`Unknown parameter: ${shown}`);
    }
    return value;
  }

  #take(token: string): boolean {
    if (!this.text.startsWith(token, this.#position)) return false;
    this.#position += token.length;
    return true;
  }
}
