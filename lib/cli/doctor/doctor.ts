/** The program `doctor`: what this machine or container lets init do, what is wrong here, and what to do about it. */

import process from "node:process";
import type { Tool } from "../../model/command_line/tool.ts";
import { writeAll } from "../../sys/io/write_all.ts";
import { printable, printableJson } from "../../model/text/printable.ts";
import { textColumns } from "../../sys/machine/terminal.ts";
import { wrapped } from "../../insight/screen/width.ts";
import { runTool } from "../tool.ts";
import { judgeInit, judgeJobs, usualDirectories } from "./configuration.ts";
import { type Diagnosis, EXAMINATIONS } from "./examinations.ts";
import { gatherFacts } from "./facts.ts";

/** What is told: a verdict, and what it is about. */
interface Finding extends Diagnosis {
  subject: string;
}

export const DOCTOR: Tool = {
  name: "doctor",
  arguments: "[DIR]...",
  summary: "Examine this machine or container, the jobs in it, and the init that runs, and say what to do.",
  help:
    "What is looked at is what a process like this one may do: run it where init runs, and as its user. DIR are the directories " +
    "of jobs, by default init's own.\n\n" +
    "A warning says that init or a job has to do without something, a problem that something cannot work.\n\n" +
    "Exit status: 0 without a problem, 1 with one, 2 for wrong arguments.",
  examples: ["rouse doctor", "rouse doctor --quiet /etc/shop"],
  options: [
    { long: "json", help: "print the findings as an object of JSON" },
    { short: "q", long: "quiet", help: "leave out what is well" },
  ],
  async run({ args, options }) {
    const findings = await examine(args, process.env);
    const isHealthy = findings.every(({ level }) => level !== "problem");
    const shown = options.has("quiet") ? findings.filter(({ level }) => level !== "ok") : findings;
    writeAll(
      1,
      options.has("json")
        ? `${printableJson({ isHealthy, findings: shown })}\n`
        : textOf(shown, textColumns(1)),
    );
    return isHealthy ? 0 : 1;
  },
};

/** The program `doctor`. Returns its exit status. */
export function main(args: string[]): Promise<number> {
  return runTool(DOCTOR, args);
}

async function examine(
  directories: readonly string[],
  environment: Record<string, string | undefined>,
): Promise<Finding[]> {
  const facts = gatherFacts(environment);
  const findings = EXAMINATIONS.flatMap(({ subject, judge }): Finding[] => {
    const verdict = judge(facts);
    return verdict ? [{ subject, ...verdict }] : [];
  });
  const jobs = await judgeJobs(directories.length > 0 ? directories : usualDirectories(environment));
  const init = await judgeInit(environment);
  return [
    ...findings,
    ...jobs.map((verdict) => ({ subject: "jobs", ...verdict })),
    ...init.map((verdict) => ({ subject: "init", ...verdict })),
  ];
}

/** The widths of the columns. */
const LEVEL = 9, SUBJECT = 16;

/** A text is no narrower, whatever the terminal. */
const NARROWEST = 20;

/** @param width The columns of the terminal; Infinity where there is none */
function textOf(findings: readonly Finding[], width: number): string {
  const indent = " ".repeat(LEVEL + SUBJECT), columns = Math.max(width - indent.length, NARROWEST);
  const lines = findings.flatMap(({ level, subject, what, advice }) => {
    const [first, ...more] = [what, ...advice === undefined ? [] : [`What to do: ${advice}`]]
      .flatMap((text) => wrapped(printable(text), columns));
    return [level.padEnd(LEVEL) + subject.padEnd(SUBJECT) + first, ...more.map((line) => indent + line)];
  });
  const count = (wanted: Diagnosis["level"]) => findings.filter(({ level }) => level === wanted).length;
  const plural = (number: number, word: string) => `${number} ${word}${number === 1 ? "" : "s"}`;
  return [...lines, `${plural(count("problem"), "problem")}, ${plural(count("warning"), "warning")}`, ""]
    .join(
      "\n",
    );
}
