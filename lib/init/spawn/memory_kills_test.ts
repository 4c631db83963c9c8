import assert from "node:assert/strict";
import { rmdirSync, unlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TemporaryDirectory } from "../../sys/testing/directory.ts";
import { emptyJob } from "../../model/job.ts";
import { ControlGroups } from "./control_groups.ts";
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

Deno.test("a group that was made anew counts from zero, and one that is gone takes no room", () => {
  using root = new TemporaryDirectory();
  const groups = new ControlGroups({ root: root.path, warn: assert.fail });
  let now = 0;
  const memoryKills = new MemoryKills(() => now += 5000);
  groups.onChanged = (group) => memoryKills.forget(group);
  const job = { ...emptyJob("web", "/etc/init/web.conf"), expect: "script" as const };
  const directory = join(root.path, "upstart/web");
  for (const isRemovedByOthers of [false, true, false]) {
    groups.prepare(job, "", []);
    const [group] = groups.groupsOf("web", "").slice(-1);
    assert.equal(group, directory);
    writeFileSync(join(group!, "memory.events"), "oom_kill 1\n");
    assert.equal(memoryKills.hasJustKilled([group!]), true);
    assert.equal(memoryKills.hasJustKilled([group!]), false, "later");
    unlinkSync(join(group!, "memory.events"));
    if (isRemovedByOthers) rmdirSync(group!);
    groups.release("web", "");
  }
});

Deno.test("kills of before are of no concern", () => {
  assert.equal(new MemoryKills().hasJustKilled([]), false);
});

Deno.test("what was counted before a restart of init is no kill after it, and what comes meanwhile is one", () => {
  using group = new TemporaryDirectory();
  const count = (kills: number) => writeFileSync(join(group.path, "memory.events"), `oom_kill ${kills}\n`);
  const restarted = (before: MemoryKills, now: number) => {
    const after = new MemoryKills(() => now);
    after.restore(JSON.parse(JSON.stringify(before.save())));
    return after;
  };
  let now = 1_000_000;
  const memoryKills = new MemoryKills(() => now);
  count(1);
  assert.equal(memoryKills.hasJustKilled([group.path]), true);
  // The successor's clock begins anew.
  assert.equal(
    restarted(memoryKills, 5).hasJustKilled([group.path]),
    true,
    "another process of the same kill",
  );
  now += 5000;
  assert.equal(restarted(memoryKills, 5).hasJustKilled([group.path]), false, "somebody else's kill");
  count(2);
  assert.equal(restarted(memoryKills, 5).hasJustKilled([group.path]), true);
});
