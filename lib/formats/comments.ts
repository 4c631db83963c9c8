/** The comments of a job's file, so that they can follow the job into another format. */

/** Comments line by line, without the marks that begin them. Empty lines part paragraphs. */
export interface Comments {
  /** What stands at the beginning, before anything is said of the job. */
  head: string[];
  /** What stands before a field or behind it, by the field's name; `env.PORT` and `limit.nofile` within tables. */
  fields: Map<string, string[]>;
  /** What stands at the end. */
  foot: string[];
  /** The fields in the order of their first mention. */
  order: string[];
}

/** No comments at all. */
export function noComments(): Comments {
  return { head: [], fields: new Map(), foot: [], order: [] };
}

/** Adds lines to the comments on a field. */
export function addComment(comments: Comments, field: string, lines: readonly string[]): void {
  const wanted = trimmed(lines);
  if (wanted.length === 0 || field === "") return;
  const known = comments.fields.get(field);
  if (known) append(known, wanted);
  else comments.fields.set(field, wanted);
}

/** Adds items one by one: there may be more than a call takes arguments. */
export function append<Item>(list: Item[], items: readonly Item[]): void {
  for (const item of items) list.push(item);
}

/** Lines without empty ones at their ends, and with one where there were several. */
export function trimmed(lines: readonly string[]): string[] {
  const kept = lines.filter((line, index) => line !== "" || lines[index - 1] !== "");
  if (kept[0] === "") kept.shift();
  if (kept.at(-1) === "") kept.pop();
  return kept;
}

/** A piece of a module's text: a comment, a string or regular expression, a bracket, a word, or anything else. */
const PIECE =
  /\/\/(?<line>[^\n]*)|\/\*(?<block>[^]*?)\*\/|(?<text>"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*')|(?<template>`)|(?<word>[A-Za-z_$][\w$]*)|(?<blank>[ \t\r]+|\n)|(?<other>[^])/y;

/** Behind one of these, a slash begins a regular expression. */
const BEFORE_OPERAND = /^(?:[(,=:[!&|?{};+\-*%<>~^]|return|typeof|)$/;
const REGULAR_EXPRESSION = /\/(?![/*])(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;

/** Tables within a job whose entries have comments of their own. */
const TABLES = ["env", "limit"];

/**
 * The comments of a module with one job: those outside of all brackets, and those in the table that `job()` is
 * given. The text is only looked at; one that cannot be understood has no comments.
 */
export function moduleComments(source: string): Comments {
  const reader = new ModuleReader();
  return reader.read(source) && reader.jobs === 1 ? reader.comments : noComments();
}

/** A bracket that is open. `table` is there when it holds a job's fields, or the entries of the field so named. */
interface Bracket {
  table?: string;
}

class ModuleReader {
  readonly comments = noComments();
  /** How many tables of jobs there are. */
  jobs = 0;
  #open: Bracket[] = [];
  /** Comments of which it is not known yet what they are about. */
  #pending: string[] = [];
  /** The field that was begun last. */
  #field = "";
  #last = "";
  #beforeLast = "";
  #lineHasCode = false;

  /** False when the text ends within something. */
  read(source: string): boolean {
    for (let at = 0; at < source.length;) {
      const expression = source[at] === "/" && BEFORE_OPERAND.test(this.#last)
        ? matchAt(REGULAR_EXPRESSION, source, at)
        : undefined;
      const match = expression ?? matchAt(PIECE, source, at)!;
      at += match[0].length;
      const { line, block, text, template, word, blank } = match.groups ?? {};
      if (line !== undefined) this.#comment([line]);
      else if (block !== undefined) this.#comment(linesOfBlock(block));
      else if (blank !== undefined) this.#blank(blank, source.slice(at, at + 1) === "\n");
      else {
        if (template !== undefined) at = endOfTemplate(source, at);
        if (at < 0) return false;
        if (!expression) this.#nameOrBracket(word ?? text?.slice(1, -1), match[0]);
        this.#code(match[0]);
      }
    }
    return this.#open.length === 0;
  }

  #comment(text: readonly string[]): void {
    const lines = text.map((line) => line.trimEnd());
    // Behind a field on the same line it is about that field.
    const behind = this.#lineHasCode && this.#field !== "" && this.#open.length > 0;
    if (behind) addComment(this.comments, this.#field, lines);
    else append(this.#pending, lines);
  }

  #blank(blank: string, lineFollows: boolean): void {
    if (blank !== "\n") return;
    this.#lineHasCode = false;
    if (lineFollows && this.#pending.length > 0) this.#pending.push("");
  }

  #nameOrBracket(name: string | undefined, piece: string): void {
    const table = this.#open.at(-1)?.table;
    if (name !== undefined && name !== "async") {
      if (table !== undefined && /^(?:[{,]|async)$/.test(this.#last)) this.#begin(table, name);
    } else if ("([{".includes(piece)) {
      const isJob = piece === "{" && this.#last === "(" && this.#beforeLast === "job";
      if (isJob) this.jobs++;
      const isTable = piece === "{" && this.#last === ":" && table === "" && TABLES.includes(this.#field);
      this.#open.push(isJob ? { table: "" } : isTable ? { table: this.#field } : {});
    } else if (")]}".includes(piece)) {
      this.#close(this.#open.pop());
    }
    if (this.#open.length === 0) append(this.comments.head, this.#take());
  }

  #begin(table: string, name: string): void {
    this.#field = table === "" ? name : `${table}.${name}`;
    if (!this.comments.order.includes(this.#field)) this.comments.order.push(this.#field);
    addComment(this.comments, this.#field, this.#take());
  }

  /** What stands before a closing bracket is about what it closes. */
  #close(bracket: Bracket | undefined): void {
    if (bracket?.table === undefined) return addComment(this.comments, this.#field, this.#take());
    this.#field = bracket.table;
    if (bracket.table === "") append(this.comments.foot, this.#take());
    else addComment(this.comments, bracket.table, this.#take());
  }

  #take(): string[] {
    const taken = trimmed(this.#pending);
    this.#pending = [];
    return taken;
  }

  #code(piece: string): void {
    this.#lineHasCode = true;
    this.#beforeLast = this.#last;
    this.#last = piece;
  }
}

/** The lines of a block comment, without the stars in front of them where all have one, and that of `/**`. */
function linesOfBlock(block: string): string[] {
  const [first = "", ...others] = block.split("\n");
  const begun = first.replace(/^\*/, "");
  // The last line may hold the end alone.
  const hasStars = others.every((line, index) =>
    /^\s*\*/.test(line) || index === others.length - 1 && line.trim() === ""
  );
  return [begun, ...others.map((line) => hasStars ? line.replace(/^\s*\*/, "") : line)];
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text) ?? undefined;
}

/** Where a template literal ends that is open; −1 when it does not. */
function endOfTemplate(source: string, start: number): number {
  for (let at = start, depth = 0; at < source.length; at++) {
    const character = source[at];
    if (character === "\\") at++;
    else if (depth === 0 && character === "`") return at + 1;
    else if (character === "$" && source[at + 1] === "{") depth++, at++;
    else if (depth > 0 && character === "{") depth++;
    else if (depth > 0 && character === "}") depth--;
    else if (depth > 0 && (character === '"' || character === "'")) {
      at = source.indexOf(character, at + 1);
      if (at < 0) return -1;
    } else if (depth > 0 && character === "`") {
      at = endOfTemplate(source, at + 1) - 1;
      if (at < 0) return -1;
    }
  }
  return -1;
}
