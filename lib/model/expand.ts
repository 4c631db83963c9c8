/** Expansion of variables in text outside of any shell: `instance` names, `stop on` values, word lists. */

import type { Environment } from "./environment.ts";

/** Text that could not be expanded: a variable that is not set, or braces that do not match. */
export class ExpansionError extends Error {}

/**
 * Expands `$VAR`, `${VAR}`, `${VAR:-word}`, `${VAR-word}`, `${VAR:+word}`, `${VAR+word}` and `${}` (a dollar
 * sign), nested as deep as one likes: `${$NAME}`. A dollar sign before anything else stands for itself.
 * The messages are Upstart's.
 *
 * @throws {ExpansionError} "Unknown parameter: VAR" or "Mismatched braces".
 */
export function expand(text: string, environment: Environment): string {
  if (!text.includes("$")) return text;
  return new Expansion(text, environment).until("");
}

const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;

class Expansion {
  #position = 0;

  constructor(readonly text: string, readonly environment: Environment) {}

  /** Expands up to one of the terminators, which is not consumed, or to the end. */
  until(terminators: string): string {
    let result = "";
    while (this.#position < this.text.length) {
      const character = this.text.charAt(this.#position);
      if (terminators.includes(character)) break;
      this.#position++;
      result += character === "$" ? this.#reference() : character;
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
    const name = this.until("}:-+");
    const operator = [":-", ":+", "-", "+"].find((candidate) => this.#take(candidate));
    const word = this.until("}");
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
    if (value === undefined) throw new ExpansionError(`Unknown parameter: ${name}`);
    return value;
  }

  #take(token: string): boolean {
    if (!this.text.startsWith(token, this.#position)) return false;
    this.#position += token.length;
    return true;
  }
}
