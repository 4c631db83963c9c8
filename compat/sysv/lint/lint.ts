/** The linter of init scripts: what insserv's, Debian's and openSUSE's rules find wrong. */

import { parseChkconfig } from "../chkconfig.ts";
import { parseHeader } from "../header.ts";
import { BODY_RULES } from "./body_rules.ts";
import { error, type HeaderFinding, type LintSurroundings, warning } from "./finding.ts";
import { HEADER_RULES } from "./header_rules.ts";

/** What is wrong with a script. */
export function lintScript(name: string, text: string, surroundings: LintSurroundings): HeaderFinding[] {
  const header = parseHeader(text);
  if (!header) return [noHeader(text)];
  return [...HEADER_RULES, ...BODY_RULES].flatMap((rule) => rule({ ...surroundings, name, text, header }));
}

function noHeader(text: string): HeaderFinding {
  const missing = "no header: `### BEGIN INIT INFO' is missing";
  return parseChkconfig(text)
    ? warning(`${missing}; runlevels and numbers are those of the line \`# chkconfig:'`)
    : error(`${missing}, so only its links say when the script starts; without links it is not started`);
}
