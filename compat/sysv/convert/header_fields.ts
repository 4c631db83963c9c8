/** The header of a script as fields of a job: what it is, when it starts and stops, and what it waits for. */

import type { JobCondition } from "../../../lib/model/condition.ts";
import type { JobDefinition } from "../../../lib/model/job.ts";
import { isJobName } from "../../../lib/model/validate.ts";
import { type ChkconfigLine, parseChkconfig } from "../chkconfig.ts";
import { ALL, expand, type Facilities } from "../facilities.ts";
import { type InitHeader, words } from "../header.ts";
import { AFTER_BOOT, BOOT, levelNames } from "../levels.ts";
import { DEPENDENCIES } from "../script_job.ts";
import { defaultLevels } from "../service.ts";
import type { ConvertedScript, ScriptFile } from "./converted_script.ts";

/** Applies a header to a definition. */
export function applyHeader(
  { definition, comments, lost }: ConvertedScript,
  header: InitHeader | undefined,
  { name, text }: ScriptFile,
  facilities: Facilities,
): void {
  if (!header) {
    const line = parseChkconfig(text);
    if (line) applyChkconfig(definition, comments, line);
    else lost.push("the script has no header, so nothing says when the job starts");
    return;
  }
  const about = header.fields["Short-Description"]?.text || header.fields.Description?.text.split("\n")[0];
  if (about) definition.description = about;
  const { start, stop } = defaultLevels(header);
  if (start !== 0) definition.startOn = startCondition(start);
  if ((stop & ~BOOT) !== 0) definition.stopOn = runlevels(stop & ~BOOT);
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
): void {
  if (start !== 0) definition.startOn = startCondition(start);
  const stop = AFTER_BOOT & ~start;
  if (start !== 0 && stop !== 0) definition.stopOn = runlevels(stop);
  comments.foot.push(
    ` The script's place is \`# chkconfig: … ${startNumber} ${stopNumber}': after those with smaller numbers.`,
    " The job waits for none of them: `after` names those that it is to wait for.",
    "",
  );
}

function runlevels(levels: number): JobCondition {
  return { kind: "event", name: "runlevel", matches: [{ value: `[${levelNames(levels).join("")}]` }] };
}

function startCondition(levels: number): JobCondition {
  const boot: JobCondition = { kind: "event", name: "startup", matches: [] };
  if (levels === BOOT) return boot;
  const others = runlevels(levels & ~BOOT);
  return (levels & BOOT) === 0 ? others : { kind: "or", left: boot, right: others };
}
