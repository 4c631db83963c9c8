/** The labels of all `case`s of a script: the actions that it knows. */

import { ShellError } from "./lexer.ts";
import { parseShell, type ShellCommand, type Statement } from "./parser.ts";

/** The labels, without quotes. None in a script that cannot be read. */
export function labelsOf(text: string): Set<string> {
  try {
    return new Set(parseShell(text).flatMap(labelsOfStatement));
  } catch (error) {
    if (error instanceof ShellError) return new Set();
    throw error;
  }
}

function labelsOfStatement({ commands }: Statement): string[] {
  return commands.flatMap(labelsOfCommand);
}

function labelsOfCommand(command: ShellCommand): string[] {
  switch (command.kind) {
    case "simple":
      return [];
    case "function":
      return command.body.flatMap(labelsOfStatement);
    case "case":
      return command.branches.flatMap(({ labels, body }) => [
        ...labels.map((label) => label.replace(/["']/g, "")),
        ...body.flatMap(labelsOfStatement),
      ]);
    default:
      return command.lists.flat().flatMap(labelsOfStatement);
  }
}
