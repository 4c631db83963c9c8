/** Rouse is one executable with many names: this finds the one that is meant, and runs it alone. */

import { basename } from "node:path";
import process from "node:process";
import { VERSION } from "./lib/model/version.ts";
import { AS_PROGRAM } from "./lib/sys/self.ts";

/** A program: takes its arguments and the name it was called by, gives its exit status. */
interface Program {
  main(args: string[], name: string): number | Promise<number>;
}

const init = async () => {
  const { tuneEngine } = await import("./lib/init/tune.ts");
  tuneEngine();
  return await import("./lib/init/init.ts");
};
const initctl = () => import("./lib/cli/initctl.ts");
const check = () => import("./lib/init/check/check.ts");
const reboot = () => import("./lib/cli/system/reboot.ts");

/** The programs that `--install` makes links for. Each is loaded when it is the one called, and not before. */
const PROGRAMS: Record<string, () => Promise<Program>> = {
  halt: reboot,
  init,
  "init-checkconf": check,
  initctl,
  poweroff: reboot,
  reboot,
  reload: initctl,
  restart: initctl,
  runlevel: () => import("./lib/cli/system/runlevel.ts"),
  shutdown: () => import("./lib/cli/system/shutdown.ts"),
  start: initctl,
  status: initctl,
  stop: initctl,
  telinit: () => import("./lib/cli/system/telinit.ts"),
};

/** Called by the first word alone: `rouse NAME …`. */
const WORDS: Record<string, () => Promise<Program>> = {
  "--help": () => Promise.resolve({ main: help }),
  "--version": () => Promise.resolve({ main: version }),
  build: () => import("./lib/cli/build.ts"),
  check,
  convert: () => import("./lib/cli/convert.ts"),
  evaluate: () => import("./lib/author/evaluate.ts"),
  run: init,
  hook: () => import("./lib/author/hook.ts"),
  probe: () => import("./lib/init/http/probe.ts"),
  new: () => import("./lib/cli/new.ts"),
  types: () => import("./lib/cli/types.ts"),
  "--install": async () => {
    const { install } = await import("./lib/cli/install.ts");
    return { main: (args) => install(args, Object.keys(PROGRAMS)) };
  },
};

function help(): number {
  process.stdout.write(
    `Usage: rouse PROGRAM [ARGUMENT]...\n` +
      `   or: PROGRAM [ARGUMENT]...          through a link of that name\n` +
      `   or: rouse run [--] COMMAND [ARGUMENT]...    as a container's entrypoint\n` +
      `   or: rouse --install [-s] DIR       hard (-s: symbolic) links in DIR for all programs\n` +
      `   or: rouse build --jobs DIR -o FILE    an executable like this one with jobs inside\n` +
      `   or: rouse check FILE|DIR...        what is wrong with job files\n` +
      `   or: rouse convert [-o FILE|DIR] FILE|DIR...   classic job files as TypeScript, or back\n` +
      `   or: rouse new [OPTION]... NAME     a new job, with comments\n` +
      `   or: rouse types DIR                completion for the jobs in DIR, in any editor\n` +
      `   or: rouse probe ADDRESS [PATH]     ask an init that runs with --http\n` +
      `   or: rouse --version\n\n` +
      `Programs:\n  ${Object.keys(PROGRAMS).sort().join(" ")}\n\n` +
      `For help on a program, try \`rouse PROGRAM --help'.\n`,
  );
  return 0;
}

function version(): number {
  process.stdout.write(`rouse ${VERSION}\n`);
  return 0;
}

function unknown(word: string | undefined): number {
  const what = word === undefined
    ? "missing program"
    : word.startsWith("-")
    ? `invalid option: ${word}`
    : `unknown program: ${word}`;
  process.stderr.write(`rouse: ${what}\nTry \`rouse --help' for more information.\n`);
  return 2;
}

/** The program of a table, never something that all objects inherit. */
function lookUp(table: typeof PROGRAMS, name: string): (() => Promise<Program>) | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

async function run(): Promise<number> {
  const args = process.argv.slice(2);
  // A login shell's or the kernel's argv[0] may begin with a dash.
  const called = basename(process.argv0).replace(/^-/, "");
  const linked = args[0] === AS_PROGRAM ? void args.shift() : lookUp(PROGRAMS, called);
  if (linked) return (await linked()).main(args, called);
  if (args.length === 0 && process.pid === 1) args.push("init");
  const [word, ...rest] = args;
  const found = lookUp(PROGRAMS, word ?? "") ?? lookUp(WORDS, word ?? "");
  if (!word || !found) return unknown(word);
  return (await found()).main(rest, word);
}

run().then((status) => process.exitCode = status, (error) => {
  process.stderr.write(`rouse: ${error instanceof Error ? error.stack ?? error.message : error}\n`);
  process.exitCode = 1;
});
