import assert from "node:assert/strict";
import { moduleComments, noComments } from "./comments.ts";

Deno.test("comments are found before fields, behind them, in tables, at the beginning and at the end", () => {
  const { head, fields, foot, order } = moduleComments(`// The shop.
//
// Open by day.

import { job } from "rouse";

/** Sells bread. */
export default job({
  // When.
  startOn: on("x"), // daily
  env: {
    // Where it listens.
    PORT: "80",
    "A B": \`// no \${"\`"} comment\`,
    // No more.
  },
  /* What
   * it runs. */
  exec: ["// no comment", 'nor // this'],
  async preStart({ $ }) { // a function
    // inside: nobody's
    await $\`x // y\`.replace(/[/]"/, "");
  },
  // The end.
});
`);
  assert.deepEqual(head, [" The shop.", "", " Open by day.", " Sells bread."]);
  assert.deepEqual([...fields], [
    ["startOn", [" When.", " daily"]],
    ["env.PORT", [" Where it listens."]],
    ["env", [" No more."]],
    ["exec", [" What", " it runs."]],
    ["preStart", [" a function", " inside: nobody's"]],
  ]);
  assert.deepEqual(foot, [" The end."]);
  assert.deepEqual(order, ["startOn", "env", "env.PORT", "env.A B", "exec", "preStart"]);
});

Deno.test("bullets and stars stay, but for the stars that a block comment's lines begin with", () => {
  const { head, fields } = moduleComments(`//  * one
//  * two
export default job({
  /* all
   *  * three
   */
  exec: "a",
  /*
    * four
    five
  */
  task: true,
  /** six **/
  respawn: true,
});
`);
  assert.deepEqual(head, ["  * one", "  * two"]);
  assert.deepEqual([...fields], [
    ["exec", [" all", "  * three"]],
    ["task", ["    * four", "    five"]],
    ["respawn", [" six *"]],
  ]);
});

Deno.test("a module with several jobs, or one that does not end, has no comments", () => {
  for (
    const source of ["// a\nexport default [job({}), job({})];", "// a\nexport default job({", "// a\n`"]
  ) {
    assert.deepEqual(moduleComments(source), noComments());
  }
});
