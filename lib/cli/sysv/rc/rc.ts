/** The programs `rc` and `rcS`: run the scripts of a runlevel, by Debian's rules or Red Hat's. */

import { availableParallelism } from "node:os";
import { join } from "node:path";
import process from "node:process";
import {
  changedSteps,
  type LevelChange,
  NO_LEVEL,
  RcSchedule,
  type RcStep,
  stepsOf,
} from "../../../../compat/sysv/mod.ts";
import type { ParsedOptions } from "../../../model/command_line/options.ts";
import type { Tool } from "../../../model/command_line/tool.ts";
import { UsageError } from "../../../model/command_line/usage_error.ts";
import { goesDown } from "../../../model/sysv/runlevels.ts";
import { SYSV_PATH } from "../../../model/sysv/search_path.ts";
import { isTerminal } from "../../../sys/io/descriptors.ts";
import { writeAll } from "../../../sys/io/write_all.ts";
import { restoreDescriptorLimit } from "../../../sys/process/limits.ts";
import { runTool } from "../../tool.ts";
import {
  type DependFiles,
  isLocked,
  layoutHere,
  levelPath,
  linksOf,
  type RcLayout,
  readDependFiles,
} from "./layout.ts";
import { runOneByOne, runSideBySide, type ScriptRun, surviveKeys } from "./scripts.ts";

/** The level of the boot, and the program that enters it. */
const BOOT_LEVEL = "S", BOOT_PROGRAM = "rcS";

/** How many scripts of each processor run at a time. */
const PER_PROCESSOR = 4;

/** Enters a runlevel in another way. False where there is none. */
type OtherWay = (change: LevelChange) => Promise<boolean>;

const rcTool = (otherWay?: OtherWay): Tool => ({
  name: "sysv rc",
  arguments: "[RUNLEVEL]",
  summary: "Run the scripts of a runlevel: those that stop, then those that start.",
  help: "RUNLEVEL is that of the environment by default. PREVLEVEL there is the level before; it is N, or " +
    "absent, in the first one, where nothing is stopped.\n\n" +
    "Scripts run side by side where insserv has written what waits for what and the output is a terminal, else " +
    "one by one.\n\n" +
    "Exit status: 0, whatever the scripts' is; 2 for wrong arguments.",
  options: [
    { long: "classic", help: "here, also where init has the scripts as jobs" },
    { long: "parallel", help: "side by side, also where the output is no terminal" },
    { long: "sequential", help: "one by one, by the numbers of the links" },
  ],
  run: (parsed) => run(parsed, otherWay),
});

/** The programs `rc` and `rcS` of these names. Return their exit status. */
export function main(args: string[], name: string): Promise<number> {
  return runRc(args, name);
}

/**
 * Runs rc.
 * @param name `rcS` for the level S, whatever else is said
 * @param otherWay What is tried before, unless an option asks for this way
 */
export function runRc(args: string[], name: string, otherWay?: OtherWay): Promise<number> {
  const level = name === BOOT_PROGRAM ? [...args.filter((word) => word.startsWith("-")), BOOT_LEVEL] : args;
  return runTool(rcTool(otherWay), level);
}

async function run(parsed: ParsedOptions, otherWay?: OtherWay): Promise<number> {
  const level = parsed.args[0] ?? process.env["RUNLEVEL"];
  if (level === undefined) throw new UsageError("missing runlevel");
  if (!/^[0-9A-Za-z]$/.test(level)) throw new UsageError(`illegal runlevel: ${level}`);
  const change = {
    level: level === "s" ? BOOT_LEVEL : level,
    previous: process.env["PREVLEVEL"] || NO_LEVEL,
  };
  if (parsed.options.size === 0 && await otherWay?.(change)) return 0;
  const layout = layoutHere();
  const files = parsed.options.has("sequential") ? undefined : readDependFiles(layout);
  surviveKeys();
  process.umask(0o022);
  restoreDescriptorLimit();
  await (files ? enterByRules(change, layout, files, parsed.options.has("parallel")) : enter(change, layout));
  return 0;
}

/** Runs the scripts one by one. Each is called by the path of its link. */
async function enter(change: LevelChange, layout: RcLayout): Promise<void> {
  const { stops, starts } = stepsOf(readLinks(layout, change.level), change, layout.rules, isLocked);
  const directory = levelPath(layout.parent, change.level);
  await runOneByOne([...stops, ...starts], scriptRun(change, ({ name }) => join(directory, name)));
}

/** Runs the scripts side by side, called by their own paths. Those that are where they are to be are left alone. */
async function enterByRules(
  change: LevelChange,
  layout: RcLayout,
  files: DependFiles,
  isForced: boolean,
): Promise<void> {
  const { level, previous } = change;
  const all = stepsOf(readLinks(layout, level), change, layout.rules, isLocked);
  const before = previous === NO_LEVEL ? [] : linksOf(layout, previous);
  const { stops, starts } = changedSteps(all, level, before);
  const scripts = scriptRun(change, ({ script }) => join(layout.scripts, script));
  const isShared = isForced || isTerminal(1);
  const phase = async (steps: RcStep[], rules: DependFiles[keyof DependFiles]) => {
    const schedule = new RcSchedule(steps, rules, isShared ? PER_PROCESSOR * availableParallelism() : 1);
    await runSideBySide(schedule, scripts, isShared);
  };
  await phase(stops, files.stop);
  // What takes the machine down has nothing beside it, and no rules.
  if (goesDown(level)) await runOneByOne(starts, scripts);
  else await phase(starts, level === BOOT_LEVEL ? files.boot : files.start);
}

function readLinks(layout: RcLayout, level: string): ReturnType<typeof linksOf> {
  return linksOf(layout, level, (path, reason) => complain(`rc: Passed over ${path}: ${reason}`));
}

function scriptRun({ level, previous }: LevelChange, pathOf: (step: RcStep) => string): ScriptRun {
  const environment = { ...process.env, PATH: SYSV_PATH, runlevel: level, previous };
  return { pathOf, environment, onFailure: complain };
}

function complain(line: string): void {
  writeAll(2, `${line}\n`);
}
