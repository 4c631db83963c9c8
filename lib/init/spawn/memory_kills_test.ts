import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { TemporaryDirectory } from "../../sys/testing/directory.ts";
import { MemoryKills } from "./memory_kills.ts";

Deno.test("an end is put down to a kill for lack of memory that was counted just before", () => {
  using group = new TemporaryDirectory();
  const count = (kills: number) =>
    writeFileSync(join(group.path, "memory.events"), `low 0\noom ${kills + 5}\noom_kill ${kills}\n`);
  let now = 0;
  const memoryKills = new MemoryKills(() => now);
  const hasJustKilled = () => memoryKills.hasJustKilled([group.path]);
  assert.equal(hasJustKilled(), false, "no counter");
  count(0);
  assert.equal(hasJustKilled(), false);
  count(2);
  assert.equal(hasJustKilled(), true);
  now = 500;
  assert.equal(hasJustKilled(), true, "another process of the same kill");
  now = 5000;
  assert.equal(hasJustKilled(), false, "somebody else's kill, later");
  count(3);
  assert.equal(hasJustKilled(), true);
});

Deno.test("kills of before are of no concern", () => {
  assert.equal(new MemoryKills().hasJustKilled([]), false);
});
