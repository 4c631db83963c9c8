/** The scripts of this machine as the tools see them: broken ones are left out with a word, and the rest goes on. */

import {
  AFTER_BOOT,
  type ChkconfigLine,
  computeOrder,
  type Facilities,
  facilityCircle,
  type Kind,
  type Order,
  parseChkconfig,
  type Service,
} from "../../../compat/sysv/mod.ts";
import { type Option, type ParsedOptions, valueOf } from "../../model/command_line/options.ts";
import { isThere } from "../../config/files.ts";
import { complain } from "../tool.ts";
import { PLACES, readFacilities, Scripts } from "../../config/sysv/scripts.ts";
import { type Survey, surveyAll } from "./survey.ts";

/** The options by which another directory of scripts is looked at. */
export const PLACE_OPTIONS: readonly Option[] = [
  { short: "p", long: "path", argument: "DIR", help: `directory of the scripts, not ${PLACES.scripts}` },
  { short: "c", long: "config", argument: "FILE", help: `facilities, not ${PLACES.config}` },
  { short: "o", long: "override", argument: "DIR", help: `headers, not ${PLACES.overrides}` },
];

/** What has been found, and the order that follows. */
export interface Machine {
  scripts: Scripts;
  facilities: Facilities;
  found: Survey;
  order: Order;
}

/**
 * Reads the scripts and computes their order. What is wrong is told on the error output.
 * @param isWanted Which services are enabled, besides those that have links
 * @throws {Error} where facilities contain each other, for then no order follows.
 */
export function readMachine(parsed: ParsedOptions, isWanted: (service: Service) => boolean): Machine {
  const scripts = scriptsOf(parsed);
  const { config } = scripts.places;
  const facilities = readFacilities(config, (reason) => {
    // Red Hat's machines have none, and no facilities in it then.
    if (isThere(config)) complain(`${config}: ${reason}`);
  });
  const circle = facilityCircle(facilities);
  if (circle) {
    throw new Error(`Unable to tell an order: in ${config} each of ${circle.join(", ")} contains the next`);
  }
  const found = surveyAll(scripts, facilities, complain);
  for (const service of found.catalog.all()) {
    if (!service.enabled) Object.assign(service, levelsOf(service, chkconfigLine(scripts, service)));
    service.enabled ||= isWanted(service);
  }
  return { scripts, facilities, found, order: computeOrder(found.catalog, facilities) };
}

/** The line `# chkconfig:` of a script that has no header, or of any where nobody has set up insserv. */
function chkconfigLine(scripts: Scripts, { script, header }: Service): ChkconfigLine | undefined {
  if (header && isThere(scripts.places.config)) return undefined;
  return parseChkconfig(scripts.read(script).text);
}

function levelsOf({ start, stop, header }: Service, line?: ChkconfigLine): Pick<Service, "start" | "stop"> {
  return line && !header ? { start: line.start, stop: AFTER_BOOT & ~line.start } : { start, stop };
}

/**
 * The number of a service that no header says: that of its links, or of its line `# chkconfig:`; undefined where the
 * number follows from headers.
 */
export function givenNumber({ scripts, found }: Machine, service: Service, kind: Kind): number | undefined {
  const line = chkconfigLine(scripts, service);
  if (service.header && !line) return undefined;
  const link = found.links.find((one) => one.script === service.script && one.kind === kind);
  return link ? Number(link.name.slice(1, 3)) : kind === "start" ? line?.startNumber : line?.stopNumber;
}

/** The scripts that the options lead to. */
export function scriptsOf(parsed: ParsedOptions): Scripts {
  return new Scripts({
    ...PLACES,
    scripts: valueOf(parsed, "path") ?? PLACES.scripts,
    config: valueOf(parsed, "config") ?? PLACES.config,
    overrides: valueOf(parsed, "override") ?? PLACES.overrides,
  });
}
