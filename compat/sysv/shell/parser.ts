/** A parser of shell scripts: commands, and what holds them. Nothing is expanded, and nothing is run. */

import { ShellError, type Token, tokensOf } from "./lexer.ts";

/** A part of a script, with the place where it stands. */
interface Place {
  from: number;
  to: number;
}

/** A command, with the words as they are written. Assignments in front of it are words like others. */
export interface SimpleCommand extends Place {
  kind: "simple";
  words: string[];
  /** As they are written, such as `>/dev/null`. */
  redirections: string[];
}

/** A command that holds others: the lists in it, in order. */
export interface CompoundCommand extends Place {
  kind: "group" | "if" | "loop";
  lists: Statement[][];
}

/** `NAME() { … }`. */
export interface FunctionDefinition extends Place {
  kind: "function";
  name: string;
  body: Statement[];
}

/** `case WORD in … esac`. */
export interface CaseCommand extends Place {
  kind: "case";
  subject: string;
  branches: Array<{ labels: string[]; body: Statement[] }>;
}

export type ShellCommand = SimpleCommand | CompoundCommand | FunctionDefinition | CaseCommand;

/** Commands that `&&`, `||` and `|` join. */
export interface Statement extends Place {
  commands: ShellCommand[];
  /** True where `&` ends it. */
  isBackground: boolean;
}

/** So deep may commands lie within each other. */
const DEEPEST = 40;

const ASSIGNMENT = /^[A-Za-z_]\w*=/;

/**
 * The statements of a script.
 * @throws {ShellError} for one that cannot be read.
 */
export function parseShell(text: string): Statement[] {
  return new Parser(tokensOf(text)).run();
}

class Parser {
  #at = 0;
  #depth = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  run(): Statement[] {
    const list = this.#list();
    if (this.#at < this.tokens.length) throw new ShellError(`${this.#peek()!.text} is not expected here`);
    return list;
  }

  #peek(offset = 0): Token | undefined {
    return this.tokens[this.#at + offset];
  }

