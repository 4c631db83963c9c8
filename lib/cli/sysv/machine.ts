/** The scripts of this machine as the tools see them: broken ones are left out with a word, and the rest goes on. */

import {
  computeOrder,
  type Facilities,
  facilityCircle,
  type Order,
  type Service,
} from "../../../compat/sysv/mod.ts";
import { type Option, type ParsedOptions, valueOf } from "../../model/command_line/options.ts";
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
  const facilities = readFacilities(config, (reason) => complain(`${config}: ${reason}`));
  const circle = facilityCircle(facilities);
  if (circle) {
    throw new Error(`Unable to tell an order: in ${config} each of ${circle.join(", ")} contains the next`);
  }
  const found = surveyAll(scripts, facilities, complain);
  for (const service of found.catalog.all()) service.enabled ||= isWanted(service);
  return { scripts, facilities, found, order: computeOrder(found.catalog, facilities) };
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
