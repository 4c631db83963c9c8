/** Checks as the functions of the module `rouse` make them. */

import type { CheckCommand, CheckDefinition, CheckKind } from "../../model/checks/check.ts";
import { bracketed, durationLiteral, keyLiteral, textLiteral } from "./literals.ts";

/** The functions that make checks, and the field that is their first argument. */
const FUNCTIONS: Record<CheckKind, [name: string, field?: string]> = {
  http: ["http", "url"],
  tcp: ["tcp", "address"],
  unix: ["unix", "path"],
  exec: ["command", "command"],
  file: ["file", "path"],
  log: ["log", "pattern"],
  notify: ["notify"],
  fd: ["fd", "descriptor"],
  stopped: ["stopped"],
};

/** Names of the module `rouse` that checks may take. */
export const CHECK_FUNCTIONS: readonly string[] = Object.values(FUNCTIONS).map(([name]) => name);

/** A check as it is written. `use` notes what the module imports. */
export function checkLiteral(
  check: CheckDefinition,
  indentation: number,
  before: number,
  use: (name: string) => string,
): string {
  const { kind, ...fields } = check;
  const [name, subject] = FUNCTIONS[kind];
  if (subject === undefined) return use(name);
  const options = Object.entries(fields).filter(([field]) => field !== subject).map(([field, value]) =>
    `${field}: ${optionLiteral(field, value)}`
  );
  const first = subjectLiteral(kind, (fields as Record<string, unknown>)[subject]);
  const call = `${use(name)}(${first}`;
  if (options.length === 0) return `${call})`;
  return `${bracketed(`${call}, {`, options, "}", indentation, before)})`;
}

function subjectLiteral(kind: CheckKind, value: unknown): string {
  if (kind === "exec") return commandLiteral(value as CheckCommand);
  if (kind === "log") return new RegExp(value as string).toString();
  const isPort = kind === "tcp" && /^[1-9]\d{0,4}$/.test(value as string) && Number(value) < 65536;
  return typeof value === "number" || isPort ? String(value) : textLiteral(value as string);
}

function commandLiteral(command: CheckCommand): string {
  return command.kind === "exec"
    ? textLiteral(command.command)
    : `[${command.words.map(textLiteral).join(", ")}]`;
}

function optionLiteral(field: string, value: unknown): string {
  if (field === "every" || field === "timeout") return durationLiteral(value as number);
  if (field === "status") return statusLiteral(value as [number, number]);
  if (field === "header") return headerLiteral(value as Record<string, string>);
  return typeof value === "string" ? textLiteral(value) : String(value);
}

function statusLiteral([lowest, highest]: [number, number]): string {
  return lowest === highest ? String(lowest) : `[${lowest}, ${highest}]`;
}

function headerLiteral(header: Record<string, string>): string {
  const entries = Object.entries(header).map(([name, text]) => `${keyLiteral(name)}: ${textLiteral(text)}`);
  return `{ ${entries.join(", ")} }`;
}
