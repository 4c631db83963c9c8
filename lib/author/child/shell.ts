/** The `$` of hook functions: zx, loaded when it is first used. */

import { spawn, type SpawnOptions } from "node:child_process";
import { createRequire } from "node:module";
import process from "node:process";
import type * as Zx from "zx/core";
import { userFrames } from "./source_location.ts";

/** Defined in a bundle. There, only this loads a bundled module late and synchronously. */
declare const require: ((name: string) => unknown) | undefined;

let loaded: typeof Zx | undefined;

/** zx's `$`, configured for jobs: it runs `/bin/sh -e` in the process's environment, without echo and terminal. */
export function shell(): Zx.Shell {
  loaded ??= load();
  return loaded.$;
}

/** True for the error that `$` throws when a command fails. */
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
  zx.$.spawn = spawnHere;
  // zx looks for the caller at the line of the stack trace where it is in Node.
  zx.Fail.getCallerLocation = () =>
    userFrames(new Error().stack ?? "")[0]?.replace(/^\s*at /, "") ?? "unknown";
  return zx;
}

/**
 * Spawns without changing to the current directory, which zx names by default. Changing to it would fail where the
 * function's user may not enter it.
 */
const spawnHere =
  ((command: string, args: string[], { cwd, ...options }: SpawnOptions) =>
    spawn(command, args, cwd === process.cwd() ? options : { cwd, ...options })) as typeof spawn;

/** Quotes an argument for any POSIX shell. zx's own quoting is for bash. */
function quote(argument: string): string {
  return /^[\w./:=@%+,-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}
