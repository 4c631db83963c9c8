/** `rouse sysv WORD …`: tools for init scripts. */

import { usageMessage } from "../../model/command_line/usage_error.ts";
import { write } from "../output.ts";

interface Program {
  main(args: string[]): number | Promise<number>;
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
};

/**
 * Runs a tool. Returns its exit status; 2 when there is none of that name.
 * @param programs SysV's programs, for the help
 */
export async function main([word = "", ...rest]: string[], programs: string[]): Promise<number> {
  if (Object.hasOwn(WORDS, word)) return (await WORDS[word]!.load()).main(rest);
  if (word === "--help" || word === "-h") {
    const lines = Object.values(WORDS).map(({ help }, index) =>
      `${index === 0 ? "Usage:" : "   or:"} rouse sysv ${help}\n`
    );
    const program = `   or: rouse sysv PROGRAM [ARGUMENT]...  one of ${programs.sort().join(" ")}\n`;
    write(1, `${lines.join("")}${program}\nFor help on one of them, try \`rouse sysv WORD --help'.\n`);
    return 0;
  }
  write(2, usageMessage("rouse sysv", word === "" ? "missing program" : `unknown program: ${word}`));
  return 2;
}
