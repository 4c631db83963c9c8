/** The way a script goes when it is called with an action: what it does before it starts or stops its daemon, and then. */

import { ShellError } from "../shell/lexer.ts";
import {
  type CaseCommand,
  parseShell,
  type ShellCommand,
  type SimpleCommand,
  type Statement,
} from "../shell/parser.ts";

/** A script, taken apart. */
export interface InitScript {
  text: string;
  /** What is done whatever the action is, before the script looks at it. */
  prologue: Statement[];
  functions: ReadonlyMap<string, Statement[]>;
  /** What is done for each action, by its name. */
  actions: ReadonlyMap<string, Statement[]>;
}

/** A part of the way: a statement, or a command that is looked for. */
export interface Step {
  from: number;
  to: number;
  commands: ShellCommand[];
  /** The command that was looked for. */
  target?: SimpleCommand;
  /** The lists in which it stands and that are not always carried out, the outermost first. */
  lists: ReadonlyArray<readonly Statement[]>;
  /** True for what is done more than once. */
  isRepeated: boolean;
  /** It decides whether what follows is done. */
  isCondition: boolean;
  /** In how many functions it stands, whose parameters are not those of the script. */
  depth: number;
}

/** Is this command one that is looked for? */
type Wanted = (command: SimpleCommand) => boolean;

/**
 * Takes a script apart.
 * @throws {ShellError} where it cannot be read.
 */
export function readInitScript(text: string): InitScript {
  const statements = parseShell(text);
  const functions = new Map<string, Statement[]>();
  const prologue: Statement[] = [];
  const actions = new Map<string, Statement[]>();
  for (const statement of statements) {
    const [command] = statement.commands;
    if (command?.kind === "function") functions.set(command.name, command.body);
    else if (command?.kind === "case" && isAboutAction(command)) {
      for (const { labels, body } of command.branches) {
        for (const label of labels) actions.set(label.replace(/["']/g, ""), body);
      }
      break;
    } else prologue.push(statement);
  }
  return { text, prologue, functions, actions };
}

/** True for `case "$1" in`, and where the action is in a variable. */
function isAboutAction({ subject, branches }: CaseCommand): boolean {
  return /\$\{?1\b/.test(subject) || branches.some(({ labels }) => labels.includes("start"));
}

/** So many commands are looked at, for functions may call others many times. */
const MOST_LOOKS = 100_000;

/**
 * The steps of statements, with those of the script's functions that they call, and of what holds a wanted command.
 * @throws {ShellError} where they have no end.
 */
export function stepsOf(
  script: Pick<InitScript, "functions">,
  statements: readonly Statement[],
  wanted: Wanted,
): Step[] {
  return new Flow(script, wanted).steps(statements, { lists: [], isRepeated: false });
}

type Circumstances = Pick<Step, "lists" | "isRepeated">;

class Flow {
  /** The functions that are being looked into. */
  readonly #open = new Set<string>();
  #looks = 0;

  constructor(private readonly script: Pick<InitScript, "functions">, private readonly wanted: Wanted) {}

  steps(statements: readonly Statement[], now: Circumstances): Step[] {
    return statements.flatMap((statement) => {
      const { commands } = statement;
      if (commands.some((command) => this.#holds(command))) {
        return commands.flatMap((command, index) => this.#inside(command, now, index < commands.length - 1));
      }
      const called = commands.length === 1 ? this.#called(commands[0]!) : undefined;
      if (called) return this.#within(commands[0]!, () => this.steps(called, now));
      return [{ ...statement, ...this.#marks(now) }];
    });
  }

  #marks(now: Circumstances): Circumstances & Pick<Step, "isCondition" | "depth"> {
    return { ...now, isCondition: false, depth: this.#open.size };
  }

  #called(command: ShellCommand): Statement[] | undefined {
    const name = command.kind === "simple" ? command.words[0] ?? "" : "";
    return this.#open.has(name) ? undefined : this.script.functions.get(name);
  }

  #within<Result>(command: ShellCommand, look: () => Result): Result {
    const name = command.kind === "simple" ? command.words[0] ?? "" : "";
    this.#open.add(name);
    const result = look();
    this.#open.delete(name);
    return result;
  }

  #holds(command: ShellCommand): boolean {
    if (++this.#looks > MOST_LOOKS) throw new ShellError("functions call each other too often");
    const holdsAny = (list: readonly Statement[]): boolean =>
      list.some(({ commands }) => commands.some((inner) => this.#holds(inner)));
    switch (command.kind) {
      case "simple": {
        if (this.wanted(command)) return true;
        const called = this.#called(command);
        return called !== undefined && this.#within(command, () => holdsAny(called));
      }
      case "function":
        return false;
      case "case":
        return command.branches.some(({ body }) => holdsAny(body));
      default:
        return command.lists.some(holdsAny);
    }
  }

  #inside(command: ShellCommand, now: Circumstances, isCondition: boolean): Step[] {
    const { from, to } = command;
    if (command.kind === "simple" && this.wanted(command)) {
      return [{ from, to, commands: [command], target: command, ...this.#marks(now) }];
    }
    if (!this.#holds(command)) return [{ from, to, commands: [command], ...this.#marks(now), isCondition }];
    const within = (list: readonly Statement[]) => ({ ...now, lists: [...now.lists, list] });
    switch (command.kind) {
      case "simple":
        return this.#within(command, () => this.steps(this.script.functions.get(command.words[0]!)!, now));
      case "if":
        return command.lists.flatMap((list, index) =>
          index > 0 ? this.steps(list, within(list)) : this.steps(list, now).map((step) => ({
            ...step,
            isCondition: step.target === undefined && step.depth === this.#open.size,
          }))
        );
      case "group":
        return command.lists.flatMap((list) => this.steps(list, now));
      case "loop":
        return command.lists.flatMap((list) => this.steps(list, { ...within(list), isRepeated: true }));
      case "case":
        return command.branches.flatMap(({ body }) => this.steps(body, within(body)));
      case "function":
        return [];
    }
  }
}
