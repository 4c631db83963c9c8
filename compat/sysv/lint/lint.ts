/** The linter of init scripts: what insserv's, Debian's and openSUSE's rules find wrong. */

import { parseChkconfig } from "../chkconfig.ts";
import type { Facilities } from "../facilities.ts";
import { parseHeader } from "../header.ts";
import { BODY_RULES } from "./body_rules.ts";
import { error, type HeaderFinding, warning } from "./finding.ts";
import { HEADER_RULES } from "./header_rules.ts";

/** What is wrong with a script. */
export function lintScript(name: string, text: string, facilities: Facilities): HeaderFinding[] {
  const header = parseHeader(text);
  if (!header) return [noHeader(text)];
  return [...HEADER_RULES, ...BODY_RULES].flatMap((rule) => rule({ name, text, header, facilities }));
}

function noHeader(text: string): HeaderFinding {
  const missing = "no header: `### BEGIN INIT INFO' is missing";
  return parseChkconfig(text)
    ? warning(`${missing}; runlevels and numbers are those of the line \`# chkconfig:'`)
    : error(`${missing}, so only its links say when the script starts; without links it is not started`);
}
