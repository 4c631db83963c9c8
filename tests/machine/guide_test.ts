/** docs/machine.md: the transcripts of `deno task machine` have the steps that the task takes, all of them well. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { ARCHITECTURES } from "./architectures.ts";
import { SETUPS } from "./setups.ts";

const GUIDE = readFileSync(resolve(import.meta.dirname!, "../../docs/machine.md"), "utf8");

/** A step as it is told: how it went, its time, its name, and what it has to tell. */
const STEP = /^(ok|FAILED) +[\d.]+ s {2}(.*?)(?:: .*)?$/;

/** The heading of a machine's steps. */
const HEADING = /^Debian for (\S+), with (.*), (?:emulated|by KVM):\n([^]*?)\nAll is well after /gm;

Deno.test("docs/machine.md shows what the task tells", () => {
  const shown = new Set<string>();
  for (const [heading, debian, title, told] of GUIDE.matchAll(HEADING)) {
    const setup = Object.values(SETUPS).find((one) => one.title === title);
    assert(setup, heading);
    const steps = told!.split("\n").map((line) => STEP.exec(line)?.slice(1) ?? [line]);
    assert.deepEqual(steps, Object.keys(setup.steps).map((name) => ["ok", name]), heading);
    shown.add(debian!);
  }
  assert.deepEqual(shown, new Set(Object.values(ARCHITECTURES).map(({ debian }) => debian)));
});
