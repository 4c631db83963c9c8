/** What the linter finds, and what its rules are. */

import type { Facilities } from "../facilities.ts";
import type { InitHeader } from "../header.ts";

/** Something that is wrong with a script. */
export interface HeaderFinding {
  line?: number;
  reason: string;
  /** True where insserv takes the script nevertheless, as it is meant. */
  isWarning: boolean;
}

/** What is known of where a script lies. */
export interface LintSurroundings {
  facilities: Facilities;
  /** It is one of the machine's own. Of another it is not known what lies beside it in the end. */
  isInstalled: boolean;
  /** True where some script provides this name. */
  isProvided(name: string): boolean;
}

/** What is known of a script. */
export interface LintedScript extends LintSurroundings {
  name: string;
  text: string;
  header: InitHeader;
}

/** A rule: gives what it finds wrong. */
export type Rule = (script: LintedScript) => HeaderFinding[];

/** A finding that insserv, or the kernel, ends at. */
export function error(reason: string, line?: number): HeaderFinding {
  return { reason, isWarning: false, ...line !== undefined && { line } };
}

/** Any other finding. */
export function warning(reason: string, line?: number): HeaderFinding {
  return { ...error(reason, line), isWarning: true };
}
