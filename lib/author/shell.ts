/** The `$` of hook functions: zx, loaded when it is first used. */

import { createRequire } from "node:module";
import type * as Zx from "zx/core";
import { userFrames } from "./place.ts";

/** There in a Bun bundle, where it alone loads a bundled module late and at once. */
declare const require: ((name: string) => unknown) | undefined;

let loaded: typeof Zx | undefined;

/** zx's `$`, set up for jobs: `/bin/sh -e`, the process's environment, no echo, no terminal. */
export function shell(): Zx.Shell {
  loaded ??= load();
  return loaded.$;
}

/** True for what `$` throws when a command fails. */
export function isCommandFailure(error: Error): boolean {
  return loaded !== undefined && error instanceof loaded.ProcessOutput;
}

function load(): typeof Zx {
  const zx =
    (typeof require === "function" ? require("zx/core") : createRequire(import.meta.url)("zx/core")) as
      & typeof Zx
      & { Fail: { getCallerLocation(): string } };
  zx.$.shell = "/bin/sh";
  zx.$.prefix = "set -e;";
  zx.$.quote = quote;
  // zx looks for the caller in the stack where it would stand in Node.
  zx.Fail.getCallerLocation = () =>
    userFrames(new Error().stack ?? "")[0]?.replace(/^\s*at /, "") ?? "unknown";
  return zx;
}

/** An argument as every POSIX shell reads it; zx's own way is bash's. */
function quote(argument: string): string {
  return /^[\w./:=@%+,-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
