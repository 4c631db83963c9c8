/** The conditions of `start on` and `stop on` (init(5), "Event definition"), read and printed. */

import {
  DEEPEST_CONDITION,
  type EventCondition,
  type JobCondition,
  type Match,
} from "../../lib/model/condition.ts";
import type { Lexer } from "./lexer.ts";

/** What has been read of the condition within one pair of brackets. */
interface Level {
  /** What has been read outside of the brackets. */
  outer: Level | undefined;
  /** What stands before the operator, or all when there is none. */
  condition: JobCondition | undefined;
  operator: "and" | "or" | undefined;
  /** The event that words are compared with the variables of; a bracket or an operator ends it. */
  event: EventCondition | undefined;
  /** True when an event follows a bracket without an operator between them. */
  missingOperator: boolean;
}

function newLevel(outer?: Level, condition?: JobCondition, operator?: Level["operator"]): Level {
  return { outer, condition, operator, event: undefined, missingOperator: false };
}

/** Reads a condition to the end of its line, or of the line on which the last bracket is closed. */
export function readCondition(lexer: Lexer): JobCondition {
  let level = newLevel();
  let operators = 0;
  do {
    const token = lexer.conditionToken();
    if (token === "(" && lexer.isBare) {
      if (!isOperandExpected(level)) lexer.fail("Expected operator", lexer.tokenLine);
      level = newLevel(level);
    } else if (token === ")" && lexer.isBare) {
      const condition = complete(level, lexer);
      level = level.outer ?? lexer.fail("Mismatched parentheses", lexer.tokenLine);
      addOperand(level, condition);
    } else if ((token === "and" || token === "or") && lexer.isBare) {
      if (++operators > DEEPEST_CONDITION) lexer.fail("Too many operators", lexer.tokenLine);
      level = newLevel(level.outer, complete(level, lexer), token);
    } else {
      addWord(level, token, lexer);
    }
    if (level.outer && !lexer.hasToken) {
      lexer.skipLine();
      if (lexer.atEnd) break;
      lexer.skipBlanks();
      if (!lexer.hasToken) lexer.fail("Expected token", lexer.line);
    }
  } while (lexer.hasToken);
  const condition = complete(level, lexer);
  if (level.outer) lexer.fail("Mismatched parentheses", lexer.line);
  lexer.endLine();
  return condition;
}

function isOperandExpected(level: Level): boolean {
  return level.condition === undefined || level.operator !== undefined;
}

function addOperand(level: Level, right: JobCondition): void {
  const { condition: left, operator: kind } = level;
  level.condition = left && kind ? { kind, left, right } : right;
  level.operator = undefined;
}

function addWord(level: Level, word: string, lexer: Lexer): void {
  if (level.event) {
    level.event.matches.push(readMatch(level.event, word, lexer));
    return;
  }
  level.event = { kind: "event", name: word, matches: [] };
  if (isOperandExpected(level)) addOperand(level, level.event);
  else level.missingOperator = true;
}

function readMatch(event: EventCondition, word: string, lexer: Lexer): Match {
  const equals = word.indexOf("=");
  if (equals < 0) {
    if (event.matches.at(-1)?.key !== undefined) {
      lexer.fail("Expected variable name before value", lexer.line);
    }
    return { value: word };
  }
  const value = word.slice(equals + 1);
  const key = word.slice(0, equals);
  return key.endsWith("!") ? { key: key.slice(0, -1), value, negated: true } : { key, value };
}

/** The condition of a level, when an operator, a bracket or the end follows. */
function complete(level: Level, lexer: Lexer): JobCondition {
  if (level.missingOperator) lexer.fail("Expected operator", lexer.tokenLine);
  if (level.condition && !level.operator) return level.condition;
  lexer.fail("Expected event", lexer.tokenLine);
}

/**
 * A condition as `initctl show-config` prints it: bracketed in full, from the left, without quotes.
 *
 * @param word how a name or value is written; as it is, unless told otherwise
 */
export function formatCondition(condition: JobCondition, word: (text: string) => string = String): string {
  // Conditions may nest deeper than calls may, so what is still to be printed is kept in a list.
  const pending: (JobCondition | string)[] = [condition];
  let result = "";
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (typeof next === "string") result += next;
    else if (next.kind === "event") {
      result += [next.name, ...next.matches.map(formatMatch)].map(word).join(" ");
    } else pending.push(")", next.right, ` ${next.kind} `, next.left, "(");
  }
  return result;
}

function formatMatch({ key, value, negated }: Match): string {
  return key === undefined ? value : `${key}${negated ? "!=" : "="}${value}`;
}
