/** Asking the shell whether it could parse the scripts of a job. */

import { spawnSync } from "node:child_process";
import { Buffer } from "node:buffer";
import { encodeBytes } from "../../model/bytes.ts";
import { type JobDefinition, PROCESS_NAMES, type ProcessName } from "../../model/job.ts";
import type { Finding } from "./inspection.ts";
import { lineOf } from "./inspection.ts";

/** Syntax errors in a job's scripts. */
export function scriptErrors({ source, processes }: JobDefinition): Finding[] {
  return PROCESS_NAMES.flatMap((process) => {
    const program = processes[process];
    const problem = program?.kind === "script" ? syntaxError(program.text) : undefined;
    return problem ? [finding(source, process, problem)] : [];
  });
}

/** What the shell says about a script, and in which of its lines. */
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

function finding(file: string, process: ProcessName, { line, reason }: SyntaxProblem): Finding {
  const words = process === "main" ? "script" : `${process} script`;
  const start = file.endsWith(".conf") ? lineOf(file, words) : undefined;
  const place = start === undefined || line === undefined ? "" : { line: start + line };
  return { file, ...place, reason: `${process} script: ${reason}` };
}
