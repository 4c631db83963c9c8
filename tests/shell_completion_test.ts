/** What bash, zsh and fish offer, with the names of a running init. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { RunningInit } from "./support/init.ts";
import { EXECUTABLE, installed } from "./support/programs.ts";

const JOBS = {
  "api.conf": 'description "the shop: its API"\nstart on rain\nexec sleep 600\n',
  "tty.conf": "instance $N\nexec sleep 600\n",
  "typo.conf": "exce sleep 600\n",
};

/** Command lines up to the cursor, and what is offered among others. */
const LINES: Array<[words: string[], offered: string[], not?: string[]]> = [
  [["initctl", "st"], ["start", "status", "stop"], ["list"]],
  [["initctl", "start", ""], ["api", "tty", "typo"], ["start"]],
  [["stop", "a"], ["api"], ["tty"]],
  [["initctl", "-q", "status", "tty", ""], ["N=1", "N=2"]],
  [["initctl", "emit", "ra"], ["rain"]],
  [["initctl", "what-if", "emit", "ra"], ["rain"]],
  [["initctl", "list", "--so"], ["--sort="]],
  [["initctl", "ps", "--fa"], ["--failed"]],
  [["rouse", "initctl", "list", "--state", "fai"], ["failed"]],
  [["rouse", "comp"], ["completion"], ["complete"]],
  [["rouse", "man", "rouse-"], ["rouse-jobs.5", "rouse-testing.7"]],
];

/** How a shell tells what it offers: a script, to which words are given, and that prints a word a line. */
const SHELLS: Record<string, (words: string[]) => string[]> = {
  bash: (words) => [
    "bash",
    "--norc",
    "-c",
    `. <('${EXECUTABLE}' completion bash)
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_rouse
printf '%s\\n' "\${COMPREPLY[@]}"`,
    "bash",
    ...words,
  ],
  // zsh completes on terminals alone. Its functions that show what is found are replaced.
  zsh: (words) => [
    "zsh",
    "-f",
    "-c",
    `compdef() { :; }
_describe() { for each in "\${(@P)2}"; do print -r -- "\${each%%:*}"; done; }
_files() { :; }
. <('${EXECUTABLE}' completion zsh)
words=("$@") CURRENT=$#
_rouse`,
    "zsh",
    ...words,
  ],
  fish: (words) => [
    "fish",
    "--no-config",
    "-c",
    `'${EXECUTABLE}' completion fish | source
complete -C (string join ' ' -- $argv) | string split -f 1 \\t`,
    ...words,
  ],
};

for (const [shell, command] of Object.entries(SHELLS)) {
  Deno.test({
    name: `${shell} completes commands, options, and the names of jobs, instances and events`,
    ignore: !installed(shell),
    async fn() {
      await using init = await RunningInit.start({ jobs: JOBS });
      await init.shell("start tty N=1; start tty N=2");
      for (const [words, offered, not = []] of LINES) {
        const { stdout, stderr } = await init.run(command(words));
        const found = stdout.split("\n");
        assert.equal(stderr, "", words.join(" "));
        for (const word of offered) assert(found.includes(word), `${shell}: ${words.join(" ")}: ${stdout}`);
        for (const word of not) assert(!found.includes(word), `${shell}: ${words.join(" ")}: ${stdout}`);
      }
    },
  });
}

Deno.test("bash gives words at = apart, and only what is behind it is put in", async () => {
  await using init = await RunningInit.start();
  const { stdout } = await init.run([
    EXECUTABLE,
    "complete",
    "bash",
    "initctl",
    "list",
    "--color",
    "=",
    "al",
  ]);
  assert.equal(stdout, "always\t\n");
});

Deno.test("where no init answers, nothing is offered and nothing is said", async () => {
  await using init = await RunningInit.start();
  const gone = join(init.directory, "nobody");
  const line = `UPSTART_SESSION=unix:path=${gone} '${EXECUTABLE}' complete bash initctl start ''`;
  assert.deepEqual(await init.shell(line), { exit: 0, stdout: "", stderr: "" });
});
