/** The program `check`: finds what is wrong with job files without a running init. As `init-checkconf` it takes that program's options. */

import process from "node:process";
import { parseArgs } from "node:util";
import { formatReport } from "../configuration/report.ts";
import { type Finding, type Findings, inspect } from "./inspection.ts";

const USAGE = `Usage: rouse check [OPTION]... FILE|DIR...
Check job files: .conf, .override and .ts. No init needs to run.

A DIR is read as init reads a configuration directory, and several are read together; conditions about jobs
and events that nobody knows are then told, too. Scripts are checked by /bin/sh -n, the types of modules
by the first of deno and tsc that is in PATH.

Options:
  -s, --noscript     do not check the syntax of scripts
      --notypes      do not check the types of modules
      --strict       take warnings for errors
  -q, --quiet        print errors only
      --help         display this help and exit

Exit status: 0 when nothing is wrong, 1 when there are errors, 2 for wrong arguments.
`;

/** Checks what the arguments name. Returns the exit status. */
export async function main(args: string[], name: string): Promise<number> {
  if (name === "init-checkconf") return await (await import("./init_checkconf.ts")).main(args);
  let given;
  try {
    given = parseArgs({
      args,
      allowPositionals: true,
      options: {
        noscript: { type: "boolean", short: "s" },
        notypes: { type: "boolean" },
        strict: { type: "boolean" },
        quiet: { type: "boolean", short: "q" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (given.values.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    if (given.positionals.length === 0) throw new Error("missing file or directory");
  } catch (error) {
    process.stderr.write(
      `rouse: ${(error as Error).message}\nTry \`rouse check --help' for more information.\n`,
    );
    return 2;
  }
  const { strict, quiet, noscript, notypes } = given.values;
  const findings = await inspect(given.positionals, { scripts: !noscript, types: !notypes });
  const errors = strict ? [...findings.errors, ...findings.warnings] : findings.errors;
  const warnings = strict || quiet ? [] : findings.warnings;
  for (const error of errors) process.stderr.write(`${formatReport(error)}\n`);
  for (const warning of warnings) process.stderr.write(`${formatReport(asWarning(warning))}\n`);
  if (!quiet) process.stdout.write(`${summary(findings)}\n`);
  return errors.length > 0 ? 1 : 0;
}

function asWarning(finding: Finding): Finding {
  return { ...finding, reason: `warning: ${finding.reason}` };
}

function summary({ jobs, errors, warnings, types }: Findings): string {
  const counts = [count(jobs, "job"), count(errors.length, "error"), count(warnings.length, "warning")];
  return counts.join(", ") + (types === undefined ? "" : `; ${types}`);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
