/** The programs under test: links to the compiled executable, or a folder that ROUSE_PROGRAMS names. */

import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import process from "node:process";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";

/** The compiled executable. */
export const EXECUTABLE = resolve(import.meta.dirname!, "../../dist/rouse");

let links: string | undefined;
const scripts = new Map<string, string>();

/** A folder that holds init, initctl, start, stop and so on. It goes when the tests end. */
export function programs(): string {
  return process.env["ROUSE_PROGRAMS"] ?? (links ??= install());
}

/** The names of which SysV has a program, too: a link would mean the system that this machine is set up for. */
const SHARED = ["halt", "poweroff", "reboot", "runlevel", "shutdown", "telinit"];

/** Links; in place of those of a shared name, scripts that call Upstart's program outright. */
function install(): string {
  const directory = TemporaryDirectory.ofFile().path;
  execFileSync(EXECUTABLE, ["--install", "-s", directory], { stdio: ["ignore", "ignore", "inherit"] });
  // Any user's shell is to read the scripts.
  chmodSync(directory, 0o755);
  for (const name of SHARED) {
    rmSync(join(directory, name));
    writeFileSync(join(directory, name), `#!/bin/sh\nexec '${EXECUTABLE}' upstart ${name} "$@"\n`, {
      mode: 0o755,
    });
  }
  return directory;
}

/** A folder that holds the same programs, those of these names (or all) run from the sources by Deno. */
export function sourcePrograms(...names: string[]): string {
  const key = names.join(" ");
  const directory = scripts.get(key) ?? writeScripts(names);
  scripts.set(key, directory);
  return directory;
}

function writeScripts(names: string[]): string {
  const directory = TemporaryDirectory.ofFile().path;
  writeFileSync(join(directory, "source"), sourceScript(), { mode: 0o755 });
  for (const name of readdirSync(programs())) {
    const isSource = names.length === 0 || names.includes(name);
    symlinkSync(isSource ? "source" : join(programs(), name), join(directory, name));
  }
  return directory;
}

/**
 * The script that runs the program of its own name. It leaves the environment alone, which a session's init hands on to
 * its jobs, so what Deno has compiled already is found by a link in the test's own cache directory.
 */
function sourceScript(): string {
  const info = execFileSync(Deno.execPath(), ["info", "--json"], { encoding: "utf8" });
  const { denoDir } = JSON.parse(info) as { denoDir: string };
  const main = resolve(import.meta.dirname!, "../../main.ts");
  return `#!/bin/sh
unset PWD
cache=$XDG_CACHE_HOME/deno
[ "$cache" = /deno ] || [ -e "$cache" ] || ln -s '${denoDir}' "$cache" 2>/dev/null
set -- "\${0##*/}" "$@"
case $1 in ${SHARED.join("|")}) set -- upstart "$@" ;; esac
exec '${Deno.execPath()}' run --quiet --no-check --allow-all '${main}' "$@"
`;
}

/** Who runs the tests, as messages name them. */
export const OWN_NAME = Deno.uid() === 0 ? "root" : `user ${Deno.uid()}`;

/** True when a program of that name can be found in PATH. */
export function installed(program: string): boolean {
  return (process.env["PATH"] ?? "").split(":").some((folder) => existsSync(join(folder, program)));
}

/** The programs, run as an ordinary user, to whom init's directories are given. */
export function unprivilegedPrograms(): TemporaryDirectory {
  const folder = new TemporaryDirectory({ mode: 0o755 });
  const program = (name: string, first: string) => {
    const command = `exec setpriv --reuid=12345 --regid=12345 --clear-groups ${join(programs(), name)} "$@"`;
    folder.write(name, `#!/bin/sh\n${first}${command}\n`, 0o755);
  };
  program("init", 'chown -R 12345:12345 "$XDG_RUNTIME_DIR/.."\n');
  program("initctl", "");
  return folder;
}
