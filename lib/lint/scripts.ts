/** The linter of scripts and of the commands of checks: asks the shell whether it could parse them. */

import { spawnSync } from "node:child_process";
import { Buffer } from "node:buffer";
import { encodeBytes } from "../model/text/bytes.ts";
import { type JobDefinition, PROCESS_NAMES, type ProcessName } from "../model/job.ts";
import { needsShell } from "../model/text/shell.ts";
import type { Diagnostic } from "../formats/diagnostic.ts";
import type { SourceLines } from "./source_lines.ts";

/** Finds syntax errors in a job's scripts, and in the commands of its checks. */
export async function lintScripts(job: JobDefinition, lines: SourceLines): Promise<Diagnostic[]> {
  const found: Diagnostic[] = [];
  for (const process of PROCESS_NAMES) {
    const program = job.processes[process];
    const problem = program?.kind === "script" ? syntaxError(program.text) : undefined;
    if (!problem) continue;
    const before = await lines.lineOf(job.source, `${process}.script`, job.name);
    found.push(diagnosticAt(job.source, process, problem, before));
  }
  for (const field of ["ready", "alive"] as const) {
    const check = job[field];
    const command = check?.kind === "exec" && check.command.kind === "exec"
      ? check.command.command
      : undefined;
    // Most need no shell.
    const problem = command !== undefined && needsShell(command) ? syntaxError(command) : undefined;
    if (!problem) continue;
    found.push(await lines.diagnostic(job.source, field, job.name, `${field} exec: ${problem.reason}`));
  }
  return found;
}

/** An error that the shell tells of, and the line of the script. */
interface SyntaxProblem {
  line?: number;
  reason: string;
}

function syntaxError(text: string): SyntaxProblem | undefined {
  const { status, stderr } = spawnSync("/bin/sh", ["-n"], {
    input: Buffer.from(encodeBytes(text), "latin1"),
    encoding: "utf8",
  });
  if (status === 0 || stderr.trim() === "") return undefined;
  const [first = ""] = stderr.trim().split("\n");
  // dash: `/bin/sh: 2: Syntax error: …`; bash: `/bin/sh: line 2: syntax error …`.
  const [, line, reason] = /^\S+: (?:line )?(\d+): (.*)$/.exec(first) ?? [];
  return line === undefined ? { reason: first } : { line: Number(line), reason: reason! };
}

/** @param before The line before the script's first. */
function diagnosticAt(
  file: string,
  process: ProcessName,
  { line, reason }: SyntaxProblem,
  before: number | undefined,
): Diagnostic {
  const where = before === undefined || line === undefined ? {} : { line: before + line };
  return { file, ...where, reason: `${process} script: ${reason}` };
}
