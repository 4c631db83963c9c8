/** What the tools of SysV and OpenRC may be given beside options: services, actions and runlevels as they are here. */

import { levelNames } from "../../config/openrc/levels.ts";
import { allServices } from "../../config/openrc/services.ts";
import { PLACES, Scripts } from "../../config/sysv/scripts.ts";
import type { Candidate, Source } from "./candidates.ts";
import { askInit, jobNames } from "./live_names.ts";

/** Candidates without a meaning that is known. */
export const wordsOf = (words: readonly string[]): Candidate[] => words.map((word) => ({ word, text: "" }));

/** What scripts do for whoever asks; each may know more. */
const ACTIONS = ["start", "stop", "restart", "try-restart", "reload", "force-reload", "status"];
const RUNSCRIPT_ACTIONS = ["start", "stop", "restart", "status", "zap", "describe"];

/** Init scripts by their names. */
const scripts = (): Candidate[] => wordsOf(new Scripts(PLACES).names().sort());

/** OpenRC's scripts. */
const runscripts = (): Candidate[] => wordsOf(allServices());

/** Init scripts, and the jobs of init. */
async function services(): Promise<Candidate[]> {
  const own = scripts(), known = new Set(own.map(({ word }) => word));
  return [...own, ...(await askInit(jobNames)).filter(({ word }) => !known.has(word))];
}

const levels = (): Candidate[] => wordsOf(levelNames());

/** One source for each place; the last is for all that follow. */
function inTurn(...sources: Source[]): Source {
  return (before) => sources[Math.min(before.length, sources.length - 1)]!(before);
}

const nothing: Source = () => [];
const words = (...all: string[]): Source => () => wordsOf(all);

/** Sources by how the help texts of tools call their operands. */
export const TOOL_OPERANDS: Readonly<Record<string, Source>> = {
  "[NAME [on|off|reset|resetpriorities]]": inTurn(
    scripts,
    words("on", "off", "reset", "resetpriorities"),
    nothing,
  ),
  "[RUNLEVEL]": inTurn(levels, nothing),
  "[RUNLEVEL]...": levels,
  "[SCRIPT[,start=LEVELS][,stop=LEVELS]|DIRECTORY]...": scripts,
  "[add|del|show] [SERVICE] [RUNLEVEL]...": inTurn(
    words("add", "del", "show"),
    ([command]) => command === "show" ? levels() : runscripts(),
    levels,
  ),
  RUNLEVEL: inTurn(words("0", "1", "2", "3", "4", "5", "6", "S", "q", "u"), nothing),
  "SCRIPT ACTION [ARGUMENT]...": inTurn(services, words(...ACTIONS), nothing),
  "SCRIPT ACTION [LEVEL]...": inTurn(
    scripts,
    words("defaults", "defaults-disabled", "remove", "enable", "disable"),
    ([, action]) => wordsOf(action === "enable" || action === "disable" ? ["S", "2", "3", "4", "5"] : []),
  ),
  "SERVICE ACTION...": inTurn(runscripts, words(...RUNSCRIPT_ACTIONS)),
  "SERVICE [ACTION [ARGUMENT]...]": inTurn(services, words(...ACTIONS), nothing),
  "SERVICE...": runscripts,
};
