import assert from "node:assert/strict";
import process from "node:process";
import { DropLog } from "./drop_log.ts";

Deno.test("the first client of a kind is told of, those that follow by their number", async () => {
  const lines: string[] = [], all = Promise.withResolvers<void>();
  const log = new DropLog((line) => {
    lines.push(line);
    if (lines.length === 3) all.resolve();
  }, 1);
  const other = process.getuid!() + 1000;
  for (const pid of [7, 8, 9]) log.dropped({ pid, uid: other, gid: 1 }, "has not read what it was sent");
  log.dropped({ pid: 1, uid: 0, gid: 0 }, "has not read what it was sent");
  const alive = setInterval(() => {}, 1000);
  await all.promise;
  clearInterval(alive);
  assert.deepEqual(lines, [
    `Dropped a client, process 7 of user ${other}: it has not read what it was sent`,
    "Dropped a client, process 1 of user 0: it has not read what it was sent",
    "Dropped 2 more clients of other users within a minute",
  ]);
});
