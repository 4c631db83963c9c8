/** What is told of depend() without a shell: the same that a shell would say, or nothing. */

import assert from "node:assert/strict";
import { hasOverride, plainDepend, plainSettings } from "./plain_depend.ts";

const FILES = ["app", "b", "c"];

function linesOf(script: string): string[] | undefined {
  return plainDepend(script, "app", FILES)?.map(({ kind, words }) => `${kind} ${words.join(" ")}`);
}

Deno.test("plain words are told, whatever else the script does", () => {
  const script = `#!/sbin/openrc-run
# It's a service.
description="One that
  says much"
command=/usr/bin/app command_args="-p \${PORT:-80}"
command_args='--x; y'
: \${PORT:=80}

depend() {
  need net   # the usual
  use logger dns; after *
  before \\
    xdm
  keyword -shutdown !-docker
}
start_pre()
{
  checkpath -d "$dir" && echo "}" # don't
}
stop() { :; }
`.replace(' command_args="-p', '\ncommand_args="-p');
  assert.deepEqual(linesOf(script), [
    "ineed net",
    "iuse logger dns",
    "iafter app b c",
    "ibefore xdm",
    "keyword -shutdown !-docker",
  ]);
  assert.deepEqual(linesOf("start() { :; }\n"), []);
  assert.deepEqual(linesOf("depend() { need a; }\ndepend() { need b; }\n"), ["ineed b"]);
});

for (
  const [what, script] of Object.entries({
    "a variable": "depend() {\n need $x\n}\n",
    "a condition": "depend() {\n [ -e /x ] && need x\n}\n",
    "a command": "depend() {\n need_if_exists x\n}\n",
    "a pattern": "depend() {\n need net.*\n}\n",
    "quotes": 'depend() {\n need "x"\n}\n',
    "code at top level": "[ -e /x ] || exit\ndepend() {\n need x\n}\n",
    "a command in a value": "x=$(date)\ndepend() {\n need x\n}\n",
    "a value that may fail": "x=${y:?}\ndepend() {\n need x\n}\n",
    "another file": ". /lib/x.sh\ndepend() {\n need x\n}\n",
    "a text with a function in it": "start() {\n cat <<E\n}\ndepend() { need x; }\nE\n}\n",
    "a function of its own": "need() {\n :\n}\ndepend() {\n need x\n}\n",
    "an override of its own": "rc_need=y\ndepend() {\n need x\n}\n",
    "a quote that stays open": "x='\ndepend() {\n need x\n}\n",
    "an end that is missing": "depend() {\n need x\n",
    "a brace too many": "depend() {\n need x\n}\n}\n",
    "lines of DOS": "depend() {\r\n need x\r\n}\r\n",
  })
) {
  Deno.test(`nothing is told of ${what}`, () => assert.equal(linesOf(script), undefined));
}

Deno.test("settings that are more than assignments are a shell's; those that say more of a service are found", () => {
  assert.equal(plainSettings("x=1\nif true; then y=2; fi\n"), undefined);
  assert.deepEqual(plainSettings("# x\n\nexport A='b'\nB=\"$A/c\" # d\n"), { names: ["A", "B"] });
  const overridden = (text: string, service: string) => hasOverride(plainSettings(text)!, service);
  assert.equal(overridden("rc_need=x\n", "app"), true);
  assert.equal(overridden("RC_USE=x\n", "app"), true);
  assert.equal(overridden("rc_net_eth0_provide='!net'\n", "net.eth0"), true);
  assert.equal(overridden("rc_net_eth0_provide='!net'\n", "app"), false);
  assert.equal(overridden("rc_parallel=YES\nneed=x\n", "app"), false);
});

Deno.test("a line with many variables and a character too much is told apart at once", () => {
  const many = "$abcdefg".repeat(100);
  assert.deepEqual(plainSettings(`A=${many}\nB="${many}"\n`), { names: ["A", "B"] });
  for (const line of [`A=${many}!`, `A="${many}\`"`]) assert.equal(plainSettings(line), undefined);
});
