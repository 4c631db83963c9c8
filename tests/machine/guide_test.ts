/** docs/machine.md: the transcripts of `deno task machine` have the steps that the task takes, all of them well. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ARCHITECTURES } from "./architectures.ts";
import { SETUPS } from "./setups.ts";

const GUIDE = readFileSync(resolve(import.meta.dirname!, "../../docs/machine.md"), "utf8");

/** A step as it is told: how it went, its time, its name, and what it has to tell. */
const STEP = /^(ok|FAILED) +[\d.]+ s {2}(.*?)(?:: .*)?$/;

for (const { word, debian } of Object.values(ARCHITECTURES)) {
  for (const { title, steps } of Object.values(SETUPS)) {
    Deno.test(`docs/machine.md shows ${word} with ${title}`, () => {
      const heading = `Debian for ${debian}, with ${title}, emulated:\n`;
      const begin = GUIDE.indexOf(heading);
      assert(begin >= 0, `no block begins with ${heading}`);
      const told = GUIDE.slice(begin + heading.length).split("\nAll is well")[0]!.split("\n");
      const shown = told.map((line) => STEP.exec(line)?.slice(1) ?? [line]);
      assert.deepEqual(shown, Object.keys(steps).map((name) => ["ok", name]));
    });
  }
}
