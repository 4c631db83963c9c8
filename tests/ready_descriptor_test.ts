/** The descriptor of `--ready-fd`, and other descriptors that init is started with. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { inDirectory } from "../lib/sys/testing/directory.ts";
import { run } from "./support/command.ts";
import { APART } from "./support/container.ts";
import { within } from "./support/deadline.ts";
import { EXECUTABLE } from "./support/programs.ts";

const PATH = "/usr/sbin:/usr/bin:/sbin:/bin";

/** What init writes to a descriptor until it closes it, while it runs. */
async function readyText(descriptor: number, option: string[], directory: string): Promise<string> {
  const words = ["init", "--user", "--no-log", "--no-startup-event", "--confdir", directory, ...option];
  const child = spawn("bash", ["-c", `exec "$@" ${descriptor}>&1 1>&2`, "bash", EXECUTABLE, ...words], {
    env: { PATH, XDG_RUNTIME_DIR: directory },
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    let text = "";
    child.stdout.on("data", (chunk) => text += chunk);
    await within("the end of the descriptor", once(child.stdout, "end"));
    assert.equal(child.exitCode, null, "init runs on");
    return text;
  } finally {
    child.kill();
  }
}

for (const descriptor of [3, 4, 5, 7, 9, 20]) {
  Deno.test(
    `--ready-fd=${descriptor}: init writes its address there when it is ready`,
    inDirectory(async (directory) => {
      const text = await readyText(descriptor, [`--ready-fd=${descriptor}`], directory);
      assert.match(text, /^unix:abstract=\S+\n$/);
    }),
  );
}

Deno.test(
  "the number may be a word of its own",
  inDirectory(async (directory) => {
    assert.match(await readyText(6, ["--ready-fd", "6"], directory), /^unix:abstract=\S+\n$/);
  }),
);

/** Runs a command by `run`, from a shell that does something first. */
function runCommand(directory: string, first: string, ...words: string[]) {
  const script = `${first}; exec "$@"`;
  const own = ["run", "--no-log", "--confdir", directory];
  return run([...APART, "bash", "-c", script, "bash", EXECUTABLE, ...own, ...words], {
    directory: "/",
    environment: { PATH },
  });
}

for (const descriptor of [3, 4, 5, 6, 8, 30]) {
  Deno.test(
    `--ready-fd=${descriptor} without such a descriptor harms nothing`,
    inDirectory(async (directory) => {
      // A timer, a child and an answer: all that the runtime's own descriptors are for.
      const command = ["sh", "-c", "sleep 0.1; echo done"];
      const close = `exec ${descriptor}>&-`;
      const result = await runCommand(directory, close, `--ready-fd=${descriptor}`, "--", ...command);
      assert.equal(result.stdout, "done\n");
      assert.equal(result.exit, 0);
      assert(result.stderr.includes(`Ignoring --ready-fd: descriptor ${descriptor} is not open\n`));
    }),
  );
}

Deno.test(
  "neither init nor its command keeps other descriptors that init was started with",
  inDirectory(async (directory) => {
    const file = join(directory, "other");
    const first = [3, 4, 6, 9, 20].map((descriptor) => `exec ${descriptor}>${file}`).join("; ");
    const list = "ls -l /proc/self/fd /proc/$PPID/fd";
    const { stdout, exit } = await runCommand(directory, first, "--", "sh", "-c", list);
    assert.equal(exit, 0);
    assert.match(stdout, /1 -> /);
    assert(!stdout.includes(file), stdout);
  }),
);
