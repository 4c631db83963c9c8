/** Mistakes that nobody would notice: each is told, with what to do. */

import assert from "node:assert/strict";
import { Files } from "./support/author.ts";
import { rouse } from "./support/tools.ts";

/** A file, and what `rouse check` says of its first mistake. */
const MISTAKES: Array<[name: string, text: string, said: RegExp]> = [
  [
    "a.ts",
    'import { job } from "rouse";\nexport default job({ exec: ["/bin/true"], user: undefined! });\n',
    /user is undefined, and without user the job has more rights/,
  ],
  ["b.conf", "kill timeout 300\nexec true\n", /b\.conf:1: warning: kill timeout: a shutdown cuts it short/],
  [
    "c.conf",
    "start on stopped t\nexec true\n",
    /c\.conf:1: warning: start on: `stopped t' comes also when the task has failed.*`stopped t RESULT=ok'/,
  ],
];

for (const [name, text, said] of MISTAKES) {
  Deno.test(`rouse check tells of a silent mistake: ${said.source}`, async () => {
    using files = new Files({ [name]: text, "t.conf": "task\nexec true\n" });
    assert.match((await rouse(files, "check", "--notypes", ".")).stderr, said);
  });
}

Deno.test("rouse new refuses a name with blanks, and writes nothing", async () => {
  using files = new Files({});
  const { exit, stderr } = await rouse(files, "new", "a b", "--exec", "true");
  assert.equal(exit, 2);
  assert.match(stderr, /^rouse new: no job should be called "a b": .*; how about a-b$/m);
});
