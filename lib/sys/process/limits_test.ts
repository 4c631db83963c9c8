import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { openReserve, raiseDescriptorLimit } from "./limits.ts";

function openFiles(limits: string): string[] {
  return /^Max open files +(\S+) +(\S+)/m.exec(limits)?.slice(1, 3) ?? [];
}

const present = () => openFiles(readFileSync("/proc/self/limits", "utf8"));

Deno.test("the soft limit of descriptors is raised to the hard one but for a reserve, and the former limit told", () => {
  const [soft, hard] = present();
  const former = raiseDescriptorLimit();
  assert.deepEqual([String(former.soft), String(former.hard)], [soft, hard]);
  const most = String(Number(hard) - Math.min(32, Math.floor(Number(hard) / 8)));
  assert.deepEqual(present(), [most, hard]);
  const inherited = execFileSync("sh", ["-c", "ulimit -Sn"], { encoding: "utf8" }).trim();
  assert.equal(inherited, most);
  const close = openReserve(), closeOther = openReserve();
  assert.deepEqual(present(), [hard, hard]);
  close();
  close();
  assert.deepEqual(present(), [hard, hard]);
  closeOther();
  assert.deepEqual(present(), [most, hard]);
});
