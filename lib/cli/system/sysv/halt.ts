/** SysV's programs halt(8), poweroff(8) and reboot(8): they end the system, by `shutdown` or at once. */

import process from "node:process";
import type { ParsedOptions } from "../../../model/command_line/options.ts";
import { goesDown } from "../../../model/sysv/runlevels.ts";
import { ifAllowed } from "../../../sys/call/refused.ts";
import { takeInterfacesDown } from "../../../sys/machine/interfaces.ts";
import { reboot, type RebootCommand, sync } from "../../../sys/machine/machine_control.ts";
import { recordHalt } from "../../../sys/utmp/accounting.ts";
import { firstRunlevel, runlevelOfEnvironment } from "../../../sys/utmp/records.ts";
import { write } from "../../output.ts";
import { isPrivileged } from "../program.ts";
import { type ClassicProgram, parseClassic, refuseUsage, reportFailure } from "./classic_usage.ts";
import { main as shutdown } from "./shutdown.ts";

interface Mode {
  summary: string;
  command: RebootCommand;
  /** The arguments of `shutdown` for the same. */
  shutdown: string[];
}

const MODES: Readonly<Record<string, Mode>> = {
  reboot: { summary: "Reboot the system.", command: "restart", shutdown: ["-r", "now"] },
  halt: { summary: "Halt the system.", command: "halt", shutdown: ["-h", "now"] },
  poweroff: { summary: "Power off the system.", command: "power-off", shutdown: ["-h", "-P", "now"] },
};

function program(name: string): ClassicProgram {
  return {
    name,
    summary: MODES[name]!.summary,
    help:
      "Without -f it calls shutdown, unless the system is in runlevel 0 or 6 already. In a container, -f " +
      "ends the container.",
    options: [
      { short: "f", long: "force", help: "at once: don't call shutdown(8)" },
      { short: "p", long: "poweroff", help: "switch off the power when called as halt" },
      { short: "w", long: "wtmp-only", help: "only write the record in wtmp" },
      { short: "d", long: "no-wtmp", help: "don't write that record" },
      { short: "n", long: "no-sync", help: "don't sync before; implies -d" },
      { short: "i", long: "interfaces", help: "take all network interfaces down before" },
      { short: "h", long: "standby", help: "accepted: the kernel puts disks in standby by itself" },
    ],
  };
}

/** The programs `halt`, `poweroff` and `reboot`. Returns the exit status. */
export function main(args: string[], name: string): Promise<number> {
  return reportFailure(name, () => run(args, name));
}

function run(args: string[], name: string): number | Promise<number> {
  const called = program(name);
  const parsed = parseClassic(called, name, args);
  if (!parsed) return 1;
  if (parsed.args.length > 0) return refuseUsage(called, name);
  if (!isPrivileged()) {
    write(2, `${name}: must be superuser.\n`);
    return 1;
  }
  process.chdir("/");
  const { options } = parsed;
  const mode = MODES[name === "halt" && options.has("poweroff") ? "poweroff" : name]!;
  if (!options.has("wtmp-only") && !options.has("force") && !isGoingDown()) return shutdown(mode.shutdown);
  return endNow(parsed, mode);
}

/** True in runlevel 0 or 6. Init's processes have it in their environment; a variable of somebody else's does not count. */
function isGoingDown(): boolean {
  const { env } = process;
  const own = env["INIT_VERSION"] === undefined ? undefined : runlevelOfEnvironment(env);
  const runlevel = (own ?? ifAllowed(() => firstRunlevel()))?.runlevel;
  return runlevel !== undefined && goesDown(runlevel);
}

/** @throws {SystemError} when the kernel does not let us. */
function endNow({ options }: ParsedOptions, { command }: Mode): number {
  if (!options.has("no-sync") && !options.has("no-wtmp")) recordHalt();
  if (options.has("wtmp-only")) return 0;
  if (options.has("interfaces")) takeInterfacesDown();
  if (!options.has("no-sync")) sync();
  reboot(command);
  return 0;
}
