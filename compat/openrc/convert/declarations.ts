/** What a runscript of the declarative kind says: variables and depend(), and no function of its own that does anything. */

import { ASSIGNMENT, DEFAULT, FUNCTION, logicalLines } from "../plain_depend.ts";
import type { Settings } from "../rc_conf.ts";

/** The error for a script that is of another kind. The message says why, as the end of a sentence. */
export class OtherKind extends Error {
  override name = "OtherKind";
}

/** An assignment of a script. */
interface Assignment {
  name: string;
  /** The line as it is written. */
  line: string;
  /** The variables in its value. */
  needs: string[];
}

/** The variables of a script, with those that the settings of the service have. */
export class Declarations {
  readonly #assignments: Assignment[] = [];
  /** Those that the script sets or gets. */
  readonly #values: Map<string, string>;

  /**
   * @param settings What `conf.d` says at present
   * @param given The variables that any script gets
   * @throws {OtherKind}
   */
  constructor(
    text: string,
    private readonly settings: Settings,
    private readonly given: Readonly<Record<string, string>>,
  ) {
    this.#values = new Map(Object.entries(given));
    const lines = logicalLines(text);
    if (!lines) throw new OtherKind("it cannot be read without a shell");
    if ([text, ...settings.values()].some((one) => one.includes("\0"))) {
      throw new OtherKind("it holds null characters");
    }
    for (let at = 0; at < lines.length; at++) {
      const line = lines[at]!, name = FUNCTION.exec(line)?.[1];
      if (name === undefined) this.#assign(line);
      else if (name !== "depend") throw new OtherKind(`it has a function ${name}()`);
      else if (!line.endsWith("}")) {
        const end = lines.indexOf("}", at);
        if (end < 0) throw new OtherKind("its depend() has no end");
        at = end;
      }
    }
  }

  #assign(line: string): void {
    const [, set, word = ""] = ASSIGNMENT.exec(line) ?? [];
    const [, usual, text = ""] = DEFAULT.exec(line) ?? [];
    if (set !== undefined) {
      this.#values.set(set, this.#valueOf(word));
      this.#assignments.push({ name: set, line, needs: variablesIn(word) });
    } else if (usual !== undefined) {
      this.#values.set(usual, this.value(usual) || text);
      this.#assignments.push({ name: usual, line, needs: [usual] });
    } else throw new OtherKind(`it has code of its own: ${line.split("\n")[0]}`);
  }

  /** The value of a variable; empty where it has none. */
  value(name: string): string {
    return this.#known(name) ?? "";
  }

  #known(name: string): string | undefined {
    return this.#values.get(name) ?? this.settings.get(name.toLowerCase());
  }

  /** The text that a word stands for. It has nothing in it but quotes and variables. */
  #valueOf(word: string): string {
    return word.replace(
      /'([^']*)'|"((?:[^"\\]|\\[^])*)"|\$\{?(\w+)\}?/g,
      (_, plain?: string, quoted?: string, name?: string) =>
        plain ?? (quoted === undefined ? this.value(name!) : this.#expanded(quoted)),
    );
  }

  #expanded(text: string): string {
    return text.replace(
      /\\([$`"\\\n])|\$(\w+)|\$\{(\w+)(?:(:?)([-+=])([^}]*))?\}/g,
      (_, escaped?: string, bare?: string, name = bare, colon = "", kind = "", other = "") => {
        if (escaped !== undefined) return escaped === "\n" ? "" : escaped;
        const value = this.value(name!),
          isSet = colon === "" ? this.#known(name!) !== undefined : value !== "";
        if (kind === "+") return isSet ? other : "";
        return kind === "" || isSet ? value : other;
      },
    );
  }

  /** The lines that give variables their values, in order. */
  linesFor(names: readonly string[]): string[] {
    return this.#for(names).map(({ line }) => line);
  }

  /** True where what the variables say depends on `conf.d`. */
  isConfigured(names: readonly string[]): boolean {
    const found = this.#for(names), own = new Set(Object.keys(this.given));
    if (names.some((name) => this.settings.has(name.toLowerCase()))) return true;
    return found.some(({ name, needs }) => {
      const isFree = needs.some((need) => !own.has(need));
      own.add(name);
      return isFree;
    });
  }

  #for(names: readonly string[]): Assignment[] {
    const needed = new Set(names), found: Assignment[] = [];
    for (const assignment of [...this.#assignments].reverse()) {
      if (!needed.has(assignment.name)) continue;
      found.unshift(assignment);
      for (const name of assignment.needs) needed.add(name);
    }
    return found;
  }
}

/** The variables in a word, but for those in single quotes. */
function variablesIn(word: string): string[] {
  const text = word.replace(/"(?:[^"\\]|\\[^])*"|'[^']*'/g, (part) => part.startsWith("'") ? "" : part);
  return Array.from(text.matchAll(/(?<!\\)\$\{?([A-Za-z_]\w*)/g), ([, name = ""]) => name);
}
