/**
 * Boots a Debian root directory as process 1 of namespaces: `deno task debian-root --help` tells how. docs/sysv.md says how
 * such a root is made, and what was measured.
 */

import { spawnSync } from "node:child_process";
import { realpathSync } from "node:fs";
import { resolve } from "node:path";
import process from "node:process";
import { valueOf } from "../../../lib/model/command_line/options.ts";
import { followCommandLine, onlyArgument, type Tool } from "../../../lib/model/command_line/tool.ts";
import { UsageError } from "../../../lib/model/command_line/usage_error.ts";
import { writeAll } from "../../../lib/sys/io/write_all.ts";
import { IN_A_NETWORK, type InitName } from "./machine.ts";
import { SERVICES } from "./services.ts";

const INITS: readonly InitName[] = ["rouse", "startpar", "sequential"];

const DEBIAN_ROOT: Tool = {
  name: "debian-root",
  arguments: "DIR",
  summary: "Boot the Debian root DIR as process 1 of namespaces, and look whether all is well.",
  help: "Nothing in DIR is changed. Only root can do this.\n\n" +
    "Exit status: 0, 1 when something is not well, 2 for wrong arguments.",
  options: [
    { long: "init", argument: "NAME", help: `process 1: ${INITS.join(", ")}` },
    { long: "times", argument: "NUMBER", help: "measure boots of each init instead, so often, by turns" },
  ],
  run(parsed) {
    const root = realpathSync(onlyArgument(parsed, "directory"));
    const rounds = valueOf(parsed, "times"), init = valueOf(parsed, "init") ?? "rouse";
    if (!isInit(init)) throw new UsageError(`unknown init: ${init}`);
    return rounds === undefined ? child("course", root, init).status ?? 1 : measure(root, Number(rounds));
  },
};

function isInit(name: string): name is InitName {
  return (INITS as readonly string[]).includes(name);
}

/** Does a work of course.ts where a machine's network is. */
function child(work: "course" | "time", root: string, init: InitName) {
  const [program, ...words] = IN_A_NETWORK;
  const course = [
    Deno.execPath(),
    "run",
    "-q",
    "-A",
    "--no-check",
    resolve(import.meta.dirname!, "course.ts"),
  ];
  return spawnSync(program!, [...words, ...course, work, root, init], {
    encoding: "utf8",
    stdio: ["ignore", work === "time" ? "pipe" : "inherit", "inherit"],
  });
}

/** Boots the inits by turns, and prints the medians of the milliseconds until each service serves. */
function measure(root: string, rounds: number): number {
  const times: Record<InitName, Record<string, number>[]> = { rouse: [], startpar: [], sequential: [] };
  for (let round = 0; round < rounds; round++) {
    for (const init of INITS) {
      const { status, stdout } = child("time", root, init);
      if (status !== 0) return 1;
      const boot = JSON.parse(stdout) as Record<string, number>;
      boot["the last one"] = Math.max(...Object.values(boot));
      times[init].push(boot);
      console.error(`${round + 1}/${rounds} ${init}: ${Math.round(boot["the last one"])} ms`);
    }
  }
  console.log(`| service | ${INITS.join(" | ")} |\n| --- |${" ---: |".repeat(INITS.length)}`);
  for (const name of [...Object.keys(SERVICES), "the last one"]) {
    const cells = INITS.map((init) => Math.round(median(times[init].map((boot) => boot[name]!))));
    console.log(`| ${name} | ${cells.join(" | ")} |`);
  }
  return 0;
}

function median(values: number[]): number {
  return values.sort((one, other) => one - other)[values.length >> 1]!;
}

process.exit(await followCommandLine(DEBIAN_ROOT, "deno task debian-root", process.argv.slice(2), writeAll));
