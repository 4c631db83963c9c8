/** `rouse sysv WORD …`: SysV's programs by name, and tools for init scripts. */

import { usageMessage } from "../../model/command_line/usage_error.ts";
import { write } from "../output.ts";

interface Program {
  main(args: string[], name: string): number | Promise<number>;
}

/** A word, what it calls, and its line of the help. */
const WORDS: Record<string, { load: () => Promise<Program>; help: string }> = {
  order: {
    load: () => import("./order.ts"),
    help: "order [OPTION]...          the order in which scripts start and stop",
  },
  explain: {
    load: () => import("./explain.ts"),
    help: "explain SCRIPT [OTHER]     why a script waits: headers, with file and line",
  },
  lint: {
    load: () => import("./lint.ts"),
    help: "lint [FILE]...             what is wrong with headers",
  },
  insserv: {
    load: () => import("./insserv.ts"),
    help: "insserv [OPTION]...        enable scripts, and number their links",
  },
  rc: {
    load: () => import("./rc.ts"),
    help: "rc [OPTION]... RUNLEVEL    run the scripts of a runlevel",
  },
  rcS: {
    load: () => import("./rc.ts"),
    help: "rcS                        run the scripts of the boot",
  },
};

/** Runs a program. Returns its exit status; 2 when there is none of that name. */
export async function main(args: string[]): Promise<number> {
  const [word = "", ...rest] = args;
  if (Object.hasOwn(WORDS, word)) return (await WORDS[word]!.load()).main(rest, word);
  if (word === "--help" || word === "-h") {
    const lines = Object.values(WORDS).map(({ help }, index) =>
      `${index === 0 ? "Usage:" : "   or:"} rouse sysv ${help}\n`
    );
    write(1, `${lines.join("")}\nFor help on one of them, try \`rouse sysv WORD --help'.\n`);
    return 0;
  }
  write(2, usageMessage("rouse sysv", word === "" ? "missing program" : `unknown program: ${word}`));
  return 2;
}
