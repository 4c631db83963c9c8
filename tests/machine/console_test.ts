/** The driver of a serial console: against a terminal on which a script plays the machine, and against streams. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { PassThrough } from "node:stream";
import { Console } from "./console.ts";

/** How long is waited for what comes at once, in ms. */
const PATIENCE = 40_000;

/** A machine's part, in shell: a getty, login, and a shell with a prompt of its own; words of the kernel in between. */
const PLAYED = `
printf '[    1.234567] random: crng init done\\r\\n'
printf '\\nDebian GNU/Linux 12 machine ttyS0\\n\\nmachine login: '
read -r user
stty -echo
printf 'Password: '
read -r password
stty echo
printf '\\n'
if [ "$user/$password" != root/rouse ]; then
  printf 'Login incorrect\\n'
  exit 1
fi
printf 'Last login: today\\n'
printf '\\033[?2004h\\033[01;32mroot@machine\\033[00m:~# '
read -r line
PS1='# ' exec \${line#exec } -i
`;

/** Runs a line of shell on a terminal of its own, and a console on it. */
async function onTerminal(line: string, play: (console: Console) => Promise<void>): Promise<void> {
  const script = spawn("script", ["-qec", line, "/dev/null"], {
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", SHELL: "/bin/sh", TERM: "vt100" },
    cwd: "/",
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => script.on("close", resolve));
  try {
    await play(new Console(script.stdout!, script.stdin!));
  } finally {
    script.kill("SIGKILL");
    await ended;
  }
}

/** A console on streams. */
function onStreams(): { console: Console; output: PassThrough; input: PassThrough } {
  const output = new PassThrough(), input = new PassThrough();
  return { console: new Console(output, input), output, input };
}

Deno.test("it logs in, and runs commands of the shell there", async () => {
  await onTerminal(PLAYED, async (console) => {
    await console.loginPrompt(PATIENCE);
    await console.logIn("root", "rouse", PATIENCE);
    assert.deepEqual(await console.run("echo one; echo two >&2", PATIENCE), { exit: 0, told: "one\ntwo" });
    assert.deepEqual(await console.run("sh -c 'exit 7'", PATIENCE), { exit: 7, told: "" });
    assert.deepEqual(await console.run("printf 'no newline'", PATIENCE), { exit: 0, told: "no newline" });
    assert.deepEqual(await console.run(`printf '\\033[31mred\\033[0m'`, PATIENCE), { exit: 0, told: "red" });
    assert.match(console.shown, /crng init done\n\nDebian/);
    assert.doesNotMatch(console.shown, /rouse/, "passwords are not shown");
  });
});

Deno.test("it says that a password was refused", async () => {
  await onTerminal(PLAYED, async (console) => {
    await console.loginPrompt(PATIENCE);
    await assert.rejects(
      console.logIn("root", "wrong", PATIENCE),
      /^Error: The password was refused$/,
    );
  });
});

Deno.test("a panic of the kernel ends all waiting, and is told", async () => {
  const { console, output } = onStreams();
  const waiting = console.expect("the prompt for a login", /login: /, PATIENCE);
  output.write("[ 2.0] Kernel panic - not syncing: Attempted to kill init!\r\nlogin: ");
  await assert.rejects(
    waiting,
    /Kernel panic - not syncing: Attempted to kill init!, before the prompt for a login/,
  );
});

Deno.test("the end of the machine ends all waiting, but not before what it has shown is looked at", async () => {
  const { console, output } = onStreams();
  output.end("Power down");
  await console.expect("the end", /Power down/, PATIENCE);
  await assert.rejects(
    console.expect("a prompt", /login: /, PATIENCE),
    /The machine was off before a prompt/,
  );
});

Deno.test("what does not come is named", async () => {
  const { console } = onStreams();
  await assert.rejects(console.expect("a prompt", /login: /, 1), /Gave up after 1 ms waiting for a prompt/);
});

Deno.test("what has been waited for does not count again", async () => {
  const { console, output } = onStreams();
  output.write("login: ");
  await console.expect("a prompt", /login: /, PATIENCE);
  const again = console.expect("another", /login: /, PATIENCE);
  output.write("later\nlogin: ");
  assert.equal((await again).index, "later\n".length);
});

Deno.test("control sequences and characters are made whole, wherever they are cut", async () => {
  const bytes = new TextEncoder().encode("a\x1b[1;31mä\x1b[0m\x1b]0;title\x07\r\n€\x1b[Kend");
  const { console, output } = onStreams();
  for (const byte of bytes) output.write(Uint8Array.of(byte));
  await console.expect("the end", /end/, PATIENCE);
  assert.equal(console.shown, "aä\n€end");
});

Deno.test("what init writes between a command and its end belongs to neither mark", async () => {
  const { console, output, input } = onStreams();
  const answer = console.run("initctl list", PATIENCE);
  await new Promise((resolve) => input.once("data", resolve));
  output.write("\ninit: a message\n@1@<\nweb stop/waiting\ninit: another\n\n0\n@1@>\n");
  assert.deepEqual(await answer, { exit: 0, told: "web stop/waiting\ninit: another" });
});
