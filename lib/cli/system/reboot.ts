/** The programs reboot(8), halt(8) and poweroff(8): they end the system, by `shutdown` or at once. */

import { reboot, type RebootCommand, sync } from "../../sys/machine/machine_control.ts";
import { recordShutdown } from "../../sys/utmp/accounting.ts";
import { presentRunlevel } from "./change_runlevel.ts";
import { requireRoot, runProgram, type SystemProgram } from "./program.ts";
import { main as shutdown } from "./shutdown.ts";

interface Mode {
  summary: string;
  command: RebootCommand;
  /** The message of `--verbose`. */
  message: string;
  /** The arguments of `shutdown` for the same. */
  shutdown: string[];
}

const MODES: Record<string, Mode> = {
  reboot: {
    summary: "Reboot the system.",
    command: "restart",
    message: "Rebooting",
    shutdown: ["-r", "now"],
  },
  halt: {
    summary: "Halt the system.",
    command: "halt",
    message: "Halting",
    shutdown: ["-h", "-H", "now"],
  },
  poweroff: {
    summary: "Power off the system.",
    command: "power-off",
    message: "Powering off",
    shutdown: ["-h", "-P", "now"],
  },
};

/** The description of `reboot`, `halt` or `poweroff`. */
export function program(name: string): SystemProgram {
  return {
    name,
    ...name === "reboot" && { arguments: "[REBOOTCOMMAND]" },
    summary: MODES[name]!.summary,
    help:
      "Without -f it calls shutdown, unless the system is in runlevel 0 or 6 already. In a container, -f " +
      "ends the container.",
    options: [
      { short: "n", long: "no-sync", help: "don't sync before reboot or halt" },
      { short: "f", long: "force", help: "force reboot or halt, don't call shutdown(8)" },
      { short: "p", long: "poweroff", help: "switch off the power when called as halt" },
      { short: "w", long: "wtmp-only", help: "don't actually reboot or halt" },
      ...["d", "i", "h"].map((short) => ({ short, long: "" })),
    ],
    async run({ args: [argument], has, environment, inform }) {
      requireRoot();
      const mode = MODES[name === "halt" && has("poweroff") ? "poweroff" : name]!;
      const runlevel = presentRunlevel(environment);
      if (!has("wtmp-only") && !has("force") && runlevel !== "0" && runlevel !== "6") {
        inform("Calling shutdown");
        return await shutdown(mode.shutdown, "shutdown");
      }
      recordShutdown();
      if (has("wtmp-only")) return 0;
      if (!has("no-sync")) sync();
      if (name === "reboot" && argument !== undefined) {
        inform(`${mode.message} with ${argument}`);
        reboot("restart-with", argument);
      } else {
        inform(mode.message);
        reboot(mode.command);
      }
      return 0;
    },
  };
}

/** The programs `reboot`, `halt` and `poweroff`. Returns the exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runProgram(program(name), args, name);
}
