/** Scripts of known shapes: how they start their daemon, as it can be told without running anything. */

import { assignedName, type SimpleCommand, type Statement } from "../shell/parser.ts";
import { type Lookup, valueOfWord, variablesIn } from "../shell/values.ts";
import { type InitScript, type Step, stepsOf } from "./flow.ts";
import { isQuestion, type Starter, starterOf, stopperOf } from "./starter.ts";
import { namesSetBy, type Purpose, purposeOf } from "./statements.ts";

/** A script that is not of a known shape. The message says why. */
export class UnknownShape extends Error {
  override name = "UnknownShape";
}

/** A step, with what it is for. */
export interface KnownStep extends Step {
  purpose: Purpose;
  /** What does it, where the script does not hold it. */
  text?: string;
}

/** How a script starts and stops its daemon. */
export interface KnownShape {
  starter: Starter;
  /** What is done before, in order. */
  before: KnownStep[];
  /** What is done afterwards, and for a stop, that a job does not do. */
  besides: KnownStep[];
  /** The command that ends the daemon, and the one that makes it read its configuration again. */
  stopper: Starter | undefined;
  /** Its words, as they are written. */
  stopWords: readonly string[];
  reloader: Starter | undefined;
  lookup: Lookup;
}

/** The variables of a script of init-d-script(5) that its own code does not set. */
const INTERPRETED = /\binit-d-script\b/;

/** Functions of such a script by which it replaces what the interpreter does. */
const OVERRIDES = ["do_start_override", "do_start_cmd_override", "do_start"];

/**
 * How a script starts its daemon.
 * @throws {UnknownShape} where that cannot be told.
 * @throws {ShellError} where its functions never end.
 */
export function shapeOf(script: InitScript, name: string): KnownShape {
  const lookup = lookupOf(script, name);
  return INTERPRETED.test(script.text)
    ? interpretedShape(script, name, lookup)
    : ordinaryShape(script, lookup);
}

/** The values of variables that a script sets in one way only. */
function lookupOf(script: InitScript, name: string): Lookup {
  const known = new Map<string, string | null>([["0", name]]);
  const lookup = (variable: string) => known.get(variable);
  const start = script.actions.get("start") ?? [];
  for (const step of stepsOf(script, [...script.prologue, ...start], () => false)) {
    const isPlain = step.commands.length === 1 && step.commands[0]!.kind === "simple";
    const words = step.commands.flatMap((command) => command.kind === "simple" ? command.words : []);
    for (const word of words) {
      const variable = assignedName(word);
      if (variable === undefined) continue;
      // `[ -n "$A" ] || A=b` gives a value to one that has none.
      const isDefault = !isPlain && step.commands.length === 2 && !known.has(variable);
      const value = valueOfWord(word.slice(variable.length + 1), lookup);
      known.set(variable, (isPlain || isDefault ? value : undefined) ?? null);
    }
    if (step.commands.every(({ kind }) => kind === "simple")) continue;
    for (const variable of namesSetBy(step)) known.set(variable, null);
  }
  return lookup;
}

function ordinaryShape(script: InitScript, lookup: Lookup): KnownShape {
  const start = script.actions.get("start");
  if (!start) throw new UnknownShape("it has no action `start'");
  const isStarter = ({ words }: SimpleCommand) => starterOf(words, lookup) !== undefined;
  const steps = stepsOf(script, [...script.prologue, ...start], isStarter);
  const targets = steps.filter(({ target }) => target);
  const commands = new Set(targets.map(({ target }) => target!.words.join(" ")));
  if (targets.length === 0) {
    throw new UnknownShape("it does not call start-stop-daemon in a way that is known");
  }
  if (commands.size > 1) throw new UnknownShape("it starts several daemons, or one in several ways");
  if (targets.some(({ isRepeated }) => isRepeated)) {
    throw new UnknownShape("it starts its daemon in a loop");
  }
  const { starter } = starterOf(targets[0]!.target!.words, lookup)!;
  if (!starter) throw new UnknownShape("the options of start-stop-daemon are made by code");
  const at = steps.indexOf(targets[0]!);
  return {
    starter,
    before: withPurposes(steps.slice(0, at), lookup, steps[at]),
    ...endOf(script, lookup),
    besides: [
      ...withPurposes(steps.slice(at + 1).filter(({ target }) => !target), lookup),
      ...endOf(script, lookup).besides,
    ],
    lookup,
  };
}

