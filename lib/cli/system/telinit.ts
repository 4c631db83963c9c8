/** The program telinit(8): changes the runlevel. */

import process from "node:process";
import { connectToSystem } from "../../control/client/system.ts";
import { UsageError } from "../../model/command_line/usage_error.ts";
import { callSystem, changeRunlevel } from "./change_runlevel.ts";
import { requireRoot, runProgram, type SystemProgram } from "./program.ts";

export const TELINIT: SystemProgram = {
  name: "telinit",
  arguments: "RUNLEVEL",
  summary: "Change runlevel.",
  help: "RUNLEVEL is one of 0123456sS, where s and S mean the same.\n" +
    "Q or q has the init daemon read its configuration again, which it does by itself when files change. " +
    "U or u restarts init in place: its executable, as the file is now, goes on with all jobs.",
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
    // The connection ends before there is an answer. The command has succeeded when init accepts connections again.
    await callSystem("Restart").catch(async (error) => {
      if (!/disconnected/.test(String(error))) throw error;
      await reconnect();
    });
  },
};

/** The time limit of init's restart, and the time between two attempts to connect, in milliseconds. */
const RESTART_TIMEOUT = 30_000, RETRY_DELAY = 50;

async function reconnect(): Promise<void> {
  const deadline = Date.now() + RESTART_TIMEOUT;
  for (;;) {
    try {
      return (await connectToSystem(process.env)).close();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, RETRY_DELAY));
    }
  }
}

/** The program `telinit`. Returns its exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runProgram(TELINIT, args, name);
}
