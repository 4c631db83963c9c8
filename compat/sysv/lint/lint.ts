/** The linter of init scripts: what insserv's, Debian's and openSUSE's rules find wrong. */

import type { Facilities } from "../facilities.ts";
import { parseHeader } from "../header.ts";
import { BODY_RULES } from "./body_rules.ts";
import { error, type HeaderFinding } from "./finding.ts";
import { HEADER_RULES } from "./header_rules.ts";

/** What is wrong with a script. */
export function lintScript(name: string, text: string, facilities: Facilities): HeaderFinding[] {
  const header = parseHeader(text);
  if (!header) return [error("no header: `### BEGIN INIT INFO' is missing, so the script is not started")];
  return [...HEADER_RULES, ...BODY_RULES].flatMap((rule) => rule({ name, text, header, facilities }));
}