/** What init-d-script(5) does with the variables of a script, and with a file of the script's name in /etc/default. */
function interpretedShape(script: InitScript, name: string, variables: Lookup): KnownShape {
  const override = OVERRIDES.find((one) => script.functions.has(one));
  if (override !== undefined) throw new UnknownShape(`its function ${override} replaces the usual start`);
  const daemon = variables("DAEMON");
  if (typeof daemon !== "string" || daemon === "none") throw new UnknownShape("it names no DAEMON");
  const usual: Readonly<Record<string, string>> = {
    NAME: basename(daemon),
    PIDFILE: `/var/run/${basename(daemon)}.pid`,
    START_ARGS: "",
    DAEMON_ARGS: "",
  };
  const lookup: Lookup = (variable) => {
    const value = variables(variable);
    return value === undefined ? usual[variable] : value;
  };
  const words = ["start-stop-daemon", "--start", "--pidfile", "$PIDFILE", "$START_ARGS", "--exec", "$DAEMON"];
  const starter = starterOf(words, lookup)?.starter;
  if (!starter) throw new UnknownShape("its START_ARGS are made by code");
  const file = `/etc/default/${name}`;
  const configuration: KnownStep = {
    ...{ from: 0, to: 0, commands: [], lists: [], isRepeated: false },
    ...{ isCondition: false, depth: 0 },
    purpose: "configuration",
    text: `[ ! -r ${file} ] || . ${file}`,
  };
  const known = (statements: readonly Statement[]) =>
    withPurposes(
      stepsOf(script, statements, () => false).filter(({ from, to }) =>
        !INTERPRETED.test(script.text.slice(from, to))
      ),
      lookup,
    );
  const before = [
    ...known(script.prologue),
    configuration,
    ...known(script.functions.get("do_start_prepare") ?? []),
  ];
  return {
    starter: { options: starter.options, words: ["$DAEMON_ARGS"] },
    before,
    stopper: undefined,
    stopWords: [],
    reloader: undefined,
    besides: [],
    lookup,
  };
}

function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** How it stops, and what it does then besides. */
function endOf(
  script: InitScript,
  lookup: Lookup,
): Pick<KnownShape, "stopper" | "stopWords" | "reloader" | "besides"> {
  const find = (action: string) => {
    const isStopper = ({ words }: SimpleCommand) => stopperOf(words, lookup) !== undefined;
    return stepsOf(script, script.actions.get(action) ?? [], isStopper);
  };
  const stop = find("stop"), [first] = stop.filter(({ target }) => target);
  const reload = find("reload").find(({ target }) => target);
  return {
    stopper: first && stopperOf(first.target!.words, lookup),
    stopWords: first?.target?.words ?? [],
    reloader: reload && stopperOf(reload.target!.words, lookup),
    besides: withPurposes(stop.filter(({ target }) => !target), lookup),
  };
}

/** @param target What is done if, and only if, steps that count are. */
function withPurposes(steps: readonly Step[], lookup: Lookup, target?: Step): KnownStep[] {
  return steps.map((step) => {
    const isAsking = step.commands.some((command) => command.kind === "simple" && isQuestion(command.words));
    const isConditional = step.lists.some((list) => !target?.lists.includes(list));
    return { ...step, purpose: isAsking ? "nothing" : purposeOf(step, isConditional, lookup) };
  });
}

/**
 * The steps of some purposes that words need, in order: those that set variables in them, and what these need in turn.
 * @throws {UnknownShape} where code of the script's own sets one of them.
 */
export function neededSteps(
  { before }: KnownShape,
  script: InitScript,
  words: readonly string[],
  always: (step: KnownStep) => boolean,
): KnownStep[] {
  const needed = new Set(words.flatMap(variablesIn));
  checkParameters(needed, true);
  const found: KnownStep[] = [];
  for (const step of [...before].reverse()) {
    const sets = namesSetBy(step).filter((name) => needed.has(name));
    const isNeeded = always(step) || sets.length > 0 || step.purpose === "configuration" && needed.size > 0;
    if (!isNeeded || step.purpose === "nothing") continue;
    if (step.purpose === "own") {
      throw new UnknownShape(`its own code sets ${sets.join(", ")}`);
    }
    found.unshift(step);
    const text = script.text.slice(step.from, step.to);
    // Within quotes, awk(1) and others have parameters of their own.
    checkParameters(variablesIn(text.replace(/'[^']*'/g, "")), step.depth > 0);
    for (const name of variablesIn(text)) needed.add(name);
  }
  return found;
}

/**
 * The parameters behind the action are empty, for a job as for a script at boot.
 * @throws {UnknownShape} where others are asked for.
 */
function checkParameters(names: Iterable<string>, isInFunction: boolean): void {
  const wrong = isInFunction ? /^[1-9@*#]$/ : /^[1@*#]$/;
  const parameter = [...names].find((name) => wrong.test(name));
  if (parameter !== undefined) throw new UnknownShape(`what it starts depends on $${parameter}`);
}
