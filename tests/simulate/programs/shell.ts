/** A shell that knows little: commands one after another, `exec`, `sleep`, `exit`, `false`, and files as commands. */

import { Buffer } from "node:buffer";
import type { System } from "./system.ts";

/** The program. Its script is what `-c` gives, or a file such as /proc/self/fd/9. */
export async function shell(system: System): Promise<number> {
  const { argv } = system, dash = argv.indexOf("-c");
  const text = dash > 0
    ? argv[dash + 1]!
    : await scriptOf(system, argv.find((word, at) => at > 0 && !word.startsWith("-")) ?? "");
  let status = 0;
  for (const line of text.split(/\n|;|&&/)) {
    const words = line.trim().split(/\s+/).filter(Boolean).map((word) => expand(system, word));
    if (words.length === 0 || words[0]!.startsWith("#")) continue;
    status = await run(system, words);
    if (status !== 0) return status;
  }
  return status;
}

async function scriptOf(system: System, path: string): Promise<string> {
  const [, given] = /^\/proc\/self\/fd\/(\d+)$/.exec(path) ?? [];
  const fd = given === undefined ? system.open(path) : Number(given);
  return fd < 0 ? "" : Buffer.from(await system.readAll(fd)).toString();
}

/** What is quoted is one word only where it has no blanks. */
function expand(system: System, word: string): string {
  return word.replace(/^["']|["']$/g, "").replace(/\$\{?(\w+)\}?/g, (_, name) => system.variable(name) ?? "");
}

async function run(system: System, words: string[]): Promise<number> {
  const [command = "", argument = ""] = words;
  switch (command) {
    case "exit":
      return system.quit(Number(argument) || 0);
    case "false":
      return 1;
    case "true":
      return 0;
    case "sleep":
      await system.sleep(Number(argument) * 1000);
      return 0;
    case "exec":
      if (words[1]?.includes("<&")) {
        system.process.close(parseInt(words[1]));
        return 0;
      }
      if (!system.execute(words.slice(1))) return system.quit(127);
      return await system.forever();
  }
  const child = system.fork((inner) => {
    if (!inner.execute(words)) return Promise.resolve(127);
    return inner.forever();
  });
  return await system.wait(child);
}
