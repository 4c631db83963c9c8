/** `rouse sysv lint`: what is wrong with the headers of init scripts. */

import { basename, dirname, resolve } from "node:path";
import { lintScript, parseHeader, words } from "../../../compat/sysv/mod.ts";
import { readSource } from "../../config/files.ts";
import { formatDiagnostic } from "../../formats/diagnostic.ts";
import type { ParsedOptions } from "../../model/command_line/options.ts";
import type { Tool } from "../../model/command_line/tool.ts";
import { write } from "../output.ts";
import { complain, runTool } from "../tool.ts";
import { PLACE_OPTIONS, scriptsOf } from "./machine.ts";
import { mayRun, readFacilities, type Scripts } from "../../config/sysv/scripts.ts";
import { surveyAll } from "./survey.ts";

const TOOL: Tool = {
  name: "sysv lint",
  arguments: "[FILE]...",
  summary: "Check the headers of init scripts: of these files, or of all that are there.",
  help: "The rules are those of insserv, of Debian's lintian and of openSUSE.\n\n" +
    "Exit status: 0, 1 when something is wrong that no warning is enough for, 2 for wrong arguments.",
  options: PLACE_OPTIONS,
  run,
};

/** The program `lint`. Gives its exit status. */
export function main(args: string[]): Promise<number> {
  return runTool(TOOL, args);
}

function run(parsed: ParsedOptions): number {
  const scripts = scriptsOf(parsed);
  const facilities = readFacilities(scripts.places.config, () => {});
  const files = parsed.args.length > 0
    ? parsed.args
    : scripts.names().filter((name) => isScript(scripts, name)).sort().map((name) => scripts.path(name));
  const { catalog } = surveyAll(scripts, facilities, () => {});
  const sources = files.map((file) => ({ file, found: readSource(file) }));
  const provided = new Set(
    sources.flatMap(({ found }) =>
      found.state === "regular" ? words(parseHeader(found.text), "Provides") : []
    ),
  );
  let isWrong = false;
  for (const { file, found } of sources) {
    if (found.state !== "regular") {
      complain(`Unable to check ${file}: ${"reason" in found ? found.reason : "Not a regular file"}`);
      isWrong = true;
      continue;
    }
    const findings = lintScript(basename(file), found.text, {
      facilities,
      isInstalled: dirname(resolve(file)) === resolve(scripts.places.scripts),
      isProvided: (name) => provided.has(name) || catalog.provider(name) !== undefined,
    });
    if (!mayRun(found.status)) {
      findings.push({ reason: "not executable: it is passed over at boot", isWarning: true });
    }
    for (const { reason, line, isWarning } of findings) {
      isWrong ||= !isWarning;
      const told = isWarning ? `warning: ${reason}` : reason;
      write(1, `${formatDiagnostic({ file, reason: told, ...line !== undefined && { line } })}\n`);
    }
  }
  return isWrong ? 1 : 0;
}

/** False for a second name of a script, and for a file without a header that nobody may run, such as Red Hat's `functions`. */
function isScript(scripts: Scripts, name: string): boolean {
  if (scripts.isAlias(name)) return false;
  const { header, isExecutable, problem } = scripts.read(name);
  return header !== undefined || isExecutable || problem !== undefined;
}
