/** The header of a script as fields of a job: what it is, when it starts and stops, and what it waits for. */

import type { JobCondition } from "../../../lib/model/condition.ts";
import { RC_EVENTS } from "../../../lib/model/init_events.ts";
import type { JobDefinition } from "../../../lib/model/job.ts";
import { isJobName } from "../../../lib/model/validate.ts";
import { type ChkconfigLine, parseChkconfig } from "../chkconfig.ts";
import { ALL, expand } from "../facilities.ts";
import { type InitHeader, words } from "../header.ts";
import { AFTER_BOOT, BOOT, levelNames, type Levels } from "../levels.ts";
import { DEPENDENCIES, inLevels } from "../script_job.ts";
import { defaultLevels } from "../service.ts";
import type { ConversionSurroundings, ConvertedScript, ScriptFile } from "./converted_script.ts";

/** Applies a header to a definition. */
export function applyHeader(
  { definition, comments, lost }: ConvertedScript,
  header: InitHeader | undefined,
  { name, text }: ScriptFile,
  { facilities, areScriptsJobs }: ConversionSurroundings,
): void {
  const conditions = areScriptsJobs ? WITH_SCRIPTS : WITH_RUNLEVEL;
  if (!header) {
    const line = parseChkconfig(text);
    if (line) applyChkconfig(definition, comments, line, conditions);
    else lost.push("the script has no header, so nothing says when the job starts");
    return;
  }
  const about = header.fields["Short-Description"]?.text || header.fields.Description?.text.split("\n")[0];
  if (about) definition.description = about;
  const { start, stop } = defaultLevels(header);
  if (start !== 0) definition.startOn = conditions.start(start);
  if ((stop & ~BOOT) !== 0) definition.stopOn = conditions.stop(stop & ~BOOT);
  const own = [name, name.replace(/\.sh$/, "")];
  definition.provides = words(header, "Provides").filter((word) => isJobName(word) && !own.includes(word));
  const undefinedFacilities = new Set<string>();
  for (const [field, target, kind] of DEPENDENCIES) {
    for (const word of words(header, field)) {
      const { services, unknown } = expand(facilities, word);
      if (word === ALL && kind === "start" && target !== "before") definition.after = ["*"];
      unknown.forEach((facility) => undefinedFacilities.add(facility));
      for (const { name: service } of services) {
        const known = [...own, ...definition.provides, ...definition.uses, ...definition[target]];
        if (!known.includes(service) && isJobName(service)) definition[target].push(service);
      }
    }
  }
  if (undefinedFacilities.size === 0) return;
  const names = [...undefinedFacilities].join(" ");
  comments.foot.push(` The script also waits for ${names}: insserv.conf does not say who that is.`, "");
}

function applyChkconfig(
  definition: JobDefinition,
  comments: ConvertedScript["comments"],
  { start, startNumber, stopNumber }: ChkconfigLine,
  conditions: LevelConditions,
): void {
  if (start !== 0) definition.startOn = conditions.start(start);
  const stop = AFTER_BOOT & ~start;
  if (start !== 0 && stop !== 0) definition.stopOn = conditions.stop(stop);
  comments.foot.push(
    ` The script's place is \`# chkconfig: … ${startNumber} ${stopNumber}': after those with smaller numbers.`,
    " The job waits for none of them: `after` names those that it is to wait for.",
    "",
  );
}

function runlevels(levels: Levels): JobCondition {
  return { kind: "event", name: "runlevel", matches: [{ value: `[${levelNames(levels).join("")}]` }] };
}

function startCondition(levels: Levels): JobCondition {
  const boot: JobCondition = { kind: "event", name: "startup", matches: [] };
  if (levels === BOOT) return boot;
  const others = runlevels(levels & ~BOOT);
  return (levels & BOOT) === 0 ? others : { kind: "or", left: boot, right: others };
}

/** When a job starts and stops that is for some levels. */
type LevelConditions = Record<"start" | "stop", (levels: Levels) => JobCondition>;

/** When the runlevel has changed. */
const WITH_RUNLEVEL: LevelConditions = { start: startCondition, stop: runlevels };

/** When the jobs of scripts do. */
const WITH_SCRIPTS: LevelConditions = {
  start: (levels) => inLevels(RC_EVENTS.start, levels),
  stop: (levels) => inLevels(RC_EVENTS.stop, levels),
};
