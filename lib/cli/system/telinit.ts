/** telinit(8): changes the runlevel. */

import process from "node:process";
import { connectToSystem } from "../../control/system.ts";
import { UsageError } from "../options.ts";
import { callSystem, changeRunlevel } from "./change.ts";
import { requireRoot, runProgram, type SystemProgram } from "./program.ts";

const TELINIT: SystemProgram = {
  name: "telinit",
  arguments: "RUNLEVEL",
  summary: "Change runlevel.",
  help: "RUNLEVEL is one of 0123456sS, where s and S mean the same.\n" +
    "Q or q has the init daemon read its configuration again, which it does by itself when files change. " +
    "U or u has it replaced by a fresh copy of itself.",
  options: [
    {
      short: "e",
      long: "environment",
      argument: "KEY=VALUE",
      help: "set environment variable in the runlevel event",
    },
    { short: "t", long: "", argument: "SECONDS" },
  ],
  async run({ args: [runlevel], values, environment }) {
    if (runlevel === undefined) throw new UsageError("missing runlevel");
    if (!/^[0-6SsQqUu]$/.test(runlevel)) throw new UsageError(`illegal runlevel: ${runlevel}`);
    requireRoot();
    const command = COMMANDS[runlevel.toUpperCase()];
    await (command ?? (() => changeRunlevel(runlevel.toUpperCase(), environment, values("environment"))))();
    return 0;
  },
};

const COMMANDS: Record<string, () => Promise<void>> = {
  Q: () => callSystem("ReloadConfiguration"),
  async U() {
    // The connection ends before there is an answer; what counts is that init is there again.
    await callSystem("Restart").catch(async (error) => {
      if (!/disconnected/.test(String(error))) throw error;
      await reconnect();
    });
  },
};

/** How long to wait for init after it has replaced itself, and how long between two attempts, in ms. */
const LONGEST_RESTART = 30_000, PAUSE = 50;

async function reconnect(): Promise<void> {
  const deadline = Date.now() + LONGEST_RESTART;
  for (;;) {
    try {
      return (await connectToSystem(process.env)).close();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }
}

/** The program: gives the exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runProgram(TELINIT, args, name);
}
