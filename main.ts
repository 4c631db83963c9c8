/** Rouse is one executable with many names: this finds the one that is meant, and runs it alone. */

import process from "node:process";
import { VERSION } from "./lib/model/version.ts";
import { compileSoon } from "./lib/sys/runtime.ts";
import { AS_PROGRAM } from "./lib/sys/self.ts";

/** A program: takes its arguments and the name it was called by, gives its exit status. */
interface Program {
  main(args: string[], name: string): number | Promise<number>;
}

/** Programs are loaded when they are called. */
type Load = () => Promise<Program>;

const init = async () => {
  const { tuneEngine } = await import("./lib/init/tune.ts");
  tuneEngine();
  return await import("./lib/init/init.ts");
};
const initctl = () => import("./lib/cli/initctl.ts");
const check = () => import("./lib/init/check/check.ts");
const reboot = () => import("./lib/cli/system/reboot.ts");
const runlevel = () => import("./lib/cli/system/runlevel.ts");
const telinit = () => import("./lib/cli/system/telinit.ts");

/** What is over in a moment, so that compiling it would not pay. */
const BRIEF: Load[] = [initctl, reboot, runlevel, telinit];

/** The programs that `--install` makes links for. */
const PROGRAMS: Record<string, Load> = {
  halt: reboot,
  init,
  "init-checkconf": check,
  initctl,
  poweroff: reboot,
  reboot,
  reload: initctl,
  restart: initctl,
  runlevel,
  shutdown: () => import("./lib/cli/system/shutdown.ts"),
  start: initctl,
  status: initctl,
  stop: initctl,
  telinit,
};

/** Called by the first word alone: `rouse NAME …`. */
const WORDS: Record<string, Load> = {
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

function help(): Promise<number> {
  return print(
    1,
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
}

function version(): Promise<number> {
  return print(1, `rouse ${VERSION}\n`);
}

async function unknown(word: string | undefined): Promise<number> {
  const what = word === undefined
    ? "missing program"
    : word.startsWith("-")
    ? `invalid option: ${word}`
    : `unknown program: ${word}`;
  await print(2, `rouse: ${what}\nTry \`rouse --help' for more information.\n`);
  return 2;
}

async function print(descriptor: 1 | 2, text: string): Promise<number> {
  const { write } = await import("./lib/cli/output.ts");
  write(descriptor, text);
  return 0;
}

/** The program of a table, never something that all objects inherit. */
function lookUp(table: typeof PROGRAMS, name: string): Load | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function run(): Promise<number> {
  const args = process.argv.slice(2);
  // A login shell's or the kernel's argv[0] may begin with a dash.
  const file = process.argv0.slice(process.argv0.lastIndexOf("/") + 1);
  const called = file.startsWith("-") ? file.slice(1) : file;
  const linked = args[0] === AS_PROGRAM ? void args.shift() : lookUp(PROGRAMS, called);
  if (linked) return start(linked, args, called);
  if (args.length === 0 && process.pid === 1) args.push("init");
  const [word, ...rest] = args;
  const found = lookUp(PROGRAMS, word ?? "") ?? lookUp(WORDS, word ?? "");
  if (!word || !found) return unknown(word);
  return start(found, rest, word);
}

async function start(load: Load, args: string[], name: string): Promise<number> {
  const program = await load();
  if (!BRIEF.includes(load)) compileSoon();
  return program.main(args, name);
}

run().then((status) => process.exitCode = status, (error) => {
  process.stderr.write(`rouse: ${error instanceof Error ? error.stack ?? error.message : error}\n`);
  process.exitCode = 1;
});
