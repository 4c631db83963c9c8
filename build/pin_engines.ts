/**
 * Writes engines.json: has npm(1) fetch the packages of the engine, makes sure that each has the checksum in deno.lock, and
 * takes the checksum of the program in it. `deno task pin-engines --help` tells how.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Tool } from "../lib/model/command_line/tool.ts";
import { enginePackages, PROGRAM } from "./engine.ts";
import { demandNoArguments, runTask } from "./task.ts";

const ROOT = resolve(import.meta.dirname!, "..");

/** The part of deno.lock that is read here. */
interface Lock {
  specifiers: Record<string, string>;
  npm: Record<string, { integrity: string }>;
}

const hashOf = (bytes: Uint8Array, algorithm: string, encoding: "hex" | "base64") =>
  createHash(algorithm).update(bytes).digest(encoding);

function pinEngines(): void {
  const lock: Lock = JSON.parse(readFileSync(join(ROOT, "deno.lock"), "utf8"));
  const [, version] = Object.entries(lock.specifiers).find(([name]) => name.startsWith("npm:bun@"))!;
  const directory = mkdtempSync(join(tmpdir(), "rouse-engines-"));
  try {
    const sha256 = ["arm64", "x64"].flatMap((arch) => enginePackages("linux", arch)).map((name) => {
      const [file] = JSON.parse(
        execFileSync("npm", ["pack", "--json", `${name}@${version}`], { cwd: directory, encoding: "utf8" }),
      ) as [{ filename: string }];
      const tarball = join(directory, file.filename), wanted = lock.npm[`${name}@${version}`]?.integrity;
      const found = `sha512-${hashOf(readFileSync(tarball), "sha512", "base64")}`;
      if (found !== wanted) throw new Error(`${name}@${version} is ${found}, and deno.lock says ${wanted}`);
      const program = execFileSync("tar", ["-xzOf", tarball, `package/${PROGRAM}`], { maxBuffer: 1 << 30 });
      return [name, hashOf(program, "sha256", "hex")];
    });
    const engines = { version, sha256: Object.fromEntries(sha256) };
    writeFileSync(join(ROOT, "build/engines.json"), `${JSON.stringify(engines, null, 2)}\n`);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

const TASK: Tool = {
  name: "pin-engines",
  summary: "Note the checksums of the engine for all machines in build/engines.json.",
  help:
    "This is done after a change of the engine's version. npm(1) fetches its packages, so the registry is needed, and " +
    "tar(1).\n\nExit status: 0, 1 when a package cannot be had or is not that of deno.lock, 2 for wrong arguments.",
  options: [],
  run(parsed) {
    demandNoArguments(parsed);
    pinEngines();
    return 0;
  },
};

if (import.meta.main) await runTask(TASK);
