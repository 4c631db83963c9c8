import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { raiseDescriptorLimit } from "./limits.ts";

function openFiles(limits: string): string[] {
  return /^Max open files +(\S+) +(\S+)/m.exec(limits)?.slice(1, 3) ?? [];
}

Deno.test("the soft limit of descriptors is raised to the hard one, and the former limit told", () => {
  const [soft, hard] = openFiles(readFileSync("/proc/self/limits", "utf8"));
  const former = raiseDescriptorLimit();
  assert.deepEqual([String(former.soft), String(former.hard)], [soft, hard]);
  assert.deepEqual(openFiles(readFileSync("/proc/self/limits", "utf8")), [hard, hard]);
  const inherited = execFileSync("sh", ["-c", "ulimit -Sn"], { encoding: "utf8" }).trim();
  assert.equal(inherited, hard);
});
