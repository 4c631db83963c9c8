/** insserv, as recorded: which links it makes, to the number, how it ends, and what it says. */

import assert from "node:assert/strict";
import { TemporaryDirectory } from "../../lib/sys/testing/directory.ts";
import { readRecorded, type RecordedStep, ScriptRoot } from "./player.ts";

const recorded = readRecorded();

/** Cases in which our numbers are others, and why. */
const OTHER_NUMBERS: Readonly<Record<string, string>> = {
  "debian/everything": "winbind waits for samba, which nothing provides: insserv leaves a number out there",
};

/** A help text is each program's own. */
function plain(text: string): string {
  return text.startsWith("Usage:") ? "USAGE\n" : text;
}

/** The lines in one order: that of a directory's names is the file system's. */
function lines(text: string): string[] {
  return text.split("\n").sort();
}

Deno.test("every recorded order is there", () => assert.equal(recorded.length, 76));

for (const { id, about, steps, ...facts } of recorded) {
  Deno.test(`insserv, ${id}: ${about}`, async () => {
    using directory = new TemporaryDirectory();
    const root = new ScriptRoot(directory.path, facts);
    for (const step of steps) await play(root, step, id in OTHER_NUMBERS ? compareOrder : compareLinks);
  });
}

type Links = Record<string, string[]>;

async function play(
  root: ScriptRoot,
  step: RecordedStep,
  compare: (links: Links, recorded: Links) => void,
): Promise<void> {
  const { exit, stdout, stderr } = await root.insserv(step.insserv);
  assert.equal(exit, step.exit, stderr);
  compare(root.links(), step.links);
  assert.deepEqual(lines(plain(stdout)), lines(step.stdout ?? ""));
  if (step.stderr !== undefined) assert.deepEqual(lines(stderr), lines(step.stderr));
}

function compareLinks(links: Links, recorded: Links): void {
  const sorted = Object.entries(recorded).map(([level, names]) => [level, [...names].sort()]);
  assert.deepEqual(links, Object.fromEntries(sorted));
}

/** The same scripts in each level, and none before one that it was recorded after. */
function compareOrder(links: Links, recorded: Links): void {
  assert.deepEqual(Object.keys(links), Object.keys(recorded).sort());
  for (const [level, names] of Object.entries(recorded)) {
    const ours = new Map(links[level]!.map((link) => [link[0] + link.slice(3), Number(link.slice(1, 3))]));
    assert.equal(ours.size, names.length);
    const numbers = [...names].sort().map((link) => ({
      recorded: Number(link.slice(1, 3)),
      own: ours.get(link[0] + link.slice(3))!,
      letter: link[0],
    }));
    for (const one of numbers) {
      const wrong = numbers.find((other) =>
        other.letter === one.letter && other.recorded > one.recorded && !(other.own >= one.own)
      );
      assert.equal(wrong, undefined);
    }
  }
}
