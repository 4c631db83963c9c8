/** The shells of scripts: the system's own, and bash for what only bash understands. */

import { existsSync } from "node:fs";
import { isBashScript } from "../../../compat/openrc/mod.ts";
import { readSource } from "../files.ts";

/** The system's own shell. */
export const SH = "/bin/sh";

/** The path of bash; undefined where it is not there. */
export function bashPath(): string | undefined {
  return ["/bin/bash", "/usr/bin/bash"].find((path) => existsSync(path));
}

/**
 * The shell for a script and its settings.
 * @param text The script
 * @param settings The files that the shell reads before it
 */
export function shellFor(text: string, settings: readonly string[]): string {
  const isBash = isBashScript(text) || settings.some((path) => {
    const state = readSource(path);
    return state.state === "regular" && isBashScript(state.text);
  });
  return isBash ? bashPath() ?? SH : SH;
}
