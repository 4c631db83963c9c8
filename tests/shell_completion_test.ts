/** What bash, zsh and fish offer, with the names of a running init. */

import assert from "node:assert/strict";
import { join } from "node:path";
import { RunningInit } from "./support/init.ts";
import { NAMESPACES_POSSIBLE } from "./support/namespace.ts";
import { EXECUTABLE, installed } from "./support/programs.ts";
import { Terminal } from "./support/terminal.ts";

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

/** What is offered to tools of SysV and OpenRC, where two scripts and two runlevels are, beside the jobs of init. */
const TOOL_LINES: Array<[line: string, offered: string[]]> = [
  ["service ", ["api", "cron", "sshd", "tty", "typo"]],
  ["service cron re", ["restart", "reload"]],
  ["service --s", ["--status-all"]],
  ["invoke-rc.d s", ["sshd"]],
  ["invoke-rc.d --qu", ["--quiet", "--query"]],
  ["update-rc.d cr", ["cron"]],
  ["update-rc.d cron d", ["defaults", "defaults-disabled", "disable"]],
  ["update-rc.d cron defaults ", []],
  ["chkconfig cron o", ["on", "off"]],
  ["chkconfig --li", ["--list"]],
  ["insserv ss", ["sshd"]],
  ["telinit ", ["0", "1", "2", "3", "4", "5", "6", "S", "q", "u"]],
  ["rc-service ", ["cron", "sshd"]],
  ["rc-service cron z", ["zap"]],
  ["rc-service --ifs", ["--ifstarted", "--ifstopped"]],
  ["rc-update ", ["add", "del", "show"]],
  ["rc-update add c", ["cron"]],
  ["rc-update add cron ", ["boot", "default"]],
  ["rc-update show d", ["default"]],
  ["rc-status b", ["boot"]],
  ["rc-depend ", ["cron", "sshd"]],
  ["openrc d", ["default"]],
  ["rouse sysv service cro", ["cron"]],
  ["rouse openrc rc-status d", ["default"]],
];

Deno.test({
  name: "the tools of SysV and OpenRC have scripts, actions and runlevels, as they are there",
  ignore: !NAMESPACES_POSSIBLE,
  async fn() {
    await using init = await RunningInit.start({ jobs: JOBS });
    const prepare =
      "mount -t tmpfs none /etc; mkdir -p /etc/init.d /etc/runlevels/boot /etc/runlevels/default\n" +
      "for name in cron sshd; do printf '#!/bin/sh\\n' > /etc/init.d/$name; chmod 755 /etc/init.d/$name; done\n";
    const asked = TOOL_LINES.map(([line]) =>
      `'${EXECUTABLE}' complete zsh ${line.split(" ").map((word) => `'${word}'`).join(" ")}; echo .`
    );
    const { stdout, stderr } = await init.run([
      "unshare",
      "--mount",
      "sh",
      "-ec",
      prepare + asked.join("\n"),
    ]);
    assert.equal(stderr, "");
    const answers = stdout.split("\n").map((line) => line.split("\t")[0]!);
    for (const [line, offered] of TOOL_LINES) {
      const found = answers.splice(0, answers.indexOf(".") + 1).slice(0, -1);
      assert.deepEqual(found.sort(), [...offered].sort(), line);
    }
  },
});

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

/** Names and descriptions that would do harm if shells read them as code, or terminals as orders. */
const HOSTILE = {
  "a job $(touch pwned).conf": 'description "red\x1b[31m\tone"\nexec sleep 600\n',
  "back\\slash'`touch pwned`.conf": "exec sleep 600\n",
  "mail@host;touch pwned.conf": "exec sleep 600\n",
  "bell\x07.conf": "exec sleep 600\n",
};

/** An interactive shell with the completion of its kind, in the test's directory. */
const INTERACTIVE: Record<string, string> = {
  bash: `printf '%s\\n' 'PS1="ready "' ". <('${EXECUTABLE}' completion bash)" > rc; exec bash --rcfile rc -i`,
  zsh: `printf '%s\\n' 'PS1="ready "' 'autoload -Uz compinit; compinit -D -u' 'unsetopt beep' \
". <('${EXECUTABLE}' completion zsh)" > .zshrc; ZDOTDIR=$PWD exec zsh -i`,
  fish:
    `exec fish --no-config -C 'function fish_prompt; echo -n "ready "; end; "${EXECUTABLE}" completion fish | source' -i`,
};

for (const [shell, line] of Object.entries(INTERACTIVE)) {
  Deno.test({
    name: `${shell} puts names of jobs in as words, whatever is in them`,
    ignore: !installed(shell) || !installed("script"),
    async fn() {
      await using init = await RunningInit.start({ jobs: HOSTILE });
      for (const [index, typed] of ["a", "back", "mail@h"].entries()) {
        await using terminal = new Terminal(`cd '${init.directory}'; ${line}`, {
          environment: init.environment,
        });
        await terminal.until(/ready /);
        terminal.type(`initctl start ${typed}\t\n`);
        await init.until(["list"], new RegExp(`(?:^[^\n]* start/running[^]*?){${index + 1}}`, "m"));
        terminal.type("exit\n");
        await terminal.ended();
      }
      assert.equal(init.read("pwned"), undefined);
      assert.equal((await init.ask("list")).match(/start\/running/g)!.length, 3);
    },
  });
}

Deno.test("what is not printable is not offered, and is escaped in descriptions", async () => {
  await using init = await RunningInit.start({ jobs: HOSTILE });
  const { stdout } = await init.run([EXECUTABLE, "complete", "zsh", "initctl", "start", ""]);
  assert(!stdout.includes("bell"), stdout);
  assert(/^mail@host;touch pwned\t$/m.test(stdout), stdout);
  // deno-lint-ignore no-control-regex
  assert(!/[\x00-\x08\x0b-\x1f]/.test(stdout), JSON.stringify(stdout));
  assert(stdout.includes("\tred\\e[31m one\n"), stdout);
});

Deno.test("values of options in front of a command are no commands", async () => {
  await using init = await RunningInit.start();
  const offered = async (...words: string[]) =>
    (await init.run([EXECUTABLE, "complete", "zsh", "initctl", ...words])).stdout;
  assert.match(await offered("-H", "web", "sto"), /^stop\t/);
  assert.match(await offered("--host", "web", "-q", "sto"), /^stop\t/);
  assert.equal(await offered("-H", "sto"), "");
  assert.match(await offered("-H", "web", "--js"), /^--json\t/);
});

Deno.test("what an init does not answer within a second is not waited for", async () => {
  await using init = await RunningInit.start();
  init.signal("SIGSTOP");
  const { exit, stdout } = await init.run([EXECUTABLE, "complete", "zsh", "initctl", "start", ""], 20_000);
  assert.deepEqual([exit, stdout], [0, ""]);
});

Deno.test("where no init answers, nothing is offered and nothing is said", async () => {
  await using init = await RunningInit.start();
  const gone = join(init.directory, "nobody");
  const line = `UPSTART_SESSION=unix:path=${gone} '${EXECUTABLE}' complete bash initctl start ''`;
  assert.deepEqual(await init.shell(line), { exit: 0, stdout: "", stderr: "" });
});
