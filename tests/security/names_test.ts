/** Names of jobs and instances lead out of no directory, and do nothing to a terminal. */

import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RunningInit } from "../support/init.ts";
import { onTerminal } from "../support/terminal.ts";

/** Names that a job file can have, and that are words for somebody else. */
const NAMES = [
  "-x",
  "--help",
  "..",
  ".",
  "sp ace",
  "$(touch x)",
  "`touch x`",
  "*",
  "~root",
  "a;b",
  "a=b",
  "%n%s",
  "'\"",
  "x".repeat(240),
  "ünï",
  "c1\u009b2J",
  "bidi\u202eb",
];

/** Names of files that define no job. */
const REFUSED = ["new\nline", "escape\x1b[2J", "tab\t"];

/** Names that a module gives its jobs. */
const GIVEN = ["../../out", "a/../../../b", "..", "-rf"];

/** Values that become names of instances. */
const VALUES = [
  "../../x",
  "/etc/passwd",
  "..",
  ".",
  "-rf",
  "a\nb",
  "\x1b[2J",
  "a/../../b",
  "\u202e",
  "é",
  "y".repeat(4000),
];

const MODULE = `import { job } from "rouse";
export default ${JSON.stringify(GIVEN)}.map((name) => job({ name, task: true, exec: ["echo", "ran"] }));\n`;

Deno.test("no name of a job or an instance has a file made outside of the directory of logs", async () => {
  await using init = await RunningInit.start({
    jobs: { "many.ts": MODULE, "value.conf": "instance $V\ntask\nexec echo ran\n" },
  });
  for (const name of [...NAMES, ...REFUSED]) {
    writeFileSync(join(init.confdir, `${name}.conf`), "task\nexec echo ran\n");
  }
  writeFileSync(Buffer.from(`${init.confdir}/bad\xff.conf`, "latin1"), "task\nexec echo ran\n");
  await init.ask("reload-configuration");
  const before = tree(init, [init.logdir]);
  await init.until(["status", "--", "-rf"], "-rf stop/waiting\n");
  for (const name of [...NAMES, ...GIVEN]) await init.ask("start", "--", name);
  for (const value of VALUES) await init.ask("start", "value", `V=${value}`);
  assert.equal((await init.initctl("start", "value", `V=${"z".repeat(5000)}`)).exit, 1);
  for (const name of [...REFUSED, "/etc/passwd", "../value", "value/../value", ""]) {
    assert.equal((await init.initctl("start", "--", name)).exit, 1, name);
  }
  assert.deepEqual(tree(init, [init.logdir]), before);
  const logs = readdirSync(init.logdir, { withFileTypes: true });
  assert(logs.every((entry) => entry.isFile()), logs.map(({ name }) => name).join());
  await init.untilMessage(/bad.*\.conf: File name is not valid UTF-8/);
  for (const name of ["new\\n", "escape\\e", "tab\\t"]) {
    assert(init.messages().includes(`/${name}`), `${name} is told of:\n${init.messages()}`);
  }
  // deno-lint-ignore no-control-regex
  assert.doesNotMatch(init.messages(), /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
});

/** All files below the test's directory, but for those below some directories and those that init writes all the time. */
function tree(init: RunningInit, without: string[]): string[] {
  return readdirSync(init.directory, { recursive: true, withFileTypes: true })
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !without.some((directory) => path.startsWith(directory)) && !path.endsWith("init.log"))
    .sort();
}

Deno.test("nothing that a name, an event or a log holds gets to a terminal as it is", async () => {
  await using init = await RunningInit.start({
    jobs: {
      "value.conf": "instance $V\nexec sleep 1000\n",
      "c1\u009b2J.conf": "exec sleep 1000\n",
      "print.conf": "task\nexec printf 'out \\033[2J\\302\\2332J\\342\\200\\256 end\\n'\n",
    },
  });
  const evil = "\x1b[2Jx\u009b1J\u202e";
  await init.ask("start", "value", `V=${evil}`);
  await init.ask("start", "print");
  await init.ask("emit", `event${evil}`, `A=${evil}`);
  const commands = [
    ["list"],
    ["status", "value", `V=${evil}`],
    ["status", evil],
    ["start", evil],
    ["get-env", evil],
    ["list", "--json"],
    ["why", "value"],
    ["why", `c1\u009b2J`],
    ["events"],
    ["logs", "print"],
    ["ps"],
    ["show-config"],
  ];
  for (const words of commands) {
    const line = ["initctl", ...words].map((word) => `'${word}'`).join(" ");
    const environment = { ...init.environment, LC_ALL: "C.UTF-8", PAGER: "cat" };
    const { shown } = await onTerminal(line, { environment });
    // Colours and what a pager needs are ours; the attack's own sequences are not.
    // deno-lint-ignore no-control-regex
    assert.doesNotMatch(shown, /\x1b\[[12]J|\u009b|\u202e/, words.join(" "));
    assert.notEqual(shown, "", words.join(" "));
  }
});
