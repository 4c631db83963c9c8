import assert from "node:assert/strict";
import { claimByEnding } from "./claims.ts";

const { claim, fileNames } = claimByEnding({ ".job": "definition", ".more": "override" });

Deno.test("a file is claimed by the ending of its name, without being opened", () => {
  const claimed = (relative: string) =>
    claim({ directory: "/etc/jobs", relative, head: () => assert.fail("opened") });
  assert.deepEqual(claimed("net/web.job"), { kind: "definition", name: "net/web" });
  assert.deepEqual(claimed("a.b.more"), { kind: "override", name: "a.b" });
  for (const other of [".job", "net/.job", "job", "web.jobs", "d.job/web", "web.job~", ""]) {
    assert.equal(claimed(other), undefined, other);
  }
});

Deno.test("a job is looked for under its name with each ending of a kind", () => {
  assert.deepEqual(fileNames("net/web", "definition"), ["net/web.job"]);
  assert.deepEqual(fileNames("net/web", "override"), ["net/web.more"]);
});
