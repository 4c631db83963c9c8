/** Having a job module evaluated by a child, for tools. */

import { spawn } from "node:child_process";
import { resolve } from "node:path";
import process from "node:process";
import { parseEvaluatorLine } from "../author/protocol.ts";
import type { JobDefinition } from "../model/job.ts";
import { validateJob } from "../model/validate.ts";
import { selfCommand } from "../sys/self.ts";

/** How long a module may take, in milliseconds. */
const PATIENCE = 5000;

/** More output than any definitions make. */
const MOST_OUTPUT = 16 << 20;

/**
 * The jobs that a module defines.
 * @param directory what its jobs' names are relative to
 * @throws {Error} with file, line and reason when it cannot be evaluated.
 */
export async function evaluateModule(path: string, directory: string): Promise<JobDefinition[]> {
  const module = resolve(path);
  const output = await run(
    [...selfCommand("evaluate"), "--directory", resolve(directory), "--", module],
    path,
  );
  for (const line of output.split("\n").map(parseEvaluatorLine)) {
    if (!line || !("module" in line)) continue;
    if ("jobs" in line) return line.jobs.map(validateJob);
    const { file, line: number, reason } = line.error;
    const place = file === module ? path : file;
    throw new Error(`${place}:${number === undefined ? "" : `${number}:`} ${reason}`);
  }
  throw new Error(`${path}: ended the evaluation before it was done`);
}

/** What a command writes to standard output. It is killed, with all that it started, when it writes or takes too much. */
function run([program, ...args]: string[], path: string): Promise<string> {
  const child = spawn(program!, args, { stdio: ["ignore", "pipe", "ignore"], detached: true });
  return new Promise((resolve, reject) => {
    let output = "";
    const end = () => {
      try {
        process.kill(-child.pid!, "SIGKILL");
      } catch {
        // Nothing of it is left.
      }
    };
    const giveUp = (reason: string) => {
      end();
      reject(new Error(`${path}: ${reason}`));
    };
    const timer = setTimeout(() => giveUp(`did not end within ${PATIENCE / 1000} s`), PATIENCE);
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
      if (output.length > MOST_OUTPUT) giveUp("defines more than can be taken");
    });
    child.on("error", reject).on("exit", () => {
      clearTimeout(timer);
      end();
    }).on("close", () => resolve(output));
  });
}