  #isNext(...texts: string[]): boolean {
    const token = this.#peek();
    return token !== undefined && token.kind !== "newline" && texts.includes(token.text);
  }

  /** @throws {ShellError} where something else comes. */
  #expect(text: string): Token {
    const token = this.#peek();
    if (token?.text !== text) {
      throw new ShellError(`${text} is expected, not ${token?.text.trim() || "the end"}`);
    }
    this.#at++;
    return token;
  }

  /** @throws {ShellError} where no word comes. */
  #word(): Token {
    const token = this.#peek();
    if (token?.kind !== "word") throw new ShellError("a word is missing");
    this.#at++;
    return token;
  }

  #skipEnds(...operators: string[]): void {
    while (this.#peek()?.kind === "newline" || this.#isNext(...operators)) this.#at++;
  }

  /** Statements up to one of the words or operators that end the list; that one is not taken. */
  #list(...ends: string[]): Statement[] {
    if (++this.#depth > DEEPEST) throw new ShellError("commands are too deep");
    const list: Statement[] = [];
    for (this.#skipEnds(";"); this.#peek() && !this.#isNext(...ends); this.#skipEnds(";")) {
      list.push(this.#statement());
    }
    this.#depth--;
    return list;
  }

  #statement(): Statement {
    const commands = [this.#command()];
    while (this.#isNext("&&", "||", "|")) {
      this.#at++;
      this.#skipEnds();
      commands.push(this.#command());
    }
    const isBackground = this.#isNext("&");
    if (isBackground) this.#at++;
    return { commands, isBackground, from: commands[0]!.from, to: commands.at(-1)!.to };
  }

  #command(): ShellCommand {
    if (this.#isNext("!")) this.#at++;
    const token = this.#peek();
    if (!token) throw new ShellError("a command is missing");
    const read = token.kind === "newline" ? undefined : this.#readers[token.text];
    if (read) return this.#redirected(read(token));
    if (token.kind === "word" && this.#peek(1)?.text === "(" && this.#peek(2)?.text === ")") {
      return this.#function(token);
    }
    return this.#simple(token);
  }

  /** What is redirected ends behind the redirections. */
  #redirected(command: ShellCommand): ShellCommand {
    while (this.#peek()?.kind === "redirection") command.to = this.#peek()!.to, this.#at++;
    return command;
  }

  /** The commands that begin with words or signs of the shell's own. */
  readonly #readers: Readonly<Record<string, ((first: Token) => ShellCommand) | undefined>> = {
    __proto__: null as never,
    "if": (first) => this.#compound("if", first, ["then", "elif", "else"], "fi"),
    "while": (first) => this.#compound("loop", first, ["do"], "done"),
    "until": (first) => this.#compound("loop", first, ["do"], "done"),
    "{": (first) => this.#compound("group", first, [], "}"),
    "(": (first) => this.#compound("group", first, [], ")"),
    "for": (first) => this.#for(first),
    "case": (first) => this.#case(first),
    "function": (first) => {
      this.#at++;
      return this.#function(first, this.#peek());
    },
  };

  #compound(
    kind: CompoundCommand["kind"],
    { from }: Token,
    between: string[],
    end: string,
  ): CompoundCommand {
    const lists: Statement[][] = [];
    do {
      this.#at++;
      lists.push(this.#list(...between, end));
    } while (this.#isNext(...between));
    return { kind, lists, from, to: this.#expect(end).to };
  }

  #for({ from }: Token): CompoundCommand {
    while (this.#peek() && !this.#isNext("do")) this.#at++;
    this.#expect("do");
    const list = this.#list("done");
    return { kind: "loop", lists: [list], from, to: this.#expect("done").to };
  }

  #function({ from }: Token, name = this.#peek()): FunctionDefinition {
    this.#word();
    if (this.#isNext("(")) this.#expect("("), this.#expect(")");
    this.#skipEnds();
    const body = this.#command();
    return {
      kind: "function",
      name: name!.text,
      body: body.kind === "group" ? body.lists.flat() : [{ ...body, commands: [body], isBackground: false }],
      from,
      to: body.to,
    };
  }

  #case({ from }: Token): CaseCommand {
    this.#at++;
    const subject = this.#word().text;
    this.#skipEnds();
    this.#expect("in");
    const branches: CaseCommand["branches"] = [];
    for (this.#skipEnds(); this.#peek() && !this.#isNext("esac"); this.#skipEnds()) {
      if (this.#isNext("(")) this.#at++;
      const labels = [this.#word().text];
      while (this.#isNext("|")) {
        this.#at++;
        labels.push(this.#word().text);
      }
      this.#expect(")");
      branches.push({ labels, body: this.#list(";;", "esac") });
      if (this.#isNext(";;")) this.#at++;
    }
    return { kind: "case", subject, branches, from, to: this.#expect("esac").to };
  }

  #simple(first: Token): SimpleCommand {
    const command: SimpleCommand = {
      kind: "simple",
      words: [],
      redirections: [],
      from: first.from,
      to: first.to,
    };
    for (let token = this.#peek(); token; token = this.#peek()) {
      if (token.kind === "word") command.words.push(token.text);
      else if (token.kind === "redirection") command.redirections.push(token.text);
      else break;
      command.to = token.to;
      this.#at++;
    }
    if (command.words.length + command.redirections.length === 0) {
      throw new ShellError(`${first.text.trim() || "an end"} is not expected here`);
    }
    return command;
  }
}

/** All simple commands of statements, however deep; not those of functions that are only defined there. */
export function simpleCommands(statements: readonly Statement[]): SimpleCommand[] {
  return statements.flatMap(({ commands }) => commands).flatMap((command): SimpleCommand[] => {
    if (command.kind === "simple") return [command];
    if (command.kind === "function") return [];
    const lists = command.kind === "case" ? command.branches.map(({ body }) => body) : command.lists;
    return simpleCommands(lists.flat());
  });
}

/** The name of the variable that a word assigns; undefined for any other word. */
export function assignedName(word: string): string | undefined {
  return ASSIGNMENT.test(word) ? word.slice(0, word.indexOf("=")) : undefined;
}
